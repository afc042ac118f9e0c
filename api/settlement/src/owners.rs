//! What owners sign themselves, where a chain holds the funds: built here, signed by their wallet, handed on from here.
//!
//! Nothing here can move anybody's funds: it takes the owner's signature, and the signature is of the bytes that were
//! built. What a transaction has done is believed of two nodes, and mirrored like all else that the chain does.
//!
//! An owner has one transaction at a time. Two would be made of the same coins, and the chain locks coins that are used
//! twice until its epoch ends. It is kept in memory, for [`KEPT_MS`]: after a restart the owner asks for another.

mod kept;
mod making;
mod progress;

pub use kept::{KEPT_MAX, KEPT_MS};

use kept::Kept;
use parking_lot::Mutex;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::time::UnixMillis;
use suiftly_sui::{At, Contract, Doubt, Executed, Failure, Pair, Signed};

/// What an owner may want done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnerAct {
    /// Put funds in. The first time it opens the account.
    Deposit,
    /// Ask for funds back.
    Withdraw,
    /// Say what a month may be charged; 0: no limit. It opens the account, too.
    Limit,
}

/// What an owner wants done, in cents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnerOrder {
    /// What.
    pub act: OwnerAct,
    /// How much.
    pub usd_cents: i64,
}

/// Who wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The customer.
    pub customer: CustomerId,
    /// Their wallet's address: `0x` and 64 hexadecimal digits.
    pub wallet: String,
    /// What their account is opened with, if this opens it: in cents, 0 for no limit.
    pub limit_usd_cents: i64,
}

/// A transaction that waits for its owner's signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsigned {
    /// In BCS.
    pub transaction: Vec<u8>,
    /// What it is known by.
    pub digest: String,
    /// The last epoch in which it can be executed.
    pub epoch: u64,
    /// What it may cost in gas, in MIST.
    pub gas_budget: u64,
    /// What it would cost now, by two nodes.
    pub gas: u64,
    /// From then on it is not taken.
    pub until: UnixMillis,
}

/// How far an owner's transaction is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nobody has signed it yet.
    Waiting,
    /// It is signed and handed on; two nodes do not have it in a checkpoint yet.
    Pending,
    /// It is done.
    Confirmed,
    /// Nothing was moved, and this transaction never will.
    Failed {
        /// Why.
        cause: String,
    },
}

/// Why there is no transaction, or nothing to be said of one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OwnersError {
    /// The wallet has too little.
    #[error("the wallet has too little {what}: {has} of {wanted}")]
    Short {
        /// Of what.
        what: Coin,
        /// How much it has, in cents or MIST.
        has: u64,
        /// How much is wanted.
        wanted: u64,
    },
    /// The wallet has it, but in too many coins, or beside its coins.
    #[error("the wallet's funds lie in too many coins, or in its address balance: merge them into one coin first")]
    Scattered,
    /// There is no account yet to take something out of.
    #[error("there is no account on the chain yet")]
    NoAccount,
    /// The contract would refuse, or the chain would.
    #[error("{0}")]
    Refused(String),
    /// The last one is signed, and not through yet.
    #[error("transaction {digest} is under way")]
    UnderWay {
        /// Which.
        digest: String,
    },
    /// None of this digest waits for this owner's signature.
    #[error("no such transaction waits for a signature")]
    Unknown,
    /// It is no signature.
    #[error("{0}")]
    Signature(String),
    /// As many transactions wait as may.
    #[error("too many transactions wait for signatures")]
    Full,
    /// The nodes do not answer, or not the same.
    #[error("{0}")]
    Doubt(String),
}

/// What a wallet can have too little of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coin {
    /// The coin that the escrow takes; in cents.
    Funds,
    /// SUI, for the gas; in MIST.
    Gas,
}

impl std::fmt::Display for Coin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Funds => "of the escrow's coin (cents)",
            Self::Gas => "SUI for gas (MIST)",
        })
    }
}

