//! What an owner signs themselves, where a chain holds the funds: a transaction is made, signed by the wallet, handed on,
//! and looked after until it is mirrored.
//!
//! The activity row is written once the network was handed the transaction: whether it was done, the chain says.

mod wire;

pub use wire::{ActWord, SignatureRequest, TransactionRequest, TransactionStand, TransactionToSign, TransactionWord};

use super::funds::{AMOUNT_MAX_USD_CENTS, LIMIT_MIN_USD_CENTS, check_open, check_withdrawable};
use crate::app::App;
use crate::auth::sui::{WalletAddress, verify_transaction};
use crate::body::{self, Checks, WriteProblems};
use crate::customer::services::act;
use crate::params::parse_none;
use crate::path::Path;
use crate::problem::{FieldError, GuardedProblems, Problem, ProblemCode};
use crate::scope::Customer;
use axum::Json;
use axum::extract::{RawQuery, Request, State};
use serde_json::json;
use suiftly_schema::bill::CENT;
use suiftly_settlement::owners::{Coin, Owner, OwnerAct, OwnerOrder, Owners, OwnersError};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// A transaction's digest: 32 bytes in base58.
const DIGEST_CHARS_MAX: usize = 44;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(make_transaction)).routes(routes!(submit_transaction, transaction_state))
}

