//! Documents against their golden copies: JSON, CSV, and the text of the PDF. Made anew by
//! `UPDATE_GOLDEN=1 cargo nextest run -p suiftly-settlement golden`, and looked at.

use crate::desk::{Desk, instant, month};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use suiftly_schema::bill::{BillInputs, BillItem, HourUsage, JournalPoint};
use suiftly_schema::ids::{CustomerId, Network, Service};
use suiftly_schema::invoice::{DocumentKind, DocumentStatus, ExportedInvoice};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::price::PriceBook;
use suiftly_settlement::document::InvoiceDocument;
use suiftly_store::money::{BilledTo, DocumentRow, MonthPayments, Payment, PaymentKind, StoredInvoice};

const DOLLAR: i64 = 1_000_000;

fn customer() -> CustomerId {
    CustomerId::new(42).unwrap()
}

fn inputs(usage: &[(Service, i64, i64)], cap: i64, carried_in: i64) -> BillInputs {
    let item = |id, description: &str, quantity: u32, monthly: i64, days: u8| BillItem {
        id,
        service: Service::Seal,
        description: description.to_owned(),
        quantity,
        monthly: MicroUsd(monthly),
        days,
        days_in_month: 30,
        amount: MicroUsd(i64::from(quantity) * monthly * i64::from(days) / 30),
    };
    let mut hours: Vec<_> = usage
        .iter()
        .enumerate()
        .map(|(at, &(service, requests, bytes))| HourUsage {
            hour: month("2026-11").start().plus_ms(i64::try_from(at).unwrap() * 3_600_000),
            service: Some(service),
            network: Some(Network::Mainnet),
            requests,
            bytes,
        })
        .collect();
    hours.sort_unstable();
    BillInputs {
        customer_id: customer(),
        month: month("2026-11"),
        journals: vec![JournalPoint { journal_id: "journal-a".to_owned(), epoch: 88_211 }],
        books: vec![PriceBook::v1()],
        hours,
        items: vec![
            item(11, "Pro tier", 1, 40 * DOLLAR, 30),
            item(12, "Burst", 1, 10 * DOLLAR, 30),
            item(19, "Seal key beyond 1", 2, 5 * DOLLAR, 9),
        ],
        cap: (cap > 0).then_some(MicroUsd(cap)),
        carried_in: MicroUsd(carried_in),
        proof: None,
    }
}

fn row(id: i64, number: &str, kind: DocumentKind, payable: i64) -> DocumentRow {
    DocumentRow {
        id,
        number: number.to_owned(),
        kind,
        corrects: (kind != DocumentKind::Invoice).then(|| "INV-2026-000017".to_owned()),
        customer_id: customer(),
        month: month("2026-11"),
        status: DocumentStatus::Paid,
        issued_at: instant("2026-12-02T00:04:11Z"),
        total: MicroUsd(payable),
        payable: MicroUsd(payable),
        settled_at: Some(instant("2026-12-02T00:05:00Z")),
    }
}

fn billed_to(name: &str) -> BilledTo {
    let profile = [
        ("company", "Nightjar Games sp. z o.o."),
        ("address", "ul. Świętokrzyska 14\n00-050 Warszawa"),
        ("country", "Poland"),
        ("tax_id", "PL 525-000-00-00"),
    ];
    BilledTo {
        name: name.to_owned(),
        wallet_address: format!("0x{}", "1a2b3c4d".repeat(8)),
        profile: profile.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
    }
}

fn stored(row: DocumentRow, inputs: &BillInputs, before: Option<&BillInputs>, paid: MonthPayments) -> StoredInvoice {
    let json = inputs.to_json();
    StoredInvoice {
        exported: ExportedInvoice {
            number: row.number.clone(),
            kind: row.kind,
            corrects: row.corrects.clone(),
            customer_id: row.customer_id,
            month: row.month,
            issued_at: row.issued_at,
            input_hash: BillInputs::hash_of(&json),
            inputs: json,
            bill: inputs.bill(),
            before: before.map(BillInputs::bill),
        },
        row,
        billed_to: billed_to("Nightjar Games"),
        siblings: Vec::new(),
        paid,
    }
}

fn paid(payable: MicroUsd, payments: &[(PaymentKind, &str, i64)]) -> MonthPayments {
    let payment =
        |&(kind, at, amount): &(PaymentKind, &str, i64)| Payment { kind, at: instant(at), amount: MicroUsd(amount) };
    MonthPayments { payments: payments.iter().map(payment).collect(), in_flight: MicroUsd(0), payable: Some(payable) }
}

/// A usual bill: over its limit, paid by three charges and credits.
fn invoice() -> InvoiceDocument {
    let usage =
        [(Service::Seal, 812_345, 0), (Service::Grpc, 254_321, 987_654_321_000), (Service::Graphql, 12_003, 7 << 30)];
    let inputs = inputs(&usage, 200 * DOLLAR, 4_321);
    let payable = inputs.bill().payable;
    let payments = [
        (PaymentKind::Charge, "2026-11-01T00:00:09Z", 50 * DOLLAR),
        (PaymentKind::Credits, "2026-11-14T08:00:00Z", 12_500_000),
        (PaymentKind::Charge, "2026-11-22T12:31:00Z", 120 * DOLLAR),
        (PaymentKind::Charge, "2026-12-02T00:05:00Z", 17_500_000),
    ];
    InvoiceDocument::of(stored(
        row(17, "INV-2026-000017", DocumentKind::Invoice, payable.0),
        &inputs,
        None,
        paid(payable, &payments),
    ))
}

