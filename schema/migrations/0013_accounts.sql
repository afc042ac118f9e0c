-- Accounts (SPEC §8, §10, §11): sign-in, sessions, API keys at rest, seal keys and packages, activity, alerts, webhooks,
-- operators, idempotency; and row-level security under the API's scope layer.
--
-- docs/design/2026-11-22-accounts.md says who writes what. What is sealed is AES-256-GCM under the at-rest keyring
-- (`suiftly_schema::sealed`), bound to the row it stands in.

-- A random id as it is shown to its owner: 32 hexadecimal digits.
CREATE DOMAIN public_id AS text CHECK (VALUE ~ '^[0-9a-f]{32}$');

-- Sign-in: one pending challenge an address, consumed once.
CREATE TABLE auth_challenges (
    wallet_address text        PRIMARY KEY CHECK (wallet_address ~ '^0x[0-9a-f]{64}$'),
    nonce          text        NOT NULL UNIQUE CHECK (nonce ~ '^[0-9a-f]{64}$'),
    -- The message as it is to be signed, byte for byte.
    message        text        NOT NULL CHECK (length(message) BETWEEN 1 AND 2000),
    issued_at      timestamptz NOT NULL,
    expires_at     timestamptz NOT NULL CHECK (expires_at > issued_at)
);
CREATE INDEX auth_challenges_expiry ON auth_challenges (expires_at);

-- A session is a family of refresh tokens: each is used once, for the next one.
CREATE TABLE sessions (
    id            public_id   PRIMARY KEY,
    customer_id   bigint      NOT NULL REFERENCES customers (id),
    created_at    timestamptz NOT NULL,
    last_used_at  timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL,
    address       inet        NOT NULL,
    user_agent    text        NOT NULL DEFAULT '' CHECK (length(user_agent) <= 300),
    -- SHA-256 of the refresh token that may be used next, hex; and of the one before it.
    refresh_sha256  text      NOT NULL UNIQUE CHECK (refresh_sha256 ~ '^[0-9a-f]{64}$'),
    rotated_at      timestamptz NOT NULL,
    revoked_at    timestamptz,
    revoked_why   text        CHECK (revoked_why IN ('logout', 'revoked', 'reuse', 'replaced', 'closed')),
    CHECK ((revoked_at IS NULL) = (revoked_why IS NULL))
);
CREATE INDEX sessions_customer ON sessions (customer_id, created_at);
CREATE INDEX sessions_expiry ON sessions (expires_at);
-- Refresh tokens that were used: seen again, they revoke their session.
CREATE TABLE used_refresh_tokens (
    sha256     text        PRIMARY KEY CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    session_id public_id   NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    used_at    timestamptz NOT NULL
);
CREATE INDEX used_refresh_tokens_session ON used_refresh_tokens (session_id);

-- Who operates. Tokens are random, and kept hashed.
CREATE TABLE operators (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name         text        NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9._-]{0,63}$'),
    role         text        NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
    token_sha256 text        NOT NULL UNIQUE CHECK (token_sha256 ~ '^[0-9a-f]{64}$'),
    created_at   timestamptz NOT NULL,
    last_used_at timestamptz,
    disabled_at  timestamptz
);

-- What people and programs did: append-only. Customers see what concerns them, operators all.
CREATE TABLE activity (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at          timestamptz NOT NULL,
    customer_id bigint      REFERENCES customers (id),
    actor_kind  text        NOT NULL CHECK (actor_kind IN ('customer', 'operator', 'system')),
    -- A session's id, an operator's name, a job's name.
    actor       text        NOT NULL CHECK (length(actor) BETWEEN 1 AND 100),
    address     inet,
    -- `key.create`, `service.change`, `customer.suspend`.
    action      text        NOT NULL CHECK (action ~ '^[a-z_]{1,40}\.[a-z_]{1,40}$'),
    -- What it was done to, as its owner knows it; and what changed. No secrets.
    target      text        CHECK (length(target) <= 200),
    change      jsonb       NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(change) = 'object')
);
CREATE INDEX activity_customer ON activity (customer_id, id);
CREATE INDEX activity_actor ON activity (actor_kind, id);
CREATE TRIGGER activity_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON activity
    FOR EACH STATEMENT EXECUTE FUNCTION suiftly_refuse_change();

