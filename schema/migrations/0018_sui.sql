-- The escrow on Sui (SPEC §7): what was signed for it, and what the chain says it did. Nothing but its own module touches
-- these tables, in transactions of their own: what decides is the contract, and they can be lost.
--
-- docs/design/2026-11-23-sui.md says why each is there.

-- The root of the bill that a charge is for, which the chain keeps beside it. The empty tree's where there was none.
ALTER TABLE charges ADD COLUMN root bytea NOT NULL
    DEFAULT '\xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' CHECK (length(root) = 32);

-- Why nobody knows what became of a draw, as of the last time that the escrow was asked. None once it is decided.
ALTER TABLE charges ADD COLUMN doubt text CHECK (length(doubt) <= 500);

-- What the embedded escrow lets a month be charged for months that are long over, as the contract does.
ALTER TABLE embedded_escrow_months
    ADD COLUMN arrears_usd_cents bigint NOT NULL DEFAULT 0 CHECK (arrears_usd_cents >= 0),
    ADD CHECK (authorised_usd_cents = 0 OR arrears_usd_cents <= authorised_usd_cents);

-- What an account's name is written down with: its events so far.
CREATE INDEX embedded_escrow_events_account ON embedded_escrow_events (account_id, seq);

-- Signed transactions, written before they are sent, and sent again as they are. Live: it may still be executed. Done: it
-- was. Failed: it was executed, and did nothing. Dead: its epoch is over without it. All but live ones go when they are old.
CREATE TABLE sui_attempts (
    digest      text        PRIMARY KEY CHECK (length(digest) BETWEEN 1 AND 100),
    purpose     text        NOT NULL CHECK (purpose IN ('charge', 'refund', 'pay', 'close')),
    -- What it is for: a nonce; the digest of a withdrawal's request; the account that is closed.
    key         text        NOT NULL CHECK (length(key) BETWEEN 1 AND 200),
    -- Which attempt at it, from 1 on.
    number      integer     NOT NULL CHECK (number > 0),
    account     text        NOT NULL CHECK (account ~ '^0x[0-9a-f]{64}$'),
    transaction bytea       NOT NULL,
    signature   bytea       NOT NULL,
    -- The only one in which it can be executed.
    epoch       bigint      NOT NULL CHECK (epoch >= 0),
    state       text        NOT NULL DEFAULT 'live' CHECK (state IN ('live', 'done', 'failed', 'dead')),
    failure     text        CHECK (length(failure) <= 500),
    made_at     timestamptz NOT NULL,
    CHECK ((state = 'failed') = (failure IS NOT NULL))
);
-- One at a time: nothing else is signed for it while that one may still be executed.
CREATE UNIQUE INDEX sui_attempts_live ON sui_attempts (purpose, key) WHERE state = 'live';
-- Each after the last that was known when it was signed: whoever has slept meanwhile makes none.
CREATE UNIQUE INDEX sui_attempts_number ON sui_attempts (purpose, key, number);
CREATE INDEX sui_attempts_old ON sui_attempts (made_at) WHERE state <> 'live';
CREATE TRIGGER sui_attempts_stay_while_live BEFORE DELETE ON sui_attempts
    FOR EACH ROW WHEN (OLD.state = 'live') EXECUTE FUNCTION suiftly_refuse_change();

-- The contract's entries, as two nodes have told them, in the chain's order.
CREATE TABLE sui_events (
    seq               bigint      PRIMARY KEY CHECK (seq > 0),
    -- The transaction's, a colon, and the event's place in it.
    digest            text        NOT NULL UNIQUE CHECK (length(digest) BETWEEN 1 AND 150),
    checkpoint        bigint      NOT NULL CHECK (checkpoint >= 0),
    account           text        NOT NULL CHECK (account ~ '^0x[0-9a-f]{64}$'),
    -- Its place among its account's.
    number            bigint      NOT NULL CHECK (number > 0),
    kind              text        NOT NULL CHECK (kind IN ('opened', 'deposit', 'withdrawal_requested', 'withdrawal', 'charge', 'refund',
        'limit', 'closed')),
    amount_usd_cents  bigint      NOT NULL CHECK (amount_usd_cents >= 0),
    -- The account's, after it.
    balance_usd_cents bigint      NOT NULL CHECK (balance_usd_cents >= 0),
    nonce             text        CHECK (nonce ~ '^[0-9a-f]{64}$'),
    -- The account's number for the withdrawal that is asked for, or settled.
    request           bigint      CHECK (request > 0),
    at                timestamptz NOT NULL,
    UNIQUE (account, number),
    CHECK ((kind IN ('charge', 'refund')) = (nonce IS NOT NULL)),
    CHECK ((kind IN ('withdrawal_requested', 'withdrawal')) = (request IS NOT NULL))
);
CREATE INDEX sui_events_nonces ON sui_events (nonce) WHERE nonce IS NOT NULL;
CREATE UNIQUE INDEX sui_events_requests ON sui_events (account, request, kind) WHERE request IS NOT NULL;
CREATE TRIGGER sui_events_are_final BEFORE UPDATE OR DELETE OR TRUNCATE ON sui_events
    FOR EACH STATEMENT EXECUTE FUNCTION suiftly_refuse_change();

-- Up to which checkpoint they are known, of which house on which chain.
CREATE TABLE sui_follower (
    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    chain   text    NOT NULL CHECK (length(chain) BETWEEN 1 AND 100),
    house   text    NOT NULL CHECK (house ~ '^0x[0-9a-f]{64}$'),
    covered bigint  NOT NULL CHECK (covered >= -1)
);

-- As in 0013, and these.
CREATE OR REPLACE FUNCTION suiftly_run_rights(relation name, kind "char", is_partition boolean) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN kind = 'S' THEN 'USAGE'
        WHEN kind = 'v' OR relation = 'schema_migrations' THEN 'SELECT'
        WHEN relation IN ('haproxy_raw_logs', 'haproxy_system_logs', 'price_books', 'ledger', 'escrow_transactions',
            'embedded_escrow_events', 'sui_events', 'subscription_items', 'invoice_inputs', 'shadow_checks', 'activity')
            THEN 'SELECT, INSERT'
        WHEN relation IN ('invoices', 'invoice_series', 'charges', 'withdrawals', 'billing_months', 'escrow_cursors',
            'embedded_escrow_accounts', 'embedded_escrow_months', 'sui_follower', 'seal_key_indices', 'seal_keys', 'seal_packages',
            'webhooks', 'operators') THEN 'SELECT, INSERT, UPDATE'
        WHEN relation = 'haproxy_raw_logs_late' THEN 'SELECT, INSERT, DELETE'
        WHEN is_partition THEN NULL
        ELSE 'SELECT, INSERT, UPDATE, DELETE'
    END
$$;
