//! Invoices and the notes that correct them, as they leave the house: what whoever checks one is handed.
//!
//! A document's bill is always the whole bill of its inputs, a note's too: what a note asks for or gives is the
//! difference to what the documents before it came to, which it carries beside.

use crate::bill::{Bill, BillLine, UsageLine};
use crate::ids::CustomerId;
use crate::money::MicroUsd;
use crate::time::{BillingMonth, UnixMillis};
use serde::{Deserialize, Serialize};

/// What a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    /// A month's bill. One a customer and month.
    Invoice,
    /// A correction to the customer's good.
    CreditNote,
    /// A correction that asks for more.
    DebitNote,
}

impl DocumentKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Invoice, Self::CreditNote, Self::DebitNote];

    /// Its word in tables and answers.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Invoice => "invoice",
            Self::CreditNote => "credit_note",
            Self::DebitNote => "debit_note",
        }
    }

    /// The kind with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// The series its number is taken from: one a kind and year of the billed month.
    pub fn series(self, month: BillingMonth) -> String {
        let prefix = match self {
            Self::Invoice => "INV",
            Self::CreditNote => "CN",
            Self::DebitNote => "DN",
        };
        let shown = month.to_string();
        format!("{prefix}-{}", shown.split('-').next().unwrap_or_default())
    }

    /// A number of its series: `INV-2026-000017`.
    pub fn number(self, month: BillingMonth, n: i64) -> String {
        format!("{}-{n:06}", self.series(month))
    }
}

/// How far a document has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentStatus {
    /// The month runs: computed live, recorded nowhere.
    Draft,
    /// Something is due.
    Open,
    /// Nothing is due.
    Paid,
    /// Something is due, and was refused when it was to be drawn.
    Failed,
    /// Withdrawn.
    Void,
}

impl DocumentStatus {
    /// Every status.
    pub const ALL: [Self; 5] = [Self::Draft, Self::Open, Self::Paid, Self::Failed, Self::Void];

    /// Its word in tables and answers.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Open => "open",
            Self::Paid => "paid",
            Self::Failed => "failed",
            Self::Void => "void",
        }
    }

    /// The status with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.word() == word)
    }
}

/// A document with everything that decides it: what an audit on another machine reads. Other fields of an exported
/// document (who is billed, payments, lines in words) are beside the point there, and are passed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportedInvoice {
    /// `INV-2026-000017`; `draft` while the month runs.
    pub number: String,
    /// What it is.
    pub kind: DocumentKind,
    /// A note: the number of the invoice it corrects.
    pub corrects: Option<String>,
    /// Whose.
    pub customer_id: CustomerId,
    /// For which month.
    pub month: BillingMonth,
    /// When it was issued, by the manager's clock; of a draft, when it was computed.
    pub issued_at: UnixMillis,
    /// The hash of the inputs, lower-case hex: [`crate::bill::BillInputs::hash_of`].
    pub input_hash: String,
    /// [`crate::bill::BillInputs`] as JSON, byte for byte as it was hashed.
    pub inputs: String,
    /// What the inputs come to.
    pub bill: Bill,
    /// A note: what the inputs of the document before it came to.
    pub before: Option<Bill>,
}

impl ExportedInvoice {
    /// What the document itself says: the bill; of a note, the difference to the documents before it.
    pub fn asked(&self) -> Bill {
        self.before.as_ref().map_or_else(|| self.bill.clone(), |before| difference(before, &self.bill))
    }
}

/// What a bill has come to differ from one before, line by line: amounts may be below zero. Lines that are the same are
/// left out.
pub fn difference(before: &Bill, after: &Bill) -> Bill {
    let mut lines: Vec<BillLine> = after.lines.iter().filter_map(|line| line_difference(before, line)).collect();
    let is_gone = |line: &&BillLine| !after.lines.iter().any(|other| is_same(other, line));
    lines.extend(before.lines.iter().filter(is_gone).map(negated));
    Bill {
        lines,
        gross: after.gross - before.gross,
        waiver: after.waiver - before.waiver,
        total: after.total - before.total,
        carried_in: after.carried_in - before.carried_in,
        payable: after.payable - before.payable,
        carried_out: after.carried_out - before.carried_out,
    }
}

