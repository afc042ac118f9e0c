//! Sessions: families of refresh tokens, each used once for the next. Kept by hash; a token that is seen again after its
//! turn ends its family.

use super::AccountStore;
use super::activity::{Act, Actor, record};
use crate::StoreError;
use crate::codec::{Timestamptz, known_customer};
use deadpool_postgres::Transaction;
use serde_json::json;
use std::net::IpAddr;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::time::UnixMillis;
use tokio_postgres::Row;

/// Open sessions of one customer at most; one more replaces the one that was used longest ago.
pub const SESSIONS_MAX: i64 = 50;
/// Ended sessions of one customer that are kept at most.
const ENDED_MAX: i64 = 50;
/// How long the token before is taken after its turn: two tabs may refresh at once.
pub const REFRESH_GRACE_MS: i64 = 10_000;
/// How long ended sessions are kept, to tell what became of them.
const ENDED_KEPT_MS: i64 = 30 * 86_400_000;
/// How long used tokens are kept. One that is older is told apart as well: what is not the current one was used.
const USED_KEPT_MS: i64 = 86_400_000;

/// A session to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSession {
    /// Its public id: 32 hexadecimal digits, random.
    pub id: String,
    /// SHA-256 of its first refresh token, lower-case hex.
    pub refresh_sha256: String,
    /// Until when that token may be used.
    pub expires_at: UnixMillis,
    /// What the client calls itself; 300 characters at most.
    pub user_agent: String,
}

/// An open session, as the guard needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveSession {
    /// Whose.
    pub customer: CustomerId,
    /// Until when.
    pub expires_at: UnixMillis,
    /// Whether the account is closed: it may only be looked at.
    pub is_closed: bool,
}

/// An open session, as its customer sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// Its public id.
    pub id: String,
    /// When it was opened.
    pub created_at: UnixMillis,
    /// When it was opened or refreshed last.
    pub last_used_at: UnixMillis,
    /// Until when, if it is not refreshed.
    pub expires_at: UnixMillis,
    /// From where it was opened or refreshed last.
    pub address: IpAddr,
    /// What the client called itself when it was opened.
    pub user_agent: String,
}

/// A refresh token that is presented, and what comes after it.
#[derive(Clone, Copy, Debug)]
pub struct Refresh<'a> {
    /// The session that the token names.
    pub session: &'a str,
    /// SHA-256 of the token, lower-case hex.
    pub sha256: &'a str,
    /// SHA-256 of the next one.
    pub next_sha256: &'a str,
    /// Until when the next one may be used.
    pub next_expires_at: UnixMillis,
    /// From where.
    pub address: IpAddr,
    /// When.
    pub at: UnixMillis,
}

/// What became of a refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refreshed {
    /// It was used for the next one.
    Rotated,
    /// It was used within the last seconds: an access token may be given, the refresh token stays the one that was given then.
    Again,
    /// It was used before: the session is revoked.
    Reused,
    /// The session has ended, or never was.
    Ended,
}

impl AccountStore {
    /// The open session with this public id.
    pub async fn live_session(&self, id: &str, now: UnixMillis) -> Result<Option<LiveSession>, StoreError> {
        let select = "SELECT s.customer_id, s.expires_at, c.status = 'closed' FROM sessions AS s \
            JOIN customers AS c ON c.id = s.customer_id \
            WHERE s.id = $1::text AND s.revoked_at IS NULL AND s.expires_at > $2";
        let client = self.client().await?;
        let select = client.prepare_cached(select).await.map_err(StoreError::database(LOOK_UP))?;
        let row = client.query_opt(&select, &[&id, &Timestamptz(now)]).await.map_err(StoreError::database(LOOK_UP))?;
        row.map(|row| {
            let (customer, expires_at) = (known_customer(row.get(0))?, row.get::<_, Timestamptz>(1).0);
            Ok(LiveSession { customer, expires_at, is_closed: row.get(2) })
        })
        .transpose()
    }

    /// Uses a refresh token. Of two at once one rotates, and the other comes after it.
    pub async fn refresh(&self, refresh: &Refresh<'_>) -> Result<Refreshed, StoreError> {
        const ATTEMPTED: &str = "refresh a session";
        let select = "SELECT customer_id, refresh_sha256, rotated_at FROM sessions \
            WHERE id = $1::text AND revoked_at IS NULL AND expires_at > $2 FOR UPDATE";
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        let row = transaction.query_opt(select, &[&refresh.session, &Timestamptz(refresh.at)]).await;
        let Some(row) = row.map_err(StoreError::database(ATTEMPTED))? else { return Ok(Refreshed::Ended) };
        let (customer, current) = (known_customer(row.get(0))?, row.get::<_, &str>(1));
        let rotated_at = row.get::<_, Timestamptz>(2).0;
        let refreshed = if current == refresh.sha256 {
            rotate(&transaction, refresh).await?;
            Refreshed::Rotated
        } else if is_one_before(&transaction, refresh, rotated_at).await? {
            Refreshed::Again
        } else {
            let act = Act { actor: Actor::System { part: "sign-in" }, address: Some(refresh.address), at: refresh.at };
            end(&transaction, customer, Which::One(refresh.session), Why::Reuse, &act).await?;
            Refreshed::Reused
        };
        transaction.commit().await.map_err(StoreError::database(ATTEMPTED))?;
        Ok(refreshed)
    }

