//! The views as one timely dataflow, the same on each worker.
//!
//! Usage, keys and accounts are spread over the workers by customer, so that all of a customer's hours, months, keys and
//! grants are on one of them; the machinery's numbers by server.

use crate::WorkerInput;
use crate::customers::{Notice, State, customers};
use crate::place::{Place, of_activity, of_infra};
use crate::sum::{Rows, sum_per_epoch};
use crate::vault::{access_grants, key_grants};
use differential_dataflow::consolidation::consolidate;
use differential_dataflow::input::InputSession;
use differential_dataflow::{AsCollection, VecCollection};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use suiftly_schema::activity::{KeyActivity, KeyCounts, KeyHour};
use suiftly_schema::ids::Epoch;
use suiftly_schema::infra::{InfraSpanKey, InfraSums};
use suiftly_schema::price::PriceBooks;
use suiftly_schema::reference::{KeyState, ServiceAccess};
use suiftly_schema::time::UnixMillis;
use suiftly_schema::usage::{MinuteKey, Usage};
use suiftly_schema::view::EpochDeltas;
use timely::container::CapacityContainerBuilder;
use timely::dataflow::InputHandle;
use timely::dataflow::operators::{Input, Probe, probe};
use timely::worker::Worker;

/// This worker's part of the epochs that are not complete yet, and each one's clock.
pub(crate) type Pending = Rc<RefCell<BTreeMap<Epoch, (UnixMillis, EpochDeltas)>>>;

type VecInput<T> = InputHandle<Epoch, CapacityContainerBuilder<Vec<T>>>;

/// A worker's handles on its dataflow.
pub(crate) struct Views {
    usage: VecInput<(MinuteKey, Usage)>,
    infra: VecInput<(InfraSpanKey, InfraSums)>,
    activity: VecInput<(KeyHour, KeyActivity)>,
    notices: VecInput<Notice>,
    services: InputSession<Epoch, ServiceAccess, isize>,
    keys: InputSession<Epoch, KeyState, isize>,
    pub(crate) probe: probe::Handle<Epoch>,
    pub(crate) pending: Pending,
    pub(crate) state: Rc<RefCell<State>>,
}

impl Views {
    /// Builds the dataflow.
    pub(crate) fn build(worker: &mut Worker, place: Place, books: PriceBooks) -> Self {
        let mut views = Self {
            usage: InputHandle::new(),
            infra: InputHandle::new(),
            activity: InputHandle::new(),
            notices: InputHandle::new(),
            services: InputSession::new(),
            keys: InputSession::new(),
            probe: probe::Handle::new(),
            pending: Pending::default(),
            state: Rc::new(RefCell::new(State::new(books))),
        };
        worker.dataflow::<Epoch, _, _>(|scope| {
            let Self { usage, infra, activity, notices, services, keys, probe, pending, state } = &mut views;
            let infra_to = Rc::clone(pending);
            let by_server = move |key: &InfraSpanKey| place.route(of_infra(key));
            sum_per_epoch(scope.input_from(infra), "infra", by_server, move |epoch, minutes| {
                put_infra(&infra_to, epoch, minutes);
            })
            .probe_with(probe);
            let keys_to = Rc::clone(pending);
            let by_owner = move |of: &KeyHour| place.route(of_activity(of));
            sum_per_epoch(scope.input_from(activity), "key activity", by_owner, move |epoch, hours| {
                put_keys(&keys_to, epoch, &hours);
            })
            .probe_with(probe);
            let (usage, notices) = (scope.input_from(usage), scope.input_from(notices));
            let states = customers(usage, notices, Rc::clone(state), Rc::clone(pending), place).as_collection();
            let access = access_grants(services.to_collection(scope), states, place);
            collect(access, pending, probe, |deltas, grant, diff| deltas.access_grants.push((grant, diff)));
            let keys = key_grants(keys.to_collection(scope), place);
            collect(keys, pending, probe, |deltas, grant, diff| deltas.key_grants.push((grant, diff)));
        });
        views
    }

