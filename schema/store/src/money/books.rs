//! Publishing a price book: held against all that are published, recorded once, and told to the dataflow by the outbox.

use super::MoneyStore;
use crate::codec::Timestamptz;
use crate::{StoreError, price};
use deadpool_postgres::Transaction;
use suiftly_schema::price::{PriceBook, PriceBooks, PriceBooksError};
use suiftly_schema::time::UnixMillis;
use tokio_postgres::types::Json;

/// A book is published so long before it takes effect: lines may be dated ten minutes ahead, and none may have been rated
/// by the book before in an hour that is the new one's. The rest is for the outbox.
pub const PUBLISHED_AHEAD_MS: i64 = 15 * 60_000;

/// Held while a book is published: each is held against those before it.
const ONE_AT_A_TIME: &str = "SELECT pg_advisory_xact_lock(91763744571397)";

/// Why a book is not published. Nothing was written.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublishRefused {
    /// Too late.
    #[error(
        "price book {version} takes effect at {}, and must be published {} minutes before: it is {} now",
        .effective_from.rfc3339(), PUBLISHED_AHEAD_MS / 60_000, .now.rfc3339()
    )]
    Late {
        /// Which book.
        version: u32,
        /// When it takes effect.
        effective_from: UnixMillis,
        /// The manager's clock.
        now: UnixMillis,
    },
    /// It does not fit those that are published, or cannot be used at all.
    #[error(transparent)]
    Books(#[from] PriceBooksError),
}

impl MoneyStore {
    /// All published books.
    pub async fn price_books(&self) -> Result<PriceBooks, StoreError> {
        price::books(&**self.client().await?).await
    }

    /// Publishes a book that takes effect after all others. Published again just as it is, it is left alone.
    pub async fn publish_price_book(
        &self,
        book: &PriceBook,
        now: UnixMillis,
    ) -> Result<Result<(), PublishRefused>, StoreError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(StoreError::database("begin to publish a price book"))?;
        if let Err(refused) = publish(&transaction, book, now).await? {
            return Ok(Err(refused));
        }
        transaction.commit().await.map_err(StoreError::database("commit a price book"))?;
        Ok(Ok(()))
    }
}

/// The same within a transaction; answers whether the book is new.
pub(crate) async fn publish(
    transaction: &Transaction<'_>,
    book: &PriceBook,
    now: UnixMillis,
) -> Result<Result<bool, PublishRefused>, StoreError> {
    let locked = transaction.batch_execute(ONE_AT_A_TIME).await;
    locked.map_err(StoreError::database("publish one price book at a time"))?;
    let mut books = price::books(&**transaction).await?;
    if books.version(book.version) == Some(book) {
        return Ok(Ok(false));
    }
    if book.effective_from < now.plus_ms(PUBLISHED_AHEAD_MS) {
        let (version, effective_from) = (book.version, book.effective_from);
        return Ok(Err(PublishRefused::Late { version, effective_from, now }));
    }
    if let Err(error) = books.publish(book.clone()) {
        return Ok(Err(error.into()));
    }
    let version = i32::try_from(book.version)
        .map_err(|error| StoreError::Row { what: "a price book's version", cause: error.to_string() })?;
    let sql = "INSERT INTO price_books (version, effective_from, book) VALUES ($1, $2, $3)";
    let written = transaction.execute(sql, &[&version, &Timestamptz(book.effective_from), &Json(book)]).await;
    written.map_err(StoreError::database("publish a price book"))?;
    Ok(Ok(true))
}
