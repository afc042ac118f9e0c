//! A bill's lines as a document has them: what it is, how much, at which price. A line of usage becomes one of requests
//! and, where bytes are billed, one of data; both add up to it exactly.

use super::words;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use suiftly_schema::bill::{Bill, BillItem, BillLine, UsageLine};
use suiftly_schema::ids::Service;
use suiftly_schema::money::MicroUsd;
use suiftly_schema::price::PriceBook;

/// What a quantity counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Of a tier or an add-on.
    Piece,
    /// Billable requests.
    Request,
    /// Billable bytes.
    Byte,
}

impl Unit {
    /// Its word in exports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Piece => "piece",
            Self::Request => "request",
            Self::Byte => "byte",
        }
    }
}

/// A line of a document. In a note, the difference: quantity and amount may be below zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentLine {
    /// What it is: `Seal: Pro tier, 9 of 30 days`, `gRPC requests`.
    pub description: String,
    /// Of which service, by its number; `None` is the unknown.
    pub service: Option<Service>,
    /// The price book; `None` for subscriptions.
    pub price_book: Option<u32>,
    /// How many.
    pub quantity: i64,
    /// Of what.
    pub unit: Unit,
    /// The price of one, in words: `$1.00 per 10,000`.
    pub unit_price: String,
    /// What it comes to.
    pub amount: MicroUsd,
}

/// What makes two lines of two bills the same line; and their order: subscriptions first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Item(i64),
    Usage(Option<Service>, u32, Unit),
}

/// The lines of a bill; given a bill before it, what they differ by.
pub(super) fn lines(bill: &Bill, before: Option<&Bill>, books: &[PriceBook]) -> Vec<DocumentLine> {
    let now = keyed(bill, books);
    let Some(before) = before else { return now.into_values().collect() };
    let mut lines = now;
    for (key, was) in keyed(before, books) {
        match lines.get_mut(&key) {
            Some(now) => {
                now.quantity = now.quantity.saturating_sub(was.quantity);
                now.amount = now.amount - was.amount;
            }
            None => {
                let (quantity, amount) = (was.quantity.saturating_neg(), -was.amount);
                lines.insert(key, DocumentLine { quantity, amount, ..was });
            }
        }
    }
    lines.into_values().filter(|line| (line.quantity, line.amount) != (0, MicroUsd(0))).collect()
}

fn keyed(bill: &Bill, books: &[PriceBook]) -> BTreeMap<Key, DocumentLine> {
    let mut lines = BTreeMap::new();
    for line in &bill.lines {
        match line {
            BillLine::Subscription(item) => {
                lines.insert(Key::Item(item.id), of_item(item));
            }
            BillLine::Usage(usage) => {
                for line in of_usage(usage, books) {
                    lines.insert(Key::Usage(usage.service, usage.price_book, line.unit), line);
                }
            }
        }
    }
    lines
}

fn of_item(item: &BillItem) -> DocumentLine {
    let days = if item.days == item.days_in_month {
        String::new()
    } else {
        format!(", {} of {} days", item.days, item.days_in_month)
    };
    DocumentLine {
        description: format!("{}: {}{days}", words::service(Some(item.service)), item.description),
        service: Some(item.service),
        price_book: None,
        quantity: i64::from(item.quantity),
        unit: Unit::Piece,
        unit_price: format!("{} a month", words::dollars(item.monthly)),
        amount: item.amount,
    }
}

fn of_usage(usage: &UsageLine, books: &[PriceBook]) -> Vec<DocumentLine> {
    let book = books.iter().find(|book| book.version == usage.price_book);
    let name = words::service(usage.service);
    // Only a month in which prices changed needs to say by which.
    let by = if books.len() > 1 { format!(" (price book {})", usage.price_book) } else { String::new() };
    let line = |what: &str, quantity, unit, unit_price, amount| DocumentLine {
        description: format!("{name} {what}{by}"),
        service: usage.service,
        price_book: Some(usage.price_book),
        quantity,
        unit,
        unit_price,
        amount,
    };
    let Some(book) = book else {
        return vec![line("requests", usage.requests, Unit::Request, String::new(), usage.amount)];
    };
    let own = usage.service.and_then(|service| book.requests_for.get(&service));
    let price = words::price(own.unwrap_or(&book.requests), false);
    if !usage.service.is_some_and(|service| book.bytes_billed_for.contains(&service)) {
        return vec![line("requests", usage.requests, Unit::Request, price, usage.amount)];
    }
    let of_requests = book.rate(usage.service, usage.requests, 0);
    let of_bytes = usage.amount - of_requests;
    vec![
        line("requests", usage.requests, Unit::Request, price, of_requests),
        line("data", usage.bytes, Unit::Byte, words::price(&book.bytes, true), of_bytes),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bill(requests: i64, bytes: i64) -> Bill {
        let book = PriceBook::v1();
        let service = Some(Service::Grpc);
        let amount = book.rate(service, requests, bytes);
        let zero = MicroUsd(0);
        Bill {
            lines: vec![BillLine::Usage(UsageLine { service, price_book: 1, requests, bytes, amount })],
            gross: amount,
            waiver: zero,
            total: amount,
            carried_in: zero,
            payable: zero,
            carried_out: zero,
        }
    }

    #[test]
    fn requests_and_data_add_up_and_so_do_differences() {
        let books = [PriceBook::v1()];
        let (before, after) = (bill(12_345, 5 << 30), bill(12_400, (5 << 30) - 7));
        let sum = |lines: &[DocumentLine]| lines.iter().fold(MicroUsd(0), |sum, line| sum + line.amount);
        for (bill, before) in [(&before, None), (&after, None), (&after, Some(&before)), (&before, Some(&after))] {
            let found = lines(bill, before, &books);
            let expected = bill.gross - before.map_or(MicroUsd(0), |before| before.gross);
            assert_eq!(sum(&found), expected, "{found:?}");
        }
        let found = lines(&after, Some(&before), &books);
        let shown: Vec<_> = found.iter().map(|line| (line.description.as_str(), line.quantity)).collect();
        assert_eq!(shown, [("gRPC requests", 55), ("gRPC data", -7)]);
        assert_eq!(lines(&after, Some(&after), &books), []);
    }
}
