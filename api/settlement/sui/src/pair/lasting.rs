//! What goes wrong, and since when it has without a break: much of it passes by itself, and what stays is to be looked at.

use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// What one node lacks for so long is told. A checkpoint comes to both within seconds.
pub const LACKS_FOR: Duration = Duration::from_secs(5 * 60);
/// What was not seen for so long has been over meanwhile.
const BREAK: Duration = Duration::from_secs(3 * 60);
/// No more are remembered: beyond that the one that was seen longest ago is forgotten.
const MAX: usize = 1_000;

/// Things that go wrong, by what names them.
#[derive(Debug)]
pub struct Lasting<K>(BTreeMap<K, Seen>);

#[derive(Clone, Copy, Debug)]
struct Seen {
    first: Instant,
    last: Instant,
}

impl<K> Default for Lasting<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Clone + Ord> Lasting<K> {
    /// It goes wrong now; answers for how long it has.
    pub fn again(&mut self, key: K, now: Instant) -> Duration {
        self.prune(now);
        let seen = self.0.entry(key).or_insert(Seen { first: now, last: now });
        seen.last = now;
        let lasts = now.saturating_duration_since(seen.first);
        if self.0.len() > MAX {
            let oldest = self.0.iter().min_by_key(|(_, seen)| seen.last).map(|(key, _)| key.clone());
            oldest.and_then(|key| self.0.remove(&key));
        }
        lasts
    }

    /// It is well; answers whether all is.
    pub fn over(&mut self, key: &K, now: Instant) -> bool {
        self.0.remove(key);
        self.prune(now);
        self.0.is_empty()
    }

    fn prune(&mut self, now: Instant) {
        self.0.retain(|_, seen| now.saturating_duration_since(seen.last) < BREAK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_lasts_until_it_is_well_or_was_not_seen_for_a_while() {
        let (mut lasting, began) = (Lasting::default(), Instant::now());
        let at = |seconds| began + Duration::from_secs(seconds);
        assert_eq!(lasting.again("a", at(0)).as_secs(), 0);
        assert_eq!(lasting.again("b", at(100)).as_secs(), 0, "each by itself");
        assert_eq!(lasting.again("a", at(179)).as_secs(), 179);
        assert_eq!(lasting.again("a", at(300)).as_secs(), 300);
        // Nobody looked at the other for three minutes.
        assert_eq!(lasting.again("b", at(301)).as_secs(), 0);
        assert!(!lasting.over(&"a", at(302)));
        assert_eq!(lasting.again("a", at(310)).as_secs(), 0);
        assert!(!lasting.over(&"a", at(480)), "there is the other");
        assert!(lasting.over(&"a", at(481)), "which nobody has seen for three minutes");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let (mut lasting, began) = (Lasting::default(), Instant::now());
        for n in 0..=MAX {
            lasting.again(n, began + Duration::from_millis(u64::try_from(n).unwrap()));
        }
        assert_eq!(lasting.0.len(), MAX);
        assert!(!lasting.0.contains_key(&0), "seen longest ago");
    }
}
