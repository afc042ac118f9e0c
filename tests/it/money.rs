//! Money under a seeded simulation: customers who order, deposit, withdraw and change limits over many months, lines that
//! come late and twice, an escrow that refuses and loses its answers, processes that end at any moment. The real journal,
//! dataflow, database, settlement; a clock of its own.
//!
//! What must hold: the live bill is the closed bill is what an audit counts again out of the journal is what the gateway
//! itself counted; the ledger balances; nobody's balance is negative; nobody is charged past a limit; no number is missing;
//! every bill names the tree of the records that it was counted from.
//!
//! `cargo xtask sim money --seed N --customers N --months N` runs it; with `--escrow sui` the funds are held by the contract
//! on a local chain.

mod bank;
mod check;
mod lines;
mod people;
mod sealing;

use crate::life::Life;
use bank::Bank;
use lines::Gateway;
use people::{People, customer};
use sealing::SimulatedSealer;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use suiftly_ingest::block::BlockBuilder;
use suiftly_ingest::journal::{DiskStorage, JournalConfig};
use suiftly_ingest::simulate::Random;
use suiftly_ingest::source::Source;
use suiftly_schema::bill::BillInputs;
use suiftly_schema::time::{BillingMonth, UnixMillis};
use suiftly_settlement::{Clock, Settlement, SettlementError};
use suiftly_store::money::MoneyStore;
use suiftly_store::outbox::Outbox;
use suiftly_store::testing::TestDatabase;

/// 2024-01-16T00:00:00Z: the first month is half a month, and there is a February of 29 days.
const START: UnixMillis = UnixMillis(1_705_363_200_000);
const DAY_MS: i64 = 86_400_000;
/// Days after the last month, without new lines: what is late arrives, notes are written.
const DAYS_AFTER: i64 = 24;
/// Live bills that are held against the closed ones, each month.
const DRAFTS: usize = 100;
const MINUTE_MS: i64 = 60_000;
/// Attempts to decide what is in doubt, each of which the escrow may let down.
const ATTEMPTS_MAX: usize = 200;
const CHANGES_A_TELLING: u32 = 64;
/// The variables that tell how much to do.
const SEED: &str = "SUIFTLY_SIM_SEED";
const CUSTOMERS: &str = "SUIFTLY_SIM_CUSTOMERS";
const MONTHS: &str = "SUIFTLY_SIM_MONTHS";
const ESCROW: &str = "SUIFTLY_SIM_ESCROW";

/// Below `bound`, as a count.
fn below(random: &mut Random, bound: usize) -> usize {
    usize::try_from(random.below(u64::try_from(bound).unwrap())).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fourteen_months_come_out_to_the_last_micro_dollar() {
    let number = |name: &str, default| std::env::var(name).map_or(default, |text| text.parse::<i64>().unwrap());
    let (seed, customers, months) = (number(SEED, 1), number(CUSTOMERS, 25), number(MONTHS, 3));
    let escrow = std::env::var(ESCROW).unwrap_or_else(|_| "embedded".to_owned());
    let mut world = World::new(seed, customers, &escrow).await;
    let _told = ToldIfItFails { seed, customers, months, escrow };
    let last = (1..months).fold(START.month(), |month, _| month.next());
    let mut day = START;
    while day < last.end() {
        world.day(day, true).await;
        day = day.plus_ms(DAY_MS);
    }
    for _ in 0..DAYS_AFTER {
        world.day(day, false).await;
        day = day.plus_ms(DAY_MS);
    }
    world.bank.calm();
    world.jobs().await;
    world.tell().await;
    world.end(last).await;
}

struct ToldIfItFails {
    seed: i64,
    customers: i64,
    months: i64,
    escrow: String,
}

impl Drop for ToldIfItFails {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Self { seed, customers, months, escrow } = self;
            eprintln!(
                "the same again: cargo xtask sim money --escrow {escrow} --seed {seed} --customers {customers} --months {months}"
            );
        }
    }
}

/// The simulation's clock.
struct SimulatedClock(AtomicI64);

impl Clock for SimulatedClock {
    fn now(&self) -> UnixMillis {
        UnixMillis(self.0.load(Ordering::Relaxed))
    }
}

