//! What the writer knows of rows that it puts whole: histograms are added here, not in SQL.
//!
//! The writer is the only one to write, so what it has put is what is there. It remembers a row once its transaction
//! has succeeded, and reads the others before it adds to them. Within bounds: a table that is over its bound is
//! forgotten as a whole. Rows of spans after the newest that there ever was, or that are of a time since when nothing
//! was forgotten, are known without reading: what is not remembered of them is not there. So minutes and hours that run
//! are not read at all.

use super::merge::{Merged, UsageSpan};
use crate::StoreError;
use crate::codec::Timestamptz;
use std::collections::HashMap;
use std::hash::Hash;
use suiftly_schema::infra::{InfraSpanKey, InfraSums};
use suiftly_schema::time::UnixMillis;
use tokio_postgres::Client;

/// Memory for rows of `usage_per_minute`: those of some minutes of 100,000 customers.
const MINUTES_BYTES_MAX: usize = 32 << 20;
/// Memory for rows of `usage_per_hour`: one hour of 100,000 customers, and some.
const HOURS_BYTES_MAX: usize = 64 << 20;
/// Memory for rows of each of the three tables of infra.
const INFRA_BYTES_MAX: usize = 8 << 20;

const NEWEST: &str = "SELECT (SELECT max(minute) FROM usage_per_minute), (SELECT max(hour) FROM usage_per_hour), \
    (SELECT max(start) FROM infra_per_minute), (SELECT max(start) FROM infra_per_hour), \
    (SELECT max(start) FROM infra_per_day)";

/// What is remembered of each table. Of one session: another writer may have written between two.
pub(super) struct Memory {
    /// Histograms as they are stored.
    pub(super) minutes: Remembered<UsageSpan, Box<[u8]>>,
    pub(super) hours: Remembered<UsageSpan, Box<[u8]>>,
    pub(super) infra_minutes: Remembered<InfraSpanKey, InfraSums>,
    pub(super) infra_hours: Remembered<InfraSpanKey, InfraSums>,
    pub(super) infra_days: Remembered<InfraSpanKey, InfraSums>,
}

/// What a transaction puts, to be remembered when it has succeeded.
#[derive(Default)]
pub(super) struct Put {
    pub(super) minutes: Vec<(UsageSpan, Box<[u8]>)>,
    pub(super) hours: Vec<(UsageSpan, Box<[u8]>)>,
    pub(super) infra_minutes: Vec<(InfraSpanKey, InfraSums)>,
    pub(super) infra_hours: Vec<(InfraSpanKey, InfraSums)>,
    pub(super) infra_days: Vec<(InfraSpanKey, InfraSums)>,
}

impl Memory {
    /// Knows nothing but how far the tables reach.
    pub(super) async fn read(client: &Client) -> Result<Self, StoreError> {
        let row = client.query_one(NEWEST, &[]).await.map_err(StoreError::database("read how far the views reach"))?;
        let newest = |at: usize| row.get::<_, Option<Timestamptz>>(at).map(|at| at.0);
        Ok(Self {
            minutes: Remembered::new(MINUTES_BYTES_MAX, newest(0)),
            hours: Remembered::new(HOURS_BYTES_MAX, newest(1)),
            infra_minutes: Remembered::new(INFRA_BYTES_MAX, newest(2)),
            infra_hours: Remembered::new(INFRA_BYTES_MAX, newest(3)),
            infra_days: Remembered::new(INFRA_BYTES_MAX, newest(4)),
        })
    }

    /// To be called before any of it is written: rows may be there from now on.
    pub(super) fn reach(&mut self, merged: &Merged<'_>) {
        merged.minutes.keys().for_each(|key| self.minutes.reach(key));
        merged.hours.keys().for_each(|key| self.hours.reach(key));
        merged.infra_minutes.keys().for_each(|key| self.infra_minutes.reach(key));
        merged.infra_hours.keys().for_each(|key| self.infra_hours.reach(key));
        merged.infra_days.keys().for_each(|key| self.infra_days.reach(key));
    }

    /// The transaction that put it has succeeded.
    pub(super) fn learn(&mut self, put: Put) {
        self.minutes.learn(put.minutes);
        self.hours.learn(put.hours);
        self.infra_minutes.learn(put.infra_minutes);
        self.infra_hours.learn(put.infra_hours);
        self.infra_days.learn(put.infra_days);
    }

