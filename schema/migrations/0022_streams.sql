-- Answers that are told of while they are under way (schema/src/stream.rs): what of each was told and counts, so that its own
-- line brings the rest. A state as dedup's windows are, and stored with them.
CREATE TABLE open_streams (
    journal_id text        NOT NULL REFERENCES journal_watermarks (journal_id) ON DELETE CASCADE,
    server_id  smallint    NOT NULL,
    boot       timestamptz NOT NULL,
    -- HAProxy's %rt: which of the worker's requests.
    rt         bigint      NOT NULL CHECK (rt BETWEEN 0 AND 4294967295),
    -- As of which epoch of the order, in a cluster; NULL for a single process, which stores it with its watermark.
    epoch      bigint,
    told_bytes bigint      NOT NULL CHECK (told_bytes >= 0),
    -- Whether its own line has come.
    is_final   boolean     NOT NULL,
    -- The clock of the epoch that it was last heard of in.
    heard_at   timestamptz NOT NULL,
    PRIMARY KEY (journal_id, server_id, boot, rt)
)
-- Those that are open change each few seconds, in place.
WITH (fillfactor = 50);
