//! What is asked of customers: what their keys did, where their accounts stand, and what each used in what is rated
//! together.

use super::sql::{Conditions, Transaction};
use super::view::{Fetch, Rows, ViewQuery};
use super::{Filter, TimeRange, rows};
use crate::StoreError;
use crate::codec::{MonthDate, Timestamptz};
use std::collections::BTreeMap;
use std::ops::AddAssign;
use std::sync::Arc;
use suiftly_schema::activity::{KeyActivity, KeyCounts, KeyHour, KeyRef};
use suiftly_schema::ids::{CustomerId, Service};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::price::PriceBooks;
use suiftly_schema::spend::{SpendState, Used};
use suiftly_schema::time::{BillingMonth, UnixMillis};
use suiftly_schema::usage::UsageSums;
use suiftly_schema::view::{EpochDeltas, Spend};

/// Keys of one customer that one answer has at most. A customer may have ten; lines may name others.
pub const KEYS_MAX: u32 = 10_000;
/// What is rated together, that one answer has at most: of 100,000 customers, three services each over three months.
pub const PARTS_MAX: u32 = 1_000_000;

/// Hours of keys that one answer has at most: 25 of as many keys as a page has, and of as many that lines name beside.
pub const KEY_HOURS_MAX: u32 = 10_000;

/// What each key of a customer did, since they were first seen, and by hour since an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyQuery {
    /// Whose.
    pub customer_id: CustomerId,
    /// Since when by hour: a whole hour, eight days ago at most. `None`: not by hour.
    pub hours_from: Option<UnixMillis>,
}

/// What a key did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyDid {
    /// In all.
    pub all: KeyActivity,
    /// By hour, of the hours that were asked for and in which it was used.
    pub hours: BTreeMap<UnixMillis, KeyCounts>,
}

impl KeyDid {
    const fn in_all(all: KeyActivity) -> Self {
        Self { all, hours: BTreeMap::new() }
    }

    /// Adds nothing to what was done in all.
    fn in_hour(hour: UnixMillis, did: KeyCounts) -> Self {
        let all = KeyActivity { requests: 0, errors: 0, last_used_at: UnixMillis::MIN };
        Self { all, hours: BTreeMap::from([(hour, did)]) }
    }
}

impl AddAssign<&Self> for KeyDid {
    fn add_assign(&mut self, other: &Self) {
        self.all += &other.all;
        for (hour, did) in &other.hours {
            *self.hours.entry(*hour).or_default() += did;
        }
    }
}

impl ViewQuery for KeyQuery {
    type Key = KeyRef;
    type Sums = KeyDid;

    fn each_delta(&self, deltas: &EpochDeltas, _: UnixMillis, add: &mut dyn FnMut(KeyRef, &KeyDid)) {
        let keys = deltas.keys.iter().filter(|(key, _)| key.customer_id == self.customer_id);
        keys.for_each(|(key, did)| add(*key, &KeyDid::in_all(*did)));
        let Some(from) = self.hours_from else { return };
        let is_asked = |of: &KeyHour| of.key.customer_id == self.customer_id && of.hour >= from;
        let hours = deltas.key_hours.iter().filter(|(of, _)| is_asked(of));
        hours.for_each(|(of, did)| add(of.key, &KeyDid::in_hour(of.hour, *did)));
    }

    fn customer(&self) -> Option<CustomerId> {
        Some(self.customer_id)
    }
}

impl Fetch for KeyQuery {
    async fn fetch(snapshot: &Transaction<'_>, rows: &mut Rows<Self>) -> Result<(), StoreError> {
        let customer_id = rows.query().customer_id;
        let mut conditions = Conditions::default();
        conditions.and("customer_id", "=", customer_id.get());
        let select = "SELECT api_key_fp, requests, errors, last_used_at FROM key_activity";
        let each = |row: &tokio_postgres::Row| {
            let last_used_at = row.get::<_, Timestamptz>(3).0;
            let did = KeyActivity { requests: row.get(1), errors: row.get(2), last_used_at };
            rows.add(key_of(customer_id, row)?, &KeyDid::in_all(did));
            Ok(())
        };
        conditions.each_row(snapshot, (select, ""), "read what keys did", KEYS_MAX, each).await?;
        match rows.query().hours_from {
            Some(from) => key_hours(snapshot, rows, from).await,
            None => Ok(()),
        }
    }
}

