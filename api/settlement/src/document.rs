//! Invoices, notes and drafts as documents: in words, as JSON (all of it: what an audit on another machine reads), as CSV
//! (the lines), as plain text, and as PDF. Pure, and deterministic to the byte: no clock is read, nothing is random.
//!
//! What is final (number, lines, sums, inputs and their hash) is of the recorded document; what changes after it (status,
//! payments, what is due, who is billed) is as of now. Payments are of the whole month: its invoice and its notes.

mod csv;
mod lines;
mod pdf;
mod text;
pub mod words;

pub use lines::{DocumentLine, Unit};

use crate::drafting::Draft;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use suiftly_schema::bill::{Bill, BillInputs};
use suiftly_schema::invoice::{DocumentKind, DocumentStatus, ExportedInvoice};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::price::PriceBook;
use suiftly_schema::time::UnixMillis;
use suiftly_store::money::{BilledTo, DocumentRow, MonthPayments, PaymentKind, StoredInvoice};

/// What stands for a number while the month runs.
pub const DRAFT_NUMBER: &str = "draft";

/// A document with everything that is said of it. Amounts in JSON are integer micro-dollars.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceDocument {
    /// What is final, with the inputs.
    #[serde(flatten)]
    pub exported: ExportedInvoice,
    /// How far it has come.
    pub status: DocumentStatus,
    /// Who is billed.
    pub billed_to: Party,
    /// When nothing was due any more.
    pub settled_at: Option<UnixMillis>,
    /// In words.
    pub lines: Vec<DocumentLine>,
    /// What this document says: gross, waiver, total, carried cents, payable; of a note, the difference.
    pub sums: Sums,
    /// An invoice: notes that correct it. A note: none.
    pub notes: Vec<NoteReference>,
    /// An invoice, or a draft: what the month was paid by. A note: none, they are its invoice's.
    pub payments: Vec<DocumentPayment>,
    /// Charges that are not decided.
    pub in_flight: MicroUsd,
    /// What is still due, for the invoice and its notes together.
    pub due: MicroUsd,
    /// Whether CSV and PDF leave the customer's number out: customers are never shown it.
    #[serde(skip)]
    pub hides_customer_id: bool,
}

/// Who is billed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// Their name.
    pub name: String,
    /// Their address on the chain.
    pub wallet_address: String,
    /// The billing profile.
    pub profile: BTreeMap<String, String>,
}

/// A document's sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    /// The lines'.
    pub gross: MicroUsd,
    /// What of it passes the limit, and is not asked for.
    pub waiver: MicroUsd,
    /// What is owed.
    pub total: MicroUsd,
    /// Less than a cent, of the month before.
    pub carried_in: MicroUsd,
    /// What is asked for.
    pub payable: MicroUsd,
    /// What is left for the next month.
    pub carried_out: MicroUsd,
}

/// A note, on its invoice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteReference {
    /// Its number.
    pub number: String,
    /// What it asks for; below zero what it gives.
    pub payable: MicroUsd,
}

/// A payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentPayment {
    /// How, in words.
    pub description: String,
    /// When.
    pub at: UnixMillis,
    /// How much; below zero what was given back as credits.
    pub amount: MicroUsd,
}

impl InvoiceDocument {
    /// A document out of the store.
    pub fn of(stored: StoredInvoice) -> Self {
        let StoredInvoice { row, exported, billed_to, siblings, paid } = stored;
        let is_invoice = row.kind == DocumentKind::Invoice;
        let due = due(paid.payable.unwrap_or(MicroUsd(0)), &paid);
        let sums = Sums::of(&exported.asked());
        Self {
            lines: lines::lines(&exported.bill, exported.before.as_ref(), &books_of(&exported.inputs)),
            exported,
            status: row.status,
            billed_to: Party::of(billed_to),
            settled_at: row.settled_at,
            sums,
            notes: if is_invoice { siblings.iter().filter_map(note).collect() } else { Vec::new() },
            payments: if is_invoice { payments(&paid) } else { Vec::new() },
            in_flight: if is_invoice { paid.in_flight } else { MicroUsd(0) },
            // A credit note asks for nothing; a debit note, for no more than itself.
            due: match row.kind {
                DocumentKind::Invoice => due,
                DocumentKind::CreditNote => MicroUsd(0),
                DocumentKind::DebitNote => due.min(sums.payable),
            },
            hides_customer_id: false,
        }
    }