-- API keys: the key itself, sealed; a name; until when a replaced one goes on.
ALTER TABLE api_keys
    ADD COLUMN name       text        NOT NULL DEFAULT '' CHECK (length(name) <= 100),
    ADD COLUMN sealed_key bytea,
    ADD COLUMN expires_at timestamptz,
    ADD COLUMN replaces   bigint      REFERENCES api_keys (id);
CREATE INDEX api_keys_expiry ON api_keys (expires_at) WHERE expires_at IS NOT NULL AND state = 'active';
CREATE INDEX api_keys_created ON api_keys (customer_id, created_at);

-- Seal keys: BLS12-381, the private part sealed. An index is used once, for ever.
CREATE TABLE seal_key_indices (
    customer_id bigint  PRIMARY KEY REFERENCES customers (id),
    next_index  integer NOT NULL DEFAULT 0 CHECK (next_index >= 0)
);
CREATE TABLE seal_keys (
    id               bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id      bigint      NOT NULL REFERENCES customers (id),
    derivation_index integer     NOT NULL CHECK (derivation_index >= 0),
    name             text        NOT NULL DEFAULT '' CHECK (length(name) <= 100),
    -- G2, compressed: 96 bytes.
    public_key       bytea       NOT NULL UNIQUE CHECK (length(public_key) = 96),
    sealed_key       bytea       NOT NULL,
    purchase_digest  text        CHECK (length(purchase_digest) <= 200),
    is_enabled       boolean     NOT NULL DEFAULT true,
    created_at       timestamptz NOT NULL,
    deleted_at       timestamptz,
    UNIQUE (customer_id, derivation_index),
    UNIQUE (customer_id, id)
);
CREATE TABLE seal_packages (
    id              bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id     bigint      NOT NULL,
    seal_key_id     bigint      NOT NULL,
    package_address text        NOT NULL CHECK (package_address ~ '^0x[0-9a-f]{64}$'),
    name            text        NOT NULL DEFAULT '' CHECK (length(name) <= 100),
    is_enabled      boolean     NOT NULL DEFAULT true,
    created_at      timestamptz NOT NULL,
    deleted_at      timestamptz,
    FOREIGN KEY (customer_id, seal_key_id) REFERENCES seal_keys (customer_id, id)
);
CREATE UNIQUE INDEX seal_packages_once ON seal_packages (seal_key_id, package_address) WHERE deleted_at IS NULL;
CREATE INDEX seal_packages_customer ON seal_packages (customer_id, seal_key_id);

-- Alerts: once per crossing. `crossed` is the period (2026-11, 2026-11-22, 2026-11-22T14) it was last told in; NULL too when
-- the threshold was moved away from the value, or a balance has risen above it: then the next crossing is told.
CREATE TABLE alerts (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id  bigint      NOT NULL REFERENCES customers (id),
    name         text        NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    -- Of a UTC month: spend (micro-dollars), spend_percent (of the limit), balance (below, micro-dollars); of any period: requests, bytes,
    -- errors, rejected.
    metric       text        NOT NULL CHECK (metric IN ('spend', 'spend_percent', 'balance_below', 'requests', 'bytes', 'errors', 'rejected')),
    period       text        NOT NULL CHECK (period IN ('hour', 'day', 'month')),
    service_type smallint    CHECK (service_type BETWEEN 1 AND 6),
    threshold    bigint      NOT NULL CHECK (threshold > 0),
    by_email     boolean     NOT NULL DEFAULT false,
    by_webhook   boolean     NOT NULL DEFAULT true,
    is_enabled   boolean     NOT NULL DEFAULT true,
    crossed      text,
    crossed_at   timestamptz,
    created_at   timestamptz NOT NULL
);
CREATE INDEX alerts_customer ON alerts (customer_id, id);
-- Whom the job that looks at thresholds reads.
CREATE INDEX alerts_enabled ON alerts (id) WHERE is_enabled;

CREATE TABLE webhooks (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id   bigint      NOT NULL REFERENCES customers (id),
    url           text        NOT NULL CHECK (length(url) <= 500),
    -- What they are told of: `alert`, `invoice`, `limit`, `balance`, `charge`, `key`, `delivery`, or all: `*`.
    events        text[]      NOT NULL CHECK (cardinality(events) BETWEEN 1 AND 20),
    sealed_secret bytea       NOT NULL,
    -- The secret before, which signs too for a while.
    sealed_old    bytea,
    old_until     timestamptz,
    is_enabled    boolean     NOT NULL DEFAULT true,
    created_at    timestamptz NOT NULL,
    deleted_at    timestamptz,
    CHECK ((sealed_old IS NULL) = (old_until IS NULL))
);
CREATE INDEX webhooks_customer ON webhooks (customer_id, id);

