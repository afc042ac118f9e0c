-- A cluster: several processes that decode and store one order of blocks, a share of its 256 shards each. Without a row in
-- cluster nothing here is used: one process writes one journal, as before.
--
-- docs/design/2026-11-23-cluster.md says why each is there, and why it is exactly once.

CREATE TABLE cluster (
    is_only       boolean  PRIMARY KEY DEFAULT true CHECK (is_only),
    cluster_id    text     NOT NULL CHECK (cluster_id ~ '^[0-9a-f]{32}$'),
    -- The journal of the order. Dedup windows and folded workers of the cluster stand under it.
    order_journal text     NOT NULL REFERENCES journal_watermarks (journal_id),
    -- One more at each start. Who commits holds this row shared, as long as the number is theirs: what is left of an
    -- earlier start commits nothing.
    generation    bigint   NOT NULL DEFAULT 0 CHECK (generation >= 0),
    -- By which rule lines and sums are given to shards.
    placement     smallint NOT NULL CHECK (placement > 0)
);

-- The ingesters' journals, numbered as they came. 0 is nobody's: it stands for the only journal of a single process.
CREATE TABLE cluster_journals (
    no                smallint PRIMARY KEY CHECK (no > 0),
    journal_id        text     NOT NULL UNIQUE REFERENCES journal_watermarks (journal_id),
    name              text     NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    -- What the order takes of it up to this epoch of the order is not waited for any more: it is gone for good.
    forgotten_through bigint   NOT NULL DEFAULT 0 CHECK (forgotten_through >= 0)
);

-- The order's tail: every epoch that some shard may have and another not. An epoch stands here before any shard has it.
CREATE TABLE cluster_order (
    epoch       bigint      PRIMARY KEY CHECK (epoch > 0),
    generation  bigint      NOT NULL,
    cut_at      timestamptz NOT NULL,
    -- Where the block ends in the order's journal, in bytes.
    journal_end bigint      NOT NULL CHECK (journal_end >= 0),
    block       bytea       NOT NULL
);

-- Through which epoch of its own each journal is in, from this epoch of the order on. The last before the tail stays.
CREATE TABLE cluster_cuts (
    no          smallint    NOT NULL REFERENCES cluster_journals (no),
    epoch       bigint      NOT NULL CHECK (epoch > 0),
    through     bigint      NOT NULL CHECK (through > 0),
    -- That epoch's clock, and where its block ends in its journal.
    cut_at      timestamptz NOT NULL,
    journal_end bigint      NOT NULL CHECK (journal_end >= 0),
    PRIMARY KEY (no, epoch)
);

-- How far each shard is stored, in epochs of the order. All 256, or none.
CREATE TABLE shard_watermarks (
    shard         smallint    PRIMARY KEY CHECK (shard BETWEEN 0 AND 255),
    -- Who has it, since when; no process before the first.
    generation    bigint      NOT NULL DEFAULT 0,
    process       smallint    CHECK (process >= 0),
    -- The last epoch that is in, and its clock; none before the first.
    epoch         bigint      NOT NULL DEFAULT 0 CHECK (epoch >= 0),
    cut_at        timestamptz,
    -- As of which epoch its dedup windows are stored (and with shard 0's the reference data): never later than what every
    -- shard has. From there it is decoded again.
    restart_epoch bigint      NOT NULL DEFAULT 0,
    restart_at    timestamptz,
    -- What lines became: of all shards of a process in the row of its least one. As in journal_watermarks.
    received      bigint      NOT NULL DEFAULT 0 CHECK (received >= 0),
    accepted      bigint      NOT NULL DEFAULT 0 CHECK (accepted >= 0),
    duplicates    bigint      NOT NULL DEFAULT 0 CHECK (duplicates >= 0),
    system        bigint      NOT NULL DEFAULT 0 CHECK (system >= 0),
    rejected      jsonb       NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(rejected) = 'object'),
    records       bigint      NOT NULL DEFAULT 0 CHECK (records >= 0),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    CHECK (restart_epoch BETWEEN 0 AND epoch)
)
-- A commit changes each row of its process in place.
WITH (fillfactor = 50);

-- As schema/src/shard.rs has it; a customer's shard is customer_id & 255, nobody's is 0.
CREATE FUNCTION suiftly_shard_of_server(server smallint) RETURNS smallint
LANGUAGE sql IMMUTABLE AS $$
    SELECT ((((server::bigint & 65535) * 2654435761) & 4294967295) >> 24)::smallint
$$;

-- How far each shard has each journal: the cut in force at the shard's epoch. 0 before the first.
CREATE VIEW journal_shards AS
    SELECT j.journal_id, s.shard, coalesce(c.through, 0) AS epoch, c.cut_at, coalesce(c.journal_end, 0) AS journal_end
    FROM cluster_journals AS j CROSS JOIN shard_watermarks AS s
    LEFT JOIN LATERAL (
        SELECT through, cut_at, journal_end FROM cluster_cuts
        WHERE no = j.no AND epoch <= s.epoch ORDER BY epoch DESC LIMIT 1) AS c ON true;

-- Which journal a place is of; 0: of the only one, or of before there was a cluster.
ALTER TABLE haproxy_raw_logs ADD COLUMN journal_no smallint NOT NULL DEFAULT 0;
ALTER TABLE haproxy_raw_logs_late ADD COLUMN journal_no smallint NOT NULL DEFAULT 0;
ALTER TABLE firehose_spans ADD COLUMN journal_no smallint NOT NULL DEFAULT 0;
CREATE OR REPLACE VIEW haproxy_raw_logs_all AS
    SELECT * FROM haproxy_raw_logs UNION ALL SELECT * FROM haproxy_raw_logs_late;

-- As of which epoch of the order a window of the cluster is; NULL for a single process, which stores it with its watermark.
ALTER TABLE worker_windows ADD COLUMN epoch bigint;

-- Up to when everything is in: what every shard has; without a cluster the newest epoch of any journal. NULL before that.
CREATE FUNCTION suiftly_complete_to() RETURNS timestamptz
LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN EXISTS (SELECT FROM public.cluster)
        THEN (SELECT CASE WHEN bool_and(cut_at IS NOT NULL) THEN min(cut_at) END FROM public.shard_watermarks)
        ELSE (SELECT max(cut_at) FROM public.journal_watermarks WHERE epoch > 0) END
$$;

-- As in 0010, by that: a shard that lags writes into no closed hour.
CREATE OR REPLACE FUNCTION suiftly_closed_to() RETURNS timestamptz
LANGUAGE sql STABLE AS $$
    SELECT public.suiftly_complete_to() - INTERVAL '6 hours'
$$;

-- For readers: from here on.

-- Through which epoch a journal is stored: the order of a cluster, what every shard has. NULL for one that never wrote.
CREATE FUNCTION suiftly_stored_to(journal text) RETURNS bigint
LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN EXISTS (SELECT FROM public.cluster WHERE order_journal = journal)
        THEN (SELECT min(epoch) FROM public.shard_watermarks)
        ELSE (SELECT epoch FROM public.journal_watermarks WHERE journal_id = journal) END
$$;

-- Whose commit it was: two processes' may have the same epochs.
ALTER TABLE firehose_spans ADD COLUMN process smallint NOT NULL DEFAULT 0 CHECK (process >= 0);
