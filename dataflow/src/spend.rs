//! Spend: every customer's use against their account, and the state that follows. Says only what changes.

use crate::MONTHS_OPEN_MS;
use rustc_hash::{FxHashMap, FxHashSet};
use suiftly_schema::ids::CustomerId;
use suiftly_schema::money::MicroUsd;
use suiftly_schema::reference::Account;
use suiftly_schema::spend::{SpendState, Used, state};
use suiftly_schema::time::{BillingMonth, UnixMillis};
use suiftly_schema::view::{RatedKey, RatedSums, Spend};

/// A change of state: whose, from what (`None`: there was no account), to what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Transition {
    pub(crate) customer_id: CustomerId,
    pub(crate) from: Option<SpendState>,
    pub(crate) to: Spend,
}

/// One worker's customers.
#[derive(Debug)]
pub(crate) struct Customers {
    month: BillingMonth,
    by_id: FxHashMap<CustomerId, Customer>,
    /// Those to look at when the epoch is complete: states follow from all of it, not from the order within.
    touched: FxHashSet<CustomerId>,
}

#[derive(Debug, Default)]
struct Customer {
    /// `None` for usage of a customer that is not known (yet): it is rated, and nobody is granted anything.
    account: Option<Account>,
    state: Option<SpendState>,
    /// Rated by month, of the months that can still change.
    months: Vec<(BillingMonth, MicroUsd)>,
    rated_in_all: MicroUsd,
}

impl Customers {
    pub(crate) fn new() -> Self {
        Self { month: UnixMillis::MIN.month(), by_id: FxHashMap::default(), touched: FxHashSet::default() }
    }

    /// What was rated before, in a month that is still open.
    pub(crate) fn plant_month(&mut self, key: &RatedKey, rated: MicroUsd) {
        self.by_id.entry(key.customer_id).or_default().add_to_month(key.month, rated);
    }

    /// What was rated before in all.
    pub(crate) fn plant_in_all(&mut self, customer_id: CustomerId, rated_in_all: MicroUsd) {
        self.by_id.entry(customer_id).or_default().rated_in_all = rated_in_all;
    }

    /// The clock has come into a month: limits begin anew.
    pub(crate) fn begin_month(&mut self, month: BillingMonth, cut_at: UnixMillis) {
        self.month = month;
        let open_from = cut_at.plus_ms(-MONTHS_OPEN_MS);
        for customer in self.by_id.values_mut() {
            customer.months.retain(|(month, _)| month.end() > open_from);
        }
        self.touched.extend(self.by_id.keys());
    }

    /// An account is as it says from now on.
    pub(crate) fn put(&mut self, account: Account) {
        let customer_id = account.customer_id;
        self.touched.insert(customer_id);
        self.by_id.entry(customer_id).or_default().account = Some(account);
    }

    /// Usage was rated.
    pub(crate) fn add(&mut self, rated: &[(RatedKey, RatedSums)]) {
        for (key, sums) in rated {
            let customer = self.by_id.entry(key.customer_id).or_default();
            customer.rated_in_all += sums.rated;
            customer.add_to_month(key.month, sums.rated);
            // Nobody is granted anything without an account.
            if customer.account.is_some() {
                self.touched.insert(key.customer_id);
            }
        }
    }

    /// The epoch is complete: what has changed.
    pub(crate) fn transitions(&mut self) -> Vec<Transition> {
        let month = self.month;
        let touched = self.touched.drain();
        touched.filter_map(|id| self.by_id.get_mut(&id).and_then(|customer| customer.look(id, month))).collect()
    }
}

impl Customer {
    fn add_to_month(&mut self, month: BillingMonth, rated: MicroUsd) {
        match self.months.iter_mut().find(|(of, _)| *of == month) {
            Some((_, sum)) => *sum += rated,
            None => self.months.push((month, rated)),
        }
    }

    fn look(&mut self, customer_id: CustomerId, month: BillingMonth) -> Option<Transition> {
        let account = self.account.as_ref()?;
        let rated_this_month = self.months.iter().find(|(of, _)| *of == month).map_or(MicroUsd(0), |(_, sum)| *sum);
        let used = Used { rated_this_month, rated_in_all: self.rated_in_all };
        let now = state(account, &used, month);
        let from = self.state.replace(now);
        (from != Some(now)).then_some(Transition { customer_id, from, to: Spend { state: now, month, used } })
    }
}
