//! What the job does that looks at thresholds: reads what alerts are held against, and tells what is crossed.
//!
//! Alerts are read in pages, over an index of the enabled ones: customers without any cost nothing. What is told is one
//! transaction: the alert's period, the notification, the deliveries. Two jobs at once tell it once.

use super::{AlertMetric, AlertPeriod, metric_of, period_of};
use crate::StoreError;
use crate::accounts::AccountStore;
use crate::codec::{MonthDate, Timestamptz, known_customer, known_service};
use crate::money::{Notice, Severity, note_within};
use deadpool_postgres::Transaction;
use serde_json::{Value, json};
use suiftly_schema::ids::{CustomerId, Service};
use suiftly_schema::time::UnixMillis;
use tokio_postgres::Row;
use tokio_postgres::types::{Json, ToSql};

/// Alerts that are looked at with one query at most.
pub const ALERTS_AT_ONCE: i64 = 1_000;
/// Customers at most that are told with one transaction that they have reached their limit.
pub const LIMITS_AT_ONCE: i64 = 1_000;
/// A period is looked at this long after its end: what is stored a moment later is of it.
pub const PERIOD_GRACE_MS: i64 = 5 * 60_000;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// An alert whose threshold is crossed, in a period that it was not told in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrossedAlert {
    /// Its number.
    pub id: i64,
    /// Whose.
    pub customer: CustomerId,
    /// What its owner calls it.
    pub name: String,
    /// What is held against the threshold.
    pub metric: AlertMetric,
    /// Over which time.
    pub period: AlertPeriod,
    /// Of one service alone.
    pub service: Option<Service>,
    /// What it was held against.
    pub threshold: i64,
    /// What was found.
    pub value: i64,
    /// In which period: `2026-11`, `2026-11-22`, `2026-11-22T14`.
    pub key: String,
}

/// A page of alerts that were looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crossed {
    /// Those whose threshold is crossed, by number and period.
    pub alerts: Vec<CrossedAlert>,
    /// The last that was looked at: the next page is after it.
    pub upto: i64,
}

/// The end of a page of at most $2 after $1.
const PAGE: &str =
    "SELECT max(id) FROM (SELECT id FROM alerts WHERE is_enabled AND id > $1 ORDER BY id LIMIT $2) AS page";

/// A balance that has risen again may fall again.
const REARM: &str = "UPDATE alerts AS a SET crossed = NULL FROM customers AS c \
    WHERE a.is_enabled AND a.id > $1 AND a.id <= $2 AND a.metric = 'balance_below' AND a.crossed IS NOT NULL \
        AND c.id = a.customer_id AND c.current_balance_usd_cents * 10000 >= a.threshold";

/// A value of NULL, of a percentage where there is no limit, crosses nothing.
const CROSSED: &str = "SELECT id, customer_id, name, metric, period, service_type, threshold, key, \
    CASE WHEN value < 9223372036854775807 THEN value::bigint ELSE 9223372036854775807 END FROM ( \
    SELECT a.id, a.customer_id, a.name, a.metric, a.period, a.service_type, a.threshold, p.key, CASE a.metric \
        WHEN 'balance_below' THEN c.current_balance_usd_cents * 10000 \
        WHEN 'spend' THEN used.rated + CASE WHEN a.service_type IS NULL THEN coalesce(m.fixed_micro_usd, 0) \
            ELSE (SELECT coalesce(sum(i.amount_micro_usd), 0) FROM subscription_items AS i \
                WHERE i.customer_id = a.customer_id AND i.month = p.month AND i.service_type = a.service_type) END \
        WHEN 'spend_percent' THEN div(used.rated + coalesce(m.fixed_micro_usd, 0), \
            nullif(coalesce(m.limit_usd_cents, c.max_monthly_usd_cents), 0) * 100) \
        ELSE used.counted END AS value \
    FROM unnest($3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::date[], $8::boolean[]) \
        AS p (word, key, starts, ends, month, is_running) \
    JOIN alerts AS a ON a.period = p.word AND (a.crossed IS NULL OR a.crossed COLLATE \"C\" < p.key) AND a.created_at < p.ends \
        AND (p.is_running OR a.metric <> 'balance_below') \
    JOIN customers AS c ON c.id = a.customer_id AND c.status <> 'closed' \
    LEFT JOIN billing_months AS m ON m.customer_id = a.customer_id AND m.month = p.month \
    CROSS JOIN LATERAL (SELECT \
        CASE WHEN a.metric IN ('spend', 'spend_percent') THEN (SELECT coalesce(sum(r.rated_micro_usd), 0) FROM rated AS r \
            WHERE r.customer_id = a.customer_id AND r.month = p.month \
                AND (a.service_type IS NULL OR r.service_type = a.service_type)) END AS rated, \
        CASE WHEN a.metric IN ('requests', 'bytes', 'errors', 'rejected') THEN (SELECT sum(CASE a.metric \
            WHEN 'requests' THEN u.guaranteed + u.burst + u.rejected + u.client_error + u.server_error + u.other \
            WHEN 'bytes' THEN u.bytes_sent WHEN 'errors' THEN u.client_error + u.server_error ELSE u.rejected END) \
            FROM usage_per_hour AS u WHERE u.customer_id = a.customer_id AND u.hour >= p.starts AND u.hour < p.ends \
                AND (a.service_type IS NULL OR u.service_type = a.service_type)) END AS counted) AS used \
    WHERE a.is_enabled AND a.id > $1 AND a.id <= $2 \
    ) AS found WHERE CASE metric WHEN 'balance_below' THEN value < threshold ELSE value >= threshold END \
    ORDER BY id, key";

