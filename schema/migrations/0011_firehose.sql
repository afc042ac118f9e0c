-- The firehose: what of the raw records is still to be sent to QuestDB, and what was. Empty where none is configured.

-- Where the records of a commit stand, in pieces of one hour each: written in the transaction that wrote the records,
-- deleted when QuestDB has answered for them. Ids ascend with the commits, since one writer makes both.
CREATE TABLE firehose_spans (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    journal_id    text        NOT NULL REFERENCES journal_watermarks (journal_id) ON DELETE CASCADE,
    -- The watermark before the commit and after it.
    epoch_before  bigint      NOT NULL CHECK (epoch_before >= 0),
    epoch         bigint      NOT NULL CHECK (epoch > epoch_before),
    -- The records' times and places in the journal, first and last.
    oldest        timestamptz NOT NULL,
    newest        timestamptz NOT NULL CHECK (newest >= oldest),
    first_offset  bigint      NOT NULL,
    last_offset   bigint      NOT NULL CHECK (last_offset >= first_offset),
    records       integer     NOT NULL CHECK (records > 0)
);

-- The firehose's own watermark, a row a journal.
CREATE TABLE firehose_progress (
    journal_id text        PRIMARY KEY REFERENCES journal_watermarks (journal_id) ON DELETE CASCADE,
    -- Every record up to this epoch that was to be sent has been answered for.
    epoch      bigint      NOT NULL CHECK (epoch >= 0),
    -- Records that QuestDB took, that it refused for good, and that retention removed before they could be sent.
    sent       bigint      NOT NULL CHECK (sent >= 0),
    refused    bigint      NOT NULL CHECK (refused >= 0),
    gone       bigint      NOT NULL CHECK (gone >= 0),
    updated_at timestamptz NOT NULL DEFAULT now()
);
