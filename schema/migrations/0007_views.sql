-- The views' other tables: how long requests took, how the machinery does, what keys did, who may be served, the vault.
--
-- Histograms are bytes that only this program reads: sparse log-linear cells, 12 bytes each at most. The writer adds
-- them and puts the sum. '' counts nothing: rows from before this migration count their requests, and the times of what
-- came after it. As in 0002 "none" is a number and never NULL, and no sum is held against zero: a correction of what
-- was counted before a row began (by an older version, or in a row that its age has removed) leaves less than nothing.

ALTER TABLE usage_per_minute
    ADD COLUMN times bytea NOT NULL DEFAULT '' CHECK (octet_length(times) <= 19968);
ALTER TABLE usage_per_hour
    ADD COLUMN times bytea NOT NULL DEFAULT '' CHECK (octet_length(times) <= 19968);

-- Requests by gateway, service, network, backend, event and status class (0 for no status). Server -32768 is the unknown:
-- 0 and -1 could be written in a line. Every column is put as the writer has summed it.
CREATE TABLE infra_per_minute (
    server_id       smallint    NOT NULL,
    start           timestamptz NOT NULL CHECK (start = date_bin(INTERVAL '1 minute', start, TIMESTAMPTZ '2000-01-01 00:00:00+00')),
    service_type    smallint    NOT NULL CHECK (service_type BETWEEN 0 AND 6),
    network         smallint    NOT NULL CHECK (network BETWEEN -1 AND 3),
    backend_id      smallint    NOT NULL,
    event_type      smallint    NOT NULL CHECK (event_type BETWEEN 0 AND 255),
    status_class    smallint    NOT NULL CHECK (status_class BETWEEN 0 AND 5),
    requests        bigint      NOT NULL,
    bytes_sent      bigint      NOT NULL,
    request_ms_sum  bigint      NOT NULL,
    queue_ms_sum    bigint      NOT NULL,
    connect_ms_sum  bigint      NOT NULL,
    response_ms_sum bigint      NOT NULL,
    total_ms_sum    bigint      NOT NULL,
    request_times   bytea       NOT NULL CHECK (octet_length(request_times) <= 19968),
    queue_times     bytea       NOT NULL CHECK (octet_length(queue_times) <= 19968),
    connect_times   bytea       NOT NULL CHECK (octet_length(connect_times) <= 19968),
    response_times  bytea       NOT NULL CHECK (octet_length(response_times) <= 19968),
    total_times     bytea       NOT NULL CHECK (octet_length(total_times) <= 19968),
    -- By HAProxy's termination state: {"--": 3}.
    terminations    jsonb       NOT NULL CHECK (jsonb_typeof(terminations) = 'object'),
    PRIMARY KEY (server_id, start, service_type, network, backend_id, event_type, status_class)
)
-- @plain
WITH (fillfactor = 70)
-- @end
;

CREATE TABLE infra_per_hour (
    server_id       smallint    NOT NULL,
    start           timestamptz NOT NULL CHECK (start = date_bin(INTERVAL '1 hour', start, TIMESTAMPTZ '2000-01-01 00:00:00+00')),
    service_type    smallint    NOT NULL CHECK (service_type BETWEEN 0 AND 6),
    network         smallint    NOT NULL CHECK (network BETWEEN -1 AND 3),
    backend_id      smallint    NOT NULL,
    event_type      smallint    NOT NULL CHECK (event_type BETWEEN 0 AND 255),
    status_class    smallint    NOT NULL CHECK (status_class BETWEEN 0 AND 5),
    requests        bigint      NOT NULL,
    bytes_sent      bigint      NOT NULL,
    request_ms_sum  bigint      NOT NULL,
    queue_ms_sum    bigint      NOT NULL,
    connect_ms_sum  bigint      NOT NULL,
    response_ms_sum bigint      NOT NULL,
    total_ms_sum    bigint      NOT NULL,
    request_times   bytea       NOT NULL CHECK (octet_length(request_times) <= 19968),
    queue_times     bytea       NOT NULL CHECK (octet_length(queue_times) <= 19968),
    connect_times   bytea       NOT NULL CHECK (octet_length(connect_times) <= 19968),
    response_times  bytea       NOT NULL CHECK (octet_length(response_times) <= 19968),
    total_times     bytea       NOT NULL CHECK (octet_length(total_times) <= 19968),
    -- By HAProxy's termination state: {"--": 3}.
    terminations    jsonb       NOT NULL CHECK (jsonb_typeof(terminations) = 'object'),
    PRIMARY KEY (server_id, start, service_type, network, backend_id, event_type, status_class)
)
-- @plain
WITH (fillfactor = 70)
-- @end
;

