-- What operators keep of a customer in their own words: one text each, replaced as a whole. Who wrote what before stands in
-- the activity log.
CREATE TABLE customer_notes (
    customer_id bigint      PRIMARY KEY REFERENCES customers (id),
    text        text        NOT NULL CHECK (length(text) BETWEEN 1 AND 4096),
    written_by  text        NOT NULL CHECK (length(written_by) BETWEEN 1 AND 100),
    written_at  timestamptz NOT NULL
);

-- Operators' alone: who acts for a customer sees no row of it, not even their own.
ALTER TABLE customer_notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_operators ON customer_notes USING ((SELECT coalesce(current_setting('suiftly.scope', true), '') = ''));

-- Lines given again without an outcome: a handful, which whoever watches the quarantine counts.
CREATE INDEX quarantine_under_way ON quarantine (journal_id) WHERE requested_at IS NOT NULL AND outcome IS NULL;
