//! Signing in: challenges that wallets sign, and the customer and session that a signed one is exchanged for.
//!
//! A challenge is handed out again while it is pending, and is consumed once: whoever deletes its row has signed in, and
//! nobody else by the same one.

use super::AccountStore;
use super::activity::{Act, Actor, record};
use super::sessions::{self, NewSession};
use crate::StoreError;
use crate::codec::{Timestamptz, known_customer};
use deadpool_postgres::Transaction;
use serde_json::json;
use std::net::IpAddr;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::time::UnixMillis;
use tokio_postgres::Row;

/// Pending challenges at most; for one more the one goes that would expire first.
pub const CHALLENGES_MAX: i64 = 100_000;
/// Tries to hand a challenge out while others consume it.
const CHALLENGE_TRIES: usize = 5;

/// A message that a wallet is to sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// Whose: `0x` and 64 lower-case hexadecimal digits.
    pub wallet_address: String,
    /// 64 hexadecimal digits, unique.
    pub nonce: String,
    /// What is signed, byte for byte.
    pub message: String,
    /// When it was made.
    pub issued_at: UnixMillis,
    /// Until when it may be used.
    pub expires_at: UnixMillis,
}

/// A challenge that was signed, and what it is exchanged for.
#[derive(Clone, Copy, Debug)]
pub struct SignIn<'a> {
    /// The wallet whose signature was verified.
    pub wallet_address: &'a str,
    /// The challenge that was signed.
    pub nonce: &'a str,
    /// Ids for a customer who is new, tried one after the other; 31 random bits each.
    pub ids: &'a [CustomerId],
    /// What a new customer is called at first.
    pub display_name: &'a str,
    /// The session to open.
    pub session: &'a NewSession,
    /// From where.
    pub address: IpAddr,
    /// When.
    pub at: UnixMillis,
}

/// Who has signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// Who.
    pub customer: CustomerId,
    /// Whether they were made now.
    pub is_new: bool,
    /// Public ids of sessions that made room for this one.
    pub replaced: Vec<String>,
}

impl AccountStore {
    /// The challenge to be signed: the one that is pending for this wallet, or `new`.
    pub async fn challenge(&self, new: &Challenge) -> Result<Challenge, StoreError> {
        const ATTEMPTED: &str = "hand a challenge out";
        let upsert = "INSERT INTO auth_challenges AS t (wallet_address, nonce, message, issued_at, expires_at) \
            VALUES ($1, $2, $3, $4, $5) ON CONFLICT (wallet_address) DO UPDATE SET nonce = excluded.nonce, \
            message = excluded.message, issued_at = excluded.issued_at, expires_at = excluded.expires_at \
            WHERE t.expires_at <= excluded.issued_at \
            RETURNING wallet_address, nonce, message, issued_at, expires_at";
        let client = self.client().await?;
        for _ in 0..CHALLENGE_TRIES {
            if let Some(pending) = pending(&client, &new.wallet_address, new.issued_at).await? {
                return Ok(pending);
            }
            make_room(&client, new.issued_at).await?;
            let (issued, expires) = (Timestamptz(new.issued_at), Timestamptz(new.expires_at));
            let put = client
                .query_opt(upsert, &[&new.wallet_address, &new.nonce, &new.message, &issued, &expires])
                .await
                .map_err(StoreError::database(ATTEMPTED))?;
            if let Some(row) = put {
                return Ok(challenge_of(&row));
            }
        }
        // Each time another request had put one, and it was consumed before we saw it.
        Err(StoreError::Unavailable { attempted: ATTEMPTED, cause: "others take it as fast as it is made".to_owned() })
    }

    /// The challenge that is pending for a wallet.
    pub async fn pending_challenge(
        &self,
        wallet_address: &str,
        now: UnixMillis,
    ) -> Result<Option<Challenge>, StoreError> {
        let client = self.client().await?;
        pending(&client, wallet_address, now).await
    }

