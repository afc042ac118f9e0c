//! Ten million rows of `usage_per_hour` (or, to see that something runs, fewer), as the writer leaves them: hour after hour, within it by customer.

use std::time::{Duration, UNIX_EPOCH};
use suiftly_schema::histogram::Histogram;
use suiftly_schema::time::UnixMillis;
use suiftly_store::testing::Client;

/// Hours that there are rows of: thirty days.
pub const HOURS: i64 = 30 * 24;
const SERVICES: i64 = 3;
/// Customers, numbered from 1, each with a row for every hour and service: ten million in all.
pub const CUSTOMERS: i64 = 10_000_000 / (HOURS * SERVICES) + 1;
/// Different histograms, of so many values each.
const HISTOGRAMS: u32 = 64;
const VALUES: u32 = 200;

/// Writes those of so many customers, from this hour on; `client` owns the table.
pub async fn fill(client: &Client, start: UnixMillis, customers: i64) -> anyhow::Result<()> {
    // No log of what is thrown away again: reading is what is measured.
    client.batch_execute("ALTER TABLE usage_per_hour SET UNLOGGED").await?;
    let histograms: Vec<Vec<u8>> = (0..HISTOGRAMS).map(|seed| histogram(seed).encode()).collect();
    let insert = format!(
        "INSERT INTO usage_per_hour SELECT customer, hour, service, 1, 180, 4, 3, 6, 1, 6, 190, 400000, 390000, 9000, \
            ($1::bytea[])[1 + (customer + extract(epoch FROM hour)::bigint / 3600) % {HISTOGRAMS}] \
         FROM generate_series($2::timestamptz, $2 + INTERVAL '{} hours', INTERVAL '1 hour') AS hour, \
            generate_series(1, {customers}) AS customer, generate_series(1, {SERVICES}) AS service",
        HOURS - 1
    );
    let start = UNIX_EPOCH + Duration::from_millis(start.0.unsigned_abs());
    let rows = client.execute(&insert, &[&histograms, &start]).await?;
    anyhow::ensure!(rows.cast_signed() == customers * HOURS * SERVICES, "{rows} rows");
    client.batch_execute("VACUUM ANALYZE usage_per_hour").await?;
    Ok(())
}

/// Around some tens of milliseconds, with a tail.
fn histogram(seed: u32) -> Histogram {
    let mut histogram = Histogram::default();
    for n in 0..VALUES {
        let tail = if n % 40 == 0 { 700 } else { 0 };
        histogram.count(20 + (n * n + seed * 7) % 30 + tail, 1);
    }
    histogram
}
