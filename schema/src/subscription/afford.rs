//! Whether a customer can pay for an order: the balance first, then the month's limit (SPEC §7).

use crate::money::MicroUsd;
use serde::{Deserialize, Serialize};

/// Funds move in whole cents.
const MICRO_USD_A_CENT: i128 = 10_000;

/// What a customer has, and allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Means {
    /// What is in escrow.
    pub balance: MicroUsd,
    /// What of it is owed already, and not yet drawn.
    pub accrued: MicroUsd,
    /// What may be charged a month; 0 is unlimited.
    pub max_monthly: MicroUsd,
    /// What of it is used this month: rated, and everything else that was charged, drawn or not.
    pub used_this_month: MicroUsd,
}

/// Why a customer cannot pay for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The balance does not cover it and what is owed already.
    #[error(
        "insufficient balance: {current_balance} held, {estimated_cost} would be charged, \
         {required_deposit} more would do"
    )]
    InsufficientBalance {
        /// What is in escrow.
        current_balance: MicroUsd,
        /// What would be charged.
        estimated_cost: MicroUsd,
        /// What to deposit, in whole cents, so that the same order passes.
        required_deposit: MicroUsd,
    },
    /// The month's limit does not leave room for it.
    #[error(
        "monthly limit exceeded: {max_monthly} allowed, {current_month_charged} used, {estimated_cost} would be \
         charged, {remaining_authorization} left"
    )]
    MonthlyLimitExceeded {
        /// The limit.
        max_monthly: MicroUsd,
        /// What of it is used.
        current_month_charged: MicroUsd,
        /// What would be charged.
        estimated_cost: MicroUsd,
        /// What of it is left.
        remaining_authorization: MicroUsd,
    },
}

/// Whether a cost can be paid: up to the last micro-dollar of the balance and of the limit. What costs nothing always
/// can, so that nobody is kept from ordering less.
pub fn afford(cost: MicroUsd, means: &Means) -> Result<(), Refusal> {
    if cost <= MicroUsd(0) {
        return Ok(());
    }
    // Wide, so that no amount overflows.
    let [cost_wide, balance, accrued] = [cost, means.balance, means.accrued].map(|amount| i128::from(amount.0));
    let missing = cost_wide + accrued - balance;
    if missing > 0 {
        let cents = (missing + MICRO_USD_A_CENT - 1) / MICRO_USD_A_CENT;
        let required_deposit = MicroUsd(i64::try_from(cents * MICRO_USD_A_CENT).unwrap_or(i64::MAX));
        let current_balance = means.balance;
        return Err(Refusal::InsufficientBalance { current_balance, estimated_cost: cost, required_deposit });
    }
    let remaining = MicroUsd(means.max_monthly.0.saturating_sub(means.used_this_month.0).max(0));
    if means.max_monthly > MicroUsd(0) && cost > remaining {
        return Err(Refusal::MonthlyLimitExceeded {
            max_monthly: means.max_monthly,
            current_month_charged: means.used_this_month,
            estimated_cost: cost,
            remaining_authorization: remaining,
        });
    }
    Ok(())
}
