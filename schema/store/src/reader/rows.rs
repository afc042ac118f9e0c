//! What the reader's statements over the usage tables have in common: their columns, and rows as schema's types.

use super::customers::{PARTS_MAX, PartKey};
use super::sql::{Conditions, Transaction};
use super::view::{Fetch, Rows};
use super::{Bucket, Filter, Point, TimeRange, UsageQuery, Watermark};
use crate::StoreError;
use crate::codec::{MonthDate, Timestamptz, service_of};
use suiftly_schema::ids::CustomerId;
use suiftly_schema::money::MicroUsd;
use suiftly_schema::time::{BillingMonth, UnixMillis};
use suiftly_schema::usage::UsageSums;
use tokio_postgres::Row;

/// The sums of a row: the first [`SUMS_COLUMNS`] of every statement.
pub(super) const COLUMNS: &str = "guaranteed, burst, rejected, client_error, server_error, other, billable_requests, \
    bytes_sent, billable_bytes, time_total_ms";
/// Of many rows. A sum of bigints is a numeric; counts fit a bigint as each part did, bytes are made to (the writer
/// saturates them too).
pub(super) const SUMS: &str = "sum(guaranteed)::bigint, sum(burst)::bigint, sum(rejected)::bigint, \
    sum(client_error)::bigint, sum(server_error)::bigint, sum(other)::bigint, sum(billable_requests)::bigint, \
    least(sum(bytes_sent), 9223372036854775807)::bigint, least(sum(billable_bytes), 9223372036854775807)::bigint, \
    sum(time_total_ms)::bigint";
/// How many they are.
pub(super) const SUMS_COLUMNS: usize = 10;

/// The first columns of a row.
pub(super) fn sums_of(row: &Row) -> UsageSums {
    UsageSums::from_array(std::array::from_fn(|at| row.get(at)))
}

/// Adds up usage per customer, service, month and the price book in force in the hour.
///
/// Months and books change a few times in a span. So rows are told apart by which of those changes they follow: a join
/// with the books, and the month of each row, cost several times as much over millions of rows.
pub(super) async fn each_part(
    snapshot: &Transaction<'_>,
    filter: &Filter,
    span: TimeRange,
    mut each: impl FnMut(PartKey, &UsageSums) + Send,
) -> Result<(), StoreError> {
    let stretches = stretches(&books(snapshot).await?, span);
    let mut conditions = Conditions::within("hour", span);
    filter.narrow(&mut conditions);
    let starts: Vec<_> = stretches.iter().map(|stretch| Timestamptz(stretch.start)).collect();
    let stretch = format!("width_bucket(hour, {}::timestamptz[])", conditions.parameter(starts));
    let select = format!("SELECT {SUMS}, customer_id, service_type, {stretch} FROM usage_per_hour");
    let group = format!("GROUP BY customer_id, service_type, {stretch}");
    let each = |row: &Row| {
        let number: i32 = row.get(SUMS_COLUMNS + 2);
        let stretch = usize::try_from(number).ok().and_then(|number| stretches.get(number.checked_sub(1)?));
        let Stretch { start, price_book } = stretch.ok_or_else(|| StoreError::Row {
            what: "which price book an hour is rated by",
            cause: "none was in force".to_owned(),
        })?;
        let key = PartKey {
            customer_id: CustomerId::new(row.get(SUMS_COLUMNS)),
            service: service_of(row.get(SUMS_COLUMNS + 1))?,
            month: start.month(),
            price_book: *price_book,
        };
        each(key, &sums_of(row));
        Ok(())
    };
    conditions.each_row(snapshot, (&select, &group), "read what is rated together", PARTS_MAX, each).await
}

/// A stretch of time that lies in one month and has one price book. It ends where the next begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stretch {
    start: UnixMillis,
    price_book: u32,
}

/// The stretches of a span, of books that ascend by the hour they take effect. What is before the first book has none.
fn stretches(books: &[Stretch], span: TimeRange) -> Vec<Stretch> {
    let Some(first) = books.first() else { return Vec::new() };
    let mut at = span.from.max(first.start);
    let mut stretches = Vec::new();
    while at < span.to {
        let later = books.partition_point(|book| book.start <= at);
        stretches.push(Stretch { start: at, price_book: books[later - 1].price_book });
        let month_end = at.month().end();
        at = books.get(later).map_or(month_end, |next| month_end.min(next.start));
    }
    stretches
}

