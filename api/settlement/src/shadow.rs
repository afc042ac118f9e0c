//! The shadow job: some customers' usage is counted and priced again, out of the raw records, in SQL, and held against
//! what the views have and what the rating function says. The two paths share nothing but the price books.

use crate::{Settlement, SettlementError};
use serde_json::{Value, json};
use std::time::Duration;
use suiftly_schema::ids::Service;
use suiftly_schema::price::PriceBooks;
use suiftly_schema::time::UnixMillis;
use suiftly_store::money::{ShadowCounts, ShadowHour, ShadowMonth, ShadowRows, ShadowSummary};

/// Differences that are told in detail.
pub const SHADOW_DETAIL_MAX: usize = 20;

/// How often a difference is looked at that a cluster's shards may make on their way, and how long it is waited for.
const SHADOW_TRIES: u32 = 6;
const SHADOW_WAIT: Duration = Duration::from_secs(5);

/// What a run found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ShadowCheck {
    /// How much was compared, and how much of it differs.
    pub summary: ShadowSummary,
    /// The first differences, an object each.
    pub detail: Vec<Value>,
}

impl Settlement {
    /// Compares some customers, by chance as the seed has it, and records what it found. Whatever differs is told as
    /// critical.
    pub async fn shadow_check(&self, seed: u64, now: UnixMillis) -> Result<ShadowCheck, SettlementError> {
        let mut tries = 1;
        let check = loop {
            let rows = self.store.shadow_rows(seed).await?;
            let books = self.store.price_books().await?;
            let check = compare(&rows, &books, now);
            if check.summary.mismatches == 0 || !rows.is_moving || tries == SHADOW_TRIES {
                break check;
            }
            tries += 1;
            tokio::time::sleep(SHADOW_WAIT).await;
        };
        self.store.record_shadow_check(&check.summary, &check.detail).await?;
        *self.shadow.lock() = Some(check.summary);
        if check.summary.mismatches > 0 {
            let mismatches = check.summary.mismatches;
            tracing::error!(mismatches, "usage counted or priced by another path comes to something else");
        }
        Ok(check)
    }

    /// What the last check found that this process made; clones share it. Reads no database.
    pub fn last_shadow(&self) -> Option<ShadowSummary> {
        *self.shadow.lock()
    }
}

fn compare(rows: &ShadowRows, books: &PriceBooks, now: UnixMillis) -> ShadowCheck {
    let hours = rows.hours.iter().filter_map(|hour| hour_differs(hour, books));
    let months = rows.months.iter().filter_map(|month| month_differs(month, books));
    let (mut mismatches, mut detail) = (0, Vec::new());
    for difference in hours.chain(months) {
        mismatches += 1;
        if detail.len() < SHADOW_DETAIL_MAX {
            detail.push(difference);
        }
    }
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let (customers, hours) = (count(rows.customers), count(rows.hours.len()));
    ShadowCheck { summary: ShadowSummary { checked_at: now, customers, hours, mismatches }, detail }
}

fn hour_differs(hour: &ShadowHour, books: &PriceBooks) -> Option<Value> {
    let ShadowCounts { billable_requests, billable_bytes, .. } = hour.recounted;
    let rated = books.version(hour.price_book).map(|book| book.rate(hour.service, billable_requests, billable_bytes));
    // By a book whose prices depend on the month, an hour by itself has no price.
    let is_priced_alike = hour.amount.is_none() || hour.amount == rated;
    let counts = |counts: ShadowCounts| {
        let ShadowCounts { requests, billable_requests, billable_bytes } = counts;
        json!({"requests": requests, "billable_requests": billable_requests, "billable_bytes": billable_bytes})
    };
    let differs = hour.recounted != hour.stored || !is_priced_alike;
    differs.then(|| {
        json!({
            "of": "hour",
            "customer_id": hour.customer_id,
            "hour": hour.hour.rfc3339(),
            "service": word(hour.service),
            "network": hour.network.map(|network| network.word()),
            "price_book": hour.price_book,
            "recounted": counts(hour.recounted),
            "stored": counts(hour.stored),
            "priced_micro_usd": hour.amount,
            "rated_micro_usd": rated,
        })
    })
}

fn month_differs(month: &ShadowMonth, books: &PriceBooks) -> Option<Value> {
    let (requests, bytes) = month.hours;
    let rated = books.version(month.price_book).map(|book| book.rate(month.service, requests, bytes));
    let expected = month.amount.or(rated);
    let differs = month.hours != month.rated || expected != Some(month.rated_amount) || expected != rated;
    differs.then(|| {
        let counts = |(requests, bytes): (i64, i64)| json!({"billable_requests": requests, "billable_bytes": bytes});
        json!({
            "of": "month",
            "customer_id": month.customer_id,
            "month": month.month.to_string(),
            "service": word(month.service),
            "price_book": month.price_book,
            "hours": counts(month.hours),
            "rated": counts(month.rated),
            "priced_micro_usd": month.amount,
            "rating_micro_usd": rated,
            "rated_micro_usd": month.rated_amount,
        })
    })
}

fn word(service: Option<Service>) -> &'static str {
    service.map_or("unknown", Service::word)
}

#[cfg(test)]
mod tests;
