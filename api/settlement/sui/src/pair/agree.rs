//! Whether two nodes say the same, as a pure function of what they said.

use crate::node::{At, Balance, Coins, Epoch, Executed, Head, Listed, NodeError, Simulated};
use sui_sdk_types::{ExecutionStatus, Object};
use suiftly_schema::time::UnixMillis;

/// A node that is further behind than this is not asked: in checkpoints …
pub const LAG_CHECKPOINTS: u64 = 300;
/// … or in milliseconds of the chain's clock.
pub const LAG_MS: i64 = 60_000;

/// Why two nodes are not believed. None of it says that something was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// One has no answer, and nothing is believed of the other alone.
    #[error(transparent)]
    Unanswered(NodeError),
    /// One is behind the other, or behind where both were before: what it has not may be there.
    #[error("node {node} is at checkpoint {checkpoint}, and {newest} is known")]
    Lagging {
        /// Which.
        node: String,
        /// Where it stands.
        checkpoint: u64,
        /// What it should have come to.
        newest: u64,
    },
    /// One has what the other has not, or has it newer: the other is a little behind, or it hides something. It is asked
    /// again; where it stays so, somebody should look.
    #[error("node {node} does not have what node {other} has{}", stays(.lasting.as_deref()))]
    Lacking {
        /// Which has not.
        node: String,
        /// Which has.
        other: String,
        /// What it is, where it has stayed so for [`LACKS_FOR`](super::LACKS_FOR).
        lasting: Option<String>,
    },
    /// They contradict each other: one is wrong, and nobody knows which.
    #[error("nodes {one} and {other} contradict each other")]
    Disagree {
        /// One.
        one: String,
        /// The other.
        other: String,
    },
}

impl Doubt {
    /// Whether somebody should look at once.
    pub const fn is_alarming(&self) -> bool {
        match self {
            Self::Unanswered(error) => error.failure.is_alarming(),
            Self::Disagree { .. } => true,
            Self::Lacking { lasting, .. } => lasting.is_some(),
            Self::Lagging { .. } => false,
        }
    }
}

fn stays(what: Option<&str>) -> String {
    what.map_or_else(String::new, |what| format!(", and has not for minutes: {what}"))
}

/// Two answers beside each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Joined<T> {
    /// They say this.
    Same(T),
    /// This one, 0 or 1, has less than the other.
    Lacking(usize),
    /// They contradict each other.
    Contrary,
}

/// An answer that two nodes can agree on.
pub trait Joint: Sized {
    /// What both say.
    fn join(one: Self, other: Self) -> Joined<Self>;

    /// Whether it says that there is nothing, which a node that is behind says, too.
    fn is_absence(&self) -> bool {
        false
    }
}

/// What both nodes say, at the lower of their heads. `seen` is the furthest that both have been at once.
pub fn agree<T: Joint>(
    names: [&str; 2],
    said: [Result<At<T>, NodeError>; 2],
    seen: Option<Head>,
) -> Result<At<T>, Doubt> {
    let [one, other] = said;
    let (one, other) = match (one, other) {
        (Ok(one), Ok(other)) => (one, other),
        // Of two failures, the one that somebody should look at.
        (Err(one), Err(other)) if !one.failure.is_alarming() => return Err(Doubt::Unanswered(other)),
        (Err(error), _) | (_, Err(error)) => return Err(Doubt::Unanswered(error)),
    };
    let newest = furthest([Some(one.head), Some(other.head), seen]);
    for (node, head) in names.into_iter().zip([one.head, other.head]) {
        let is_behind = newest.0.saturating_sub(head.checkpoint) > LAG_CHECKPOINTS;
        if is_behind || newest.1.0.saturating_sub(head.at.0) > LAG_MS {
            return Err(lagging(node, head, newest.0));
        }
    }
    let (lower, name) =
        if other.head.checkpoint < one.head.checkpoint { (other.head, names[1]) } else { (one.head, names[0]) };
    match T::join(one.value, other.value) {
        Joined::Same(value) => {
            let before = seen.map_or(0, |seen| seen.checkpoint);
            if value.is_absence() && lower.checkpoint < before {
                return Err(lagging(name, lower, before));
            }
            Ok(At { head: both(one.head, other.head), value })
        }
        Joined::Lacking(at) => {
            let at = at.min(1);
            let [node, other] = [names[at], names[1 - at]].map(str::to_owned);
            Err(Doubt::Lacking { node, other, lasting: None })
        }
        Joined::Contrary => {
            let [one, other] = names.map(str::to_owned);
            Err(Doubt::Disagree { one, other })
        }
    }
}

