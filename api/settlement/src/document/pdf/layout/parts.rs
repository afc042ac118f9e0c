//! The parts of a document, from the top down.

use super::{BRAND, Color, GREY, INK, LEFT, PAGE_HEIGHT, PALE, RIGHT, Sheet, Style, Weight};
use crate::document::{DocumentLine, InvoiceDocument, Unit, words};
use suiftly_schema::invoice::{DocumentKind, DocumentStatus};
use suiftly_schema::money::MicroUsd;

/// With a dash for a minus: a hyphen is too short, and the fonts have no other.
fn dashed(text: &str) -> String {
    text.replacen('-', "\u{2013}", 1)
}

fn dollars(amount: MicroUsd) -> String {
    dashed(&words::dollars(amount))
}

const BODY: Style = Style(9.0, Weight::Regular, INK);
const BODY_BOLD: Style = Style(9.0, Weight::Bold, INK);
const SMALL: Style = Style(7.5, Weight::Regular, GREY);
const LABEL: Style = Style(7.5, Weight::Bold, GREY);
const WHITE: Color = Color(255, 255, 255);
const NOTHING: MicroUsd = MicroUsd(0);

/// Columns of the table: where description, quantity, unit price and amount stand; all but the first end there.
const QUANTITY_TO: f32 = 344.0;
const PRICE_TO: f32 = 452.0;
const LINE_HEIGHT: f32 = 19.0;
const SUMS_FROM: f32 = 330.0;
const SUM_HEIGHT: f32 = 16.0;
/// Lines of the billing profile that are shown at most.
const PROFILE_LINES_MAX: usize = 7;

/// Mark, title, who is billed, and the dates.
pub(super) fn head(sheet: &mut Sheet<'_>, document: &InvoiceDocument) {
    mark(sheet, LEFT, 52.0);
    sheet.text(LEFT + 28.0, 68.0, 200.0, Style(16.0, Weight::Bold, INK), "Suiftly");
    sheet.text_to(RIGHT, 66.0, Style(18.0, Weight::Bold, INK), document.title());
    let number = if document.status == DocumentStatus::Draft { "not issued" } else { &document.exported.number };
    sheet.text_to(RIGHT, 81.0, Style(9.5, Weight::Regular, GREY), number);
    let billed = billed_to(sheet, document, 128.0);
    let facts = facts(sheet, document, 128.0);
    sheet.y = billed.max(facts) + 22.0;
}

/// Three bars that quicken.
fn mark(sheet: &mut Sheet<'_>, x: f32, y: f32) {
    sheet.filled(x, y, (20.0, 20.0), BRAND);
    for (at, width) in [6.0, 9.0, 12.0].into_iter().enumerate() {
        let down = [4.0, 8.75, 13.5].get(at).copied().unwrap_or_default();
        sheet.filled(x + 4.0, y + down, (width, 2.5), WHITE);
    }
}

fn billed_to(sheet: &mut Sheet<'_>, document: &InvoiceDocument, top: f32) -> f32 {
    let width = 240.0;
    let party = &document.billed_to;
    sheet.text(LEFT, top, width, LABEL, "BILLED TO");
    let mut y = top + 15.0;
    sheet.text(LEFT, y, width, Style(10.0, Weight::Bold, INK), &party.name);
    // What addresses begin with first, then the rest by name.
    const FIRST: [&str; 8] = ["company", "name", "address", "street", "postal_code", "city", "region", "country"];
    let rank = |name: &str| FIRST.iter().position(|first| *first == name).unwrap_or(FIRST.len());
    let mut profile: Vec<_> = party.profile.iter().filter(|(_, text)| !text.trim().is_empty()).collect();
    profile.sort_by_key(|(name, _)| rank(name));
    let lines = profile.into_iter().flat_map(|(name, text)| {
        let shows_name = rank(name) == FIRST.len();
        text.lines().map(move |line| if shows_name { format!("{}: {line}", title_of(name)) } else { line.to_owned() })
    });
    for line in lines.take(PROFILE_LINES_MAX).collect::<Vec<_>>() {
        y += 13.0;
        sheet.text(LEFT, y, width, BODY, &line);
    }
    y += 13.0;
    if !document.hides_customer_id {
        sheet.text(LEFT, y, width, SMALL, &format!("Customer {}", document.exported.customer_id.get()));
        y += 10.5;
    }
    sheet.text(LEFT, y, width, SMALL, &short_address(&party.wallet_address));
    y
}

/// `tax_id` as `Tax id`.
fn title_of(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    first + &letters.as_str().replace('_', " ")
}

