-- Two homes: a gateway may send each line to two receivers. What each of them has brought of a worker's lines, and the
-- copies that a gateway sends on purpose told from lines that one home brought twice.

-- What was counted before stays among the duplicates.
ALTER TABLE journal_watermarks ADD COLUMN second_home bigint NOT NULL DEFAULT 0 CHECK (second_home >= 0);
ALTER TABLE shard_watermarks ADD COLUMN second_home bigint NOT NULL DEFAULT 0 CHECK (second_home >= 0);

-- Beside a worker's window, and gone with it; as of the same epoch.
CREATE TABLE worker_homes (
    journal_id  text        NOT NULL,
    server_id   smallint    NOT NULL,
    boot        timestamptz NOT NULL,
    -- Its place among the worker's homes, of which there are a few: one that was silent gives it to another.
    place       smallint    NOT NULL CHECK (place >= 0),
    -- The way that its lines come, and from whom: tcp 192.0.2.7 (2), the journal's number last in a cluster.
    home        text        NOT NULL CHECK (home <> ''),
    received    bigint      NOT NULL CHECK (received > 0),
    -- Between its first and its highest number. What no home brought is missing of the worker.
    missing     bigint      NOT NULL CHECK (missing >= 0),
    first_seq   bigint      NOT NULL CHECK (first_seq >= 0),
    highest_seq bigint      NOT NULL,
    heard_at    timestamptz NOT NULL,
    -- Which home, and its numbers, as dedup goes on from them.
    seen        bytea       NOT NULL,
    PRIMARY KEY (journal_id, server_id, boot, place),
    FOREIGN KEY (journal_id, server_id, boot) REFERENCES worker_windows ON UPDATE CASCADE ON DELETE CASCADE,
    CHECK (received + missing = highest_seq - first_seq + 1)
)
WITH (fillfactor = 50);
