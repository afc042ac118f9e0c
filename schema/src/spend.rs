//! Spend: what a customer has used against what they allow and hold. View 5 of SPEC §5; a pure function of the two.

use crate::money::MicroUsd;
use crate::reference::{Account, AccountStatus};
use crate::time::BillingMonth;
use serde::{Deserialize, Serialize};

/// Whether a customer may be served.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpendState {
    /// Yes.
    #[default]
    Active,
    /// The month's limit is reached. Resumes on the 1st, or when the limit is raised.
    MonthlyLimit,
    /// What is accrued is not covered. Resumes on deposit.
    InsufficientBalance,
    /// An operator says no.
    Suspended,
    /// The account is closed.
    Closed,
}

impl SpendState {
    /// Every state.
    pub const ALL: [Self; 5] =
        [Self::Active, Self::MonthlyLimit, Self::InsufficientBalance, Self::Suspended, Self::Closed];

    /// Its word in tables, maps and answers.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::MonthlyLimit => "monthly_limit",
            Self::InsufficientBalance => "insufficient_balance",
            Self::Suspended => "suspended",
            Self::Closed => "closed",
        }
    }

    /// The state with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// What a customer has used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Used {
    /// Rated in the running month.
    pub rated_this_month: MicroUsd,
    /// Rated in all.
    pub rated_in_all: MicroUsd,
}

/// The state that follows. An operator's word comes first; then the month's limit, which the customer chose, then the
/// balance. At the limit is over it: the next request would pass it.
pub fn state(account: &Account, used: &Used, month: BillingMonth) -> SpendState {
    match account.status {
        AccountStatus::Closed => SpendState::Closed,
        AccountStatus::Suspended => SpendState::Suspended,
        AccountStatus::Active if is_limit_reached(account, used, month) => SpendState::MonthlyLimit,
        AccountStatus::Active if accrued(account, used) >= account.balance => SpendState::InsufficientBalance,
        AccountStatus::Active => SpendState::Active,
    }
}

/// What is owed and not yet drawn.
pub fn accrued(account: &Account, used: &Used) -> MicroUsd {
    used.rated_in_all + account.fixed_in_all - account.charged_in_all - account.credited_in_all
}

fn is_limit_reached(account: &Account, used: &Used, month: BillingMonth) -> bool {
    let fixed = account.fixed.iter().filter(|(of, _)| *of == month).map(|(_, amount)| *amount);
    let this_month = fixed.fold(used.rated_this_month, |sum, amount| sum + amount);
    account.max_monthly > MicroUsd(0) && this_month >= account.max_monthly
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::CustomerId;
    use crate::time::UnixMillis;

    #[test]
    fn states() {
        let month = UnixMillis::parse_rfc3339("2026-11-22T00:00:00Z").unwrap().month();
        let before = UnixMillis::parse_rfc3339("2026-10-22T00:00:00Z").unwrap().month();
        let account = |status, max_monthly, balance, fixed: &[(BillingMonth, i64)], charged| Account {
            status,
            max_monthly: MicroUsd(max_monthly),
            balance: MicroUsd(balance),
            fixed: fixed.iter().map(|(month, amount)| (*month, MicroUsd(*amount))).collect(),
            fixed_in_all: MicroUsd(fixed.iter().map(|(_, amount)| amount).sum()),
            charged_in_all: MicroUsd(charged),
            ..Account::new(CustomerId::new(1).unwrap())
        };
        use AccountStatus::{Active, Closed, Suspended};
        let cases = [
            (account(Active, 0, 1, &[], 0), (0, 0), SpendState::Active),
            (account(Active, 0, 0, &[], 0), (0, 0), SpendState::InsufficientBalance),
            (account(Active, 100, 1_000, &[], 0), (99, 99), SpendState::Active),
            (account(Active, 100, 1_000, &[], 0), (100, 100), SpendState::MonthlyLimit),
            (account(Active, 100, 1_000, &[(month, 40)], 0), (59, 59), SpendState::Active),
            (account(Active, 100, 1_000, &[(month, 40)], 0), (60, 60), SpendState::MonthlyLimit),
            (account(Active, 100, 1_000, &[(before, 40)], 0), (60, 60), SpendState::Active),
            (account(Active, 0, 50, &[], 0), (50, 50), SpendState::InsufficientBalance),
            (account(Active, 0, 50, &[], 30), (50, 79), SpendState::Active),
            (account(Active, 100, 0, &[], 0), (100, 100), SpendState::MonthlyLimit),
            (account(Suspended, 100, 0, &[], 0), (100, 100), SpendState::Suspended),
            (account(Closed, 0, 9, &[], 0), (0, 0), SpendState::Closed),
        ];
        for (account, (this_month, in_all), expected) in cases {
            let used = Used { rated_this_month: MicroUsd(this_month), rated_in_all: MicroUsd(in_all) };
            assert_eq!(state(&account, &used, month), expected, "{account:?} {used:?}");
        }
    }

    #[test]
    fn words_and_back() {
        for state in SpendState::ALL {
            assert_eq!(SpendState::from_word(state.word()), Some(state));
        }
    }
}