/// Nobody else has told it, and nothing was changed since it was read.
const TELL: &str = "UPDATE alerts SET crossed = $2, crossed_at = $3 \
    WHERE id = $1 AND is_enabled AND threshold = $4 AND (crossed IS NULL OR crossed COLLATE \"C\" < $2) \
    RETURNING by_email, by_webhook";

const TO_WEBHOOKS: &str = "INSERT INTO deliveries \
        (customer_id, webhook_id, event_key, event_type, body, next_attempt_at, created_at) \
    SELECT w.customer_id, w.id, $2, 'alert.crossed', $3, $4, $4 FROM webhooks AS w \
    WHERE w.customer_id = $1 AND w.is_enabled AND w.deleted_at IS NULL AND w.events && ARRAY['*', 'alert'] \
    ON CONFLICT DO NOTHING";

const BY_EMAIL: &str = "INSERT INTO deliveries (customer_id, event_key, event_type, body, next_attempt_at, created_at) \
    SELECT id, $2, 'alert.crossed', $3, $4, $4 FROM customers WHERE id = $1 AND alert_email IS NOT NULL \
    ON CONFLICT DO NOTHING";

const LIMITED: &str = "SELECT s.customer_id, c.max_monthly_usd_cents FROM spend AS s JOIN customers AS c ON c.id = s.customer_id \
    WHERE s.state = 'monthly_limit' AND s.month = $1 AND c.max_monthly_usd_cents > 0 AND NOT EXISTS (SELECT FROM notifications AS n \
        WHERE n.key = 'monthly_limit:' || s.customer_id || ':' || to_char(s.month, 'YYYY-MM') || ':' || c.max_monthly_usd_cents) \
    ORDER BY s.customer_id LIMIT $2";

impl AccountStore {
    /// Looks at a page of alerts after one, at `now`; `None` if there are none.
    pub async fn crossed_alerts(&self, after: i64, now: UnixMillis) -> Result<Option<Crossed>, StoreError> {
        const ATTEMPTED: &str = "look at alerts";
        let client = self.client().await?;
        let page = client.query_one(PAGE, &[&after, &ALERTS_AT_ONCE]).await.map_err(StoreError::database(ATTEMPTED))?;
        let Some(upto) = page.get::<_, Option<i64>>(0) else { return Ok(None) };
        client.execute(REARM, &[&after, &upto]).await.map_err(StoreError::database(ATTEMPTED))?;
        let Periods { words, keys, starts, ends, months, are_running } = Periods::at(now);
        let values: [&(dyn ToSql + Sync); 8] = [&after, &upto, &words, &keys, &starts, &ends, &months, &are_running];
        let statement = client.prepare_cached(CROSSED).await.map_err(StoreError::database(ATTEMPTED))?;
        let rows = client.query(&statement, &values).await.map_err(StoreError::database(ATTEMPTED))?;
        Ok(Some(Crossed { alerts: rows.iter().map(crossed_of).collect::<Result<_, _>>()?, upto }))
    }

    /// Tells that one is crossed: the notification and the deliveries. Answers whether it was news.
    pub async fn tell_alert(&self, alert: &CrossedAlert, now: UnixMillis) -> Result<bool, StoreError> {
        const ATTEMPTED: &str = "tell that a threshold is crossed";
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        let is_news = tell(&transaction, alert, now).await?;
        transaction.commit().await.map_err(StoreError::database(ATTEMPTED))?;
        Ok(is_news)
    }

    /// Tells customers that have reached their month's limit, once for each limit. Answers how many.
    pub async fn tell_limits(&self, now: UnixMillis) -> Result<u64, StoreError> {
        const ATTEMPTED: &str = "tell that a limit is reached";
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        let month = now.month();
        let rows = transaction.query(LIMITED, &[&MonthDate(month), &LIMITS_AT_ONCE]).await;
        let mut told = 0;
        for row in rows.map_err(StoreError::database(ATTEMPTED))? {
            let (customer, limit_usd_cents): (i64, i64) = (row.get(0), row.get(1));
            let notice = Notice {
                key: format!("monthly_limit:{customer}:{month}:{limit_usd_cents}"),
                customer: Some(known_customer(customer)?),
                severity: Severity::Warning,
                kind: "monthly_limit",
                body: json!({"month": month.to_string(), "max_monthly_usd_cents": limit_usd_cents}),
            };
            told += u64::from(note_within(&transaction, &notice, now).await?);
        }
        transaction.commit().await.map_err(StoreError::database(ATTEMPTED))?;
        Ok(told)
    }
}

