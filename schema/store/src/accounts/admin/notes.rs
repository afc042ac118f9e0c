//! What operators keep of a customer in their own words.

use super::super::AccountStore;
use super::super::activity::{Act, record};
use super::acts::{ActRefused, is_customer};
use crate::StoreError;
use crate::codec::Timestamptz;
use deadpool_postgres::Transaction;
use serde_json::json;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::time::UnixMillis;

/// Characters of a note at most.
pub const NOTE_CHARS_MAX: usize = 4_096;

/// A note of operators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerNote {
    /// The words.
    pub text: String,
    /// Who wrote them.
    pub by: String,
    /// When.
    pub at: UnixMillis,
}

impl AccountStore {
    /// Writes a customer's note anew, or removes it: an empty one is none.
    pub async fn put_note(
        &self,
        customer: CustomerId,
        text: &str,
        act: &Act,
    ) -> Result<Result<Option<CustomerNote>, ActRefused>, StoreError> {
        const ATTEMPTED: &str = "write a customer's note";
        let put = "INSERT INTO customer_notes (customer_id, text, written_by, written_at) VALUES ($1, $2, $3, $4) \
            ON CONFLICT (customer_id) DO UPDATE SET text = excluded.text, written_by = excluded.written_by, \
                written_at = excluded.written_at";
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        if !is_customer(&transaction, customer).await? {
            return Ok(Err(ActRefused::Missing { what: "customer" }));
        }
        let note = CustomerNote { text: text.to_owned(), by: act.actor.name().to_owned(), at: act.at };
        let written = match text.is_empty() {
            true => transaction.execute("DELETE FROM customer_notes WHERE customer_id = $1", &[&customer.get()]).await,
            false => transaction.execute(put, &[&customer.get(), &text, &note.by, &Timestamptz(act.at)]).await,
        };
        written.map_err(StoreError::database(ATTEMPTED))?;
        // No row of the customer's own log: it is the operators' knowledge.
        let change = json!({"customer_id": customer.get(), "text": text});
        record(&transaction, None, act, "customer.note", Some(&customer.get().to_string()), change).await?;
        transaction.commit().await.map_err(StoreError::database(ATTEMPTED))?;
        Ok(Ok((!text.is_empty()).then_some(note)))
    }
}

pub(super) async fn read(
    transaction: &Transaction<'_>,
    customer: CustomerId,
) -> Result<Option<CustomerNote>, StoreError> {
    let select = "SELECT text, written_by, written_at FROM customer_notes WHERE customer_id = $1";
    let row = transaction.query_opt(select, &[&customer.get()]).await;
    let row = row.map_err(StoreError::database("read a customer's note"))?;
    Ok(row.map(|row| CustomerNote { text: row.get(0), by: row.get(1), at: row.get::<_, Timestamptz>(2).0 }))
}