    /// Puts an epoch in.
    pub(crate) fn feed(&mut self, input: WorkerInput) {
        let WorkerInput { epoch, cut_at, mut partials, mut notices, services, keys } = input;
        self.pending.borrow_mut().insert(epoch, (cut_at, EpochDeltas { epoch, ..EpochDeltas::default() }));
        self.advance_to(epoch);
        self.notices.send_batch(&mut notices);
        services.into_iter().for_each(|(access, diff)| self.services.update(access, diff));
        keys.into_iter().for_each(|(key, diff)| self.keys.update(key, diff));
        self.usage.send_batch(&mut partials.usage);
        self.infra.send_batch(&mut partials.infra);
        self.activity.send_batch(&mut partials.keys);
    }

    /// Makes everything before `epoch` final on the inputs.
    pub(crate) fn advance_to(&mut self, epoch: Epoch) {
        self.usage.advance_to(epoch);
        self.infra.advance_to(epoch);
        self.activity.advance_to(epoch);
        self.notices.advance_to(epoch);
        self.services.advance_to(epoch);
        self.services.flush();
        self.keys.advance_to(epoch);
        self.keys.flush();
    }
}

fn put_infra(pending: &Pending, epoch: Epoch, mut minutes: Vec<(InfraSpanKey, InfraSums)>) {
    minutes.retain(|(_, sums)| !sums.is_zero());
    let hours = by_span(&minutes, UnixMillis::hour);
    let days = by_span(&hours, UnixMillis::day);
    with_deltas(pending, epoch, |_, deltas| {
        (deltas.infra_minutes, deltas.infra_hours, deltas.infra_days) = (minutes, hours, days);
    });
}

/// What a key did in all is what it did in its hours.
fn put_keys(pending: &Pending, epoch: Epoch, hours: &[(KeyHour, KeyActivity)]) {
    let mut keys = Rows::default();
    keys.reserve(hours.len());
    hours.iter().for_each(|(of, did)| keys.add(of.key, *did));
    with_deltas(pending, epoch, |_, deltas| {
        deltas.key_hours = hours.iter().map(|(of, did)| (*of, KeyCounts::from(did))).collect();
        deltas.keys = keys.take();
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
    let mut spans = spans.take();
    spans.retain(|(_, sums)| !sums.is_zero());
    spans
}

/// Puts a collection's changes into the deltas. A change may come in parts, which [`sum_changes`] adds up.
fn collect<D: Clone + 'static>(
    view: VecCollection<'_, Epoch, D, isize>,
    pending: &Pending,
    probe: &probe::Handle<Epoch>,
    push: impl Fn(&mut EpochDeltas, D, i8) + 'static,
) {
    let pending = Rc::clone(pending);
    view.inspect_batch(move |_, updates| {
        for (row, epoch, diff) in updates {
            let diff = i8::try_from(*diff).expect("a grant is in the vault once or not at all");
            with_deltas(&pending, *epoch, |_, deltas| push(deltas, row.clone(), diff));
        }
    })
    .probe_with(probe);
}

/// An epoch is complete: a grant that two changes touched may have come and gone again, or the other way round. All that is
/// said of it is said on this worker, so it is added up here and need not be sent anywhere.
pub(crate) fn sum_changes(deltas: &mut EpochDeltas) {
    consolidate(&mut deltas.access_grants);
    consolidate(&mut deltas.key_grants);
}

pub(crate) fn with_deltas<T>(
    pending: &Pending,
    epoch: Epoch,
    put: impl FnOnce(UnixMillis, &mut EpochDeltas) -> T,
) -> T {
    let mut pending = pending.borrow_mut();
    // Every worker is fed every epoch before any worker can complete it.
    let (cut_at, deltas) = pending.get_mut(&epoch).expect("an epoch is fed before it is complete");
    put(*cut_at, deltas)
}
