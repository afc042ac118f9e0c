//! What is shown of money while traffic runs, in plain lines: a customer goes over their limit and is refused; another's
//! escrow runs out, they are refused, deposit, and are served again. The gateway's own answers decide what is said.

use crate::books::{Books, MICRO_USD_A_CENT, number, used_this_month};
use crate::chain::Till;
use crate::stack::Person;
use crate::traffic::Traffic;
use anyhow::ensure;
use std::time::{Duration, Instant};
use suiftly_schema::money::MicroUsd;

/// What is left to them of their funds, above what is accrued.
const LEFT_CENTS: i64 = 30;
const DEPOSIT_CENTS: i64 = 5_000;
/// How long a refusal is left for people to see.
const REFUSED_FOR: Duration = Duration::from_secs(3);
const LIMITED_FOR: Duration = Duration::from_secs(15);
/// What helps over a limit: so much more, up to a whole so much.
const ROOM_CENTS: i64 = 300_000;
const WHOLE_CENTS: i64 = 100_000;

/// Somebody who is to be refused.
pub(crate) struct Show {
    person: Person,
    till: Till,
    why: Why,
    stage: Stage,
}

/// Why they will be refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// In cents; whether the limit stays when they are over it.
    Limit {
        cents: i64,
        stays: bool,
    },
    Escrow,
}

#[derive(Debug, Clone, Copy)]
enum Stage {
    Served,
    Refused(Instant),
    /// They have done what helps, then.
    Helped(Instant),
    Over,
}

impl Show {
    /// They have a limit that they will pass.
    pub(crate) const fn of_limit(person: Person, till: Till, cents: i64, stays: bool) -> Self {
        Self { person, till, why: Why::Limit { cents, stays }, stage: Stage::Served }
    }

    /// They take back all but a little.
    pub(crate) fn of_escrow(person: Person, till: Till, books: &Books) -> anyhow::Result<Self> {
        let balance = books.balance(person.id)?;
        let free = number(&balance, "balance_micro_usd")? - number(&balance, "accrued_micro_usd")?;
        let withdrawn = free / MICRO_USD_A_CENT - LEFT_CENTS;
        if withdrawn > 0 {
            till.withdraw(&person.wallet, withdrawn)?;
        }
        println!("money: {person} withdraws its funds, but for {LEFT_CENTS} cents");
        Ok(Self { person, till, why: Why::Escrow, stage: Stage::Served })
    }

    /// Whether there is nothing more to see.
    pub(crate) const fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Over)
    }

    /// Says what has happened since.
    pub(crate) fn look(&mut self, traffic: &Traffic, books: &Books) -> anyhow::Result<()> {
        let Some(standing) = traffic.standing(self.person.id) else { return Ok(()) };
        match self.stage {
            Stage::Served if !standing.is_served => self.refused(books)?,
            Stage::Refused(since) if since.elapsed() > self.refused_for() => self.help(),
            Stage::Helped(at) if standing.is_served && standing.since > at => {
                let took = standing.since.duration_since(at);
                println!("money: {} is served again, {} ms after", self.person, took.as_millis());
                self.stage = Stage::Over;
            }
            _ => {}
        }
        Ok(())
    }

    const fn refused_for(&self) -> Duration {
        if matches!(self.why, Why::Escrow) { REFUSED_FOR } else { LIMITED_FOR }
    }

    /// Whoever is refused must be so for the reason that was meant.
    fn refused(&mut self, books: &Books) -> anyhow::Result<()> {
        let balance = books.balance(self.person.id)?;
        let (state, meant) = (balance["state"].as_str().unwrap_or_default(), self.why.state());
        ensure!(state == meant, "{} is refused, but {state}, not {meant}: {balance}", self.person);
        let past = match self.why {
            Why::Limit { cents, .. } => used_this_month(&balance)? - cents * MICRO_USD_A_CENT,
            Why::Escrow => number(&balance, "accrued_micro_usd")? - number(&balance, "balance_micro_usd")?,
        };
        let what = if self.why == Why::Escrow { "has nothing left in escrow" } else { "is over its limit" };
        let (person, past) = (&self.person, MicroUsd(past));
        println!("money: {person} {what}: HAProxy answers 403 ({meant}); {past} was used beyond it");
        let stays = matches!(self.why, Why::Limit { stays: true, .. });
        self.stage = if stays { Stage::Over } else { Stage::Refused(Instant::now()) };
        Ok(())
    }

    /// They deposit, or raise the limit. An API that is away is asked again at the next look.
    fn help(&mut self) {
        let wallet = &self.person.wallet;
        let at = Instant::now();
        let (done, what) = match self.why {
            Why::Escrow => (self.till.deposit(wallet, DEPOSIT_CENTS), format!("deposits ${}", DEPOSIT_CENTS / 100)),
            Why::Limit { cents, .. } => {
                let raised = roomy(cents);
                (self.till.set_limit(wallet, raised), format!("raises its limit to ${}", raised / 100))
            }
        };
        if done.is_ok() {
            println!("money: {} {what}", self.person);
            self.stage = Stage::Helped(at);
        }
    }
}

/// A limit that is not met again soon.
const fn roomy(cents: i64) -> i64 {
    (cents + ROOM_CENTS).div_euclid(WHOLE_CENTS) * WHOLE_CENTS + WHOLE_CENTS
}

impl Why {
    const fn state(self) -> &'static str {
        match self {
            Self::Limit { .. } => "monthly_limit",
            Self::Escrow => "insufficient_balance",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::roomy;

    #[test]
    fn a_raised_limit_has_room() {
        for (cents, raised) in [(6_101, 400_000), (99_999, 400_000), (100_000, 500_000), (146_350, 500_000)] {
            assert_eq!(roomy(cents), raised);
        }
    }
}