async fn tell(transaction: &Transaction<'_>, alert: &CrossedAlert, now: UnixMillis) -> Result<bool, StoreError> {
    const ATTEMPTED: &str = "tell that a threshold is crossed";
    let at = Timestamptz(now);
    let row = transaction.query_opt(TELL, &[&alert.id, &alert.key, &at, &alert.threshold]).await;
    let Some(row) = row.map_err(StoreError::database(ATTEMPTED))? else { return Ok(false) };
    let (by_email, by_webhook): (bool, bool) = (row.get(0), row.get(1));
    let key = format!("alert:{}:{}:{}", alert.id, alert.key, now.0);
    let (customer, body) = (alert.customer.get(), body_of(alert));
    let notice = Notice {
        key: key.clone(),
        customer: Some(alert.customer),
        severity: Severity::Warning,
        kind: "alert_crossed",
        body: body.clone(),
    };
    note_within(transaction, &notice, now).await?;
    let body = Json(body);
    for (wanted, insert) in [(by_webhook, TO_WEBHOOKS), (by_email, BY_EMAIL)] {
        if wanted {
            let made = transaction.execute(insert, &[&customer, &key, &body, &at]).await;
            made.map_err(StoreError::database(ATTEMPTED))?;
        }
    }
    Ok(true)
}

fn body_of(alert: &CrossedAlert) -> Value {
    json!({
        "alert_id": alert.id,
        "name": alert.name,
        "metric": alert.metric.word(),
        "period": alert.period.word(),
        "of": alert.key,
        "service": alert.service.map(Service::word),
        "threshold": alert.threshold,
        "value": alert.value,
    })
}

/// The periods that are looked at: those that run, and those that ended a moment ago; as columns.
#[derive(Debug, Default)]
struct Periods {
    words: Vec<&'static str>,
    keys: Vec<String>,
    starts: Vec<Timestamptz>,
    ends: Vec<Timestamptz>,
    months: Vec<MonthDate>,
    are_running: Vec<bool>,
}

impl Periods {
    fn at(now: UnixMillis) -> Self {
        let mut periods = Self::default();
        for period in AlertPeriod::ALL {
            let (starts, _) = span(period, now);
            if now.0 - starts.0 < PERIOD_GRACE_MS {
                periods.add(period, starts.plus_ms(-1), false);
            }
            periods.add(period, now, true);
        }
        periods
    }

    fn add(&mut self, period: AlertPeriod, at: UnixMillis, is_running: bool) {
        let (starts, ends) = span(period, at);
        self.words.push(period.word());
        self.keys.push(key(period, starts));
        self.starts.push(Timestamptz(starts));
        self.ends.push(Timestamptz(ends));
        self.months.push(MonthDate(starts.month()));
        self.are_running.push(is_running);
    }
}

/// The period that an instant lies in.
fn span(period: AlertPeriod, at: UnixMillis) -> (UnixMillis, UnixMillis) {
    match period {
        AlertPeriod::Hour => (at.hour(), at.hour().plus_ms(HOUR_MS)),
        AlertPeriod::Day => (at.day(), at.day().plus_ms(DAY_MS)),
        AlertPeriod::Month => (at.month().start(), at.month().end()),
    }
}

/// What names the period that begins then: later ones are greater.
fn key(period: AlertPeriod, starts: UnixMillis) -> String {
    let mut text = starts.rfc3339();
    text.truncate(match period {
        AlertPeriod::Hour => "2026-11-22T14".len(),
        AlertPeriod::Day => "2026-11-22".len(),
        AlertPeriod::Month => "2026-11".len(),
    });
    text
}

fn crossed_of(row: &Row) -> Result<CrossedAlert, StoreError> {
    Ok(CrossedAlert {
        id: row.get(0),
        customer: known_customer(row.get(1))?,
        name: row.get(2),
        metric: metric_of(row.get(3))?,
        period: period_of(row.get(4))?,
        service: row.get::<_, Option<i16>>(5).map(known_service).transpose()?,
        threshold: row.get(6),
        key: row.get(7),
        value: row.get(8),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_looked_at_a_moment_longer_than_it_lasts() {
        let keys = |at| {
            let periods = Periods::at(UnixMillis::parse_rfc3339(at).unwrap());
            let (keys, running) = (periods.keys, periods.are_running);
            let shown =
                keys.into_iter().zip(running).map(|(key, running)| if running { key } else { format!("({key})") });
            shown.collect::<Vec<_>>().join(" ")
        };
        let cases = [
            ("2026-11-22T14:05:00Z", "2026-11-22T14 2026-11-22 2026-11"),
            ("2026-11-22T14:04:59.999Z", "(2026-11-22T13) 2026-11-22T14 2026-11-22 2026-11"),
            ("2026-11-22T00:00:00Z", "(2026-11-21T23) 2026-11-22T00 (2026-11-21) 2026-11-22 2026-11"),
            ("2027-01-01T00:01:00Z", "(2026-12-31T23) 2027-01-01T00 (2026-12-31) 2027-01-01 (2026-12) 2027-01"),
        ];
        for (at, expected) in cases {
            assert_eq!(keys(at), expected, "{at}");
        }
    }
}
