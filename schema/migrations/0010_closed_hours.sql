-- Hours of raw records close. One that ended six hours ago, by the newest epoch's clock, takes no more rows: what is dated
-- in it and comes later stands beside it, in haproxy_raw_logs_late. So a compressed chunk is never opened again, a dropped
-- one never comes back, and the indexes of a closed partition are built without anybody waiting for their lock.
--
-- By the journal's clock and not the server's: while a database catches up its hours are still filling. The writer holds
-- each commit against its own clock, which is never behind the one that an hour was closed by.

CREATE TABLE haproxy_raw_logs_late (LIKE haproxy_raw_logs INCLUDING DEFAULTS);
CREATE INDEX haproxy_raw_logs_late_timestamp ON haproxy_raw_logs_late (timestamp);

-- All raw records: what readers ask.
CREATE VIEW haproxy_raw_logs_all AS
    SELECT * FROM haproxy_raw_logs UNION ALL SELECT * FROM haproxy_raw_logs_late;

-- Hours that end at or before this are closed; NULL before the first epoch. As `partitions.rs` has it.
CREATE FUNCTION suiftly_closed_to() RETURNS timestamptz
LANGUAGE sql STABLE AS $$
    SELECT max(cut_at) - INTERVAL '6 hours' FROM public.journal_watermarks WHERE epoch > 0
$$;

-- @plain
-- Gives one closed hour of raw records the indexes that readers want, and answers its name; NULL when there is none left.
-- With the owner's rights, for a role without DDL; it takes no argument.
CREATE FUNCTION suiftly_index_closed_hour() RETURNS text
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
DECLARE
    part text;
BEGIN
    SELECT child.relname INTO part FROM pg_inherits JOIN pg_class AS child ON child.oid = inhrelid
    WHERE inhparent = 'public.haproxy_raw_logs'::regclass AND child.relname ~ '_[0-9]{8}_[0-9]{2}$'
        AND to_timestamp(right(child.relname, 11), 'YYYYMMDD_HH24') + INTERVAL '1 hour' <= public.suiftly_closed_to()
        AND to_regclass('public.' || quote_ident(child.relname || '_api_key_fp')) IS NULL
    ORDER BY child.relname LIMIT 1;
    IF part IS NULL THEN
        RETURN NULL;
    END IF;
    EXECUTE format('CREATE INDEX %I ON public.%I (customer_id, timestamp DESC) WHERE customer_id IS NOT NULL', part || '_customer_id', part);
    EXECUTE format('CREATE INDEX %I ON public.%I (server_id, timestamp DESC)', part || '_server_id', part);
    EXECUTE format('CREATE INDEX %I ON public.%I (service_type, network, timestamp DESC)', part || '_service', part);
    EXECUTE format('CREATE INDEX %I ON public.%I (traffic_type, timestamp DESC)', part || '_traffic_type', part);
    EXECUTE format('CREATE INDEX %I ON public.%I (event_type, timestamp DESC) WHERE event_type <> 0', part || '_event_type', part);
    EXECUTE format('CREATE INDEX %I ON public.%I (status_code, timestamp DESC)', part || '_status_code', part);
    -- The last: what tells that all are there.
    EXECUTE format('CREATE INDEX %I ON public.%I (api_key_fp, timestamp DESC) WHERE api_key_fp <> 0', part || '_api_key_fp', part);
    RETURN part;
END
$$;
REVOKE ALL ON FUNCTION suiftly_index_closed_hour() FROM PUBLIC;
-- @end

-- @timescale
-- TimescaleDB's own policy goes by the server's clock: it would compress what is still filling after an outage.
SELECT remove_compression_policy('haproxy_raw_logs');

CREATE PROCEDURE suiftly_compress_closed(job_id integer, config jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    chunk regclass;
BEGIN
    FOR chunk IN
        SELECT format('%I.%I', chunk_schema, chunk_name)::regclass FROM timescaledb_information.chunks
        WHERE hypertable_schema = 'public' AND hypertable_name = 'haproxy_raw_logs' AND NOT is_compressed
            AND range_end <= public.suiftly_closed_to()
        ORDER BY range_start
    LOOP
        PERFORM public.compress_chunk(chunk);
        COMMIT;
    END LOOP;
END
$$;
REVOKE ALL ON PROCEDURE suiftly_compress_closed(integer, jsonb) FROM PUBLIC;
SELECT add_job('suiftly_compress_closed', INTERVAL '30 minutes');

-- In place of the indexes: what each compressed batch of rows may hold. Before 2.22 there are none to be had.
DO $$
BEGIN
    ALTER TABLE haproxy_raw_logs SET (timescaledb.sparse_index =
        'bloom(customer_id), bloom(api_key_fp), minmax(traffic_type), minmax(event_type), minmax(status_code)');
EXCEPTION WHEN OTHERS THEN
    RAISE NOTICE 'no sparse indexes: %', SQLERRM;
END
$$;
-- @end
