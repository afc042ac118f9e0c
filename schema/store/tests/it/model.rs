//! Records made up from a seed, the commits they become, and a plain recount to hold the database against.

use crate::accounts::Accounts;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use suiftly_schema::activity::{KeyActivity, KeyCounts, KeyHour, KeyRef};
use suiftly_schema::batch::SystemMessage;
use suiftly_schema::ids::{CustomerId, Epoch, Frontend, Network, Service};
use suiftly_schema::infra::{InfraKey, InfraSpanKey, InfraSums};
use suiftly_schema::loss::{HomeLines, LineCounts, WorkerId, WorkerWindow};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::price::PriceBooks;
use suiftly_schema::quarantine::{QuarantinedLine, Requeued};
use suiftly_schema::record::{LineId, Record, ShortText, Timers};
use suiftly_schema::time::{BillingMonth, UnixMillis};
use suiftly_schema::usage::{MinuteKey, Usage, UsageSums};
use suiftly_schema::view::{EpochDeltas, HourKey, RatedKey, RatedSums};
use suiftly_store::reader::{Filter, TimeRange};
use suiftly_store::writer::Commit;

pub(crate) const MINUTE_MS: i64 = 60_000;
pub(crate) const HOUR_MS: i64 = 3_600_000;

/// 2026-12-01T00:30:00Z: half an hour into a month, so that late records fall into the month before.
pub(crate) fn start() -> UnixMillis {
    UnixMillis::parse_rfc3339("2026-12-01T00:30:00Z").unwrap()
}

/// A small generator of numbers: the same seed, the same records.
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }

    fn int(&mut self, end: u32) -> i32 {
        i32::try_from(self.below(u64::from(end))).unwrap()
    }

    fn some<T>(&mut self, value: T) -> Option<T> {
        (self.below(4) > 0).then_some(value)
    }

    fn of<T: Copy>(&mut self, values: &[T]) -> T {
        values[usize::try_from(self.below(values.len() as u64)).unwrap()]
    }

    /// A record of within `back_ms` before `now`.
    pub(crate) fn record(&mut self, now: UnixMillis, back_ms: u64) -> Record {
        let v6 = Ipv6Addr::from(u128::from(self.below(u64::MAX)) << 64 | 7);
        let v4 = Ipv4Addr::from(u32::try_from(self.below(1 << 32)).unwrap());
        let ip = if self.below(2) == 0 { v6.into() } else { v4.into() };
        Record {
            timestamp: now.plus_ms(-i64::try_from(self.below(back_ms)).unwrap()),
            customer_id: CustomerId::new(i64::try_from(self.below(4)).unwrap()),
            path_prefix: self.some(ShortText::new("v1/fétch")),
            config_hex: self.some(-2),
            network: Network::from_number(u8::try_from(self.below(5)).unwrap()),
            server_id: self.some(17),
            service: Service::from_number(u8::try_from(self.below(4)).unwrap()),
            api_key_fp: self.of(&[0, 16_801_928, u32::MAX]),
            frontend: Frontend::from_number(u8::try_from(self.below(4)).unwrap()),
            traffic_type: u8::try_from(self.below(9)).unwrap(),
            event_type: self.of(&[0, 10, 50]),
            client_ip: self.some(ip),
            key_metadata: self.some(10_496),
            status_code: self.of(&[-1, 101, 200, 200, 200, 304, 401, 429, 503]),
            bytes_sent: self.below(1 << 30),
            timers: Timers {
                request_ms: Some(self.int(9)).filter(|&n| n > 0),
                queue_ms: Some(self.int(9)).filter(|&n| n > 0),
                connect_ms: Some(self.int(9)).filter(|&n| n > 0),
                response_ms: Some(self.int(9)).filter(|&n| n > 0),
                total_ms: self.int(900),
            },
            backend_id: self.of(&[0, 1, 10]),
            termination: ShortText::new(self.of(&["----", "--", "CDNN"])),
            repeat: u32::try_from(self.below(3) + 1).unwrap(),
            line_id: None,
            journal_offset: self.below(1 << 40),
        }
    }
}

/// All records there ever were, and what they add up to. Stands in for ingest and the dataflow.
#[derive(Default)]
pub(crate) struct Model {
    pub(crate) records: Vec<Record>,
    pub(crate) epoch: Epoch,
    pub(crate) counts: LineCounts,
    /// The clock, which commits move on by a second each.
    now: Option<UnixMillis>,
    rated: BTreeMap<RatedKey, RatedSums>,
    /// Spend and vault.
    pub(crate) accounts: Accounts,
    /// What became of each quarantined line, by its place.
    pub(crate) quarantined: BTreeMap<u64, Option<(String, Epoch)>>,
}

