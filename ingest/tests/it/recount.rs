//! Usage counted again out of a journal, whatever came into it: what the running system counted, exactly, or an error.

mod parts;

use crate::samples::Random;
use crate::support::pipeline::PATIENCE;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;
use suiftly_ingest::audit::{Customers, From, JournalDirs, Recount, RecountError, RecountOrder, recount, told_books};
use suiftly_ingest::binding::{Sender, SourceRule, SourceRules};
use suiftly_ingest::block::{Block, BlockBuilder};
use suiftly_ingest::decode::{DecodeConfig, Decoder};
use suiftly_ingest::journal::{ArchiveConfig, Journal, JournalConfig, JournalId, State, survey};
use suiftly_ingest::simulate::{GatewayOptions, SimulatedGateway};
use suiftly_ingest::source::Source;
use suiftly_schema::batch::Batch;
use suiftly_schema::bill::HourUsage;
use suiftly_schema::ids::{CustomerId, Epoch};
use suiftly_schema::price::{BillableRule, PriceBook, StatusRange};
use suiftly_schema::reference::{Entity, ReferenceChange};
use suiftly_schema::time::{BillingMonth, UnixMillis};
use tempfile::TempDir;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const STRANGER: Source = Source::Udp(SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9)), 514));

type Hours = BTreeMap<CustomerId, Vec<HourUsage>>;

fn at(text: &str) -> UnixMillis {
    UnixMillis::parse_rfc3339(text).unwrap()
}

fn month(text: &str) -> BillingMonth {
    BillingMonth::parse(text).unwrap()
}

fn gateway_source(server: u8, by_tcp: bool) -> Source {
    let address = SocketAddr::from((Ipv4Addr::new(10, 0, 0, server), 514));
    if by_tcp { Source::Tcp(address) } else { Source::Udp(address) }
}

/// Only the gateways may speak, each for itself.
fn decode_config() -> DecodeConfig {
    let rule = |server: u8| SourceRule {
        from: Sender::Address(format!("10.0.0.{server}").parse().unwrap()),
        servers: vec![server.into()],
        format: None,
    };
    let rules = SourceRules::new(vec![rule(17), rule(18)]).unwrap();
    DecodeConfig { sources: Some(Arc::new(rules)), ..DecodeConfig::LIVE }
}

/// Something on its way.
struct Underway {
    due: UnixMillis,
    source: Source,
    frame: Vec<u8>,
}

/// A journal over the turn of a month, as the running system wrote and counted it.
struct World {
    dir: TempDir,
    archive: TempDir,
    journal_id: JournalId,
    batches: Vec<Batch>,
}

impl World {
    fn dirs(&self) -> JournalDirs {
        JournalDirs::new(self.dir.path()).with_archive(self.archive.path())
    }

    fn last_epoch(&self) -> Epoch {
        self.batches.last().unwrap().epoch
    }

    fn order(&self, month_text: &str, through: Epoch) -> RecountOrder {
        RecountOrder {
            journal_id: self.journal_id,
            through,
            month: month(month_text),
            customers: Customers::All,
            books: Vec::new(),
            decode: decode_config(),
            from: From::Month,
        }
    }

    fn recount(&self, month: &str, through: Epoch) -> Result<Recount, RecountError> {
        recount(&self.dirs(), &self.order(month, through))
    }

    /// What the dataflow adds up of the partial sums.
    fn counted(&self, month: &str, through: Epoch) -> Hours {
        let mut sums: BTreeMap<_, (i64, i64)> = BTreeMap::new();
        let rows = self.batches.iter().filter(|batch| batch.epoch <= through).flat_map(|batch| &batch.partials.usage);
        for (key, usage) in rows.filter(|(key, _)| key.minute.month() == self::month(month)) {
            let Some(customer) = key.usage.customer_id else { continue };
            let key = (customer, key.minute.hour(), key.usage.service, key.usage.network);
            let (requests, bytes) = sums.entry(key).or_default();
            *requests += usage.sums.billable_requests;
            *bytes += usage.sums.billable_bytes;
        }
        let mut hours = Hours::new();
        for ((customer, hour, service, network), (requests, bytes)) in sums {
            if (requests, bytes) != (0, 0) {
                let usage = HourUsage { hour, service, network, requests, bytes };
                hours.entry(customer).or_default().push(usage);
            }
        }
        hours
    }
}