/// Makes owners' transactions, and hands them on.
pub struct Owners {
    contract: Contract,
    pair: Pair,
    /// What a transaction may cost at most, in MIST.
    gas_budget: u64,
    kept: Mutex<Kept>,
}

impl Owners {
    /// By these two nodes. A transaction may cost its owner so much in gas, in MIST.
    pub fn new(contract: Contract, pair: Pair, gas_budget: u64) -> Self {
        Self { contract, pair, gas_budget, kept: Mutex::default() }
    }

    /// The contract.
    pub const fn contract(&self) -> &Contract {
        &self.contract
    }

    /// Makes a transaction for an owner to sign, in place of one that they have not signed.
    pub async fn prepare(&self, owner: &Owner, order: OwnerOrder, now: UnixMillis) -> Result<Unsigned, OwnersError> {
        self.check_idle(owner.customer, now).await?;
        let unsigned = self.make(owner, order, now.plus_ms(KEPT_MS)).await?;
        self.kept.lock().put(owner.customer, order, &unsigned, now)?;
        Ok(unsigned)
    }

    /// The bytes that wait for an owner's signature.
    pub fn waiting(&self, customer: CustomerId, digest: &str, now: UnixMillis) -> Option<Vec<u8>> {
        self.kept.lock().find(customer, digest, now).map(|kept| kept.transaction.clone())
    }

    /// Hands a transaction on, whose signature its caller has verified to be the owner's. Done again it is the same
    /// transaction, which the chain executes once. Answers what it was made for.
    pub async fn submit(
        &self,
        customer: CustomerId,
        digest: &str,
        signature: &[u8],
        now: UnixMillis,
    ) -> Result<OwnerOrder, OwnersError> {
        let (signed, order) = {
            let mut kept = self.kept.lock();
            let kept = kept.find_mut(customer, digest, now).ok_or(OwnersError::Unknown)?;
            let signed = Signed::of_verified(&kept.transaction, signature);
            let signed = signed.map_err(|error| OwnersError::Signature(error.to_string()))?;
            kept.signed_at(&signed, now);
            (signed, kept.order)
        };
        self.hand_on(customer, &signed).await?;
        Ok(order)
    }

    /// Refuses while the last one is under way: until two nodes have it in a checkpoint.
    async fn check_idle(&self, customer: CustomerId, now: UnixMillis) -> Result<(), OwnersError> {
        let Some(last) = self.kept.lock().sent(customer, now) else { return Ok(()) };
        let found = self.pair.executed(&last).await;
        let is_through = |found: At<Option<Executed>>| found.value.is_some_and(|it| it.checkpoint.is_some());
        let digest = last.to_string();
        if !found.is_ok_and(is_through) {
            return Err(OwnersError::UnderWay { digest });
        }
        self.kept.lock().settled(customer, &digest);
        Ok(())
    }

    /// Hands it to one node, and to the other where that one has no effects. What they answer is believed of neither. What
    /// both refuse is as if nobody had signed it.
    async fn hand_on(&self, customer: CustomerId, signed: &Signed) -> Result<(), OwnersError> {
        let mut refusals = Vec::new();
        for node in self.pair.nodes() {
            match node.submit(signed).await {
                Ok(_) => return Ok(()),
                Err(error) => {
                    tracing::warn!(digest = %signed.digest, %error, "a node has not executed an owner's transaction");
                    if let Failure::Refused(cause) = error.failure {
                        refusals.push(cause);
                    }
                }
            }
        }
        // Where one of them has no answer, it may have been done.
        match refusals.pop() {
            Some(cause) if refusals.len() + 1 == self.pair.nodes().len() => {
                self.kept.lock().take_back(customer, &signed.digest.to_string());
                Err(OwnersError::Refused(cause))
            }
            _ => Ok(()),
        }
    }
}

/// A doubt in words; one that somebody should look at is told at once.
fn told(doubt: &Doubt) -> OwnersError {
    if doubt.is_alarming() {
        tracing::error!(%doubt, "the nodes of Sui are not believed");
    }
    OwnersError::Doubt(doubt.to_string())
}