    /// Nobody knows what became of the last transaction.
    pub(super) fn forget(&mut self) {
        self.minutes.forget();
        self.hours.forget();
        self.infra_minutes.forget();
        self.infra_hours.forget();
        self.infra_days.forget();
    }
}

/// A row's key with a span of time in it.
pub(super) trait SpanKey: Copy + Eq + Hash {
    /// The span's first instant.
    fn start(&self) -> UnixMillis;
}

impl SpanKey for UsageSpan {
    fn start(&self) -> UnixMillis {
        self.1
    }
}

impl SpanKey for InfraSpanKey {
    fn start(&self) -> UnixMillis {
        self.start
    }
}

/// A value that takes memory.
pub(super) trait Weigh {
    /// Bytes beside the value itself, about.
    fn bytes(&self) -> usize;
}

impl Weigh for Box<[u8]> {
    fn bytes(&self) -> usize {
        self.len()
    }
}

impl Weigh for InfraSums {
    fn bytes(&self) -> usize {
        self.memory_bytes()
    }
}

/// Rows of one table.
pub(super) struct Remembered<K, V> {
    rows: HashMap<K, V>,
    bytes: usize,
    bytes_max: usize,
    /// The newest span that the table may hold.
    newest: Option<UnixMillis>,
    /// Of spans from here on there is nothing but what is remembered.
    all_from: UnixMillis,
}

impl<K: SpanKey, V: Weigh> Remembered<K, V> {
    fn new(bytes_max: usize, newest: Option<UnixMillis>) -> Self {
        Self { rows: HashMap::new(), bytes: 0, bytes_max, newest, all_from: after(newest) }
    }

    /// What the row holds, if it is remembered.
    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.rows.get(key)
    }

    /// Whether the row must be read to know what it holds.
    pub(super) fn is_unknown(&self, key: &K) -> bool {
        key.start() < self.all_from && !self.rows.contains_key(key)
    }

    fn reach(&mut self, key: &K) {
        self.newest = self.newest.max(Some(key.start()));
    }

    fn learn(&mut self, put: Vec<(K, V)>) {
        let entry = size_of::<(K, V)>();
        for (key, value) in put {
            self.bytes += entry + value.bytes();
            if let Some(former) = self.rows.insert(key, value) {
                self.bytes -= entry + former.bytes();
            }
        }
        if self.bytes > self.bytes_max {
            self.forget();
        }
    }

    fn forget(&mut self) {
        self.rows = HashMap::new();
        self.bytes = 0;
        self.all_from = after(self.newest);
    }
}

fn after(newest: Option<UnixMillis>) -> UnixMillis {
    newest.map_or(UnixMillis(i64::MIN), |newest| newest.plus_ms(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(minute: i64) -> UsageSpan {
        let usage = suiftly_schema::usage::UsageKey { customer_id: None, service: None, network: None };
        (usage, UnixMillis(minute * 60_000))
    }

    fn put(memory: &mut Remembered<UsageSpan, Box<[u8]>>, minute: i64, bytes: usize) {
        memory.reach(&key(minute));
        memory.learn(vec![(key(minute), vec![0; bytes].into())]);
    }

    #[test]
    fn what_is_newer_than_all_is_known_not_to_be_there() {
        let mut memory = Remembered::new(10_000, Some(key(3).1));
        let unknown = |memory: &Remembered<_, _>| (1..=6).map(|at| memory.is_unknown(&key(at))).collect::<Vec<_>>();
        assert_eq!(unknown(&memory), [true, true, true, false, false, false]);
        put(&mut memory, 2, 10);
        put(&mut memory, 4, 10);
        assert_eq!(unknown(&memory), [true, false, true, false, false, false]);
        assert_eq!(memory.get(&key(4)).map(|value| value.len()), Some(10));
        memory.reach(&key(5));
        memory.forget();
        assert_eq!(unknown(&memory), [true, true, true, true, true, false]);
        assert!(!Remembered::<UsageSpan, Box<[u8]>>::new(1, None).is_unknown(&key(0)));
    }

    #[test]
    fn the_bound_holds_and_a_row_counts_once() {
        let mut memory = Remembered::new(1_000, None);
        (0..100).for_each(|_| put(&mut memory, 1, 100));
        assert!(!memory.is_unknown(&key(1)) && memory.bytes < 300);
        for minute in 0..100 {
            put(&mut memory, minute, 100);
            assert!(memory.bytes <= 1_000);
        }
        assert!(memory.is_unknown(&key(1)));
    }
}
