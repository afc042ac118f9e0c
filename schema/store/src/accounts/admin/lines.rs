//! HAProxy's own messages, the latest first.

use super::super::AccountStore;
use crate::StoreError;
use crate::codec::Timestamptz;
use suiftly_schema::time::UnixMillis;
use tokio_postgres::Row;

/// Messages of one page at most.
pub const SYSTEM_LINES_MAX: u32 = 1_000;

/// Where a page goes on: after this many messages of this instant. Messages have no number of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SystemPlace {
    /// The instant of the last message shown.
    pub timestamp: UnixMillis,
    /// How many of that instant were shown.
    pub shown: u32,
}

/// Which messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SystemQuery {
    /// Of one server.
    pub server_id: Option<i16>,
    /// From this instant on.
    pub from: UnixMillis,
    /// Before this one.
    pub to: UnixMillis,
    /// After this place.
    pub after: Option<SystemPlace>,
    /// At most so many; [`SYSTEM_LINES_MAX`] at most.
    pub limit: u32,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemLine {
    /// When it was written, else received.
    pub timestamp: UnixMillis,
    /// The server that its source is bound to, where known.
    pub server_id: Option<i16>,
    /// The text.
    pub message: String,
    /// How many equal messages of one instant it stands for.
    pub count: i32,
}

/// Down to the millisecond, as places are: an instant's messages stand together in one order.
const LINES: &str = "SELECT timestamp, server_id, message, count FROM haproxy_system_logs \
    WHERE timestamp >= $1 AND timestamp < $2 AND ($3::smallint IS NULL OR server_id = $3) \
    ORDER BY date_trunc('milliseconds', timestamp) DESC, server_id, message, count OFFSET $4 LIMIT $5";

impl AccountStore {
    /// A page of HAProxy's messages, the latest first.
    pub async fn system_lines(&self, query: &SystemQuery) -> Result<Vec<SystemLine>, StoreError> {
        // Before the end of the millisecond that the last page ended in, less what was shown of it.
        let to = query.after.map_or(query.to, |place| query.to.min(place.timestamp.plus_ms(1)));
        let shown = query.after.map_or(0, |place| i64::from(place.shown));
        let limit = i64::from(query.limit.min(SYSTEM_LINES_MAX));
        let client = self.client().await?;
        let (from, to) = (Timestamptz(query.from), Timestamptz(to));
        let rows = client.query(LINES, &[&from, &to, &query.server_id, &shown, &limit]).await;
        let rows = rows.map_err(StoreError::database("read HAProxy's messages"))?;
        Ok(rows.iter().map(line_of).collect())
    }
}

fn line_of(row: &Row) -> SystemLine {
    SystemLine {
        timestamp: row.get::<_, Timestamptz>(0).0,
        server_id: row.get(1),
        message: row.get(2),
        count: row.get(3),
    }
}
