//! `cargo xtask bench store --writers N [--fast]`: the processes of a cluster storing at once, each its share of the shards,
//! beside one that has all of them; while old hours close (TimescaleDB compresses them, else they get their indexes) and
//! retention drops some. On the TimescaleDB that `TEST_TIMESCALE_URL` names, else on plain PostgreSQL; with a firehose behind
//! each writer where `TEST_QUESTDB_URL` names a QuestDB.

use super::{Commits, LINES_A_SECOND};
use crate::postgres::Server;
use crate::report::Row;
use anyhow::Context;
use std::cell::Cell;
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use suiftly_schema::ids::Epoch;
use suiftly_schema::shard::{SHARDS, Shard, ShardSet};
use suiftly_schema::time::UnixMillis;
use suiftly_store::firehose::{Firehose, FirehoseConfig, Step};
use suiftly_store::maintenance::{enforce_retention, index_closed_hours};
use suiftly_store::reader::Further;
use suiftly_store::shards::{ClusterStore, NewCluster, OrderRow, ShardsOf};
use suiftly_store::testing::{Client, TIMESCALE_URL, TestDatabase};
use suiftly_store::writer::{Commit, Writer};

const QUESTDB_URL: &str = "TEST_QUESTDB_URL";
const ORDER: &str = "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f";
const CUSTOMERS: u32 = 1_000;
const HOUR_MS: i64 = 3_600_000;
/// Hours before the first line that are closed already, and one that is kept no longer.
const OLD_HOURS: [i64; 4] = [52, 12, 11, 10];
const WRITERS_MAX: usize = 64;

/// How much is written.
struct Size {
    /// Seconds of lines: as many commits of each writer.
    seconds: i64,
    /// Rows of each old hour.
    old_rows: u32,
    runs: usize,
}

/// What one turn came to.
struct Turn {
    /// Records a second of the clock, stored.
    stored: f64,
    /// Records a CPU-second of the database, where it is on this machine.
    spent: Option<f64>,
    /// Records a second, in QuestDB.
    sent: Option<f64>,
}

/// Of so many writers, and of one: records a second, and a CPU-second.
pub(super) fn run(writers: usize, is_fast: bool) -> anyhow::Result<Vec<Row>> {
    anyhow::ensure!((1..=WRITERS_MAX).contains(&writers), "there may be 1 to {WRITERS_MAX} writers");
    let size = if is_fast {
        Size { seconds: 2, old_rows: 2_000, runs: 1 }
    } else {
        Size { seconds: 20, old_rows: 300_000, runs: 3 }
    };
    let (mut alone, mut several) = (Vec::new(), Vec::new());
    for _ in 0..size.runs {
        alone.push(turn(1, &size)?);
        several.push(turn(writers, &size)?);
    }
    let is_named = |url| std::env::var_os(url).is_some();
    let store = if is_named(TIMESCALE_URL) { "TimescaleDB" } else { "plain PostgreSQL, no TimescaleDB" };
    let questdb = if is_named(QUESTDB_URL) { "a firehose to QuestDB" } else { "no QuestDB" };
    let records = size.seconds * LINES_A_SECOND;
    let case = format!("{records} records of {CUSTOMERS} customers on {store}, {questdb}, while hours close and go");
    let mut rows = Vec::new();
    let subjects = ["one writer".to_owned(), format!("{writers} writers, disjoint shards")];
    for (turns, subject) in [&alone, &several].into_iter().zip(subjects) {
        let all = |of: fn(&Turn) -> Option<f64>| turns.iter().map(of).collect::<Option<Vec<_>>>();
        let figures = [
            ("records per second", all(|turn| Some(turn.stored))),
            ("records per CPU-second of the database", all(|turn| turn.spent)),
            ("records per second in QuestDB", all(|turn| turn.sent)),
        ];
        let figures = figures.into_iter().filter_map(|(unit, runs)| Some(Row::new(&case, &subject, unit, runs?)));
        rows.extend(figures);
    }
    let ratios = several.iter().zip(&alone).map(|(several, alone)| several.stored / alone.stored).collect();
    rows.push(Row::new(&case, &format!("{writers} writers / one"), "ratio", ratios));
    Ok(rows)
}