async fn key_hours(snapshot: &Transaction<'_>, rows: &mut Rows<KeyQuery>, from: UnixMillis) -> Result<(), StoreError> {
    let customer_id = rows.query().customer_id;
    let mut conditions = Conditions::default();
    conditions.and("customer_id", "=", customer_id.get());
    conditions.and("hour", ">=", Timestamptz(from));
    let select = "SELECT api_key_fp, requests, errors, hour FROM key_activity_per_hour";
    let each = |row: &tokio_postgres::Row| {
        let did = KeyCounts { requests: row.get(1), errors: row.get(2) };
        rows.add(key_of(customer_id, row)?, &KeyDid::in_hour(row.get::<_, Timestamptz>(3).0, did));
        Ok(())
    };
    conditions.each_row(snapshot, (select, ""), "read what keys did by hour", KEY_HOURS_MAX, each).await
}

/// By the first column.
fn key_of(customer_id: CustomerId, row: &tokio_postgres::Row) -> Result<KeyRef, StoreError> {
    let fingerprint = u32::try_from(row.get::<_, i64>(0));
    let api_key_fp =
        fingerprint.map_err(|error| StoreError::Row { what: "a key's fingerprint", cause: error.to_string() })?;
    Ok(KeyRef { customer_id, api_key_fp })
}

/// Where a customer's account stands: the last change of its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpendQuery {
    /// Whose.
    pub customer_id: CustomerId,
}

/// A customer's spend when its state changed last. A later one replaces it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpendChange {
    /// As of then.
    pub spend: Spend,
    /// The clock of the epoch that changed it.
    pub changed_at: UnixMillis,
}

impl AddAssign<&Self> for SpendChange {
    fn add_assign(&mut self, later: &Self) {
        *self = *later;
    }
}

impl ViewQuery for SpendQuery {
    type Key = CustomerId;
    type Sums = SpendChange;

    fn each_delta(&self, deltas: &EpochDeltas, cut_at: UnixMillis, add: &mut dyn FnMut(CustomerId, &SpendChange)) {
        for (customer_id, spend) in deltas.spend.iter().filter(|(customer_id, _)| *customer_id == self.customer_id) {
            add(*customer_id, &SpendChange { spend: *spend, changed_at: cut_at });
        }
    }

    fn customer(&self) -> Option<CustomerId> {
        Some(self.customer_id)
    }
}

impl Fetch for SpendQuery {
    async fn fetch(snapshot: &Transaction<'_>, rows: &mut Rows<Self>) -> Result<(), StoreError> {
        let customer_id = rows.query().customer_id;
        let mut conditions = Conditions::default();
        conditions.and("customer_id", "=", customer_id.get());
        let select = "SELECT state, month, rated_this_month_micro_usd, rated_in_all_micro_usd, changed_at FROM spend";
        let each = |row: &tokio_postgres::Row| {
            let word = row.get::<_, &str>(0);
            let state = SpendState::from_word(word)
                .ok_or_else(|| StoreError::Row { what: "a state of spend", cause: format!("{word} is none") })?;
            let used = Used { rated_this_month: MicroUsd(row.get(2)), rated_in_all: MicroUsd(row.get(3)) };
            let spend = Spend { state, month: row.get::<_, MonthDate>(1).0, used };
            rows.add(customer_id, &SpendChange { spend, changed_at: row.get::<_, Timestamptz>(4).0 });
            Ok(())
        };
        conditions.each_row(snapshot, (select, ""), "read a customer's spend", 1, each).await
    }
}

/// Usage over whole hours, in what is rated together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartQuery {
    /// Whose, of what, where.
    pub filter: Filter,
    /// When: whole hours.
    pub span: TimeRange,
    /// The books that hours are rated by: those of the database.
    pub books: Arc<PriceBooks>,
}

/// What is rated together: the key of a [`PartQuery`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartKey {
    /// The customer; `None` is the unattributed, which is nobody's bill.
    pub customer_id: Option<CustomerId>,
    /// The service.
    pub service: Option<Service>,
    /// The billing month.
    pub month: BillingMonth,
    /// The price book in force in its hours.
    pub price_book: u32,
}

impl ViewQuery for PartQuery {
    type Key = PartKey;
    type Sums = UsageSums;

    fn each_delta(&self, deltas: &EpochDeltas, _: UnixMillis, add: &mut dyn FnMut(PartKey, &UsageSums)) {
        for (key, usage) in &deltas.hours {
            if self.filter.takes(&key.usage) && self.span.holds(key.hour) {
                let (customer_id, service) = (key.usage.customer_id, key.usage.service);
                let price_book = self.books.in_force(key.hour).version;
                add(PartKey { customer_id, service, month: key.hour.month(), price_book }, &usage.sums);
            }
        }
    }

    fn customer(&self) -> Option<CustomerId> {
        self.filter.customer_id
    }
}

impl Fetch for PartQuery {
    async fn fetch(snapshot: &Transaction<'_>, rows: &mut Rows<Self>) -> Result<(), StoreError> {
        let (filter, span) = (rows.query().filter, rows.query().span);
        rows::each_part(snapshot, &filter, span, |key, sums| rows.add(key, sums)).await
    }
}
