//! Alerts over the wire.

use super::super::services::ServiceWord;
use crate::body::Checks;
use crate::problem::Problem;
use serde::{Deserialize, Serialize};
use suiftly_schema::time::UnixMillis;
use suiftly_store::accounts::{AlertChange, AlertMetric, AlertPeriod, AlertRow, NewAlert};
use utoipa::ToSchema;

/// The greatest threshold: what JSON's numbers hold exactly everywhere.
const THRESHOLD_MAX: i64 = 9_007_199_254_740_991;
/// The greatest percentage.
const PERCENT_MAX: i64 = 1_000;

/// What is held against a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlertMetricWord {
    /// A month's usage and subscriptions, in micro-dollars.
    Spend,
    /// The same, as a percentage of the month's limit, if there is one.
    SpendPercent,
    /// The escrow balance, in micro-dollars: below the threshold.
    BalanceBelow,
    /// Requests.
    Requests,
    /// Bytes sent.
    Bytes,
    /// Client and server errors.
    Errors,
    /// Requests refused for a limit or an allowlist.
    Rejected,
}

impl AlertMetricWord {
    const fn metric(self) -> AlertMetric {
        match self {
            Self::Spend => AlertMetric::Spend,
            Self::SpendPercent => AlertMetric::SpendPercent,
            Self::BalanceBelow => AlertMetric::BalanceBelow,
            Self::Requests => AlertMetric::Requests,
            Self::Bytes => AlertMetric::Bytes,
            Self::Errors => AlertMetric::Errors,
            Self::Rejected => AlertMetric::Rejected,
        }
    }

    const fn of(metric: AlertMetric) -> Self {
        match metric {
            AlertMetric::Spend => Self::Spend,
            AlertMetric::SpendPercent => Self::SpendPercent,
            AlertMetric::BalanceBelow => Self::BalanceBelow,
            AlertMetric::Requests => Self::Requests,
            AlertMetric::Bytes => Self::Bytes,
            AlertMetric::Errors => Self::Errors,
            AlertMetric::Rejected => Self::Rejected,
        }
    }
}

/// Over which UTC time it is summed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlertPeriodWord {
    /// An hour.
    Hour,
    /// A day.
    Day,
    /// A month.
    Month,
}

impl AlertPeriodWord {
    const fn period(self) -> AlertPeriod {
        match self {
            Self::Hour => AlertPeriod::Hour,
            Self::Day => AlertPeriod::Day,
            Self::Month => AlertPeriod::Month,
        }
    }

    const fn of(period: AlertPeriod) -> Self {
        match period {
            AlertPeriod::Hour => Self::Hour,
            AlertPeriod::Day => Self::Day,
            AlertPeriod::Month => Self::Month,
        }
    }
}

/// Every alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AlertList {
    /// By number.
    pub items: Vec<AlertView>,
    /// Always `null`: there is no other page.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
}

/// An alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AlertView {
    /// Its number.
    pub id: i64,
    /// What its owner calls it.
    pub name: String,
    /// What is held against the threshold.
    pub metric: AlertMetricWord,
    /// Over which UTC time.
    pub period: AlertPeriodWord,
    /// Of one service alone; `null`: of all.
    #[schema(required = true)]
    pub service: Option<ServiceWord>,
    /// In the metric's unit.
    pub threshold: i64,
    /// Whether it is told by e-mail.
    pub by_email: bool,
    /// Whether it is told to webhooks.
    pub by_webhook: bool,
    /// Whether it is looked at.
    pub is_enabled: bool,
    /// The period that it was told in: `2026-11`, `2026-11-22`, `2026-11-22T14`. `null`: the next crossing is told.
    #[schema(required = true)]
    pub crossed: Option<String>,
    /// When it was told last.
    #[schema(format = DateTime, required = true)]
    pub crossed_at: Option<String>,
    /// Since when.
    #[schema(format = DateTime)]
    pub created_at: String,
}

