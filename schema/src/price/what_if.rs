//! What-if: what a month would have cost each customer by another book. Pure; whoever asks brings the usage.

use super::book::PriceBook;
use crate::ids::{CustomerId, Service};
use crate::money::MicroUsd;
use crate::subscription::Subscription;
use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;

/// Billable usage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quantity {
    /// Billable requests.
    pub billable_requests: i64,
    /// Billable bytes.
    pub billable_bytes: i64,
}

/// What a customer had in a month. It may come in several pieces; usage of a service is added up before it is rated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerMonth {
    /// Whose.
    pub customer_id: CustomerId,
    /// Usage, by service.
    pub usage: Vec<(Option<Service>, Quantity)>,
    /// Subscriptions, each for the whole month; none for a question about usage alone.
    pub subscriptions: Vec<Subscription>,
}

/// What a month costs a customer by one book and by the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Whose.
    pub customer_id: CustomerId,
    /// By the first book.
    pub before: MicroUsd,
    /// By the other.
    pub after: MicroUsd,
    /// After less before: above zero for who would pay more.
    pub delta: MicroUsd,
}

/// The answer. All sums saturate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WhatIf {
    /// Each customer once: who would pay the most more first, then by id.
    pub customers: Vec<Difference>,
    /// What all of them pay by the first book.
    pub before: MicroUsd,
    /// What all of them would pay by the other.
    pub after: MicroUsd,
    /// After less before.
    pub delta: MicroUsd,
    /// Customers that would pay less.
    pub winners: usize,
    /// Customers that would pay more.
    pub losers: usize,
    /// Customers that would pay the same.
    pub unchanged: usize,
}

/// What a month would cost each customer by another book. The books are held against each other as if each were in
/// force the whole month.
pub fn what_if(before: &PriceBook, after: &PriceBook, customers: impl IntoIterator<Item = CustomerMonth>) -> WhatIf {
    let mut months: BTreeMap<CustomerId, Month> = BTreeMap::new();
    for customer in customers {
        months.entry(customer.customer_id).or_default().add(customer);
    }
    let mut answer = WhatIf::default();
    for (customer_id, month) in &months {
        answer.add(Difference::of(*customer_id, month.cost(before), month.cost(after)));
    }
    answer.customers.sort_unstable_by_key(|customer| (Reverse(customer.delta), customer.customer_id));
    answer
}

/// A customer's month, added up.
#[derive(Default)]
struct Month {
    usage: BTreeMap<Option<Service>, Quantity>,
    subscriptions: Vec<Subscription>,
}

impl Month {
    fn add(&mut self, customer: CustomerMonth) {
        for (service, more) in customer.usage {
            let sum = self.usage.entry(service).or_default();
            sum.billable_requests = sum.billable_requests.saturating_add(more.billable_requests);
            sum.billable_bytes = sum.billable_bytes.saturating_add(more.billable_bytes);
        }
        self.subscriptions.extend(customer.subscriptions);
    }

    fn cost(&self, book: &PriceBook) -> MicroUsd {
        let rate = |(service, sum): (&Option<Service>, &Quantity)| {
            book.rate(*service, sum.billable_requests, sum.billable_bytes)
        };
        let usage = self.usage.iter().map(rate);
        let subscriptions = self.subscriptions.iter().map(|subscription| subscription.monthly(&book.subscriptions));
        usage.chain(subscriptions).fold(MicroUsd(0), plus)
    }
}

impl Difference {
    const fn of(customer_id: CustomerId, before: MicroUsd, after: MicroUsd) -> Self {
        Self { customer_id, before, after, delta: MicroUsd(after.0.saturating_sub(before.0)) }
    }
}

impl WhatIf {
    fn add(&mut self, customer: Difference) {
        self.before = plus(self.before, customer.before);
        self.after = plus(self.after, customer.after);
        self.delta = MicroUsd(self.after.0.saturating_sub(self.before.0));
        match customer.delta.cmp(&MicroUsd(0)) {
            Ordering::Less => self.winners += 1,
            Ordering::Equal => self.unchanged += 1,
            Ordering::Greater => self.losers += 1,
        }
        self.customers.push(customer);
    }
}

const fn plus(sum: MicroUsd, amount: MicroUsd) -> MicroUsd {
    MicroUsd(sum.0.saturating_add(amount.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::price::{Model, Price};
    use crate::subscription::Tier;

    fn month(customer: i64, service: Service, requests: i64, subscriptions: &[Subscription]) -> CustomerMonth {
        let quantity = Quantity { billable_requests: requests, billable_bytes: 0 };
        CustomerMonth {
            customer_id: CustomerId::new(customer).unwrap(),
            usage: vec![(Some(service), quantity)],
            subscriptions: subscriptions.to_vec(),
        }
    }

    #[test]
    fn winners_and_losers_of_a_free_quota_and_a_dearer_tier() {
        let mut after = PriceBook::v1();
        after.version = 2;
        after.requests = Price { free_units: 100, ..Price::per_unit(MicroUsd(110), 1) };
        after.subscriptions.pro = MicroUsd(45_000_000);
        let months = [
            month(4, Service::Seal, 1_100, &[]),
            // Two pieces of one service: rated together, or the quota would come twice.
            month(1, Service::Seal, 100, &[]),
            month(1, Service::Seal, 100, &[]),
            // Two services: each has its own quota.
            month(2, Service::Seal, 100, &[]),
            month(2, Service::Grpc, 100, &[]),
            month(3, Service::Seal, 2_100, &[]),
            month(5, Service::Seal, 2_100, &[Subscription::of(Tier::Pro)]),
            month(6, Service::Seal, 2_100, &[]),
        ];
        let answer = what_if(&PriceBook::v1(), &after, months);
        let rows: Vec<_> = answer
            .customers
            .iter()
            .map(|row| (row.customer_id.get(), row.before.0, row.after.0, row.delta.0))
            .collect();
        let expected = [
            (5, 40_210_000, 45_220_000, 5_010_000),
            (3, 210_000, 220_000, 10_000),
            (6, 210_000, 220_000, 10_000),
            (4, 110_000, 110_000, 0),
            (1, 20_000, 11_000, -9_000),
            (2, 20_000, 0, -20_000),
        ];
        assert_eq!(rows, expected);
        assert_eq!((answer.winners, answer.unchanged, answer.losers), (2, 1, 3));
        assert_eq!((answer.before, answer.after), (MicroUsd(40_780_000), MicroUsd(45_781_000)));
        assert_eq!(answer.delta, MicroUsd(5_001_000));
    }

    #[test]
    fn nothing_and_absurd_usage_are_answered() {
        assert_eq!(what_if(&PriceBook::v1(), &PriceBook::v1(), []), WhatIf::default());
        let mut after = PriceBook::v1();
        after.requests.model = Model::Package { price: MicroUsd(i64::MAX) };
        let months = (1..3_000).map(|customer| month(customer, Service::Seal, 1_000_000_000_000, &[]));
        let answer = what_if(&PriceBook::v1(), &after, months);
        assert_eq!((answer.losers, answer.after), (2_999, MicroUsd(i64::MAX)));
    }
}
