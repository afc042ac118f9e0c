//! A bill: a pure function of its inputs, the same live, at the month's close, in an audit and in what-if.
//!
//! The inputs name everything that decides it: billable usage by hour, the price books in force, what subscriptions cost,
//! the limit, and what rounding left of the month before. They are recorded as JSON, byte for byte, and hashed; whoever
//! has them, or the journal they were counted from, can compute the bill again, to the last micro-dollar.

use crate::ids::{CustomerId, Network, Service};
use crate::money::MicroUsd;
use crate::price::PriceBook;
use crate::proof::{MonthProof, inputs_hash};
use crate::time::{BillingMonth, UnixMillis};
use serde::{Deserialize, Serialize};

/// Billable usage of a customer within one hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct HourUsage {
    /// The hour's first instant.
    pub hour: UnixMillis,
    /// The service; `None` is the unknown.
    pub service: Option<Service>,
    /// The network; `None` is the unknown.
    pub network: Option<Network>,
    /// Requests that are billed.
    pub requests: i64,
    /// Bytes of those requests.
    pub bytes: i64,
}

/// A subscription's charge: a tier or an add-on, for some days of the month.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BillItem {
    /// Its number in the database.
    pub id: i64,
    /// Of which service.
    pub service: Service,
    /// What it is, in words: `Pro tier`.
    pub description: String,
    /// How many of it.
    pub quantity: u32,
    /// The price of one for a whole month.
    pub monthly: MicroUsd,
    /// Days charged for.
    pub days: u8,
    /// Days of the month.
    pub days_in_month: u8,
    /// What it comes to.
    pub amount: MicroUsd,
}

/// How far a journal had been counted: all up to and with this epoch.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct JournalPoint {
    /// The journal.
    pub journal_id: String,
    /// The last epoch that counts.
    pub epoch: u64,
}

/// Everything that decides a bill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BillInputs {
    /// Whose.
    pub customer_id: CustomerId,
    /// For which month.
    pub month: BillingMonth,
    /// What was counted: journals ascending.
    pub journals: Vec<JournalPoint>,
    /// The books in force in hours of the month, ascending by the hour they take effect.
    pub books: Vec<PriceBook>,
    /// Billable usage, ascending, no key twice, nothing that is zero.
    pub hours: Vec<HourUsage>,
    /// What subscriptions were charged, ascending by number.
    pub items: Vec<BillItem>,
    /// What may be charged for the month at most, in whole cents; `None`: no limit.
    pub cap: Option<MicroUsd>,
    /// What rounding left before, less than a cent.
    pub carried_in: MicroUsd,
    /// The tree over the records that the hours were counted from: it decides nothing, and is bound by the hash. `None` in
    /// inputs from before there were trees, and where the month's records cannot be shown. The last field: see
    /// [`crate::proof::InputsTree`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<MonthProof>,
}

/// A line of a bill. Amounts are never negative, but for corrections in notes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum BillLine {
    /// A tier or an add-on.
    Subscription(BillItem),
    /// Usage of a service under one price book, rounded down once.
    Usage(UsageLine),
}

/// Usage of a service under one price book.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageLine {
    /// The service; `None` is the unknown.
    pub service: Option<Service>,
    /// The book's version.
    pub price_book: u32,
    /// Requests that are billed.
    pub requests: i64,
    /// Bytes of those requests, whether bytes are billed for the service or not.
    pub bytes: i64,
    /// What they come to.
    pub amount: MicroUsd,
}

impl BillLine {
    /// What it comes to.
    pub const fn amount(&self) -> MicroUsd {
        match self {
            Self::Subscription(item) => item.amount,
            Self::Usage(usage) => usage.amount,
        }
    }
}

/// What the inputs come to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bill {
    /// Subscriptions by number, then usage by service and book.
    pub lines: Vec<BillLine>,
    /// The lines' sum.
    pub gross: MicroUsd,
    /// What of it passes the limit: ours to bear.
    pub waiver: MicroUsd,
    /// What is owed for the month: gross without the waiver.
    pub total: MicroUsd,
    /// What rounding left before.
    pub carried_in: MicroUsd,
    /// What is asked for: total and carried in, in whole cents, rounded down.
    pub payable: MicroUsd,
    /// What that leaves for the next charge, less than a cent.
    pub carried_out: MicroUsd,
}

/// What an hour of usage was charged: view 3 of SPEC §5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageRecord {
    /// The hour and its usage.
    pub usage: HourUsage,
    /// The book in force.
    pub price_book: u32,
    /// What it adds to the month's amount, in the order of the hours: they sum to the lines, exactly.
    pub charged: MicroUsd,
}

/// A cent.
pub const CENT: MicroUsd = MicroUsd(10_000);

/// Whole cents, rounded down (towards minus infinity).
pub const fn whole_cents(amount: MicroUsd) -> MicroUsd {
    MicroUsd(amount.0 - amount.0.rem_euclid(CENT.0))
}

