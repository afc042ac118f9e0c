//! A customer's money, and their statement of account.

use serde::Serialize;
use suiftly_schema::spend::SpendState;
use suiftly_schema::time::UnixMillis;
use suiftly_store::money::{CustomerBalances, CustomerMoney, MonthRow, Statement, StatementLine};
use utoipa::ToSchema;

/// Where a customer's money stands.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MoneyView {
    /// Whether they may be served; null before the spend view has heard of them.
    pub state: Option<&'static str>,
    /// In escrow.
    pub balance_micro_usd: i64,
    /// Owed and not yet drawn.
    pub accrued_micro_usd: i64,
    /// Credits granted and not used.
    pub credits_micro_usd: i64,
    /// What a month may be charged; null is no limit.
    pub max_monthly_micro_usd: Option<i64>,
    /// Drawn in all.
    pub charged_in_all_micro_usd: i64,
    /// Usage rated in all.
    pub rated_in_all_micro_usd: i64,
    /// Charges refused in a row.
    pub charge_failures: i32,
    /// No charge is tried before.
    #[schema(format = DateTime)]
    pub charge_not_before: Option<String>,
    /// Months that are open or have something due, ascending.
    pub months: Vec<CustomerMonth>,
}

impl From<&CustomerMoney> for MoneyView {
    fn from(money: &CustomerMoney) -> Self {
        Self {
            state: money.state.map(SpendState::word),
            balance_micro_usd: money.balance.0,
            accrued_micro_usd: money.accrued().0,
            credits_micro_usd: money.credits.0,
            max_monthly_micro_usd: money.max_monthly.map(|limit| limit.0),
            charged_in_all_micro_usd: money.charged_in_all.0,
            rated_in_all_micro_usd: money.rated_in_all.0,
            charge_failures: money.charge_failures,
            charge_not_before: money.charge_not_before.map(UnixMillis::rfc3339),
            months: money.months.iter().map(CustomerMonth::from).collect(),
        }
    }
}

/// A month that is not settled.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CustomerMonth {
    /// Which.
    #[schema(example = "2026-11")]
    pub month: String,
    /// Subscriptions.
    pub fixed_micro_usd: i64,
    /// Usage.
    pub rated_micro_usd: i64,
    /// Drawn.
    pub charged_micro_usd: i64,
    /// Charges not decided.
    pub in_flight_micro_usd: i64,
    /// Credits used.
    pub credits_micro_usd: i64,
    /// What its documents ask for; null while it is open.
    pub payable_micro_usd: Option<i64>,
}

impl From<&MonthRow> for CustomerMonth {
    fn from(row: &MonthRow) -> Self {
        Self {
            month: row.month.to_string(),
            fixed_micro_usd: row.fixed.0,
            rated_micro_usd: row.rated.0,
            charged_micro_usd: row.charged.0,
            in_flight_micro_usd: row.in_flight.0,
            credits_micro_usd: row.credits.0,
            payable_micro_usd: row.payable.map(|payable| payable.0),
        }
    }
}

/// A statement of account.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StatementView {
    /// The first instant.
    #[schema(format = DateTime)]
    pub from: String,
    /// The first instant after it.
    #[schema(format = DateTime)]
    pub to: String,
    /// What was in the accounts before the first row.
    pub opening: StatementBalances,
    /// In the order they were posted.
    pub items: Vec<StatementRow>,
    /// What was in the accounts after the last.
    pub closing: StatementBalances,
}

/// What is in a customer's accounts.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct StatementBalances {
    /// What is held of theirs in escrow.
    pub held_micro_usd: i64,
    /// What they owe; negative if it is owed to them.
    pub owed_micro_usd: i64,
    /// Credits that are left.
    pub credits_micro_usd: i64,
}

/// A row of the ledger, and what is in the accounts after it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StatementRow {
    /// Its number.
    pub id: i64,
    /// When.
    #[schema(format = DateTime)]
    pub posted_at: String,
    /// Why: `deposit`, `usage`, `charge`, …
    pub kind: &'static str,
    /// The month it belongs to.
    pub month: Option<String>,
    /// The account debited.
    pub debit: &'static str,
    /// The account credited.
    pub credit: &'static str,
    /// How much.
    pub amount_micro_usd: i64,
    /// What it comes from.
    pub reference: String,
    /// The row it reverses.
    pub reverses: Option<i64>,
    /// What people said of it.
    pub memo: Option<String>,
    /// After it.
    pub balances: StatementBalances,
}

impl StatementView {
    pub(in super::super) fn new(from: UnixMillis, to: UnixMillis, statement: &Statement) -> Self {
        Self {
            from: from.rfc3339(),
            to: to.rfc3339(),
            opening: statement.opening.into(),
            items: statement.lines.iter().map(StatementRow::from).collect(),
            closing: statement.closing.into(),
        }
    }
}

impl From<CustomerBalances> for StatementBalances {
    fn from(balances: CustomerBalances) -> Self {
        Self {
            held_micro_usd: balances.escrow.0,
            owed_micro_usd: balances.receivable.0,
            credits_micro_usd: balances.credits.0,
        }
    }
}

impl From<&StatementLine> for StatementRow {
    fn from(line: &StatementLine) -> Self {
        let moved = &line.row.transfer;
        Self {
            id: line.row.id,
            posted_at: moved.posted_at.rfc3339(),
            kind: moved.kind.word(),
            month: moved.month.map(|month| month.to_string()),
            debit: moved.debit.word(),
            credit: moved.credit.word(),
            amount_micro_usd: moved.amount.0,
            reference: moved.reference.clone(),
            reverses: moved.reverses,
            memo: moved.memo.clone(),
            balances: line.balances.into(),
        }
    }
}
