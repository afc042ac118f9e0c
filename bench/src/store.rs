//! `cargo xtask bench store [--fast]`: what the database spends on commits with all views, beside a bare binary COPY of the same rows into
//! the same table in transactions of the same size. CPU time of all the server's processes.
//!
//! Bar: 0.8 of the records a CPU-second, at 50,000 lines a second of 1,000 customers and a commit each five seconds; the
//! program rests four times as long as a commit took, at most five seconds.
//!
//! With `--writers N`: several writers at once, as a cluster has them (`writers.rs`).

mod writers;

use crate::postgres::Server;
use crate::report::Row;
use anyhow::Context;
use futures::{SinkExt, TryStreamExt};
use std::ffi::OsString;
use std::io::Cursor;
use std::pin::pin;
use std::sync::Arc;
use suiftly_dataflow::{Dataflow, EpochInput, Seed};
use suiftly_ingest::block::BlockBuilder;
use suiftly_ingest::decode::{DecodeConfig, Decoder};
use suiftly_ingest::simulate::{GatewayOptions, SimulatedGateway};
use suiftly_ingest::source::Source;
use suiftly_schema::price::PriceBooks;
use suiftly_schema::time::UnixMillis;
use suiftly_store::testing::{Client, TestDatabase};
use suiftly_store::writer::{Commit, Writer};

/// 2026-09-01T00:00:00Z.
const START: UnixMillis = UnixMillis(1_788_220_800_000);
const LINES_A_SECOND: i64 = 50_000;
const EPOCHS_A_SECOND: i64 = 10;
const SECONDS: i64 = 20;
const RUNS: usize = 3;
/// Customers, and seconds between commits. With `--fast`, which shows that it runs, the first alone, once.
const CASES: [(u32, i64); 3] = [(1_000, 5), (1_000, 1), (100_000, 5)];
/// Of `--fast`.
const FAST_SECONDS: i64 = 5;

/// What was measured, and its figures.
pub fn run(arguments: &[OsString]) -> anyhow::Result<(&'static str, Vec<Row>)> {
    match arguments {
        [flag, number, rest @ ..] if flag == "--writers" => {
            let writers =
                number.to_str().and_then(|number| number.parse().ok()).context("`--writers` takes a number")?;
            let is_fast = matches!(rest, [only] if only == "--fast");
            anyhow::ensure!(is_fast || rest.is_empty(), "`--writers N` knows `--fast` alone");
            Ok(("store-writers", writers::run(writers, is_fast)?))
        }
        _ => Ok(("store", beside_copy(arguments)?)),
    }
}

/// Records a CPU-second of the database: ours, a bare COPY's, and the ratio.
fn beside_copy(arguments: &[OsString]) -> anyhow::Result<Vec<Row>> {
    let Size { cases, length, runs } = size(arguments)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start tokio")?;
    let mut rows = Vec::new();
    for (customers, seconds) in cases.iter().copied() {
        let (mut ours, mut bare) = (Vec::new(), Vec::new());
        for _ in 0..runs {
            let (commit, copy) = runtime.block_on(turn(customers, seconds, length))?;
            ours.push(commit);
            bare.push(copy);
        }
        let case = format!("{LINES_A_SECOND} lines/s of {customers} customers, Zipf 1, a commit each {seconds} s");
        let ratios = ours.iter().zip(&bare).map(|(ours, bare)| ours / bare).collect();
        rows.push(Row::new(&case, "suiftly, all views", "records per CPU-second of the database", ours));
        rows.push(Row::new(&case, "bare COPY", "records per CPU-second of the database", bare));
        rows.push(Row::new(&case, "suiftly / bare COPY", "ratio", ratios));
    }
    Ok(rows)
}

/// How much is measured.
struct Size {
    cases: &'static [(u32, i64)],
    /// Seconds of lines.
    length: i64,
    runs: usize,
}

fn size(arguments: &[OsString]) -> anyhow::Result<Size> {
    match arguments {
        [] => Ok(Size { cases: &CASES, length: SECONDS, runs: RUNS }),
        [only] if only == "--fast" => Ok(Size { cases: CASES.split_at(1).0, length: FAST_SECONDS, runs: 1 }),
        _ => anyhow::bail!("`cargo xtask bench store` knows `--fast` and `--writers N`"),
    }
}

