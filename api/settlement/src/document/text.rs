//! Plain text: what the PDF says, in columns.

use super::words::{count, day, dollars, gib, month};
use super::{InvoiceDocument, Unit};
use suiftly_schema::money::MicroUsd;

/// A line's width, in characters.
const WIDTH: usize = 78;
/// Of which the amount takes so many.
const AMOUNT: usize = 18;

pub(super) fn of(document: &InvoiceDocument) -> String {
    let mut out = String::new();
    let exported = &document.exported;
    line(&mut out, &format!("{} {}", document.title(), exported.number));
    line(&mut out, &format!("{}, issued {}", month(exported.month), day(exported.issued_at)));
    if let Some(corrects) = &exported.corrects {
        line(&mut out, &format!("Corrects {corrects}"));
    }
    line(&mut out, &format!("Billed to {}, {}", plain(&document.billed_to.name), document.billed_to.wallet_address));
    line(&mut out, "");
    for of in &document.lines {
        let quantity = match of.unit {
            Unit::Piece => String::new(),
            Unit::Request => format!("{} at ", count(of.quantity)),
            Unit::Byte => format!("{} GiB at ", gib(of.quantity)),
        };
        amount(&mut out, &format!("{}: {quantity}{}", of.description, of.unit_price), of.amount);
    }
    let sums = &document.sums;
    let rows = [
        ("Waived: beyond the monthly limit", -sums.waiver),
        ("Carried from the month before", sums.carried_in),
        ("Carried to the next month", -sums.carried_out),
    ];
    for (words, sum) in rows.into_iter().filter(|(_, sum)| sum.0 != 0) {
        amount(&mut out, words, sum);
    }
    amount(&mut out, "Total", sums.payable);
    for note in &document.notes {
        amount(&mut out, &format!("Corrected by {}", note.number), note.payable);
    }
    for payment in &document.payments {
        amount(&mut out, &format!("{}, {}", payment.description, day(payment.at)), -payment.amount);
    }
    if document.in_flight.0 != 0 {
        amount(&mut out, "Being charged", -document.in_flight);
    }
    amount(&mut out, "Due", document.due);
    out
}

fn amount(out: &mut String, words: &str, amount: MicroUsd) {
    let words: String = words.chars().take(WIDTH - AMOUNT).collect();
    line(out, &format!("{words:<width$}{:>AMOUNT$}", dollars(amount), width = WIDTH - AMOUNT));
}

/// Without what would move a terminal's cursor.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}