struct World {
    random: Random,
    dir: tempfile::TempDir,
    database: TestDatabase,
    clock: Arc<SimulatedClock>,
    bank: Bank,
    settlement: Settlement,
    life: Option<Life>,
    outbox: Outbox,
    gateway: Gateway,
    people: People,
    restarts: usize,
    drafts: usize,
}

impl World {
    async fn new(seed: i64, customers: i64, escrow: &str) -> Self {
        let mut random = Random::new(seed.unsigned_abs());
        let database = TestDatabase::create().await;
        let clock = Arc::new(SimulatedClock(AtomicI64::new(START.0)));
        let bank = Bank::open(escrow, &database, random.next(), START).await;
        let people = People::come(&database.client().await, &bank, customers, &mut random, START).await;
        let dir = tempfile::tempdir().unwrap();
        let life = begin(&dir, &database).await;
        Self {
            settlement: settlement(&database, &dir, &bank, &clock),
            outbox: Outbox::new(database.config()),
            gateway: Gateway::new(START),
            life: Some(life),
            random,
            dir,
            database,
            clock,
            bank,
            people,
            restarts: 0,
            drafts: 0,
        }
    }

    fn set_clock(&self, at: UnixMillis) {
        self.clock.0.fetch_max(at.0, Ordering::Relaxed);
        self.bank.set_clock(at);
    }

    /// A day: people act in the morning, its lines arrive in the evening, jobs run in between and after.
    async fn day(&mut self, day: UnixMillis, with_traffic: bool) {
        self.set_clock(day.plus_ms(1));
        self.jobs().await;
        self.people.authorise(day.month());
        if with_traffic {
            for _ in 0..1 + self.people.ids.len() / 40 {
                let Self { people, settlement, bank, random, .. } = self;
                people.act(settlement, bank, random, day.plus_ms(1)).await;
            }
            let active: Vec<i64> =
                self.people.ids.iter().copied().filter(|_| below(&mut self.random, 3) == 0).collect();
            self.gateway.day(&mut self.random, day, &active);
        }
        self.jobs().await;
        self.set_clock(day.plus_ms(DAY_MS));
        self.receive(day).await;
        self.tell().await;
        self.jobs().await;
        self.close(day.month()).await;
        if below(&mut self.random, 6) == 0 {
            self.restart().await;
        }
    }

    /// The day's lines are journaled, rated and stored.
    async fn receive(&mut self, day: UnixMillis) {
        let (lines, clock) = (self.gateway.arriving(day), self.clock.now());
        let life = self.life.as_mut().unwrap();
        let source = Source::udp(([192, 0, 2, 1], 514).into());
        let mut builder = BlockBuilder::default();
        for line in &lines {
            builder.push(&source, clock, &line.text).unwrap();
        }
        take(life, builder, clock).await;
    }

    /// What changed of the reference data goes into the journal.
    async fn tell(&mut self) {
        let life = self.life.as_mut().unwrap();
        loop {
            let changes = self.outbox.after(life.told, CHANGES_A_TELLING).await.unwrap();
            let Some(last) = changes.last() else { return };
            life.told = last.seq;
            let mut builder = BlockBuilder::default();
            for change in &changes {
                builder.push(&Source::Outbox, self.clock.now(), &serde_json::to_vec(change).unwrap()).unwrap();
            }
            take(life, builder, self.clock.now()).await;
        }
    }

    /// The manager's jobs, but for the close.
    async fn jobs(&mut self) {
        let Self { settlement, .. } = self;
        settlement.renew_due().await.unwrap();
        done(settlement.poll_events().await);
        done(settlement.recover().await);
        done(settlement.charge_due().await);
        done(settlement.pay_withdrawals().await);
        done(settlement.poll_events().await);
    }

