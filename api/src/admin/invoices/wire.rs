//! Invoices over the wire.

use crate::admin::asked::told_journal;
use serde::Serialize;
use std::collections::BTreeMap;
use suiftly_schema::bill::UsageRecord;
use suiftly_schema::ids::{Network, Service};
use suiftly_schema::time::UnixMillis;
use suiftly_settlement::document::{DocumentLine, DocumentPayment, InvoiceDocument, NoteReference};
use suiftly_store::money::{BilledRecord, DocumentRow};
use utoipa::ToSchema;

/// A page of invoices and notes.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InvoicePage {
    /// The latest first.
    pub items: Vec<InvoiceItem>,
    /// Where the next page begins; null at the end.
    pub next_cursor: Option<String>,
}

/// An invoice or a note in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InvoiceItem {
    /// Its number.
    #[schema(example = "INV-2026-000017")]
    pub number: String,
    /// `invoice`, `credit_note`, `debit_note`.
    pub kind: &'static str,
    /// A note: the invoice it corrects.
    pub corrects: Option<String>,
    /// Whose.
    pub customer_id: i64,
    /// For which month.
    #[schema(example = "2026-11")]
    pub month: String,
    /// `open`, `paid`, `failed`, `void`.
    pub status: &'static str,
    /// When it was issued.
    #[schema(format = DateTime)]
    pub issued_at: String,
    /// What is owed; of a note, the difference.
    pub total_micro_usd: i64,
    /// What is asked for, in whole cents; by a credit note, given.
    pub payable_micro_usd: i64,
    /// When nothing was due any more.
    #[schema(format = DateTime)]
    pub settled_at: Option<String>,
}

impl From<&DocumentRow> for InvoiceItem {
    fn from(row: &DocumentRow) -> Self {
        Self {
            number: row.number.clone(),
            kind: row.kind.word(),
            corrects: row.corrects.clone(),
            customer_id: row.customer_id.get(),
            month: row.month.to_string(),
            status: row.status.word(),
            issued_at: row.issued_at.rfc3339(),
            total_micro_usd: row.total.0,
            payable_micro_usd: row.payable.0,
            settled_at: row.settled_at.map(UnixMillis::rfc3339),
        }
    }
}

/// An invoice, a note or a draft, in words.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InvoiceView {
    /// Its number; `draft` while the month runs.
    pub number: String,
    /// `invoice`, `credit_note`, `debit_note`.
    pub kind: &'static str,
    /// `draft`, `open`, `paid`, `failed`, `void`.
    pub status: &'static str,
    /// A note: the invoice it corrects.
    pub corrects: Option<String>,
    /// Whose.
    pub customer_id: i64,
    /// For which month.
    pub month: String,
    /// When it was issued; of a draft, computed.
    #[schema(format = DateTime)]
    pub issued_at: String,
    /// When nothing was due any more.
    #[schema(format = DateTime)]
    pub settled_at: Option<String>,
    /// SHA-256 over what it is computed from.
    pub input_hash: String,
    /// Who is billed.
    pub billed_to: InvoiceParty,
    /// What is billed.
    pub lines: Vec<InvoiceLine>,
    /// What it comes to.
    pub sums: InvoiceSums,
    /// An invoice: the notes that correct it.
    pub notes: Vec<InvoiceNote>,
    /// What the month was paid by.
    pub payments: Vec<InvoicePayment>,
    /// Charges that are not decided.
    pub in_flight_micro_usd: i64,
    /// What is still due, of the invoice and its notes.
    pub due_micro_usd: i64,
}

/// Who is billed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InvoiceParty {
    /// Their name.
    pub name: String,
    /// Their wallet.
    pub wallet_address: String,
    /// The billing profile's lines by name.
    pub profile: BTreeMap<String, String>,
}

/// A line of an invoice; of a note, the difference.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InvoiceLine {
    /// What it is.
    pub description: String,
    /// Of which service; null is the unknown.
    pub service: Option<&'static str>,
    /// The price book; null for subscriptions.
    #[schema(value_type = Option<i64>)]
    pub price_book: Option<u32>,
    /// How many.
    pub quantity: i64,
    /// `piece`, `request`, `byte`.
    pub unit: &'static str,
    /// The price of one, in words.
    pub unit_price: String,
    /// What it comes to.
    pub amount_micro_usd: i64,
}

/// What an invoice comes to.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct InvoiceSums {
    /// The lines'.
    pub gross_micro_usd: i64,
    /// What of it passes the limit, and is not asked for.
    pub waiver_micro_usd: i64,
    /// What is owed.
    pub total_micro_usd: i64,
    /// Less than a cent, of the month before.
    pub carried_in_micro_usd: i64,
    /// What is asked for.
    pub payable_micro_usd: i64,
    /// What is left for the next month.
    pub carried_out_micro_usd: i64,
}

/// A note, on its invoice.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InvoiceNote {
    /// Its number.
    pub number: String,
    /// What it asks for; below zero what it gives.
    pub payable_micro_usd: i64,
}

/// A payment.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InvoicePayment {
    /// How, in words.
    pub description: String,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
    /// How much; below zero what was given back as credits.
    pub amount_micro_usd: i64,
}

