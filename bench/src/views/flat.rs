//! Whether history costs anything: 100 million lines over 90 days, the last tenth beside the first, and the memory.
//!
//! Each epoch's lines take 100 ms, as at 100,000 lines a second, and the epochs lie evenly over the 90 days, 13 minutes
//! apart: minutes, hours, days and months go by, and no epoch is easier than another. Bar: the last tenth costs 1.1 times the
//! first at most, and the process never holds 500 MB. A shared machine is not as fast at the end as at the beginning: making
//! the lines is the same work all along, so the ratio is told by it, too. All of the process is counted: the making of the lines (some 30 MB)
//! and the reference data of 100,000 customers, too.

use super::feed::{self, Feed, LINES_AN_EPOCH};
use crate::child::own_peak_megabytes;
use crate::report::Row;
use anyhow::ensure;
use suiftly_ingest::simulate::GatewayOptions;

const LINES: u64 = 100_000_000;
const PARTS: u64 = 10;
const SPAN_MS: u64 = 90 * 24 * 3_600_000;
const CUSTOMERS: u32 = 100_000;

/// The lines that were asked for, if they can be parted.
pub(super) fn checked(lines: Option<u64>) -> anyhow::Result<u64> {
    let (lines, part) = (lines.unwrap_or(LINES), PARTS * LINES_AN_EPOCH);
    ensure!((part..=10 * LINES).contains(&lines) && lines % part == 0, "--lines is a multiple of {part}");
    Ok(lines)
}

/// The cost of each tenth, the last beside the first, and the memory after the first and after the last.
pub(super) fn rows(lines: u64) -> anyhow::Result<Vec<Row>> {
    let epochs = lines / LINES_AN_EPOCH;
    let gateway = GatewayOptions { customers: CUSTOMERS, ..GatewayOptions::default() };
    let what = Feed { gateway, epochs, apart_ms: SPAN_MS / epochs, epochs_a_part: epochs / PARTS };
    let millions = lines as f64 / PARTS as f64 / 1e6;
    let (mut costs, mut makings, mut peaks) = (Vec::new(), Vec::new(), Vec::new());
    feed::feed(&what, drop, |cpu, making| {
        makings.push(making / millions);
        costs.push(cpu / millions);
        peaks.push(own_peak_megabytes()?);
        let (part, cost, made) = (costs.len(), cpu / millions, making / millions);
        eprintln!("{part} of {PARTS}: {cost:.3} CPU-s per million lines; making them took {made:.3}");
        Ok(())
    })?;
    let grown = |costs: &[f64]| costs[costs.len() - 1] / costs[0];
    let (grown, machine) = (grown(&costs), grown(&makings));
    let case = format!("{:.0} M lines over 90 days, {CUSTOMERS} customers, Zipf 1", lines as f64 / 1e6);
    let row = |what: &str, unit: &str, runs| Row::new(&format!("{case}: {what}"), "suiftly", unit, runs);
    Ok(vec![
        row("each tenth", "CPU-s per million lines", costs),
        row("the last tenth beside the first", "times", vec![grown]),
        row("the same, by how fast the machine made the lines then", "times", vec![grown / machine]),
        row("most memory at the end of each tenth", "MB", peaks),
    ])
}
