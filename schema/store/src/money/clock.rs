//! How far the manager's clock is ahead of the machine's. Development and tests move it; nothing else may.

use super::MoneyStore;
use crate::StoreError;
use crate::migrate::is_ours;
use tokio_postgres::GenericClient;

impl MoneyStore {
    /// How far it is ahead, in milliseconds.
    pub async fn clock_offset(&self) -> Result<i64, StoreError> {
        let row = self.client().await?.query_one("SELECT offset_ms FROM manager_clock", &[]).await;
        row.map(|row| row.get(0)).map_err(StoreError::database("read the manager's clock"))
    }

    /// Moves it ahead. Refused in any database but those for development and tests ([`StoreError::Protected`]), and
    /// backwards ([`StoreError::ClockBackwards`]): what was done in the future would be undone by nobody.
    pub async fn set_clock_offset(&self, offset_ms: i64) -> Result<(), StoreError> {
        move_to(&**self.client().await?, offset_ms).await
    }
}

/// The same over any connection, or within a transaction.
pub(crate) async fn move_to(client: &impl GenericClient, offset_ms: i64) -> Result<(), StoreError> {
    let attempted = "move the manager's clock";
    let row = client.query_one("SELECT current_database()::text", &[]).await;
    let database: String = row.map_err(StoreError::database(attempted))?.get(0);
    if !is_ours(&database) {
        return Err(StoreError::Protected { attempted: "move the clock of", database });
    }
    let update = "UPDATE manager_clock SET offset_ms = $1 WHERE offset_ms <= $1";
    match client.execute(update, &[&offset_ms]).await.map_err(StoreError::database(attempted))? {
        0 => Err(StoreError::ClockBackwards { offset_ms }),
        _ => Ok(()),
    }
}
