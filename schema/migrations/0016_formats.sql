-- Log formats that operators publish while the system runs, for lines that no configured format can read. Reference data
-- like any: what is written here is told among the lines.

-- A row per name. Its number stays, whatever is published under the name; what it was before is in the activity log.
CREATE TABLE log_formats (
    id           bigint      PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    name         text        NOT NULL UNIQUE CHECK (name ~ '^[A-Za-z0-9._-]{1,64}$'),
    log_format   text        NOT NULL CHECK (octet_length(log_format) BETWEEN 1 AND 8192),
    attribution  jsonb       NOT NULL CHECK (jsonb_typeof(attribution) = 'object' AND octet_length(attribution::text) <= 32768),
    -- Its place among all publications: lines are tried in this order.
    publication  bigint      NOT NULL UNIQUE CHECK (publication > 0),
    is_in_force  boolean     NOT NULL,
    published_at timestamptz NOT NULL,
    published_by text        NOT NULL CHECK (length(published_by) BETWEEN 1 AND 100),
    retired_at   timestamptz,
    retired_by   text        CHECK (length(retired_by) BETWEEN 1 AND 100),
    CHECK (is_in_force = (retired_at IS NULL) AND (retired_at IS NULL) = (retired_by IS NULL))
);

-- Nobody would be told: formats are retired.
CREATE TRIGGER log_formats_stay BEFORE DELETE OR TRUNCATE ON log_formats
    FOR EACH STATEMENT EXECUTE FUNCTION suiftly_refuse_removal();
CREATE TRIGGER log_formats_keep_their_names BEFORE UPDATE ON log_formats
    FOR EACH ROW WHEN ((OLD.id, OLD.name) <> (NEW.id, NEW.name)) EXECUTE FUNCTION suiftly_refuse_removal();

ALTER TABLE outbox DROP CONSTRAINT outbox_kind_check;
ALTER TABLE outbox ADD CONSTRAINT outbox_kind_check
    CHECK (kind IN ('account', 'service', 'key', 'price_book', 'log_format'));
ALTER TABLE reference_entities DROP CONSTRAINT reference_entities_kind_check;
ALTER TABLE reference_entities ADD CONSTRAINT reference_entities_kind_check
    CHECK (kind IN ('account', 'service', 'key', 'price_book', 'log_format'));

CREATE FUNCTION suiftly_log_format(format bigint) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object('id', id, 'name', name, 'log_format', log_format, 'attribution', attribution,
        'publication', publication, 'is_in_force', is_in_force)
    FROM log_formats WHERE id = format
$$;

-- As in 0008, and formats.
CREATE OR REPLACE FUNCTION suiftly_tell() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    told jsonb;
BEGIN
    PERFORM pg_advisory_xact_lock(91763744571396);
    CASE TG_ARGV[0]
        WHEN 'account' THEN told := suiftly_account(NEW.id);
        WHEN 'service' THEN told := suiftly_service(NEW.customer_id, NEW.service_type);
        WHEN 'key' THEN told := suiftly_key(NEW.id);
        WHEN 'price_book' THEN told := NEW.book;
        WHEN 'log_format' THEN told := suiftly_log_format(NEW.id);
    END CASE;
    INSERT INTO outbox (seq, kind, entity) VALUES (nextval('outbox_seq'), TG_ARGV[0], told);
    PERFORM pg_notify('suiftly_outbox', '');
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER tell_insert AFTER INSERT ON log_formats DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION suiftly_tell('log_format');
CREATE CONSTRAINT TRIGGER tell_update AFTER UPDATE ON log_formats DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN ((OLD.log_format, OLD.attribution, OLD.publication, OLD.is_in_force)
        IS DISTINCT FROM (NEW.log_format, NEW.attribution, NEW.publication, NEW.is_in_force))
    EXECUTE FUNCTION suiftly_tell('log_format');
