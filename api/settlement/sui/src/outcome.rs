//! What a transaction has come to, by the status in its effects. It is final for the transaction's digest.

use crate::{Abort, Contract};
use sui_sdk_types::{Address, ExecutionError, ExecutionStatus, MoveLocation};

/// What a transaction has come to, and what that means for whoever sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is done.
    Done,
    /// The nonce was used before: what it has done is to be looked up.
    Used,
    /// The contract refuses, and nothing has moved.
    Refused(Abort),
    /// Nothing has moved, and these bytes never will: others may do it.
    Spent {
        /// Why.
        cause: String,
    },
    /// Nothing has moved, and nothing will before it is mended on our side. Never the customer's fault.
    Ours {
        /// What is to be mended.
        cause: String,
    },
    /// Nothing has moved: the coin's issuer lets an address have none of it. Whether that is ours to mend depends on whose
    /// it is.
    Denied {
        /// Which.
        address: Address,
        /// In the chain's words.
        cause: String,
    },
}

impl Contract {
    /// What a transaction of ours has come to.
    pub fn outcome(&self, status: &ExecutionStatus) -> Outcome {
        let ExecutionStatus::Failure { error, .. } = status else { return Outcome::Done };
        if let ExecutionError::MoveAbort { location, code } = error
            && let Some(abort) = self.abort(location, *code)
        {
            return of(abort);
        }
        let cause = format!("{error:?}");
        match error {
            ExecutionError::InsufficientFundsForWithdraw | ExecutionError::CoinTypeGlobalPause { .. } => {
                Outcome::Ours { cause }
            }
            ExecutionError::AddressDeniedForCoin { address, .. } => Outcome::Denied { address: *address, cause },
            _ => Outcome::Spent { cause },
        }
    }

    /// Which of the contract's refusals it is. Nodes have named modules by the version called, and by the first one.
    fn abort(&self, location: &MoveLocation, code: u64) -> Option<Abort> {
        let module = location.module.as_str();
        // The framework's code for it carries a line's number, which changes; the module refuses for nothing else.
        if location.package == Address::TWO && module == "derived_object" {
            return Some(Abort::AccountExists);
        }
        [self.package, self.origin].contains(&location.package).then(|| Abort::of(module, code))?
    }
}

fn of(abort: Abort) -> Outcome {
    let cause = abort.to_string();
    match abort {
        Abort::NonceUsed => Outcome::Used,
        // In a month's first seconds the chain's clock may not have come to it yet.
        Abort::Month => Outcome::Spent { cause },
        // What we build, and what we are allowed: an owner has no part in it.
        Abort::Version | Abort::NotOperator | Abort::WrongHouse | Abort::Amount | Abort::Nonce | Abort::Root => {
            Outcome::Ours { cause }
        }
        _ => Outcome::Refused(abort),
    }
}
