-- The role that the program runs with: it reads and writes rows, and makes, changes and drops nothing. The owner migrates.
--
-- Which role that is, is said by whoever migrates: suiftly_grant_run(role), again after every migration, since tables
-- come. What running needs beyond rows is in functions with their owner's rights: a closed list of tables, a fixed search
-- path, checked arguments.

-- Nobody but owners makes anything here. (PostgreSQL 15 begins so; a database brought along from before does not.)
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

-- Gives `run_role` what running takes, and takes back what it had beyond that. To be called by the owner.
CREATE FUNCTION suiftly_grant_run(run_role text) RETURNS void
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
            WHEN relation.relname IN ('haproxy_raw_logs', 'haproxy_system_logs', 'price_books') THEN 'SELECT, INSERT'
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
REVOKE ALL ON FUNCTION suiftly_grant_run(text) FROM PUBLIC;

-- @plain
-- How long a table's rows are kept: what its partitions may not be dropped before. As `maintenance.rs` has it.
CREATE FUNCTION suiftly_partition_kept(parent text) RETURNS interval
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE parent WHEN 'haproxy_raw_logs' THEN INTERVAL '2 days' WHEN 'haproxy_system_logs' THEN INTERVAL '7 days' END
$$;

-- As in 0001, but nothing is dropped that is younger than it is to be kept, by this server's clock or the journals',
-- whichever is ahead; an hour is left to clocks that differ.
CREATE OR REPLACE FUNCTION suiftly_drop_partitions(parent text, before timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
DECLARE
    width CONSTANT interval := public.suiftly_partition_width(parent);
    kept CONSTANT interval := public.suiftly_partition_kept(parent);
    newest timestamptz;
    part text;
    dropped integer := 0;
BEGIN
    IF width IS NULL OR before IS NULL THEN
        RAISE EXCEPTION 'no partitions of table % are dropped before %', parent, before;
    END IF;
    SELECT greatest(now(), max(cut_at)) INTO newest FROM public.journal_watermarks;
    IF before > newest - kept + INTERVAL '1 hour' THEN
        RAISE EXCEPTION 'partitions of table % are kept for %: none are dropped before %', parent, kept, before;
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
-- @end
