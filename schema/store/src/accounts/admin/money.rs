//! Operators' acts on money that are the database's alone, each with its row in the activity log: credits, price books,
//! the manager's clock.

use super::super::AccountStore;
use super::super::activity::{Act, record};
use super::acts::{ActRefused, is_customer};
use crate::StoreError;
use crate::money::{self, PublishRefused};
use serde_json::json;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::money::MicroUsd;
use suiftly_schema::price::PriceBook;
use suiftly_schema::time::UnixMillis;

/// What a grant of a credit did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Granted {
    /// Whether the reference is new: if not, it was granted before, and nothing was done.
    pub is_new: bool,
}

impl AccountStore {
    /// Grants a credit, once per reference, dated `now` by the manager's clock. The same reference for another customer or
    /// amount is [`StoreError::Unfit`].
    pub async fn grant_credit(
        &self,
        customer: CustomerId,
        amount: MicroUsd,
        (reference, memo): (&str, Option<&str>),
        now: UnixMillis,
        act: &Act,
    ) -> Result<Result<Granted, ActRefused>, StoreError> {
        const ATTEMPTED: &str = "grant a credit";
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        if !is_customer(&transaction, customer).await? {
            return Ok(Err(ActRefused::Missing { what: "customer" }));
        }
        let is_new = money::grant_credit(&transaction, customer, amount, (reference, memo), now).await?;
        let change = json!({"amount_micro_usd": amount.0, "memo": memo, "is_new": is_new});
        record(&transaction, Some(customer), act, "credit.grant", Some(reference), change).await?;
        transaction.commit().await.map_err(StoreError::database(ATTEMPTED))?;
        Ok(Ok(Granted { is_new }))
    }

    /// Publishes a book, as [`money::MoneyStore::publish_price_book`]; answers whether it is new.
    pub async fn publish_price_book(
        &self,
        book: &PriceBook,
        now: UnixMillis,
        act: &Act,
    ) -> Result<Result<bool, PublishRefused>, StoreError> {
        const ATTEMPTED: &str = "publish a price book";
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        let is_new = match money::publish_book(&transaction, book, now).await? {
            Ok(is_new) => is_new,
            Err(refused) => return Ok(Err(refused)),
        };
        let change = json!({"effective_from": book.effective_from.rfc3339(), "is_new": is_new});
        record(&transaction, None, act, "price_book.publish", Some(&book.version.to_string()), change).await?;
        transaction.commit().await.map_err(StoreError::database(ATTEMPTED))?;
        Ok(Ok(is_new))
    }

    /// Moves the manager's clock, as [`money::MoneyStore::set_clock_offset`]. Development and tests only.
    pub async fn move_clock(&self, offset_ms: i64, act: &Act) -> Result<(), StoreError> {
        const ATTEMPTED: &str = "move the manager's clock";
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        money::move_clock(&*transaction, offset_ms).await?;
        record(&transaction, None, act, "clock.move", None, json!({"offset_ms": offset_ms})).await?;
        transaction.commit().await.map_err(StoreError::database(ATTEMPTED))
    }
}
