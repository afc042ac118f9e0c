//! What the matrix is run over: the embedded escrow, or a chain whose nodes may fail beneath it. And where in a run
//! somebody dies.

use crate::desk::Desk;
use std::future::poll_fn;
use suiftly_schema::time::UnixMillis;
use suiftly_settlement::escrow::{EmbeddedEscrow, Escrow, Fault};

/// A desk, and what lies beneath its escrow.
pub(crate) trait World {
    type Backend: Escrow;

    fn desk(&self) -> &Desk<Self::Backend>;

    /// The time, for everybody who has a clock.
    fn set(&self, now: UnixMillis) {
        self.desk().set(now);
    }

    /// From now on things go wrong beneath the escrow, where they can: others each round.
    fn disturb(&self, _round: u32) {}

    /// Nothing goes wrong beneath it any more. What is late stays late.
    fn calm(&self) {}

    /// Nobody hears what the next charge has come to.
    fn lose_the_next(&self, round: u32) {
        lose_in_the_call(self.desk(), round);
    }
}

impl World for Desk {
    type Backend = EmbeddedEscrow;

    fn desk(&self) -> &Self {
        self
    }
}

/// The next charge is done or not, by turns, and the escrow does not say.
pub(crate) fn lose_in_the_call<E: Escrow>(desk: &Desk<E>, round: u32) {
    desk.escrow.push(Some(if round.is_multiple_of(2) { Fault::Fail } else { Fault::Lose }));
}

/// Where in a run somebody dies, one after the other.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Points {
    /// Wherever it waits for anything.
    Each,
    /// At about so many points, all over it. They are a prime number of polls apart, so that they do not keep step with
    /// what is done alike for every customer.
    Spread(u32),
}

impl Points {
    /// Polls from one point to the next, in a run of so many.
    pub(crate) fn stride(self, polls: u32) -> u32 {
        match self {
            Self::Each => 1,
            Self::Spread(points) => (polls.div_ceil(points).max(1)..).find(|it| is_prime(*it)).unwrap(),
        }
    }

    /// Deaths that there are at least: no run waits just as often as another, and a stride is longer than it has to be.
    pub(crate) const fn deaths_min(self) -> u32 {
        match self {
            Self::Each => 10,
            Self::Spread(points) => points / 3,
        }
    }
}

/// One, too, is as good.
fn is_prime(number: u32) -> bool {
    (2..number).all(|divisor| !number.is_multiple_of(divisor))
}

/// How often a future is polled until its end, and what it comes to.
pub(crate) async fn polls_of<F: Future>(future: F) -> (u32, F::Output) {
    let (mut future, mut polls) = (Box::pin(future), 0);
    let output = poll_fn(|context| {
        polls += 1;
        future.as_mut().poll(context)
    })
    .await;
    (polls, output)
}
