//! The statements of the shadow job. Written anew out of SPEC §5 and §6, not out of what the dataflow and the rating
//! function do: that is what they check. Prices are computed in SQL's own exact numbers, for books whose prices do not
//! depend on how much is used in the month; of others there is no amount.

/// The hours that may be compared, by chance: $1 is the seed, $2 how many, $3 how many seconds back. They are over by the
/// newest journal's clock, in a cluster by every shard's; how far back is counted from the newest clock or the server's,
/// whichever is later. Closed hours come first: of those, raw records have the indexes that this wants.
pub(super) const HOURS: &str = "WITH clock AS (
    SELECT greatest(max(cut_at), now()) AS newest, suiftly_complete_to() AS complete_to
    FROM (SELECT cut_at FROM journal_watermarks WHERE epoch > 0 UNION ALL SELECT cut_at FROM shard_watermarks) AS each_clock
), hours AS (
    SELECT hour, hour + INTERVAL '1 hour' <= suiftly_closed_to() AS is_closed FROM clock, generate_series(
        date_bin('1 hour', newest - make_interval(secs => $3), '2000-01-01 00:00:00+00'),
        date_bin('1 hour', complete_to, '2000-01-01 00:00:00+00') - INTERVAL '1 hour', INTERVAL '1 hour') AS hour
)
SELECT hour FROM hours
WHERE EXISTS (SELECT FROM usage_per_hour WHERE usage_per_hour.hour = hours.hour AND customer_id > 0)
ORDER BY is_closed DESC, md5($1::text || hour) LIMIT $2";

/// Customers with usage in these hours ($2), by chance: $1 is the seed, $3 how many. Gateways' own synthetic requests are
/// nobody's bill and are not rated ([`CANARY_BASE`](suiftly_schema::vault::CANARY_BASE) and above, of 31 bits).
pub(super) const CUSTOMERS: &str = "SELECT customer_id FROM (
    SELECT DISTINCT customer_id FROM usage_per_hour WHERE hour = ANY ($2) AND customer_id > 0
        AND customer_id NOT BETWEEN 2147450880 AND 2147483647
) AS seen ORDER BY md5($1::text || customer_id) LIMIT $3";

const RECOUNT: &str = "WITH hours AS (
    SELECT hour, version, book FROM unnest($2::timestamptz[]) AS picked (hour) CROSS JOIN LATERAL (
        SELECT version, book FROM price_books WHERE effective_from <= hour ORDER BY effective_from DESC LIMIT 1
    ) AS in_force
), recount AS (
    SELECT of_hour.* FROM hours CROSS JOIN LATERAL (
        SELECT customer_id, hours.hour, coalesce(service_type, 0)::smallint AS service_type,
            coalesce(network, -1)::smallint AS network, sum(repeat)::bigint AS requests,
            coalesce(sum(repeat) FILTER (WHERE is_billed), 0)::bigint AS billable_requests,
            coalesce(sum(bytes_sent) FILTER (WHERE is_billed), 0)::bigint AS billable_bytes
        FROM (
            SELECT customer_id, service_type, network, repeat, bytes_sent, CASE WHEN book ? 'billable' THEN
                book -> 'billable' -> 'traffic_types' @> to_jsonb(CASE traffic_type WHEN 7 THEN 1 ELSE traffic_type END)
                AND EXISTS (SELECT FROM jsonb_array_elements(book -> 'billable' -> 'statuses') AS range
                    WHERE status_code BETWEEN (range ->> 'from')::integer AND (range ->> 'to')::integer)
                ELSE traffic_type IN (1, 2, 7) AND status_code BETWEEN 100 AND 399 END AS is_billed
            FROM haproxy_raw_logs_all
            WHERE customer_id = ANY ($1) AND timestamp >= hours.hour AND timestamp < hours.hour + INTERVAL '1 hour'
        ) AS records
        GROUP BY 1, 2, 3, 4
    ) AS of_hour
), usage AS (
    SELECT customer_id, hour, service_type, network,
        guaranteed + burst + rejected + client_error + server_error + other AS requests, billable_requests, billable_bytes
    FROM usage_per_hour WHERE customer_id = ANY ($1) AND hour = ANY ($2)
), beside AS (
    SELECT customer_id, hour, service_type, network,
        coalesce(recount.requests, 0) AS requests, coalesce(recount.billable_requests, 0) AS billable_requests,
        coalesce(recount.billable_bytes, 0) AS billable_bytes, coalesce(usage.requests, 0) AS usage_requests,
        coalesce(usage.billable_requests, 0) AS usage_billable_requests,
        coalesce(usage.billable_bytes, 0) AS usage_billable_bytes
    FROM recount FULL JOIN usage USING (customer_id, hour, service_type, network)
), priced AS (SELECT beside.*, version, book FROM beside JOIN hours USING (hour))
SELECT customer_id, hour, service_type, network, requests, billable_requests, billable_bytes,
    usage_requests, usage_billable_requests, usage_billable_bytes, version, amount.micro_usd";

