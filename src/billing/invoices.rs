//! Drafts, closed bills and notes, and what they come from: hours, and the records of an hour.

use super::args::DocumentFormat;
use super::{Said, show};
use crate::commands::unless_broken_pipe;
use crate::money::Money;
use crate::table::{Side, table};
use anyhow::Context;
use serde_json::{Value, json};
use std::io::{self, Write};
use std::path::Path;
use suiftly_schema::ids::{CustomerId, Network, Service};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::time::{BillingMonth, UnixMillis};
use suiftly_settlement::document::words::{count, dollars};
use suiftly_settlement::document::{DocumentLine, InvoiceDocument};
use suiftly_store::money::{BilledRecord, DocumentRow, RECORDS_MAX, RecordQuery};

pub(super) async fn draft(money: &Money, customer: CustomerId, month: Option<BillingMonth>) -> anyhow::Result<Said> {
    let month = month.unwrap_or_else(|| money.now().month());
    let draft = money.settlement.draft_document(customer, month).await?;
    let draft = draft.with_context(|| {
        format!("customer {} has no open bill for {month}: it is closed, or there is no such customer", customer.get())
    })?;
    let json = serde_json::from_str(&draft.to_json()).context("a document is not JSON")?;
    Ok(Said { json, text: in_words(&draft) })
}

pub(super) async fn list(money: &Money, customer: Option<CustomerId>, limit: u32) -> anyhow::Result<Said> {
    let rows = money.store.invoices(customer, None, None, limit).await?;
    let head = [
        ("number", Side::Left),
        ("customer", Side::Right),
        ("month", Side::Left),
        ("issued", Side::Left),
        ("status", Side::Left),
        ("total", Side::Right),
        ("asked for", Side::Right),
        ("corrects", Side::Left),
    ];
    let cells = |row: &DocumentRow| {
        vec![
            row.number.clone(),
            row.customer_id.get().to_string(),
            row.month.to_string(),
            show::time(row.issued_at),
            row.status.word().to_owned(),
            dollars(row.total),
            dollars(row.payable),
            row.corrects.clone().unwrap_or_default(),
        ]
    };
    let as_json = |row: &DocumentRow| {
        json!({
            "number": row.number,
            "kind": row.kind,
            "corrects": row.corrects,
            "customer_id": row.customer_id,
            "month": row.month,
            "status": row.status,
            "issued_at": row.issued_at.rfc3339(),
            "total_micro_usd": row.total,
            "payable_micro_usd": row.payable,
            "settled_at": row.settled_at.map(UnixMillis::rfc3339),
        })
    };
    let text = table(&head, &rows.iter().map(cells).collect::<Vec<_>>());
    Ok(Said { json: rows.iter().map(as_json).collect(), text })
}

/// Writes one, whole.
pub(super) async fn invoice(
    money: &Money,
    number: &str,
    format: DocumentFormat,
    out: Option<&Path>,
) -> anyhow::Result<()> {
    let document = money.settlement.document(number).await?;
    let document = document.with_context(|| format!("there is no document {number}"))?;
    let bytes = match format {
        DocumentFormat::Text => in_words(&document).into_bytes(),
        DocumentFormat::Json => document.to_json().into_bytes(),
        DocumentFormat::Csv => document.to_csv().into_bytes(),
        DocumentFormat::Pdf => document.to_pdf()?,
    };
    match out {
        Some(path) => std::fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display())),
        None => unless_broken_pipe(io::stdout().lock().write_all(&bytes).context("cannot write the document")),
    }
}

