//! What is to come, in its order, and what breaks when.

use anyhow::{Context, bail, ensure};
use std::collections::BTreeMap;
use std::fmt;

pub(super) const SECOND_US: u64 = 1_000_000;
const FAULT: &str = "a fault is region:NUMBER@SECOND, ingester:NUMBER@SECOND, process@SECOND or database@SECOND, and +SECONDS \
                     if it lasts";
const FAULT_SECONDS_MAX: f64 = 86_400.0;

/// The nearest whole number; none of what is negative or no number.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates, as is wanted")]
pub(super) fn whole(value: f64) -> u64 {
    value.round() as u64
}

/// Microseconds of so many seconds.
pub(super) fn micros(seconds: f64) -> u64 {
    whole(seconds * 1e6)
}

/// What can break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// All that is in a region, and the gateways there.
    Region(usize),
    /// One of all, counted through the regions.
    Ingester(usize),
    /// Any process of the dataflow: they fall together, so it is the same which.
    Process,
    Database,
}

/// A part is away from a time on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) part: Part,
    pub(super) at_us: u64,
    /// `None`: a region is lost for good; a process or an ingester is killed and started by its unit at once. A process
    /// for which there is a time is silent for so long, and lives.
    pub(super) lasts_us: Option<u64>,
}

impl Fault {
    pub(super) const fn new(part: Part, at_us: u64, lasts_us: Option<u64>) -> Self {
        Self { part, at_us, lasts_us }
    }

    /// As it is typed: `ingester:4@30+10`.
    pub(super) fn parse(text: &str) -> anyhow::Result<Self> {
        let (what, when) = text.split_once('@').context(FAULT)?;
        let (name, number) = what.split_once(':').map_or((what, None), |(name, number)| (name, Some(number)));
        let (at, lasts) = when.split_once('+').map_or((when, None), |(at, lasts)| (at, Some(lasts)));
        let number = number.map(str::parse::<usize>).transpose().context(FAULT)?;
        let part = match (name, number) {
            ("region", Some(number)) => Part::Region(number),
            ("ingester", Some(number)) => Part::Ingester(number),
            ("process", None) => Part::Process,
            ("database", None) => Part::Database,
            _ => bail!(FAULT),
        };
        Ok(Self::new(part, seconds(at)?, lasts.map(seconds).transpose()?))
    }
}

fn seconds(text: &str) -> anyhow::Result<u64> {
    let seconds: f64 = text.parse().context(FAULT)?;
    ensure!((0.0..=FAULT_SECONDS_MAX).contains(&seconds), "a fault's seconds must be 0 to {FAULT_SECONDS_MAX}");
    Ok(micros(seconds))
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.part {
            Part::Region(number) => write!(f, "region {number} lost")?,
            Part::Ingester(number) => write!(f, "ingester {number} away")?,
            Part::Process if self.lasts_us.is_some() => write!(f, "a process silent")?,
            Part::Process => write!(f, "a process killed")?,
            Part::Database => write!(f, "the database away")?,
        }
        match self.lasts_us {
            Some(lasts) => write!(f, " for {} s", lasts as f64 / SECOND_US as f64),
            None => Ok(()),
        }
    }
}

/// What happens at a time. Numbers behind an ingester, or alone, are of the run that it belongs to: it is nothing to a
/// later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// Gateways write.
    Tick,
    /// An ingester cuts a block.
    Cut(usize),
    /// A block of an ingester is on its disk.
    Synced(usize, u32),
    /// The order takes in what has come.
    Order,
    /// The views have the eldest epoch.
    Counted(u32),
    /// The writer looks whether there is something to store.
    Commit(u32),
    /// The database has it.
    Committed(u32),
    /// The fault of this number comes.
    Strike(usize),
    /// Its part is back.
    Heal(usize),
    /// Clients of a lost region go to the others.
    Moved(usize),
    /// Another region is to do the work of a lost one.
    Promoted,
    /// The processes' state is there again.
    Started,
}

/// Events by their time; of the same time in the order in which they were noted.
#[derive(Debug, Default)]
pub(super) struct Calendar {
    events: BTreeMap<(u64, u64), Event>,
    noted: u64,
}

impl Calendar {
    pub(super) fn note(&mut self, at_us: u64, event: Event) {
        self.noted += 1;
        self.events.insert((at_us, self.noted), event);
    }

    pub(super) fn take(&mut self) -> Option<(u64, Event)> {
        self.events.pop_first().map(|((at_us, _), event)| (at_us, event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_as_they_are_typed() {
        for (text, fault, told) in [
            ("region:2@30", Fault::new(Part::Region(2), 30_000_000, None), "region 2 lost"),
            (
                "ingester:4@1.5+10",
                Fault::new(Part::Ingester(4), 1_500_000, Some(10_000_000)),
                "ingester 4 away for 10 s",
            ),
            ("process@3", Fault::new(Part::Process, 3_000_000, None), "a process killed"),
            ("process@3+0.5", Fault::new(Part::Process, 3_000_000, Some(500_000)), "a process silent for 0.5 s"),
            ("database@0+7", Fault::new(Part::Database, 0, Some(7_000_000)), "the database away for 7 s"),
        ] {
            assert_eq!(Fault::parse(text).unwrap(), fault, "{text}");
            assert_eq!(fault.to_string(), told);
        }
        for text in ["", "region@3", "database:1@3", "process", "process@x", "process@-1", "ingester:-1@3", "disk@3"] {
            assert!(Fault::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn events_come_by_time_then_as_noted() {
        let mut calendar = Calendar::default();
        calendar.note(20, Event::Tick);
        calendar.note(10, Event::Cut(1));
        calendar.note(20, Event::Order);
        let order: Vec<_> = std::iter::from_fn(|| calendar.take()).collect();
        assert_eq!(order, [(10, Event::Cut(1)), (20, Event::Tick), (20, Event::Order)]);
    }

    #[test]
    fn whole_numbers() {
        assert_eq!([2.4, 2.5, -1.0, f64::NAN].map(whole), [2, 3, 0, 0]);
        assert_eq!(micros(0.0105), 10_500);
    }
}