impl AlertView {
    pub(super) fn new(row: &AlertRow) -> Self {
        let AlertRow { id, alert, is_enabled, crossed, crossed_at, created_at } = row;
        Self {
            id: *id,
            name: alert.name.clone(),
            metric: AlertMetricWord::of(alert.metric),
            period: AlertPeriodWord::of(alert.period),
            service: alert.service.and_then(ServiceWord::of),
            threshold: alert.threshold,
            by_email: alert.by_email,
            by_webhook: alert.by_webhook,
            is_enabled: *is_enabled,
            crossed: crossed.clone(),
            crossed_at: crossed_at.map(UnixMillis::rfc3339),
            created_at: created_at.rfc3339(),
        }
    }
}

/// An alert to be set.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAlertRequest {
    /// A name to know it by.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// What is held against the threshold.
    pub metric: AlertMetricWord,
    /// Over which UTC time; `month` for `spend`, `spend_percent` and `balance_below`.
    pub period: AlertPeriodWord,
    /// Of one service alone; not with `spend_percent` and `balance_below`.
    #[serde(default)]
    pub service: Option<ServiceWord>,
    /// In the metric's unit; a percentage of at most 1,000.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    pub threshold: i64,
    /// Whether it is told by e-mail.
    #[serde(default)]
    #[schema(default = false)]
    pub by_email: bool,
    /// Whether it is told to webhooks.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub by_webhook: bool,
}

const fn yes() -> bool {
    true
}

impl NewAlertRequest {
    pub(super) fn checked(self) -> Result<NewAlert, Problem> {
        let Self { name, metric, period, service, threshold, by_email, by_webhook } = self;
        let mut checks = Checks::default();
        let name = checked_name(&mut checks, &name);
        if metric.metric().is_monthly() && period != AlertPeriodWord::Month {
            checks.fail("period", "must be month, for this metric");
        }
        if service.is_some() && !metric.metric().is_by_service() {
            checks.fail("service", "must not be given, for this metric");
        }
        check_threshold(&mut checks, metric, threshold);
        let (metric, period) = (metric.metric(), period.period());
        let service = service.map(ServiceWord::service);
        checks.finish(NewAlert { name, metric, period, service, threshold, by_email, by_webhook })
    }
}

/// What is to be changed: what is not given stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AlertChangeRequest {
    /// A name to know it by.
    #[schema(min_length = 1, max_length = 100)]
    pub name: Option<String>,
    /// In the metric's unit; a percentage of at most 1,000.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    pub threshold: Option<i64>,
    /// Whether it is told by e-mail.
    pub by_email: Option<bool>,
    /// Whether it is told to webhooks.
    pub by_webhook: Option<bool>,
    /// Whether it is looked at.
    pub is_enabled: Option<bool>,
}

impl AlertChangeRequest {
    pub(super) fn checked(self, metric: AlertMetricWord) -> Result<AlertChange, Problem> {
        let Self { name, threshold, by_email, by_webhook, is_enabled } = self;
        let mut checks = Checks::default();
        let name = name.map(|name| checked_name(&mut checks, &name));
        if let Some(threshold) = threshold {
            check_threshold(&mut checks, metric, threshold);
        }
        checks.finish(AlertChange { name, threshold, by_email, by_webhook, is_enabled })
    }
}

fn checked_name(checks: &mut Checks, name: &str) -> String {
    let name = checks.name("name", name);
    if name.is_empty() {
        checks.fail("name", "must not be empty");
    }
    name
}

fn check_threshold(checks: &mut Checks, metric: AlertMetricWord, threshold: i64) {
    let max = if metric == AlertMetricWord::SpendPercent { PERCENT_MAX } else { THRESHOLD_MAX };
    if !(1..=max).contains(&threshold) {
        checks.fail("threshold", format!("must be 1 to {max}"));
    }
}
