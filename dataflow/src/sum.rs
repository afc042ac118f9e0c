//! Sums per key within an epoch: the operator that the linear views are made of.
//!
//! It keeps what an epoch has brought so far, and nothing of the epochs before. differential-dataflow's `consolidate`
//! does the same by sorting, through two layers of batches; with differences as wide as a histogram that moved ten times
//! the bytes: 1.45 CPU-seconds per million lines where this takes 0.3 (docs/design/2026-11-22-views.md).

use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::hash::Hash;
use std::ops::AddAssign;
use suiftly_schema::ids::Epoch;
use timely::ExchangeData;
use timely::container::CapacityContainerBuilder;
use timely::dataflow::Stream;
use timely::dataflow::channels::pact::Exchange;
use timely::dataflow::operators::Capability;
use timely::dataflow::operators::generic::Operator;

/// Rows by key, in the order in which the keys came.
#[derive(Debug)]
pub(crate) struct Rows<K, R> {
    rows: Vec<(K, R)>,
    at: FxHashMap<K, u32>,
}

impl<K, R> Default for Rows<K, R> {
    fn default() -> Self {
        Self { rows: Vec::new(), at: FxHashMap::default() }
    }
}

impl<K: Copy + Eq + Hash, R: for<'a> AddAssign<&'a R>> Rows<K, R> {
    /// Adds to a key's row.
    pub(crate) fn add(&mut self, key: K, value: R) {
        let next = u32::try_from(self.rows.len()).expect("an epoch has fewer keys than 2³²");
        match *self.at.entry(key).or_insert(next) {
            at if at == next => self.rows.push((key, value)),
            at => self.rows[at as usize].1 += &value,
        }
    }

    /// Adds a batch, which is emptied.
    pub(crate) fn add_all(&mut self, batch: &mut Vec<(K, R)>) {
        self.reserve(batch.len());
        batch.drain(..).for_each(|(key, value)| self.add(key, value));
    }

    /// Adds to a key's row what is only borrowed.
    pub(crate) fn add_ref(&mut self, key: K, value: &R)
    where
        R: Clone,
    {
        let next = u32::try_from(self.rows.len()).expect("an epoch has fewer keys than 2³²");
        match *self.at.entry(key).or_insert(next) {
            at if at == next => self.rows.push((key, value.clone())),
            at => self.rows[at as usize].1 += value,
        }
    }

    /// Makes room for so many more.
    pub(crate) fn reserve(&mut self, rows: usize) {
        self.rows.reserve(rows);
        self.at.reserve(rows);
    }

    /// Hands the rows over and begins anew. Keeps the memory that keys are looked up in.
    pub(crate) fn take(&mut self) -> Vec<(K, R)> {
        self.at.clear();
        std::mem::take(&mut self.rows)
    }

    /// The same, one by one; keeps all of the memory.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = (K, R)> + '_ {
        self.at.clear();
        self.rows.drain(..)
    }
}

/// Sums what each epoch brings per key, on the worker that `route` sends the key to, and hands the rows over once no more
/// of the epoch can come. The stream that it answers is empty: its progress tells that the epoch has been handed over.
pub(crate) fn sum_per_epoch<'scope, K, R>(
    stream: Stream<'scope, Epoch, Vec<(K, R)>>,
    name: &str,
    route: impl Fn(&K) -> u64 + 'static,
    mut hand_over: impl FnMut(Epoch, Vec<(K, R)>) + 'static,
) -> Stream<'scope, Epoch, Vec<()>>
where
    K: ExchangeData + Copy + Eq + Hash,
    R: ExchangeData + for<'a> AddAssign<&'a R>,
{
    let exchange = Exchange::new(move |(key, _): &(K, R)| route(key));
    stream.unary_frontier::<CapacityContainerBuilder<Vec<()>>, _, _, _>(exchange, name, move |_, _| {
        let mut epochs: BTreeMap<Epoch, (Capability<Epoch>, Rows<K, R>)> = BTreeMap::new();
        // Rows that were handed over: an epoch's keys are looked up in the memory of the one before.
        let mut spare = Rows::default();
        move |(input, frontier), output| {
            input.for_each_stamp(|capability, batches| {
                let Some(held) = capability.retain_least(output.output_index()) else { return };
                let (_, rows) = epochs.entry(*held.time()).or_insert_with(|| (held, std::mem::take(&mut spare)));
                for batch in batches {
                    rows.add_all(batch);
                }
            });
            while let Some(first) = epochs.first_entry()
                && !frontier.less_equal(first.key())
            {
                let (epoch, (_held, mut rows)) = first.remove_entry();
                hand_over(epoch, rows.take());
                spare = rows;
            }
        }
    })
}
