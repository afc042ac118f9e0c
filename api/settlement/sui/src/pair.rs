//! Two nodes: what both say, or why there is nothing to believe.

mod agree;
mod lasting;

pub use agree::{Doubt, Joined, Joint, LAG_CHECKPOINTS, LAG_MS, agree};
pub use lasting::{LACKS_FOR, Lasting};

use crate::Contract;
use crate::node::{At, Balance, Coins, Epoch, Executed, Head, Listed, Node, NodeError, Simulated};
use parking_lot::Mutex;
use std::fmt;
use std::ops::Range;
use std::time::Duration;
use sui_sdk_types::{Address, Digest, Object, Transaction, TypeTag};
use tokio::time::Instant;

/// Two nodes of one chain, best of different hosts.
pub struct Pair {
    nodes: [Node; 2],
    /// The furthest that both have been at once.
    seen: Mutex<Option<Head>>,
    /// What one of them lacks, and since when.
    lacking: Mutex<Lasting<Asked>>,
    patience: Duration,
}

/// What can be there or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Asked {
    Epoch,
    Transaction(Digest),
    Object(Address),
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Epoch => f.write_str("the epoch that runs"),
            Self::Transaction(digest) => write!(f, "transaction {digest}"),
            Self::Object(id) => write!(f, "object {id}, or its newest version"),
        }
    }
}

impl Pair {
    /// These two.
    pub fn new(one: Node, other: Node) -> Self {
        Self { nodes: [one, other], seen: Mutex::default(), lacking: Mutex::default(), patience: LACKS_FOR }
    }

    /// With another patience for what one of them lacks.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Each of them, to submit to.
    pub const fn nodes(&self) -> &[Node; 2] {
        &self.nodes
    }

    /// How far both are.
    pub async fn head(&self) -> Result<Head, Doubt> {
        let [one, other] = &self.nodes;
        let (one, other) = tokio::join!(one.head(), other.head());
        let nothing = |head| At { head, value: () };
        Ok(self.agreed([one.map(nothing), other.map(nothing)])?.head)
    }

    /// The epoch that runs.
    pub async fn epoch(&self) -> Result<At<Epoch>, Doubt> {
        let [one, other] = &self.nodes;
        self.found(Asked::Epoch, tokio::join!(one.epoch(), other.epoch()).into())
    }

    /// What a transaction has come to, or that neither has it. It is in a checkpoint if it is in one at both.
    pub async fn executed(&self, digest: &Digest) -> Result<At<Option<Executed>>, Doubt> {
        let [one, other] = &self.nodes;
        self.found(Asked::Transaction(*digest), tokio::join!(one.executed(digest), other.executed(digest)).into())
    }

    /// An object's newest version, or that neither has it.
    pub async fn object(&self, id: Address) -> Result<At<Option<Object>>, Doubt> {
        let [one, other] = &self.nodes;
        self.found(Asked::Object(id), tokio::join!(one.object(id), other.object(id)).into())
    }

    /// An address's coin objects of a type, as far as both list them.
    pub async fn coins(&self, owner: Address, coin: &TypeTag) -> Result<At<Coins>, Doubt> {
        let [one, other] = &self.nodes;
        self.agreed(tokio::join!(one.coins(owner, coin), other.coins(owner, coin)).into())
    }

    /// How much an address has of a coin: the less that either says.
    pub async fn balance(&self, owner: Address, coin: &TypeTag) -> Result<At<Balance>, Doubt> {
        let [one, other] = &self.nodes;
        self.agreed(tokio::join!(one.balance(owner, coin), other.balance(owner, coin)).into())
    }

    /// What a transaction would come to: done if both say so.
    pub async fn simulate(&self, transaction: &Transaction) -> Result<At<Simulated>, Doubt> {
        let [one, other] = &self.nodes;
        self.agreed(tokio::join!(one.simulate(transaction), other.simulate(transaction)).into())
    }

    /// The contract's events, as far as both have them.
    pub async fn events(&self, contract: &Contract, checkpoints: Range<u64>) -> Result<At<Listed>, Doubt> {
        let [one, other] = &self.nodes;
        let asked = (one.events(contract, checkpoints.clone()), other.events(contract, checkpoints));
        self.agreed(tokio::join!(asked.0, asked.1).into())
    }

    /// The same, of what one may have and the other not: where that stays so it is told by its name.
    fn found<T: Joint>(&self, asked: Asked, said: [Result<At<T>, NodeError>; 2]) -> Result<At<T>, Doubt> {
        let mut answer = self.agreed(said);
        match &mut answer {
            Ok(_) => {
                self.lacking.lock().over(&asked, Instant::now());
            }
            Err(Doubt::Lacking { lasting, .. }) => {
                let lasts = self.lacking.lock().again(asked, Instant::now());
                *lasting = (lasts >= self.patience).then(|| asked.to_string());
            }
            Err(_) => {}
        }
        answer
    }

    fn agreed<T: Joint>(&self, said: [Result<At<T>, NodeError>; 2]) -> Result<At<T>, Doubt> {
        let names = [self.nodes[0].name(), self.nodes[1].name()];
        let mut seen = self.seen.lock();
        let answer = agree(names, said, *seen)?;
        if seen.is_none_or(|seen| seen.checkpoint < answer.head.checkpoint) {
            *seen = Some(answer.head);
        }
        Ok(answer)
    }
}
