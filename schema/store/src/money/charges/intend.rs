//! Intending charges: decided and written under the customers' locks, in one transaction for all of them.

use super::{Intended, Intent};
use crate::StoreError;
use crate::codec::{MonthDate, Timestamptz, known_customer};
use crate::money::changes::{Changes, query};
use crate::money::escrow::{ChargeOrder, Nonce};
use crate::money::months::{self, CustomerMoney, MonthRow, to_cents, usage_transfer};
use crate::money::proofs::bill_roots;
use crate::money::{arrears, lock};
use deadpool_postgres::Transaction;
use std::collections::{BTreeMap, HashMap};
use suiftly_schema::bill::whole_cents;
use suiftly_schema::charge::{ArrearsRoom, ChargeReason, Draw, next_draw};
use suiftly_schema::ids::CustomerId;
use suiftly_schema::ledger::{Account, Kind, Transfer};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::proof::Hash;
use suiftly_schema::time::UnixMillis;

/// A charge before it has a number.
struct Draft {
    customer_id: CustomerId,
    order: ChargeOrder,
    reason: ChargeReason,
}

/// What waits at customers with withdrawals that are not settled, and at those who close their accounts.
#[derive(Clone, Copy, Default)]
pub(in crate::money) struct Withdrawing {
    /// All that is accrued is to be charged.
    pub(in crate::money) is_pressing: bool,
    /// A withdrawal is not settled.
    pub(in crate::money) is_asked_for: bool,
    /// The escrow was told to pay, and has not answered: nothing else is drawn meanwhile.
    pub(in crate::money) is_paying: bool,
}

pub(super) async fn all(
    transaction: &Transaction<'_>,
    customers: &[CustomerId],
    now: UnixMillis,
) -> Result<Intended, StoreError> {
    lock(transaction, customers).await?;
    let withdrawing = withdrawing(transaction, customers).await?;
    let (mut intended, mut changes, mut drafts) = (Intended::default(), Changes::default(), Vec::new());
    let moneys = months::read(transaction, customers).await?;
    let rooms = arrears::rooms(transaction, &moneys, now).await?;
    for (money, room) in moneys.iter().zip(rooms) {
        let waits = withdrawing.get(&money.customer_id).copied().unwrap_or_default();
        let Some(draw) = draw_of(money, waits, room, now) else { continue };
        if is_more(money, &draw, waits, room) {
            intended.more.push(money.customer_id);
        }
        intended.credited += u32::from(draw.from_credits > MicroUsd(0));
        drafts.extend(plan(&mut changes, money, &draw, now));
    }
    name_bills(transaction, &mut drafts).await?;
    intended.intents = insert(transaction, drafts, now).await?;
    for intent in &intended.intents {
        changes.transfers.push(intent_transfer(intent, now));
    }
    changes.write(transaction, now).await?;
    Ok(intended)
}

/// What withdrawals and closures mean for charging, by customer.
pub(in crate::money) async fn withdrawing(
    transaction: &Transaction<'_>,
    customers: &[CustomerId],
) -> Result<BTreeMap<CustomerId, Withdrawing>, StoreError> {
    let ids: Vec<i64> = customers.iter().map(|id| id.get()).collect();
    let sql = "SELECT c.id, count(w.request_digest) > 0, coalesce(bool_or(w.paying_usd_cents IS NOT NULL), false) \
        FROM customers AS c LEFT JOIN withdrawals AS w ON w.customer_id = c.id AND w.settled_at IS NULL \
        WHERE c.id = ANY($1) AND (w.request_digest IS NOT NULL OR c.closing_at IS NOT NULL) GROUP BY 1";
    let rows = query(transaction, sql, &[&ids], "read withdrawals").await?;
    let of = |row: &tokio_postgres::Row| {
        let waits = Withdrawing { is_pressing: true, is_asked_for: row.get(1), is_paying: row.get(2) };
        Ok((known_customer(row.get(0))?, waits))
    };
    rows.iter().map(of).collect()
}

fn draw_of(money: &CustomerMoney, waits: Withdrawing, room: ArrearsRoom, now: UnixMillis) -> Option<Draw> {
    let is_undecided = money.months.iter().any(|month| month.in_flight > MicroUsd(0));
    let is_too_soon = money.charge_not_before.is_some_and(|at| now < at);
    if is_undecided || is_too_soon || waits.is_paying {
        return None;
    }
    next_draw(&money.standings(), balance(money), money.credits, waits.is_pressing, room)
}

/// Nothing is drawn from who has no account.
fn balance(money: &CustomerMoney) -> MicroUsd {
    if money.escrow_account.is_some() { money.balance } else { MicroUsd(0) }
}

/// Whether there is another draw once this one is done.
fn is_more(money: &CustomerMoney, draw: &Draw, waits: Withdrawing, room: ArrearsRoom) -> bool {
    let mut standings = money.standings();
    for standing in standings.iter_mut().filter(|standing| standing.month == draw.month) {
        standing.charged += draw.from_escrow;
        standing.credited += draw.from_credits;
    }
    let (balance, credits) = (balance(money) - draw.from_escrow, money.credits - draw.from_credits);
    next_draw(&standings, balance, credits, waits.is_pressing, room.after(draw)).is_some()
}

