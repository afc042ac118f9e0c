//! What tells that something has changed, topic by topic, in one cheap look: the last numbers of tables that only grow, and
//! small tables whole.
//!
//! Numbers are given before they are committed, so the last one alone would not tell of a row that was committed after a
//! later one: the last few are added up.

use super::super::AccountStore;
use crate::{StoreError, pool};
use tokio_postgres::Row;

/// How long the database may look.
const TIMEOUT_MS: u32 = 1_000;

/// What stands in the database, topic by topic: a mark differs if something has changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// Versions written down.
    pub vault: String,
    /// Notifications, and who knows of them.
    pub notifications: String,
    /// The manager's jobs and their runs.
    pub jobs: String,
    /// Lines kept of one journal, and what became of them.
    pub quarantine: String,
    /// Customers and where they stand.
    pub customers: String,
    /// Invoices and what they were paid by.
    pub invoices: String,
    /// Price books.
    pub price_books: String,
    /// Published log formats.
    pub formats: String,
    /// HAProxy's own messages.
    pub system_logs: String,
    /// The activity log.
    pub activity: String,
}

/// The last numbers of a table, added up.
macro_rules! latest {
    ($table:literal) => {
        concat!("(SELECT coalesce(sum(id), 0) FROM (SELECT id FROM ", $table, " ORDER BY id DESC LIMIT 64) AS latest)")
    };
}

/// $1 is the journal. Whatever operators do has a row in the activity log: it stands for acknowledgements, notes, lines
/// given again or thrown away.
const MARKS: &str = concat!(
    "WITH sums AS (SELECT ",
    latest!("activity"),
    " AS activity, ",
    latest!("activity WHERE actor_kind = 'operator'"),
    " AS acts, ",
    latest!("notifications"),
    " AS notifications, ",
    latest!("ledger"),
    " AS ledger, ",
    latest!("invoices"),
    " AS invoices) \
    SELECT (SELECT coalesce(max(version), 0)::text FROM vault_versions), \
        concat_ws(' ', notifications, acts), \
        concat_ws(' ', (SELECT string_agg(concat_ws(' ', name, next_at, failures), ',' ORDER BY name) FROM manager_jobs), \
            (SELECT concat_ws(' ', sum(id), count(ended_at)) FROM (SELECT id, ended_at FROM manager_runs ORDER BY id DESC LIMIT 64) AS latest)), \
        concat_ws(' ', acts, (SELECT string_agg(concat_ws(' ', \
            (SELECT concat_ws(' ', min(journal_offset), max(journal_offset)) FROM quarantine WHERE journal_id = journals.id), \
            (SELECT count(*) FROM quarantine WHERE journal_id = journals.id AND requested_at IS NOT NULL AND outcome IS NULL)), \
            ',' ORDER BY journals.id) FROM (SELECT $1::text AS id UNION SELECT journal_id FROM cluster_journals) AS journals)), \
        concat_ws(' ', activity, ledger, notifications), \
        concat_ws(' ', invoices, ledger), \
        (SELECT coalesce(max(version), 0)::text FROM price_books), \
        (SELECT concat_ws(' ', max(publication), count(*) FILTER (WHERE is_in_force), max(retired_at)) FROM log_formats), \
        (SELECT concat_ws(' ', sum(extract(epoch FROM timestamp)), sum(count)) \
            FROM (SELECT timestamp, count FROM haproxy_system_logs ORDER BY timestamp DESC LIMIT 64) AS latest), \
        activity::text \
    FROM sums"
);

impl AccountStore {
    /// What stands in the database now; the quarantine's of one journal, and of those that a cluster takes lines from.
    pub async fn marks(&self, journal_id: &str) -> Result<Marks, StoreError> {
        const ATTEMPTED: &str = "look what has changed";
        let mut client = self.client().await?;
        let snapshot = pool::snapshot(&mut client).await?;
        let bounded = snapshot.batch_execute(&format!("SET LOCAL statement_timeout = {TIMEOUT_MS}")).await;
        bounded.map_err(StoreError::database(ATTEMPTED))?;
        let prepared = snapshot.prepare_cached(MARKS).await.map_err(StoreError::database(ATTEMPTED))?;
        let row = snapshot.query_one(&prepared, &[&journal_id]).await;
        row.map(|row| marks_of(&row)).map_err(StoreError::database(ATTEMPTED))
    }
}

fn marks_of(row: &Row) -> Marks {
    Marks {
        vault: row.get(0),
        notifications: row.get(1),
        jobs: row.get(2),
        quarantine: row.get(3),
        customers: row.get(4),
        invoices: row.get(5),
        price_books: row.get(6),
        formats: row.get(7),
        system_logs: row.get(8),
        activity: row.get(9),
    }
}
