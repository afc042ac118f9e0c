//! An invoice, a note or a draft as a customer is shown it: without their number, and without the inputs it was computed from.

use serde::Serialize;
use std::collections::BTreeMap;
use suiftly_schema::time::UnixMillis;
use suiftly_settlement::document::InvoiceDocument;
use utoipa::ToSchema;

/// A document with its lines and payments.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DocumentView {
    /// Its number; `draft` while the month runs.
    pub number: String,
    /// `invoice`, `credit_note` or `debit_note`.
    pub kind: &'static str,
    /// A note: the invoice it corrects.
    pub corrects: Option<String>,
    /// The month.
    #[schema(example = "2026-11")]
    pub month: String,
    /// `draft`, `open`, `paid`, `failed` or `void`.
    pub status: &'static str,
    /// When it was issued; of a draft, when it was computed.
    #[schema(format = DateTime)]
    pub issued_at: String,
    /// When nothing was due any more.
    #[schema(format = DateTime)]
    pub settled_at: Option<String>,
    /// Who is billed.
    pub billed_to: PartyView,
    /// What for.
    pub lines: Vec<LineView>,
    /// What it comes to; of a note, the difference.
    pub sums: SumsView,
    /// An invoice: the notes that correct it, and what each asks for, or gives, below zero.
    pub notes: Vec<NoteView>,
    /// What the month was paid by.
    pub payments: Vec<PaymentView>,
    /// Charges under way.
    pub in_flight_micro_usd: i64,
    /// What is still due.
    pub due_micro_usd: i64,
    /// SHA-256 of what it was computed from.
    pub input_hash: String,
}

/// Who is billed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PartyView {
    /// Their name.
    pub name: String,
    /// Their wallet.
    pub wallet_address: String,
    /// The billing profile.
    pub profile: BTreeMap<String, String>,
}

/// A line.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LineView {
    /// What it is.
    #[schema(example = "gRPC requests")]
    pub description: String,
    /// Of which service, by its word; `null` is the unknown.
    #[schema(value_type = Option<String>)]
    pub service: Option<&'static str>,
    /// The price book; `null` for subscriptions.
    #[schema(value_type = Option<i64>)]
    pub price_book: Option<u32>,
    /// How many.
    pub quantity: i64,
    /// `piece`, `request` or `byte`.
    pub unit: &'static str,
    /// The price of one, in words.
    pub unit_price: String,
    /// What it comes to.
    pub amount_micro_usd: i64,
}

/// A document's sums.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct SumsView {
    /// The lines.
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
pub struct NoteView {
    /// Its number.
    pub number: String,
    /// What it asks for; below zero what it gives.
    pub payable_micro_usd: i64,
}

/// A payment.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PaymentView {
    /// How, in words.
    pub description: String,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
    /// How much; below zero what was given back as credits.
    pub amount_micro_usd: i64,
}

impl From<&InvoiceDocument> for DocumentView {
    fn from(document: &InvoiceDocument) -> Self {
        let (exported, party, sums) = (&document.exported, &document.billed_to, &document.sums);
        let line = |line: &suiftly_settlement::document::DocumentLine| LineView {
            description: line.description.clone(),
            service: line.service.map(suiftly_schema::ids::Service::word),
            price_book: line.price_book,
            quantity: line.quantity,
            unit: line.unit.word(),
            unit_price: line.unit_price.clone(),
            amount_micro_usd: line.amount.0,
        };
        let payment = |payment: &suiftly_settlement::document::DocumentPayment| PaymentView {
            description: payment.description.clone(),
            at: payment.at.rfc3339(),
            amount_micro_usd: payment.amount.0,
        };
        let note = |note: &suiftly_settlement::document::NoteReference| NoteView {
            number: note.number.clone(),
            payable_micro_usd: note.payable.0,
        };
        Self {
            number: exported.number.clone(),
            kind: exported.kind.word(),
            corrects: exported.corrects.clone(),
            month: exported.month.to_string(),
            status: document.status.word(),
            issued_at: exported.issued_at.rfc3339(),
            settled_at: document.settled_at.map(UnixMillis::rfc3339),
            billed_to: PartyView {
                name: party.name.clone(),
                wallet_address: party.wallet_address.clone(),
                profile: party.profile.clone(),
            },
            lines: document.lines.iter().map(line).collect(),
            sums: SumsView {
                gross_micro_usd: sums.gross.0,
                waiver_micro_usd: sums.waiver.0,
                total_micro_usd: sums.total.0,
                carried_in_micro_usd: sums.carried_in.0,
                payable_micro_usd: sums.payable.0,
                carried_out_micro_usd: sums.carried_out.0,
            },
            notes: document.notes.iter().map(note).collect(),
            payments: document.payments.iter().map(payment).collect(),
            in_flight_micro_usd: document.in_flight.0,
            due_micro_usd: document.due.0,
            input_hash: exported.input_hash.clone(),
        }
    }
}