/// `0x12345678…9abcdef0`: enough to know it by.
fn short_address(address: &str) -> String {
    match (address.get(..10), address.len().checked_sub(8).and_then(|from| address.get(from..))) {
        (Some(begin), Some(end)) if address.len() > 24 => format!("{begin}\u{2026}{end}"),
        _ => address.to_owned(),
    }
}

fn facts(sheet: &mut Sheet<'_>, document: &InvoiceDocument, top: f32) -> f32 {
    let exported = &document.exported;
    let issued = if document.status == DocumentStatus::Draft { "As of" } else { "Issued" };
    let mut facts = vec![
        ("Billing month", words::month(exported.month)),
        (issued, words::day(exported.issued_at)),
        ("Status", status(document)),
    ];
    if let Some(corrects) = &exported.corrects {
        facts.push(("Corrects", corrects.clone()));
    }
    let label = if exported.kind == DocumentKind::CreditNote { "Credited" } else { "Amount due" };
    let amount = if exported.kind == DocumentKind::CreditNote { -document.sums.payable } else { document.due };
    let mut y = top;
    for (name, value) in facts {
        sheet.text(SUMS_FROM, y, 100.0, Style(9.0, Weight::Regular, GREY), name);
        sheet.text_to(RIGHT, y, BODY, &value);
        y += 15.0;
    }
    y += 3.0;
    sheet.filled(SUMS_FROM - 10.0, y - 9.0, (RIGHT - SUMS_FROM + 20.0, 26.0), PALE);
    sheet.text(SUMS_FROM, y + 8.0, 100.0, Style(9.5, Weight::Bold, BRAND), label);
    sheet.text_to(RIGHT, y + 8.0, Style(12.0, Weight::Bold, BRAND), &dollars(amount));
    y + 17.0
}

fn status(document: &InvoiceDocument) -> String {
    match (document.status, document.settled_at) {
        (DocumentStatus::Draft, _) => "Draft: the month is open".to_owned(),
        (DocumentStatus::Open, _) => "Open".to_owned(),
        (DocumentStatus::Failed, _) => "Open: a charge was refused".to_owned(),
        (DocumentStatus::Void, _) => "Void".to_owned(),
        (DocumentStatus::Paid, Some(at)) => format!("Settled on {}", words::day(at)),
        (DocumentStatus::Paid, None) => "Settled".to_owned(),
    }
}

fn continued(document: &InvoiceDocument) -> String {
    format!("{} {}, continued", document.title(), document.exported.number)
}

/// The table.
pub(super) fn lines(sheet: &mut Sheet<'_>, document: &InvoiceDocument) {
    table_head(sheet);
    if document.lines.is_empty() {
        sheet.text(LEFT, sheet.y + 13.0, 300.0, Style(9.0, Weight::Regular, GREY), "Nothing was used.");
        sheet.y += LINE_HEIGHT;
        sheet.rule(sheet.y);
    }
    for line in &document.lines {
        if sheet.make_room(LINE_HEIGHT, &continued(document)) {
            table_head(sheet);
        }
        let y = sheet.y + 13.0;
        sheet.text(LEFT, y, QUANTITY_TO - LEFT - 78.0, BODY, &line.description);
        sheet.text_to(QUANTITY_TO, y, BODY, &quantity(line));
        sheet.text_to(PRICE_TO, y, BODY, &line.unit_price);
        sheet.text_to(RIGHT, y, BODY, &dollars(line.amount));
        sheet.y += LINE_HEIGHT;
        sheet.rule(sheet.y);
    }
    sheet.y += 10.0;
}

fn table_head(sheet: &mut Sheet<'_>) {
    let y = sheet.y + 8.0;
    sheet.text(LEFT, y, 200.0, LABEL, "DESCRIPTION");
    sheet.text_to(QUANTITY_TO, y, LABEL, "QUANTITY");
    sheet.text_to(PRICE_TO, y, LABEL, "UNIT PRICE");
    sheet.text_to(RIGHT, y, LABEL, "AMOUNT");
    sheet.y += 14.0;
    sheet.filled(LEFT, sheet.y, (RIGHT - LEFT, 1.0), INK);
    sheet.y += 1.0;
}

fn quantity(line: &DocumentLine) -> String {
    match line.unit {
        Unit::Byte => format!("{} GiB", dashed(&words::gib(line.quantity))),
        Unit::Piece | Unit::Request => dashed(&words::count(line.quantity)),
    }
}

