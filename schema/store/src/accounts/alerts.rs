//! Alerts: thresholds that a customer sets on what they spend and use.
//!
//! Here is what their owner does with them; `crossing` is what the job does that looks at them.

mod crossing;

pub use crossing::{ALERTS_AT_ONCE, Crossed, CrossedAlert, LIMITS_AT_ONCE, PERIOD_GRACE_MS};

use super::AccountStore;
use super::activity::{Act, record};
use crate::StoreError;
use crate::codec::{Timestamptz, known_service};
use deadpool_postgres::Transaction;
use serde_json::json;
use suiftly_schema::ids::{CustomerId, Service};
use suiftly_schema::time::UnixMillis;
use tokio_postgres::Row;

/// Alerts of one customer at most.
pub const ALERTS_MAX: i64 = 50;

/// What is held against a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AlertMetric {
    /// A month's usage and subscriptions, in micro-dollars.
    Spend,
    /// The same, as a percentage of the month's limit. Never reached where there is no limit.
    SpendPercent,
    /// The escrow balance, in micro-dollars: crossed when it is below.
    BalanceBelow,
    /// Requests of any class.
    Requests,
    /// Bytes sent.
    Bytes,
    /// Client and server errors; what was rejected is counted apart.
    Errors,
    /// Requests that were refused for a limit or an allowlist.
    Rejected,
}

impl AlertMetric {
    /// Every one.
    pub const ALL: [Self; 7] = [
        Self::Spend,
        Self::SpendPercent,
        Self::BalanceBelow,
        Self::Requests,
        Self::Bytes,
        Self::Errors,
        Self::Rejected,
    ];

    /// Its word in the database and in answers.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Spend => "spend",
            Self::SpendPercent => "spend_percent",
            Self::BalanceBelow => "balance_below",
            Self::Requests => "requests",
            Self::Bytes => "bytes",
            Self::Errors => "errors",
            Self::Rejected => "rejected",
        }
    }

    /// The one with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|metric| metric.word() == word)
    }

    /// Whether it is of a month alone.
    pub const fn is_monthly(self) -> bool {
        matches!(self, Self::Spend | Self::SpendPercent | Self::BalanceBelow)
    }

    /// Whether it can be of one service.
    pub const fn is_by_service(self) -> bool {
        !matches!(self, Self::SpendPercent | Self::BalanceBelow)
    }
}

/// Over which time it is summed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AlertPeriod {
    /// A UTC hour.
    Hour,
    /// A UTC day.
    Day,
    /// A UTC month.
    Month,
}

impl AlertPeriod {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Hour, Self::Day, Self::Month];

    /// Its word in the database and in answers.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
        }
    }

    /// The one with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|period| period.word() == word)
    }
}

/// An alert to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAlert {
    /// What its owner calls it: 1 to 100 characters.
    pub name: String,
    /// What is held against the threshold.
    pub metric: AlertMetric,
    /// Over which time.
    pub period: AlertPeriod,
    /// Of one service alone.
    pub service: Option<Service>,
    /// In the metric's unit; greater than 0.
    pub threshold: i64,
    /// Whether it is told by e-mail.
    pub by_email: bool,
    /// Whether it is told to webhooks.
    pub by_webhook: bool,
}

/// What is to be changed; `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlertChange {
    /// What its owner calls it.
    pub name: Option<String>,
    /// In the metric's unit. Moved away from the value, the next crossing is told, in the same period too.
    pub threshold: Option<i64>,
    /// Whether it is told by e-mail.
    pub by_email: Option<bool>,
    /// Whether it is told to webhooks.
    pub by_webhook: Option<bool>,
    /// Whether it is looked at.
    pub is_enabled: Option<bool>,
}

/// An alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertRow {
    /// Its number.
    pub id: i64,
    /// What it is.
    pub alert: NewAlert,
    /// Whether it is looked at.
    pub is_enabled: bool,
    /// The period that it was told in (`2026-11`, `2026-11-22`, `2026-11-22T14`), unless the next crossing is to be told.
    pub crossed: Option<String>,
    /// When it was told last.
    pub crossed_at: Option<UnixMillis>,
    /// Since when.
    pub created_at: UnixMillis,
}

const COLUMNS: &str = "id, name, metric, period, service_type, threshold, by_email, by_webhook, is_enabled, crossed, \
    crossed_at, created_at";

impl AccountStore {
    /// A customer's alerts, by number.
    pub async fn alerts(&self, customer: CustomerId) -> Result<Vec<AlertRow>, StoreError> {
        let select = format!("SELECT {COLUMNS} FROM alerts WHERE customer_id = $1 ORDER BY id LIMIT $2");
        let rows = self.client_for(customer).await?.query(&select, &[&customer.get(), &ALERTS_MAX]).await;
        rows.map_err(StoreError::database("list alerts"))?.iter().map(alert_of).collect()
    }

    /// One of them.
    pub async fn alert(&self, customer: CustomerId, id: i64) -> Result<Option<AlertRow>, StoreError> {
        let select = format!("SELECT {COLUMNS} FROM alerts WHERE customer_id = $1 AND id = $2");
        let row = self.client_for(customer).await?.query_opt(&select, &[&customer.get(), &id]).await;
        row.map_err(StoreError::database("read an alert"))?.as_ref().map(alert_of).transpose()
    }