    /// A draft.
    pub fn draft(draft: Draft, billed_to: BilledTo, paid: &MonthPayments) -> Self {
        let inputs = draft.inputs.to_json();
        let lines = lines::lines(&draft.bill, None, &draft.inputs.books);
        Self {
            lines,
            sums: Sums::of(&draft.bill),
            due: draft.standing.due.max(MicroUsd(0)),
            in_flight: draft.standing.in_flight,
            payments: payments(paid),
            notes: Vec::new(),
            settled_at: None,
            billed_to: Party::of(billed_to),
            hides_customer_id: false,
            status: DocumentStatus::Draft,
            exported: ExportedInvoice {
                number: DRAFT_NUMBER.to_owned(),
                kind: DocumentKind::Invoice,
                corrects: None,
                customer_id: draft.inputs.customer_id,
                month: draft.inputs.month,
                issued_at: draft.at,
                input_hash: BillInputs::hash_of(&inputs),
                inputs,
                bill: draft.bill,
                before: None,
            },
        }
    }

    /// As it is handed to the customer: CSV and PDF without their number.
    #[must_use]
    pub fn for_customer(self) -> Self {
        Self { hides_customer_id: true, ..self }
    }

    /// All of it, as JSON.
    ///
    /// # Panics
    /// Never: nothing in it cannot be JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a document is JSON") + "\n"
    }

    /// Its lines, sums and payments, as CSV (RFC 4180, UTF-8). A text that a spreadsheet would take for a formula begins
    /// with an apostrophe.
    pub fn to_csv(&self) -> String {
        csv::of(self)
    }

    /// As plain text, for terminals and mails.
    pub fn to_text(&self) -> String {
        text::of(self)
    }

    /// As PDF: A4, one page for a usual bill, text that can be searched and copied.
    pub fn to_pdf(&self) -> Result<Vec<u8>, PdfError> {
        pdf::of(self)
    }

    /// Its name in words.
    pub fn title(&self) -> &'static str {
        match (self.status, self.exported.kind) {
            (DocumentStatus::Draft, _) => "Draft invoice",
            (_, DocumentKind::Invoice) => "Invoice",
            (_, DocumentKind::CreditNote) => "Credit note",
            (_, DocumentKind::DebitNote) => "Debit note",
        }
    }
}

/// A PDF that could not be drawn.
#[derive(Debug, thiserror::Error)]
#[error("cannot draw document {number} as PDF: {cause}")]
pub struct PdfError {
    /// Which document.
    pub number: String,
    /// Why not.
    pub cause: String,
}

impl Sums {
    fn of(bill: &Bill) -> Self {
        let Bill { gross, waiver, total, carried_in, payable, carried_out, .. } = *bill;
        Self { gross, waiver, total, carried_in, payable, carried_out }
    }
}

impl Party {
    fn of(billed_to: BilledTo) -> Self {
        let BilledTo { name, wallet_address, profile } = billed_to;
        Self { name, wallet_address, profile }
    }
}

/// What the document was rated by: of the recorded inputs.
fn books_of(inputs: &str) -> Vec<PriceBook> {
    serde_json::from_str::<BillInputs>(inputs).map(|inputs| inputs.books).unwrap_or_default()
}

fn due(payable: MicroUsd, paid: &MonthPayments) -> MicroUsd {
    let of_payments = paid.payments.iter().fold(MicroUsd(0), |sum, payment| sum + payment.amount);
    (payable - of_payments - paid.in_flight).max(MicroUsd(0))
}

fn note(row: &DocumentRow) -> Option<NoteReference> {
    let payable = match row.kind {
        DocumentKind::Invoice => return None,
        DocumentKind::DebitNote => row.payable,
        DocumentKind::CreditNote => -row.payable,
    };
    Some(NoteReference { number: row.number.clone(), payable })
}

fn payments(paid: &MonthPayments) -> Vec<DocumentPayment> {
    let of = |payment: &suiftly_store::money::Payment| DocumentPayment {
        description: match payment.kind {
            PaymentKind::Charge => "Paid from escrow",
            PaymentKind::Credits => "Paid from credits",
            PaymentKind::Excess => "Paid too much, kept as credits",
        }
        .to_owned(),
        at: payment.at,
        amount: payment.amount,
    };
    paid.payments.iter().map(of).collect()
}
