//! A seeded simulation: lines in disorder, doubled and delayed, a disk that loses power, a database that is away, slow or
//! cuts its answers, a process that dies at any moment, and customers, services and keys that change meanwhile. What is in
//! the database at the end is what the undisturbed lines and the customers say, counted by code of the test's own.
//!
//! `cargo xtask sim --seed N --runs M` runs it; a failing seed is printed and does the same again.

mod customers;

use crate::disk::FaultyDisk;
use crate::life::Life;
use crate::proxy::{Fault, Proxy};
use customers::People;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use suiftly_ingest::block::{Block, BlockBuilder};
use suiftly_ingest::journal::JournalConfig;
use suiftly_ingest::simulate::{GatewayOptions, Random, SimulatedGateway};
use suiftly_ingest::source::Source;
use suiftly_schema::reference::ReferenceChange;
use suiftly_schema::time::UnixMillis;
use suiftly_store::outbox::Outbox;
use suiftly_store::testing::TestDatabase;

/// 2026-11-30T23:50:00Z: the lines cross an hour and a month.
const START: UnixMillis = UnixMillis(1_796_082_600_000);
const LINES_A_GATEWAY: usize = 600;
const GATEWAYS: [i16; 3] = [17, 18, 33];
/// Between two lines of a gateway.
const LINE_MS: i64 = 2_000;
const STEPS_MAX: usize = 20_000;
/// The variables that tell how much to do.
const SEED: &str = "SUIFTLY_SIM_SEED";
const RUNS: &str = "SUIFTLY_SIM_RUNS";

/// Below `bound`, as a count.
fn below(random: &mut Random, bound: usize) -> usize {
    usize::try_from(random.below(u64::try_from(bound).unwrap())).unwrap()
}

/// What outlives the process: the disk, the database, the senders and what they still have to send.
struct World {
    random: Random,
    dir: tempfile::TempDir,
    disk: FaultyDisk,
    proxy: Proxy,
    lines: Vec<Vec<u8>>,
    /// Lines to be sent, by number; one may stand in it more than once.
    to_send: VecDeque<usize>,
    /// Lines sent and not yet known to be durable.
    unacknowledged: Vec<usize>,
    clock: UnixMillis,
    crashes: usize,
    people: People,
    outbox: Outbox,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_happens_the_result_is_that_of_the_undisturbed_run() {
    let number = |name: &str, default| std::env::var(name).map_or(default, |text| text.parse::<u64>().unwrap());
    let first = number(SEED, 1);
    for seed in first..first + number(RUNS, 3) {
        let _told = ToldIfItFails(seed);
        run(seed).await;
    }
}

struct ToldIfItFails(u64);

impl Drop for ToldIfItFails {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the same again: cargo xtask sim --seed {} --runs 1", self.0);
        }
    }
}

async fn run(seed: u64) {
    let database = TestDatabase::create().await;
    let mut world = World::new(seed, &database).await;
    let mut life = world.begin().await;
    for step in 0.. {
        assert!(step < STEPS_MAX, "it never ends: {} lines left", world.to_send.len());
        match below(&mut world.random, 24) {
            20.. => world.people.change(&mut world.random).await,
            0 => life = world.crash(life).await,
            1..=4 => world.clock = world.clock.plus_ms(i64::try_from(below(&mut world.random, 8_000)).unwrap()),
            5..=8 => {
                let upto = below(&mut world.random, life.waiting.len() + 1);
                world.commit(&mut life, upto, true).await;
            }
            // A run without a crash tries little.
            _ if world.is_all_sent() && world.crashes == 0 => life = world.crash(life).await,
            _ if world.is_all_sent() => break,
            _ => world.receive(&mut life).await,
        }
    }
    world.tell_the_rest(&mut life).await;
    while !life.waiting.is_empty() {
        let all = life.waiting.len();
        world.commit(&mut life, all, false).await;
    }
    check(&database, &world.lines).await;
    customers::check(&database).await;
}

impl World {
    async fn new(seed: u64, database: &TestDatabase) -> Self {
        let mut random = Random::new(seed);
        let lines = lines(&mut random);
        let people = People::new(database, recount(&lines).rated.into_keys().map(|(id, ..)| id).collect()).await;
        let mut to_send: Vec<usize> = (0..lines.len()).collect();
        for at in 0..lines.len() {
            // Disorder within a few, now and then a line that comes much later, or twice.
            let reach = if random.below(50) == 0 { 900 } else { 6 };
            let other = (at + below(&mut random, reach)).min(lines.len() - 1);
            to_send.swap(at, other);
            if random.below(20) == 0 {
                let again = to_send[below(&mut random, at + 1)];
                to_send.push(again);
            }
        }
        Self {
            dir: tempfile::tempdir().unwrap(),
            disk: FaultyDisk::default(),
            proxy: Proxy::before(database.config()),
            lines,
            to_send: to_send.into(),
            unacknowledged: Vec::new(),
            // Behind the last line: none is ahead of its receipt.
            clock: START.plus_ms(LINE_MS * i64::try_from(LINES_A_GATEWAY).unwrap()),
            crashes: 0,
            people,
            outbox: Outbox::new(database.config()),
            random,
        }
    }

