//! Writes by idempotency key: claimed before they are done, the answer kept for a day.

use super::AccountStore;
use crate::StoreError;
use crate::codec::Timestamptz;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::time::UnixMillis;

/// How long answers are given again.
pub(super) const KEPT_MS: i64 = 86_400_000;
/// Keys of one customer at most; while there are as many, new ones are refused.
pub const KEYS_MAX: i64 = 10_000;
/// How long a write may be under way. One that has no answer after that was cut off.
pub const UNDER_WAY_MS: i64 = 60_000;

/// What became of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The write is this request's: do it, then [`AccountStore::answer_claim`] or [`AccountStore::release_claim`].
    Ours,
    /// It was done: the answer.
    Answered {
        /// Its HTTP status.
        status: u16,
        /// The rest of it, sealed.
        sealed: Vec<u8>,
    },
    /// The key stands for another request.
    Mismatch,
    /// Another request does it now.
    UnderWay,
    /// It was begun, and nobody knows whether it was done.
    CutOff,
    /// The customer has [`KEYS_MAX`] keys of the last day.
    TooMany,
}

/// Where an answer is sealed for.
pub fn answer_place(customer: CustomerId, key: &str) -> String {
    format!("idempotency:{}:{key}", customer.get())
}

impl AccountStore {
    /// Claims a write by the SHA-256 (lower-case hex) of the request that stands for the key.
    pub async fn claim_write(
        &self,
        customer: CustomerId,
        key: &str,
        request_sha256: &str,
        now: UnixMillis,
    ) -> Result<Claim, StoreError> {
        const ATTEMPTED: &str = "claim a write";
        let forget = "DELETE FROM idempotency_keys WHERE customer_id = $1 AND key = $2 AND created_at <= $3";
        let insert = "INSERT INTO idempotency_keys (customer_id, key, request_sha256, created_at) SELECT $1, $2, $3, $4 \
            WHERE (SELECT count(*) FROM idempotency_keys WHERE customer_id = $1) < $5 ON CONFLICT DO NOTHING";
        let select = "SELECT request_sha256, status, sealed_answer, created_at FROM idempotency_keys \
            WHERE customer_id = $1 AND key = $2";
        let (id, at) = (customer.get(), Timestamptz(now));
        let client = self.client_for(customer).await?;
        let over = Timestamptz(now.plus_ms(-KEPT_MS));
        client.execute(forget, &[&id, &key, &over]).await.map_err(StoreError::database(ATTEMPTED))?;
        let made = client.execute(insert, &[&id, &key, &request_sha256, &at, &KEYS_MAX]).await;
        if made.map_err(StoreError::database(ATTEMPTED))? == 1 {
            return Ok(Claim::Ours);
        }
        let row = client.query_opt(select, &[&id, &key]).await.map_err(StoreError::database(ATTEMPTED))?;
        let Some(row) = row else {
            // There is no room; or it was there, and was given back just now.
            let count = "SELECT count(*) >= $2 FROM idempotency_keys WHERE customer_id = $1";
            let full = client.query_one(count, &[&id, &KEYS_MAX]).await.map_err(StoreError::database(ATTEMPTED))?;
            return Ok(if full.get(0) { Claim::TooMany } else { Claim::UnderWay });
        };
        if row.get::<_, &str>(0) != request_sha256 {
            return Ok(Claim::Mismatch);
        }
        let answer = row.get::<_, Option<i16>>(1).zip(row.get::<_, Option<Vec<u8>>>(2));
        Ok(match answer {
            Some((status, sealed)) => Claim::Answered { status: status.unsigned_abs(), sealed },
            None if row.get::<_, Timestamptz>(3).0.plus_ms(UNDER_WAY_MS) <= now => Claim::CutOff,
            None => Claim::UnderWay,
        })
    }

    /// Keeps the answer of a write that was claimed.
    pub async fn answer_claim(
        &self,
        customer: CustomerId,
        key: &str,
        status: u16,
        sealed: &[u8],
    ) -> Result<(), StoreError> {
        let update = "UPDATE idempotency_keys SET status = $3, sealed_answer = $4 \
            WHERE customer_id = $1 AND key = $2 AND status IS NULL";
        let status = i16::try_from(status).expect("an HTTP status has three digits");
        let client = self.client_for(customer).await?;
        let set = client.execute(update, &[&customer.get(), &key, &status, &sealed]).await;
        set.map_err(StoreError::database("keep the answer of a write")).map(|_| ())
    }

    /// Gives a claim back: nothing was done.
    pub async fn release_claim(&self, customer: CustomerId, key: &str) -> Result<(), StoreError> {
        let delete = "DELETE FROM idempotency_keys WHERE customer_id = $1 AND key = $2 AND status IS NULL";
        let client = self.client_for(customer).await?;
        let gone = client.execute(delete, &[&customer.get(), &key]).await;
        gone.map_err(StoreError::database("give a claimed write back")).map(|_| ())
    }
}
