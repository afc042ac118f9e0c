//! Which gateways of two homes are heard by one alone.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use suiftly_schema::loss::HomeLines;
use suiftly_schema::time::UnixMillis;

/// A home that has brought nothing for longer is not missed any more: the gateway was given another.
const MISSED_MS: i64 = 24 * 3_600_000;
/// What brought less than this part of what another did is no home: an edge sends lost lines again by a way of its own.
const SHARE: u64 = 10;

/// For how long, in milliseconds up to its last line, each gateway of several homes was heard by one alone. A reload of
/// HAProxy changes nothing: homes are those of all its workers.
pub(super) fn on_one_ms<'a>(homes: impl Iterator<Item = &'a HomeLines>) -> BTreeMap<i16, u64> {
    let mut servers: BTreeMap<i16, BTreeMap<&str, (u64, UnixMillis)>> = BTreeMap::new();
    for of in homes {
        let server = servers.entry(of.worker.server_id).or_default();
        let (received, heard_at) = server.entry(&of.home).or_insert((0, UnixMillis::MIN));
        *received = received.saturating_add(of.received);
        *heard_at = of.heard_at.max(*heard_at);
    }
    servers.into_iter().filter_map(|(server_id, homes)| Some((server_id, alone_ms(&homes)?))).collect()
}

fn alone_ms(homes: &BTreeMap<&str, (u64, UnixMillis)>) -> Option<u64> {
    let most = homes.values().map(|(received, _)| *received).max()?;
    let wanted = homes.values().filter(|(received, _)| *received >= most / SHARE);
    let mut heard_at: Vec<UnixMillis> = wanted.map(|(_, heard_at)| *heard_at).collect();
    heard_at.sort_unstable_by_key(|at| Reverse(*at));
    let [last, before, ..] = heard_at[..] else { return None };
    let alone_ms = last.0.saturating_sub(before.0);
    (alone_ms <= MISSED_MS).then(|| alone_ms.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use suiftly_schema::loss::WorkerId;

    fn brought((server_id, boot): (i16, i64), home: &str, received: u64, heard_ms: i64) -> HomeLines {
        HomeLines {
            worker: WorkerId { server_id, boot: UnixMillis(boot) },
            home: home.to_owned(),
            received,
            missing: 0,
            first_seq: 1,
            highest_seq: received,
            heard_at: UnixMillis(heard_ms),
            seen: Vec::new(),
        }
    }

    fn alone(homes: &[HomeLines]) -> Option<u64> {
        on_one_ms(homes.iter()).remove(&17)
    }

    #[test]
    fn it_is_counted_up_to_the_gateways_last_line() {
        let worker = (17, 1);
        let both = [brought(worker, "a", 900, 70_000), brought(worker, "b", 500, 8_000)];
        assert_eq!(alone(&both), Some(62_000));
        assert_eq!(alone(&both[..1]), None, "of one home nothing is missed");
        assert_eq!(alone(&[both.as_slice(), &[brought((18, 1), "b", 900, 70_000)]].concat()), Some(62_000));
        assert_eq!(alone(&[both.as_slice(), &[brought(worker, "c", 500, 70_000)]].concat()), Some(0), "two of three");
    }

    #[test]
    fn a_reload_forgets_no_home_and_a_day_does() {
        let old = [brought((17, 1), "a", 900, 10_000), brought((17, 1), "b", 900, 10_000)];
        let with = |heard_ms| alone(&[old.as_slice(), &[brought((17, 2), "a", 90, heard_ms)]].concat());
        assert_eq!(with(80_000), Some(70_000));
        assert_eq!(with(MISSED_MS + 10_000), Some(MISSED_MS.unsigned_abs()));
        assert_eq!(with(MISSED_MS + 10_001), None);
    }

    #[test]
    fn who_sends_a_few_lines_again_is_no_home() {
        let worker = (17, 1);
        assert_eq!(alone(&[brought(worker, "ring", 9_000, 90_000), brought(worker, "edge", 899, 1_000)]), None);
        assert_eq!(alone(&[brought(worker, "ring", 9_000, 90_000), brought(worker, "edge", 900, 1_000)]), Some(89_000));
    }
}
