-- How far each journal has come. Moved on in the same transaction as everything it stands for, by compare-and-set.

CREATE TABLE journal_watermarks (
    journal_id  text        PRIMARY KEY CHECK (length(journal_id) BETWEEN 1 AND 64),
    -- The last epoch that is in; 0 before the first.
    epoch       bigint      NOT NULL CHECK (epoch >= 0),
    -- That epoch's clock, and where its block ends in the journal, in bytes.
    cut_at      timestamptz NOT NULL,
    journal_end bigint      NOT NULL CHECK (journal_end >= 0),
    received    bigint      NOT NULL CHECK (received >= 0),
    accepted    bigint      NOT NULL CHECK (accepted >= 0),
    duplicates  bigint      NOT NULL CHECK (duplicates >= 0),
    system      bigint      NOT NULL CHECK (system >= 0),
    -- Rejected lines by reason: {"sf1_field": 3}.
    rejected    jsonb       NOT NULL CHECK (jsonb_typeof(rejected) = 'object'),
    -- Rows written to haproxy_raw_logs; its own count falls with retention.
    records     bigint      NOT NULL CHECK (records >= 0),
    updated_at  timestamptz NOT NULL DEFAULT now()
);

-- Which numbered lines of each worker a journal has seen: what the loss meter shows and dedup goes on from. A window
-- belongs to its journal, since the journal alone decides what is a duplicate in it.
CREATE TABLE worker_windows (
    journal_id  text        NOT NULL REFERENCES journal_watermarks (journal_id) ON DELETE CASCADE,
    server_id   smallint    NOT NULL,
    boot        timestamptz NOT NULL,
    received    bigint      NOT NULL CHECK (received >= 0),
    duplicates  bigint      NOT NULL CHECK (duplicates >= 0),
    conflicts   bigint      NOT NULL CHECK (conflicts >= 0),
    missing     bigint      NOT NULL CHECK (missing >= 0),
    first_seq   bigint      NOT NULL CHECK (first_seq >= 0),
    highest_seq bigint      NOT NULL CHECK (highest_seq >= first_seq),
    seen        bytea       NOT NULL,
    updated_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (journal_id, server_id, boot)
)
WITH (fillfactor = 50);