CREATE TABLE infra_per_day (
    server_id       smallint    NOT NULL,
    start           timestamptz NOT NULL CHECK (start = date_bin(INTERVAL '1 day', start, TIMESTAMPTZ '2000-01-01 00:00:00+00')),
    service_type    smallint    NOT NULL CHECK (service_type BETWEEN 0 AND 6),
    network         smallint    NOT NULL CHECK (network BETWEEN -1 AND 3),
    backend_id      smallint    NOT NULL,
    event_type      smallint    NOT NULL CHECK (event_type BETWEEN 0 AND 255),
    status_class    smallint    NOT NULL CHECK (status_class BETWEEN 0 AND 5),
    requests        bigint      NOT NULL,
    bytes_sent      bigint      NOT NULL,
    request_ms_sum  bigint      NOT NULL,
    queue_ms_sum    bigint      NOT NULL,
    connect_ms_sum  bigint      NOT NULL,
    response_ms_sum bigint      NOT NULL,
    total_ms_sum    bigint      NOT NULL,
    request_times   bytea       NOT NULL CHECK (octet_length(request_times) <= 19968),
    queue_times     bytea       NOT NULL CHECK (octet_length(queue_times) <= 19968),
    connect_times   bytea       NOT NULL CHECK (octet_length(connect_times) <= 19968),
    response_times  bytea       NOT NULL CHECK (octet_length(response_times) <= 19968),
    total_times     bytea       NOT NULL CHECK (octet_length(total_times) <= 19968),
    -- By HAProxy's termination state: {"--": 3}.
    terminations    jsonb       NOT NULL CHECK (jsonb_typeof(terminations) = 'object'),
    PRIMARY KEY (server_id, start, service_type, network, backend_id, event_type, status_class)
)
-- @plain
WITH (fillfactor = 70)
-- @end
;

-- @timescale
SELECT create_hypertable('infra_per_minute', by_range('start', INTERVAL '1 day'), create_default_indexes => false);
SELECT add_retention_policy('infra_per_minute', INTERVAL '24 hours');
SELECT create_hypertable('infra_per_hour', by_range('start', INTERVAL '7 days'), create_default_indexes => false);
SELECT add_retention_policy('infra_per_hour', INTERVAL '30 days');
SELECT create_hypertable('infra_per_day', by_range('start', INTERVAL '30 days'), create_default_indexes => false);
SELECT add_retention_policy('infra_per_day', INTERVAL '2 years');
-- @end

CREATE INDEX infra_per_minute_start ON infra_per_minute (start);
CREATE INDEX infra_per_hour_start ON infra_per_hour (start);
CREATE INDEX infra_per_day_start ON infra_per_day (start);

-- What each key did, whether we know the key or not: a line names it.
CREATE TABLE key_activity (
    customer_id  bigint      NOT NULL CHECK (customer_id > 0),
    api_key_fp   bigint      NOT NULL CHECK (api_key_fp BETWEEN 1 AND 4294967295),
    requests     bigint      NOT NULL,
    errors       bigint      NOT NULL,
    last_used_at timestamptz NOT NULL,
    PRIMARY KEY (customer_id, api_key_fp)
)
WITH (fillfactor = 70);

-- Each customer's spend when its state changed last, and the clock of the epoch that changed it.
CREATE TABLE spend (
    customer_id                bigint      PRIMARY KEY CHECK (customer_id > 0),
    state                      text        NOT NULL
        CHECK (state IN ('active', 'monthly_limit', 'insufficient_balance', 'suspended', 'closed')),
    month                      date        NOT NULL CHECK (extract(day FROM month) = 1),
    rated_this_month_micro_usd bigint      NOT NULL,
    rated_in_all_micro_usd     bigint      NOT NULL,
    changed_at                 timestamptz NOT NULL
);

-- The vault as the dataflow joins it: who each key that is not deleted is, and what its customer may do with the service.
-- No foreign keys: it follows the journal, and the tables of 0004 may be ahead of it.
CREATE TABLE vault_keys (
    key_sha256   text     PRIMARY KEY CHECK (key_sha256 ~ '^[0-9A-F]{64}$'),
    customer_id  bigint   NOT NULL CHECK (customer_id > 0),
    service_type smallint NOT NULL CHECK (service_type BETWEEN 1 AND 6),
    network      smallint NOT NULL CHECK (network BETWEEN 0 AND 3),
    api_key_fp   bigint   NOT NULL CHECK (api_key_fp BETWEEN 0 AND 4294967295),
    key_metadata integer  NOT NULL CHECK (key_metadata BETWEEN 0 AND 65535),
    state        text     NOT NULL CHECK (state IN ('active', 'revoked'))
);

CREATE TABLE vault_access (
    customer_id           bigint   NOT NULL CHECK (customer_id > 0),
    service_type          smallint NOT NULL CHECK (service_type BETWEEN 1 AND 6),
    is_enabled            boolean  NOT NULL,
    state                 text     NOT NULL
        CHECK (state IN ('active', 'monthly_limit', 'insufficient_balance', 'suspended', 'closed')),
    guaranteed_per_second bigint   NOT NULL CHECK (guaranteed_per_second BETWEEN 0 AND 4294967295),
    burst_per_second      bigint   NOT NULL CHECK (burst_per_second BETWEEN 0 AND 4294967295),
    -- Addresses and networks, as texts; all may if there are none.
    allowlist             jsonb    NOT NULL CHECK (jsonb_typeof(allowlist) = 'array'),
    PRIMARY KEY (customer_id, service_type)
);