/// The same line with other bytes: the same identity.
fn contradicted(line: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(line.to_vec()).unwrap();
    let (head, body) = text.split_once("SF1 ").unwrap();
    let mut tokens: Vec<String> = body.split(' ').map(str::to_owned).collect();
    tokens[18] = (tokens[18].parse::<u64>().unwrap() + 1).to_string();
    format!("{head}SF1 {}", tokens.join(" ")).into_bytes()
}

/// Two gateways from `from` on, each line by UDP and TCP and each losing some; late, too far ahead, contradicted, from a
/// stranger, and given again out of the quarantine.
struct Traffic {
    random: Random,
    gateways: Vec<(u8, SimulatedGateway)>,
    underway: Vec<Underway>,
    decoder: Decoder,
    blocks: Vec<Block>,
    batches: Vec<Batch>,
}

impl Traffic {
    fn new(from: UnixMillis) -> Self {
        let gateway = |server: u8| {
            let options =
                GatewayOptions { server_id: server.into(), seed: server.into(), customers: 12, zipf_exponent: 0.5 };
            (server, SimulatedGateway::new(&options, from))
        };
        Self {
            random: Random::new(11),
            gateways: vec![gateway(17), gateway(18)],
            underway: Vec::new(),
            decoder: Decoder::new(decode_config()),
            blocks: Vec::new(),
            batches: Vec::new(),
        }
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.random.below(n) == 0
    }

    fn line_of(&mut self, gateway: usize, now: UnixMillis) {
        let ahead = if self.one_in(50) { 15 * MINUTE_MS } else { 0 };
        let (server, gateway) = &mut self.gateways[gateway];
        let (server, mut line) = (*server, Vec::new());
        gateway.line(now.plus_ms(ahead), &mut line);
        for by_tcp in [false, true] {
            if self.one_in(6) {
                continue;
            }
            let late_ms = if self.one_in(80) { 20 * HOUR_MS } else { 4 * MINUTE_MS };
            let mut due = || now.plus_ms(i64::try_from(self.random.below(usize::try_from(late_ms).unwrap())).unwrap());
            let (due, again) = (due(), due());
            let source = gateway_source(server, by_tcp);
            if self.one_in(60) {
                self.underway.push(Underway { due: again, source, frame: contradicted(&line) });
            }
            let source = if self.one_in(40) { STRANGER } else { source };
            self.underway.push(Underway { due, source, frame: line.clone() });
        }
    }

    fn tell(&mut self, due: UnixMillis, seq: u64, book: PriceBook) {
        let frame = serde_json::to_vec(&ReferenceChange { seq, entity: Entity::PriceBook(book) }).unwrap();
        self.underway.push(Underway { due, source: Source::Outbox, frame });
    }

    /// Cuts what has come by now; some of what was rejected is given again within hours.
    fn cut(&mut self, now: UnixMillis) {
        let (come, later) = std::mem::take(&mut self.underway).into_iter().partition(|it: &Underway| it.due <= now);
        self.underway = later;
        let mut builder = BlockBuilder::default();
        for Underway { source, frame, .. } in come {
            builder.push(&source, now, &frame).unwrap();
        }
        let start = self.blocks.last().map_or(0, |block| block.end);
        let block = builder.seal(self.blocks.len() as u64 + 1, now, start);
        let batch = self.decoder.decode(&block);
        for line in &batch.quarantined {
            if self.random.below(2) == 0 {
                let due = now.plus_ms(i64::try_from(self.random.below(30)).unwrap() * HOUR_MS);
                let source = Source::Quarantine { offset: line.journal_offset };
                self.underway.push(Underway { due, source, frame: line.line.clone() });
            }
        }
        self.blocks.push(block);
        self.batches.push(batch);
    }

