//! Published price books in the database: brought there once, compared ever after, never edited.

use crate::StoreError;
use crate::codec::Timestamptz;
use crate::config::StoreConfig;
use suiftly_schema::price::{BillableRule, PriceBook, PriceBooks, StatusRange};
use suiftly_schema::stream::billed_as;
use suiftly_schema::usage::MAX_TRAFFIC_TYPE;
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

/// Whether a raw record is billed, by the book in force at its time: a condition in SQL over its columns, of numbers alone.
pub(crate) async fn is_billed(client: &impl GenericClient) -> Result<String, StoreError> {
    Ok(condition(&books(client).await?))
}

fn condition(books: &PriceBooks) -> String {
    let default = rule(&BillableRule::default());
    if books.bill_by_default() {
        return default;
    }
    books.all().iter().fold(default, |before, book| {
        let (from, by_book) = (book.effective_from.0, rule(&book.billable));
        format!("CASE WHEN timestamp >= to_timestamp({from} / 1000.0) THEN {by_book} ELSE {before} END")
    })
}

fn rule(rule: &BillableRule) -> String {
    let is_billed = |traffic_type: &u8| rule.traffic_types.contains(&billed_as(*traffic_type));
    let types: Vec<_> = (0..=MAX_TRAFFIC_TYPE).filter(is_billed).map(|traffic_type| traffic_type.to_string()).collect();
    let range = |range: &StatusRange| format!("status_code BETWEEN {} AND {}", range.from, range.to);
    let statuses: Vec<_> = rule.statuses.iter().map(range).collect();
    format!("(traffic_type IN ({}) AND ({}))", types.join(", "), statuses.join(" OR "))
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
    books(&config.connect().await?).await
}

/// The same, as a transaction sees them.
pub(crate) async fn books(client: &impl GenericClient) -> Result<PriceBooks, StoreError> {
    PriceBooks::new(read(client).await?)
        .map_err(|error| StoreError::Row { what: "the price books", cause: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use suiftly_schema::time::UnixMillis;

    #[test]
    fn what_is_billed_is_a_condition_of_numbers() {
        let default = "(traffic_type IN (1, 2, 7) AND (status_code BETWEEN 100 AND 399))";
        assert_eq!(condition(&PriceBooks::v1()), default);
        let statuses = vec![StatusRange { from: 200, to: 299 }, StatusRange { from: 404, to: 404 }];
        let billable = BillableRule { traffic_types: vec![0, 4], statuses };
        let hour = |hours: i64| UnixMillis(hours * 3_600_000);
        let own = PriceBook { version: 2, effective_from: hour(1), billable, ..PriceBook::v1() };
        let again = PriceBook { version: 3, effective_from: hour(2), ..PriceBook::v1() };
        let books = PriceBooks::new(vec![PriceBook::v1(), own, again]).unwrap();
        let expected = format!(
            "CASE WHEN timestamp >= to_timestamp(7200000 / 1000.0) THEN {default} \
             ELSE CASE WHEN timestamp >= to_timestamp(3600000 / 1000.0) THEN (traffic_type IN (0, 4) \
             AND (status_code BETWEEN 200 AND 299 OR status_code BETWEEN 404 AND 404)) \
             ELSE CASE WHEN timestamp >= to_timestamp(0 / 1000.0) THEN {default} ELSE {default} END END END"
        );
        assert_eq!(condition(&books), expected);
    }
}
