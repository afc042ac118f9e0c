//! What the embedded escrow refuses, in words.

use super::LIMIT_MIN_USD_CENTS;
use suiftly_schema::time::BillingMonth;

/// Why the embedded escrow will not. Nothing has moved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EscrowRefusal {
    /// Nobody has opened it.
    #[error("there is no account {account}")]
    NoAccount {
        /// Its name.
        account: String,
    },
    /// Not an address: `0x` and 64 hex digits.
    #[error("{owner} is no owner's address")]
    NoAddress {
        /// What it is.
        owner: String,
    },
    /// Amounts are greater than zero, and not beyond all bounds.
    #[error("{amount_usd_cents} cents is no amount to move")]
    NoAmount {
        /// In cents.
        amount_usd_cents: i64,
    },
    /// There is less in it.
    #[error("the account holds {balance_usd_cents} cents, and {amount_usd_cents} are asked for")]
    Balance {
        /// What it holds.
        balance_usd_cents: i64,
        /// What was asked for.
        amount_usd_cents: i64,
    },
    /// The month would be charged more than the owner has authorised.
    #[error("{left_usd_cents} cents are left of what is authorised for {month}, and {amount_usd_cents} are asked for")]
    Authorisation {
        /// The month.
        month: BillingMonth,
        /// What may still be charged for it.
        left_usd_cents: i64,
        /// What was asked for.
        amount_usd_cents: i64,
    },
    /// More would be charged for months that are long over than the running month's limit.
    #[error(
        "{left_usd_cents} cents are left in {running} for months that were over before the last, and {amount_usd_cents} are asked for"
    )]
    Arrears {
        /// The month that runs.
        running: BillingMonth,
        /// What may still be charged in it for such months.
        left_usd_cents: i64,
        /// What was asked for.
        amount_usd_cents: i64,
    },
    /// 32 bytes as lower-case hex.
    #[error("{nonce} is no nonce")]
    NoNonce {
        /// What it is.
        nonce: String,
    },
    /// It has done something else.
    #[error("nonce {nonce} was used for something else")]
    NonceUsed {
        /// The nonce.
        nonce: String,
    },
    /// Nobody has asked.
    #[error("there is no request {request_digest} for a withdrawal")]
    NoRequest {
        /// What was to be paid.
        request_digest: String,
    },
    /// A limit is 0 or at least $10.
    #[error("a limit is 0, for none, or at least {LIMIT_MIN_USD_CENTS} cents, not {limit_usd_cents}")]
    Limit {
        /// What was to be set.
        limit_usd_cents: i64,
    },
}
