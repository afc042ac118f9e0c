-- What is missing, told apart: final or still on its way, and what came after all. Workers that nobody hears of any
-- longer are folded into their server's sums, so that forged ones cannot fill the table and no loss is forgotten.

ALTER TABLE worker_windows
    ADD COLUMN missing_final bigint NOT NULL DEFAULT 0,
    ADD COLUMN repaired      bigint NOT NULL DEFAULT 0,
    -- The clock of the epoch that it was last heard of in.
    ADD COLUMN heard_at      timestamptz;

-- Before this there was the database's clock only. It may be ahead of the journal's, but no window of the past was heard
-- of after its journal's last epoch. Nothing is known to be final: the grace after heard_at decides it.
UPDATE worker_windows AS w SET heard_at = least(w.updated_at, j.cut_at)
FROM journal_watermarks AS j WHERE j.journal_id = w.journal_id;

ALTER TABLE worker_windows
    ALTER COLUMN missing_final DROP DEFAULT,
    ALTER COLUMN repaired DROP DEFAULT,
    ALTER COLUMN heard_at SET NOT NULL,
    ADD CHECK (missing_final BETWEEN 0 AND missing),
    ADD CHECK (repaired BETWEEN 0 AND received),
    -- Numbers count from 0, 1 or the first that came.
    ADD CHECK (received + missing <= highest_seq + 1);

-- What the folded workers of a server add up to, by journal. All that is missing here is final.
CREATE TABLE folded_workers (
    journal_id  text        NOT NULL REFERENCES journal_watermarks (journal_id) ON DELETE CASCADE,
    server_id   smallint    NOT NULL,
    workers     bigint      NOT NULL CHECK (workers > 0),
    received    bigint      NOT NULL CHECK (received >= 0),
    duplicates  bigint      NOT NULL CHECK (duplicates >= 0),
    conflicts   bigint      NOT NULL CHECK (conflicts >= 0),
    missing     bigint      NOT NULL CHECK (missing >= 0),
    repaired    bigint      NOT NULL CHECK (repaired BETWEEN 0 AND received),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (journal_id, server_id)
);