fn furthest(heads: [Option<Head>; 3]) -> (u64, UnixMillis) {
    let heads = heads.into_iter().flatten();
    heads.fold((0, UnixMillis::MIN), |newest, head| (newest.0.max(head.checkpoint), newest.1.max(head.at)))
}

/// How far both are.
fn both(one: Head, other: Head) -> Head {
    Head {
        chain: one.chain,
        epoch: one.epoch.min(other.epoch),
        checkpoint: one.checkpoint.min(other.checkpoint),
        at: one.at.min(other.at),
        lowest: one.lowest.max(other.lowest),
    }
}

fn lagging(node: &str, head: Head, newest: u64) -> Doubt {
    Doubt::Lagging { node: node.to_owned(), checkpoint: head.checkpoint, newest }
}

impl Joint for () {
    fn join((): Self, (): Self) -> Joined<Self> {
        Joined::Same(())
    }
}

impl<T: Joint> Joint for Option<T> {
    fn join(one: Self, other: Self) -> Joined<Self> {
        match (one, other) {
            (None, None) => Joined::Same(None),
            (None, Some(_)) => Joined::Lacking(0),
            (Some(_), None) => Joined::Lacking(1),
            (Some(one), Some(other)) => match T::join(one, other) {
                Joined::Same(value) => Joined::Same(Some(value)),
                Joined::Lacking(at) => Joined::Lacking(at),
                Joined::Contrary => Joined::Contrary,
            },
        }
    }

    fn is_absence(&self) -> bool {
        self.is_none()
    }
}

impl Joint for Epoch {
    fn join(one: Self, other: Self) -> Joined<Self> {
        match one.number.cmp(&other.number) {
            std::cmp::Ordering::Less => Joined::Lacking(0),
            std::cmp::Ordering::Greater => Joined::Lacking(1),
            std::cmp::Ordering::Equal if one == other => Joined::Same(one),
            std::cmp::Ordering::Equal => Joined::Contrary,
        }
    }
}

/// Until both have it in a checkpoint it is in none.
impl Joint for Executed {
    fn join(one: Self, other: Self) -> Joined<Self> {
        let checkpoint = one.checkpoint.and(other.checkpoint);
        let is_same = (&one.effects, &one.events) == (&other.effects, &other.events);
        if !is_same || (checkpoint.is_some() && one.checkpoint != other.checkpoint) {
            return Joined::Contrary;
        }
        Joined::Same(Self { checkpoint, ..one })
    }
}

impl Joint for Object {
    fn join(one: Self, other: Self) -> Joined<Self> {
        match one.version().cmp(&other.version()) {
            std::cmp::Ordering::Less => Joined::Lacking(0),
            std::cmp::Ordering::Greater => Joined::Lacking(1),
            std::cmp::Ordering::Equal if one == other => Joined::Same(one),
            std::cmp::Ordering::Equal => Joined::Contrary,
        }
    }
}

/// As far as both cover.
impl Joint for Listed {
    fn join(one: Self, other: Self) -> Joined<Self> {
        let covered = one.covered.min(other.covered);
        let (one, other) = (one.up_to(covered), other.up_to(covered));
        if one == other { Joined::Same(one) } else { Joined::Contrary }
    }
}

/// Coins that both list at one version: an owner who moves funds meanwhile is no reason to believe neither.
impl Joint for Coins {
    fn join(one: Self, other: Self) -> Joined<Self> {
        Joined::Same(one.shared_with(&other))
    }
}

/// The less, as with coins.
impl Joint for Balance {
    fn join(one: Self, other: Self) -> Joined<Self> {
        Joined::Same(Self {
            in_coins: one.in_coins.min(other.in_coins),
            in_address: one.in_address.min(other.in_address),
        })
    }
}

/// Done if it would be done at both; and what it costs at most.
impl Joint for Simulated {
    fn join(one: Self, other: Self) -> Joined<Self> {
        let gas = one.gas.max(other.gas);
        let status = if one.status == ExecutionStatus::Success { other.status } else { one.status };
        Joined::Same(Self { status, gas })
    }
}