    /// A customer's open sessions, the one used last first.
    pub async fn sessions(&self, customer: CustomerId, now: UnixMillis) -> Result<Vec<SessionRow>, StoreError> {
        let select = "SELECT id::text, created_at, last_used_at, expires_at, address, user_agent FROM sessions \
            WHERE customer_id = $1 AND revoked_at IS NULL AND expires_at > $2 ORDER BY last_used_at DESC, id LIMIT $3";
        let client = self.client_for(customer).await?;
        let rows = client.query(select, &[&customer.get(), &Timestamptz(now), &SESSIONS_MAX]).await;
        Ok(rows.map_err(StoreError::database("list sessions"))?.iter().map(session_of).collect())
    }

    /// Ends a customer's session by their logout. Answers whether it was open.
    pub async fn log_out(&self, customer: CustomerId, session: &str, act: &Act) -> Result<bool, StoreError> {
        Ok(!self.end_sessions(customer, Which::One(session), Why::Logout, act).await?.is_empty())
    }

    /// Ends one of a customer's sessions. Answers whether it was open.
    pub async fn revoke_session(&self, customer: CustomerId, session: &str, act: &Act) -> Result<bool, StoreError> {
        Ok(!self.end_sessions(customer, Which::One(session), Why::Revoked, act).await?.is_empty())
    }

    /// Ends all of a customer's sessions but one. Answers the public ids of those that were open.
    pub async fn revoke_other_sessions(
        &self,
        customer: CustomerId,
        but: &str,
        act: &Act,
    ) -> Result<Vec<String>, StoreError> {
        self.end_sessions(customer, Which::AllBut(but), Why::Revoked, act).await
    }

    /// Ends every session of everybody: all sign in again. How many there were.
    pub async fn revoke_all_sessions(&self, act: &Act) -> Result<u64, StoreError> {
        const ATTEMPTED: &str = "end every session";
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        let update = "UPDATE sessions SET revoked_at = $1, revoked_why = 'revoked' \
            WHERE revoked_at IS NULL AND expires_at > $1";
        let ended = transaction.execute(update, &[&Timestamptz(act.at)]).await;
        let ended = ended.map_err(StoreError::database(ATTEMPTED))?;
        record(&transaction, None, act, "session.revoke_all", None, json!({"sessions": ended})).await?;
        transaction.commit().await.map_err(StoreError::database(ATTEMPTED))?;
        Ok(ended)
    }

    async fn end_sessions(
        &self,
        customer: CustomerId,
        which: Which<'_>,
        why: Why,
        act: &Act,
    ) -> Result<Vec<String>, StoreError> {
        const ATTEMPTED: &str = "end a session";
        let mut client = self.client_for(customer).await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        let ended = end(&transaction, customer, which, why, act).await?;
        transaction.commit().await.map_err(StoreError::database(ATTEMPTED))?;
        Ok(ended)
    }

    /// Takes out challenges and sessions that are over, tokens that were used long ago and answers to old idempotency keys. For the
    /// hourly retention.
    pub async fn retain_sign_in(&self, now: UnixMillis) -> Result<(), StoreError> {
        let ended = "DELETE FROM sessions WHERE least(expires_at, revoked_at) < $1";
        let old = [
            ("DELETE FROM auth_challenges WHERE expires_at <= $1", 0),
            ("DELETE FROM used_refresh_tokens WHERE used_at < $1", USED_KEPT_MS),
            (ended, ENDED_KEPT_MS),
            ("DELETE FROM idempotency_keys WHERE created_at < $1", super::idempotency::KEPT_MS),
        ];
        let client = self.client().await?;
        for (delete, kept_ms) in old {
            let before = Timestamptz(now.plus_ms(-kept_ms));
            client.execute(delete, &[&before]).await.map_err(StoreError::database("take out what is over"))?;
        }
        Ok(())
    }
}

const LOOK_UP: &str = "look a session up";

