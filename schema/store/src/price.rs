//! Published price books in the database: brought there once, compared ever after, never edited.

use crate::StoreError;
use crate::codec::Timestamptz;
use crate::config::StoreConfig;
use suiftly_schema::price::{PriceBook, PriceBooks};
use tokio_postgres::types::Json;
use tokio_postgres::{Client, GenericClient};

/// Publishes the books that are not there yet. A book that is there with another content is an error.
pub(crate) async fn publish(client: &Client, books: &[PriceBook]) -> Result<(), StoreError> {
    for book in books {
        let version = i32::try_from(book.version)
            .map_err(|error| StoreError::Row { what: "a price book's version", cause: error.to_string() })?;
        let insert =
            "INSERT INTO price_books (version, effective_from, book) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
        let attempted = StoreError::database("publish a price book");
        client.execute(insert, &[&version, &Timestamptz(book.effective_from), &Json(book)]).await.map_err(attempted)?;
    }
    let published = read(client).await?;
    match books.iter().find(|book| !published.contains(book)) {
        Some(edited) => Err(StoreError::PriceBookEdited { version: edited.version }),
        None => Ok(()),
    }
}

async fn read(client: &impl GenericClient) -> Result<Vec<PriceBook>, StoreError> {
    let rows = client
        .query("SELECT book FROM price_books ORDER BY effective_from", &[])
        .await
        .map_err(StoreError::database("read the price books"))?;
    let book = |row: &tokio_postgres::Row| row.try_get::<_, Json<PriceBook>>(0).map(|json| json.0);
    rows.iter().map(book).collect::<Result<_, _>>().map_err(StoreError::database("read a price book"))
}

/// All published books, checked against each other: what the dataflow rates by.
pub async fn price_books(config: &StoreConfig) -> Result<PriceBooks, StoreError> {
    let books = read(&config.connect().await?).await?;
    PriceBooks::new(books).map_err(|error| StoreError::Row { what: "the price books", cause: error.to_string() })
}