/// Makes a transaction for the wallet to sign. Where a chain holds the funds alone.
///
/// It takes the place of one that was not signed. What the contract would refuse is refused here. The wallet pays the gas.
#[utoipa::path(post, path = "/billing/transactions", tag = "billing", request_body = TransactionRequest, responses(
    (status = 200, body = TransactionToSign),
    (status = 402, description = "`insufficient_balance`", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not_found`: the server keeps the escrow itself", body = Problem,
        content_type = "application/problem+json"),
    GuardedProblems, WriteProblems,
    (status = 409, description = "`account_not_active`, `escrow_refused`, `wallet_short`, `transaction_pending`; and those of \
        every write", body = Problem, content_type = "application/problem+json"),
))]
async fn make_transaction(
    State(app): State<App>,
    customer: Customer,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Json<TransactionToSign>, Problem> {
    parse_none(&query.unwrap_or_default())?;
    let order = order(body::read(request).await?)?;
    let owners = owners(&app)?;
    check_open(&app, &customer).await?;
    if order.act == OwnerAct::Withdraw {
        check_withdrawable(&app, &customer, order.usd_cents).await?;
    }
    let owner = owner(&app, &customer).await?;
    let unsigned = owners.prepare(&owner, order, app.parts.clock.now()).await?;
    // Before its first event comes, which would be nobody's.
    app.parts.accounts.settlement.name_account(customer.id).await?;
    Ok(Json(unsigned.into()))
}

fn order(TransactionRequest { act, amount_usd_cents }: TransactionRequest) -> Result<OwnerOrder, Problem> {
    let order = OwnerOrder { act: act.into(), usd_cents: amount_usd_cents };
    let least = if order.act == OwnerAct::Limit { LIMIT_MIN_USD_CENTS } else { 1 };
    let is_none = order.act == OwnerAct::Limit && amount_usd_cents == 0;
    let mut checks = Checks::default();
    if !is_none && !(least..=AMOUNT_MAX_USD_CENTS).contains(&amount_usd_cents) {
        checks.fail("amount_usd_cents", format!("must be {least} to {AMOUNT_MAX_USD_CENTS}"));
    }
    checks.finish(order)
}

/// Hands a signed transaction on. Done again it is the same transaction: the network executes it once.
#[utoipa::path(post, path = "/billing/transactions/{digest}", tag = "billing", request_body = SignatureRequest,
    params(("digest" = String, Path, description = "Its digest", max_length = 44)),
    responses(
        (status = 200, body = TransactionStand),
        (status = 404, description = "`not_found`: the server keeps the escrow itself", body = Problem,
            content_type = "application/problem+json"),
        GuardedProblems, WriteProblems,
        (status = 409, description = "`transaction_unknown`, `escrow_refused`; and those of every write", body = Problem,
            content_type = "application/problem+json"),
    )
)]
async fn submit_transaction(
    State(app): State<App>,
    customer: Customer,
    Path(digest): Path<String>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Json<TransactionStand>, Problem> {
    parse_none(&query.unwrap_or_default())?;
    let SignatureRequest { signature } = body::read(request).await?;
    let (owners, now) = (owners(&app)?, app.parts.clock.now());
    let wallet = owner(&app, &customer).await?.wallet;
    let transaction = owners.waiting(customer.id, &digest, now).ok_or(OwnersError::Unknown)?;
    let wallet = WalletAddress::parse(&wallet).ok_or_else(|| Problem::new(ProblemCode::NotFound))?;
    let signature =
        verify_transaction(wallet, &transaction, &signature).map_err(|error| bad_signature(&error.to_string()))?;
    let order = owners.submit(customer.id, &digest, &signature, now).await?;
    record(&app, &customer, &digest, order).await;
    Ok(Json(TransactionStand::pending(digest)))
}

/// How far a transaction is: to be signed, handed on, in a checkpoint as two nodes have it, mirrored here; or failed.
#[utoipa::path(get, path = "/billing/transactions/{digest}", tag = "billing",
    params(("digest" = String, Path, description = "Its digest", max_length = 44)),
    responses(
        (status = 200, body = TransactionStand),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        GuardedProblems,
        (status = 409, description = "`escrow_refused`: the network does not take it", body = Problem,
            content_type = "application/problem+json"),
    )
)]
async fn transaction_state(
    State(app): State<App>,
    customer: Customer,
    Path(digest): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<TransactionStand>, Problem> {
    parse_none(&query.unwrap_or_default())?;
    let owners = owners(&app)?;
    let is_digest = digest.len() <= DIGEST_CHARS_MAX && digest.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !is_digest {
        return Err(Problem::new(ProblemCode::NotFound));
    }
    let store = app.parts.accounts.settlement.store().for_customer(customer.id);
    if store.is_mirrored(customer.id, &digest).await? {
        return Ok(Json(TransactionStand::mirrored(digest)));
    }
    let owner = owner(&app, &customer).await?;
    let progress = owners.progress(&owner, &digest, app.parts.clock.now()).await?;
    let progress = progress.ok_or_else(|| Problem::new(ProblemCode::NotFound))?;
    Ok(Json(TransactionStand::of(digest, progress)))
}

/// Who makes owners' transactions, where a chain holds the funds.
fn owners(app: &App) -> Result<&Owners, Problem> {
    let none =
        || Problem::new(ProblemCode::NotFound).detail("this server keeps the escrow itself: nothing is to be signed");
    app.parts.accounts.owners.as_deref().ok_or_else(none)
}

async fn owner(app: &App, customer: &Customer) -> Result<Owner, Problem> {
    let money = app.parts.accounts.settlement.store().for_customer(customer.id).customer(customer.id).await?;
    let money = money.ok_or_else(|| Problem::new(ProblemCode::NotFound))?;
    Ok(Owner {
        customer: customer.id,
        wallet: money.wallet_address,
        limit_usd_cents: money.max_monthly.map_or(0, |limit| limit.0 / CENT.0),
    })
}

/// Not 401: the session is as good as before.
fn bad_signature(cause: &str) -> Problem {
    Problem::validation(vec![FieldError::new(
        "signature",
        format!("must be the wallet's, of this transaction: {cause}"),
    )])
}

async fn record(app: &App, customer: &Customer, digest: &str, OwnerOrder { act: done, usd_cents }: OwnerOrder) {
    let (action, change) = match done {
        OwnerAct::Deposit => ("billing.deposit", json!({"amount_usd_cents": usd_cents})),
        OwnerAct::Withdraw => ("billing.withdraw", json!({"amount_usd_cents": usd_cents})),
        OwnerAct::Limit => ("billing.limit", json!({"max_monthly_usd_cents": usd_cents})),
    };
    let store = &app.parts.accounts.store;
    let recorded = store.record(Some(customer.id), &act(app, customer), action, Some(digest), change).await;
    if let Err(error) = recorded {
        // It is handed on: saying that it failed would have it done twice.
        tracing::error!(%error, digest, "what an owner did is not in the activity log");
    }
}

impl From<OwnersError> for Problem {
    fn from(error: OwnersError) -> Self {
        let words = error.to_string();
        match error {
            OwnersError::Short { what, has, wanted } => Self::new(ProblemCode::WalletShort)
                .detail(words)
                .member("coin", if what == Coin::Gas { "gas" } else { "funds" })
                .member("has", has)
                .member("wanted", wanted),
            OwnersError::Scattered => Self::new(ProblemCode::WalletShort).detail(words).member("coin", "scattered"),
            OwnersError::NoAccount => Self::new(ProblemCode::InsufficientBalance).detail(words),
            OwnersError::Refused(_) => Self::new(ProblemCode::EscrowRefused).detail(words),
            OwnersError::UnderWay { digest } => Self::new(ProblemCode::TransactionPending).member("digest", digest),
            OwnersError::Unknown => Self::new(ProblemCode::TransactionUnknown),
            OwnersError::Signature(cause) => bad_signature(&cause),
            OwnersError::Full => Self::new(ProblemCode::Overloaded).retry_after_s(5),
            OwnersError::Doubt(cause) => {
                tracing::warn!(cause, "an owner's transaction waits for the nodes");
                Self::new(ProblemCode::EscrowUnavailable).retry_after_s(5)
            }
        }
    }
}