impl Model {
    pub(crate) fn now(&self) -> UnixMillis {
        self.now.unwrap_or_else(start)
    }

    /// The next epoch, of these records.
    pub(crate) fn commit(&mut self, records: Vec<Record>) -> Arc<Commit> {
        self.epoch += 1;
        self.now = Some(self.now().plus_ms(1_000));
        for record in &records {
            assert!(self.now().0 - record.timestamp.0 < 23 * HOUR_MS, "older minutes are not kept");
        }
        let mut counts = LineCounts {
            received: records.len() as u64 + 5,
            accepted: records.len() as u64,
            second_home: 1,
            duplicates: 1,
            system: 2,
            rejected: BTreeMap::new(),
        };
        let reason = if self.epoch.is_multiple_of(2) { "sf1_field" } else { "header" };
        counts.rejected.insert(reason.to_owned(), 1);
        self.counts.add(&counts);
        let deltas = self.deltas(&records);
        self.records.extend_from_slice(&records);
        let message =
            SystemMessage { timestamp: self.now(), server_id: Some(17), message: "Server a/1 is DOWN".into() };
        Arc::new(Commit {
            epoch: self.epoch,
            cut_at: self.now(),
            journal_end: self.epoch * 1_000,
            deltas: deltas.into(),
            records,
            windows: vec![self.window()],
            system: vec![message.clone(), message],
            counts,
            quarantined: vec![self.quarantine(reason)],
            requeued: self.requeue().into_iter().collect(),
            ..Commit::default()
        })
    }

    /// One line an epoch cannot be read.
    fn quarantine(&mut self, reason: &'static str) -> QuarantinedLine {
        let journal_offset = self.epoch * 1_000 - 500;
        self.quarantined.insert(journal_offset, None);
        let (received_at, source) = (self.now(), "udp 192.0.2.7:514".to_owned());
        let line = b"\xff\0 no line".to_vec();
        QuarantinedLine { journal_no: 0, journal_offset, received_at, reason, source, line }
    }

    /// The line of the epoch before is given again, and every other is read.
    fn requeue(&mut self) -> Option<Requeued> {
        let journal_offset = (self.epoch * 1_000).checked_sub(1_500)?;
        let outcome = if self.epoch.is_multiple_of(2) { "accepted" } else { "conflict" };
        self.quarantined.insert(journal_offset, Some((outcome.to_owned(), self.epoch)));
        Some(Requeued { journal_no: 0, journal_offset, outcome })
    }

    /// A worker's window that tells which epoch it is of.
    pub(crate) fn window(&self) -> WorkerWindow {
        let worker = WorkerId { server_id: 17, boot: start() };
        let home = |home: &str, received| HomeLines {
            worker,
            home: home.to_owned(),
            received,
            missing: 1,
            first_seq: 2,
            highest_seq: received + 2,
            heard_at: self.now(),
            seen: self.epoch.to_le_bytes().to_vec(),
        };
        WorkerWindow {
            worker,
            received: self.counts.accepted,
            duplicates: self.epoch,
            conflicts: 0,
            missing: 3,
            missing_final: 2,
            repaired: 0,
            first_seq: 1,
            highest_seq: self.counts.accepted + 3,
            heard_at: self.now(),
            seen: self.epoch.to_be_bytes().to_vec(),
            homes: vec![home("tcp 192.0.2.7 (2)", self.epoch), home("tcp 192.0.2.7 (1)", self.epoch + 1)],
        }
    }

    fn deltas(&mut self, records: &[Record]) -> EpochDeltas {
        let mut minutes = BTreeMap::<MinuteKey, Usage>::new();
        let mut hours = BTreeMap::<HourKey, Usage>::new();
        let mut infra: [BTreeMap<InfraSpanKey, InfraSums>; 3] = Default::default();
        let mut keys = BTreeMap::<KeyRef, KeyActivity>::new();
        let mut key_hours = BTreeMap::<KeyHour, KeyCounts>::new();
        let mut rated = BTreeMap::<RatedKey, RatedSums>::new();
        for record in records {
            let key = MinuteKey::of(record);
            minutes.entry(key).or_default().add(record);
            let hour = HourKey { usage: key.usage, hour: record.timestamp.hour() };
            hours.entry(hour).or_default().add(record);
            let starts = [record.timestamp.minute(), record.timestamp.hour(), record.timestamp.day()];
            for (rows, start) in infra.iter_mut().zip(starts) {
                rows.entry(InfraSpanKey { infra: InfraKey::of(record), start }).or_default().add(record);
            }
            if let Some(key) = KeyRef::of(record) {
                let did = KeyActivity::of(record);
                keys.entry(key).and_modify(|sum| *sum += &did).or_insert(did);
                *key_hours.entry(KeyHour { key, hour: hour.hour }).or_default() += &KeyCounts::from(&did);
            }
            self.rate(record, &mut rated);
        }
        let [infra_minutes, infra_hours, infra_days] = infra;
        EpochDeltas {
            epoch: self.epoch,
            minutes: minutes.into_iter().collect(),
            hours: hours.into_iter().collect(),
            rated: rated.into_iter().collect(),
            infra_minutes: infra_minutes.into_iter().collect(),
            infra_hours: infra_hours.into_iter().collect(),
            infra_days: infra_days.into_iter().collect(),
            keys: keys.into_iter().collect(),
            key_hours: key_hours.into_iter().collect(),
            spend: self.accounts.spend(self.epoch, self.now()),
            key_grants: self.accounts.key_grants(self.epoch),
            access_grants: self.accounts.access_grants(self.epoch),
        }
    }

