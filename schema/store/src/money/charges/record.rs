//! What became of charges, in their own rows.

use super::ChargeRow;
use crate::StoreError;
use crate::codec::Timestamptz;
use crate::money::changes::run;
use crate::money::escrow::Nonce;
use deadpool_postgres::Transaction;
use suiftly_schema::time::UnixMillis;

/// How charges were decided.
#[derive(Debug, Default)]
pub(in crate::money) struct Decided {
    /// Numbers and their events' digests.
    charged: (Vec<i64>, Vec<String>),
    /// Numbers and why.
    refused: (Vec<i64>, Vec<String>),
}

/// Longer causes are cut.
const CAUSE_CHARS_MAX: usize = 500;

impl Decided {
    pub(in crate::money) fn charge(&mut self, charge: &ChargeRow, digest: &str) {
        self.charged.0.push(charge.id);
        self.charged.1.push(digest.to_owned());
    }

    pub(in crate::money) fn refuse(&mut self, charge: &ChargeRow, cause: &str) {
        self.refused.0.push(charge.id);
        self.refused.1.push(cut(cause));
    }
}

/// Writes it. The invoices of a closed month whose charge was refused are told as failed, until they are paid.
pub(in crate::money) async fn decide(
    transaction: &Transaction<'_>,
    decided: &Decided,
    at: UnixMillis,
) -> Result<(), StoreError> {
    let ((charged, digests), (refused, causes)) = (&decided.charged, &decided.refused);
    let attempted = "write what came of charges";
    if !charged.is_empty() {
        let sql = "UPDATE charges AS h SET state = 'charged', digest = n.digest, refusal = NULL, doubt = NULL, attempts = attempts + 1, \
                decided_at = $3 \
            FROM unnest($1::bigint[], $2::text[]) AS n (id, digest) WHERE h.id = n.id";
        run(transaction, sql, &[charged, digests, &Timestamptz(at)], attempted).await?;
    }
    if !refused.is_empty() {
        let sql = "UPDATE charges AS h SET state = 'refused', refusal = n.cause, doubt = NULL, attempts = attempts + 1, \
                decided_at = $3 \
            FROM unnest($1::bigint[], $2::text[]) AS n (id, cause) WHERE h.id = n.id";
        run(transaction, sql, &[refused, causes, &Timestamptz(at)], attempted).await?;
        let sql = "UPDATE invoices AS i SET status = 'failed' FROM charges AS h \
            WHERE h.id = ANY($1) AND i.customer_id = h.customer_id AND i.month = h.month AND i.status = 'open'";
        run(transaction, sql, &[refused], attempted).await?;
    }
    Ok(())
}

/// Counts calls that had no answer, and keeps what came instead.
pub(super) async fn doubt(transaction: &Transaction<'_>, doubtful: &[(&Nonce, &String)]) -> Result<(), StoreError> {
    let nonces: Vec<&str> = doubtful.iter().map(|(nonce, _)| nonce.0.as_str()).collect();
    let causes: Vec<String> = doubtful.iter().map(|(_, cause)| cut(cause)).collect();
    let sql = "UPDATE charges AS h SET attempts = h.attempts + 1, doubt = n.cause \
        FROM unnest($1::text[], $2::text[]) AS n (nonce, cause) WHERE h.nonce = n.nonce AND h.state = 'intended'";
    run(transaction, sql, &[&nonces, &causes], "write down why charges are in doubt").await.map(|_| ())
}

fn cut(cause: &str) -> String {
    cause.chars().filter(|c| *c != '\0').take(CAUSE_CHARS_MAX).collect()
}
