//! Items charged: rows, transfers in the ledger, and the sums that the spend view goes by.

use crate::StoreError;
use crate::codec::{MonthDate, Timestamptz};
use crate::money::ledger;
use deadpool_postgres::Transaction;
use std::collections::BTreeMap;
use suiftly_schema::ids::{CustomerId, Service};
use suiftly_schema::ledger::{Account, Kind, Transfer};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::subscription::Item;
use suiftly_schema::time::{BillingMonth, UnixMillis};

/// An item to be charged.
pub(super) struct Booked {
    pub(super) customer_id: CustomerId,
    pub(super) service: Service,
    pub(super) month: BillingMonth,
    pub(super) item: Item,
    /// The version of the book that prices it.
    pub(super) price_book: u32,
}

/// In the order given, which their numbers follow.
const INSERT: &str = "INSERT INTO subscription_items (customer_id, month, service_type, item, description, quantity, \
        monthly_micro_usd, days, days_in_month, amount_micro_usd, price_book, is_renewal, ordered_at) \
    SELECT customer, month, service, item, description, quantity, monthly, days, in_month, amount, book, $12, $13 \
    FROM unnest($1::bigint[], $2::date[], $3::smallint[], $4::text[], $5::text[], $6::integer[], $7::bigint[], \
        $8::smallint[], $9::smallint[], $10::bigint[], $11::integer[]) WITH ORDINALITY \
        AS n (customer, month, service, item, description, quantity, monthly, days, in_month, amount, book, place) \
    ORDER BY place RETURNING id";

/// Charges items to their months. Answers their numbers, in the order given.
pub(super) async fn book(
    transaction: &Transaction<'_>,
    items: &[Booked],
    is_renewal: bool,
    at: UnixMillis,
) -> Result<Vec<i64>, StoreError> {
    if items.is_empty() {
        return Ok(Vec::new());
    }
    let mut ids = insert(transaction, items, is_renewal, at).await?;
    // Drawn in the order of insertion, which is theirs.
    ids.sort_unstable();
    let transfers: Vec<_> = ids.iter().zip(items).filter_map(|(id, booked)| booked.transfer(*id, at)).collect();
    ledger::post(transaction, &transfers).await?;
    add_to_months(transaction, items).await?;
    Ok(ids)
}

async fn insert(
    transaction: &Transaction<'_>,
    items: &[Booked],
    is_renewal: bool,
    at: UnixMillis,
) -> Result<Vec<i64>, StoreError> {
    let attempted = "write what subscriptions are charged";
    let numbers = |of: fn(&Booked) -> i64| items.iter().map(of).collect::<Vec<_>>();
    let small = |of: fn(&Booked) -> i16| items.iter().map(of).collect::<Vec<_>>();
    let whole = |of: fn(&Booked) -> u32| -> Vec<i32> {
        items.iter().map(|booked| i32::try_from(of(booked)).expect("quantities and versions are small")).collect()
    };
    let customers = numbers(|booked| booked.customer_id.get());
    let months: Vec<_> = items.iter().map(|booked| MonthDate(booked.month)).collect();
    let services = small(|booked| i16::from(booked.service.number()));
    let kinds: Vec<&str> = items.iter().map(|booked| booked.item.kind.word()).collect();
    let descriptions: Vec<String> = items.iter().map(|booked| booked.item.kind.to_string()).collect();
    let (quantities, versions) = (whole(|booked| booked.item.quantity), whole(|booked| booked.price_book));
    let (monthly, amounts) = (numbers(|booked| booked.item.monthly.0), numbers(|booked| booked.item.amount.0));
    let days = small(|booked| i16::from(booked.item.days));
    let days_in_month = small(|booked| i16::from(booked.item.days_in_month));
    let statement = transaction.prepare_cached(INSERT).await.map_err(StoreError::database(attempted))?;
    let rows = transaction
        .query(
            &statement,
            &[
                &customers,
                &months,
                &services,
                &kinds,
                &descriptions,
                &quantities,
                &monthly,
                &days,
                &days_in_month,
                &amounts,
                &versions,
                &is_renewal,
                &Timestamptz(at),
            ],
        )
        .await
        .map_err(StoreError::database(attempted))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

impl Booked {
    /// `None` for what is free.
    fn transfer(&self, id: i64, at: UnixMillis) -> Option<Transfer> {
        let whose = (self.customer_id, Some(self.month));
        let sides = (Account::Receivable, Account::Revenue);
        Transfer::signed(whose, Kind::Subscription, sides, self.item.amount, format!("item:{id}"), at)
    }
}

/// A closed month stays as it is: nothing is answered for it.
const ADD_TO_MONTHS: &str = "INSERT INTO billing_months AS m (customer_id, month, fixed_micro_usd) \
    SELECT * FROM unnest($1::bigint[], $2::date[], $3::bigint[]) \
    ON CONFLICT (customer_id, month) DO UPDATE SET fixed_micro_usd = m.fixed_micro_usd + excluded.fixed_micro_usd \
        WHERE m.closed_at IS NULL";

const ADD_TO_CUSTOMERS: &str = "UPDATE customers SET fixed_in_all_micro_usd = fixed_in_all_micro_usd + n.amount \
    FROM (SELECT customer, sum(amount)::bigint AS amount FROM unnest($1::bigint[], $2::bigint[]) AS u (customer, amount) \
        GROUP BY customer) AS n \
    WHERE id = n.customer AND n.amount <> 0";

async fn add_to_months(transaction: &Transaction<'_>, items: &[Booked]) -> Result<(), StoreError> {
    let mut sums: BTreeMap<(CustomerId, BillingMonth), MicroUsd> = BTreeMap::new();
    for booked in items {
        *sums.entry((booked.customer_id, booked.month)).or_default() += booked.item.amount;
    }
    let customers: Vec<i64> = sums.keys().map(|(customer, _)| customer.get()).collect();
    let months: Vec<_> = sums.keys().map(|(_, month)| MonthDate(*month)).collect();
    let amounts: Vec<i64> = sums.values().map(|amount| amount.0).collect();
    let added = transaction.execute(ADD_TO_MONTHS, &[&customers, &months, &amounts]).await;
    let added = added.map_err(StoreError::database("add subscriptions to months"))?;
    if added != customers.len() as u64 {
        let cause = "it is closed, and a subscription was to be charged to it".to_owned();
        return Err(StoreError::Row { what: "a customer's month", cause });
    }
    let added = transaction.execute(ADD_TO_CUSTOMERS, &[&customers, &amounts]).await;
    added.map_err(StoreError::database("add subscriptions to customers")).map(|_| ())
}