-- What is to be delivered, by webhook or e-mail: pending until delivered, dead after the last attempt.
CREATE TABLE deliveries (
    id              bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id     bigint      NOT NULL REFERENCES customers (id),
    -- NULL: by e-mail.
    webhook_id      bigint      REFERENCES webhooks (id),
    -- Names the event: told once per way.
    event_key       text        NOT NULL CHECK (length(event_key) BETWEEN 1 AND 200),
    event_type      text        NOT NULL CHECK (event_type ~ '^[a-z_.]{1,60}$'),
    body            jsonb       NOT NULL CHECK (jsonb_typeof(body) = 'object'),
    state           text        NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'dead')),
    attempts        integer     NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    next_attempt_at timestamptz NOT NULL,
    last_status     integer,
    last_error      text        CHECK (length(last_error) <= 500),
    created_at      timestamptz NOT NULL,
    delivered_at    timestamptz,
    CHECK ((state = 'delivered') = (delivered_at IS NOT NULL))
);
CREATE UNIQUE INDEX deliveries_once ON deliveries (coalesce(webhook_id, 0), customer_id, event_key);
CREATE INDEX deliveries_due ON deliveries (next_attempt_at) WHERE state = 'pending';
CREATE INDEX deliveries_customer ON deliveries (customer_id, webhook_id, id);
-- Events become deliveries in the transaction that makes them, so that none is missed, whatever commits in which order: to
-- every enabled webhook that is told of their kind (the word before the dot), and by e-mail what somebody should look at.
-- Statement by statement: a month that closes is one.

