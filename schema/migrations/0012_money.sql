-- Money (SPEC §7): the ledger, what each month comes to, charges and the escrow they are drawn from, subscriptions,
-- invoices, and the manager's jobs. Amounts are integer micro-dollars; cents where funds move.
--
-- docs/design/2026-11-22-money.md says who writes what, and in which order.

-- What the spend view holds usage against, kept in the transaction of whatever changes it. The ledger has the same sums,
-- and a job compares them.
ALTER TABLE customers
    -- Subscriptions charged in all; funds drawn in all; limit waivers and credits granted in all.
    ADD COLUMN fixed_in_all_micro_usd    bigint NOT NULL DEFAULT 0,
    ADD COLUMN charged_in_all_micro_usd  bigint NOT NULL DEFAULT 0,
    ADD COLUMN credited_in_all_micro_usd bigint NOT NULL DEFAULT 0,
    -- Credits granted and not used up.
    ADD COLUMN credits_micro_usd         bigint NOT NULL DEFAULT 0 CHECK (credits_micro_usd >= 0),
    -- Refused charges in a row, and when the next attempt is due.
    ADD COLUMN charge_failures           integer NOT NULL DEFAULT 0 CHECK (charge_failures >= 0),
    ADD COLUMN charge_not_before         timestamptz;

-- Append-only, double entry: a row moves an amount from one account to another, so debits equal credits in every row,
-- and so in every transaction. What was wrong is moved back by a row that names the one it reverses.
-- Accounts: of a customer: escrow (what we hold of theirs), receivable (what they owe), credits; of the house: revenue,
-- waivers, suspense (charges in flight), custody (what the escrow holds), treasury (what was drawn).
CREATE TABLE ledger (
    id               bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id      bigint      NOT NULL REFERENCES customers (id),
    kind             text        NOT NULL CHECK (kind IN ('opening', 'deposit', 'withdrawal', 'subscription', 'usage', 'charge_intent',
        'charge', 'drawn', 'charge_refused', 'limit_waiver', 'credit', 'credit_applied', 'excess', 'note', 'refund')),
    debit            text        NOT NULL CHECK (debit IN ('escrow', 'receivable', 'credits', 'revenue', 'waivers', 'suspense', 'custody', 'treasury')),
    credit           text        NOT NULL CHECK (credit IN ('escrow', 'receivable', 'credits', 'revenue', 'waivers', 'suspense', 'custody', 'treasury')),
    amount_micro_usd bigint      NOT NULL CHECK (amount_micro_usd > 0),
    -- The billing month it belongs to; NULL for what belongs to none.
    month            date        CHECK (extract(day FROM month) = 1),
    -- What it comes from, once each: charge:17, item:4, event:<digest>. Rows of one transaction share what is before the '#'.
    reference        text        NOT NULL UNIQUE CHECK (length(reference) BETWEEN 1 AND 200),
    reverses         bigint      REFERENCES ledger (id),
    memo             text        CHECK (length(memo) <= 500),
    posted_at        timestamptz NOT NULL,
    CHECK (debit <> credit)
);
CREATE INDEX ledger_customer ON ledger (customer_id, id);
CREATE UNIQUE INDEX ledger_reversals ON ledger (reverses) WHERE reverses IS NOT NULL;
CREATE TRIGGER ledger_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger
    FOR EACH STATEMENT EXECUTE FUNCTION suiftly_refuse_change();