    /// Exchanges a challenge whose signature was verified for a session, of a customer who is made if there is none with
    /// this wallet. `None` if the challenge is consumed or has expired: nothing was changed.
    pub async fn sign_in(&self, sign_in: &SignIn<'_>) -> Result<Option<SignedIn>, StoreError> {
        const ATTEMPTED: &str = "sign a customer in";
        let consume =
            "DELETE FROM auth_challenges WHERE wallet_address = $1 AND nonce = $2 AND expires_at > $3 RETURNING 1";
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        let at = Timestamptz(sign_in.at);
        let consumed = transaction.query_opt(consume, &[&sign_in.wallet_address, &sign_in.nonce, &at]).await;
        if consumed.map_err(StoreError::database(ATTEMPTED))?.is_none() {
            return Ok(None);
        }
        let (customer, is_new) = customer_of(&transaction, sign_in).await?;
        let replaced = sessions::open(&transaction, customer, sign_in.session, sign_in.address, sign_in.at).await?;
        let session = sign_in.session.id.clone();
        let act = Act { actor: Actor::Customer { session }, address: Some(sign_in.address), at: sign_in.at };
        if is_new {
            record(&transaction, Some(customer), &act, "account.create", None, json!({})).await?;
        }
        record(&transaction, Some(customer), &act, "session.sign_in", Some(&sign_in.session.id), json!({})).await?;
        transaction.commit().await.map_err(StoreError::database(ATTEMPTED))?;
        Ok(Some(SignedIn { customer, is_new, replaced }))
    }
}

async fn pending(
    client: &tokio_postgres::Client,
    wallet_address: &str,
    now: UnixMillis,
) -> Result<Option<Challenge>, StoreError> {
    let select = "SELECT wallet_address, nonce, message, issued_at, expires_at FROM auth_challenges \
        WHERE wallet_address = $1 AND expires_at > $2";
    let row = client.query_opt(select, &[&wallet_address, &Timestamptz(now)]).await;
    Ok(row.map_err(StoreError::database("look a challenge up"))?.as_ref().map(challenge_of))
}

/// Takes out what has expired, and if it is still too many, who would expire first. Requests at once may overshoot the
/// bound by one each. A statement each, which waits for nobody: rows that others hold are passed over.
async fn make_room(client: &tokio_postgres::Client, now: UnixMillis) -> Result<(), StoreError> {
    const ATTEMPTED: &str = "make room for a challenge";
    let expired = "DELETE FROM auth_challenges WHERE wallet_address IN (SELECT wallet_address FROM auth_challenges \
        WHERE expires_at <= $1 FOR UPDATE SKIP LOCKED)";
    client.execute(expired, &[&Timestamptz(now)]).await.map_err(StoreError::database(ATTEMPTED))?;
    let beyond = "DELETE FROM auth_challenges WHERE wallet_address IN (SELECT wallet_address FROM auth_challenges \
        ORDER BY expires_at LIMIT greatest((SELECT count(*) FROM auth_challenges) - $1, 0) FOR UPDATE SKIP LOCKED)";
    client.execute(beyond, &[&(CHALLENGES_MAX - 1)]).await.map_err(StoreError::database(ATTEMPTED))?;
    Ok(())
}

/// The customer with this wallet, made if there is none.
async fn customer_of(transaction: &Transaction<'_>, sign_in: &SignIn<'_>) -> Result<(CustomerId, bool), StoreError> {
    const ATTEMPTED: &str = "find or make the customer of a wallet";
    // Locked, so that sessions are counted by one at a time.
    let select = "SELECT id FROM customers WHERE wallet_address = $1 FOR NO KEY UPDATE";
    let insert = "INSERT INTO customers (id, display_name, wallet_address, current_month_start, created_at) \
        VALUES ($1, $2, $3, date_trunc('month', $4::timestamptz AT TIME ZONE 'UTC')::date, $4) \
        ON CONFLICT DO NOTHING RETURNING id";
    let (wallet, at) = (sign_in.wallet_address, Timestamptz(sign_in.at));
    for id in sign_in.ids {
        let found = transaction.query_opt(select, &[&wallet]).await.map_err(StoreError::database(ATTEMPTED))?;
        if let Some(row) = found {
            return Ok((known_customer(row.get(0))?, false));
        }
        // A conflict is about the id, or about the wallet: then the next look finds it.
        let made = transaction.query_opt(insert, &[&id.get(), &sign_in.display_name, &wallet, &at]).await;
        if let Some(row) = made.map_err(StoreError::database(ATTEMPTED))? {
            return Ok((known_customer(row.get(0))?, true));
        }
    }
    Err(StoreError::Unavailable { attempted: ATTEMPTED, cause: "every id that was drawn is taken".to_owned() })
}

fn challenge_of(row: &Row) -> Challenge {
    Challenge {
        wallet_address: row.get(0),
        nonce: row.get(1),
        message: row.get(2),
        issued_at: row.get::<_, Timestamptz>(3).0,
        expires_at: row.get::<_, Timestamptz>(4).0,
    }
}
