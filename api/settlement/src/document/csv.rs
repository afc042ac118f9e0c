//! CSV: one row a line, a sum or a payment, so that a spreadsheet can take the document apart. RFC 4180.

use super::{InvoiceDocument, words};
use suiftly_schema::money::MicroUsd;

const HEADER: [&str; 12] = [
    "number",
    "kind",
    "customer_id",
    "month",
    "row",
    "description",
    "quantity",
    "unit",
    "unit_price",
    "amount_usd",
    "amount_micro_usd",
    "date",
];

pub(super) fn of(document: &InvoiceDocument) -> String {
    let mut out = String::new();
    row(&mut out, document, &HEADER.map(str::to_owned));
    let sums = &document.sums;
    for line in &document.lines {
        let quantity = (line.quantity.to_string(), line.unit.word(), line.unit_price.as_str());
        full(&mut out, document, "line", &line.description, Some(quantity), line.amount, "");
    }
    let rows = [
        ("gross", sums.gross),
        ("limit_waiver", -sums.waiver),
        ("total", sums.total),
        ("carried_in", sums.carried_in),
        ("payable", sums.payable),
        ("carried_out", sums.carried_out),
    ];
    for (kind, amount) in rows {
        full(&mut out, document, kind, "", None, amount, "");
    }
    for note in &document.notes {
        full(&mut out, document, "note", &note.number, None, note.payable, "");
    }
    for payment in &document.payments {
        full(&mut out, document, "payment", &payment.description, None, payment.amount, &payment.at.rfc3339());
    }
    full(&mut out, document, "due", "", None, document.due, "");
    out
}

fn full(
    out: &mut String,
    document: &InvoiceDocument,
    kind: &str,
    description: &str,
    quantity: Option<(String, &str, &str)>,
    amount: MicroUsd,
    date: &str,
) {
    let exported = &document.exported;
    let (quantity, unit, unit_price) = quantity.unwrap_or_default();
    let fields = [
        text(&exported.number),
        exported.kind.word().to_owned(),
        exported.customer_id.get().to_string(),
        exported.month.to_string(),
        kind.to_owned(),
        text(description),
        quantity,
        unit.to_owned(),
        text(unit_price),
        words::decimal(amount),
        amount.0.to_string(),
        date.to_owned(),
    ];
    row(out, document, &fields);
}

fn row(out: &mut String, document: &InvoiceDocument, fields: &[String; HEADER.len()]) {
    let shown = HEADER.iter().zip(fields).filter(|(name, _)| **name != "customer_id" || !document.hides_customer_id);
    let quoted: Vec<String> = shown.map(|(_, field)| quoted(field)).collect();
    *out += &quoted.join(",");
    *out += "\r\n";
}

fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

/// A text, such that no spreadsheet takes it for a formula.
fn text(field: &str) -> String {
    if field.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { format!("'{field}") } else { field.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::{quoted, text};

    #[test]
    fn quotes_and_formulas() {
        for (field, expected) in
            [("a", "a"), ("a,b", "\"a,b\""), ("say \"x\"", "\"say \"\"x\"\"\""), ("a\nb", "\"a\nb\"")]
        {
            assert_eq!(quoted(field), expected);
        }
        for (field, expected) in [
            ("=1+1", "'=1+1"),
            ("-2", "'-2"),
            ("@x", "'@x"),
            ("+1", "'+1"),
            ("\tx", "'\tx"),
            ("Seal", "Seal"),
            ("", ""),
        ] {
            assert_eq!(text(field), expected);
        }
    }
}
