//! What gateways log in the simulation of money: few requests that cost much, some of them late, some of them twice.

use super::below;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use suiftly_ingest::simulate::Random;
use suiftly_schema::time::{BillingMonth, UnixMillis};

const DAY_MS: i64 = 86_400_000;
const SERVER: i16 = 17;
/// Of a request, at most; the price of bytes makes it some dollars.
const BYTES_MAX: u64 = 60 << 30;
/// A late line comes up to so many days after it was written; below the seven that ingest takes.
const LATE_DAYS_MAX: usize = 6;

/// A line on its way.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) text: Vec<u8>,
    pub(super) at: UnixMillis,
    customer: i64,
    service: u8,
    bytes: i64,
    is_billable: bool,
}

/// The gateway, and what it has sent, counted by itself.
pub(super) struct Gateway {
    boot: UnixMillis,
    seq: u64,
    /// By the day they arrive.
    on_their_way: BTreeMap<i64, Vec<Line>>,
    counted: BTreeSet<Vec<u8>>,
    /// Billable requests and bytes that have arrived, by customer, service and month.
    pub(super) billable: BTreeMap<(i64, u8, BillingMonth), (i64, i64)>,
    pub(super) late: usize,
}

impl Gateway {
    pub(super) const fn new(boot: UnixMillis) -> Self {
        Self {
            boot,
            seq: 0,
            on_their_way: BTreeMap::new(),
            counted: BTreeSet::new(),
            billable: BTreeMap::new(),
            late: 0,
        }
    }

    /// A day's requests of these customers; what of them arrives when.
    pub(super) fn day(&mut self, random: &mut Random, day: UnixMillis, customers: &[i64]) {
        for &customer in customers {
            for _ in 0..below(random, 3) {
                let at = day.plus_ms(i64::try_from(random.below(DAY_MS.unsigned_abs())).unwrap());
                let line = self.line(random, at, customer);
                let late = if below(random, 20) == 0 { below(random, LATE_DAYS_MAX + 1) } else { 0 };
                self.late += usize::from(late > 0);
                let arrives = day.0 / DAY_MS + i64::try_from(late).unwrap();
                if below(random, 25) == 0 {
                    let again = arrives + i64::try_from(below(random, 3)).unwrap();
                    self.on_their_way.entry(again).or_default().push(line.clone());
                }
                self.on_their_way.entry(arrives).or_default().push(line);
            }
        }
    }

    fn line(&mut self, random: &mut Random, at: UnixMillis, customer: i64) -> Line {
        self.seq += 1;
        let (service, traffic) = (1 + u8::try_from(below(random, 2)).unwrap(), 1 + below(random, 2));
        let is_billable = below(random, 12) > 0;
        let status = if is_billable { 200 } else { 404 };
        let bytes_max = if below(random, 4) == 0 { BYTES_MAX } else { 1 << 20 };
        let bytes = i64::try_from(random.below(bytes_max)).unwrap();
        let (written, seq, boot, fp) = (at.plus_ms(3).0, self.seq, self.boot.0, 1 + customer);
        let mut text = Vec::new();
        write!(
            text,
            "<134>1 {} - haproxy 7 - - SF1 {written} {} {boot} {seq} {seq} {SERVER} 1 {service} 2 {traffic} 0 {customer} {fp} 0 \
             0000000000000000 192.0.2.7 v1/x {status} {bytes} 40 0 0 0 3 3 -- door/b1 192.0.2.7 A-1",
            at.rfc3339(),
            at.0
        )
        .unwrap();
        Line { text, at, customer, service, bytes, is_billable }
    }

    /// What arrives by the end of a day. From now on it counts, once.
    pub(super) fn arriving(&mut self, day: UnixMillis) -> Vec<Line> {
        let later = self.on_their_way.split_off(&(day.0 / DAY_MS + 1));
        let lines: Vec<Line> = std::mem::replace(&mut self.on_their_way, later).into_values().flatten().collect();
        for line in &lines {
            if self.counted.insert(line.text.clone()) && line.is_billable {
                let sums = self.billable.entry((line.customer, line.service, line.at.month())).or_default();
                *sums = (sums.0 + 1, sums.1 + line.bytes);
            }
        }
        lines
    }

    pub(super) fn is_done(&self) -> bool {
        self.on_their_way.is_empty()
    }

    pub(super) const fn lines(&self) -> u64 {
        self.seq
    }

    /// What a customer's month costs by the price list: $1.00 per 10,000 requests, $0.06 per GiB of gRPC.
    pub(super) fn price(&self, customer: i64, month: BillingMonth) -> i64 {
        let of = |service: u8| self.billable.get(&(customer, service, month)).copied().unwrap_or_default();
        let ((seal, _), (grpc, bytes)) = (of(1), of(2));
        let bytes = i128::from(bytes) * 60_000 / (1 << 30);
        seal * 100 + grpc * 100 + i64::try_from(bytes).unwrap()
    }
}