fn turn(writers: usize, size: &Size) -> anyhow::Result<Turn> {
    let now = UnixMillis(i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?);
    let database = wait_for(async {
        match TestDatabase::create_on_timescale().await {
            Some(database) => database,
            None => TestDatabase::create().await,
        }
    })?;
    let mut source = Commits::new(CUSTOMERS, now.hour());
    let seconds = (0..size.seconds).map(|_| source.of(1)).collect::<anyhow::Result<Vec<_>>>()?;
    let of = wait_for(prepare(&database, &seconds, now, size))??;
    let shares: Vec<_> = (0..writers).map(|process| Share::of(&seconds, process, writers, &of)).collect();
    let runs_here = std::env::var_os(TIMESCALE_URL).is_none();
    let server = wait_for(async { Server::of(&database.client().await).await })?.ok().filter(|_| runs_here);
    let cpu = || server.as_ref().map(Server::cpu_seconds).transpose();

    // Backends that have ended are not counted any more: all writers stay until what was spent is read.
    let (begin, end) = (Barrier::new(writers + 2), Barrier::new(writers + 1));
    std::thread::scope(|scope| {
        let (database, begin, end) = (&database, &begin, &end);
        let write = |share| scope.spawn(move || Share::write(share, database, begin, end));
        let writing: Vec<_> = shares.iter().map(write).collect();
        let housekeeping = scope.spawn(move || {
            begin.wait();
            wait_for(keep_house(database, now))?
        });
        let before = cpu();
        begin.wait();
        let begun = Instant::now();
        end.wait();
        let after = cpu();
        end.wait();
        let mut last = (begun, None);
        for writer in writing {
            let (stored, sent) = writer.join().expect("a writer's thread")?;
            last = (last.0.max(stored), last.1.max(sent));
        }
        housekeeping.join().expect("the housekeeping's thread")?;
        let records = (size.seconds * LINES_A_SECOND) as f64;
        let each_second = |until: Instant| records / until.duration_since(begun).as_secs_f64();
        let spent = before?.zip(after?).map(|(before, after)| records / (after - before));
        Ok(Turn { stored: each_second(last.0), spent, sent: last.1.map(each_second) })
    })
}

/// Makes it a cluster with old hours, and puts the whole order.
async fn prepare(
    database: &TestDatabase,
    seconds: &[Vec<Arc<Commit>>],
    now: UnixMillis,
    size: &Size,
) -> anyhow::Result<(u64, u16)> {
    let mut cluster = ClusterStore::new(database.config());
    let (cluster_id, order_journal) = ("0".repeat(32), ORDER.to_owned());
    cluster.init(&NewCluster { cluster_id, order_journal, placement: 1, goes_on_from: None }).await?;
    let journal = cluster.number("lines", "bench").await?;
    let generation = cluster.raise().await?.generation;
    let row = |commit: &Arc<Commit>| {
        let Commit { epoch, cut_at, journal_end, .. } = **commit;
        OrderRow { epoch, cut_at, journal_end, block: Vec::new(), cuts: Vec::new() }
    };
    cluster.put_order(generation, &seconds.iter().flatten().map(row).collect::<Vec<_>>()).await?;
    let client = database.client().await;
    let has_chunks = has_chunks(&client).await?;
    for back in OLD_HOURS {
        let hour = now.hour().plus_ms(-back * HOUR_MS);
        let (from, to) = (hour.rfc3339(), hour.plus_ms(HOUR_MS).rfc3339());
        if !has_chunks {
            let make = format!("SELECT suiftly_ensure_partitions('haproxy_raw_logs', '{from}', '{to}')");
            client.execute(&make, &[]).await?;
        }
        let insert = format!(
            "INSERT INTO haproxy_raw_logs (timestamp, customer_id, service_type, network, server_id, api_key_fp, \
                traffic_type, event_type, status_code, bytes_sent, time_total, backend_id, termination_state, \
                journal_offset) \
             SELECT '{from}'::timestamptz + n * INTERVAL '1 millisecond', n % 1000 + 1, 1, 0, 17, n % 5000 + 1, 1, 0, 200, \
                500, 12, 1, '--', n FROM generate_series(1, {}) AS n",
            size.old_rows
        );
        client.execute(&insert, &[]).await?;
    }
    let level = format!("UPDATE shard_watermarks SET cut_at = '{}'", now.hour().rfc3339());
    client.batch_execute(&level).await?;
    Ok((generation, journal))
}

async fn has_chunks(client: &Client) -> anyhow::Result<bool> {
    let select = "SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb')";
    Ok(client.query_one(select, &[]).await?.get(0))
}

