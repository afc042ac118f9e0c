-- What gateways logged: one row a request, one row a message of HAProxy's own. Kept for days; the journal keeps it for good.
--
-- The columns are SPEC §4's. No CHECK and no foreign key stands on the raw table: an odd value in a log line is still a
-- fact, and an insert must never fail on one. NULL is "the line did not say".

CREATE TABLE haproxy_raw_logs (
    timestamp         timestamptz NOT NULL,
    customer_id       bigint,
    path_prefix       text,
    config_hex        bigint,
    network           smallint,
    server_id         smallint,
    service_type      smallint,
    api_key_fp        bigint      NOT NULL,
    fe_type           smallint,
    traffic_type      smallint    NOT NULL,
    event_type        smallint    NOT NULL,
    client_ip         inet,
    key_metadata      integer,
    status_code       smallint    NOT NULL,
    bytes_sent        bigint      NOT NULL,
    time_total        integer     NOT NULL,
    time_request      integer,
    time_queue        integer,
    time_connect      integer,
    time_response     integer,
    backend_id        smallint    NOT NULL,
    termination_state text        NOT NULL,
    repeat            integer     NOT NULL DEFAULT 1,
    -- Provenance: the line's identity (server_id, boot, seq), and where its frame stands in the journal.
    boot              timestamptz,
    seq               bigint,
    journal_offset    bigint      NOT NULL
)
-- @plain
PARTITION BY RANGE (timestamp)
-- @end
;

CREATE TABLE haproxy_system_logs (
    timestamp timestamptz NOT NULL,
    server_id smallint,
    message   text        NOT NULL,
    -- How many equal messages of one instant and server this row stands for.
    count     integer     NOT NULL CHECK (count > 0)
)
-- @plain
PARTITION BY RANGE (timestamp)
-- @end
;

-- @timescale
SELECT create_hypertable('haproxy_raw_logs', by_range('timestamp', INTERVAL '1 hour'), create_default_indexes => false);
ALTER TABLE haproxy_raw_logs SET (
    timescaledb.compress,
    timescaledb.compress_segmentby = 'server_id, service_type, network',
    timescaledb.compress_orderby = 'timestamp DESC'
);
SELECT add_compression_policy('haproxy_raw_logs', INTERVAL '6 hours');
SELECT add_retention_policy('haproxy_raw_logs', INTERVAL '2 days');

SELECT create_hypertable('haproxy_system_logs', by_range('timestamp', INTERVAL '1 day'), create_default_indexes => false);
SELECT add_retention_policy('haproxy_system_logs', INTERVAL '7 days');
-- @end

-- While an hour fills, its rows carry one BRIN: 0.5 CPU-seconds per million rows, where one btree costs 2.4 and the
-- SPEC's seven 21 to 28. The seven come when the hour closes.
CREATE INDEX haproxy_raw_logs_timestamp ON haproxy_raw_logs USING brin (timestamp) WITH (pages_per_range = 32);
CREATE INDEX haproxy_system_logs_timestamp ON haproxy_system_logs (timestamp DESC);

-- @plain
-- Rows that no partition is made for: dated far from their receipt, by a wrong clock or out of an old file.
CREATE TABLE haproxy_raw_logs_default PARTITION OF haproxy_raw_logs DEFAULT;
CREATE TABLE haproxy_system_logs_default PARTITION OF haproxy_system_logs DEFAULT;

-- How wide a table's partitions are. NULL for tables that are not the partition functions' business.
CREATE FUNCTION suiftly_partition_width(parent text) RETURNS interval
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE parent WHEN 'haproxy_raw_logs' THEN INTERVAL '1 hour' WHEN 'haproxy_system_logs' THEN INTERVAL '1 day' END
$$;

-- Makes the partitions of [from_time, to_time) that are not there, and answers how many it made. What the default
-- partition already holds of them moves over. Runs with its owner's rights, so that the role which writes needs no
-- DDL; hence the closed list of tables, the bound on the span, and the fixed search path.
CREATE FUNCTION suiftly_ensure_partitions(parent text, from_time timestamptz, to_time timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
DECLARE
    width CONSTANT interval := public.suiftly_partition_width(parent);
    longest CONSTANT interval := INTERVAL '9 days';
    start_at timestamptz;
    part text;
    made integer := 0;
BEGIN
    IF width IS NULL OR from_time IS NULL OR to_time IS NULL OR to_time - from_time > longest THEN
        RAISE EXCEPTION 'no partitions are made for table % from % to %', parent, from_time, to_time;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('suiftly partitions', 0));
    start_at := date_bin(width, from_time, TIMESTAMPTZ '2000-01-01 00:00:00+00');
    WHILE start_at < to_time LOOP
        part := parent || to_char(start_at, '_YYYYMMDD_HH24');
        IF to_regclass('public.' || quote_ident(part)) IS NULL THEN
            EXECUTE format('CREATE TABLE public.%I (LIKE public.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part, parent);
            EXECUTE format(
                'WITH moved AS (DELETE FROM public.%I WHERE timestamp >= %L AND timestamp < %L RETURNING *)
                 INSERT INTO public.%I SELECT * FROM moved', parent || '_default', start_at, start_at + width, part);
            EXECUTE format('ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
                parent, part, start_at, start_at + width);
            made := made + 1;
        END IF;
        start_at := start_at + width;
    END LOOP;
    RETURN made;
END
$$;

-- Drops the partitions that end at or before `before`, with what the default partition holds from before it, and
-- answers how many partitions went.
CREATE FUNCTION suiftly_drop_partitions(parent text, before timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
DECLARE
    width CONSTANT interval := public.suiftly_partition_width(parent);
    part text;
    dropped integer := 0;
BEGIN
    IF width IS NULL OR before IS NULL THEN
        RAISE EXCEPTION 'no partitions of table % are dropped before %', parent, before;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('suiftly partitions', 0));
    FOR part IN
        SELECT child.relname FROM pg_inherits JOIN pg_class AS child ON child.oid = inhrelid
        WHERE inhparent = ('public.' || quote_ident(parent))::regclass AND child.relname ~ '_[0-9]{8}_[0-9]{2}$'
        ORDER BY child.relname
    LOOP
        IF to_timestamp(right(part, 11), 'YYYYMMDD_HH24') + width <= before THEN
            EXECUTE format('DROP TABLE public.%I', part);
            dropped := dropped + 1;
        END IF;
    END LOOP;
    EXECUTE format('DELETE FROM public.%I WHERE timestamp < %L', parent || '_default', before);
    RETURN dropped;
END
$$;

REVOKE ALL ON FUNCTION suiftly_ensure_partitions(text, timestamptz, timestamptz) FROM PUBLIC;
REVOKE ALL ON FUNCTION suiftly_drop_partitions(text, timestamptz) FROM PUBLIC;
-- @end
