-- Reference data: who may use what, and with which key (SPEC §7, §8). The raw log has no foreign key to any of it.

CREATE TABLE customers (
    id                              bigint      PRIMARY KEY CHECK (id > 0),
    display_name                    text        NOT NULL CHECK (length(display_name) BETWEEN 1 AND 200),
    alert_email                     text        CHECK (alert_email LIKE '%_@_%'),
    billing_profile                 jsonb       NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(billing_profile) = 'object'),
    wallet_address                  text        NOT NULL UNIQUE CHECK (wallet_address ~ '^0x[0-9a-f]{64}$'),
    escrow_contract_id              text,
    status                          text        NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended', 'closed')),
    -- 0 is unlimited.
    max_monthly_usd_cents           bigint      NOT NULL DEFAULT 25000 CHECK (max_monthly_usd_cents = 0 OR max_monthly_usd_cents >= 1000),
    current_balance_usd_cents       bigint      NOT NULL DEFAULT 0 CHECK (current_balance_usd_cents >= 0),
    current_month_charged_usd_cents bigint      NOT NULL DEFAULT 0 CHECK (current_month_charged_usd_cents >= 0),
    last_month_charged_usd_cents    bigint      NOT NULL DEFAULT 0 CHECK (last_month_charged_usd_cents >= 0),
    current_month_start             date        NOT NULL DEFAULT date_trunc('month', now() AT TIME ZONE 'UTC')::date
        CHECK (extract(day FROM current_month_start) = 1),
    created_at                      timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE service_instances (
    customer_id  bigint      NOT NULL REFERENCES customers (id),
    service_type smallint    NOT NULL CHECK (service_type BETWEEN 1 AND 6),
    tier         text        NOT NULL CHECK (tier IN ('starter', 'pro', 'enterprise')),
    is_enabled   boolean     NOT NULL DEFAULT false,
    -- {"burst": true}: the add-on is booked. {"guaranteed_per_second": n, "burst_per_second": n}: instead of the tier's.
    config       jsonb       NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(config) = 'object'),
    enabled_at   timestamptz,
    disabled_at  timestamptz CHECK (disabled_at >= enabled_at),
    PRIMARY KEY (customer_id, service_type),
    -- Never enabled, enabled, or disabled again: nothing else.
    CHECK (is_enabled = (enabled_at IS NOT NULL AND disabled_at IS NULL)),
    CHECK (disabled_at IS NULL OR enabled_at IS NOT NULL)
);

CREATE TABLE api_keys (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id  bigint      NOT NULL,
    service_type smallint    NOT NULL CHECK (service_type BETWEEN 1 AND 3),
    network      smallint    NOT NULL CHECK (network IN (0, 1)),
    -- The key itself is not here. What log lines carry of it, what gateways look it up by, what lists show.
    api_key_fp   bigint      NOT NULL CHECK (api_key_fp BETWEEN 0 AND 4294967295),
    key_sha256   text        NOT NULL UNIQUE CHECK (key_sha256 ~ '^[0-9A-F]{64}$'),
    key_prefix   text        NOT NULL CHECK (length(key_prefix) = 8),
    key_metadata integer     NOT NULL CHECK (key_metadata BETWEEN 0 AND 65535),
    state        text        NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'revoked', 'deleted')),
    created_at   timestamptz NOT NULL DEFAULT now(),
    revoked_at   timestamptz,
    deleted_at   timestamptz,
    FOREIGN KEY (customer_id, service_type) REFERENCES service_instances (customer_id, service_type),
    -- Usage joins keys by customer and fingerprint.
    UNIQUE (customer_id, api_key_fp),
    -- The metadata's bit 13 is the network.
    CHECK (((key_metadata >> 13) & 1) = network),
    CHECK ((state = 'revoked') <= (revoked_at IS NOT NULL)),
    CHECK ((state = 'deleted') = (deleted_at IS NOT NULL))
);