-- What customers are told of a notification; NULL: nothing. (Alerts make their own deliveries.)
CREATE FUNCTION suiftly_event_type(kind text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE kind
        WHEN 'deposit' THEN 'balance.deposit'
        WHEN 'insufficient_balance' THEN 'balance.insufficient'
        WHEN 'withdrawal_paid' THEN 'balance.withdrawal_paid'
        WHEN 'charge_refused' THEN 'charge.refused'
        WHEN 'unexpected_charge' THEN 'charge.unexpected'
        WHEN 'renewal_failed' THEN 'charge.renewal_failed'
        WHEN 'monthly_limit' THEN 'limit.reached'
        WHEN 'delivery_dead' THEN 'delivery.dead'
    END
$$;

-- Causes are in our words, for operators. A delivery that died is not told by the way it died on.
CREATE FUNCTION suiftly_deliver_notifications() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO deliveries (customer_id, webhook_id, event_key, event_type, body, next_attempt_at, created_at)
        SELECT n.customer_id, w.id, n.key, suiftly_event_type(n.kind), n.body - 'cause', n.created_at, n.created_at
        FROM told AS n JOIN webhooks AS w ON w.customer_id = n.customer_id AND w.is_enabled AND w.deleted_at IS NULL
            AND w.events && ARRAY['*', split_part(suiftly_event_type(n.kind), '.', 1)]
        WHERE suiftly_event_type(n.kind) IS NOT NULL AND n.body -> 'webhook_id' IS DISTINCT FROM to_jsonb(w.id)
        ON CONFLICT DO NOTHING;
    INSERT INTO deliveries (customer_id, event_key, event_type, body, next_attempt_at, created_at)
        SELECT n.customer_id, n.key, suiftly_event_type(n.kind), n.body - 'cause', n.created_at, n.created_at
        FROM told AS n JOIN customers AS c ON c.id = n.customer_id AND c.alert_email IS NOT NULL
        WHERE suiftly_event_type(n.kind) IS NOT NULL AND n.severity <> 'info' AND n.body ->> 'channel' IS DISTINCT FROM 'email'
        ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
CREATE TRIGGER notifications_are_delivered AFTER INSERT ON notifications
    REFERENCING NEW TABLE AS told FOR EACH STATEMENT EXECUTE FUNCTION suiftly_deliver_notifications();

CREATE FUNCTION suiftly_deliver_invoices() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO deliveries (customer_id, webhook_id, event_key, event_type, body, next_attempt_at, created_at)
            SELECT i.customer_id, w.id, 'invoice:' || i.number || ':issued', 'invoice.issued',
                jsonb_build_object('number', i.number, 'kind', i.kind, 'month', to_char(i.month, 'YYYY-MM'), 'status', i.status,
                    'total_micro_usd', i.total_micro_usd, 'payable_micro_usd', i.payable_micro_usd), i.issued_at, i.issued_at
            FROM issued AS i JOIN webhooks AS w ON w.customer_id = i.customer_id AND w.is_enabled AND w.deleted_at IS NULL
                AND w.events && ARRAY['*', 'invoice']
            ON CONFLICT DO NOTHING;
    ELSE
        INSERT INTO deliveries (customer_id, webhook_id, event_key, event_type, body, next_attempt_at, created_at)
            SELECT i.customer_id, w.id, 'invoice:' || i.number || ':' || i.status || ':' || pg_current_xact_id(), 'invoice.' || i.status,
                jsonb_build_object('number', i.number, 'kind', i.kind, 'month', to_char(i.month, 'YYYY-MM'), 'status', i.status,
                    'total_micro_usd', i.total_micro_usd, 'payable_micro_usd', i.payable_micro_usd), now(), now()
            FROM issued AS i JOIN before AS b ON b.id = i.id AND b.status <> i.status
                JOIN webhooks AS w ON w.customer_id = i.customer_id AND w.is_enabled AND w.deleted_at IS NULL
                AND w.events && ARRAY['*', 'invoice']
            ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER invoices_are_delivered AFTER INSERT ON invoices
    REFERENCING NEW TABLE AS issued FOR EACH STATEMENT EXECUTE FUNCTION suiftly_deliver_invoices();
CREATE TRIGGER invoices_are_delivered_again AFTER UPDATE ON invoices
    REFERENCING OLD TABLE AS before NEW TABLE AS issued FOR EACH STATEMENT EXECUTE FUNCTION suiftly_deliver_invoices();

-- `key.created`, `key.revoked`, `key.active` (again), `key.deleted`.
CREATE FUNCTION suiftly_deliver_keys() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO deliveries (customer_id, webhook_id, event_key, event_type, body, next_attempt_at, created_at)
            SELECT k.customer_id, w.id, 'key:' || k.id || ':created', 'key.created', suiftly_key_body(k.id, k.service_type,
                k.network, k.key_prefix, k.name, k.state), k.created_at, k.created_at
            FROM keys AS k JOIN webhooks AS w ON w.customer_id = k.customer_id AND w.is_enabled AND w.deleted_at IS NULL
                AND w.events && ARRAY['*', 'key']
            ON CONFLICT DO NOTHING;
    ELSE
        INSERT INTO deliveries (customer_id, webhook_id, event_key, event_type, body, next_attempt_at, created_at)
            SELECT k.customer_id, w.id, 'key:' || k.id || ':' || k.state || ':' || pg_current_xact_id(), 'key.' || k.state,
                suiftly_key_body(k.id, k.service_type, k.network, k.key_prefix, k.name, k.state), now(), now()
            FROM keys AS k JOIN before AS b ON b.id = k.id AND b.state <> k.state
                JOIN webhooks AS w ON w.customer_id = k.customer_id AND w.is_enabled AND w.deleted_at IS NULL
                AND w.events && ARRAY['*', 'key']
            ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END
$$;
CREATE FUNCTION suiftly_key_body(id bigint, service smallint, network smallint, prefix text, name text, state text) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_build_object('key_id', id, 'service', (ARRAY['seal', 'grpc', 'graphql'])[service],
        'network', (ARRAY['testnet', 'mainnet'])[network + 1], 'key_prefix', prefix, 'name', name, 'state', state)
$$;
CREATE TRIGGER keys_are_delivered AFTER INSERT ON api_keys
    REFERENCING NEW TABLE AS keys FOR EACH STATEMENT EXECUTE FUNCTION suiftly_deliver_keys();
CREATE TRIGGER keys_are_delivered_again AFTER UPDATE ON api_keys
    REFERENCING OLD TABLE AS before NEW TABLE AS keys FOR EACH STATEMENT EXECUTE FUNCTION suiftly_deliver_keys();

-- Who has reached the month's limit: they are told of it, once for each limit.
CREATE INDEX spend_limited ON spend (customer_id) WHERE state = 'monthly_limit';

-- Writes by idempotency key: the answer, sealed, is given again for a day.
CREATE TABLE idempotency_keys (
    customer_id    bigint      NOT NULL REFERENCES customers (id),
    key            text        NOT NULL CHECK (length(key) BETWEEN 1 AND 100),
    -- SHA-256 of method, path and body, hex.
    request_sha256 text        NOT NULL CHECK (request_sha256 ~ '^[0-9a-f]{64}$'),
    status         smallint    CHECK (status BETWEEN 200 AND 599),
    sealed_answer  bytea,
    created_at     timestamptz NOT NULL,
    PRIMARY KEY (customer_id, key),
    CHECK ((status IS NULL) = (sealed_answer IS NULL))
);
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);

