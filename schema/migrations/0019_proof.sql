-- What bills are proven by (SPEC §7): the trees over the records that each was counted from. Made out of the journal,
-- beside ingest, by a job of the manager; docs/design/2026-11-23-sui.md, (g).

-- How far each journal was looked at.
CREATE TABLE proof_journals (
    journal_id   text        PRIMARY KEY CHECK (journal_id ~ '^[0-9a-f]{32}$'),
    -- The last epoch, and when it was cut.
    sealed_epoch bigint      NOT NULL CHECK (sealed_epoch > 0),
    cut_at       timestamptz NOT NULL,
    -- From when on, by its clock, nothing is missing; NULL: from its first block on. Months that began before cannot be shown.
    whole_from   timestamptz
);

-- The tree over a customer's parts of a month: how many there are, and the roots of its full subtrees, the largest first.
-- Customers are numbers here, as in usage_per_hour: some are not known yet.
CREATE TABLE proof_months (
    customer_id bigint NOT NULL CHECK (customer_id > 0),
    month       date   NOT NULL CHECK (extract(day FROM month) = 1),
    parts       bigint NOT NULL CHECK (parts > 0),
    peaks       bytea  NOT NULL CHECK (length(peaks) % 32 = 0 AND length(peaks) > 0),
    PRIMARY KEY (customer_id, month)
)
WITH (fillfactor = 70);

-- A customer's billed records of one hour in one range of a journal's epochs: the month's leaves, in order. Never changed:
-- what comes later is a part of its own.
CREATE TABLE proof_parts (
    customer_id bigint      NOT NULL CHECK (customer_id > 0),
    month       date        NOT NULL CHECK (extract(day FROM month) = 1),
    -- Which of the month's, from 0.
    n           bigint      NOT NULL CHECK (n >= 0),
    hour        timestamptz NOT NULL CHECK (hour = date_bin(INTERVAL '1 hour', hour, TIMESTAMPTZ '2000-01-01 00:00:00+00')),
    journal_id  text        NOT NULL CHECK (journal_id ~ '^[0-9a-f]{32}$'),
    -- The escrow account when it was sealed; empty where there was none.
    account     text        NOT NULL CHECK (octet_length(account) <= 100),
    first_epoch bigint      NOT NULL CHECK (first_epoch > 0),
    last_epoch  bigint      NOT NULL CHECK (last_epoch >= first_epoch),
    records     bigint      NOT NULL CHECK (records > 0),
    requests    bigint      NOT NULL CHECK (requests >= 0),
    bytes       bigint      NOT NULL CHECK (bytes >= 0),
    -- Over the records' leaves, and over each 4,096 of them.
    root        bytea       NOT NULL CHECK (length(root) = 32),
    subtrees    bytea       NOT NULL CHECK (length(subtrees) % 32 = 0 AND length(subtrees) > 0),
    PRIMARY KEY (customer_id, month, n),
    UNIQUE (customer_id, hour, journal_id, first_epoch)
);
-- Where a request is looked for that may be anybody's; and what retention goes by.
CREATE INDEX proof_parts_hour ON proof_parts (hour, journal_id, first_epoch);
CREATE TRIGGER proof_parts_are_final BEFORE UPDATE OR TRUNCATE ON proof_parts
    FOR EACH STATEMENT EXECUTE FUNCTION suiftly_refuse_change();

-- As in 0013.
DO $$
DECLARE
    relation text;
BEGIN
    FOREACH relation IN ARRAY ARRAY['proof_months', 'proof_parts'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', relation);
        EXECUTE format($policy$CREATE POLICY of_customer ON %I USING (
            (SELECT coalesce(current_setting('suiftly.scope', true), '') = '')
            OR customer_id = (SELECT nullif(current_setting('suiftly.customer_id', true), '')::bigint))$policy$, relation);
    END LOOP;
END
$$;