    fn is_all_sent(&self) -> bool {
        self.to_send.is_empty() && self.unacknowledged.is_empty()
    }

    /// A start: the watermark, then the journal's tail.
    async fn begin(&mut self) -> Life {
        let config = JournalConfig { segment_bytes: 40_000, ..JournalConfig::default() };
        let workers = 1 + below(&mut self.random, 3);
        Life::begin(self.dir.path(), config, Box::new(self.disk.clone()), self.proxy.config(), workers).await
    }

    /// A few lines come, and reference changes among them, are journaled, and go through the views.
    async fn receive(&mut self, life: &mut Life) {
        let told = 4 * below(&mut self.random, 3);
        let changes = self.outbox.after(life.told, u32::try_from(told).unwrap()).await.unwrap();
        // Of one telling in five it is not known that it has arrived.
        if below(&mut self.random, 5) > 0 {
            life.told = changes.last().map_or(life.told, |last| last.seq);
        }
        let (block, numbers) = self.append(life, &changes);
        life.journal.progress().wait_durable(block.epoch).unwrap();
        life.take(&block);
        self.unacknowledged.retain(|number| !numbers.contains(number));
    }

    /// What was changed at the end and not told yet.
    async fn tell_the_rest(&mut self, life: &mut Life) {
        loop {
            let changes = self.outbox.after(life.told, 64).await.unwrap();
            let Some(last) = changes.last() else { return };
            life.told = last.seq;
            let (block, _) = self.append(life, &changes);
            life.journal.progress().wait_durable(block.epoch).unwrap();
            life.take(&block);
        }
    }

    fn append(&mut self, life: &mut Life, changes: &[ReferenceChange]) -> (Arc<Block>, Vec<usize>) {
        let count = 1 + below(&mut self.random, 60);
        let mut builder = BlockBuilder::default();
        let mut numbers = Vec::new();
        for _ in 0..count {
            let Some(number) = self.to_send.pop_front() else { break };
            let peer = ([192, 0, 2, 1], 514).into();
            let source = if self.random.below(2) == 0 { Source::udp(peer) } else { Source::tcp(peer) };
            builder.push(&source, self.clock, &self.lines[number]).unwrap();
            numbers.push(number);
        }
        for change in changes {
            builder.push(&Source::Outbox, self.clock, &serde_json::to_vec(change).unwrap()).unwrap();
        }
        self.unacknowledged.extend(&numbers);
        let block = life.append(builder, self.clock);
        (block, numbers)
    }

    /// The first so many epochs that wait go into the database, if it lets them.
    async fn commit(&mut self, life: &mut Life, upto: usize, with_faults: bool) {
        if with_faults && self.random.below(3) == 0 {
            let faults = [Fault::CutBefore, Fault::CutAfter, Fault::CutCopy];
            self.proxy.next(faults[below(&mut self.random, faults.len())]);
        } else {
            self.proxy.next(Fault::None);
        }
        match life.writer.commit(&life.waiting[..upto]).await {
            Ok(()) => {
                life.waiting.drain(..upto);
                life.journal.release_through(life.writer.watermark());
            }
            Err(error) => assert!(error.is_unavailable(), "{error}"),
        }
    }

    /// The machine stops, while blocks are on their way to the disk, and starts again.
    async fn crash(&mut self, mut life: Life) -> Life {
        self.crashes += 1;
        self.disk.break_after(below(&mut self.random, 6));
        for _ in 0..below(&mut self.random, 3) {
            self.append(&mut life, &[]);
        }
        if self.random.below(2) == 0 && !life.waiting.is_empty() {
            self.commit(&mut life, 1, true).await;
        }
        life.die();
        self.disk.crash(self.random.next());
        self.disk = FaultyDisk::default();
        self.proxy.next(Fault::None);
        // The senders send again what they do not know to be safe, and some of what is.
        for number in std::mem::take(&mut self.unacknowledged) {
            self.to_send.push_front(number);
        }
        let again = below(&mut self.random, self.lines.len());
        self.to_send.push_back(again);
        self.begin().await
    }
}

/// All gateways' lines, in the order of their time.
fn lines(random: &mut Random) -> Vec<Vec<u8>> {
    let mut gateways: Vec<_> = GATEWAYS
        .map(|server_id| {
            let options = GatewayOptions { seed: random.next(), customers: 12, server_id, ..GatewayOptions::default() };
            SimulatedGateway::new(&options, START)
        })
        .into();
    let mut lines = Vec::new();
    for n in 0..LINES_A_GATEWAY {
        for gateway in &mut gateways {
            let mut line = Vec::new();
            gateway.line(START.plus_ms(LINE_MS * i64::try_from(n).unwrap()), &mut line);
            lines.push(line);
        }
    }
    lines
}