impl BillInputs {
    /// The JSON that is recorded and hashed.
    ///
    /// # Panics
    /// Never: nothing in it cannot be JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("bill inputs are JSON")
    }

    /// The hash of recorded inputs, as lower-case hex: [`inputs_hash`].
    pub fn hash_of(json: &str) -> String {
        inputs_hash(json).to_string()
    }

    /// The version of the book in force in an hour; the last book before it, or the first.
    fn book_at(&self, hour: UnixMillis) -> Option<&PriceBook> {
        let after = self.books.partition_point(|book| book.effective_from <= hour);
        self.books.get(after.saturating_sub(1))
    }

    /// What each hour was charged, in order of hour, service and network.
    pub fn records(&self) -> Vec<UsageRecord> {
        let mut so_far: Vec<(Option<Service>, u32, i64, i64, MicroUsd)> = Vec::new();
        let mut records = Vec::with_capacity(self.hours.len());
        for usage in &self.hours {
            let Some(book) = self.book_at(usage.hour) else { continue };
            let at =
                so_far.iter().position(|(service, version, ..)| (*service, *version) == (usage.service, book.version));
            let at = at.unwrap_or_else(|| {
                so_far.push((usage.service, book.version, 0, 0, MicroUsd(0)));
                so_far.len() - 1
            });
            let (_, _, requests, bytes, rated) = &mut so_far[at];
            // Saturates as the views do.
            *requests = requests.saturating_add(usage.requests);
            *bytes = bytes.saturating_add(usage.bytes);
            let now = book.rate(usage.service, *requests, *bytes);
            records.push(UsageRecord { usage: *usage, price_book: book.version, charged: now - *rated });
            *rated = now;
        }
        records
    }

    /// Computes the bill.
    pub fn bill(&self) -> Bill {
        let mut lines: Vec<_> = self.items.iter().cloned().map(BillLine::Subscription).collect();
        lines.extend(self.usage_lines().into_iter().map(BillLine::Usage));
        let gross = lines.iter().fold(MicroUsd(0), |sum, line| sum + line.amount());
        Bill::of(lines, gross, self.cap, self.carried_in)
    }

    fn usage_lines(&self) -> Vec<UsageLine> {
        let mut lines: Vec<UsageLine> = Vec::new();
        for usage in &self.hours {
            let Some(book) = self.book_at(usage.hour) else { continue };
            let is_its = |line: &UsageLine| (line.service, line.price_book) == (usage.service, book.version);
            let at = lines.iter().position(is_its).unwrap_or_else(|| {
                let (service, price_book) = (usage.service, book.version);
                lines.push(UsageLine { service, price_book, requests: 0, bytes: 0, amount: MicroUsd(0) });
                lines.len() - 1
            });
            lines[at].requests = lines[at].requests.saturating_add(usage.requests);
            lines[at].bytes = lines[at].bytes.saturating_add(usage.bytes);
        }
        for line in &mut lines {
            let book = self.books.iter().find(|book| book.version == line.price_book);
            line.amount = book.map_or(MicroUsd(0), |book| book.rate(line.service, line.requests, line.bytes));
        }
        lines.sort_by_key(|line| (line.service, line.price_book));
        lines
    }
}

impl Bill {
    /// What these lines come to under a limit.
    fn of(lines: Vec<BillLine>, gross: MicroUsd, cap: Option<MicroUsd>, carried_in: MicroUsd) -> Self {
        let Sums { waiver, total, payable, carried_out } = sums(gross, cap, carried_in);
        Self { lines, gross, waiver, total, carried_in, payable, carried_out }
    }
}

/// What a gross amount comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sums {
    /// What of it passes the limit.
    pub waiver: MicroUsd,
    /// What is owed.
    pub total: MicroUsd,
    /// What is asked for, in whole cents.
    pub payable: MicroUsd,
    /// What that leaves, less than a cent.
    pub carried_out: MicroUsd,
}

