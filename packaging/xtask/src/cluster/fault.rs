//! What is done to a cluster, to whom, and for how long. Pure: the same seed gives the same faults.

use super::net::Way;
use crate::plan::Random;
use std::time::Duration;

/// Something that goes wrong with a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    Killed,
    Unplugged,
    Blocked(Way),
    Paused,
}

impl Fault {
    pub(crate) const ALL: [Self; 5] =
        [Self::Killed, Self::Unplugged, Self::Blocked(Way::Out), Self::Blocked(Way::In), Self::Paused];

    /// What happens, for people.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Killed => "is killed (SIGKILL)",
            Self::Unplugged => "is unplugged",
            Self::Blocked(Way::Out) => "is not heard: what it sends is lost",
            Self::Blocked(Way::In) => "hears nobody: what is sent to it is lost",
            Self::Paused => "stands still (SIGSTOP)",
        }
    }
}

/// A fault, of whom, and how long it lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Strike {
    pub(crate) victim: &'static str,
    pub(crate) fault: Fault,
    /// How long all is well before it.
    pub(crate) calm: Duration,
    pub(crate) lasts: Duration,
}

const CALM_MS_MIN: u64 = 500;
const CALM_MS_MAX: u64 = 4_000;
const LASTS_MS_MIN: u64 = 2_000;
const LASTS_MS_MAX: u64 = 30_000;

/// So many: rounds in which each victim meets each fault once, in an order of the seed.
pub(crate) fn plan(seed: u64, times: u32, victims: &[&'static str]) -> Vec<Strike> {
    let mut random = Random::seeded(seed);
    let mut strikes = Vec::new();
    let mut left: Vec<(&'static str, Fault)> = Vec::new();
    while !victims.is_empty() && strikes.len() < times as usize {
        if left.is_empty() {
            left.extend(victims.iter().flat_map(|victim| Fault::ALL.map(|fault| (*victim, fault))));
        }
        let chosen = usize::try_from(random.below(left.len() as u64)).unwrap_or(0);
        let (victim, fault) = left.swap_remove(chosen);
        let calm = between(&mut random, CALM_MS_MIN, CALM_MS_MAX);
        let lasts = between(&mut random, LASTS_MS_MIN, LASTS_MS_MAX);
        // Over as soon as it has happened.
        let lasts = if fault == Fault::Killed { Duration::ZERO } else { lasts };
        strikes.push(Strike { victim, fault, calm, lasts });
    }
    strikes
}

fn between(random: &mut Random, least_ms: u64, most_ms: u64) -> Duration {
    Duration::from_millis(least_ms + random.below(most_ms - least_ms))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const VICTIMS: [&str; 5] = ["dataflow-0", "dataflow-1", "dataflow-2", "ingest-a", "ingest-b"];

    #[test]
    fn fifty_strikes_are_each_fault_of_each_victim_twice_in_an_order_of_the_seed() {
        let strikes = plan(7, 50, &VICTIMS);
        assert_eq!(strikes, plan(7, 50, &VICTIMS));
        assert_ne!(strikes, plan(8, 50, &VICTIMS));
        for victim in VICTIMS {
            for fault in Fault::ALL {
                let met = strikes.iter().filter(|strike| (strike.victim, strike.fault) == (victim, fault)).count();
                assert_eq!(met, 2, "{victim} {fault:?}");
            }
        }
        for Strike { fault, lasts, calm, .. } in strikes {
            assert_eq!(fault == Fault::Killed, lasts.is_zero());
            assert!(lasts < Duration::from_secs(30) && (lasts.is_zero() || lasts >= Duration::from_secs(2)));
            assert!(calm >= Duration::from_millis(500));
        }
    }

    #[test]
    fn few_strikes_differ_and_nobody_is_struck_where_there_is_nobody() {
        let strikes = plan(1, 10, &VICTIMS);
        let pairs: BTreeSet<_> = strikes.iter().map(|strike| (strike.victim, strike.fault)).collect();
        assert_eq!((strikes.len(), pairs.len()), (10, 10));
        assert_eq!(plan(1, 10, &[]), []);
    }
}