/// What is done with hours behind the writers' backs.
async fn keep_house(database: &TestDatabase, now: UnixMillis) -> anyhow::Result<()> {
    let client = database.client().await;
    if has_chunks(&client).await? {
        let jobs = "SELECT job_id FROM timescaledb_information.jobs WHERE proc_name = 'suiftly_compress_closed' \
            OR (proc_name = 'policy_retention' AND hypertable_name = 'haproxy_raw_logs')";
        for job in client.query(jobs, &[]).await? {
            client.batch_execute(&format!("CALL run_job({})", job.get::<_, i32>(0))).await?;
        }
        return Ok(());
    }
    // To drop an hour it waits for commits, a moment only: then again, as the program does.
    while let Err(error) = enforce_retention(database.config(), now).await {
        anyhow::ensure!(error.is_unavailable(), "retention: {error}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let indexed = index_closed_hours(database.config()).await?;
    anyhow::ensure!(indexed == 3, "{indexed} hours were closed");
    Ok(())
}

/// What one process writes.
struct Share {
    of: ShardsOf,
    processes: usize,
    /// A transaction each.
    seconds: Vec<Vec<Arc<Commit>>>,
}

impl Share {
    fn of(seconds: &[Vec<Arc<Commit>>], process: usize, processes: usize, of: &(u64, u16)) -> Self {
        let (generation, journal) = *of;
        let shards = ShardSet::of_process(process, processes, 1);
        // The deltas that are missing where only the other shards' are.
        let mut others = [Epoch::MAX; SHARDS];
        shards.iter().for_each(|shard| others[shard.index()] = 0);
        let others = Further::of(others);
        let share = |commit: &Arc<Commit>| {
            let records: Vec<_> = commit.records.iter().skip(process).step_by(processes).copied().collect();
            let owns = |server| shards.contains(Shard::of_server(server));
            Arc::new(Commit {
                epoch: commit.epoch,
                cut_at: commit.cut_at,
                journal_end: commit.journal_end,
                deltas: Arc::new(others.missing(commit.epoch, &commit.deltas).into_owned()),
                record_journals: vec![(journal, u32::try_from(records.len()).expect("an epoch's records"))],
                records,
                windows: commit.windows.iter().filter(|window| owns(window.worker.server_id)).cloned().collect(),
                counts: if process == 0 { commit.counts.clone() } else { Default::default() },
                ..Commit::default()
            })
        };
        let seconds = seconds.iter().map(|second| second.iter().map(share).collect()).collect();
        let process = u16::try_from(process).expect("at most WRITERS_MAX");
        Self { of: ShardsOf { order_journal: ORDER.to_owned(), generation, process, shards }, processes, seconds }
    }

    /// Writes it from `begin` on; when it was stored, and when all of it was sent. Comes to each barrier whatever fails.
    fn write(
        &self,
        database: &TestDatabase,
        begin: &Barrier,
        end: &Barrier,
    ) -> anyhow::Result<(Instant, Option<Instant>)> {
        wait_for(async {
            let opened = self.open(database).await;
            begin.wait();
            let (writer, written) = match opened {
                Ok((mut writer, firehose)) => {
                    let written = self.commit(&mut writer, firehose).await;
                    (Some(writer), written)
                }
                Err(error) => (None, Err(error)),
            };
            end.wait();
            end.wait();
            drop(writer);
            written
        })?
    }

    async fn open(&self, database: &TestDatabase) -> anyhow::Result<(Writer, Option<Firehose>)> {
        let (mut writer, _) = Writer::open_shards(database.config(), &self.of).await?;
        let Ok(url) = std::env::var(QUESTDB_URL) else { return Ok((writer, None)) };
        let config = FirehoseConfig { table: "suiftly_bench".to_owned(), ..FirehoseConfig::new(&url) };
        let processes = u16::try_from(self.processes).expect("at most WRITERS_MAX");
        let firehose = Firehose::new(database.config(), ORDER, &config)?.of_process(self.of.process, processes);
        let firehose = firehose.with_recent(writer.feed_firehose());
        Ok((writer, Some(firehose)))
    }

    async fn commit(
        &self,
        writer: &mut Writer,
        firehose: Option<Firehose>,
    ) -> anyhow::Result<(Instant, Option<Instant>)> {
        let stored = Cell::new(None);
        let storing = async {
            for second in &self.seconds {
                writer.commit(second).await?;
            }
            stored.set(Some(Instant::now()));
            anyhow::Ok(())
        };
        let sending = async {
            let Some(mut firehose) = firehose else { return anyhow::Ok(None) };
            loop {
                let is_all = stored.get().is_some();
                match firehose.step().await? {
                    Step::Sent => {}
                    Step::Idle if is_all => return Ok(Some(Instant::now())),
                    Step::Idle => tokio::time::sleep(Duration::from_millis(10)).await,
                }
            }
        };
        let ((), sent) = tokio::try_join!(storing, sending)?;
        Ok((stored.get().context("nothing was stored")?, sent))
    }
}

fn wait_for<T>(future: impl Future<Output = T>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start tokio")?;
    Ok(runtime.block_on(future))
}