impl From<&InvoiceDocument> for InvoiceView {
    fn from(document: &InvoiceDocument) -> Self {
        let (of, sums, party) = (&document.exported, &document.sums, &document.billed_to);
        Self {
            number: of.number.clone(),
            kind: of.kind.word(),
            status: document.status.word(),
            corrects: of.corrects.clone(),
            customer_id: of.customer_id.get(),
            month: of.month.to_string(),
            issued_at: of.issued_at.rfc3339(),
            settled_at: document.settled_at.map(UnixMillis::rfc3339),
            input_hash: of.input_hash.clone(),
            billed_to: InvoiceParty {
                name: party.name.clone(),
                wallet_address: party.wallet_address.clone(),
                profile: party.profile.clone(),
            },
            lines: document.lines.iter().map(InvoiceLine::from).collect(),
            sums: InvoiceSums {
                gross_micro_usd: sums.gross.0,
                waiver_micro_usd: sums.waiver.0,
                total_micro_usd: sums.total.0,
                carried_in_micro_usd: sums.carried_in.0,
                payable_micro_usd: sums.payable.0,
                carried_out_micro_usd: sums.carried_out.0,
            },
            notes: document.notes.iter().map(InvoiceNote::from).collect(),
            payments: document.payments.iter().map(InvoicePayment::from).collect(),
            in_flight_micro_usd: document.in_flight.0,
            due_micro_usd: document.due.0,
        }
    }
}

impl From<&DocumentLine> for InvoiceLine {
    fn from(line: &DocumentLine) -> Self {
        Self {
            description: line.description.clone(),
            service: line.service.map(Service::word),
            price_book: line.price_book,
            quantity: line.quantity,
            unit: line.unit.word(),
            unit_price: line.unit_price.clone(),
            amount_micro_usd: line.amount.0,
        }
    }
}

impl From<&NoteReference> for InvoiceNote {
    fn from(note: &NoteReference) -> Self {
        Self { number: note.number.clone(), payable_micro_usd: note.payable.0 }
    }
}

impl From<&DocumentPayment> for InvoicePayment {
    fn from(payment: &DocumentPayment) -> Self {
        let at = payment.at.rfc3339();
        Self { description: payment.description.clone(), at, amount_micro_usd: payment.amount.0 }
    }
}

/// A page of an invoice's hours.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UsageHours {
    /// Ascending.
    pub items: Vec<UsageHour>,
    /// Where the next page begins; null at the end.
    pub next_cursor: Option<String>,
}

/// What an hour was charged.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UsageHour {
    /// Its first instant.
    #[schema(format = DateTime)]
    pub hour: String,
    /// The service; null is the unknown.
    pub service: Option<&'static str>,
    /// The network; null is the unknown.
    pub network: Option<&'static str>,
    /// Requests that are billed.
    pub requests: i64,
    /// Their bytes.
    pub bytes: i64,
    /// The book in force.
    #[schema(value_type = i64)]
    pub price_book: u32,
    /// What it adds to the month's amount.
    pub charged_micro_usd: i64,
}

impl From<&UsageRecord> for UsageHour {
    fn from(record: &UsageRecord) -> Self {
        let usage = &record.usage;
        Self {
            hour: usage.hour.rfc3339(),
            service: usage.service.map(Service::word),
            network: usage.network.map(Network::word),
            requests: usage.requests,
            bytes: usage.bytes,
            price_book: record.price_book,
            charged_micro_usd: record.charged.0,
        }
    }
}

/// A page of the records behind an hour of an invoice.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InvoiceRecords {
    /// Ascending.
    pub items: Vec<InvoiceRecord>,
    /// Where the next page begins; null at the end.
    pub next_cursor: Option<String>,
}

/// A billable request.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InvoiceRecord {
    /// When it began.
    #[schema(format = DateTime)]
    pub timestamp: String,
    /// The network.
    pub network: Option<&'static str>,
    /// The key's fingerprint; 0 = none.
    #[schema(value_type = i64)]
    pub api_key_fp: u32,
    /// The answer's status.
    pub status_code: i16,
    /// Bytes of the answer.
    pub bytes_sent: i64,
    /// Requests that it stands for.
    pub repeat: i32,
    /// The gateway, where its format numbers lines.
    pub server_id: Option<i16>,
    /// The line's number there.
    #[schema(value_type = Option<i64>)]
    pub seq: Option<u32>,
    /// Where its frame begins in the journal.
    pub journal_offset: i64,
    /// In a cluster: the number of that journal.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = i32, required = false, minimum = 1)]
    pub journal: Option<u16>,
}

impl From<&BilledRecord> for InvoiceRecord {
    fn from(record: &BilledRecord) -> Self {
        Self {
            timestamp: record.timestamp.rfc3339(),
            network: record.network.map(Network::word),
            api_key_fp: record.api_key_fp,
            status_code: record.status_code,
            bytes_sent: record.bytes_sent,
            repeat: record.repeat,
            server_id: record.line_id.map(|line| line.server_id),
            seq: record.line_id.map(|line| line.seq),
            journal_offset: record.journal_offset,
            journal: told_journal(record.journal_no),
        }
    }
}
