//! What was looked up lately: taken for some seconds without asking again, and for longer while nobody can be asked.
//! Bounded in number.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::hash::Hash;
use suiftly_schema::time::UnixMillis;

/// How long an answer is taken without asking again.
pub(crate) const FRESH_MS: i64 = 5_000;
/// Answers that are kept at most. If more are needed, those that are not fresh go, then all.
const ENTRIES_MAX: usize = 10_000;

/// What a look-up tells, by key.
#[derive(Debug)]
pub(crate) struct Recent<K, V> {
    state: Mutex<State<K, V>>,
}

#[derive(Debug)]
struct State<K, V> {
    entries: HashMap<K, (UnixMillis, V)>,
    /// Counts what was forgotten: an answer that was asked for before is not put after it.
    forgotten: u64,
}

/// Names the moment before a look-up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked(u64);

impl<K: Eq + Hash, V: Clone> Recent<K, V> {
    pub(crate) fn new() -> Self {
        Self { state: Mutex::new(State { entries: HashMap::new(), forgotten: 0 }) }
    }

    /// The answer, if it is fresh; else the moment to put the next one with.
    pub(crate) fn fresh(&self, key: &K, now: UnixMillis) -> Result<V, Asked> {
        let state = self.state.lock();
        let fresh = state.entries.get(key).filter(|(at, _)| is_within(*at, now, FRESH_MS));
        fresh.map(|(_, value)| value.clone()).ok_or(Asked(state.forgotten))
    }

    /// The answer, if it is at most so old: for when nobody can be asked.
    pub(crate) fn stale(&self, key: &K, now: UnixMillis, most_ms: i64) -> Option<V> {
        let state = self.state.lock();
        state.entries.get(key).filter(|(at, _)| is_within(*at, now, most_ms)).map(|(_, value)| value.clone())
    }

    /// Keeps an answer, unless something was forgotten since it was asked for.
    pub(crate) fn put(&self, asked: Asked, key: K, value: V, now: UnixMillis) {
        let mut state = self.state.lock();
        if state.forgotten != asked.0 {
            return;
        }
        if state.entries.len() >= ENTRIES_MAX && !state.entries.contains_key(&key) {
            state.entries.retain(|_, (at, _)| is_within(*at, now, FRESH_MS));
            // Half of them, or the next ones would sweep again and again.
            if state.entries.len() > ENTRIES_MAX / 2 {
                state.entries.clear();
            }
        }
        state.entries.insert(key, (now, value));
    }

    /// Takes an answer out that is no more: those that are on their way say so too.
    pub(crate) fn drop_entry(&self, key: &K) {
        self.state.lock().entries.remove(key);
    }

    /// Forgets an answer, and those that are on their way.
    pub(crate) fn forget(&self, key: &K) {
        let mut state = self.state.lock();
        state.entries.remove(key);
        state.forgotten += 1;
    }

    /// Forgets all of them.
    pub(crate) fn forget_all(&self) {
        let mut state = self.state.lock();
        state.entries.clear();
        state.forgotten += 1;
    }
}

/// A clock that was set back makes nothing fresh.
fn is_within(at: UnixMillis, now: UnixMillis, most_ms: i64) -> bool {
    (0..most_ms).contains(&(now.0 - at.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_fresh_then_stale_then_gone() {
        let recent = Recent::new();
        let asked = recent.fresh(&1, UnixMillis(0)).unwrap_err();
        recent.put(asked, 1, 'a', UnixMillis(0));
        assert_eq!(recent.fresh(&1, UnixMillis(FRESH_MS - 1)).ok(), Some('a'));
        assert!(recent.fresh(&1, UnixMillis(FRESH_MS)).is_err());
        assert!(recent.fresh(&1, UnixMillis(-1)).is_err(), "the clock was set back");
        assert_eq!(recent.stale(&1, UnixMillis(FRESH_MS), 60_000), Some('a'));
        assert_eq!(recent.stale(&1, UnixMillis(60_000), 60_000), None);
        recent.forget(&1);
        assert_eq!(recent.stale(&1, UnixMillis(1), 60_000), None);
    }

    #[test]
    fn an_answer_from_before_a_revocation_is_not_kept() {
        let recent = Recent::new();
        let asked = recent.fresh(&1, UnixMillis(0)).unwrap_err();
        recent.forget(&1);
        recent.put(asked, 1, 'a', UnixMillis(0));
        let asked = recent.fresh(&1, UnixMillis(0)).unwrap_err();
        recent.forget_all();
        recent.put(asked, 1, 'a', UnixMillis(0));
        assert!(recent.fresh(&1, UnixMillis(0)).is_err());
    }

    #[test]
    fn entries_are_bounded() {
        let recent = Recent::new();
        for key in 0..3 * ENTRIES_MAX {
            let asked = recent.fresh(&key, UnixMillis(0)).unwrap_err();
            recent.put(asked, key, (), UnixMillis(0));
            assert!(recent.state.lock().entries.len() <= ENTRIES_MAX);
        }
        assert!(recent.fresh(&(3 * ENTRIES_MAX - 1), UnixMillis(1)).is_ok());
    }
}
