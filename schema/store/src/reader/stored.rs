//! What is stored, line by line, and the views beside a plain recount of it: for `suiftly db check`, which holds both
//! against the journal. Full scans; nothing that runs all the time asks for them.

use super::{Reader, snapshot};
use crate::codec::{Timestamptz, from_bigint};
use crate::{StoreError, price};
use suiftly_schema::record::LineId;
use tokio_postgres::Row;

/// So many rows at a time, whatever there are.
const FETCH: &str = "FETCH 10000 FROM stored_lines";
const DECLARE: &str = "DECLARE stored_lines NO SCROLL CURSOR FOR \
    SELECT server_id, boot, seq, journal_offset, journal_no FROM haproxy_raw_logs_all ORDER BY journal_no, journal_offset";

/// The ten sums of every minute and key that either side has, where they differ. Written anew out of SPEC §5, not out of
/// what the dataflow does: that is what it checks. `is_billed` is a condition.
fn differences(is_billed: &str) -> String {
    format!(
        "WITH recount AS (
    SELECT coalesce(customer_id, 0) AS customer_id,
        date_bin(INTERVAL '1 minute', timestamp, TIMESTAMPTZ '2000-01-01 00:00:00+00') AS minute,
        coalesce(service_type, 0)::smallint AS service_type, coalesce(network, -1)::smallint AS network,
        coalesce(sum(repeat) FILTER (WHERE traffic_type = 1 AND status_code BETWEEN 200 AND 299), 0) AS guaranteed,
        coalesce(sum(repeat) FILTER (WHERE traffic_type = 2 AND status_code BETWEEN 200 AND 299), 0) AS burst,
        coalesce(sum(repeat) FILTER (WHERE traffic_type BETWEEN 3 AND 6), 0) AS rejected,
        coalesce(sum(repeat) FILTER (WHERE traffic_type NOT BETWEEN 3 AND 6 AND status_code BETWEEN 400 AND 499), 0)
            AS client_error,
        coalesce(sum(repeat) FILTER (WHERE traffic_type NOT BETWEEN 3 AND 6 AND status_code BETWEEN 500 AND 599), 0)
            AS server_error,
        sum(repeat) AS requests,
        coalesce(sum(repeat) FILTER (WHERE {is_billed}), 0)
            AS billable_requests,
        sum(bytes_sent) AS bytes_sent,
        coalesce(sum(bytes_sent) FILTER (WHERE {is_billed}), 0)
            AS billable_bytes,
        sum(time_total::bigint * repeat) AS time_total_ms
    FROM haproxy_raw_logs_all GROUP BY 1, 2, 3, 4
), usage AS (
    SELECT customer_id, minute, service_type, network, guaranteed, burst, rejected, client_error, server_error,
        guaranteed + burst + rejected + client_error + server_error + other AS requests,
        billable_requests, bytes_sent, billable_bytes, time_total_ms
    FROM usage_per_minute
    WHERE (guaranteed, burst, rejected, client_error, server_error, other, bytes_sent) IS DISTINCT FROM (0, 0, 0, 0, 0, 0, 0)
)
SELECT count(*) FROM recount FULL JOIN usage USING (customer_id, minute, service_type, network)
WHERE (recount.guaranteed, recount.burst, recount.rejected, recount.client_error, recount.server_error,
        recount.requests, recount.billable_requests, recount.bytes_sent, recount.billable_bytes, recount.time_total_ms)
    IS DISTINCT FROM (usage.guaranteed, usage.burst, usage.rejected, usage.client_error, usage.server_error,
        usage.requests, usage.billable_requests, usage.bytes_sent, usage.billable_bytes, usage.time_total_ms)"
    )
}

/// A stored record's identity, and where its frame stands in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredLine {
    /// `None` for lines of formats that number none.
    pub line_id: Option<LineId>,
    /// Which journal, by its number in the cluster; 0: the only one.
    pub journal_no: u16,
    /// In bytes.
    pub journal_offset: u64,
}

impl Reader {
    /// Hands over every raw record, ascending by its journal's number and its place in that.
    pub async fn each_stored_line(&self, mut each: impl FnMut(StoredLine)) -> Result<(), StoreError> {
        let mut connection = self.connection().await?;
        let snapshot = snapshot(&mut connection).await?;
        let attempted = "read the raw records one by one";
        snapshot.batch_execute(DECLARE).await.map_err(StoreError::database(attempted))?;
        loop {
            let rows = snapshot.query(FETCH, &[]).await.map_err(StoreError::database(attempted))?;
            if rows.is_empty() {
                return Ok(());
            }
            for row in &rows {
                each(line(row)?);
            }
        }
    }

    /// How many minutes and keys of `usage_per_minute` are not what a plain recount of the raw records gives. Complete
    /// only while nothing has passed its retention.
    pub async fn usage_differences(&self) -> Result<u64, StoreError> {
        let connection = self.connection().await?;
        let sql = differences(&price::is_billed(&**connection).await?);
        let row = connection.query_one(&sql, &[]).await;
        let row = row.map_err(StoreError::database("recount usage out of the raw records"))?;
        from_bigint("the number of differing minutes", row.get(0))
    }
}

fn line(row: &Row) -> Result<StoredLine, StoreError> {
    let (server_id, boot, seq) = (row.get(0), row.get::<_, Option<Timestamptz>>(1), row.get::<_, Option<i64>>(2));
    let line_id = match (server_id, boot, seq) {
        (Some(server_id), Some(Timestamptz(boot)), Some(seq)) => {
            let seq = u32::try_from(seq);
            let seq = seq.map_err(|error| StoreError::Row { what: "a line's number", cause: error.to_string() })?;
            Some(LineId { server_id, boot, seq })
        }
        _ => None,
    };
    let journal_offset = from_bigint("a frame's place in the journal", row.get(3))?;
    Ok(StoredLine { line_id, journal_no: row.get::<_, i16>(4).cast_unsigned(), journal_offset })
}
