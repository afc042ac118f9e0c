//! Sums of billable usage by customer, hour, service and network.

use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use suiftly_schema::bill::HourUsage;
use suiftly_schema::ids::{CustomerId, Network, Service};
use suiftly_schema::price::{BillableRule, PriceBook};
use suiftly_schema::record::Record;
use suiftly_schema::time::{BillingMonth, UnixMillis};
use suiftly_schema::usage::is_billable;

/// Customer, hour, service and network.
type Key = (CustomerId, i64, Option<Service>, Option<Network>);

/// Requests and bytes of a month's hours.
pub(super) struct Hours {
    /// The month's first instant, and the first after it.
    within: (UnixMillis, UnixMillis),
    /// From when on each rule holds, ascending; none where all is billed by default.
    rules: Vec<(UnixMillis, BillableRule)>,
    sums: FxHashMap<Key, (i64, i64)>,
}

impl Hours {
    pub(super) fn new(month: BillingMonth, books: &[PriceBook]) -> Self {
        let mut rules: Vec<_> = books.iter().map(|book| (book.effective_from, book.billable.clone())).collect();
        if rules.iter().all(|(_, rule)| rule.is_default()) {
            rules.clear();
        }
        Self { within: (month.start(), month.end()), rules, sums: FxHashMap::default() }
    }

    /// By the book in force at the request's time; the first book holds before it, too.
    #[inline]
    fn is_billed(&self, record: &Record) -> bool {
        if self.rules.is_empty() {
            return is_billable(record.traffic_type, record.status_code);
        }
        let after = self.rules.partition_point(|(from, _)| *from <= record.timestamp);
        self.rules[after.saturating_sub(1)].1.is_billable(record.traffic_type, record.status_code)
    }

    /// Counts a record if it is a customer's, billable, and of the month.
    #[inline]
    pub(super) fn add(&mut self, record: &Record) {
        let Some(customer_id) = record.customer_id else { return };
        let (from, to) = self.within;
        if record.timestamp < from || record.timestamp >= to || !self.is_billed(record) {
            return;
        }
        let key = (customer_id, record.timestamp.hour().0, record.service, record.network);
        let (requests, bytes) = self.sums.entry(key).or_default();
        *requests = requests.saturating_add(i64::from(record.repeat));
        *bytes = bytes.saturating_add(i64::try_from(record.bytes_sent).unwrap_or(i64::MAX));
    }

    /// By customer, ascending.
    pub(super) fn into_sorted(self) -> BTreeMap<CustomerId, Vec<HourUsage>> {
        let mut sorted: BTreeMap<CustomerId, Vec<HourUsage>> = BTreeMap::new();
        for ((customer_id, hour, service, network), (requests, bytes)) in self.sums {
            if (requests, bytes) != (0, 0) {
                let usage = HourUsage { hour: UnixMillis(hour), service, network, requests, bytes };
                sorted.entry(customer_id).or_default().push(usage);
            }
        }
        sorted.values_mut().for_each(|hours| hours.sort_unstable());
        sorted
    }
}
