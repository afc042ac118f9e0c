-- Reference data on its way into the journal: a transactional outbox, and what the dataflow has been told.
--
-- Whatever changes a customer, service, key or price book leaves the row, as it is when its transaction commits, in the
-- outbox. Numbers rise in the order of the commits: they are drawn at the commit, under a lock that is held until what
-- was committed is visible. Whoever has read number n has read every number below it that will ever be.

CREATE SEQUENCE outbox_seq;

CREATE TABLE outbox (
    seq         bigint      PRIMARY KEY CHECK (seq > 0),
    kind        text        NOT NULL CHECK (kind IN ('account', 'service', 'key', 'price_book')),
    -- The row, without what the dataflow has no use for: no names, no addresses.
    entity      jsonb       NOT NULL CHECK (jsonb_typeof(entity) = 'object'),
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- What each entity was when the dataflow was told of it last, as of the watermark: a start goes on from here.
CREATE TABLE reference_entities (
    kind   text   NOT NULL CHECK (kind IN ('account', 'service', 'key', 'price_book')),
    id     text   NOT NULL CHECK (id <> ''),
    seq    bigint NOT NULL CHECK (seq > 0),
    entity jsonb  NOT NULL CHECK (jsonb_typeof(entity) = 'object'),
    PRIMARY KEY (kind, id)
);

-- The last number that the dataflow was told of, as of the watermark. One row.
CREATE TABLE reference_progress (
    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    seq     bigint  NOT NULL CHECK (seq >= 0)
);
INSERT INTO reference_progress (seq) VALUES (0);

CREATE FUNCTION suiftly_account(customer bigint) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object('customer_id', id, 'status', status, 'max_monthly_usd_cents', max_monthly_usd_cents,
        'balance_usd_cents', current_balance_usd_cents)
    FROM customers WHERE id = customer
$$;

CREATE FUNCTION suiftly_service(customer bigint, service smallint) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object('customer_id', customer_id, 'service_type', service_type, 'tier', tier,
        'is_enabled', is_enabled, 'config', config)
    FROM service_instances WHERE customer_id = customer AND service_type = service
$$;

CREATE FUNCTION suiftly_key(key bigint) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object('id', id, 'customer_id', customer_id, 'service_type', service_type, 'network', network,
        'api_key_fp', api_key_fp, 'key_metadata', key_metadata, 'key_sha256', key_sha256, 'state', state)
    FROM api_keys WHERE id = key
$$;

-- At the commit. Rows are read again: a row that changed twice is told twice as it is in the end.
CREATE FUNCTION suiftly_tell() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    told jsonb;
BEGIN
    PERFORM pg_advisory_xact_lock(91763744571396);
    CASE TG_ARGV[0]
        WHEN 'account' THEN told := suiftly_account(NEW.id);
        WHEN 'service' THEN told := suiftly_service(NEW.customer_id, NEW.service_type);
        WHEN 'key' THEN told := suiftly_key(NEW.id);
        WHEN 'price_book' THEN told := NEW.book;
    END CASE;
    INSERT INTO outbox (seq, kind, entity) VALUES (nextval('outbox_seq'), TG_ARGV[0], told);
    PERFORM pg_notify('suiftly_outbox', '');
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER tell_insert AFTER INSERT ON customers DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION suiftly_tell('account');
CREATE CONSTRAINT TRIGGER tell_update AFTER UPDATE ON customers DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN ((OLD.status, OLD.max_monthly_usd_cents, OLD.current_balance_usd_cents)
        IS DISTINCT FROM (NEW.status, NEW.max_monthly_usd_cents, NEW.current_balance_usd_cents))
    EXECUTE FUNCTION suiftly_tell('account');

CREATE CONSTRAINT TRIGGER tell_insert AFTER INSERT ON service_instances DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION suiftly_tell('service');
CREATE CONSTRAINT TRIGGER tell_update AFTER UPDATE ON service_instances DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN ((OLD.tier, OLD.is_enabled, OLD.config) IS DISTINCT FROM (NEW.tier, NEW.is_enabled, NEW.config))
    EXECUTE FUNCTION suiftly_tell('service');

CREATE CONSTRAINT TRIGGER tell_insert AFTER INSERT ON api_keys DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION suiftly_tell('key');
CREATE CONSTRAINT TRIGGER tell_update AFTER UPDATE ON api_keys DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state)
    EXECUTE FUNCTION suiftly_tell('key');

CREATE CONSTRAINT TRIGGER tell_insert AFTER INSERT ON price_books DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION suiftly_tell('price_book');

-- Nobody would be told: customers are closed, services disabled, keys deleted by their state. What names an entity, and
-- what a key is, stays.
CREATE FUNCTION suiftly_refuse_removal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never removed nor renamed: change their state', TG_TABLE_NAME
        USING ERRCODE = 'check_violation';
END
$$;
CREATE TRIGGER customers_stay BEFORE DELETE OR TRUNCATE ON customers
    FOR EACH STATEMENT EXECUTE FUNCTION suiftly_refuse_removal();
CREATE TRIGGER customers_keep_their_names BEFORE UPDATE ON customers
    FOR EACH ROW WHEN (OLD.id <> NEW.id) EXECUTE FUNCTION suiftly_refuse_removal();
CREATE TRIGGER service_instances_stay BEFORE DELETE OR TRUNCATE ON service_instances
    FOR EACH STATEMENT EXECUTE FUNCTION suiftly_refuse_removal();
CREATE TRIGGER service_instances_keep_their_names BEFORE UPDATE ON service_instances
    FOR EACH ROW WHEN ((OLD.customer_id, OLD.service_type) <> (NEW.customer_id, NEW.service_type))
    EXECUTE FUNCTION suiftly_refuse_removal();
CREATE TRIGGER api_keys_stay BEFORE DELETE OR TRUNCATE ON api_keys
    FOR EACH STATEMENT EXECUTE FUNCTION suiftly_refuse_removal();
CREATE TRIGGER api_keys_keep_their_names BEFORE UPDATE ON api_keys
    FOR EACH ROW WHEN (
        (OLD.id, OLD.customer_id, OLD.service_type, OLD.network, OLD.api_key_fp, OLD.key_metadata, OLD.key_sha256)
        <> (NEW.id, NEW.customer_id, NEW.service_type, NEW.network, NEW.api_key_fp, NEW.key_metadata, NEW.key_sha256))
    EXECUTE FUNCTION suiftly_refuse_removal();

-- What is there already is told like anything else, each before what hangs on it.
INSERT INTO outbox (seq, kind, entity)
    SELECT nextval('outbox_seq'), 'price_book', book FROM (SELECT book FROM price_books ORDER BY version) AS books;
INSERT INTO outbox (seq, kind, entity)
    SELECT nextval('outbox_seq'), 'account', suiftly_account(id) FROM (SELECT id FROM customers ORDER BY id) AS ids;
INSERT INTO outbox (seq, kind, entity)
    SELECT nextval('outbox_seq'), 'service', suiftly_service(customer_id, service_type)
    FROM (SELECT customer_id, service_type FROM service_instances ORDER BY customer_id, service_type) AS ids;
INSERT INTO outbox (seq, kind, entity)
    SELECT nextval('outbox_seq'), 'key', suiftly_key(id) FROM (SELECT id FROM api_keys ORDER BY id) AS ids;