fn in_words(document: &InvoiceDocument) -> String {
    let exported = &document.exported;
    let mut text = format!(
        "{} of {} for {} ({}), {}\n\n",
        exported.number,
        document.billed_to.name,
        exported.month,
        show::time(exported.issued_at),
        document.status.word(),
    );
    let head = [("", Side::Left), ("quantity", Side::Right), ("price", Side::Left), ("amount", Side::Right)];
    let row = |line: &DocumentLine| {
        vec![line.description.clone(), count(line.quantity), line.unit_price.clone(), dollars(line.amount)]
    };
    text.push_str(&table(&head, &document.lines.iter().map(row).collect::<Vec<_>>()));
    let sums = &document.sums;
    let mut sum = |name: &str, amount: MicroUsd| text.push_str(&format!("{name:<28}{:>16}\n", dollars(amount)));
    sum("\ngross", sums.gross);
    for (name, amount) in [
        ("beyond the limit, waived", -sums.waiver),
        ("carried in", sums.carried_in),
        ("carried to the next bill", -sums.carried_out),
    ] {
        if amount != MicroUsd(0) {
            sum(name, amount);
        }
    }
    sum("asked for", sums.payable);
    for payment in &document.payments {
        sum(&payment.description, payment.amount);
    }
    sum("due", document.due);
    text.push_str(&format!("inputs (SHA-256) {}\n", exported.input_hash));
    text
}

pub(super) async fn hours(
    money: &Money,
    number: &str,
    hour: Option<UnixMillis>,
    service: Option<Service>,
) -> anyhow::Result<Said> {
    if let Some(hour) = hour {
        return records(money, number, hour, service).await;
    }
    let hours = money.store.invoice_hours(number, service.map(Some)).await?;
    let hours = hours.with_context(|| format!("there is no document {number}"))?;
    let head = [
        ("hour", Side::Left),
        ("service", Side::Left),
        ("network", Side::Left),
        ("requests", Side::Right),
        ("bytes", Side::Right),
        ("book", Side::Right),
        ("charged", Side::Right),
    ];
    let cells = hours.iter().map(|record| {
        vec![
            show::time(record.usage.hour),
            record.usage.service.map_or("-", Service::word).to_owned(),
            record.usage.network.map_or("-", Network::word).to_owned(),
            count(record.usage.requests),
            count(record.usage.bytes),
            record.price_book.to_string(),
            dollars(record.charged),
        ]
    });
    let text = table(&head, &cells.collect::<Vec<_>>());
    Ok(Said { json: json!(hours), text })
}

async fn records(money: &Money, number: &str, hour: UnixMillis, service: Option<Service>) -> anyhow::Result<Said> {
    let document = money.settlement.document(number).await?;
    let customer = document.with_context(|| format!("there is no document {number}"))?.exported.customer_id;
    let found = money
        .store
        .records_of(&RecordQuery {
            customer,
            service: Some(service),
            network: None,
            hour,
            billed_only: true,
            after: None,
            limit: RECORDS_MAX,
        })
        .await?;
    let head = [
        ("time", Side::Left),
        ("network", Side::Left),
        ("key", Side::Right),
        ("status", Side::Right),
        ("bytes", Side::Right),
        ("requests", Side::Right),
        ("journal offset", Side::Right),
    ];
    let cells = |record: &BilledRecord| {
        vec![
            record.timestamp.rfc3339(),
            record.network.map_or("-", Network::word).to_owned(),
            format!("{:08x}", record.api_key_fp),
            record.status_code.to_string(),
            count(record.bytes_sent),
            record.repeat.to_string(),
            place(record),
        ]
    };
    let as_json = |record: &BilledRecord| -> Value {
        json!({
            "timestamp": record.timestamp.rfc3339(),
            "network": record.network,
            "api_key_fp": record.api_key_fp,
            "status_code": record.status_code,
            "bytes_sent": record.bytes_sent,
            "repeat": record.repeat,
            "journal_offset": record.journal_offset,
            "journal": (record.journal_no > 0).then_some(record.journal_no),
        })
    };
    let mut text = table(&head, &found.iter().map(cells).collect::<Vec<_>>());
    if found.is_empty() {
        text = "no record of this hour is kept any more; the journal may have them: suiftly journal dump\n".to_owned();
    } else if found.len() == RECORDS_MAX as usize {
        text.push_str(&format!("only the first {RECORDS_MAX} are shown\n"));
    }
    Ok(Said { json: found.iter().map(as_json).collect(), text })
}

/// Where its line stands: in a cluster, behind the number of the journal.
fn place(record: &BilledRecord) -> String {
    match record.journal_no {
        0 => record.journal_offset.to_string(),
        journal => format!("{journal}/{}", record.journal_offset),
    }
}
