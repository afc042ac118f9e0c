//! What goes wrong with an endpoint: by chance out of a seed, one after the other as a test says, or all the time.

use std::collections::VecDeque;
use std::time::Duration;

/// Something that goes wrong with one transaction that is handed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is not taken: the node has too much to do.
    Refuse,
    /// It is not done, and there is no answer.
    Fail,
    /// It is done, and the answer is lost.
    Lose,
    /// There is no answer, and it is done after so many more calls of this endpoint.
    Late {
        /// Calls of any kind.
        calls: u32,
    },
}

/// What an endpoint says that is not so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// The last event of a list is not in it.
    HiddenEvent,
    /// There is no such transaction, and what it has told is in no list.
    HiddenTransaction,
    /// An entry is of another amount.
    Amount,
    /// What was done has failed, and what has failed was done.
    Status,
    /// A nonce has done nothing.
    AbsentNonce,
}

/// Late calls by chance are done after 1 to so many others.
const LATE_CALLS_MAX: u64 = 6;
/// The longest delay that can be configured.
const DELAY_MAX_MS: u64 = 60_000;

/// What is wrong with the text of a plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// Neither a name nor `name=value`, or no value of that name.
    #[error(
        "cannot read the endpoint's faults: {0:?} is none of refuse, fail, lose, late (a chance from 0 to 1), \
        delay_ms (up to 60000), lag (checkpoints), seed, reorder, away, lie (hidden_event, hidden_transaction, amount, \
        status, absent_nonce)"
    )]
    Part(String),
    /// More than certain.
    #[error("cannot read the endpoint's faults: refuse, fail, lose and late are more than 1 together")]
    Sum,
}

/// An endpoint's faults.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faults {
    refuse: f64,
    fail: f64,
    lose: f64,
    late: f64,
    random: u64,
    queue: VecDeque<Option<Fault>>,
    /// How much longer every call takes.
    pub delay: Duration,
    /// How many checkpoints it is behind.
    pub lag: u64,
    /// Events within a list are in another order.
    pub reorder: bool,
    /// It does not answer at all.
    pub away: bool,
    /// What it says that is not so.
    pub lie: Option<Lie>,
}

impl Faults {
    /// Reads `lose=0.1,delay_ms=50,lie=amount`: chances of a transaction that is handed in, and what is so all the time.
    /// `fail` and `lose` are the chance that a call which only reads is not answered, too. An empty text is no fault.
    pub fn parse(text: &str) -> Result<Self, FaultError> {
        let mut faults = Self::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            faults.set(name.trim(), value.trim()).ok_or_else(|| FaultError::Part(part.to_owned()))?;
        }
        let sum = faults.refuse + faults.fail + faults.lose + faults.late;
        if sum > 1.0 { Err(FaultError::Sum) } else { Ok(faults) }
    }

    fn set(&mut self, name: &str, value: &str) -> Option<()> {
        let chance = || value.parse::<f64>().ok().filter(|chance| (0.0..=1.0).contains(chance));
        match name {
            "refuse" => self.refuse = chance()?,
            "fail" => self.fail = chance()?,
            "lose" => self.lose = chance()?,
            "late" => self.late = chance()?,
            "delay_ms" => {
                let ms = value.parse::<u64>().ok().filter(|ms| *ms <= DELAY_MAX_MS)?;
                self.delay = Duration::from_millis(ms);
            }
            "lag" => self.lag = value.parse().ok()?,
            "seed" => self.random = value.parse().ok()?,
            "reorder" if value.is_empty() => self.reorder = true,
            "away" if value.is_empty() => self.away = true,
            "lie" => self.lie = Some(Lie::parse(value)?),
            _ => return None,
        }
        Some(())
    }

    /// The faults of the next transactions that are handed in, after those there are and before chance.
    pub fn queue(&mut self, faults: impl IntoIterator<Item = Option<Fault>>) {
        self.queue.extend(faults);
    }

    /// The fault of the next transaction that is handed in.
    pub(crate) fn next(&mut self) -> Option<Fault> {
        if let Some(fault) = self.queue.pop_front() {
            return fault;
        }
        let chance = self.chance();
        let late = Fault::Late { calls: u32::try_from(1 + self.draw() % LATE_CALLS_MAX).unwrap_or(1) };
        let shares =
            [(self.refuse, Fault::Refuse), (self.fail, Fault::Fail), (self.lose, Fault::Lose), (self.late, late)];
        let mut edge = 0.0;
        shares
            .into_iter()
            .find(|(share, _)| {
                edge += share;
                *share > 0.0 && chance < edge
            })
            .map(|(_, fault)| fault)
    }

    /// Whether the next call that only reads is not answered.
    pub(crate) fn is_read_lost(&mut self) -> bool {
        let share = self.fail + self.lose;
        share > 0.0 && self.chance() < share
    }

    /// In [0, 1).
    #[allow(clippy::cast_precision_loss)]
    fn chance(&mut self) -> f64 {
        (self.draw() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// SplitMix64.
    fn draw(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

impl Lie {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "hidden_event" => Self::HiddenEvent,
            "hidden_transaction" => Self::HiddenTransaction,
            "amount" => Self::Amount,
            "status" => Self::Status,
            "absent_nonce" => Self::AbsentNonce,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_read_or_refused_with_what_is_wrong() {
        let faults = Faults::parse(" lose=0.5, lag=3,delay_ms=50,reorder,away,lie=absent_nonce,seed=9 ").unwrap();
        assert_eq!((faults.lose, faults.lag, faults.random), (0.5, 3, 9));
        assert_eq!((faults.reorder, faults.away, faults.lie), (true, true, Some(Lie::AbsentNonce)));
        assert_eq!(faults.delay, Duration::from_millis(50));
        assert_eq!(Faults::parse("").unwrap(), Faults::default());
        for wrong in
            ["refuse", "refuse=1.5", "lose=NaN", "late=-1", "delay_ms=60001", "lag=-1", "away=1", "lie=so", "x=1"]
        {
            assert_eq!(Faults::parse(wrong).unwrap_err(), FaultError::Part(wrong.to_owned()));
        }
        assert_eq!(Faults::parse("lose=0.6,fail=0.6").unwrap_err(), FaultError::Sum);
    }

    #[test]
    fn a_queue_comes_before_chance_which_is_the_seeds_and_near_its_share() {
        let draw = |text: &str| {
            let mut faults = Faults::parse(text).unwrap();
            faults.queue([Some(Fault::Refuse), None]);
            (0..10_002).map(|_| faults.next()).collect::<Vec<_>>()
        };
        let found = draw("fail=0.1,lose=0.2,late=0.1,seed=3");
        assert_eq!(found, draw("fail=0.1,lose=0.2,late=0.1,seed=3"));
        assert_ne!(found, draw("fail=0.1,lose=0.2,late=0.1,seed=4"));
        assert_eq!(found[..2], [Some(Fault::Refuse), None]);
        for (fault, expected) in [(Some(Fault::Lose), 2_000), (Some(Fault::Fail), 1_000), (None, 6_000)] {
            let count = found[2..].iter().filter(|found| **found == fault).count();
            assert!(count.abs_diff(expected) < 250, "{fault:?}: {count}");
        }
        assert!(draw("")[2..].iter().all(Option::is_none));
    }
}