fn line_difference(before: &Bill, line: &BillLine) -> Option<BillLine> {
    let was = before.lines.iter().find(|was| is_same(was, line));
    match (was, line) {
        (None, line) => Some(line.clone()),
        (Some(was), line) if was == line => None,
        (Some(BillLine::Usage(was)), BillLine::Usage(now)) => Some(BillLine::Usage(UsageLine {
            requests: now.requests.saturating_sub(was.requests),
            bytes: now.bytes.saturating_sub(was.bytes),
            amount: now.amount - was.amount,
            ..now.clone()
        })),
        // An item is never changed once it is charged.
        (Some(_), line) => Some(line.clone()),
    }
}

fn is_same(one: &BillLine, other: &BillLine) -> bool {
    match (one, other) {
        (BillLine::Subscription(one), BillLine::Subscription(other)) => one.id == other.id,
        (BillLine::Usage(one), BillLine::Usage(other)) => {
            (one.service, one.price_book) == (other.service, other.price_book)
        }
        _ => false,
    }
}

fn negated(line: &BillLine) -> BillLine {
    let mut line = line.clone();
    match &mut line {
        BillLine::Subscription(item) => item.amount = MicroUsd(0) - item.amount,
        BillLine::Usage(usage) => {
            usage.requests = usage.requests.saturating_neg();
            usage.bytes = usage.bytes.saturating_neg();
            usage.amount = MicroUsd(0) - usage.amount;
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Service;

    fn usage(service: Service, requests: i64, amount: i64) -> BillLine {
        let service = Some(service);
        BillLine::Usage(UsageLine { service, price_book: 1, requests, bytes: 0, amount: MicroUsd(amount) })
    }

    fn bill(lines: Vec<BillLine>, waiver: i64, carried_in: i64) -> Bill {
        let gross = lines.iter().fold(MicroUsd(0), |sum, line| sum + line.amount());
        let total = gross - MicroUsd(waiver);
        let (waiver, carried_in) = (MicroUsd(waiver), MicroUsd(carried_in));
        let payable = crate::bill::whole_cents(total + carried_in);
        Bill { lines, gross, waiver, total, carried_in, payable, carried_out: total + carried_in - payable }
    }

    #[test]
    fn numbers_and_series() {
        let month = BillingMonth::parse("2026-11").unwrap();
        let shown = DocumentKind::ALL.map(|kind| kind.number(month, 17));
        assert_eq!(shown, ["INV-2026-000017", "CN-2026-000017", "DN-2026-000017"]);
        assert_eq!(DocumentKind::Invoice.number(month, 1_234_567), "INV-2026-1234567");
        for kind in DocumentKind::ALL {
            assert_eq!(DocumentKind::from_word(kind.word()), Some(kind));
        }
        for status in DocumentStatus::ALL {
            assert_eq!(DocumentStatus::from_word(status.word()), Some(status));
        }
    }

    #[test]
    fn what_a_note_says_is_the_difference() {
        let before = bill(vec![usage(Service::Seal, 10, 1_000), usage(Service::Grpc, 5, 500)], 200, 7);
        let after = bill(vec![usage(Service::Grpc, 5, 500), usage(Service::Graphql, 3, 300)], 0, 7);
        let found = difference(&before, &after);
        assert_eq!(found.lines, [usage(Service::Graphql, 3, 300), usage(Service::Seal, -10, -1_000)]);
        assert_eq!((found.gross.0, found.waiver.0, found.total.0, found.carried_in.0), (-700, -200, -500, 0));
        let of_lines = found.lines.iter().fold(MicroUsd(0), |sum, line| sum + line.amount());
        assert_eq!(of_lines, found.gross);
        assert_eq!(difference(&after, &after).lines, []);
    }
}