async fn books(snapshot: &Transaction<'_>) -> Result<Vec<Stretch>, StoreError> {
    let select = "SELECT effective_from, version FROM price_books ORDER BY effective_from";
    let rows = snapshot.query(select, &[]).await.map_err(StoreError::database("read the price books"))?;
    let book =
        |row: &Row| Stretch { start: row.get::<_, Timestamptz>(0).0, price_book: row.get::<_, i32>(1).cast_unsigned() };
    Ok(rows.iter().map(book).collect())
}

/// Usage by minute, ascending.
pub(super) async fn minutes(
    snapshot: &Transaction<'_>,
    watermark: Watermark,
    filter: &Filter,
    span: TimeRange,
) -> Result<Vec<Point>, StoreError> {
    let sums = counted(snapshot, watermark, filter, Bucket::Minute, span).await?;
    Ok(sums.into_iter().map(|(start, sums)| Point { start, sums }).collect())
}

/// Sums over whole hours.
pub(super) async fn total(
    snapshot: &Transaction<'_>,
    watermark: Watermark,
    filter: &Filter,
    hours: TimeRange,
) -> Result<UsageSums, StoreError> {
    let mut total = UsageSums::default();
    let days = counted(snapshot, watermark, filter, Bucket::Day, hours).await?;
    days.iter().for_each(|(_, sums)| total += sums);
    Ok(total)
}

async fn counted(
    snapshot: &Transaction<'_>,
    watermark: Watermark,
    filter: &Filter,
    bucket: Bucket,
    span: TimeRange,
) -> Result<Vec<(UnixMillis, UsageSums)>, StoreError> {
    let mut rows = Rows::new(UsageQuery { filter: *filter, bucket, span, times: false }, watermark);
    UsageQuery::fetch(snapshot, &mut rows).await?;
    // All of them: what is kept no longer is for the caller to leave out.
    Ok(rows.into_sums(UnixMillis::MIN).into_iter().map(|(start, usage)| (start, usage.sums)).collect())
}

/// A month's price. What is rated knows no network.
pub(super) async fn rated(
    snapshot: &Transaction<'_>,
    filter: &Filter,
    month: BillingMonth,
) -> Result<MicroUsd, StoreError> {
    let mut conditions = Conditions::default();
    conditions.and("month", "=", MonthDate(month));
    Filter { network: None, ..*filter }.narrow(&mut conditions);
    let select = "SELECT coalesce(sum(rated_micro_usd), 0)::bigint FROM rated";
    let mut rated = MicroUsd(0);
    let each = |row: &Row| {
        rated = MicroUsd(row.get(0));
        Ok(())
    };
    conditions.each_row(snapshot, (select, ""), "read rated usage", 1, each).await?;
    Ok(rated)
}

/// The billing month's hours.
pub(super) fn hours_of(month: BillingMonth) -> TimeRange {
    TimeRange::new(month.start(), month.end())
}

/// The minutes that are wholly there, of those in a range.
pub(super) fn kept(range: TimeRange, minutes_from: UnixMillis) -> TimeRange {
    TimeRange::new(range.from.max(minutes_from), range.to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_cut_where_a_month_or_a_book_begins() {
        let at = |text: &str| UnixMillis::parse_rfc3339(text).unwrap();
        let book = |start, price_book| Stretch { start, price_book };
        let books =
            [book(UnixMillis::MIN, 1), book(at("2026-11-21T12:00:00Z"), 2), book(at("2026-12-01T00:00:00Z"), 3)];
        let span = TimeRange::new(at("2026-10-31T12:00:00Z"), at("2026-12-01T01:00:00Z"));
        let found = stretches(&books, span);
        let found: Vec<_> = found.iter().map(|stretch| (stretch.start.rfc3339(), stretch.price_book)).collect();
        let expected = [
            ("2026-10-31T12:00:00Z", 1),
            ("2026-11-01T00:00:00Z", 1),
            ("2026-11-21T12:00:00Z", 2),
            ("2026-12-01T00:00:00Z", 3),
        ];
        assert_eq!(found, expected.map(|(start, book)| (start.to_owned(), book)));
        assert!(stretches(&books, TimeRange::new(span.to, span.to)).is_empty());
        assert_eq!(stretches(&books[1..], span)[0], books[1], "before the first book there is none");
        assert!(stretches(&[], span).is_empty());
    }
}
