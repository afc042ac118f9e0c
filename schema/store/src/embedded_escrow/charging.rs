//! Charges in bulk: what they concern is loaded and locked, decided in memory, and written back, a statement for each.

use super::rows::{self, CannotSave};
use super::{EscrowRefusal, check_amount, check_nonce, is_same};
use crate::StoreError;
use crate::codec::MonthDate;
use crate::money::{ChargeOrder, EscrowEvent, EscrowEventKind};
use deadpool_postgres::Transaction;
use std::collections::{BTreeMap, HashMap};
use suiftly_schema::time::{BillingMonth, UnixMillis};

/// An account's funds and limit.
struct Held {
    balance: i64,
    limit: i64,
    is_changed: bool,
}

/// What a month has authorised, what was charged for it, and what was charged in it for months that were long over.
struct Authorised {
    authorised: i64,
    charged: i64,
    arrears: i64,
    is_changed: bool,
}

impl Authorised {
    /// What is left of the authorisation once some of it is used.
    const fn left(&self, used: i64) -> i64 {
        if self.authorised == 0 { i64::MAX } else { self.authorised - used }
    }
}

/// What the orders of one call concern. Cents throughout.
#[derive(Default)]
pub(super) struct Books {
    accounts: BTreeMap<String, Held>,
    months: BTreeMap<(String, BillingMonth), Authorised>,
    /// By nonce, those that were there.
    done: HashMap<String, EscrowEvent>,
    /// Those that are new, the month of each, and where the one of a nonce is.
    new: Vec<EscrowEvent>,
    new_months: Vec<Option<BillingMonth>>,
    new_at: HashMap<String, usize>,
}

/// An answer, before new events have their places.
pub(super) enum Answer {
    Done(EscrowEvent),
    New(usize),
    Refused(EscrowRefusal),
}

impl Books {
    /// Loads and locks them, with the month that runs.
    pub(super) async fn load(
        transaction: &Transaction<'_>,
        orders: &[ChargeOrder],
        running: BillingMonth,
    ) -> Result<Self, StoreError> {
        let mut books = Self::default();
        let accounts: Vec<&str> = orders.iter().map(|order| order.account.as_str()).collect();
        for account in rows::lock_accounts(transaction, &accounts).await? {
            let held = Held { balance: account.balance_usd_cents, limit: account.limit_usd_cents, is_changed: false };
            books.accounts.insert(account.id, held);
        }
        let nonces: Vec<&String> = orders.iter().map(|order| &order.nonce.0).collect();
        for event in rows::by_nonce(transaction, &nonces).await? {
            books.done.insert(event.nonce.clone().unwrap_or_default(), event);
        }
        let (accounts, months): (Vec<&str>, Vec<MonthDate>) = orders
            .iter()
            .flat_map(|order| [order.month, running].map(|month| (order.account.as_str(), MonthDate(month))))
            .unzip();
        let sql = "SELECT account_id, month, authorised_usd_cents, charged_usd_cents, arrears_usd_cents FROM embedded_escrow_months \
            WHERE (account_id, month) IN (SELECT * FROM unnest($1::text[], $2::date[]))";
        let select = transaction.prepare_cached(sql).await.cannot_read()?;
        for row in transaction.query(&select, &[&accounts, &months]).await.cannot_read()? {
            let (authorised, charged, arrears) = (row.get(2), row.get(3), row.get(4));
            let authorised = Authorised { authorised, charged, arrears, is_changed: false };
            books.months.insert((row.get(0), row.get::<_, MonthDate>(1).0), authorised);
        }
        Ok(books)
    }

    /// Decides the orders one after the other.
    pub(super) fn take(&mut self, orders: &[ChargeOrder], at: UnixMillis) -> Vec<Answer> {
        orders.iter().map(|order| self.take_one(order, at).unwrap_or_else(Answer::Refused)).collect()
    }

    fn take_one(&mut self, order: &ChargeOrder, at: UnixMillis) -> Result<Answer, EscrowRefusal> {
        let amount = order.amount_usd_cents;
        check_amount(amount)?;
        check_nonce(&order.nonce)?;
        let Some(held) = self.accounts.get(&order.account) else {
            return Err(EscrowRefusal::NoAccount { account: order.account.clone() });
        };
        let (balance_usd_cents, limit) = (held.balance, held.limit);
        let mut event = rows::event(&order.account, EscrowEventKind::Charge, amount, at);
        event.nonce = Some(order.nonce.0.clone());
        let used = || EscrowRefusal::NonceUsed { nonce: order.nonce.0.clone() };
        if let Some(done) = self.done.get(&order.nonce.0) {
            return if is_same(done, &event) { Ok(Answer::Done(done.clone())) } else { Err(used()) };
        }
        if let Some(&at) = self.new_at.get(&order.nonce.0) {
            return if is_same(&self.new[at], &event) { Ok(Answer::New(at)) } else { Err(used()) };
        }
        if amount > balance_usd_cents {
            return Err(EscrowRefusal::Balance { balance_usd_cents, amount_usd_cents: amount });
        }
        self.draw(order, limit, at.month())?;
        self.new_at.insert(order.nonce.0.clone(), self.new.len());
        self.new.push(event);
        self.new_months.push(Some(order.month));
        Ok(Answer::New(self.new.len() - 1))
    }

