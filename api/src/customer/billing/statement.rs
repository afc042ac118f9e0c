//! What was moved: the escrow's transactions, and a statement of account out of the ledger.

use super::of;
use crate::admin::asked::{PageFields, PageQuery, number, page};
use crate::app::App;
use crate::params::Fields;
use crate::problem::{GuardedProblems, Problem};
use crate::scope::Customer;
use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;
use suiftly_schema::ledger::Kind;
use suiftly_schema::time::UnixMillis;
use suiftly_store::money::{CustomerBalances, EscrowTransaction, StatementLine};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(transactions)).routes(routes!(statement))
}

/// A page of transactions.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TransactionPage {
    /// The latest first.
    pub items: Vec<TransactionRow>,
    /// Where the next page begins; null at the end.
    pub next_cursor: Option<String>,
}

/// Something the escrow did to the account.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TransactionRow {
    /// Names it: of a chain, the transaction's digest.
    pub digest: String,
    /// `deposit`, `withdrawal_requested`, `withdrawal`, `charge`, `refund` or `limit`.
    pub kind: &'static str,
    /// How much; of a limit, the new one.
    pub amount_usd_cents: i64,
    /// In which asset.
    #[schema(example = "USDC")]
    pub asset: String,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
}

impl From<EscrowTransaction> for TransactionRow {
    fn from(row: EscrowTransaction) -> Self {
        Self {
            digest: row.digest,
            kind: row.kind.word(),
            amount_usd_cents: row.amount_usd_cents,
            asset: row.asset,
            at: row.at.rfc3339(),
        }
    }
}

/// What the escrow did: deposits, withdrawals, charges, refunds, limits.
#[utoipa::path(get, path = "/billing/transactions", tag = "billing", params(PageQuery), responses(
    (status = 200, body = TransactionPage),
    GuardedProblems,
))]
async fn transactions(
    State(app): State<App>,
    customer: Customer,
    RawQuery(query): RawQuery,
) -> Result<Json<TransactionPage>, Problem> {
    let query = query.unwrap_or_default();
    let mut fields = Fields::read_named(&query, &["cursor", "limit"]);
    let (before, limit) = (fields.cursor(number), fields.limit());
    fields.finish(())?;
    let rows = of(&app, &customer).store().transactions(customer.id, before, limit + 1).await?;
    let (rows, next_cursor) = page(rows, limit, |row| row.id.to_string());
    Ok(Json(TransactionPage { items: rows.into_iter().map(TransactionRow::from).collect(), next_cursor }))
}

/// From when to when.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
struct StatementQuery {
    /// The first instant, RFC 3339. Default: the start of the UTC month.
    #[param(format = DateTime)]
    from: Option<String>,
    /// The first instant after it. Default: now.
    #[param(format = DateTime)]
    to: Option<String>,
}

/// A statement of account: what was in the accounts, what was moved, and what is in them then.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StatementView {
    /// The first instant.
    #[schema(format = DateTime)]
    pub from: String,
    /// The first instant after it.
    #[schema(format = DateTime)]
    pub to: String,
    /// Before the first row.
    pub opening: BalancesView,
    /// In the order they were posted.
    pub rows: Vec<StatementRow>,
    /// After the last.
    pub closing: BalancesView,
}

/// What is in the accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct BalancesView {
    /// In escrow.
    pub escrow_micro_usd: i64,
    /// Owed; below zero if more was paid.
    pub receivable_micro_usd: i64,
    /// Credits.
    pub credits_micro_usd: i64,
}

/// A row of the ledger.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StatementRow {
    /// Its number.
    pub id: i64,
    /// When it was posted.
    #[schema(format = DateTime)]
    pub at: String,
    /// Why.
    #[schema(example = "deposit")]
    pub kind: &'static str,
    /// The account debited.
    pub debit: &'static str,
    /// The account credited.
    pub credit: &'static str,
    /// How much was moved.
    pub amount_micro_usd: i64,
    /// The month it belongs to; `null`: none.
    pub month: Option<String>,
    /// The row it reverses.
    pub reverses: Option<i64>,
    /// What was said of it.
    pub memo: Option<String>,
    /// What is in the accounts after it.
    pub balances: BalancesView,
}

impl From<&CustomerBalances> for BalancesView {
    fn from(balances: &CustomerBalances) -> Self {
        Self {
            escrow_micro_usd: balances.escrow.0,
            receivable_micro_usd: balances.receivable.0,
            credits_micro_usd: balances.credits.0,
        }
    }
}

impl From<&StatementLine> for StatementRow {
    fn from(line: &StatementLine) -> Self {
        let transfer = &line.row.transfer;
        Self {
            id: line.row.id,
            at: transfer.posted_at.rfc3339(),
            kind: transfer.kind.word(),
            debit: transfer.debit.word(),
            credit: transfer.credit.word(),
            amount_micro_usd: transfer.amount.0,
            month: transfer.month.map(|month| month.to_string()),
            reverses: line.row.transfer.reverses,
            // Why the escrow refused is said in its words, for operators.
            memo: transfer.memo.clone().filter(|_| transfer.kind != Kind::ChargeRefused),
            balances: (&line.balances).into(),
        }
    }
}

/// A statement of account, at most 10,000 rows.
#[utoipa::path(get, path = "/billing/statement", tag = "billing", params(StatementQuery), responses(
    (status = 200, body = StatementView),
    GuardedProblems,
))]
async fn statement(
    State(app): State<App>,
    customer: Customer,
    RawQuery(query): RawQuery,
) -> Result<Json<StatementView>, Problem> {
    let settlement = of(&app, &customer);
    let (from, to) = parse(&query.unwrap_or_default(), settlement.now())?;
    let statement = settlement.statement(customer.id, from, to).await?;
    Ok(Json(StatementView {
        from: from.rfc3339(),
        to: to.rfc3339(),
        opening: (&statement.opening).into(),
        rows: statement.lines.iter().map(StatementRow::from).collect(),
        closing: (&statement.closing).into(),
    }))
}

fn parse(query: &str, now: UnixMillis) -> Result<(UnixMillis, UnixMillis), Problem> {
    let mut fields = Fields::read_named(query, &["from", "to"]);
    let (from, to) = (fields.instant("from"), fields.instant("to"));
    // What is posted now is in.
    let to = to.unwrap_or(now.plus_ms(1));
    let from = from.unwrap_or(to.plus_ms(-1).month().start());
    if from >= to {
        fields.fail("from", format!("must be before to, {}", to.rfc3339()));
    }
    fields.finish((from, to))
}

#[cfg(test)]
mod tests {
    use super::parse;
    use suiftly_schema::time::UnixMillis;

    #[test]
    fn ranges() {
        let now = UnixMillis::parse_rfc3339("2026-11-22T10:00:00Z").unwrap();
        let shown = |query| parse(query, now).map(|(from, to)| format!("{} {}", from.rfc3339(), to.rfc3339()));
        assert_eq!(shown("").unwrap(), "2026-11-01T00:00:00Z 2026-11-22T10:00:00.001Z");
        assert_eq!(shown("to=2026-11-01T00:00:00Z").unwrap(), "2026-10-01T00:00:00Z 2026-11-01T00:00:00Z");
        for (query, field) in [("from=x", "from"), ("from=2026-12-01T00:00:00Z", "from"), ("until=1", "until")] {
            assert_eq!(shown(query).unwrap_err().errors[0].field, field, "{query}");
        }
    }
}