/// Opens a session under the customer's lock. Answers whose place it took.
pub(super) async fn open(
    transaction: &Transaction<'_>,
    customer: CustomerId,
    session: &NewSession,
    address: IpAddr,
    at: UnixMillis,
) -> Result<Vec<String>, StoreError> {
    const ATTEMPTED: &str = "open a session";
    let replace = "UPDATE sessions SET revoked_at = $2, revoked_why = 'replaced' WHERE id IN (SELECT id FROM sessions \
        WHERE customer_id = $1 AND revoked_at IS NULL AND expires_at > $2 ORDER BY last_used_at DESC, id OFFSET $3) \
        RETURNING id::text";
    let (id, now) = (customer.get(), Timestamptz(at));
    let replaced = transaction.query(replace, &[&id, &now, &(SESSIONS_MAX - 1)]).await;
    let replaced = replaced.map_err(StoreError::database(ATTEMPTED))?.iter().map(|row| row.get(0)).collect();
    let forget = "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE customer_id = $1 \
        AND (revoked_at IS NOT NULL OR expires_at <= $2) ORDER BY least(revoked_at, expires_at) DESC, id OFFSET $3)";
    transaction.execute(forget, &[&id, &now, &ENDED_MAX]).await.map_err(StoreError::database(ATTEMPTED))?;
    let insert = "INSERT INTO sessions (id, customer_id, created_at, last_used_at, expires_at, address, user_agent, \
        refresh_sha256, rotated_at) VALUES ($1::text, $2, $3, $3, $4, $5, $6, $7, $3)";
    let NewSession { id: session, refresh_sha256, expires_at, user_agent } = session;
    transaction
        .execute(insert, &[session, &id, &now, &Timestamptz(*expires_at), &address, user_agent, refresh_sha256])
        .await
        .map_err(StoreError::database(ATTEMPTED))?;
    Ok(replaced)
}

async fn rotate(transaction: &Transaction<'_>, refresh: &Refresh<'_>) -> Result<(), StoreError> {
    const ATTEMPTED: &str = "rotate a refresh token";
    let at = Timestamptz(refresh.at);
    let used = "INSERT INTO used_refresh_tokens (sha256, session_id, used_at) VALUES ($1, $2::text, $3)";
    transaction
        .execute(used, &[&refresh.sha256, &refresh.session, &at])
        .await
        .map_err(StoreError::database(ATTEMPTED))?;
    let next = "UPDATE sessions SET refresh_sha256 = $2, rotated_at = $3, last_used_at = $3, expires_at = $4, \
        address = $5 WHERE id = $1::text";
    let expires = Timestamptz(refresh.next_expires_at);
    let set =
        transaction.execute(next, &[&refresh.session, &refresh.next_sha256, &at, &expires, &refresh.address]).await;
    set.map_err(StoreError::database(ATTEMPTED)).map(|_| ())
}

/// Whether the token's turn ended by the last rotation, within the grace.
async fn is_one_before(
    transaction: &Transaction<'_>,
    refresh: &Refresh<'_>,
    rotated_at: UnixMillis,
) -> Result<bool, StoreError> {
    if refresh.at.0 - rotated_at.0 > REFRESH_GRACE_MS {
        return Ok(false);
    }
    let select = "SELECT FROM used_refresh_tokens WHERE sha256 = $1 AND session_id = $2::text AND used_at = $3";
    let row = transaction.query_opt(select, &[&refresh.sha256, &refresh.session, &Timestamptz(rotated_at)]).await;
    Ok(row.map_err(StoreError::database("look a used token up"))?.is_some())
}

#[derive(Clone, Copy)]
enum Which<'a> {
    One(&'a str),
    AllBut(&'a str),
}

#[derive(Clone, Copy)]
enum Why {
    Logout,
    Revoked,
    Reuse,
}

impl Why {
    const fn word(self) -> &'static str {
        match self {
            Self::Logout => "logout",
            Self::Revoked => "revoked",
            Self::Reuse => "reuse",
        }
    }

    const fn action(self) -> &'static str {
        match self {
            Self::Logout => "session.logout",
            Self::Revoked => "session.revoke",
            Self::Reuse => "session.reuse",
        }
    }
}

async fn end(
    transaction: &Transaction<'_>,
    customer: CustomerId,
    which: Which<'_>,
    why: Why,
    act: &Act,
) -> Result<Vec<String>, StoreError> {
    let update = "UPDATE sessions SET revoked_at = $3, revoked_why = $4 WHERE customer_id = $1 AND (id = $2::text) = $5 \
        AND revoked_at IS NULL AND expires_at > $3 RETURNING id::text";
    let (session, is_it) = match which {
        Which::One(id) => (id, true),
        Which::AllBut(id) => (id, false),
    };
    let rows = transaction
        .query(update, &[&customer.get(), &session, &Timestamptz(act.at), &why.word(), &is_it])
        .await
        .map_err(StoreError::database("end a session"))?;
    let ended: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    for id in &ended {
        record(transaction, Some(customer), act, why.action(), Some(id), json!({})).await?;
    }
    Ok(ended)
}

fn session_of(row: &Row) -> SessionRow {
    SessionRow {
        id: row.get(0),
        created_at: row.get::<_, Timestamptz>(1).0,
        last_used_at: row.get::<_, Timestamptz>(2).0,
        expires_at: row.get::<_, Timestamptz>(3).0,
        address: row.get(4),
        user_agent: row.get(5),
    }
}
