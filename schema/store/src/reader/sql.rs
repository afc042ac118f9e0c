//! Statements put together out of the conditions that a query has, and rows taken one by one, so many at most.
//!
//! Only what is asked for stands in a statement: a condition "any or this" would keep PostgreSQL from its indexes as
//! soon as it plans once for all parameters.

use super::TimeRange;
use crate::StoreError;
use crate::codec::Timestamptz;
use futures::{Stream, TryStreamExt};
use std::pin::pin;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

/// A snapshot.
pub(crate) type Transaction<'a> = deadpool_postgres::Transaction<'a>;

/// Conditions, and their values.
#[derive(Default)]
pub(crate) struct Conditions {
    text: String,
    values: Vec<Box<dyn ToSql + Sync + Send>>,
}

impl Conditions {
    /// The rows of a span of time.
    pub(super) fn within(column: &str, span: TimeRange) -> Self {
        let mut conditions = Self::default();
        conditions.and(column, ">=", Timestamptz(span.from));
        conditions.and(column, "<", Timestamptz(span.to));
        conditions
    }

    /// And this one, of a column of the program's own.
    pub(crate) fn and(&mut self, column: &str, operator: &str, value: impl ToSql + Sync + Send + 'static) {
        let value = self.parameter(value);
        let between = if self.text.is_empty() { "" } else { " AND " };
        self.text += &format!("{between}{column} {operator} {value}");
    }

    /// A value for another part of the statement: its name there.
    pub(crate) fn parameter(&mut self, value: impl ToSql + Sync + Send + 'static) -> String {
        self.values.push(Box::new(value));
        format!("${}", self.values.len())
    }

    /// And, if it is given, that a column is equal to it.
    pub(crate) fn and_is(&mut self, column: &str, value: Option<impl ToSql + Sync + Send + 'static>) {
        if let Some(value) = value {
            self.and(column, "=", value);
        }
    }

    /// And that three columns stand before these values, the first first.
    pub(crate) fn and_before<A, B, C>(&mut self, columns: &str, (first, second, third): (A, B, C))
    where
        A: ToSql + Sync + Send + 'static,
        B: ToSql + Sync + Send + 'static,
        C: ToSql + Sync + Send + 'static,
    {
        let (first, second, third) = (self.parameter(first), self.parameter(second), self.parameter(third));
        let between = if self.text.is_empty() { "" } else { " AND " };
        self.text += &format!("{between}({columns}) < ({first}, {second}, {third})");
    }

    /// The first rows of `SELECT … FROM … WHERE` these `…`.
    pub(crate) async fn first_rows(
        self,
        snapshot: &Transaction<'_>,
        (select_from, rest): (&str, &str),
        attempted: &'static str,
        limit: u32,
    ) -> Result<Vec<Row>, StoreError> {
        let statement = format!("{select_from} WHERE {} {rest} LIMIT {limit}", self.text);
        let prepared = snapshot.prepare_cached(&statement).await.map_err(StoreError::database(attempted))?;
        let client: &tokio_postgres::Transaction<'_> = snapshot;
        let rows = client.query_raw(&prepared, self.values).await.map_err(StoreError::database(attempted))?;
        rows.try_collect().await.map_err(StoreError::database(attempted))
    }

    /// `SELECT … FROM … WHERE` these `…`, row by row.
    pub(super) async fn each_row(
        self,
        snapshot: &Transaction<'_>,
        (select_from, rest): (&str, &str),
        attempted: &'static str,
        rows_max: u32,
        mut each: impl FnMut(&Row) -> Result<(), StoreError> + Send,
    ) -> Result<(), StoreError> {
        // One more than may be: to know of it.
        let statement = format!("{select_from} WHERE {} {rest} LIMIT {}", self.text, u64::from(rows_max) + 1);
        let prepared = snapshot.prepare_cached(&statement).await.map_err(StoreError::database(attempted))?;
        let client: &tokio_postgres::Transaction<'_> = snapshot;
        let rows = client.query_raw(&prepared, self.values).await.map_err(StoreError::database(attempted))?;
        take(rows, attempted, rows_max, &mut each).await
    }
}

async fn take(
    rows: impl Stream<Item = Result<Row, tokio_postgres::Error>>,
    attempted: &'static str,
    rows_max: u32,
    each: &mut (impl FnMut(&Row) -> Result<(), StoreError> + Send),
) -> Result<(), StoreError> {
    let mut rows = pin!(rows);
    let mut taken = 0;
    while let Some(row) = rows.try_next().await.map_err(StoreError::database(attempted))? {
        if taken == rows_max {
            return Err(StoreError::TooManyRows { attempted, rows_max });
        }
        taken += 1;
        each(&row)?;
    }
    Ok(())
}
