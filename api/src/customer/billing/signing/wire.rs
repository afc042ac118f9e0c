//! What is asked and answered of owners' transactions.

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};
use suiftly_settlement::owners::{OwnerAct, Progress, Unsigned};
use utoipa::ToSchema;

/// What is to be done with the account on the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActWord {
    /// Puts funds in; the first time it opens the account.
    Deposit,
    /// Asks for funds back.
    Withdraw,
    /// Says what a month may be charged.
    Limit,
}

impl From<ActWord> for OwnerAct {
    fn from(word: ActWord) -> Self {
        match word {
            ActWord::Deposit => Self::Deposit,
            ActWord::Withdraw => Self::Withdraw,
            ActWord::Limit => Self::Limit,
        }
    }
}

/// A transaction that is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TransactionRequest {
    /// What it is to do.
    pub(super) act: ActWord,
    /// In cents: how much; of a limit, 0 for none, else at least 1,000.
    #[schema(minimum = 0, maximum = 100_000_000_000i64)]
    pub(super) amount_usd_cents: i64,
}

/// A transaction for the wallet to sign.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TransactionToSign {
    /// Its bytes (BCS) in base64. These are to be signed, and no others.
    pub transaction: String,
    /// What it is known by.
    pub digest: String,
    /// The last epoch in which it can be executed.
    #[schema(value_type = i64)]
    pub epoch: u64,
    /// What it would cost in gas now, in MIST.
    #[schema(value_type = i64)]
    pub gas_mist: u64,
    /// What it may cost in gas at most, in MIST.
    #[schema(value_type = i64)]
    pub gas_budget_mist: u64,
    /// From then on its signature is not taken.
    #[schema(format = DateTime)]
    pub expires_at: String,
}

impl From<Unsigned> for TransactionToSign {
    fn from(unsigned: Unsigned) -> Self {
        Self {
            transaction: BASE64.encode(&unsigned.transaction),
            digest: unsigned.digest,
            epoch: unsigned.epoch,
            gas_mist: unsigned.gas,
            gas_budget_mist: unsigned.gas_budget,
            expires_at: unsigned.until.rfc3339(),
        }
    }
}

/// What the wallet answered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignatureRequest {
    /// The signature in base64, as wallets give it: scheme, signature, public key.
    #[schema(min_length = 1, max_length = 132)]
    pub(super) signature: String,
}

/// How far a transaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TransactionWord {
    /// It is to be signed.
    Waiting,
    /// It was handed to the network.
    Pending,
    /// Two nodes have it in a checkpoint: it is done.
    Confirmed,
    /// Its events are among the transactions here, too.
    Mirrored,
    /// Nothing was moved, and it never will.
    Failed,
}

/// How far a transaction is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TransactionStand {
    /// Which.
    pub digest: String,
    /// How far.
    pub state: TransactionWord,
    /// Why it failed, in words; else `null`.
    #[schema(required = true)]
    pub detail: Option<String>,
}

impl TransactionStand {
    pub(super) fn of(digest: String, progress: Progress) -> Self {
        let (state, detail) = match progress {
            Progress::Waiting => (TransactionWord::Waiting, None),
            Progress::Pending => (TransactionWord::Pending, None),
            Progress::Confirmed => (TransactionWord::Confirmed, None),
            Progress::Failed { cause } => (TransactionWord::Failed, Some(cause)),
        };
        Self { digest, state, detail }
    }

    pub(super) fn pending(digest: String) -> Self {
        Self { digest, state: TransactionWord::Pending, detail: None }
    }

    pub(super) fn mirrored(digest: String) -> Self {
        Self { digest, state: TransactionWord::Mirrored, detail: None }
    }
}
