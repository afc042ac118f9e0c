//! The one way of reading a view: committed rows in one snapshot beside their watermark, and the live deltas after it
//! added to them. Written once for all views, so that no view has a seam of its own.
//!
//! A [`ViewQuery`] says what of a view is asked for and by what it is summed up. [`super::Reader::rows`] answers with
//! [`Rows`] as committed; [`Rows::join`] takes the epochs that came after, in order. An epoch that the rows have already
//! adds nothing, so whoever holds more deltas than needed cannot count twice; a gap there is only if an epoch that adds
//! something is left out by the caller. The query's own projection is the same for rows and deltas.

use super::standing::Stand;
use super::{Further, Watermark};
use crate::StoreError;
use std::collections::BTreeMap;
use std::future::Future;
use std::ops::AddAssign;
use suiftly_schema::ids::{CustomerId, Epoch};
use suiftly_schema::time::UnixMillis;
use suiftly_schema::view::EpochDeltas;

/// What of a view is asked for.
pub trait ViewQuery: Clone + Send + Sync + Fetch {
    /// What the answer is summed up by.
    type Key: Ord + Clone + Send + Sync;
    /// What is summed up.
    type Sums: Clone + Send + Sync + for<'a> AddAssign<&'a Self::Sums>;

    /// Hands over every delta of an epoch that counts, under the key that it counts in. `cut_at` is the epoch's clock.
    fn each_delta(&self, deltas: &EpochDeltas, cut_at: UnixMillis, add: &mut dyn FnMut(Self::Key, &Self::Sums));

    /// Whose rows alone it counts; `None` if it may be anybody's.
    fn customer(&self) -> Option<CustomerId> {
        None
    }

    /// Whether all of a key is there at an instant: of a span of time that is older than its view keeps, late lines
    /// count in a wider one alone.
    fn is_kept(&self, _key: &Self::Key, _complete_to: UnixMillis) -> bool {
        true
    }
}

/// Reads what of a query is committed. Nothing outside of this crate can be asked for.
pub trait Fetch: Sized {
    /// Adds the committed rows.
    #[doc(hidden)]
    fn fetch(
        snapshot: &deadpool_postgres::Transaction<'_>,
        rows: &mut Rows<Self>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send
    where
        Self: ViewQuery;
}

/// What a query answers, as of an epoch.
#[derive(Clone)]
pub struct Rows<Q: ViewQuery> {
    query: Q,
    watermark: Watermark,
    further: Further,
    /// The last epoch that is in: the watermark's, or one joined after it.
    epoch: Epoch,
    sums: BTreeMap<Q::Key, Q::Sums>,
}

impl<Q: ViewQuery> Rows<Q> {
    /// Nothing yet, as of a watermark.
    pub fn new(query: Q, watermark: Watermark) -> Self {
        Self::at(query, Stand { watermark, further: Further::default() })
    }

    pub(super) fn at(query: Q, stand: Stand) -> Self {
        let Stand { watermark, further } = stand;
        Self { query, watermark, further, epoch: watermark.epoch, sums: BTreeMap::new() }
    }

    /// What was asked.
    pub const fn query(&self) -> &Q {
        &self.query
    }

    /// How far the committed rows are.
    pub const fn watermark(&self) -> Watermark {
        self.watermark
    }

    /// What of the committed rows is beyond that.
    pub const fn further(&self) -> &Further {
        &self.further
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.sums.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.sums.is_empty()
    }

    /// Adds to a key.
    pub fn add(&mut self, key: Q::Key, sums: &Q::Sums) {
        add(&mut self.sums, key, sums);
    }

    /// Adds an epoch's deltas, unless they are in. Epochs ascend; those that add nothing may be left out.
    pub fn join(&mut self, epoch: Epoch, cut_at: UnixMillis, deltas: &EpochDeltas) {
        if epoch <= self.epoch {
            return;
        }
        self.epoch = epoch;
        let (missing, sums) = (self.further.missing(epoch, deltas), &mut self.sums);
        self.query.each_delta(&missing, cut_at, &mut |key, delta| add(sums, key, delta));
    }

    /// The sums of every key that is whole at an instant.
    pub fn into_sums(mut self, complete_to: UnixMillis) -> BTreeMap<Q::Key, Q::Sums> {
        let query = &self.query;
        self.sums.retain(|key, _| query.is_kept(key, complete_to));
        self.sums
    }
}

fn add<K: Ord, S: Clone + for<'a> AddAssign<&'a S>>(all: &mut BTreeMap<K, S>, key: K, sums: &S) {
    match all.get_mut(&key) {
        Some(sum) => *sum += sums,
        None => drop(all.insert(key, sums.clone())),
    }
}
