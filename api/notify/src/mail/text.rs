//! What e-mails say, in words: what happened, at the time that they name. They are read later, so none says that it is
//! still so. Pure.

use serde_json::Value;
use suiftly_store::accounts::ClaimedDelivery;

/// Characters of a subject at most.
const SUBJECT_CHARS_MAX: usize = 150;

/// Subject and text of a delivery.
pub(super) fn of(delivery: &ClaimedDelivery) -> (String, String) {
    let body = &delivery.body;
    let (subject, text) = match delivery.event_type.as_str() {
        "alert.crossed" => alert(body),
        "limit.reached" => limit(body),
        "balance.insufficient" => insufficient(body),
        "charge.refused" => refused(body),
        "charge.unexpected" => unexpected(body),
        "charge.renewal_failed" => renewal(body),
        "delivery.dead" => dead(body),
        other => (format!("Suiftly: {other}"), format!("Something happened in your account: {other}.")),
    };
    let when = delivery.created_at.rfc3339();
    // A line break in a subject would begin another field.
    let subject = subject.chars().map(|c| if c.is_control() { ' ' } else { c }).take(SUBJECT_CHARS_MAX).collect();
    (subject, format!("{text}\n\nAt {when}. You get this because your account names this address for alerts.\n"))
}

fn alert(body: &Value) -> (String, String) {
    let (name, of) = (word(body, "name"), word(body, "of"));
    let (threshold, value) = (number(body, "threshold"), number(body, "value"));
    let service = body["service"].as_str().map(|service| format!(" of {service}")).unwrap_or_default();
    let text = match word(body, "metric") {
        "spend" => format!("Spending{service} in {of} was {}: your alert was set to {}.", usd(value), usd(threshold)),
        "spend_percent" => {
            format!("Spending in {of} was {value} % of the month's limit: your alert was set to {threshold} %.")
        }
        "balance_below" => format!("Your balance was {}, below the {} of your alert.", usd(value), usd(threshold)),
        metric => format!("{value} {}{service} in {of}: your alert was set to {threshold}.", counted(metric)),
    };
    (format!("Alert: {name}"), format!("{name}\n\n{text}"))
}

fn counted(metric: &str) -> &str {
    match metric {
        "rejected" => "rejected requests",
        other => other,
    }
}

fn limit(body: &Value) -> (String, String) {
    let (month, limit) = (word(body, "month"), cents(number(body, "max_monthly_usd_cents")));
    let text = format!(
        "Your limit of {limit} for {month} was reached. From then on requests were refused, until the limit is raised \
        or the month is over."
    );
    (format!("The limit for {month} was reached"), text)
}

fn insufficient(body: &Value) -> (String, String) {
    let balance = cents(number(body, "balance_usd_cents"));
    let text = format!(
        "Your balance of {balance} did not cover what you had used. From then on requests were refused, until you \
        deposit more."
    );
    ("Your balance did not cover what you had used".to_owned(), text)
}

fn refused(body: &Value) -> (String, String) {
    let (amount, month) = (cents(number(body, "amount_usd_cents")), word(body, "month"));
    let text = format!("A charge of {amount} for {month} was refused by the escrow. It is tried again.");
    ("A charge was refused".to_owned(), text)
}

fn unexpected(body: &Value) -> (String, String) {
    let amount = cents(number(body, "amount_usd_cents"));
    let text = format!(
        "{amount} were drawn from your escrow that we did not ask for. They were put into your account as credits."
    );
    ("An unexpected charge".to_owned(), text)
}

fn renewal(body: &Value) -> (String, String) {
    let month = word(body, "month");
    let text = format!("Your subscriptions could not be renewed for {month}. We are looking at it.");
    (format!("Your subscriptions for {month}"), text)
}

fn dead(body: &Value) -> (String, String) {
    let (webhook, error) = (number(body, "webhook_id"), word(body, "last_error"));
    let text = format!(
        "Webhook {webhook} did not take what it was told: {error}. What it was not told can be delivered again."
    );
    (format!("Webhook {webhook} did not answer"), text)
}

fn word<'a>(body: &'a Value, name: &str) -> &'a str {
    body[name].as_str().unwrap_or("?")
}

fn number(body: &Value, name: &str) -> i64 {
    body[name].as_i64().unwrap_or_default()
}

/// Micro-dollars, to the cent below.
fn usd(micro: i64) -> String {
    cents(micro.div_euclid(10_000))
}

fn cents(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}${}.{:02}", cents.unsigned_abs() / 100, cents.unsigned_abs() % 100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use suiftly_schema::ids::CustomerId;
    use suiftly_schema::time::UnixMillis;
    use suiftly_store::accounts::DeliveryWay;

    fn text(event_type: &str, body: Value) -> (String, String) {
        of(&ClaimedDelivery {
            id: 1,
            customer: CustomerId::new(7).unwrap(),
            event_type: event_type.to_owned(),
            body,
            attempt: 1,
            created_at: UnixMillis(0),
            way: DeliveryWay::Email { to: None },
        })
    }

    #[test]
    fn what_is_said() {
        let alert = |metric, service: Value, threshold: i64, value: i64| {
            json!({"name": "half", "metric": metric, "of": "2026-11", "service": service, "threshold": threshold,
                "value": value})
        };
        let cases = [
            (
                "alert.crossed",
                alert("spend", json!("seal"), 10_000_000, 10_019_999),
                "of seal in 2026-11 was $10.01: your alert was set to $10.00",
            ),
            (
                "alert.crossed",
                alert("spend_percent", json!(null), 80, 91),
                "was 91 % of the month's limit: your alert was set to 80 %",
            ),
            (
                "alert.crossed",
                alert("balance_below", json!(null), 5_000_000, 4_990_000),
                "was $4.99, below the $5.00 of your alert",
            ),
            ("alert.crossed", alert("rejected", json!(null), 5, 6), "6 rejected requests in 2026-11"),
            (
                "limit.reached",
                json!({"month": "2026-11", "max_monthly_usd_cents": 25_000}),
                "limit of $250.00 for 2026-11 was reached. From then on requests were refused",
            ),
            (
                "balance.insufficient",
                json!({"balance_usd_cents": 7}),
                "balance of $0.07 did not cover what you had used",
            ),
            ("charge.refused", json!({"amount_usd_cents": 500, "month": "2026-11"}), "$5.00 for 2026-11 was refused"),
            ("charge.unexpected", json!({"amount_usd_cents": 500}), "$5.00 were drawn"),
            ("charge.renewal_failed", json!({"month": "2026-12"}), "renewed for 2026-12"),
            (
                "delivery.dead",
                json!({"webhook_id": 3, "last_error": "answered 500"}),
                "Webhook 3 did not take what it was told: answered 500",
            ),
            ("other.thing", json!({}), "other.thing"),
        ];
        for (event_type, body, expected) in cases {
            let (subject, text) = text(event_type, body);
            assert!(text.contains(expected), "{text}");
            assert!(!subject.is_empty() && !text.contains('?'), "{subject}: {text}");
        }
    }

    #[test]
    fn a_name_begins_no_field() {
        let (subject, _) = text("alert.crossed", json!({"name": "a\r\nBcc: other@example.com"}));
        assert_eq!(subject, "Alert: a  Bcc: other@example.com");
    }
}