    fn run(&mut self, from: UnixMillis, to: UnixMillis) {
        let mut now = from;
        while now < to {
            for _ in 0..5 {
                now = now.plus_ms(MINUTE_MS);
                for gateway in 0..self.gateways.len() {
                    self.line_of(gateway, now);
                }
            }
            self.cut(now);
        }
    }
}

/// Writes blocks into a journal of which some segments are hot, some compressed, some archived.
fn written(traffic: Traffic) -> World {
    let (dir, archive) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let kept = ArchiveConfig { keep_days: 0, ..ArchiveConfig::new(archive.path()) };
    let config = JournalConfig {
        segment_bytes: 200_000,
        keep_bytes: 400_000,
        spare_segments: 1,
        archive: Some(kept),
        ..JournalConfig::default()
    };
    let (journal, recovery) = Journal::open(dir.path(), config).unwrap();
    let last = traffic.blocks.last().unwrap().epoch;
    for block in traffic.blocks {
        journal.append(Arc::new(block)).unwrap();
    }
    journal.progress().wait_durable(last).unwrap();
    journal.release_through(last / 2);
    let (began, wanted) = (Instant::now(), [State::Archived, State::Compressed, State::Hot]);
    let is_there = |wanted: &State| {
        survey(dir.path(), Some(archive.path())).is_ok_and(|found| found.iter().any(|segment| segment.state == *wanted))
    };
    while !wanted.iter().all(is_there) {
        assert!(began.elapsed() < PATIENCE, "segments are compressed and archived");
        std::thread::yield_now();
    }
    drop(journal);
    World { dir, archive, journal_id: recovery.journal_id, batches: traffic.batches }
}

fn book(version: u32, from: &str) -> PriceBook {
    PriceBook { version, effective_from: at(from), ..PriceBook::v1() }
}

/// From the 25th of November to the 2nd of December.
fn world() -> World {
    let from = at("2026-11-25T00:00:00Z");
    let mut traffic = Traffic::new(from);
    traffic.tell(from, 1, book(2, "2026-11-28T00:00:00Z"));
    traffic.run(from, at("2026-11-30T12:00:00Z"));
    traffic.tell(at("2026-11-30T23:00:00Z"), 2, book(3, "2026-12-01T06:00:00Z"));
    traffic.tell(at("2026-11-30T23:30:00Z"), 2, book(3, "2026-12-01T06:00:00Z"));
    traffic.run(at("2026-11-30T12:00:00Z"), at("2026-12-02T12:00:00Z"));
    written(traffic)
}

fn segment_files(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.to_string_lossy().contains(".sfj"));
    files.sort();
    files
}

#[test]
fn a_recount_is_what_the_running_system_counted() {
    let world = world();
    let counts = world.batches.iter().fold(suiftly_schema::loss::LineCounts::default(), |mut sum, batch| {
        sum.add(&batch.counts);
        sum
    });
    for reason in ["conflict", "source", "time_window"] {
        assert!(counts.rejected.get(reason).is_some_and(|count| *count > 20), "{counts:?}");
    }
    let requeued: Vec<_> = world.batches.iter().flat_map(|batch| &batch.requeued).map(|line| line.outcome).collect();
    assert!(
        ["accepted", "duplicate", "conflict"].iter().all(|word| requeued.contains(word)) && counts.second_home > 100
    );

    let last = world.last_epoch();
    let turn = world.batches.iter().find(|batch| batch.cut_at >= at("2026-12-01T00:00:00Z")).unwrap().epoch;
    for (month, through) in
        [("2026-11", last), ("2026-11", turn), ("2026-12", last), ("2026-12", turn + 20), ("2027-01", last)]
    {
        let found = world.recount(month, through).unwrap();
        assert_eq!(found.hours, world.counted(month, through), "{month} through {through}");
        assert_eq!(found.last_epoch, through);
        let from_first = RecountOrder { from: From::Beginning, ..world.order(month, through) };
        let whole = recount(&world.dirs(), &from_first).unwrap();
        assert_eq!((whole.hours, whole.first_epoch, whole.is_from_first), (found.hours, 1, true));
    }
    assert!(world.recount("2026-12", last).unwrap().hours.len() > 10, "there was something to count");
}