-- Closure: asked for, and done once everything is charged and what is left is paid back.
ALTER TABLE customers ADD COLUMN closing_at timestamptz, ADD COLUMN closed_at timestamptz CHECK (closed_at >= closing_at);
CREATE INDEX customers_closing ON customers (id) WHERE closing_at IS NOT NULL;

-- Row-level security. Connections that act for customers are opened with suiftly.scope = 'customer', see nothing until
-- suiftly.customer_id is set, and then that customer's rows alone. All others (the writer, the manager, operators) are
-- not scoped. The sub-selects are evaluated once a statement. It does not bind the tables' owner, who migrates and dumps.
DO $$
DECLARE
    relation text;
    key text;
BEGIN
    FOREACH relation IN ARRAY ARRAY['customers', 'service_instances', 'api_keys', 'sessions', 'activity', 'seal_key_indices', 'seal_keys',
        'seal_packages', 'alerts', 'webhooks', 'deliveries', 'idempotency_keys', 'ledger', 'billing_months', 'charges',
        'escrow_transactions', 'withdrawals', 'subscription_items', 'invoices', 'notifications',
        'usage_per_minute', 'usage_per_hour', 'rated', 'spend', 'key_activity']
    LOOP
        key := CASE relation WHEN 'customers' THEN 'id' ELSE 'customer_id' END;
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', relation);
        EXECUTE format($policy$CREATE POLICY of_customer ON %I USING (
            (SELECT coalesce(current_setting('suiftly.scope', true), '') = '')
            OR %I = (SELECT nullif(current_setting('suiftly.customer_id', true), '')::bigint))$policy$, relation, key);
    END LOOP;
END
$$;

-- What the role that runs may do with a relation; NULL: nothing. What is history is never changed, what decides a migration
-- is the owner's, partitions are reached by their parents alone. Later migrations replace this, and no more.
CREATE FUNCTION suiftly_run_rights(relation name, kind "char", is_partition boolean) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN kind = 'S' THEN 'USAGE'
        WHEN kind = 'v' OR relation = 'schema_migrations' THEN 'SELECT'
        WHEN relation IN ('haproxy_raw_logs', 'haproxy_system_logs', 'price_books', 'ledger', 'escrow_transactions',
            'embedded_escrow_events', 'subscription_items', 'invoice_inputs', 'shadow_checks', 'activity') THEN 'SELECT, INSERT'
        WHEN relation IN ('invoices', 'invoice_series', 'charges', 'withdrawals', 'billing_months', 'escrow_cursors',
            'embedded_escrow_accounts', 'embedded_escrow_months', 'seal_key_indices', 'seal_keys', 'seal_packages', 'webhooks',
            'operators') THEN 'SELECT, INSERT, UPDATE'
        WHEN relation = 'haproxy_raw_logs_late' THEN 'SELECT, INSERT, DELETE'
        WHEN is_partition THEN NULL
        ELSE 'SELECT, INSERT, UPDATE, DELETE'
    END
$$;

-- As in 0012, by that function.
CREATE OR REPLACE FUNCTION suiftly_grant_run(run_role text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    relation record;
    routine regprocedure;
    rights text;
    kind text;
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
        SELECT relname, relkind, relispartition FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'S')
    LOOP
        rights := public.suiftly_run_rights(relation.relname, relation.relkind, relation.relispartition);
        kind := CASE relation.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END;
        EXECUTE format('REVOKE ALL ON %s public.%I FROM %I', kind, relation.relname, run_role);
        IF rights IS NOT NULL THEN
            EXECUTE format('GRANT %s ON %s public.%I TO %I', rights, kind, relation.relname, run_role);
        END IF;
    END LOOP;
    FOR routine IN
        SELECT oid FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef AND proname LIKE 'suiftly\_%'
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', routine, run_role);
    END LOOP;
END
$$;
