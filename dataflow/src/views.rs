//! The views as one timely dataflow, the same on each worker.
//!
//! Usage and keys are spread over the workers by customer, so that all of a customer's hours, months and keys are on
//! one of them; the machinery's numbers by server and backend.

use crate::rated::Rated;
use crate::sum::{Rows, sum_per_epoch};
use crate::EpochInput;
use rustc_hash::FxHasher;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::rc::Rc;
use suiftly_schema::activity::{KeyActivity, KeyRef};
use suiftly_schema::ids::Epoch;
use suiftly_schema::infra::{InfraSpanKey, InfraSums};
use suiftly_schema::price::PriceBooks;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::usage::{MinuteKey, Usage};
use suiftly_schema::view::{EpochDeltas, HourKey};
use timely::container::CapacityContainerBuilder;
use timely::dataflow::InputHandle;
use timely::dataflow::operators::{Input, Probe, probe};
use timely::worker::Worker;

/// This worker's part of the epochs that are not complete yet, and each one's clock.
pub(crate) type Pending = Rc<RefCell<BTreeMap<Epoch, (UnixMillis, EpochDeltas)>>>;

type RowsInput<K, R> = InputHandle<Epoch, CapacityContainerBuilder<Vec<(K, R)>>>;

/// A worker's handles on its dataflow.
pub(crate) struct Views {
    usage: RowsInput<MinuteKey, Usage>,
    infra: RowsInput<InfraSpanKey, InfraSums>,
    keys: RowsInput<KeyRef, KeyActivity>,
    pub(crate) probe: probe::Handle<Epoch>,
    pub(crate) pending: Pending,
    /// What this worker has rated.
    pub(crate) rated: Rc<RefCell<Rated>>,
}

impl Views {
    /// Builds the dataflow.
    pub(crate) fn build(worker: &mut Worker, books: PriceBooks) -> Self {
        let (mut usage, mut infra, mut keys) = (InputHandle::new(), InputHandle::new(), InputHandle::new());
        let pending = Pending::default();
        let rated = Rc::new(RefCell::new(Rated::new(books)));
        let probe = probe::Handle::new();
        worker.dataflow::<Epoch, _, _>(|scope| {
            let (of_usage, of_rated) = (Rc::clone(&pending), Rc::clone(&rated));
            sum_per_epoch(scope.input_from(&mut usage), "usage", by_customer, move |epoch, minutes| {
                put_usage(&of_usage, &mut of_rated.borrow_mut(), epoch, minutes);
            })
            .probe_with(&probe);
            let of_infra = Rc::clone(&pending);
            sum_per_epoch(scope.input_from(&mut infra), "infra", by_server, move |epoch, minutes| {
                put_infra(&of_infra, epoch, minutes);
            })
            .probe_with(&probe);
            let of_keys = Rc::clone(&pending);
            sum_per_epoch(scope.input_from(&mut keys), "key activity", by_owner, move |epoch, keys| {
                with_deltas(&of_keys, epoch, |_, deltas| deltas.keys = keys);
            })
            .probe_with(&probe);
        });
        Self { usage, infra, keys, probe, pending, rated }
    }

    /// Puts an epoch in.
    pub(crate) fn feed(&mut self, input: EpochInput) {
        let EpochInput { epoch, cut_at, mut partials } = input;
        self.pending.borrow_mut().insert(epoch, (cut_at, EpochDeltas { epoch, ..EpochDeltas::default() }));
        self.advance_to(epoch);
        self.usage.send_batch(&mut partials.usage);
        self.infra.send_batch(&mut partials.infra);
        self.keys.send_batch(&mut partials.keys);
    }

    /// Makes everything before `epoch` final on the inputs.
    pub(crate) fn advance_to(&mut self, epoch: Epoch) {
        self.usage.advance_to(epoch);
        self.infra.advance_to(epoch);
        self.keys.advance_to(epoch);
    }
}

fn put_usage(pending: &Pending, rated: &mut Rated, epoch: Epoch, mut minutes: Vec<(MinuteKey, Usage)>) {
    minutes.retain(|(_, usage)| !usage.is_zero());
    let mut hours = Rows::default();
    for (key, usage) in &minutes {
        hours.add_ref(HourKey { usage: key.usage, hour: key.minute.hour() }, usage);
    }
    let mut hours = hours.into_rows();
    hours.retain(|(_, usage)| !usage.is_zero());
    with_deltas(pending, epoch, |cut_at, deltas| {
        deltas.rated = rated.apply(&hours, cut_at);
        (deltas.minutes, deltas.hours) = (minutes, hours);
    });
}

fn put_infra(pending: &Pending, epoch: Epoch, mut minutes: Vec<(InfraSpanKey, InfraSums)>) {
    minutes.retain(|(_, sums)| !sums.is_zero());
    let hours = by_span(&minutes, UnixMillis::hour);
    let days = by_span(&hours, UnixMillis::day);
    with_deltas(pending, epoch, |_, deltas| {
        (deltas.infra_minutes, deltas.infra_hours, deltas.infra_days) = (minutes, hours, days);
    });
}

fn by_span(
    rows: &[(InfraSpanKey, InfraSums)],
    span: impl Fn(UnixMillis) -> UnixMillis,
) -> Vec<(InfraSpanKey, InfraSums)> {
    let mut spans = Rows::default();
    for (key, sums) in rows {
        spans.add_ref(InfraSpanKey { start: span(key.start), ..*key }, sums);
    }
    let mut spans = spans.into_rows();
    spans.retain(|(_, sums)| !sums.is_zero());
    spans
}

fn with_deltas(pending: &Pending, epoch: Epoch, put: impl FnOnce(UnixMillis, &mut EpochDeltas)) {
    let mut pending = pending.borrow_mut();
    // Every worker is fed every epoch before any worker can complete it.
    let (cut_at, deltas) = pending.get_mut(&epoch).expect("an epoch is fed before it is complete");
    put(*cut_at, deltas);
}

fn by_customer(key: &MinuteKey) -> u64 {
    hash(&key.usage.customer_id)
}

fn by_owner(key: &KeyRef) -> u64 {
    hash(&Some(key.customer_id))
}

fn by_server(key: &InfraSpanKey) -> u64 {
    hash(&(key.infra.server_id, key.infra.backend_id))
}

pub(crate) fn hash(key: &impl Hash) -> u64 {
    let mut hasher = FxHasher::default();
    key.hash(&mut hasher);
    hasher.finish()
}