    /// Draws what is authorised. For a month that was over before the last one it must be within the running month's
    /// limit, too, with whatever was drawn for such in it.
    fn draw(&mut self, order: &ChargeOrder, limit: i64, running: BillingMonth) -> Result<(), EscrowRefusal> {
        let amount_usd_cents = order.amount_usd_cents;
        let month = self.month(order, order.month, limit);
        let left_usd_cents = month.left(month.charged);
        if amount_usd_cents > left_usd_cents {
            return Err(EscrowRefusal::Authorisation { month: order.month, left_usd_cents, amount_usd_cents });
        }
        if order.month < running.previous() {
            let month = self.month(order, running, limit);
            let left_usd_cents = month.left(month.arrears);
            if amount_usd_cents > left_usd_cents {
                return Err(EscrowRefusal::Arrears { running, left_usd_cents, amount_usd_cents });
            }
            month.arrears += amount_usd_cents;
            month.is_changed = true;
        }
        let month = self.month(order, order.month, limit);
        month.charged += amount_usd_cents;
        month.is_changed = true;
        if let Some(held) = self.accounts.get_mut(&order.account) {
            held.balance -= amount_usd_cents;
            held.is_changed = true;
        }
        Ok(())
    }

    /// A month of an order's account. One that nothing was written of yet has the limit in force.
    fn month(&mut self, order: &ChargeOrder, month: BillingMonth, limit: i64) -> &mut Authorised {
        let untouched = Authorised { authorised: limit, charged: 0, arrears: 0, is_changed: false };
        self.months.entry((order.account.clone(), month)).or_insert(untouched)
    }

    /// Writes what has changed.
    pub(super) async fn save(&mut self, transaction: &Transaction<'_>) -> Result<(), StoreError> {
        if self.new.is_empty() {
            return Ok(());
        }
        self.save_accounts(transaction).await?;
        self.save_months(transaction).await?;
        rows::append(transaction, &mut self.new, &self.new_months).await
    }

    async fn save_accounts(&self, transaction: &Transaction<'_>) -> Result<(), StoreError> {
        let changed = || self.accounts.iter().filter(|(_, held)| held.is_changed);
        let ids: Vec<&str> = changed().map(|(id, _)| id.as_str()).collect();
        let balances: Vec<i64> = changed().map(|(_, held)| held.balance).collect();
        let sql = "UPDATE embedded_escrow_accounts AS a SET balance_usd_cents = n.balance \
            FROM unnest($1::text[], $2::bigint[]) AS n (id, balance) WHERE a.id = n.id";
        let update = transaction.prepare_cached(sql).await.cannot_save()?;
        transaction.execute(&update, &[&ids, &balances]).await.cannot_save().map(|_| ())
    }

    async fn save_months(&self, transaction: &Transaction<'_>) -> Result<(), StoreError> {
        let changed = || self.months.iter().filter(|(_, month)| month.is_changed);
        let ids: Vec<&str> = changed().map(|((id, _), _)| id.as_str()).collect();
        let months: Vec<MonthDate> = changed().map(|((_, month), _)| MonthDate(*month)).collect();
        let authorised: Vec<i64> = changed().map(|(_, month)| month.authorised).collect();
        let charged: Vec<i64> = changed().map(|(_, month)| month.charged).collect();
        let arrears: Vec<i64> = changed().map(|(_, month)| month.arrears).collect();
        let sql = "INSERT INTO embedded_escrow_months (account_id, month, authorised_usd_cents, charged_usd_cents, arrears_usd_cents) \
            SELECT * FROM unnest($1::text[], $2::date[], $3::bigint[], $4::bigint[], $5::bigint[]) \
            ON CONFLICT (account_id, month) DO UPDATE SET charged_usd_cents = excluded.charged_usd_cents, \
                arrears_usd_cents = excluded.arrears_usd_cents";
        let upsert = transaction.prepare_cached(sql).await.cannot_save()?;
        transaction.execute(&upsert, &[&ids, &months, &authorised, &charged, &arrears]).await.cannot_save().map(|_| ())
    }

    /// The answers, once it is committed.
    pub(super) fn answer(self, answers: Vec<Answer>) -> Vec<Result<EscrowEvent, EscrowRefusal>> {
        let answer = |answer| match answer {
            Answer::Done(event) => Ok(event),
            Answer::New(at) => Ok(self.new[at].clone()),
            Answer::Refused(refusal) => Err(refusal),
        };
        answers.into_iter().map(answer).collect()
    }
}