-- What a customer's month has come to. `payable` is what its invoice and notes ask for, in whole cents, once it is closed.
CREATE TABLE billing_months (
    customer_id            bigint NOT NULL REFERENCES customers (id),
    month                  date   NOT NULL CHECK (extract(day FROM month) = 1),
    -- Subscriptions of the month; usage posted to the ledger so far; limit waivers posted.
    fixed_micro_usd        bigint NOT NULL DEFAULT 0,
    accrued_micro_usd      bigint NOT NULL DEFAULT 0,
    waived_micro_usd       bigint NOT NULL DEFAULT 0,
    -- Less than a cent, of the month before; and what is left for the next one that is open.
    carried_in_micro_usd   bigint NOT NULL DEFAULT 0,
    carried_out_micro_usd  bigint NOT NULL DEFAULT 0,
    -- Drawn from escrow; in flight; credits used. Whole cents.
    charged_micro_usd      bigint NOT NULL DEFAULT 0 CHECK (charged_micro_usd >= 0),
    in_flight_micro_usd    bigint NOT NULL DEFAULT 0 CHECK (in_flight_micro_usd >= 0),
    credits_micro_usd      bigint NOT NULL DEFAULT 0 CHECK (credits_micro_usd >= 0),
    payable_micro_usd      bigint,
    -- The limit at the month's end (0: none), once it is over. While it runs, the customer's own holds.
    limit_usd_cents        bigint CHECK (limit_usd_cents = 0 OR limit_usd_cents >= 1000),
    -- What had been used when the limit was last lowered: the month may be charged that much at least.
    limit_floor_micro_usd  bigint NOT NULL DEFAULT 0 CHECK (limit_floor_micro_usd >= 0),
    closed_at              timestamptz,
    PRIMARY KEY (customer_id, month),
    CHECK ((closed_at IS NULL) = (payable_micro_usd IS NULL))
)
WITH (fillfactor = 70);
CREATE INDEX billing_months_open ON billing_months (month, customer_id) WHERE closed_at IS NULL;
-- Closed, and at least a cent of it neither drawn nor in flight: whom charging looks for.
CREATE INDEX billing_months_due ON billing_months (customer_id)
    WHERE payable_micro_usd - charged_micro_usd - in_flight_micro_usd - credits_micro_usd >= 10000;

-- The primary key answers a month; this answers a customer.
CREATE INDEX rated_customer ON rated (customer_id, month);

-- What funds are drawn by. Written before the escrow is called, so that a crash leaves its nonce to look up.
CREATE TABLE charges (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- 32 random bytes as hex: the same never charges twice.
    nonce         text        NOT NULL UNIQUE CHECK (nonce ~ '^[0-9a-f]{64}$'),
    customer_id   bigint      NOT NULL REFERENCES customers (id),
    month         date        NOT NULL CHECK (extract(day FROM month) = 1),
    amount_usd_cents bigint   NOT NULL CHECK (amount_usd_cents > 0),
    reason        text        NOT NULL CHECK (reason IN ('threshold', 'subscription', 'close', 'withdrawal')),
    state         text        NOT NULL DEFAULT 'intended' CHECK (state IN ('intended', 'charged', 'refused')),
    attempts      integer     NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    digest        text        UNIQUE,
    refusal       text        CHECK (length(refusal) <= 500),
    intended_at   timestamptz NOT NULL,
    decided_at    timestamptz,
    CHECK ((state = 'intended') = (decided_at IS NULL)),
    CHECK ((state = 'charged') = (digest IS NOT NULL)),
    CHECK ((state = 'refused') = (refusal IS NOT NULL))
);
-- One at a time: what a second would draw is not known before the first is decided.
CREATE UNIQUE INDEX charges_undecided ON charges (customer_id) WHERE state = 'intended';
CREATE INDEX charges_customer ON charges (customer_id, month);

