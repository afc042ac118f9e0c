//! The operator that has all of a customer's numbers: usage by minute and hour, what it costs, and the state that follows
//! against the account. Its output is the customers' states, for the vault to join.

use crate::gather::sort_rows;
use crate::place::{Place, of_customer, of_usage};
use crate::rated::Rated;
use crate::spend::{Customers, Transition};
use crate::sum::Rows;
use crate::views::{Pending, with_deltas};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use suiftly_schema::ids::{CustomerId, Epoch};
use suiftly_schema::price::{PriceBook, PriceBooks};
use suiftly_schema::reference::Account;
use suiftly_schema::spend::SpendState;
use suiftly_schema::time::{BillingMonth, UnixMillis};
use suiftly_schema::usage::{MinuteKey, Usage};
use suiftly_schema::view::{EpochDeltas, HourKey};
use timely::container::CapacityContainerBuilder;
use timely::dataflow::Stream;
use timely::dataflow::channels::pact::Exchange;
use timely::dataflow::operators::Capability;
use timely::dataflow::operators::generic::Operator;

/// What the operator is told beside usage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Notice {
    /// An account changed.
    Account(Account),
    /// A price book was published. Told to each worker, by its number among the mesh's.
    PriceBook(usize, Box<PriceBook>),
    /// The clock has come into a month. Told to each worker.
    Month(usize, BillingMonth, UnixMillis),
}

/// A change of a collection of customers' states.
pub(crate) type StateUpdate = ((CustomerId, SpendState), Epoch, isize);

/// One worker's state: the only views that are not linear.
pub(crate) struct State {
    pub(crate) rated: Rated,
    pub(crate) customers: Customers,
}

impl State {
    pub(crate) fn new(books: PriceBooks) -> Self {
        Self { rated: Rated::new(books), customers: Customers::new() }
    }

    /// What an epoch changes. Notices first: an account, a book or a month holds for the lines beside it.
    fn apply(&mut self, notices: Vec<Notice>, mut minutes: Vec<(MinuteKey, Usage)>, deltas: &mut Changed<'_>) {
        for notice in notices {
            match notice {
                Notice::Account(account) => self.customers.put(account),
                Notice::PriceBook(_, book) => self.rated.publish(*book),
                Notice::Month(_, month, cut_at) => self.customers.begin_month(month, cut_at),
            }
        }
        minutes.retain(|(_, usage)| !usage.is_zero());
        // The hours then come in order, too.
        sort_rows(&mut minutes);
        let hours = by_hour(&minutes);
        let rated = self.rated.apply(&hours, deltas.cut_at);
        self.customers.add(&rated);
        let transitions = self.customers.transitions();
        deltas.of.spend = transitions.iter().map(|change| (change.customer_id, change.to)).collect();
        (deltas.of.minutes, deltas.of.hours, deltas.of.rated) = (minutes, hours, rated);
        deltas.transitions = transitions;
    }
}

struct Changed<'a> {
    cut_at: UnixMillis,
    of: &'a mut EpochDeltas,
    transitions: Vec<Transition>,
}

fn by_hour(minutes: &[(MinuteKey, Usage)]) -> Vec<(HourKey, Usage)> {
    let hour_of = |key: &MinuteKey| HourKey { usage: key.usage, hour: key.minute.hour() };
    // As nearly always: the lines of an epoch are of one minute, so no two rows have an hour in common.
    if minutes.iter().all(|(key, _)| key.minute == minutes[0].0.minute) {
        return minutes.iter().map(|(key, usage)| (hour_of(key), usage.clone())).collect();
    }
    let mut hours = Rows::default();
    hours.reserve(minutes.len());
    minutes.iter().for_each(|(key, usage)| hours.add_ref(hour_of(key), usage));
    let mut hours = hours.take();
    hours.retain(|(_, usage)| !usage.is_zero());
    hours
}

/// What an epoch has brought so far.
#[derive(Default)]
struct Brought {
    minutes: Rows<MinuteKey, Usage>,
    notices: Vec<Notice>,
}

/// Builds the operator.
pub(crate) fn customers<'scope>(
    usage: Stream<'scope, Epoch, Vec<(MinuteKey, Usage)>>,
    notices: Stream<'scope, Epoch, Vec<Notice>>,
    state: Rc<RefCell<State>>,
    pending: Pending,
    place: Place,
) -> Stream<'scope, Epoch, Vec<StateUpdate>> {
    let by_customer = Exchange::new(move |(key, _): &(MinuteKey, Usage)| place.route(of_usage(key)));
    let by_owner = Exchange::new(move |notice: &Notice| match notice {
        Notice::Account(account) => place.route(of_customer(account.customer_id)),
        Notice::PriceBook(worker, _) | Notice::Month(worker, ..) => *worker as u64,
    });
    usage.binary_frontier::<_, CapacityContainerBuilder<Vec<StateUpdate>>, _, _, _, _>(
        notices,
        by_customer,
        by_owner,
        "customers",
        move |_, _| {
            let mut epochs: BTreeMap<Epoch, (Capability<Epoch>, Brought)> = BTreeMap::new();
            // As in `sum_per_epoch`.
            let mut spare = Rows::default();
            move |(usage, usage_frontier), (notices, notices_frontier), output| {
                usage.for_each_stamp(|capability, batches| {
                    let Some(held) = capability.retain_least(output.output_index()) else { return };
                    let mut brought = || Brought { minutes: std::mem::take(&mut spare), ..Brought::default() };
                    let (_, brought) = epochs.entry(*held.time()).or_insert_with(|| (held, brought()));
                    for batch in batches {
                        brought.minutes.add_all(batch);
                    }
                });
                notices.for_each_stamp(|capability, batches| {
                    let Some(held) = capability.retain_least(output.output_index()) else { return };
                    let (_, brought) = epochs.entry(*held.time()).or_insert_with(|| (held, Brought::default()));
                    brought.notices.extend(batches.flat_map(|batch| batch.drain(..)));
                });
                while let Some(first) = epochs.first_entry()
                    && !usage_frontier.less_equal(first.key())
                    && !notices_frontier.less_equal(first.key())
                {
                    let (epoch, (held, mut brought)) = first.remove_entry();
                    let transitions = complete(&state, &pending, epoch, &mut brought);
                    spare = brought.minutes;
                    let mut session = output.session_with_builder(&held);
                    session.give_iterator(transitions.into_iter().flat_map(move |change| updates(&change, epoch)));
                }
            }
        },
    )
}

fn complete(state: &RefCell<State>, pending: &Pending, epoch: Epoch, brought: &mut Brought) -> Vec<Transition> {
    with_deltas(pending, epoch, |cut_at, deltas| {
        let mut changed = Changed { cut_at, of: deltas, transitions: Vec::new() };
        state.borrow_mut().apply(std::mem::take(&mut brought.notices), brought.minutes.take(), &mut changed);
        changed.transitions
    })
}

fn updates(change: &Transition, epoch: Epoch) -> impl Iterator<Item = StateUpdate> + use<> {
    let customer_id = change.customer_id;
    let gone = change.from.map(|state| ((customer_id, state), epoch, -1));
    gone.into_iter().chain([((customer_id, change.to.state), epoch, 1)])
}
