//! Lines that were lost on their way, sent again out of HAProxy's own memory.
//!
//! ```text
//! API ─wanted: missing numbers─▶ edge ─show events suiftly-keep─▶ HAProxy, its newest lines
//!   ▲                             ├▶ kept on the disk until the API does not want them any more
//!   └────── loss meter ◀─ home ◀──┘  octet-counted, as the ring would have sent them
//! ```
//!
//! Nothing here decides what is billed: a line that comes twice is counted once, and one that comes after its number had been
//! given up is counted as repaired. So a line may be sent too often; it must only not be changed.

mod home;
mod kept;

pub(crate) use home::Homes;
pub use home::{Home, HomeError, TlsFiles, goes_in_plain_text, is_home};
pub(crate) use kept::{Batch, Kept};

use suiftly_schema::fleet::{SeqRange, Wanted};

/// What is asked for of one worker.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ask {
    /// What is to be sent.
    wanted: Vec<SeqRange>,
    /// What may be asked for next: of this it is not known what is missing.
    perhaps: Option<SeqRange>,
}

impl Ask {
    /// What an answer asks for of this worker; nothing, if it is not among those wanted. `None`: nothing can be said of it.
    pub(crate) fn of(answer: &[Wanted], server_id: i16, boot_ms: i64) -> Option<Self> {
        let Some(found) = answer.iter().find(|of| (of.server_id, of.boot_ms) == (server_id, boot_ms)) else {
            return Some(Self::default());
        };
        let wanted: Vec<_> = found.ranges.iter().copied().filter(|range| range.first <= range.last).collect();
        let lowest = wanted.iter().map(|range| range.first).min();
        let perhaps = match (found.is_all, lowest) {
            (true, _) => None,
            (false, lowest) => lowest?.checked_sub(1).map(|last| SeqRange { first: 0, last }),
        };
        Some(Self { wanted, perhaps })
    }

    /// Whether this line is to be sent.
    fn wants(&self, seq: u32) -> bool {
        self.wanted.iter().any(|range| range.holds(seq))
    }

    /// Whether this line is worth keeping.
    pub(crate) fn may_want(&self, seq: u32) -> bool {
        self.perhaps.is_some_and(|range| range.holds(seq)) || self.wants(seq)
    }

    /// All that is worth keeping.
    fn ranges(&self) -> Vec<SeqRange> {
        self.wanted.iter().copied().chain(self.perhaps).collect()
    }
}

/// What is in `ranges`, and in none of `gone`.
fn without(ranges: &[SeqRange], gone: &[SeqRange]) -> Vec<SeqRange> {
    let mut left = ranges.to_vec();
    for gone in gone {
        left = left.into_iter().flat_map(|range| without_one(range, *gone)).collect();
    }
    left
}

fn without_one(range: SeqRange, gone: SeqRange) -> impl Iterator<Item = SeqRange> {
    let SeqRange { first, last } = range;
    let below = (first < gone.first).then(|| SeqRange { first, last: last.min(gone.first - 1) });
    let above = (last > gone.last).then(|| SeqRange { first: first.max(gone.last + 1), last });
    below.into_iter().chain(above)
}

#[cfg(test)]
mod tests;