async fn turn(customers: u32, seconds: i64, length: i64) -> anyhow::Result<(f64, f64)> {
    let database = TestDatabase::create().await;
    let client = database.client().await;
    let server = Server::of(&client).await?;
    let (mut writer, _) = Writer::open(database.config(), "bench").await?;
    let mut source = Commits::new(customers, START);
    let (mut spent, mut ends) = (0.0, vec![0]);
    for _ in 0..length / seconds {
        let commits = source.of(seconds)?;
        let before = server.cpu_seconds()?;
        writer.commit(&commits).await?;
        spent += server.cpu_seconds()? - before;
        ends.push(commits.last().map_or(0, |last| last.journal_end));
    }
    let records = length * LINES_A_SECOND;
    let bare = bare_copy(&client, &server, &ends, records).await?;
    Ok((records as f64 / spent, records as f64 / bare))
}

/// The same rows once more, in the same transactions: the CPU-seconds of it.
async fn bare_copy(client: &Client, server: &Server, ends: &[u64], records: i64) -> anyhow::Result<f64> {
    let mut transactions = Vec::new();
    for span in ends.windows(2) {
        let out = format!(
            "COPY (SELECT * FROM haproxy_raw_logs WHERE journal_offset >= {} AND journal_offset < {}) \
             TO STDOUT (FORMAT binary)",
            span[0], span[1]
        );
        let mut rows = pin!(client.copy_out(&out).await?);
        let mut bytes = Vec::new();
        while let Some(part) = rows.try_next().await? {
            bytes.extend_from_slice(&part);
        }
        transactions.push(bytes);
    }
    client.batch_execute("TRUNCATE haproxy_raw_logs").await?;
    let before = server.cpu_seconds()?;
    let mut copied = 0;
    for bytes in transactions {
        let mut sink = pin!(client.copy_in("COPY haproxy_raw_logs FROM STDIN (FORMAT binary)").await?);
        sink.send(Cursor::new(bytes)).await?;
        copied += sink.finish().await?;
    }
    let spent = server.cpu_seconds()? - before;
    anyhow::ensure!(copied.cast_signed() == records, "{copied} rows were copied");
    Ok(spent)
}

/// A running ingest and dataflow.
struct Commits {
    gateway: SimulatedGateway,
    decoder: Decoder,
    dataflow: Dataflow,
    deltas: crossbeam_channel::Receiver<suiftly_schema::view::EpochDeltas>,
    start: UnixMillis,
    epoch: u64,
    end: u64,
}

impl Commits {
    fn new(customers: u32, start: UnixMillis) -> Self {
        let gateway = SimulatedGateway::new(&GatewayOptions { customers, ..GatewayOptions::default() }, start);
        let started = Dataflow::start(1, Seed::default(), PriceBooks::v1());
        let (dataflow, deltas) = started.expect("one worker starts");
        Self { gateway, decoder: Decoder::new(DecodeConfig::REPLAY), dataflow, deltas, start, epoch: 0, end: 0 }
    }

    fn of(&mut self, seconds: i64) -> anyhow::Result<Vec<Arc<Commit>>> {
        (0..seconds * EPOCHS_A_SECOND).map(|_| self.epoch()).collect()
    }

    fn epoch(&mut self) -> anyhow::Result<Arc<Commit>> {
        let epoch_ms = 1_000 / EPOCHS_A_SECOND;
        let at = self.start.plus_ms(self.epoch.cast_signed() * epoch_ms);
        self.epoch += 1;
        let (mut builder, mut line) = (BlockBuilder::default(), Vec::new());
        for _ in 0..LINES_A_SECOND / EPOCHS_A_SECOND {
            line.clear();
            self.gateway.line(at, &mut line);
            builder.push(&Source::File, at, &line).expect("an epoch fits a block");
        }
        let block = builder.seal(self.epoch, at.plus_ms(epoch_ms), self.end);
        self.end = block.end;
        let mut batch = self.decoder.decode(&block);
        anyhow::ensure!(batch.counts.received == batch.counts.accepted, "every line is a request");
        self.dataflow.send(EpochInput::of(&mut batch))?;
        Ok(Arc::new(Commit::new(batch, Arc::new(self.deltas.recv()?))))
    }
}