-- Every event of the escrow, mirrored once, in the transaction that posts it.
CREATE TABLE escrow_transactions (
    id               bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest           text        NOT NULL UNIQUE CHECK (length(digest) BETWEEN 1 AND 200),
    customer_id      bigint      NOT NULL REFERENCES customers (id),
    type             text        NOT NULL CHECK (type IN ('deposit', 'withdrawal_requested', 'withdrawal', 'charge', 'refund', 'limit')),
    amount_usd_cents bigint      NOT NULL CHECK (amount_usd_cents >= 0),
    asset            text        NOT NULL DEFAULT 'USDC',
    nonce            text,
    at               timestamptz NOT NULL,
    mirrored_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX escrow_transactions_customer ON escrow_transactions (customer_id, id);
CREATE TRIGGER escrow_transactions_are_final BEFORE UPDATE OR DELETE OR TRUNCATE ON escrow_transactions
    FOR EACH STATEMENT EXECUTE FUNCTION suiftly_refuse_change();

-- How far each backend's events are mirrored.
CREATE TABLE escrow_cursors (
    backend text   PRIMARY KEY,
    cursor  bigint NOT NULL CHECK (cursor >= 0)
);

-- The embedded escrow: what a chain would hold. Nothing but its own module touches these tables, in transactions of its own.
CREATE TABLE embedded_escrow_accounts (
    id                text   PRIMARY KEY CHECK (id ~ '^0x[0-9a-f]{64}$'),
    owner             text   NOT NULL UNIQUE CHECK (owner ~ '^0x[0-9a-f]{64}$'),
    balance_usd_cents bigint NOT NULL DEFAULT 0 CHECK (balance_usd_cents >= 0),
    -- 0 is unlimited.
    limit_usd_cents   bigint NOT NULL DEFAULT 25000 CHECK (limit_usd_cents = 0 OR limit_usd_cents >= 1000)
);
-- What an account has authorised for a month (the highest limit in force in it; 0: unlimited) and what was drawn of it.
CREATE TABLE embedded_escrow_months (
    account_id           text   NOT NULL REFERENCES embedded_escrow_accounts (id),
    month                date   NOT NULL CHECK (extract(day FROM month) = 1),
    authorised_usd_cents bigint NOT NULL CHECK (authorised_usd_cents >= 0),
    charged_usd_cents    bigint NOT NULL CHECK (charged_usd_cents >= 0),
    PRIMARY KEY (account_id, month),
    CHECK (authorised_usd_cents = 0 OR charged_usd_cents <= authorised_usd_cents)
);
CREATE TABLE embedded_escrow_events (
    seq              bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest           text        NOT NULL UNIQUE,
    account_id       text        NOT NULL REFERENCES embedded_escrow_accounts (id),
    type             text        NOT NULL CHECK (type IN ('deposit', 'withdrawal_requested', 'withdrawal', 'charge', 'refund', 'limit')),
    amount_usd_cents bigint      NOT NULL CHECK (amount_usd_cents >= 0),
    nonce            text        UNIQUE,
    -- Of a withdrawal: the request it pays.
    request_digest   text        UNIQUE,
    month            date,
    at               timestamptz NOT NULL
);
CREATE TRIGGER embedded_escrow_events_are_final BEFORE UPDATE OR DELETE OR TRUNCATE ON embedded_escrow_events
    FOR EACH STATEMENT EXECUTE FUNCTION suiftly_refuse_change();

-- Withdrawals asked for, as mirrored; paid once what is accrued is charged.
CREATE TABLE withdrawals (
    request_digest   text        PRIMARY KEY REFERENCES escrow_transactions (digest),
    customer_id      bigint      NOT NULL REFERENCES customers (id),
    amount_usd_cents bigint      NOT NULL CHECK (amount_usd_cents > 0),
    requested_at     timestamptz NOT NULL,
    -- Written before the escrow is told to pay so much, and taken back if it refuses. Until then nothing else is drawn.
    paying_usd_cents bigint      CHECK (paying_usd_cents BETWEEN 0 AND amount_usd_cents),
    paid_digest      text        UNIQUE REFERENCES escrow_transactions (digest),
    paid_usd_cents   bigint      CHECK (paid_usd_cents BETWEEN 0 AND amount_usd_cents),
    settled_at       timestamptz
);
CREATE INDEX withdrawals_pending ON withdrawals (customer_id) WHERE settled_at IS NULL;

-- Subscriptions: add-ons booked, what is scheduled for the month's end, and up to which month items are charged.
ALTER TABLE service_instances
    ADD COLUMN extra_api_keys  smallint NOT NULL DEFAULT 0 CHECK (extra_api_keys BETWEEN 0 AND 8),
    ADD COLUMN extra_seal_keys smallint NOT NULL DEFAULT 0 CHECK (extra_seal_keys BETWEEN 0 AND 9),
    ADD COLUMN extra_packages  smallint NOT NULL DEFAULT 0 CHECK (extra_packages BETWEEN 0 AND 70),
    -- {"change": {...}} or "disable".
    ADD COLUMN scheduled       jsonb,
    ADD COLUMN paid_through    date     CHECK (extract(day FROM paid_through) = 1);

CREATE TABLE subscription_items (
    id                bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id       bigint      NOT NULL REFERENCES customers (id),
    month             date        NOT NULL CHECK (extract(day FROM month) = 1),
    service_type      smallint    NOT NULL CHECK (service_type BETWEEN 1 AND 6),
    -- tier, burst, api_key, seal_key, package.
    item              text        NOT NULL CHECK (item IN ('tier', 'burst', 'api_key', 'seal_key', 'package')),
    description       text        NOT NULL CHECK (length(description) BETWEEN 1 AND 200),
    quantity          integer     NOT NULL CHECK (quantity > 0),
    -- Of one, a month; days charged for, of the days of the month.
    monthly_micro_usd bigint      NOT NULL CHECK (monthly_micro_usd >= 0),
    days              smallint    NOT NULL CHECK (days BETWEEN 1 AND 31),
    days_in_month     smallint    NOT NULL CHECK (days_in_month BETWEEN 28 AND 31),
    amount_micro_usd  bigint      NOT NULL CHECK (amount_micro_usd >= 0),
    price_book        integer     NOT NULL REFERENCES price_books (version),
    is_renewal        boolean     NOT NULL,
    ordered_at        timestamptz NOT NULL,
    CHECK (days <= days_in_month)
);
CREATE INDEX subscription_items_customer ON subscription_items (customer_id, month);
CREATE TRIGGER subscription_items_are_final BEFORE UPDATE OR DELETE OR TRUNCATE ON subscription_items
    FOR EACH STATEMENT EXECUTE FUNCTION suiftly_refuse_change();

-- The last number of each series. Its row is locked until the documents that carry the numbers are committed: no gaps.
CREATE TABLE invoice_series (
    series text   PRIMARY KEY CHECK (series ~ '^[A-Z]{2,4}-[0-9]{4}$'),
    last   bigint NOT NULL CHECK (last >= 0)
);

-- Closed bills, and the notes that correct them. But for status and what is paid, final.
CREATE TABLE invoices (
    id                bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number            text        NOT NULL UNIQUE CHECK (number ~ '^[A-Z]{2,4}-[0-9]{4}-[0-9]{6,}$'),
    kind              text        NOT NULL CHECK (kind IN ('invoice', 'credit_note', 'debit_note')),
    customer_id       bigint      NOT NULL REFERENCES customers (id),
    month             date        NOT NULL CHECK (extract(day FROM month) = 1),
    -- A note: the invoice it corrects.
    corrects          bigint      REFERENCES invoices (id),
    status            text        NOT NULL CHECK (status IN ('open', 'paid', 'failed', 'void')),
    issued_at         timestamptz NOT NULL,
    -- Lines and totals (`suiftly_schema::bill::Bill`); SHA-256 of the inputs, as they stand in invoice_inputs.
    bill              jsonb       NOT NULL,
    input_hash        text        NOT NULL CHECK (input_hash ~ '^[0-9a-f]{64}$'),
    total_micro_usd   bigint      NOT NULL,
    -- Whole cents: what is asked for; of a credit note, what is given (positive).
    payable_micro_usd bigint      NOT NULL CHECK (payable_micro_usd >= 0),
    settled_at        timestamptz,
    CHECK ((kind = 'invoice') = (corrects IS NULL)),
    CHECK ((status = 'paid') = (settled_at IS NOT NULL))
);
CREATE UNIQUE INDEX invoices_one_a_month ON invoices (customer_id, month) WHERE kind = 'invoice';
CREATE INDEX invoices_customer ON invoices (customer_id, id);
CREATE INDEX invoices_unsettled ON invoices (customer_id, month) WHERE status IN ('open', 'failed');

CREATE FUNCTION suiftly_keep_invoice() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' OR to_jsonb(OLD) - 'status' - 'settled_at' <> to_jsonb(NEW) - 'status' - 'settled_at' THEN
        RAISE EXCEPTION 'invoices are never edited or deleted: issue a note' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER invoices_are_final BEFORE UPDATE OR DELETE ON invoices FOR EACH ROW EXECUTE FUNCTION suiftly_keep_invoice();
CREATE TRIGGER invoices_stay BEFORE TRUNCATE ON invoices FOR EACH STATEMENT EXECUTE FUNCTION suiftly_refuse_change();

-- What each was computed from, byte for byte as it was hashed: JSON of `suiftly_schema::bill::BillInputs`.
CREATE TABLE invoice_inputs (
    invoice_id bigint PRIMARY KEY REFERENCES invoices (id),
    inputs     text   NOT NULL
);
CREATE TRIGGER invoice_inputs_are_final BEFORE UPDATE OR DELETE OR TRUNCATE ON invoice_inputs
    FOR EACH STATEMENT EXECUTE FUNCTION suiftly_refuse_change();

-- The manager: its jobs, each run, and a clock that development and tests may move.
CREATE TABLE manager_jobs (
    name         text        PRIMARY KEY CHECK (name ~ '^[a-z_]{1,40}$'),
    next_at      timestamptz NOT NULL,
    failures     integer     NOT NULL DEFAULT 0 CHECK (failures >= 0)
);
CREATE TABLE manager_runs (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job        text        NOT NULL,
    holder     text        NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at   timestamptz,
    outcome    text        CHECK (outcome IN ('done', 'failed', 'abandoned')),
    detail     jsonb,
    CHECK ((ended_at IS NULL) = (outcome IS NULL))
);
CREATE INDEX manager_runs_job ON manager_runs (job, id DESC);
CREATE TABLE manager_clock (
    is_only   boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    offset_ms bigint  NOT NULL CHECK (offset_ms >= 0)
);
INSERT INTO manager_clock (offset_ms) VALUES (0);

-- What people are to be told, once per key.
CREATE TABLE notifications (
    id              bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key             text        NOT NULL UNIQUE CHECK (length(key) BETWEEN 1 AND 200),
    customer_id     bigint      REFERENCES customers (id),
    severity        text        NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
    kind            text        NOT NULL CHECK (kind ~ '^[a-z_]{1,40}$'),
    body            jsonb       NOT NULL CHECK (jsonb_typeof(body) = 'object'),
    created_at      timestamptz NOT NULL,
    acknowledged_at timestamptz
);
CREATE INDEX notifications_customer ON notifications (customer_id, id);

-- Names what a customer is told of a balance that does not cover what is accrued: once since their last deposit.
CREATE FUNCTION suiftly_uncovered_key(customer bigint) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT 'insufficient_balance:' || customer || ':' || coalesce(max(id), 0)
    FROM escrow_transactions WHERE customer_id = customer AND type = 'deposit'
$$;

-- Customers rated again by another path: what was compared and what differed.
CREATE TABLE shadow_checks (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    checked_at  timestamptz NOT NULL,
    customers   integer     NOT NULL CHECK (customers >= 0),
    hours       integer     NOT NULL CHECK (hours >= 0),
    mismatches  integer     NOT NULL CHECK (mismatches >= 0),
    -- The first few, by customer and hour.
    detail      jsonb       NOT NULL CHECK (jsonb_typeof(detail) = 'array')
);

-- An account as the dataflow is told it: now with what was charged beside usage, by month while lines may still come for it.
CREATE OR REPLACE FUNCTION suiftly_account(customer bigint) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object('customer_id', id, 'status', status, 'max_monthly_usd_cents', max_monthly_usd_cents,
        'balance_usd_cents', current_balance_usd_cents, 'fixed_in_all_micro_usd', fixed_in_all_micro_usd,
        'charged_in_all_micro_usd', charged_in_all_micro_usd, 'credited_in_all_micro_usd', credited_in_all_micro_usd,
        'fixed', (SELECT coalesce(jsonb_agg(jsonb_build_object('month', to_char(month, 'YYYY-MM'), 'micro_usd', fixed_micro_usd) ORDER BY month), '[]')
            FROM (SELECT month, fixed_micro_usd FROM billing_months WHERE customer_id = customer AND fixed_micro_usd <> 0
                ORDER BY month DESC LIMIT 2) AS latest))
    FROM customers WHERE id = customer
$$;

DROP TRIGGER tell_update ON customers;
CREATE CONSTRAINT TRIGGER tell_update AFTER UPDATE ON customers DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN ((OLD.status, OLD.max_monthly_usd_cents, OLD.current_balance_usd_cents, OLD.fixed_in_all_micro_usd,
        OLD.charged_in_all_micro_usd, OLD.credited_in_all_micro_usd)
        IS DISTINCT FROM (NEW.status, NEW.max_monthly_usd_cents, NEW.current_balance_usd_cents, NEW.fixed_in_all_micro_usd,
        NEW.charged_in_all_micro_usd, NEW.credited_in_all_micro_usd))
    EXECUTE FUNCTION suiftly_tell('account');

-- What was held before there was a ledger.
INSERT INTO ledger (customer_id, kind, debit, credit, amount_micro_usd, reference, posted_at)
    SELECT id, 'opening', 'custody', 'escrow', current_balance_usd_cents * 10000, 'opening:' || id, now()
    FROM customers WHERE current_balance_usd_cents > 0 ORDER BY id;
UPDATE customers SET escrow_contract_id = wallet_address WHERE escrow_contract_id IS NULL;
CREATE UNIQUE INDEX customers_escrow ON customers (escrow_contract_id) WHERE escrow_contract_id IS NOT NULL;
INSERT INTO embedded_escrow_accounts (id, owner, balance_usd_cents, limit_usd_cents)
    SELECT wallet_address, wallet_address, current_balance_usd_cents, max_monthly_usd_cents FROM customers ORDER BY id;

-- As in 0009; of money, nothing that is written is ever removed, and what is final is not changed.
CREATE OR REPLACE FUNCTION suiftly_grant_run(run_role text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    relation record;
    routine regprocedure;
    rights text;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = run_role) THEN
        RAISE EXCEPTION 'there is no role %', run_role;
    END IF;
    IF pg_has_role(run_role, (SELECT relowner FROM pg_class WHERE oid = 'public.schema_migrations'::regclass), 'MEMBER') THEN
        RAISE EXCEPTION 'role % has the rights of the role that owns the tables', run_role;
    END IF;
    EXECUTE format('REVOKE CREATE, TEMPORARY ON DATABASE %I FROM PUBLIC, %I', current_database(), run_role);
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), run_role);
    EXECUTE format('REVOKE ALL ON SCHEMA public FROM %I', run_role);
    EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', run_role);
    FOR relation IN
        SELECT oid, relname, relkind FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'S')
    LOOP
        -- By name and not by default: what is history is never changed, what decides a migration is the owner's.
        -- Partitions are reached by their parents alone.
        rights := CASE
            WHEN relation.relkind = 'S' THEN 'USAGE'
            WHEN relation.relkind = 'v' OR relation.relname = 'schema_migrations' THEN 'SELECT'
            WHEN relation.relname IN ('haproxy_raw_logs', 'haproxy_system_logs', 'price_books', 'ledger', 'escrow_transactions',
                'embedded_escrow_events', 'subscription_items', 'invoice_inputs', 'shadow_checks') THEN 'SELECT, INSERT'
            WHEN relation.relname IN ('invoices', 'invoice_series', 'charges', 'withdrawals', 'billing_months', 'escrow_cursors',
                'embedded_escrow_accounts', 'embedded_escrow_months') THEN 'SELECT, INSERT, UPDATE'
            WHEN relation.relname = 'haproxy_raw_logs_late' THEN 'SELECT, INSERT, DELETE'
            WHEN (SELECT relispartition FROM pg_class WHERE oid = relation.oid) THEN NULL
            ELSE 'SELECT, INSERT, UPDATE, DELETE'
        END;
        EXECUTE format('REVOKE ALL ON %s public.%I FROM %I',
            CASE relation.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, relation.relname, run_role);
        IF rights IS NOT NULL THEN
            EXECUTE format('GRANT %s ON %s public.%I TO %I', rights,
                CASE relation.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, relation.relname, run_role);
        END IF;
    END LOOP;
    FOR routine IN
        SELECT oid FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef AND proname LIKE 'suiftly\_%'
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', routine, run_role);
    END LOOP;
END
$$;
