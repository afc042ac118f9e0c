//! Log files to measure with: lines as a gateway writes them, as many as wanted.

use anyhow::Context;
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::Path;
use suiftly_ingest::simulate::{GatewayOptions, SimulatedGateway};
use suiftly_schema::time::UnixMillis;

/// 2026-11-21T22:00:00Z.
const START: UnixMillis = UnixMillis(1_795_298_400_000);
const LINES_A_MS: usize = 20;
/// Real `option httplog` lines with captures, compressed with xz.
const HTTPLOG: &[u8] = include_bytes!("../../ingest/tests/data/httplog-rfc3164.log.xz");

/// SF1 lines of a simulated gateway: 1,000 customers by Zipf's law, 20,000 requests a second.
pub fn write_sf1(path: &Path, lines: usize) -> anyhow::Result<()> {
    let mut gateway = SimulatedGateway::new(&GatewayOptions::default(), START);
    let mut line = Vec::new();
    write_lines(path, |n, out| {
        line.clear();
        gateway.line(START.plus_ms(i64::try_from(n / LINES_A_MS)?), &mut line);
        out.write_all(line.trim_ascii_end())?;
        Ok(n + 1 < lines)
    })
}

/// Real `option httplog` lines, repeated.
pub fn write_httplog(path: &Path, lines: usize) -> anyhow::Result<()> {
    let mut real = Vec::new();
    liblzma::read::XzDecoder::new(HTTPLOG).read_to_end(&mut real).context("cannot decompress the sample")?;
    let real: Vec<_> = real.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).collect();
    write_lines(path, |n, out| {
        out.write_all(real[n % real.len()])?;
        Ok(n + 1 < lines)
    })
}

/// Calls `line` with 0, 1, … until it says that there is no more.
fn write_lines(
    path: &Path,
    mut line: impl FnMut(usize, &mut dyn Write) -> anyhow::Result<bool>,
) -> anyhow::Result<()> {
    let cannot = || format!("cannot write {}", path.display());
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path).with_context(cannot)?);
    for n in 0.. {
        let more = line(n, &mut out).with_context(cannot)?;
        out.write_all(b"\n").with_context(cannot)?;
        if !more {
            break;
        }
    }
    out.flush().with_context(cannot)
}