/// Customer (0 is nobody), a span's start, service, network.
type UsageKey = (i64, i64, i16, i16);

/// What the lines say.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tables {
    /// Identity: server, number.
    raw: BTreeMap<(i16, i64), i64>,
    /// Requests, billable requests, bytes, milliseconds.
    minutes: BTreeMap<UsageKey, [i64; 4]>,
    hours: BTreeMap<UsageKey, [i64; 4]>,
    /// Micro-dollars by customer, service and month (its number in the year).
    rated: BTreeMap<(i64, i16, i32), i64>,
    /// Received and missing by server.
    windows: BTreeMap<i16, (i64, i64)>,
}

/// A recount of the lines as they were made: its own reading, its own prices.
fn recount(lines: &[Vec<u8>]) -> Tables {
    let mut tables = Tables::default();
    let mut billed: BTreeMap<(i64, i16, i32), (i64, i64)> = BTreeMap::new();
    for line in lines {
        let text = std::str::from_utf8(line).unwrap();
        let token: Vec<&str> = text[text.find("SF1 ").unwrap()..].split(' ').collect();
        let number = |at: usize| token[at].parse::<i64>().unwrap_or(0);
        let at = if token[2] == "-" { number(1) } else { number(2) };
        let (server, seq) = (i16::try_from(number(6)).unwrap(), number(5));
        let network = token[7].parse::<i16>().unwrap_or(-1);
        let service = token[8].parse::<i16>().unwrap_or(0);
        let (customer, traffic, status, bytes) = (number(12), number(10), number(18), number(19));
        let billable = (traffic == 1 || traffic == 2) && (100..400).contains(&status);
        *tables.raw.entry((server, seq)).or_default() += 1;
        for (rows, span) in [(&mut tables.minutes, 60_000), (&mut tables.hours, 3_600_000)] {
            let row = rows.entry((customer, at / span * span, service, network)).or_default();
            row[0] += 1;
            row[1] += i64::from(billable);
            row[2] += bytes;
            row[3] += number(25);
        }
        if billable && customer > 0 {
            let month = if at >= START.0 + 600_000 { 12 } else { 11 };
            let row = billed.entry((customer, service, month)).or_default();
            *row = (row.0 + 1, row.1 + bytes);
        }
        let window = tables.windows.entry(server).or_default();
        window.0 += 1;
    }
    for (key, (requests, bytes)) in billed {
        let bytes = if key.1 == 2 || key.1 == 3 { bytes } else { 0 };
        tables.rated.insert(key, requests * 100 + bytes * 60_000 / (1 << 30));
    }
    tables.rated.retain(|_, price| *price != 0);
    tables
}

/// What the database says.
async fn stored(database: &TestDatabase) -> Tables {
    let client = database.client().await;
    let query = async |sql: &str| client.query(sql, &[]).await.unwrap();
    let mut tables = Tables::default();
    for row in query("SELECT server_id, seq, count(*) FROM haproxy_raw_logs_all GROUP BY 1, 2").await {
        tables.raw.insert((row.get(0), row.get(1)), row.get(2));
    }
    for (rows, table, span) in
        [(&mut tables.minutes, "usage_per_minute", "minute"), (&mut tables.hours, "usage_per_hour", "hour")]
    {
        let sql = format!(
            "SELECT customer_id, (extract(epoch FROM {span}) * 1000)::bigint, service_type, network, \
             guaranteed + burst + rejected + client_error + server_error + other, billable_requests, bytes_sent, \
             time_total_ms FROM {table}"
        );
        for row in query(&sql).await {
            let key = (row.get(0), row.get(1), row.get(2), row.get(3));
            rows.insert(key, [row.get(4), row.get(5), row.get(6), row.get(7)]);
        }
    }
    let rated = "SELECT customer_id, service_type, extract(month FROM month)::integer, rated_micro_usd FROM rated \
        WHERE rated_micro_usd <> 0";
    for row in query(rated).await {
        tables.rated.insert((row.get(0), row.get(1), row.get(2)), row.get(3));
    }
    for row in query("SELECT server_id, received, missing FROM worker_windows").await {
        tables.windows.insert(row.get(0), (row.get(1), row.get(2)));
    }
    tables
}

async fn check(database: &TestDatabase, lines: &[Vec<u8>]) {
    let (found, expected) = (stored(database).await, recount(lines));
    assert_eq!(found.raw, expected.raw, "raw records, each once");
    assert_eq!(found.windows, expected.windows, "the loss meter");
    assert_eq!(found.minutes, expected.minutes);
    assert_eq!(found.hours, expected.hours);
    assert_eq!(found.rated, expected.rated);
}
