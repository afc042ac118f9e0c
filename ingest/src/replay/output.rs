//! How totals are written: a table to read, JSON lines or CSV to go on with. Rows come sorted.

use super::Summary;
use super::totals::{Customer, Row};
use serde::Serialize;
use std::io::{self, BufWriter, Write};
use suiftly_schema::usage::UsageSums;

/// The columns of all three, in their order.
const COLUMNS: [&str; 13] = [
    "customer_id",
    "service_type",
    "network",
    "hour",
    "requests",
    "bytes_sent",
    "guaranteed_2xx",
    "burst_2xx",
    "rejected",
    "client_errors",
    "server_errors",
    "other",
    "billable_requests",
];
/// Columns before this one name the row and stand left.
const FIRST_COUNT: usize = 4;

/// A customer's captured text is shown to this length in a table; JSON and CSV have all of it.
const MAX_SHOWN_CHARS: usize = 64;

/// How totals are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Output {
    /// Aligned, with words for services and networks and a line of totals.
    #[default]
    Table,
    /// One object a line; what is not known is null.
    Json,
    /// With a header; what is not known is empty.
    Csv,
}

#[derive(Serialize)]
#[serde(untagged)]
enum JsonCustomer<'a> {
    Id(i64),
    Text(&'a str),
}

#[derive(Serialize)]
struct JsonRow<'a> {
    customer_id: Option<JsonCustomer<'a>>,
    service_type: Option<u8>,
    network: Option<u8>,
    hour: String,
    requests: i64,
    bytes_sent: i64,
    guaranteed_2xx: i64,
    burst_2xx: i64,
    rejected: i64,
    client_errors: i64,
    server_errors: i64,
    other: i64,
    billable_requests: i64,
}

pub(super) fn write(output: Output, rows: &[Row], out: &mut dyn Write) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    match output {
        Output::Table => write_table(rows, &mut out)?,
        Output::Json => write_json(rows, &mut out)?,
        Output::Csv => write_csv(rows, &mut out)?,
    }
    out.flush()
}

/// `accepted + duplicates + system messages + rejected = lines`, and whatever else is worth knowing.
pub(super) fn write_summary(summary: &Summary, err: &mut dyn Write) -> io::Result<()> {
    let counts = &summary.counts;
    let rejected = counts.rejected_total();
    writeln!(
        err,
        "{} accepted + {} duplicates + {} system messages + {rejected} rejected = {} lines",
        counts.accepted,
        counts.came_again(),
        counts.system,
        counts.received
    )?;
    if rejected > 0 {
        let reasons: Vec<_> = counts.rejected.iter().map(|(reason, count)| format!("{reason} {count}")).collect();
        writeln!(err, "rejected: {}", reasons.join(", "))?;
    }
    if summary.missing > 0 {
        let (missing, workers) = (summary.missing, summary.workers);
        writeln!(err, "missing: {missing} numbered lines are not in the input, of workers: {workers}")?;
    }
    if summary.forgotten.duplicates_unproven > 0 {
        let unproven = summary.forgotten.duplicates_unproven;
        writeln!(err, "unproven: {unproven} duplicates were dropped by their number, too far apart to compare")?;
    }
    Ok(())
}

