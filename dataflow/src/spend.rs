//! Spend: every customer's use against their account, and the state that follows. Says only what changes.

use crate::MONTHS_OPEN_MS;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;
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
    /// Where each one's numbers are.
    by_id: FxHashMap<CustomerId, u32>,
    all: Vec<(CustomerId, Customer)>,
    /// Those to look at when the epoch is complete, each once: states follow from all of it, not from the order within.
    touched: Vec<u32>,
}

#[derive(Debug, Default)]
struct Customer {
    /// `None` for usage of a customer that is not known (yet): it is rated, and nobody is granted anything.
    account: Option<Account>,
    state: Option<SpendState>,
    is_touched: bool,
    /// Rated by month, of the months that can still change.
    months: SmallVec<[(BillingMonth, MicroUsd); 2]>,
    rated_in_all: MicroUsd,
}

impl Customers {
    pub(crate) fn new() -> Self {
        let month = UnixMillis::MIN.month();
        Self { month, by_id: FxHashMap::default(), all: Vec::new(), touched: Vec::new() }
    }

    /// What was rated before, in a month that is still open.
    pub(crate) fn plant_month(&mut self, key: &RatedKey, rated: MicroUsd) {
        let at = self.at(key.customer_id);
        self.all[at as usize].1.add_to_month(key.month, rated);
    }

    /// What was rated before in all.
    pub(crate) fn plant_in_all(&mut self, customer_id: CustomerId, rated_in_all: MicroUsd) {
        let at = self.at(customer_id);
        self.all[at as usize].1.rated_in_all = rated_in_all;
    }

    /// The clock has come into a month: limits begin anew.
    pub(crate) fn begin_month(&mut self, month: BillingMonth, cut_at: UnixMillis) {
        self.month = month;
        let open_from = cut_at.plus_ms(-MONTHS_OPEN_MS);
        for (at, (_, customer)) in (0..).zip(&mut self.all) {
            customer.months.retain(|(month, _)| month.end() > open_from);
            touch(&mut self.touched, at, customer);
        }
    }

    /// An account is as it says from now on.
    pub(crate) fn put(&mut self, account: Account) {
        let at = self.at(account.customer_id);
        let (_, customer) = &mut self.all[at as usize];
        customer.account = Some(account);
        touch(&mut self.touched, at, customer);
    }

    /// Usage was rated.
    pub(crate) fn add(&mut self, rated: &[(RatedKey, RatedSums)]) {
        for (key, sums) in rated {
            let at = self.at(key.customer_id);
            let (_, customer) = &mut self.all[at as usize];
            customer.rated_in_all += sums.rated;
            customer.add_to_month(key.month, sums.rated);
            // Nobody is granted anything without an account.
            if customer.account.is_some() {
                touch(&mut self.touched, at, customer);
            }
        }
    }

    /// The epoch is complete: what has changed.
    pub(crate) fn transitions(&mut self) -> Vec<Transition> {
        let Self { month, all, touched, .. } = self;
        let look = |at: u32| {
            let (id, customer) = &mut all[at as usize];
            customer.is_touched = false;
            customer.look(*id, *month)
        };
        touched.drain(..).filter_map(look).collect()
    }

    /// Where a customer is; a new one has nothing yet.
    fn at(&mut self, customer_id: CustomerId) -> u32 {
        let next = u32::try_from(self.all.len()).expect("there are fewer customers than 2³²");
        let at = *self.by_id.entry(customer_id).or_insert(next);
        if at == next {
            self.all.push((customer_id, Customer::default()));
        }
        at
    }
}

fn touch(touched: &mut Vec<u32>, at: u32, customer: &mut Customer) {
    if !customer.is_touched {
        customer.is_touched = true;
        touched.push(at);
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