    fn rate(&mut self, record: &Record, deltas: &mut BTreeMap<RatedKey, RatedSums>) {
        let Some(customer_id) = record.customer_id else { return };
        let books = PriceBooks::v1();
        let book = books.in_force(record.timestamp);
        let key = RatedKey {
            customer_id,
            service: record.service,
            month: record.timestamp.month(),
            price_book: book.version,
        };
        let sums = UsageSums::of(record);
        let total = self.rated.entry(key).or_default();
        let delta = deltas.entry(key).or_default();
        let before = total.rated;
        total.billable_requests += sums.billable_requests;
        total.billable_bytes += sums.billable_bytes;
        total.rated = book.rate(key.service, total.billable_requests, total.billable_bytes);
        delta.billable_requests += sums.billable_requests;
        delta.billable_bytes += sums.billable_bytes;
        delta.rated += total.rated - before;
    }

    /// The recount: every record that the filter and the range let through.
    pub(crate) fn sums(&self, filter: &Filter, range: TimeRange) -> UsageSums {
        let mut sums = UsageSums::default();
        for record in self.records.iter().filter(|record| passes(filter, record)) {
            if range.from <= record.timestamp && record.timestamp < range.to {
                sums += &UsageSums::of(record);
            }
        }
        sums
    }

    /// The recount by bucket.
    pub(crate) fn series(&self, filter: &Filter, width_ms: i64, range: TimeRange) -> Vec<(UnixMillis, UsageSums)> {
        let mut points = BTreeMap::<UnixMillis, UsageSums>::new();
        for record in self.records.iter().filter(|record| passes(filter, record)) {
            let start = UnixMillis(record.timestamp.0.div_euclid(width_ms) * width_ms);
            if range.from <= start && start < range.to {
                *points.entry(start).or_default() += &UsageSums::of(record);
            }
        }
        points.into_iter().collect()
    }

    /// The recount of a month's price: rounded once per customer and service.
    pub(crate) fn rated_in(&self, filter: &Filter, month: BillingMonth) -> MicroUsd {
        let mut sums = BTreeMap::<(CustomerId, Option<Service>), UsageSums>::new();
        let without_network = Filter { network: None, ..*filter };
        for record in self.records.iter().filter(|record| passes(&without_network, record)) {
            if let (Some(customer), true) = (record.customer_id, record.timestamp.month() == month) {
                *sums.entry((customer, record.service)).or_default() += &UsageSums::of(record);
            }
        }
        let books = PriceBooks::v1();
        let book = books.in_force(month.start());
        let mut total = MicroUsd(0);
        for ((_, service), sums) in sums {
            total += book.rate(service, sums.billable_requests, sums.billable_bytes);
        }
        total
    }

    pub(crate) fn rated_rows(&self) -> Vec<(RatedKey, RatedSums)> {
        self.rated.iter().map(|(key, sums)| (*key, *sums)).collect()
    }
}

fn passes(filter: &Filter, record: &Record) -> bool {
    filter.customer_id.is_none_or(|id| record.customer_id == Some(id))
        && filter.service.is_none_or(|service| record.service == Some(service))
        && filter.network.is_none_or(|network| record.network == Some(network))
}

/// A numbered line of the model's worker.
pub(crate) fn line(seq: u32) -> Option<LineId> {
    Some(LineId { server_id: 17, boot: start(), seq })
}

/// Some records of the last hours.
pub(crate) fn some_records(seed: u64, count: usize, now: UnixMillis) -> Vec<Record> {
    let mut numbers = Numbers(seed);
    (0..count).map(|_| numbers.record(now, 3 * 3_600_000)).collect()
}

pub(crate) fn everything() -> TimeRange {
    TimeRange::new(UnixMillis::MIN, UnixMillis(start().0 + 1_000 * HOUR_MS).hour())
}
