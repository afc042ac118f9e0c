//! Log files to measure with: lines as a gateway writes them, as many as wanted.

use crate::replay::Size;
use anyhow::Context;
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::Path;
use suiftly_ingest::simulate::{GatewayOptions, SimulatedGateway};
use suiftly_schema::time::UnixMillis;

/// 2026-11-21T22:00:00Z.
const START: UnixMillis = UnixMillis(1_795_298_400_000);
const LINES_A_MS: u64 = 20;
/// Real `option httplog` lines with captures, compressed with xz.
const HTTPLOG: &[u8] = include_bytes!("../../ingest/tests/data/httplog-rfc3164.log.xz");

/// SF1 lines of a simulated gateway: 1,000 customers by Zipf's law, 20,000 requests a second. Says how many.
pub fn write_sf1(path: &Path, size: Size) -> anyhow::Result<u64> {
    let mut gateway = SimulatedGateway::new(&GatewayOptions::default(), START);
    write_lines(path, size, |n, out| {
        gateway.line(START.plus_ms(i64::try_from(n / LINES_A_MS).unwrap_or_default()), out);
    })
}

/// Real `option httplog` lines, repeated. Says how many.
pub fn write_httplog(path: &Path, size: Size) -> anyhow::Result<u64> {
    let mut real = Vec::new();
    liblzma::read::XzDecoder::new(HTTPLOG).read_to_end(&mut real).context("cannot decompress the sample")?;
    let real: Vec<_> = real.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).collect();
    let mut again = real.iter().cycle();
    write_lines(path, size, |_, out| out.extend_from_slice(again.next().copied().unwrap_or_default()))
}

/// Writes what `line` appends for 0, 1, … until there is enough.
fn write_lines(path: &Path, size: Size, mut line: impl FnMut(u64, &mut Vec<u8>)) -> anyhow::Result<u64> {
    let cannot = || format!("cannot write {}", path.display());
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path).with_context(cannot)?);
    let (mut lines, mut bytes, mut text) = (0, 0, Vec::new());
    let is_enough = |lines, bytes| match size {
        Size::Lines(wanted) => lines >= wanted,
        Size::Bytes(wanted) => bytes >= wanted,
    };
    while !is_enough(lines, bytes) {
        text.clear();
        line(lines, &mut text);
        text.push(b'\n');
        out.write_all(&text).with_context(cannot)?;
        (lines, bytes) = (lines + 1, bytes + text.len() as u64);
    }
    out.flush().with_context(cannot)?;
    Ok(lines)
}