    /// What is due is closed; some live bills are held against what comes of it. Then notes.
    async fn close(&mut self, today: BillingMonth) {
        let month = if self.clock.now().month() == today { today.previous() } else { today };
        let mut live = BTreeMap::new();
        for _ in 0..DRAFTS {
            let id = self.people.ids[below(&mut self.random, self.people.ids.len())];
            // Closed already, on most days, for everybody.
            let Some(draft) = self.settlement.draft(customer(id), month).await.unwrap() else { break };
            live.insert(id, draft);
        }
        let closed = self.settlement.close_due().await.unwrap();
        assert_eq!(closed.alarms, 0, "a month does not close");
        self.settlement.notes_due().await.unwrap();
        if closed.changed > 0 {
            for (id, draft) in live {
                // Who has a charge in doubt may have to wait for it.
                if self.settlement.draft(customer(id), month).await.unwrap().is_some() {
                    continue;
                }
                self.drafts += 1;
                check::closed_as_it_was_live(&self.database, id, month, &draft.inputs, &draft.bill).await;
            }
            self.decide().await;
            self.books_balance().await;
        }
    }

    async fn books_balance(&self) {
        self.bank.quiet(true);
        check::books_balance(&self.settlement).await;
        self.bank.quiet(false);
    }

    /// Until no charge is in doubt.
    async fn decide(&mut self) {
        for _ in 0..ATTEMPTS_MAX {
            self.set_clock(self.clock.now().plus_ms(MINUTE_MS));
            if self.settlement.recover().await.is_ok_and(|found| found.in_doubt == 0) {
                return;
            }
        }
        panic!("a charge is in doubt for ever");
    }

    /// All processes end, and begin again.
    async fn restart(&mut self) {
        self.restarts += 1;
        self.life.take().unwrap().die();
        self.life = Some(begin(&self.dir, &self.database).await);
        self.settlement = settlement(&self.database, &self.dir, &self.bank, &self.clock);
        self.outbox = Outbox::new(self.database.config());
    }

    async fn end(mut self, last: BillingMonth) {
        assert!(self.gateway.is_done(), "lines are still on their way");
        self.books_balance().await;
        check::states(&self.database, self.clock.now().month()).await;
        let charged = check::nobody_is_charged_past_a_limit(&self.database, &self.people, &self.bank).await;
        let documents = check::documents(&self.database, &self.gateway, last).await;
        // What is in the journal's segments, all of it.
        self.life.take().unwrap().die();
        let audited = check::audits(self.dir.path(), &documents);
        let proven = sealing::proofs(&self.database, &documents).await;
        let (lines, late, drafts, restarts) = (self.gateway.lines(), self.gateway.late, self.drafts, self.restarts);
        let (count, done) = (documents.len(), &self.people.done);
        eprintln!(
            "money: {lines} lines ({late} late), {count} documents, {audited} audited, {proven} proven, {drafts} live bills compared, \
             ${}.{:02} charged, {restarts} restarts; {done:?}",
            charged / 100,
            charged % 100
        );
        assert!(drafts > 0 && audited > 0 && proven > 0 && charged > 0 && restarts > 0, "this run tried little");
    }
}

async fn begin(dir: &tempfile::TempDir, database: &TestDatabase) -> Life {
    let config = JournalConfig { segment_bytes: 1 << 20, ..JournalConfig::default() };
    Life::begin(dir.path(), config, Box::new(DiskStorage), database.config(), 1).await
}

fn settlement(
    database: &TestDatabase,
    dir: &tempfile::TempDir,
    bank: &Bank,
    clock: &Arc<SimulatedClock>,
) -> Settlement {
    let store = MoneyStore::new(database.config()).unwrap();
    let sealer = Arc::new(SimulatedSealer::new(database, dir.path()));
    Settlement::new(store, bank.escrow(database), Arc::clone(clock) as _).with_sealer(sealer)
}

/// A job that the escrow let down is run again the next time.
fn done<T>(result: Result<T, SettlementError>) {
    match result {
        Ok(_) | Err(SettlementError::Escrow(_)) => {}
        Err(error) => panic!("{error}"),
    }
}

/// A block: on the disk, through the views, into the database.
async fn take(life: &mut Life, builder: BlockBuilder, clock: UnixMillis) {
    let block = life.append(builder, clock);
    life.journal.progress().wait_durable(block.epoch).unwrap();
    life.take(&block);
    life.writer.commit(&life.waiting).await.unwrap();
    life.waiting.clear();
}

/// A document as it is recorded.
struct Recorded {
    number: String,
    id: i64,
    month: BillingMonth,
    inputs: BillInputs,
}