    /// Makes one; `None` if the customer has [`ALERTS_MAX`].
    pub async fn create_alert(
        &self,
        customer: CustomerId,
        alert: &NewAlert,
        act: &Act,
    ) -> Result<Option<AlertRow>, StoreError> {
        const ATTEMPTED: &str = "make an alert";
        let insert = format!(
            "INSERT INTO alerts (customer_id, name, metric, period, service_type, threshold, by_email, by_webhook, created_at) \
             SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9 \
             WHERE (SELECT count(*) FROM alerts WHERE customer_id = $1) < $10 RETURNING {COLUMNS}"
        );
        let mut client = self.client_for(customer).await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        super::webhooks::lock(&transaction, customer).await?;
        let NewAlert { name, metric, period, service, threshold, by_email, by_webhook } = alert;
        let service = service.map(|service| i16::from(service.number()));
        let (metric, period) = (metric.word(), period.word());
        let row = transaction
            .query_opt(
                &insert,
                &[
                    &customer.get(),
                    name,
                    &metric,
                    &period,
                    &service,
                    threshold,
                    by_email,
                    by_webhook,
                    &Timestamptz(act.at),
                    &ALERTS_MAX,
                ],
            )
            .await
            .map_err(StoreError::database(ATTEMPTED))?;
        let Some(made) = row.as_ref().map(alert_of).transpose()? else { return Ok(None) };
        let change = json!({"name": name, "metric": metric, "period": period, "threshold": threshold});
        record(&transaction, Some(customer), act, "alert.create", Some(&made.id.to_string()), change).await?;
        transaction.commit().await.map_err(StoreError::database(ATTEMPTED))?;
        Ok(Some(made))
    }

    /// Changes one; `None` if there is none.
    pub async fn change_alert(
        &self,
        customer: CustomerId,
        id: i64,
        change: &AlertChange,
        act: &Act,
    ) -> Result<Option<AlertRow>, StoreError> {
        const ATTEMPTED: &str = "change an alert";
        let update = format!(
            "UPDATE alerts SET name = coalesce($3, name), threshold = coalesce($4, threshold), \
                by_email = coalesce($5, by_email), by_webhook = coalesce($6, by_webhook), \
                is_enabled = coalesce($7, is_enabled), \
                crossed = CASE WHEN ($4 > threshold) = (metric <> 'balance_below') AND $4 <> threshold \
                    THEN NULL ELSE crossed END \
             WHERE customer_id = $1 AND id = $2 RETURNING {COLUMNS}"
        );
        let mut client = self.client_for(customer).await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        let AlertChange { name, threshold, by_email, by_webhook, is_enabled } = change;
        let values: [&(dyn tokio_postgres::types::ToSql + Sync); 7] =
            [&customer.get(), &id, name, threshold, by_email, by_webhook, is_enabled];
        let row = transaction.query_opt(&update, &values).await.map_err(StoreError::database(ATTEMPTED))?;
        let Some(changed) = row.as_ref().map(alert_of).transpose()? else { return Ok(None) };
        let mut told = json!({"name": name, "threshold": threshold, "by_email": by_email, "by_webhook": by_webhook,
            "is_enabled": is_enabled});
        if let Some(told) = told.as_object_mut() {
            told.retain(|_, value| !value.is_null());
        }
        record(&transaction, Some(customer), act, "alert.change", Some(&id.to_string()), told).await?;
        transaction.commit().await.map_err(StoreError::database(ATTEMPTED))?;
        Ok(Some(changed))
    }

    /// Deletes one; answers whether there was one.
    pub async fn delete_alert(&self, customer: CustomerId, id: i64, act: &Act) -> Result<bool, StoreError> {
        const ATTEMPTED: &str = "delete an alert";
        let mut client = self.client_for(customer).await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        let Some(name) = delete(&transaction, customer, id).await.map_err(StoreError::database(ATTEMPTED))? else {
            return Ok(false);
        };
        let change = json!({ "name": name });
        record(&transaction, Some(customer), act, "alert.delete", Some(&id.to_string()), change).await?;
        transaction.commit().await.map_err(StoreError::database(ATTEMPTED))?;
        Ok(true)
    }

    /// Where a customer is told things by e-mail.
    pub async fn alert_email(&self, customer: CustomerId) -> Result<Option<String>, StoreError> {
        let select = "SELECT alert_email FROM customers WHERE id = $1";
        let row = self.client_for(customer).await?.query_opt(select, &[&customer.get()]).await;
        Ok(row.map_err(StoreError::database("read an e-mail address"))?.and_then(|row| row.get(0)))
    }
}

async fn delete(
    transaction: &Transaction<'_>,
    customer: CustomerId,
    id: i64,
) -> Result<Option<String>, tokio_postgres::Error> {
    let delete = "DELETE FROM alerts WHERE customer_id = $1 AND id = $2 RETURNING name";
    Ok(transaction.query_opt(delete, &[&customer.get(), &id]).await?.map(|row| row.get(0)))
}

fn alert_of(row: &Row) -> Result<AlertRow, StoreError> {
    let alert = NewAlert {
        name: row.get(1),
        metric: metric_of(row.get(2))?,
        period: period_of(row.get(3))?,
        service: row.get::<_, Option<i16>>(4).map(known_service).transpose()?,
        threshold: row.get(5),
        by_email: row.get(6),
        by_webhook: row.get(7),
    };
    Ok(AlertRow {
        id: row.get(0),
        alert,
        is_enabled: row.get(8),
        crossed: row.get(9),
        crossed_at: row.get::<_, Option<Timestamptz>>(10).map(|at| at.0),
        created_at: row.get::<_, Timestamptz>(11).0,
    })
}

fn metric_of(word: &str) -> Result<AlertMetric, StoreError> {
    let unknown = || StoreError::Row { what: "an alert's metric", cause: format!("{word} is none") };
    AlertMetric::from_word(word).ok_or_else(unknown)
}

fn period_of(word: &str) -> Result<AlertPeriod, StoreError> {
    let unknown = || StoreError::Row { what: "an alert's period", cause: format!("{word} is none") };
    AlertPeriod::from_word(word).ok_or_else(unknown)
}
