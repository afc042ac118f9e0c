//! The views as one timely dataflow, the same on each worker.

use crate::diff::{Billable, RatedDiff, UsageDiff};
use differential_dataflow::input::InputSession;
use differential_dataflow::operators::CountTotal;
use differential_dataflow::{AsCollection, VecCollection};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use suiftly_schema::ids::Epoch;
use suiftly_schema::price::PriceBooks;
use suiftly_schema::usage::MinuteKey;
use suiftly_schema::view::{EpochDeltas, HourKey, RatedKey, RatedSums};
use timely::dataflow::operators::probe;
use timely::dataflow::operators::vec::Map;
use timely::worker::Worker;

/// This worker's deltas of the epochs that are not complete yet.
pub(crate) type Pending = Rc<RefCell<BTreeMap<Epoch, EpochDeltas>>>;

/// A worker's handles on its dataflow.
pub(crate) struct Views {
    pub(crate) minutes: InputSession<Epoch, MinuteKey, UsageDiff>,
    pub(crate) seed: InputSession<Epoch, RatedKey, Billable>,
    pub(crate) probe: probe::Handle<Epoch>,
    pub(crate) pending: Pending,
}

impl Views {
    /// Builds the dataflow.
    pub(crate) fn build(worker: &mut Worker, books: PriceBooks) -> Self {
        let mut minutes = InputSession::new();
        let mut seed = InputSession::new();
        let pending = Pending::default();
        let probe = worker.dataflow::<Epoch, _, _>(|scope| {
            let probe = probe::Handle::new();
            let usage = minutes.to_collection(scope);
            let per_minute = usage.consolidate();
            let per_hour = per_minute.clone().map(hour_of).consolidate();
            let billable = billable(per_hour.clone(), books.clone()).concat(seed.to_collection(scope));
            let rated = rated(billable, books);
            collect(per_minute, &pending, &probe, |deltas, key, diff| deltas.minutes.push((key, diff.0)));
            collect(per_hour, &pending, &probe, |deltas, key, diff| deltas.hours.push((key, diff.0)));
            collect(rated, &pending, &probe, |deltas, key, diff| deltas.rated.push((key, diff.0)));
            probe
        });
        Self { minutes, seed, probe, pending }
    }

    /// Makes everything before `epoch` final on the inputs.
    pub(crate) fn advance_to(&mut self, epoch: Epoch) {
        self.minutes.advance_to(epoch);
        self.minutes.flush();
        self.seed.advance_to(epoch);
        self.seed.flush();
    }
}

fn hour_of(key: MinuteKey) -> HourKey {
    HourKey { usage: key.usage, hour: key.minute.hour() }
}

/// What a customer's usage adds to the amount that is rated together. The price book is part of the key: usage keeps
/// the book of its hour, and a new book never re-rates the past.
fn billable<'scope>(
    usage: VecCollection<'scope, Epoch, HourKey, UsageDiff>,
    books: PriceBooks,
) -> VecCollection<'scope, Epoch, RatedKey, Billable> {
    usage
        .inner
        .flat_map(move |(key, epoch, UsageDiff(sums))| {
            let billable = Billable { requests: sums.billable_requests, bytes: sums.billable_bytes };
            let customer_id = key.usage.customer_id.filter(|_| billable != Billable::default())?;
            let price_book = books.in_force(key.hour).version;
            let rated = RatedKey { customer_id, service: key.usage.service, month: key.hour.month(), price_book };
            Some((rated, epoch, billable))
        })
        .as_collection()
}

/// The price of the totals: the difference between what the new total and the old one cost.
fn rated<'scope>(
    billable: VecCollection<'scope, Epoch, RatedKey, Billable>,
    books: PriceBooks,
) -> VecCollection<'scope, Epoch, RatedKey, RatedDiff> {
    billable
        .count_total()
        .explode(move |(key, total)| {
            let book = books.version(key.price_book).expect("a key carries the version of a published book");
            let rated = book.rate(key.service, total.requests, total.bytes);
            let sums = RatedSums { billable_requests: total.requests, billable_bytes: total.bytes, rated };
            Some((key, RatedDiff(sums)))
        })
        .consolidate()
}

fn collect<K: Clone + 'static, R: Clone + 'static>(
    view: VecCollection<'_, Epoch, K, R>,
    pending: &Pending,
    probe: &probe::Handle<Epoch>,
    push: impl Fn(&mut EpochDeltas, K, R) + 'static,
) {
    let pending = pending.clone();
    view.inspect_batch(move |_, updates| {
        let mut pending = pending.borrow_mut();
        for (key, epoch, diff) in updates {
            let deltas = pending.entry(*epoch).or_insert_with(|| EpochDeltas { epoch: *epoch, ..Default::default() });
            push(deltas, key.clone(), diff.clone());
        }
    })
    .probe_with(probe);
}