#[test]
fn it_reads_no_more_than_it_must_and_counts_whom_it_is_told() {
    let world = world();
    let last = world.last_epoch();
    let found = world.recount("2026-12", last).unwrap();
    // Ten minutes that a line may be ahead, and an hour that a clock may be off.
    let since = at("2026-11-30T22:50:00Z");
    assert_eq!(
        Some(found.first_epoch),
        world.batches.iter().find(|batch| batch.cut_at >= since).map(|batch| batch.epoch)
    );
    let read = world.batches.iter().filter(|batch| batch.epoch >= found.first_epoch);
    let frames = read.map(|batch| batch.counts.received).sum::<u64>();
    assert_eq!(found.lines, frames + 2, "the changes that were told are frames too");
    assert!(!found.is_from_first);

    let some: BTreeSet<_> = found.hours.keys().copied().skip(3).take(2).collect();
    let of_some = RecountOrder { customers: Customers::These(some.clone()), ..world.order("2026-12", last) };
    let of_some = recount(&world.dirs(), &of_some).unwrap().hours;
    assert!(of_some.len() == 2 && of_some.iter().all(|(customer, hours)| found.hours[customer] == *hours));
    let one = *some.first().unwrap();
    let of_one = RecountOrder { customers: Customers::one(one), ..world.order("2026-12", last) };
    assert_eq!(recount(&world.dirs(), &of_one).unwrap().hours, Hours::from([(one, found.hours[&one].clone())]));

    assert_eq!(found.books, [book(3, "2026-12-01T06:00:00Z")], "told twice, once a change");
    let told = told_books(&world.dirs(), found.first_epoch).unwrap();
    assert!(told.is_whole);
    assert_eq!(told.books, [book(2, "2026-11-28T00:00:00Z")]);
}

#[test]
fn where_the_journal_is_not_whole_there_is_no_count() {
    let world = world();
    let last = world.last_epoch();
    let order = world.order("2026-11", last);

    let ahead = world.recount("2026-12", last + 3).unwrap_err();
    assert!(matches!(ahead, RecountError::Short { last: found, through } if (found, through) == (last, last + 3)));
    assert_eq!(
        ahead.to_string(),
        format!("the journal is not whole: epochs {} to {} are not there", last + 1, last + 3)
    );
    let other = RecountOrder { journal_id: JournalId([7; 16]), ..order.clone() };
    assert!(matches!(recount(&world.dirs(), &other), Err(RecountError::OtherJournal { .. })));
    let nothing = TempDir::new().unwrap();
    assert!(matches!(recount(&JournalDirs::new(nothing.path()), &order), Err(RecountError::Empty { .. })));

    // Without its archive the journal does not reach back so far, or not without a gap.
    let alone = recount(&JournalDirs::new(world.dir.path()), &order).unwrap_err();
    assert!(matches!(alone, RecountError::Pruned { first_kept: 2.., .. }), "{alone}");

    // Damage within what is needed; before it, it is nobody's business.
    let archived = segment_files(world.archive.path());
    let mut bytes = std::fs::read(&archived[0]).unwrap();
    let middle = bytes.len() / 3;
    bytes[middle] ^= 0x55;
    std::fs::write(&archived[0], bytes).unwrap();
    let damaged = recount(&world.dirs(), &order).unwrap_err();
    assert!(matches!(damaged, RecountError::Damaged { .. }), "{damaged}");
    assert_eq!(world.recount("2026-12", last).unwrap().hours, world.counted("2026-12", last));
    assert!(!told_books(&world.dirs(), last).unwrap().is_whole);

    // The archive has been pruned.
    std::fs::remove_file(&archived[0]).unwrap();
    let pruned = recount(&world.dirs(), &order).unwrap_err();
    assert!(matches!(pruned, RecountError::Pruned { first_kept: 2.., .. }), "{pruned}");
    assert!(pruned.to_string().contains("epochs 1 to "), "{pruned}");
    assert_eq!(world.recount("2026-12", last).unwrap().hours, world.counted("2026-12", last));
    // A segment in between.
    std::fs::remove_file(segment_files(world.dir.path()).first().unwrap()).unwrap();
    assert!(matches!(world.recount("2026-12", last), Err(RecountError::Journal(_))));
}

