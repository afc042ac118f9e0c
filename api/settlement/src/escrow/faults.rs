//! Which faults an escrow has, and when: by chance out of a seed, or one after the other as a test says.

use std::collections::VecDeque;
use std::time::Duration;

/// Something that goes wrong with one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is refused, and nothing moves.
    Refuse,
    /// It fails before anything moves, and nobody knows.
    Fail,
    /// It is done, and the answer is lost.
    Lose,
    /// There is no answer, and it is done after so many more calls.
    Late {
        /// Calls of any kind.
        calls: u32,
    },
    /// It is not done, and never answered: for whoever dies meanwhile.
    Stall,
    /// It is done, and never answered: for whoever dies meanwhile.
    DoAndStall,
}

/// Late calls by chance are done after 1 to so many others.
const LATE_CALLS_MAX: u64 = 6;
/// The longest delay that can be configured.
const DELAY_MAX_MS: u64 = 60_000;

/// What is wrong with the text of a plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// Not `name=value`.
    #[error("cannot read the escrow's faults: {part:?} is not name=value")]
    Form {
        /// What it is.
        part: String,
    },
    /// A name that is none, or comes twice.
    #[error(
        "cannot read the escrow's faults: {name:?} is unknown or comes twice; there are refuse, fail, lose, late, delay_ms and seed"
    )]
    Name {
        /// The name.
        name: String,
    },
    /// A value that is none.
    #[error("cannot read the escrow's faults: {value:?} is no value of {name}, which is {expected}")]
    Value {
        /// Of what.
        name: &'static str,
        /// What it is.
        value: String,
        /// What it should be.
        expected: &'static str,
    },
    /// More than certain.
    #[error("cannot read the escrow's faults: refuse, fail, lose and late are more than 1 together")]
    Sum,
}

/// When faults happen.
#[derive(Clone, Debug, Default)]
pub struct FaultPlan {
    refuse: f64,
    fail: f64,
    lose: f64,
    late: f64,
    delay: Duration,
    random: u64,
    queue: VecDeque<Option<Fault>>,
}