/// Posts usage and credits, and drafts the charge.
fn plan(changes: &mut Changes, money: &CustomerMoney, draw: &Draw, now: UnixMillis) -> Option<Draft> {
    let customer_id = money.customer_id;
    let month = money.months.iter().find(|month| month.month == draw.month)?;
    let drawn = month.charged + month.in_flight + draw.from_escrow;
    let cap = money.cap(month).map(whole_cents);
    assert!(
        cap.is_none_or(|cap| drawn <= cap),
        "customer {customer_id:?} would be charged past the cap of {}",
        month.month
    );
    // A closed month asks for what its documents say; usage that came later waits for its note.
    if month.payable.is_none()
        && let Some(usage) = usage_transfer(customer_id, month, now)
    {
        changes.transfers.push(usage);
        changes.month(customer_id, draw.month).accrued += month.rated - month.accrued;
    }
    if draw.from_credits > MicroUsd(0) {
        changes.transfers.push(credit_transfer(customer_id, month, draw.from_credits, now));
        changes.month(customer_id, draw.month).credits += draw.from_credits;
        changes.customer(customer_id).credits += -draw.from_credits;
    }
    if draw.from_escrow == MicroUsd(0) {
        return None;
    }
    changes.month(customer_id, draw.month).in_flight += draw.from_escrow;
    let order = ChargeOrder {
        nonce: Nonce::random(),
        account: money.escrow_account.clone()?,
        amount_usd_cents: to_cents(draw.from_escrow),
        month: draw.month,
        // Until its bill is named: of one without leaves.
        root: Hash::of_no_leaves().0,
    };
    Some(Draft { customer_id, order, reason: draw.reason })
}

/// Gives each order the root of the bill that it is for, as it stands in this transaction.
async fn name_bills(transaction: &Transaction<'_>, drafts: &mut [Draft]) -> Result<(), StoreError> {
    if drafts.is_empty() {
        return Ok(());
    }
    let months: Vec<_> = drafts.iter().map(|draft| (draft.customer_id, draft.order.month)).collect();
    let roots = bill_roots(transaction, &months).await?;
    for draft in drafts {
        if let Some(root) = roots.get(&(draft.customer_id, draft.order.month)) {
            draft.order.root = root.0;
        }
    }
    Ok(())
}

fn credit_transfer(customer_id: CustomerId, month: &MonthRow, amount: MicroUsd, now: UnixMillis) -> Transfer {
    Transfer {
        customer_id,
        kind: Kind::CreditApplied,
        debit: Account::Credits,
        credit: Account::Receivable,
        amount,
        month: Some(month.month),
        // With the time, since an excess may give credits back.
        reference: format!("credit_applied:{}:{}:{}@{}", customer_id.get(), month.month, month.credits.0, now.0),
        reverses: None,
        memo: None,
        posted_at: now,
    }
}

fn intent_transfer(intent: &Intent, now: UnixMillis) -> Transfer {
    Transfer {
        customer_id: intent.customer_id,
        kind: Kind::ChargeIntent,
        debit: Account::Suspense,
        credit: Account::Receivable,
        amount: months::cents(intent.order.amount_usd_cents),
        month: Some(intent.order.month),
        reference: format!("charge:{}#intent", intent.charge_id),
        reverses: None,
        memo: None,
        posted_at: now,
    }
}

async fn insert(transaction: &Transaction<'_>, drafts: Vec<Draft>, now: UnixMillis) -> Result<Vec<Intent>, StoreError> {
    if drafts.is_empty() {
        return Ok(Vec::new());
    }
    let sql = "INSERT INTO charges (nonce, customer_id, month, amount_usd_cents, reason, root, intended_at) \
        SELECT nonce, customer_id, month, amount, reason, root, $7 \
        FROM unnest($1::text[], $2::bigint[], $3::date[], $4::bigint[], $5::text[], $6::bytea[]) \
            AS n (nonce, customer_id, month, amount, reason, root) \
        RETURNING nonce, id";
    let nonces: Vec<&str> = drafts.iter().map(|draft| draft.order.nonce.0.as_str()).collect();
    let customers: Vec<i64> = drafts.iter().map(|draft| draft.customer_id.get()).collect();
    let months: Vec<MonthDate> = drafts.iter().map(|draft| MonthDate(draft.order.month)).collect();
    let amounts: Vec<i64> = drafts.iter().map(|draft| draft.order.amount_usd_cents).collect();
    let reasons: Vec<&str> = drafts.iter().map(|draft| draft.reason.word()).collect();
    let roots: Vec<&[u8]> = drafts.iter().map(|draft| &draft.order.root[..]).collect();
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 7] =
        [&nonces, &customers, &months, &amounts, &reasons, &roots, &Timestamptz(now)];
    let rows = query(transaction, sql, &values, "write intended charges").await?;
    let numbers: HashMap<String, i64> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let intent = |Draft { customer_id, order, .. }| {
        Some(Intent { charge_id: *numbers.get(&order.nonce.0)?, customer_id, order })
    };
    Ok(drafts.into_iter().filter_map(intent).collect())
}