/// Each hour of these customers ($1) and hours ($2) that either side has: the raw records' counts and what they cost, the
/// view's counts, the book in force.
pub(super) fn recount() -> String {
    format!("{RECOUNT} FROM priced {AMOUNT} ORDER BY customer_id, hour, service_type, network")
}

const MONTHS: &str = "WITH hours AS (
    SELECT customer_id, service_type, version, sum(billable_requests)::bigint AS billable_requests,
        sum(billable_bytes)::bigint AS billable_bytes
    FROM usage_per_hour CROSS JOIN LATERAL (
        SELECT version FROM price_books WHERE effective_from <= hour ORDER BY effective_from DESC LIMIT 1
    ) AS in_force
    WHERE customer_id = ANY ($1) AND hour >= $3 AND hour < $4 GROUP BY 1, 2, 3
), view AS (
    SELECT customer_id, service_type, price_book AS version, billable_requests, billable_bytes, rated_micro_usd
    FROM rated WHERE customer_id = ANY ($1) AND month = $2
), beside AS (
    SELECT customer_id, service_type, version, coalesce(hours.billable_requests, 0) AS billable_requests,
        coalesce(hours.billable_bytes, 0) AS billable_bytes, coalesce(view.billable_requests, 0) AS view_requests,
        coalesce(view.billable_bytes, 0) AS view_bytes, coalesce(view.rated_micro_usd, 0) AS view_micro_usd
    FROM hours FULL JOIN view USING (customer_id, service_type, version)
), priced AS (SELECT beside.*, book FROM beside JOIN price_books USING (version))
SELECT customer_id, service_type, version, billable_requests, billable_bytes, amount.micro_usd,
    view_requests, view_bytes, view_micro_usd";

/// The month ($2; its hours from $3 to $4) of these customers ($1): hours added up and what they cost, beside what is
/// rated.
pub(super) fn months() -> String {
    format!("{MONTHS} FROM priced {AMOUNT} ORDER BY customer_id, service_type, version")
}

/// What `billable_requests` and `billable_bytes` of `service_type` cost by `book`, rounded down once; NULL unless they cost
/// the same wherever in the month they come. 2⁵³ is what is rated at most.
const AMOUNT: &str = "
CROSS JOIN LATERAL (
    SELECT coalesce(book -> 'requests_for' -> service_type::text, book -> 'requests') AS of_request, book -> 'bytes' AS of_byte
) AS price
CROSS JOIN LATERAL (
    SELECT (of_request ->> 'price')::numeric AS request, coalesce((of_request ->> 'per_units')::numeric, 1) AS requests_per,
        (of_byte ->> 'price')::numeric AS byte, coalesce((of_byte ->> 'per_units')::numeric, 1) AS bytes_per,
        CASE WHEN book -> 'bytes_billed_for' @> to_jsonb(service_type) THEN billable_bytes ELSE 0 END AS bytes
) AS unit
CROSS JOIN LATERAL (
    SELECT billable_requests * request * bytes_per + bytes * byte * requests_per AS over, requests_per * bytes_per AS under
) AS exact
CROSS JOIN LATERAL (
    SELECT CASE WHEN coalesce(of_request ->> 'model', 'per_unit') = 'per_unit'
        AND coalesce(of_byte ->> 'model', 'per_unit') = 'per_unit'
        AND coalesce((of_request ->> 'free_units')::numeric, 0) = 0 AND coalesce((of_byte ->> 'free_units')::numeric, 0) = 0
        AND coalesce((of_request ->> 'minimum')::numeric, 0) = 0 AND coalesce((of_byte ->> 'minimum')::numeric, 0) = 0
    THEN greatest(least(div(over, under) - CASE WHEN mod(over, under) < 0 THEN 1 ELSE 0 END, 9007199254740992),
        -9007199254740992)::bigint END AS micro_usd
) AS amount";
