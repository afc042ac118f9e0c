//! Published log formats: a row per name, each act with its row in the activity log. The outbox tells of them.

use super::super::AccountStore;
use super::super::activity::{Act, Actor, record};
use crate::StoreError;
use crate::codec::Timestamptz;
use deadpool_postgres::Transaction;
use serde_json::json;
use std::collections::BTreeMap;
use suiftly_schema::log_format::{MAX_FORMAT_NAMES, MAX_FORMATS_IN_FORCE};
use suiftly_schema::time::UnixMillis;
use tokio_postgres::Row;
use tokio_postgres::types::Json;

/// Held while one is published or retired: they are numbered and counted.
const ONE_AT_A_TIME: &str = "SELECT pg_advisory_xact_lock(91763744571398)";

const LIST: &str = "SELECT name, log_format, attribution, is_in_force, published_at, published_by FROM log_formats \
    ORDER BY is_in_force DESC, publication";
const FIND: &str = "SELECT name, log_format, attribution, is_in_force, published_at, published_by FROM log_formats \
    WHERE name = $1";
const PUBLISH: &str = "INSERT INTO log_formats AS f \
    (name, log_format, attribution, publication, is_in_force, published_at, published_by) \
    VALUES ($1, $2, $3, (SELECT coalesce(max(publication), 0) + 1 FROM log_formats), true, $4, $5) \
    ON CONFLICT (name) DO UPDATE SET log_format = excluded.log_format, attribution = excluded.attribution, \
    publication = excluded.publication, is_in_force = true, published_at = excluded.published_at, \
    published_by = excluded.published_by, retired_at = NULL, retired_by = NULL \
    RETURNING name, log_format, attribution, is_in_force, published_at, published_by";
const RETIRE: &str = "UPDATE log_formats SET is_in_force = false, retired_at = $2, retired_by = $3 \
    WHERE name = $1 AND is_in_force";

/// A published format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormatRow {
    /// What operators call it.
    pub name: String,
    /// The string, or the word of a stock format.
    pub log_format: String,
    /// Which field says what.
    pub attribution: BTreeMap<String, String>,
    /// Whether it reads lines; else it is retired.
    pub is_in_force: bool,
    /// When it was published as it is.
    pub published_at: UnixMillis,
    /// By whom.
    pub published_by: String,
}

/// Why a format is not published. Nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormatRefused {
    /// As many are in force as may be.
    #[error("{MAX_FORMATS_IN_FORCE} formats are in force: retire one first")]
    TooMany,
    /// As many names are there as may be.
    #[error("{MAX_FORMAT_NAMES} names are there: publish under one that is retired")]
    TooManyNames,
}

impl AccountStore {
    /// Every format that was ever published: those in force first, in the order in which lines are tried.
    pub async fn log_formats(&self) -> Result<Vec<FormatRow>, StoreError> {
        let rows = self.client().await?.query(LIST, &[]).await;
        rows.map_err(StoreError::database("list published formats"))?.iter().map(format_of).collect()
    }

    /// Publishes a format under a name; what was in force under it no longer is. Just as it is in force, it is left
    /// alone. Answers it, and whether it is published anew. What it says is the caller's to check.
    pub async fn publish_log_format(
        &self,
        name: &str,
        log_format: &str,
        attribution: &BTreeMap<String, String>,
        act: &Act,
    ) -> Result<Result<(FormatRow, bool), FormatRefused>, StoreError> {
        const ATTEMPTED: &str = "publish a format";
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        transaction.batch_execute(ONE_AT_A_TIME).await.map_err(StoreError::database(ATTEMPTED))?;
        let before = find(&transaction, name).await?;
        if let Some(before) = &before
            && before.is_in_force
            && (before.log_format.as_str(), &before.attribution) == (log_format, attribution)
        {
            return Ok(Ok((before.clone(), false)));
        }
        if let Some(refused) = room(&transaction, before.as_ref()).await? {
            return Ok(Err(refused));
        }
        let (at, by) = (Timestamptz(act.at), actor(act));
        let written = transaction.query_one(PUBLISH, &[&name, &log_format, &Json(attribution), &at, &by]).await;
        let row = format_of(&written.map_err(StoreError::database(ATTEMPTED))?)?;
        let change = json!({"log_format": log_format, "attribution": attribution, "is_new": before.is_none()});
        record(&transaction, None, act, "log_format.publish", Some(name), change).await?;
        transaction.commit().await.map_err(StoreError::database(ATTEMPTED))?;
        Ok(Ok((row, true)))
    }

    /// Retires a format: it reads no line any more. Answers whether there is one of this name; one that is retired is
    /// left alone.
    pub async fn retire_log_format(&self, name: &str, act: &Act) -> Result<bool, StoreError> {
        const ATTEMPTED: &str = "retire a format";
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        transaction.batch_execute(ONE_AT_A_TIME).await.map_err(StoreError::database(ATTEMPTED))?;
        let Some(before) = find(&transaction, name).await? else { return Ok(false) };
        if before.is_in_force {
            let written = transaction.execute(RETIRE, &[&name, &Timestamptz(act.at), &actor(act)]).await;
            written.map_err(StoreError::database(ATTEMPTED))?;
            record(&transaction, None, act, "log_format.retire", Some(name), json!({})).await?;
        }
        transaction.commit().await.map_err(StoreError::database(ATTEMPTED))?;
        Ok(true)
    }
}

fn actor(act: &Act) -> &str {
    match &act.actor {
        Actor::Operator { name } => name,
        Actor::Customer { session } => session,
        Actor::System { part } => part,
    }
}

async fn find(transaction: &Transaction<'_>, name: &str) -> Result<Option<FormatRow>, StoreError> {
    let row = transaction.query_opt(FIND, &[&name]).await.map_err(StoreError::database("look a format up"))?;
    row.as_ref().map(format_of).transpose()
}

/// Why there is no room for one more, if there is none.
async fn room(transaction: &Transaction<'_>, before: Option<&FormatRow>) -> Result<Option<FormatRefused>, StoreError> {
    let count = "SELECT count(*), count(*) FILTER (WHERE is_in_force) FROM log_formats";
    let row = transaction.query_one(count, &[]).await.map_err(StoreError::database("count published formats"))?;
    let is_full = |at: usize, most: usize| usize::try_from(row.get::<_, i64>(at)).map_or(true, |count| count >= most);
    Ok(match before {
        Some(before) if before.is_in_force => None,
        _ if is_full(1, MAX_FORMATS_IN_FORCE) => Some(FormatRefused::TooMany),
        None if is_full(0, MAX_FORMAT_NAMES) => Some(FormatRefused::TooManyNames),
        _ => None,
    })
}

fn format_of(row: &Row) -> Result<FormatRow, StoreError> {
    let Json(attribution) =
        row.try_get(2).map_err(|error| StoreError::Row { what: "an attribution", cause: error.to_string() })?;
    Ok(FormatRow {
        name: row.get(0),
        log_format: row.get(1),
        attribution,
        is_in_force: row.get(3),
        published_at: row.get::<_, Timestamptz>(4).0,
        published_by: row.get(5),
    })
}
