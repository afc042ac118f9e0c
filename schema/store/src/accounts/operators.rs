//! Who operates: principals of their own, with a role, known by a token that is kept hashed.

use super::AccountStore;
use super::activity::{Act, record};
use crate::StoreError;
use crate::codec::Timestamptz;
use serde_json::json;
use suiftly_schema::time::UnixMillis;
use tokio_postgres::Row;

/// Operators that a list answers at most.
const OPERATORS_MAX: i64 = 1_000;

/// What an operator may do; each may what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OperatorRole {
    /// Look.
    Viewer,
    /// Act on customers, jobs, notifications, the quarantine.
    Operator,
    /// Publish prices, make operators, move the clock.
    Admin,
}

impl OperatorRole {
    /// Every one, ascending.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Operator, Self::Admin];

    /// Its word in the database, in answers and on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }

    /// The one with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.word() == word)
    }
}

/// An operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorRow {
    /// The name; unique.
    pub name: String,
    /// What they may do.
    pub role: OperatorRole,
    /// Since when.
    pub created_at: UnixMillis,
    /// When they were last seen, to the minute.
    pub last_used_at: Option<UnixMillis>,
    /// Since when the token is refused.
    pub disabled_at: Option<UnixMillis>,
}

impl AccountStore {
    /// Whose token this is, by its SHA-256 in lower-case hex; `None` if nobody's, or disabled. Notes that they were here.
    pub async fn operator_by_token(&self, sha256: &str, now: UnixMillis) -> Result<Option<OperatorRow>, StoreError> {
        let select = "SELECT name, role, created_at, last_used_at, disabled_at FROM operators \
            WHERE token_sha256 = $1 AND disabled_at IS NULL";
        let seen = "UPDATE operators SET last_used_at = $2 \
            WHERE token_sha256 = $1 AND (last_used_at IS NULL OR last_used_at < $2::timestamptz - INTERVAL '1 minute')";
        let client = self.client().await?;
        let row = client.query_opt(select, &[&sha256]).await.map_err(StoreError::database("look an operator up"))?;
        if row.is_some() {
            let seen = client.execute(seen, &[&sha256, &Timestamptz(now)]).await;
            seen.map_err(StoreError::database("note that an operator was here"))?;
        }
        row.as_ref().map(operator_of).transpose()
    }

    /// Adds an operator, or gives the one of this name a new token and role. Answers whether they are new.
    pub async fn put_operator(
        &self,
        name: &str,
        role: OperatorRole,
        token_sha256: &str,
        act: &Act,
    ) -> Result<bool, StoreError> {
        const ATTEMPTED: &str = "add an operator";
        let upsert = "INSERT INTO operators (name, role, token_sha256, created_at) VALUES ($1, $2, $3, $4) \
            ON CONFLICT (name) DO UPDATE SET role = excluded.role, token_sha256 = excluded.token_sha256, \
            disabled_at = NULL RETURNING xmax = 0";
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        let row = transaction.query_one(upsert, &[&name, &role.word(), &token_sha256, &Timestamptz(act.at)]).await;
        let is_new: bool = row.map_err(StoreError::database(ATTEMPTED))?.get(0);
        let action = if is_new { "operator.add" } else { "operator.renew" };
        record(&transaction, None, act, action, Some(name), json!({"role": role.word()})).await?;
        transaction.commit().await.map_err(StoreError::database(ATTEMPTED))?;
        Ok(is_new)
    }

    /// Refuses an operator's token from now on. Answers whether there was one to refuse.
    pub async fn disable_operator(&self, name: &str, act: &Act) -> Result<bool, StoreError> {
        const ATTEMPTED: &str = "disable an operator";
        let update = "UPDATE operators SET disabled_at = $2 WHERE name = $1 AND disabled_at IS NULL";
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        let changed = transaction.execute(update, &[&name, &Timestamptz(act.at)]).await;
        let was_there = changed.map_err(StoreError::database(ATTEMPTED))? == 1;
        if was_there {
            record(&transaction, None, act, "operator.disable", Some(name), json!({})).await?;
        }
        transaction.commit().await.map_err(StoreError::database(ATTEMPTED))?;
        Ok(was_there)
    }

    /// All operators, by name.
    pub async fn operators(&self) -> Result<Vec<OperatorRow>, StoreError> {
        let select = "SELECT name, role, created_at, last_used_at, disabled_at FROM operators ORDER BY name LIMIT $1";
        let rows = self.client().await?.query(select, &[&OPERATORS_MAX]).await;
        rows.map_err(StoreError::database("list operators"))?.iter().map(operator_of).collect()
    }
}

fn operator_of(row: &Row) -> Result<OperatorRow, StoreError> {
    let word: &str = row.get(1);
    let role = OperatorRole::from_word(word)
        .ok_or_else(|| StoreError::Row { what: "an operator", cause: format!("{word} is no role") })?;
    let instant = |at| row.get::<_, Option<Timestamptz>>(at).map(|at| at.0);
    Ok(OperatorRow {
        name: row.get(0),
        role,
        created_at: row.get::<_, Timestamptz>(2).0,
        last_used_at: instant(3),
        disabled_at: instant(4),
    })
}