/// Requests of it that were somebody else's.
fn credit_note() -> InvoiceDocument {
    let before = inputs(&[(Service::Grpc, 254_321, 7 << 30)], 0, 0);
    let after = inputs(&[(Service::Grpc, 250_001, 6 << 30)], 0, 0);
    let given = before.bill().payable - after.bill().payable;
    let row = row(18, "CN-2026-000003", DocumentKind::CreditNote, given.0);
    InvoiceDocument::of(stored(row, &after, Some(&before), paid(after.bill().payable, &[])))
}

/// More lines than a page has, an unpaid rest, and names that the fonts do not have.
fn long_invoice() -> InvoiceDocument {
    let mut inputs = inputs(&[(Service::Seal, 812_345, 0)], 0, 0);
    let item = inputs.items[2].clone();
    inputs.items = (0..47).map(|id| BillItem { id, ..item.clone() }).collect();
    let payable = inputs.bill().payable;
    let mut stored = stored(
        DocumentRow {
            status: DocumentStatus::Failed,
            settled_at: None,
            ..row(19, "INV-2026-000019", DocumentKind::Invoice, payable.0)
        },
        &inputs,
        None,
        MonthPayments { in_flight: MicroUsd(5 * DOLLAR), ..paid(payable, &[]) },
    );
    stored.siblings = vec![row(20, "DN-2026-000001", DocumentKind::DebitNote, 0)];
    stored.billed_to =
        BilledTo { name: "東京=ゲーム Łódź Διόνυσος Тест 🎲".to_owned(), ..billed_to("") };
    InvoiceDocument::of(stored)
}

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn assert_golden(name: &str, found: &str) {
    let path = golden(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some_and(|set| set == "1") {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, found).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = found.lines().zip(expected.lines()).find(|(found, expected)| found != expected);
    assert!(found == expected, "{name} is not its golden copy: {differs:?}");
}

/// The text of each page.
fn text_of(pdf: &[u8]) -> String {
    let document = lopdf::Document::load_mem(pdf).unwrap();
    let pages: BTreeMap<_, _> = document.get_pages();
    let text = |page: &u32| format!("--- page {page}\n{}", document.extract_text(&[*page]).unwrap());
    pages.keys().map(text).collect()
}

#[test]
fn golden_documents() {
    for (name, document) in [("invoice", invoice()), ("credit_note", credit_note()), ("long_invoice", long_invoice())] {
        let pdf = document.to_pdf().unwrap();
        assert_eq!(pdf, document.to_pdf().unwrap(), "{name}: the same bytes each time");
        assert_golden(&format!("{name}.json"), &document.to_json());
        assert_golden(&format!("{name}.csv"), &document.to_csv());
        assert_golden(&format!("{name}.pdf.txt"), &text_of(&pdf));
        // To be looked at.
        if let Some(directory) = std::env::var_os("DOCUMENTS_DIRECTORY") {
            std::fs::write(Path::new(&directory).join(format!("{name}.pdf")), pdf).unwrap();
        }
    }
}

#[test]
fn json_is_read_back_and_holds_what_an_audit_needs() {
    for document in [invoice(), credit_note(), long_invoice()] {
        let json = document.to_json();
        assert_eq!(serde_json::from_str::<InvoiceDocument>(&json).unwrap(), document);
        let exported: ExportedInvoice = serde_json::from_str(&json).unwrap();
        assert_eq!(exported, document.exported);
        assert_eq!(BillInputs::hash_of(&exported.inputs), exported.input_hash);
        let inputs: BillInputs = serde_json::from_str(&exported.inputs).unwrap();
        assert_eq!(inputs.bill(), exported.bill);
        let of_lines = document.lines.iter().fold(MicroUsd(0), |sum, line| sum + line.amount);
        assert_eq!(of_lines, document.sums.gross, "lines in words come to the same");
    }
}

#[test]
fn csv_rows_have_the_same_fields_and_no_formulas() {
    let mut document = long_invoice();
    document.lines[0].description = "=HYPERLINK(\"http://x\",\"y\")".to_owned();
    let csv = document.to_csv();
    assert!(csv.contains("\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\""), "{csv}");
    assert!(csv.ends_with("\r\n") && !csv.replace("\r\n", "").contains(['\r', '\n']));
}

/// And in plain text, what the PDF says.
#[test]
fn what_a_customer_is_handed_does_not_name_their_number() {
    for (name, document) in [("invoice", invoice()), ("credit_note", credit_note()), ("long_invoice", long_invoice())] {
        let number = document.exported.customer_id.get().to_string();
        assert!(text_of(&document.to_pdf().unwrap()).contains(&format!("Customer {number}")));
        let handed = document.for_customer();
        let text = text_of(&handed.to_pdf().unwrap());
        assert!(text.contains("BILLED TO") && !text.contains("Customer "), "{text}");
        let csv = handed.to_csv();
        assert!(
            !csv.contains("customer_id") && csv.lines().all(|line| !line.split(',').any(|field| field == number)),
            "{csv}"
        );
        assert_golden(&format!("{name}.txt"), &handed.to_text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_a_document_too() {
    let desk = Desk::at("2026-11-22T12:00:00Z").await;
    let customer = desk.customer(7, 0, 25_000).await;
    desk.received_until("2026-11-22T12:00:00Z").await;
    desk.use_some(customer, "2026-11-20T10:00:00Z", Service::Seal, 10_000, 0).await;
    let draft = desk.settlement.draft_document(customer, month("2026-11")).await.unwrap().unwrap();
    assert_eq!((draft.status, draft.due.0, draft.exported.number.as_str()), (DocumentStatus::Draft, DOLLAR, "draft"));
    assert!(text_of(&draft.to_pdf().unwrap()).contains("Draft invoice"));
    let nobody = CustomerId::new(8).unwrap();
    assert_eq!(desk.settlement.draft_document(nobody, month("2026-11")).await.unwrap(), None);
}
