//! What all lines became: in the journal's row, and in a cluster in the rows of its shards.

use crate::StoreError;
use crate::codec::from_bigint;
use std::collections::BTreeMap;
use suiftly_schema::loss::LineCounts;
use tokio_postgres::types::Json;
use tokio_postgres::{GenericClient, Row};

/// Both: the order of a cluster may have been written by a process alone before. Without a cluster there are no shards.
const LINES: &str = "WITH counted AS ( \
        SELECT received, accepted, duplicates, system, rejected, records, second_home FROM journal_watermarks \
        WHERE journal_id = $1 \
        UNION ALL SELECT received, accepted, duplicates, system, rejected, records, second_home FROM shard_watermarks \
        WHERE EXISTS (SELECT FROM cluster WHERE order_journal = $1)) \
    SELECT count(*), sum(received)::bigint, sum(accepted)::bigint, sum(duplicates)::bigint, sum(system)::bigint, \
        (SELECT coalesce(jsonb_object_agg(reason, lines), '{}') FROM ( \
            SELECT key AS reason, sum(value::bigint) AS lines FROM counted, jsonb_each_text(rejected) GROUP BY key) AS each), \
        sum(records)::bigint, sum(second_home)::bigint FROM counted";

/// What the lines became, and how many records were written; `None` for a journal that never wrote.
pub(super) async fn lines(
    client: &impl GenericClient,
    journal_id: &str,
) -> Result<Option<(LineCounts, u64)>, StoreError> {
    let row = client.query_one(LINES, &[&journal_id]).await.map_err(StoreError::database("count the lines"))?;
    if row.get::<_, i64>(0) == 0 {
        return Ok(None);
    }
    let count = |at: usize| from_bigint("a number of lines", row.get(at));
    let counts = LineCounts {
        received: count(1)?,
        accepted: count(2)?,
        second_home: count(7)?,
        duplicates: count(3)?,
        system: count(4)?,
        rejected: rejected_of(&row)?,
    };
    Ok(Some((counts, count(6)?)))
}

fn rejected_of(row: &Row) -> Result<BTreeMap<String, u64>, StoreError> {
    let json: Json<BTreeMap<String, u64>> =
        row.try_get(5).map_err(|error| StoreError::Row { what: "the rejected lines", cause: error.to_string() })?;
    Ok(json.0)
}
