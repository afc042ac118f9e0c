//! What is done to the system, and when. Pure: the same seed gives the same faults at the same moments.

use crate::plan::Random;
use std::time::Duration;

/// Something that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    DatabaseDown,
    DatabasePaused,
    DiskFull,
    SyslogCut,
    SuiftlyKilled,
    EdgeKilled,
    GatewayReloaded,
    GatewayKilled,
}

impl Fault {
    pub(crate) const ALL: [Self; 8] = [
        Self::DatabaseDown,
        Self::DatabasePaused,
        Self::DiskFull,
        Self::SyslogCut,
        Self::SuiftlyKilled,
        Self::EdgeKilled,
        Self::GatewayReloaded,
        Self::GatewayKilled,
    ];

    /// What happens, for people.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::DatabaseDown => "PostgreSQL crashes (immediate stop)",
            Self::DatabasePaused => "PostgreSQL stands still (SIGSTOP)",
            Self::DiskFull => "the journal's disk is full",
            Self::SyslogCut => "the line between HAProxy and suiftly is cut",
            Self::SuiftlyKilled => "suiftly is killed (kill -9)",
            Self::EdgeKilled => "the edge is killed (kill -9)",
            Self::GatewayReloaded => "HAProxy is reloaded",
            Self::GatewayKilled => "HAProxy is killed (kill -9) and started",
        }
    }

    /// Whether it is over as soon as it has happened.
    pub(crate) const fn is_instant(self) -> bool {
        matches!(self, Self::GatewayReloaded | Self::GatewayKilled)
    }

    /// Whether those who ask the gateway may notice: only what is done to the gateway itself.
    pub(crate) const fn may_be_noticed(self) -> bool {
        self.is_instant()
    }
}

/// A fault, when it strikes after the start, and how long it lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Strike {
    pub(crate) fault: Fault,
    pub(crate) at: Duration,
    pub(crate) lasts: Duration,
}

/// Each fault has about this long for itself, its recovery included.
const SLOT_SECONDS: u64 = 24;
const LASTS_MS_MIN: u64 = 1_500;
const LASTS_MS_MAX: u64 = 9_000;

/// Rounds of all these faults, shuffled, evenly over the time; one round at least, however short the time is.
pub(crate) fn plan(seed: u64, time: Duration, faults: &[Fault]) -> Vec<Strike> {
    let mut random = Random::seeded(seed);
    let round = faults.len() as u64;
    if round == 0 {
        return Vec::new();
    }
    let rounds = (time.as_secs() / (round * SLOT_SECONDS)).max(1);
    let slot = time / u32::try_from(rounds * round).unwrap_or(u32::MAX);
    let mut order = Vec::new();
    for _ in 0..rounds {
        let mut left = faults.to_vec();
        while !left.is_empty() {
            order.push(left.remove(usize::try_from(random.below(left.len() as u64)).unwrap_or(0)));
        }
    }
    let slot_ms = u64::try_from(slot.as_millis()).unwrap_or(u64::MAX);
    let longest_ms = (slot_ms / 3).clamp(LASTS_MS_MIN + 1, LASTS_MS_MAX);
    let strike = |(number, fault): (u32, Fault)| {
        let lasts_ms = LASTS_MS_MIN + random.below(longest_ms - LASTS_MS_MIN);
        let at = slot * number + Duration::from_millis(random.below(slot_ms / 4 + 1));
        let lasts = if fault.is_instant() { Duration::ZERO } else { Duration::from_millis(lasts_ms) };
        Strike { fault, at, lasts }
    };
    (0..).zip(order).map(strike).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_minutes_have_each_fault_three_times_in_an_order_of_the_seed() {
        let time = Duration::from_secs(600);
        let strikes = plan(7, time, &Fault::ALL);
        assert_eq!(strikes, plan(7, time, &Fault::ALL));
        assert_ne!(strikes, plan(8, time, &Fault::ALL));
        for fault in Fault::ALL {
            assert_eq!(strikes.iter().filter(|strike| strike.fault == fault).count(), 3, "{fault:?}");
        }
        assert!(strikes.is_sorted_by_key(|strike| strike.at));
        assert!(strikes.iter().all(|strike| strike.at + strike.lasts < time));
        assert!(strikes.iter().all(|strike| strike.lasts.is_zero() == strike.fault.is_instant()));
    }

    #[test]
    fn a_minute_has_each_once() {
        let mut faults: Vec<_> = plan(1, Duration::from_secs(60), &Fault::ALL).iter().map(|one| one.fault).collect();
        faults.sort_unstable();
        assert_eq!(faults, Fault::ALL);
        assert_eq!(plan(1, Duration::from_secs(60), &[]), []);
        assert_eq!(plan(1, Duration::from_secs(60), &[Fault::DiskFull])[0].fault, Fault::DiskFull);
    }
}