/// A month's sums, without its lines: for charging while it runs. The limit is in whole cents, so what is asked for never
/// passes it, whatever was carried in.
pub fn sums(gross: MicroUsd, cap: Option<MicroUsd>, carried_in: MicroUsd) -> Sums {
    let waiver = cap.map_or(MicroUsd(0), |cap| (gross - whole_cents(cap)).max(MicroUsd(0)));
    let total = gross - waiver;
    let payable = whole_cents(total + carried_in).max(MicroUsd(0));
    // Corrections of closed months may have carried in more than a cent: beyond the limit it goes on to the next.
    let payable = cap.map_or(payable, |cap| payable.min(whole_cents(cap)));
    Sums { waiver, total, payable, carried_out: total + carried_in - payable }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::Hash;
    use proptest::prelude::*;

    const HOUR_MS: i64 = 3_600_000;

    fn inputs(hours: &[(i64, Option<Service>, i64, i64)], cap: Option<i64>, carried_in: i64) -> BillInputs {
        let month = UnixMillis::parse_rfc3339("2026-11-01T00:00:00Z").unwrap().month();
        let hours = hours.iter().map(|&(hour, service, requests, bytes)| HourUsage {
            hour: month.start().plus_ms(hour * HOUR_MS),
            service,
            network: Some(Network::Mainnet),
            requests,
            bytes,
        });
        BillInputs {
            customer_id: CustomerId::new(42).unwrap(),
            month,
            journals: vec![JournalPoint { journal_id: "a".to_owned(), epoch: 7 }],
            books: vec![PriceBook::v1()],
            hours: hours.collect(),
            items: Vec::new(),
            cap: cap.map(MicroUsd),
            carried_in: MicroUsd(carried_in),
            proof: None,
        }
    }

    #[test]
    fn sums_by_limit_and_rounding() {
        // gross, cap, carried in → waiver, total, payable, carried out
        let cases = [
            (0, None, 0, (0, 0, 0, 0)),
            (12_345_678, None, 0, (0, 12_345_678, 12_340_000, 5_678)),
            (12_345_678, None, 4_322, (0, 12_345_678, 12_350_000, 0)),
            (12_345_678, Some(10_000_000), 0, (2_345_678, 10_000_000, 10_000_000, 0)),
            (10_000_000, Some(10_000_000), 9_999, (0, 10_000_000, 10_000_000, 9_999)),
            (9_999_999, Some(10_000_000), 9_999, (0, 9_999_999, 10_000_000, 9_998)),
            (11_000_000, Some(10_005_000), 0, (1_000_000, 10_000_000, 10_000_000, 0)),
            (9_999, None, 0, (0, 9_999, 0, 9_999)),
            (10_000_000, Some(10_000_000), 15_000, (0, 10_000_000, 10_000_000, 15_000)),
            (0, None, -5, (0, 0, 0, -5)),
            (10_003, None, -5, (0, 10_003, 0, 9_998)),
        ];
        for (gross, cap, carried_in, expected) in cases {
            let found = sums(MicroUsd(gross), cap.map(MicroUsd), MicroUsd(carried_in));
            let found = (found.waiver.0, found.total.0, found.payable.0, found.carried_out.0);
            assert_eq!(found, expected, "{gross} {cap:?} {carried_in}");
        }
    }

    #[test]
    fn the_recorded_inputs_are_the_inputs() {
        let inputs = inputs(&[(3, Some(Service::Seal), 5, 9), (3, None, 1, 0)], Some(10_000_000), 7);
        let json = inputs.to_json();
        assert_eq!(serde_json::from_str::<BillInputs>(&json).unwrap(), inputs);
        assert_eq!(BillInputs::hash_of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_ne!(BillInputs::hash_of(&json), BillInputs::hash_of(&json.replace("\"epoch\":7", "\"epoch\":8")));
    }

    #[test]
    fn a_months_tree_is_the_last_field_and_older_inputs_have_none() {
        let before = inputs(&[(3, Some(Service::Seal), 5, 9)], None, 7);
        let json = before.to_json();
        assert!(json.ends_with(",\"cap\":null,\"carried_in\":7}"), "as it was before there were trees: {json}");
        assert_eq!(BillInputs::hash_of(&json), Hash::of(json.as_bytes()).to_string());

        let proof = Some(MonthProof { parts: 7, root: Hash::of_no_leaves() });
        let with = BillInputs { proof, ..before.clone() };
        let longer = with.to_json();
        let (rest, _) = json.rsplit_once('}').unwrap();
        assert_eq!(longer, format!("{rest},\"proof\":{}}}", serde_json::to_string(&proof).unwrap()));
        assert_eq!(serde_json::from_str::<BillInputs>(&longer).unwrap(), with);
        assert_eq!(with.bill(), before.bill(), "it decides nothing");
    }

    proptest! {
        #[test]
        fn hours_sum_to_lines_and_lines_to_the_bill(
            mut hours in proptest::collection::vec((0i64..720, 0u8..4, 0i64..100_000, 0i64..1 << 34), 0..40),
            cap in proptest::option::of(10_000_000i64..500_000_000), carried_in in 0i64..10_000,
        ) {
            hours.sort_unstable();
            hours.dedup_by_key(|hour| (hour.0, hour.1));
            let hours: Vec<_> = hours.into_iter().map(|(hour, service, r, b)| (hour, Service::from_number(service), r, b)).collect();
            let inputs = inputs(&hours, cap, carried_in);
            let bill = inputs.bill();
            let of_hours = inputs.records().iter().fold(MicroUsd(0), |sum, record| sum + record.charged);
            prop_assert_eq!(of_hours, bill.gross);
            prop_assert_eq!(bill.total + bill.waiver, bill.gross);
            prop_assert_eq!(bill.payable + bill.carried_out, bill.total + bill.carried_in);
            prop_assert!((0..CENT.0).contains(&bill.carried_out.0));
            prop_assert!(cap.is_none_or(|cap| bill.payable.0 <= cap));
            prop_assert!(bill.payable.0 % CENT.0 == 0);
        }
    }
}