fn write_json(rows: &[Row], out: &mut impl Write) -> io::Result<()> {
    for row in rows {
        let sums = &row.sums;
        let json = JsonRow {
            customer_id: match &row.customer {
                Customer::None => None,
                Customer::Id(id) => Some(JsonCustomer::Id(id.get())),
                Customer::Text(text) => Some(JsonCustomer::Text(text)),
            },
            service_type: row.service.map(|service| service.number()),
            network: row.network.map(|network| network.number()),
            hour: row.hour.rfc3339(),
            requests: sums.requests(),
            bytes_sent: sums.bytes_sent,
            guaranteed_2xx: sums.guaranteed,
            burst_2xx: sums.burst,
            rejected: sums.rejected,
            client_errors: sums.client_error,
            server_errors: sums.server_error,
            other: sums.other,
            billable_requests: sums.billable_requests,
        };
        serde_json::to_writer(&mut *out, &json)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

fn write_csv(rows: &[Row], out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{}", COLUMNS.join(","))?;
    for row in rows {
        let customer = match &row.customer {
            Customer::None => String::new(),
            Customer::Id(id) => id.get().to_string(),
            Customer::Text(text) => csv_text(text),
        };
        let service = row.service.map_or_else(String::new, |service| service.number().to_string());
        let network = row.network.map_or_else(String::new, |network| network.number().to_string());
        let counts = counts(&row.sums).map(|count| count.to_string()).join(",");
        writeln!(out, "{customer},{service},{network},{},{counts}", row.hour.rfc3339())?;
    }
    Ok(())
}

/// RFC 4180: quoted where it must be.
fn csv_text(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

/// In two passes, so that the text of millions of rows need not be kept to align it.
fn write_table(rows: &[Row], out: &mut impl Write) -> io::Result<()> {
    let mut total = UsageSums::default();
    rows.iter().for_each(|row| total += &row.sums);
    let head = COLUMNS.map(str::to_owned);
    let foot = with_counts(["total", "", "", ""].map(str::to_owned), &total);
    let mut widths = [0; COLUMNS.len()];
    widen(&mut widths, &head);
    rows.iter().for_each(|row| widen(&mut widths, &cells(row)));
    widen(&mut widths, &foot);
    write_line(&widths, &head, out)?;
    for row in rows {
        write_line(&widths, &cells(row), out)?;
    }
    write_line(&widths, &foot, out)
}

fn widen(widths: &mut [usize; COLUMNS.len()], cells: &[String; COLUMNS.len()]) {
    for (width, cell) in widths.iter_mut().zip(cells) {
        *width = (*width).max(cell.chars().count());
    }
}

fn write_line(
    widths: &[usize; COLUMNS.len()],
    cells: &[String; COLUMNS.len()],
    out: &mut impl Write,
) -> io::Result<()> {
    for (at, (cell, width)) in cells.iter().zip(widths).enumerate() {
        let gap = if at == 0 { "" } else { "  " };
        if at < FIRST_COUNT {
            write!(out, "{gap}{cell:<width$}")?;
        } else {
            write!(out, "{gap}{cell:>width$}")?;
        }
    }
    writeln!(out)
}

fn cells(row: &Row) -> [String; COLUMNS.len()] {
    let customer = match &row.customer {
        Customer::None => "-".to_owned(),
        Customer::Id(id) => id.get().to_string(),
        Customer::Text(text) => shown(text),
    };
    let service = row.service.map_or("-", |service| service.word()).to_owned();
    let network = row.network.map_or("-", |network| network.word()).to_owned();
    with_counts([customer, service, network, row.hour.rfc3339()], &row.sums)
}

/// A captured text as a table may show it: what came over the network must not steer the terminal or fill the screen.
fn shown(text: &str) -> String {
    let mut shown: String =
        text.chars().take(MAX_SHOWN_CHARS).map(|char| if char.is_control() { '?' } else { char }).collect();
    if text.chars().count() > MAX_SHOWN_CHARS {
        shown.push('…');
    }
    shown
}

fn with_counts(names: [String; FIRST_COUNT], sums: &UsageSums) -> [String; COLUMNS.len()] {
    let mut cells = names.into_iter().chain(counts(sums).map(|count| count.to_string()));
    std::array::from_fn(|_| cells.next().unwrap_or_default())
}

fn counts(sums: &UsageSums) -> [i64; COLUMNS.len() - FIRST_COUNT] {
    [
        sums.requests(),
        sums.bytes_sent,
        sums.guaranteed,
        sums.burst,
        sums.rejected,
        sums.client_error,
        sums.server_error,
        sums.other,
        sums.billable_requests,
    ]
}