/// What the lines come to.
pub(super) fn sums(sheet: &mut Sheet<'_>, document: &InvoiceDocument) {
    let sums = &document.sums;
    let is_note = document.exported.kind != DocumentKind::Invoice;
    let mut rows = vec![("Sum of lines", sums.gross)];
    if sums.waiver != NOTHING {
        rows.push(("Limit waiver", -sums.waiver));
        rows.push(("Total", sums.total));
    }
    if sums.carried_in != NOTHING {
        rows.push(("Carried from the month before", sums.carried_in));
    }
    if sums.carried_out != NOTHING {
        rows.push(("Carried to the next month", -sums.carried_out));
    }
    sheet.make_room(SUM_HEIGHT * 6.0 + 30.0, &continued(document));
    for (name, amount) in rows {
        sum(sheet, name, amount, (Style(9.0, Weight::Regular, GREY), BODY));
    }
    let name = match document.exported.kind {
        DocumentKind::Invoice => "Invoice total",
        DocumentKind::DebitNote => "Asked for",
        DocumentKind::CreditNote => "Credited",
    };
    let amount = if document.exported.kind == DocumentKind::CreditNote { -sums.payable } else { sums.payable };
    sum(sheet, name, amount, (BODY_BOLD, BODY_BOLD));
    if sums.waiver != NOTHING {
        sheet.y += 4.0;
        let waived = dollars(sums.waiver);
        let text = if is_note {
            format!("Of the difference, {waived} is waived: it passes the month's spending limit.")
        } else {
            format!("Usage beyond the month's spending limit is not charged: {waived} is waived.")
        };
        sheet.text(LEFT, sheet.y + 9.0, RIGHT - LEFT, SMALL, &text);
        sheet.y += 14.0;
    }
    sheet.y += 8.0;
}

fn sum(sheet: &mut Sheet<'_>, name: &str, amount: MicroUsd, (names, amounts): (Style, Style)) {
    let y = sheet.y + 11.0;
    sheet.text(SUMS_FROM, y, 160.0, names, name);
    sheet.text_to(RIGHT, y, amounts, &dollars(amount));
    sheet.y += SUM_HEIGHT;
}

/// Notes, payments, and what is left.
pub(super) fn payments(sheet: &mut Sheet<'_>, document: &InvoiceDocument) {
    let rows: Vec<_> = document.notes.iter().map(|note| (note.number.clone(), None, note.payable)).collect();
    let paid = document.payments.iter().map(|paid| (paid.description.clone(), Some(paid.at), -paid.amount));
    let rows: Vec<_> = rows.into_iter().chain(paid).collect();
    if rows.is_empty() && document.in_flight == NOTHING {
        return;
    }
    sheet.make_room(SUM_HEIGHT * 3.0, &continued(document));
    sheet.text(
        LEFT,
        sheet.y + 8.0,
        200.0,
        LABEL,
        if document.notes.is_empty() { "PAYMENTS" } else { "NOTES AND PAYMENTS" },
    );
    sheet.y += 14.0;
    sheet.rule(sheet.y);
    sheet.y += 3.0;
    for (name, at, amount) in rows {
        payment(sheet, document, &name, &at.map(words::day).unwrap_or_default(), amount);
    }
    if document.in_flight != NOTHING {
        payment(sheet, document, "Being drawn from escrow", "", -document.in_flight);
    }
    sheet.rule(sheet.y + 3.0);
    sheet.y += 5.0;
    sum(sheet, "Still due", document.due, (BODY_BOLD, BODY_BOLD));
}

fn payment(sheet: &mut Sheet<'_>, document: &InvoiceDocument, name: &str, day: &str, amount: MicroUsd) {
    sheet.make_room(SUM_HEIGHT, &continued(document));
    let y = sheet.y + 11.0;
    sheet.text(LEFT, y, 260.0, BODY, name);
    sheet.text(SUMS_FROM, y, 110.0, Style(9.0, Weight::Regular, GREY), day);
    sheet.text_to(RIGHT, y, BODY, &dollars(amount));
    sheet.y += SUM_HEIGHT;
}

/// The inputs' hash, and which page it is.
pub(super) fn foot(sheet: &mut Sheet<'_>, document: &InvoiceDocument, at: usize, pages: usize) {
    let mut own = Sheet { fonts: sheet.fonts, pages: vec![std::mem::take(&mut sheet.pages[at])], y: 0.0 };
    let y = PAGE_HEIGHT - 58.0;
    own.rule(y - 14.0);
    let note = Style(7.0, Weight::Regular, GREY);
    own.text(LEFT, y, 400.0, note, "Amounts in US dollars, paid in USDC. Days and months are in UTC.");
    own.text_to(RIGHT, y, note, &format!("Page {} of {pages}", at + 1));
    own.text(LEFT, y + 11.0, RIGHT - LEFT, note, &format!("SHA-256 of the inputs: {}", document.exported.input_hash));
    sheet.pages[at] = own.pages.pop().unwrap_or_default();
}
