//! A row of every table for a customer, past the store's own functions.

/// In the order of what they refer to. `{id}` is the customer's, `{hex}` the same in 64 hexadecimal digits.
const ROWS: &[(&str, &str)] = &[
    ("customers", "(id, display_name, wallet_address) VALUES ({id}, 'C{id}', '0x{hex}')"),
    ("service_instances", "(customer_id, service_type, tier) VALUES ({id}, 1, 'starter')"),
    (
        "api_keys",
        "(customer_id, service_type, network, api_key_fp, key_sha256, key_prefix, key_metadata, sealed_key) \
         VALUES ({id}, 1, 1, {id}, '{hex}', 'SAAAAAAA', 8192, '\\x01')",
    ),
    (
        "sessions",
        "(id, customer_id, created_at, last_used_at, expires_at, address, refresh_sha256, rotated_at) \
         VALUES (right('{hex}', 32), {id}, now(), now(), now() + '1 day', '192.0.2.1', '{hex}', now())",
    ),
    ("used_refresh_tokens", "(sha256, session_id, used_at) VALUES ('{hex}', right('{hex}', 32), now())"),
    ("activity", "(at, customer_id, actor_kind, actor, action) VALUES (now(), {id}, 'system', 'tests', 'test.plant')"),
    ("seal_key_indices", "(customer_id) VALUES ({id})"),
    (
        "seal_keys",
        "(customer_id, derivation_index, public_key, sealed_key, created_at) \
         VALUES ({id}, 0, decode(repeat('0{id}', 96), 'hex'), '\\x01', now())",
    ),
    (
        "seal_packages",
        "(customer_id, seal_key_id, package_address, created_at) \
         VALUES ({id}, (SELECT id FROM seal_keys WHERE customer_id = {id}), '0x{hex}', now())",
    ),
    (
        "alerts",
        "(customer_id, name, metric, period, threshold, created_at) VALUES ({id}, 'a', 'spend', 'month', 1, now())",
    ),
    (
        "webhooks",
        "(customer_id, url, events, sealed_secret, created_at) VALUES ({id}, 'https://x.test', '{*}', '\\x01', now())",
    ),
    (
        "deliveries",
        "(customer_id, event_key, event_type, body, next_attempt_at, created_at) \
         VALUES ({id}, 'e{id}', 'alert', '{}', now(), now())",
    ),
    ("idempotency_keys", "(customer_id, key, request_sha256, created_at) VALUES ({id}, 'k', '{hex}', now())"),
    (
        "ledger",
        "(customer_id, kind, debit, credit, amount_micro_usd, reference, posted_at) \
         VALUES ({id}, 'deposit', 'custody', 'escrow', 10000, 'event:{hex}', now())",
    ),
    ("billing_months", "(customer_id, month) VALUES ({id}, '2026-11-01')"),
    (
        "charges",
        "(nonce, customer_id, month, amount_usd_cents, reason, intended_at) \
         VALUES ('{hex}', {id}, '2026-11-01', 1, 'threshold', now())",
    ),
    (
        "escrow_transactions",
        "(digest, customer_id, type, amount_usd_cents, at) VALUES ('{hex}', {id}, 'withdrawal_requested', 1, now())",
    ),
    ("withdrawals", "(request_digest, customer_id, amount_usd_cents, requested_at) VALUES ('{hex}', {id}, 1, now())"),
    (
        "subscription_items",
        "(customer_id, month, service_type, item, description, quantity, monthly_micro_usd, days, days_in_month, \
         amount_micro_usd, price_book, is_renewal, ordered_at) \
         VALUES ({id}, '2026-11-01', 1, 'tier', 'Starter', 1, 1, 1, 30, 1, 1, false, now())",
    ),
    (
        "invoices",
        "(number, kind, customer_id, month, status, issued_at, bill, input_hash, total_micro_usd, payable_micro_usd) \
         VALUES ('INV-2026-00000{id}', 'invoice', {id}, '2026-10-01', 'open', now(), '{}', '{hex}', 0, 0)",
    ),
    ("invoice_inputs", "(invoice_id, inputs) VALUES ((SELECT id FROM invoices WHERE customer_id = {id}), '{}')"),
    (
        "notifications",
        "(key, customer_id, severity, kind, body, created_at) VALUES ('n{id}', {id}, 'info', 'deposit', '{}', now())",
    ),
    (
        "usage_per_minute",
        "(customer_id, minute, service_type, network, guaranteed, burst, rejected, client_error, server_error, other, \
         billable_requests, bytes_sent, billable_bytes, time_total_ms) \
         VALUES ({id}, '2026-11-22 10:00Z', 1, 1, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1)",
    ),
    (
        "usage_per_hour",
        "(customer_id, hour, service_type, network, guaranteed, burst, rejected, client_error, server_error, other, \
         billable_requests, bytes_sent, billable_bytes, time_total_ms) \
         VALUES ({id}, '2026-11-22 10:00Z', 1, 1, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1)",
    ),
    ("rated", "VALUES ('2026-11-01', {id}, 1, 1, 1, 1, 100)"),
    ("spend", "VALUES ({id}, 'active', '2026-11-01', 1, 1, now())"),
    ("key_activity", "VALUES ({id}, {id}, 1, 0, now())"),
    ("customer_notes", "VALUES ({id}, 'n', 'anna', now())"),
    ("key_activity_per_hour", "VALUES ({id}, date_trunc('hour', now()), {id}, 1, 0)"),
    ("proof_months", "VALUES ({id}, '2026-11-01', 1, decode('{hex}', 'hex'))"),
    (
        "proof_parts",
        "VALUES ({id}, '2026-11-01', 0, '2026-11-22 10:00Z', right('{hex}', 32), '', 1, 1, 1, 1, 1, \
         decode('{hex}', 'hex'), decode('{hex}', 'hex'))",
    ),
];

/// Statements that plant a row of every table for a customer with an id of one digit.
pub(super) fn statements(id: i64) -> impl Iterator<Item = (&'static str, String)> {
    let values = move |text: &str| text.replace("{id}", &id.to_string()).replace("{hex}", &format!("{id:064x}"));
    ROWS.iter().map(move |(table, text)| (*table, format!("INSERT INTO {table} {}", values(text))))
}
