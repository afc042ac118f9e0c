//! What is true of a database at one instant: enough to tell a restored one from the one that was dumped.

use crate::StoreError;
use crate::codec::{Timestamptz, from_bigint};
use crate::migrate::quoted;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use suiftly_schema::ids::Epoch;
use suiftly_schema::time::UnixMillis;
use tokio_postgres::Client;

/// Tables of raw records and system messages. Summing them up would take long: they are only counted. A dump may go
/// without their rows, and those of what came late to them.
pub(super) const RECORDS: [&str; 2] = ["haproxy_raw_logs", "haproxy_system_logs"];

/// What is true of a database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The server's release, such as 15.
    pub server_release: u32,
    /// Whether its tables are TimescaleDB's.
    pub has_timescale: bool,
    /// The last migration that was applied.
    pub schema_version: i32,
    /// How far each journal has come.
    pub watermarks: Vec<WatermarkFacts>,
    /// The number of the last reference change that there is.
    pub reference_seq: u64,
    /// Rows of every table, and what they add up to.
    pub tables: BTreeMap<String, TableFacts>,
}

/// How far a journal has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatermarkFacts {
    /// The journal's id.
    pub journal_id: String,
    /// The last epoch that is in; of a cluster's order the one that a restart goes on from, which every shard has.
    pub epoch: Epoch,
    /// When that was cut.
    pub cut_at: UnixMillis,
}

/// A table's rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableFacts {
    /// How many.
    pub rows: u64,
    /// The sum of their hashes, whatever their order; none of tables that are only counted.
    pub sum: Option<String>,
}

impl Facts {
    /// Where a journal stands.
    pub fn watermark(&self, journal_id: &str) -> Option<&WatermarkFacts> {
        self.watermarks.iter().find(|watermark| watermark.journal_id == journal_id)
    }

    /// The same of a dump that goes without raw records and system messages.
    #[must_use]
    pub fn without_records(mut self) -> Self {
        self.tables.retain(|name, _| !RECORDS.iter().any(|records| name.starts_with(records)));
        self
    }

    /// What a restored database has otherwise, in words; nothing if it is the same.
    pub fn differences(&self, restored: &Self) -> Vec<String> {
        let mut found = Vec::new();
        if self.schema_version != restored.schema_version {
            found.push(format!("the schema is version {}, it was {}", restored.schema_version, self.schema_version));
        }
        if self.watermarks != restored.watermarks || self.reference_seq != restored.reference_seq {
            found.push("the watermarks are others".to_owned());
        }
        for (name, table) in &self.tables {
            match restored.tables.get(name) {
                Some(of_restored) if of_restored == table => {}
                Some(of_restored) if of_restored.rows != table.rows => {
                    found.push(format!("table {name} has {} rows, it had {}", of_restored.rows, table.rows));
                }
                Some(_) => found.push(format!("table {name} has other rows than it had")),
                None => found.push(format!("there is no table {name}")),
            }
        }
        found
    }
}

/// Reads them, in the transaction that is open.
pub(super) async fn read(client: &Client) -> Result<Facts, StoreError> {
    let attempted = "read the database's facts";
    let row = client
        .query_one("SELECT max(version), coalesce(bool_or(timescale), false) FROM schema_migrations", &[])
        .await
        .map_err(StoreError::database(attempted))?;
    let told = "SELECT greatest((SELECT seq FROM reference_progress), (SELECT max(seq) FROM outbox))";
    let told = client.query_one(told, &[]).await.map_err(StoreError::database(attempted))?;
    Ok(Facts {
        server_release: server_release(client).await?,
        has_timescale: row.get(1),
        schema_version: row.get(0),
        watermarks: watermarks(client).await?,
        reference_seq: from_bigint("a change's number", told.get(0))?,
        tables: tables(client).await?,
    })
}

/// The server's release, such as 15.
pub(super) async fn server_release(client: &Client) -> Result<u32, StoreError> {
    let row = client.query_one("SELECT current_setting('server_version_num')::integer / 10000", &[]).await;
    let release: i32 = row.map_err(StoreError::database("ask for the server's release"))?.get(0);
    Ok(release.cast_unsigned())
}

async fn watermarks(client: &Client) -> Result<Vec<WatermarkFacts>, StoreError> {
    let select = "SELECT w.journal_id, coalesce(s.epoch, w.epoch), coalesce(s.cut_at, w.cut_at) \
        FROM journal_watermarks AS w LEFT JOIN ( \
            SELECT order_journal, min(restart_epoch) AS epoch, min(restart_at) AS cut_at \
            FROM cluster CROSS JOIN shard_watermarks GROUP BY 1) AS s ON s.order_journal = w.journal_id \
        ORDER BY w.journal_id";
    let rows = client.query(select, &[]).await.map_err(StoreError::database("read the watermarks"))?;
    let watermark = |row: &tokio_postgres::Row| {
        let epoch = from_bigint("a watermark", row.get(1))?;
        Ok(WatermarkFacts { journal_id: row.get(0), epoch, cut_at: row.get::<_, Timestamptz>(2).0 })
    };
    rows.iter().map(watermark).collect()
}

async fn tables(client: &Client) -> Result<BTreeMap<String, TableFacts>, StoreError> {
    let select = "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace \
        AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY relname";
    let rows = client.query(select, &[]).await.map_err(StoreError::database("list the tables"))?;
    let mut tables = BTreeMap::new();
    for name in rows.iter().map(|row| row.get::<_, String>(0)) {
        let facts = table(client, &name).await?;
        tables.insert(name, facts);
    }
    Ok(tables)
}

async fn table(client: &Client, name: &str) -> Result<TableFacts, StoreError> {
    let sum = if RECORDS.contains(&name) {
        "NULL::text"
    } else {
        "coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text"
    };
    let select = format!("SELECT count(*), {sum} FROM public.{} AS t", quoted(name));
    let row = client.query_one(&select, &[]).await.map_err(StoreError::database("add a table up"))?;
    Ok(TableFacts { rows: from_bigint("a count", row.get(0))?, sum: row.get(1) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        let table = |rows| TableFacts { rows, sum: Some("7".to_owned()) };
        Facts {
            server_release: 15,
            has_timescale: false,
            schema_version: 17,
            watermarks: vec![WatermarkFacts { journal_id: "ab".to_owned(), epoch: 4, cut_at: UnixMillis(9) }],
            reference_seq: 3,
            tables: [("ledger".to_owned(), table(2)), ("invoices".to_owned(), table(1))].into(),
        }
    }

    #[test]
    fn what_differs_is_named() {
        let good = facts();
        assert!(good.differences(&Facts { server_release: 17, ..facts() }).is_empty(), "another server may hold it");
        let mut fewer = facts();
        fewer.tables.get_mut("ledger").unwrap().rows = 1;
        let mut other = facts();
        other.tables.get_mut("ledger").unwrap().sum = Some("8".to_owned());
        let mut gone = facts();
        gone.tables.remove("invoices");
        let cases = [
            (fewer, "table ledger has 1 rows, it had 2"),
            (other, "table ledger has other rows than it had"),
            (gone, "there is no table invoices"),
            (Facts { schema_version: 16, ..facts() }, "the schema is version 16, it was 17"),
            (Facts { reference_seq: 2, ..facts() }, "the watermarks are others"),
            (Facts { watermarks: Vec::new(), ..facts() }, "the watermarks are others"),
        ];
        for (restored, said) in cases {
            assert_eq!(good.differences(&restored), [said]);
        }
    }
}