impl FaultPlan {
    /// Reads `refuse=0.1,lose=0.1,delay_ms=50`: chances of a call, an order each; a delay of every call; the seed that
    /// chance comes from. What is not named is 0; an empty text is no fault at all.
    pub fn parse(text: &str) -> Result<Self, FaultError> {
        let mut plan = Self::default();
        let mut seen = Vec::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let split = part.split_once('=').map(|(name, value)| (name.trim(), value.trim()));
            let (name, value) = split.ok_or_else(|| FaultError::Form { part: part.to_owned() })?;
            if seen.contains(&name) {
                return Err(FaultError::Name { name: name.to_owned() });
            }
            seen.push(name);
            plan.set(name, value)?;
        }
        if plan.refuse + plan.fail + plan.lose + plan.late > 1.0 { Err(FaultError::Sum) } else { Ok(plan) }
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), FaultError> {
        match name {
            "refuse" => self.refuse = chance("refuse", value)?,
            "fail" => self.fail = chance("fail", value)?,
            "lose" => self.lose = chance("lose", value)?,
            "late" => self.late = chance("late", value)?,
            "delay_ms" => {
                let ms = number("delay_ms", value, "a number of milliseconds up to 60000")?;
                let expected = "a number of milliseconds up to 60000";
                let wrong = || FaultError::Value { name: "delay_ms", value: value.to_owned(), expected };
                self.delay = Duration::from_millis(Some(ms).filter(|ms| *ms <= DELAY_MAX_MS).ok_or_else(wrong)?);
            }
            "seed" => self.random = number("seed", value, "a whole number")?,
            _ => return Err(FaultError::Name { name: name.to_owned() }),
        }
        Ok(())
    }

    /// These, one after the other, for calls that move funds; none after the last.
    pub fn queue(faults: impl IntoIterator<Item = Option<Fault>>) -> Self {
        Self { queue: faults.into_iter().collect(), ..Self::default() }
    }

    /// Puts another at the end.
    pub fn push(&mut self, fault: Option<Fault>) {
        self.queue.push_back(fault);
    }

    /// How long every call takes longer.
    pub(super) const fn delay(&self) -> Duration {
        self.delay
    }

    /// The fault of the next call that moves funds.
    pub(super) fn next(&mut self) -> Option<Fault> {
        if let Some(fault) = self.queue.pop_front() {
            return fault;
        }
        let chance = self.chance();
        let mut edge = 0.0;
        let mut is_it = |share: f64| {
            edge += share;
            share > 0.0 && chance < edge
        };
        match () {
            () if is_it(self.refuse) => Some(Fault::Refuse),
            () if is_it(self.fail) => Some(Fault::Fail),
            () if is_it(self.lose) => Some(Fault::Lose),
            () if is_it(self.late) => {
                Some(Fault::Late { calls: u32::try_from(1 + self.draw() % LATE_CALLS_MAX).unwrap_or(1) })
            }
            () => None,
        }
    }

    /// Whether the next call that only reads is not answered.
    pub(super) fn is_read_lost(&mut self) -> bool {
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

fn chance(name: &'static str, value: &str) -> Result<f64, FaultError> {
    let chance = value.parse().ok().filter(|chance| (0.0..=1.0).contains(chance));
    chance.ok_or_else(|| FaultError::Value { name, value: value.to_owned(), expected: "a chance from 0 to 1" })
}

fn number(name: &'static str, value: &str, expected: &'static str) -> Result<u64, FaultError> {
    value.parse().map_err(|_| FaultError::Value { name, value: value.to_owned(), expected })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_are_read_or_refused_with_what_is_wrong() {
        let plan = FaultPlan::parse(" refuse=0.25, lose = 0.5,delay_ms=50,seed=9 ").unwrap();
        assert_eq!((plan.refuse, plan.fail, plan.lose, plan.late), (0.25, 0.0, 0.5, 0.0));
        assert_eq!((plan.delay(), plan.random), (Duration::from_millis(50), 9));
        let cases = [
            ("refuse", "is not name=value"),
            ("refuse=a", "is no value of refuse, which is a chance"),
            ("refuse=1.5", "is no value of refuse"),
            ("lose=NaN", "is no value of lose"),
            ("late=-0.1", "is no value of late"),
            ("delay_ms=-1", "is no value of delay_ms"),
            ("delay_ms=60001", "is no value of delay_ms"),
            ("seed=x", "is no value of seed"),
            ("explode=1", "\"explode\" is unknown"),
            ("lose=0.1,lose=0.1", "comes twice"),
            ("lose=0.6,fail=0.6", "more than 1 together"),
        ];
        for (text, expected) in cases {
            let told = FaultPlan::parse(text).unwrap_err().to_string();
            assert!(told.contains(expected), "{text}: {told}");
        }
    }

    #[test]
    fn chance_is_the_seeds_and_near_its_share() {
        let draw = |text: &str| {
            let mut plan = FaultPlan::parse(text).unwrap();
            (0..10_000).map(|_| plan.next()).collect::<Vec<_>>()
        };
        let text = "refuse=0.1,fail=0.1,lose=0.2,late=0.1,seed=3";
        let faults = draw(text);
        assert_eq!(faults, draw(text));
        assert_ne!(faults, draw("refuse=0.1,fail=0.1,lose=0.2,late=0.1,seed=4"));
        let share = |is_it: fn(&Option<Fault>) -> bool| faults.iter().filter(|fault| is_it(fault)).count();
        for (count, expected) in [
            (share(|fault| *fault == Some(Fault::Refuse)), 1_000),
            (share(|fault| *fault == Some(Fault::Lose)), 2_000),
            (share(|fault| matches!(fault, Some(Fault::Late { calls: 1..=6 }))), 1_000),
            (share(Option::is_none), 5_000),
        ] {
            assert!(count.abs_diff(expected) < 250, "{count} {expected}");
        }
        assert!(draw("").iter().all(Option::is_none) && !FaultPlan::parse("").unwrap().is_read_lost());
    }

    #[test]
    fn a_queue_comes_before_chance_and_ends() {
        let mut plan = FaultPlan::queue([Some(Fault::Lose), None]);
        plan.push(Some(Fault::Refuse));
        let found: Vec<_> = (0..4).map(|_| plan.next()).collect();
        assert_eq!(found, [Some(Fault::Lose), None, Some(Fault::Refuse), None]);
    }
}