/// A book may bill what others do not, from its hour on.
#[test]
fn requests_are_billed_by_the_rule_of_the_book_in_force() {
    let world = world();
    let rule = BillableRule {
        traffic_types: vec![1],
        statuses: vec![StatusRange { from: 200, to: 204 }, StatusRange { from: 404, to: 404 }],
    };
    let other = PriceBook { billable: rule.clone(), ..book(3, "2026-12-01T06:00:00Z") };
    let mut order = world.order("2026-12", world.last_epoch());
    order.books = vec![book(2, "2026-11-28T00:00:00Z"), other.clone()];
    let mut expected: BTreeMap<(CustomerId, UnixMillis), i64> = BTreeMap::new();
    let records = world.batches.iter().flat_map(|batch| &batch.records);
    for record in records.filter(|record| record.timestamp.month() == month("2026-12")) {
        let by = if record.timestamp < other.effective_from { &BillableRule::default() } else { &rule };
        if let Some(customer) = record.customer_id.filter(|_| by.is_billable(record.traffic_type, record.status_code)) {
            *expected.entry((customer, record.timestamp.hour())).or_default() += 1;
        }
    }
    let mut found: BTreeMap<(CustomerId, UnixMillis), i64> = BTreeMap::new();
    for (customer, hours) in recount(&world.dirs(), &order).unwrap().hours {
        hours.iter().for_each(|usage| *found.entry((customer, usage.hour)).or_default() += usage.requests);
    }
    assert_eq!(found, expected);
    assert_ne!(recount(&world.dirs(), &order).unwrap().hours, world.counted("2026-12", world.last_epoch()));
}

/// What only a count from the beginning can tell, and does.
#[test]
fn from_the_beginning_it_knows_what_came_long_before() {
    let began = at("2026-11-30T00:00:00Z");
    let mut traffic = Traffic::new(began);
    let line = |seq: u32, now: UnixMillis| {
        let options = GatewayOptions { server_id: 17, seed: 5, customers: 1, zipf_exponent: 0.0 };
        let (mut gateway, mut line) = (SimulatedGateway::new(&options, began), Vec::new());
        for _ in 0..seq {
            line.clear();
            gateway.line(now, &mut line);
        }
        line
    };
    let send = |traffic: &mut Traffic, at: UnixMillis, source: Source, frame: Vec<u8>| {
        traffic.underway.push(Underway { due: at, source, frame });
        traffic.cut(at);
    };
    // An identity of November, used again in December; a line of December, taken out of the quarantine in November.
    let (noon, december) = (at("2026-11-30T12:00:00Z"), at("2026-12-01T12:00:00Z"));
    let gateway = gateway_source(17, false);
    for seq in 1..=20 {
        send(&mut traffic, noon, gateway, line(seq, noon));
        send(&mut traffic, noon, Source::Quarantine { offset: 1 }, line(seq + 20, december));
    }
    for seq in 1..=20 {
        send(&mut traffic, december, gateway, line(seq, december));
    }
    let dir = TempDir::new().unwrap();
    let (journal, recovery) = Journal::open(dir.path(), JournalConfig::default()).unwrap();
    for block in &traffic.blocks {
        journal.append(Arc::new(block.clone())).unwrap();
    }
    drop(journal);
    let batches = traffic.batches;
    let world = World { dir, archive: TempDir::new().unwrap(), journal_id: recovery.journal_id, batches };
    let last = world.last_epoch();
    let quick = world.recount("2026-12", last).unwrap();
    assert_ne!(quick.hours, world.counted("2026-12", last));
    let order = RecountOrder { from: From::Beginning, ..world.order("2026-12", last) };
    assert_eq!(recount(&world.dirs(), &order).unwrap().hours, world.counted("2026-12", last));
}
