-- What the dataflow keeps, integrated from its deltas: usage by minute and by hour, and rated usage by month.
--
-- "None" is a number here, never NULL, so that primary keys are plain: customer 0 is the unattributed, service 0 and
-- network −1 are the unknown. No CHECK (x >= 0) on the sums: a correction is a negative delta, and the upsert that adds it
-- would have the delta checked instead of the sum.

CREATE TABLE usage_per_minute (
    customer_id       bigint      NOT NULL CHECK (customer_id >= 0),
    minute            timestamptz NOT NULL CHECK (minute = date_bin(INTERVAL '1 minute', minute, TIMESTAMPTZ '2000-01-01 00:00:00+00')),
    service_type      smallint    NOT NULL CHECK (service_type BETWEEN 0 AND 6),
    network           smallint    NOT NULL CHECK (network BETWEEN -1 AND 3),
    guaranteed        bigint      NOT NULL,
    burst             bigint      NOT NULL,
    rejected          bigint      NOT NULL,
    client_error      bigint      NOT NULL,
    server_error      bigint      NOT NULL,
    other             bigint      NOT NULL,
    billable_requests bigint      NOT NULL,
    bytes_sent        bigint      NOT NULL,
    billable_bytes    bigint      NOT NULL,
    time_total_ms     bigint      NOT NULL,
    PRIMARY KEY (customer_id, minute, service_type, network)
)
-- @plain
-- A row is updated in place many times while its minute or hour lasts: room on the page keeps its indexes untouched.
WITH (fillfactor = 70)
-- @end
;

CREATE TABLE usage_per_hour (
    customer_id       bigint      NOT NULL CHECK (customer_id >= 0),
    hour              timestamptz NOT NULL CHECK (hour = date_bin(INTERVAL '1 hour', hour, TIMESTAMPTZ '2000-01-01 00:00:00+00')),
    service_type      smallint    NOT NULL CHECK (service_type BETWEEN 0 AND 6),
    network           smallint    NOT NULL CHECK (network BETWEEN -1 AND 3),
    guaranteed        bigint      NOT NULL,
    burst             bigint      NOT NULL,
    rejected          bigint      NOT NULL,
    client_error      bigint      NOT NULL,
    server_error      bigint      NOT NULL,
    other             bigint      NOT NULL,
    billable_requests bigint      NOT NULL,
    bytes_sent        bigint      NOT NULL,
    billable_bytes    bigint      NOT NULL,
    time_total_ms     bigint      NOT NULL,
    PRIMARY KEY (customer_id, hour, service_type, network)
)
-- @plain
WITH (fillfactor = 70)
-- @end
;

-- @timescale
SELECT create_hypertable('usage_per_minute', by_range('minute', INTERVAL '1 day'), create_default_indexes => false);
SELECT add_retention_policy('usage_per_minute', INTERVAL '24 hours');
SELECT create_hypertable('usage_per_hour', by_range('hour', INTERVAL '7 days'), create_default_indexes => false);
SELECT add_retention_policy('usage_per_hour', INTERVAL '90 days');
-- @end

-- The primary keys answer one customer's range; these answer everybody's.
CREATE INDEX usage_per_minute_minute ON usage_per_minute (minute);
CREATE INDEX usage_per_hour_hour ON usage_per_hour (hour);

-- Prices are data: a version is published once, and never edited.
CREATE TABLE price_books (
    version        integer     PRIMARY KEY CHECK (version > 0),
    effective_from timestamptz NOT NULL UNIQUE
        CHECK (effective_from = date_bin(INTERVAL '1 hour', effective_from, TIMESTAMPTZ '2000-01-01 00:00:00+00')),
    book           jsonb       NOT NULL CHECK ((book ->> 'version')::integer = version),
    published_at   timestamptz NOT NULL DEFAULT now()
);

CREATE FUNCTION suiftly_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never edited or deleted', TG_TABLE_NAME;
END
$$;

CREATE TRIGGER price_books_are_final BEFORE UPDATE OR DELETE OR TRUNCATE ON price_books
    FOR EACH STATEMENT EXECUTE FUNCTION suiftly_refuse_change();

-- What is rounded together: one customer, service, month and price book. The unattributed are nobody's bill.
CREATE TABLE rated (
    month             date     NOT NULL CHECK (extract(day FROM month) = 1),
    customer_id       bigint   NOT NULL CHECK (customer_id > 0),
    service_type      smallint NOT NULL CHECK (service_type BETWEEN 0 AND 6),
    price_book        integer  NOT NULL REFERENCES price_books (version),
    billable_requests bigint   NOT NULL,
    billable_bytes    bigint   NOT NULL,
    rated_micro_usd   bigint   NOT NULL,
    PRIMARY KEY (month, customer_id, service_type, price_book)
)
WITH (fillfactor = 70);
