-- The vault as it was published to gateways, and whether it is held.

-- Each version, for people to look back at. What counts is signed and lives in memory, on disk and at the edges; this may
-- be a moment behind, and a version may be missing.
CREATE TABLE vault_versions (
    era       bigint      NOT NULL CHECK (era > 0),
    version   bigint      NOT NULL CHECK (version > 0),
    root      text        NOT NULL CHECK (root ~ '^[0-9a-f]{64}$'),
    keys      bigint      NOT NULL CHECK (keys >= 0),
    access    bigint      NOT NULL CHECK (access >= 0),
    epoch     bigint      NOT NULL CHECK (epoch >= 0),
    issued_at timestamptz NOT NULL,
    -- What it changed, counted in people's terms, and the first rows of it: never a key.
    changes   jsonb       NOT NULL CHECK (jsonb_typeof(changes) = 'object'),
    PRIMARY KEY (version, era)
);

-- One row. While it is frozen gateways keep what they have.
CREATE TABLE vault_control (
    is_it         boolean     PRIMARY KEY DEFAULT true CHECK (is_it),
    frozen_at     timestamptz,
    frozen_by     text        CHECK (length(frozen_by) BETWEEN 1 AND 100),
    frozen_reason text        CHECK (length(frozen_reason) BETWEEN 1 AND 500),
    -- The version that operators last had every gateway filled anew with.
    refill        bigint      NOT NULL DEFAULT 0 CHECK (refill >= 0),
    CHECK ((frozen_at IS NULL) = (frozen_by IS NULL) AND (frozen_at IS NULL) = (frozen_reason IS NULL))
);
INSERT INTO vault_control DEFAULT VALUES;
