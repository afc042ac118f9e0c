-- Lines that could not be read: samples, verbatim, bounded per reason and by age. How many there were in all is in
-- journal_watermarks.rejected. Written in the transaction of their epoch, as is what became of those given again.

CREATE TABLE quarantine (
    journal_id     text        NOT NULL REFERENCES journal_watermarks (journal_id) ON DELETE CASCADE,
    -- Where the frame begins in the journal, in bytes: what the line is known by.
    journal_offset bigint      NOT NULL CHECK (journal_offset >= 0),
    received_at    timestamptz NOT NULL,
    reason         text        NOT NULL CHECK (length(reason) BETWEEN 1 AND 64),
    -- Who sent it, for a reader: 'udp 192.0.2.7:51234'.
    source         text        NOT NULL CHECK (length(source) BETWEEN 1 AND 200),
    line           bytea       NOT NULL CHECK (octet_length(line) <= 65535),
    -- The epoch it was received in.
    epoch          bigint      NOT NULL CHECK (epoch > 0),
    -- Given again: when an operator asked for it. Without an outcome it is under way, or was never journaled.
    requested_at   timestamptz,
    -- 'accepted', 'duplicate', 'system', or the reason it could not be read again; and the epoch that said so.
    outcome        text        CHECK (length(outcome) BETWEEN 1 AND 64),
    outcome_epoch  bigint      CHECK (outcome_epoch > epoch),
    PRIMARY KEY (journal_id, journal_offset),
    CHECK ((outcome IS NULL) = (outcome_epoch IS NULL)),
    CHECK (outcome IS NULL OR requested_at IS NOT NULL)
)
-- Claims and outcomes change a row in place, on its page.
WITH (fillfactor = 90);

CREATE INDEX quarantine_reason ON quarantine (journal_id, reason, journal_offset);
