//! `suiftly quarantine …`: the lines that could not be read. To look at them the database is enough; to give them again
//! the running `suiftly up` is asked, by its API and with the development token.

use crate::cli::{Place, QuarantineCommand, QuarantineLs, QuarantineReplay};
use crate::commands::{open_database, unless_broken_pipe};
use crate::config::Config;
use crate::secrets;
use anyhow::Context;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::{self, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use suiftly_store::reader::{KeptLine, QuarantineQuery, Reader};
use tokio::net::TcpStream;

/// How long an answer may take: longer than the server lets itself.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(40);
/// What the server refuses with when it will not the next time; it says so before it took anything.
const PASSING: [&str; 3] = ["recovering", "busy", "overloaded"];
/// How often it is asked then, and how long is waited in between.
const TURNS_MAX: u32 = 30;
const TURN_EVERY: Duration = Duration::from_secs(1);
/// The longest answer that is read.
const ANSWER_BYTES_MAX: usize = 64 << 10;
/// A line in a list is cut after so many characters.
const LISTED_CHARS: usize = 160;

pub(crate) async fn quarantine(command: QuarantineCommand) -> anyhow::Result<()> {
    match command {
        QuarantineCommand::Ls(args) => ls(args).await,
        QuarantineCommand::Show { place, offset, raw } => show(&place, offset, raw).await,
        QuarantineCommand::Replay(args) => replay(args).await,
    }
}

async fn ls(args: QuarantineLs) -> anyhow::Result<()> {
    let QuarantineLs { place, reason, source, limit } = args;
    let reader = reader(&place).await?;
    let mut out = String::new();
    let (rejected, kept) = (reader.pipeline_totals().await?.counts.rejected, reader.quarantine_reasons().await?);
    writeln!(out, "{:<20} {:>12} {:>8} {:>9}", "REASON", "REJECTED", "KEPT", "UNDER WAY")?;
    for kept in kept {
        let rejected = rejected.get(&kept.reason).copied().unwrap_or_default();
        writeln!(out, "{:<20} {rejected:>12} {:>8} {:>9}", kept.reason, kept.lines, kept.under_way)?;
    }
    let lines = reader.quarantine_page(&QuarantineQuery { reason, source, before: None, limit }).await?;
    if !lines.is_empty() {
        writeln!(out, "\n{:<14} {:<24} {:<16} {:<14} LINE", "OFFSET", "RECEIVED", "REASON", "OUTCOME")?;
    }
    for line in lines {
        let (at, outcome, text) = (line.received_at.rfc3339(), outcome(&line), shown(&line.line, LISTED_CHARS));
        writeln!(out, "{:<14} {at:<24} {:<16} {outcome:<14} {text}", line.journal_offset, line.reason)?;
    }
    print(out.as_bytes())
}

async fn show(place: &Place, offset: u64, raw: bool) -> anyhow::Result<()> {
    let line = reader(place).await?.quarantined(offset).await?;
    let line = line.with_context(|| format!("no line of the quarantine stands at {offset}"))?;
    if raw {
        return print(&line.line);
    }
    let mut out = String::new();
    writeln!(out, "offset    {}", line.journal_offset)?;
    writeln!(out, "received  {} in epoch {}", line.received_at.rfc3339(), line.epoch)?;
    writeln!(out, "source    {}", line.source)?;
    writeln!(out, "reason    {}", line.reason)?;
    writeln!(out, "outcome   {}", outcome(&line))?;
    writeln!(out, "{} bytes:\n{}", line.line_bytes, shown(&line.line, usize::MAX))?;
    print(out.as_bytes())
}

fn outcome(line: &KeptLine) -> &str {
    match (&line.outcome, line.requested_at) {
        (Some((word, _)), _) => word,
        (None, Some(_)) => "under way",
        (None, None) => "-",
    }
}

/// Bytes for a terminal, which must not act on them: everything but printable ASCII is escaped.
fn shown(line: &[u8], chars: usize) -> String {
    let text = line.escape_ascii().to_string().replace("\\\"", "\"").replace("\\'", "'");
    match text.char_indices().nth(chars) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

async fn reader(place: &Place) -> anyhow::Result<Reader> {
    let config = Config::read(place.config.as_deref())?;
    let (_, store) = open_database(place, &config).await?;
    let journal = Reader::new(&store, "")?.latest_journal().await?;
    Ok(Reader::new(&store, journal.as_deref().unwrap_or_default())?)
}

fn print(bytes: &[u8]) -> anyhow::Result<()> {
    unless_broken_pipe(io::stdout().lock().write_all(bytes).context("cannot write the lines"))
}

/// Asks until nothing is left to give again. What failed before is asked for once: it may fail for ever.
async fn replay(args: QuarantineReplay) -> anyhow::Result<()> {
    let QuarantineReplay { place, reason, offsets, again } = args;
    let config = Config::read(place.config.as_deref())?;
    let (api, token) = (api_of(config.api.listen)?, secrets::dev_token(&place.data_dir)?);
    let offsets = (!offsets.is_empty()).then_some(offsets);
    let body = json!({"reason": reason, "offsets": offsets, "again": again});
    let (mut total, mut last_epoch) = (0, None);
    loop {
        let answer = post(api, &token, "/api/v1/quarantine/replay", &body).await?;
        let lines = answer["lines"].as_u64().context("the server's answer does not say how many lines")?;
        (total, last_epoch) = (total + lines, answer["epoch"].as_u64().or(last_epoch));
        if lines == 0 || again {
            break;
        }
    }
    match last_epoch {
        Some(epoch) => eprintln!("{total} lines were given again, up to epoch {epoch}; `ls` shows what became of them"),
        None => eprintln!("there is nothing to give again"),
    }
    Ok(())
}

/// Where a server that listens there is reached from this machine.
fn api_of(listen: SocketAddr) -> anyhow::Result<SocketAddr> {
    anyhow::ensure!(listen.port() != 0, "api.listen names no port: name the one that `suiftly up` listens on");
    Ok(match listen {
        SocketAddr::V4(addr) if addr.ip().is_unspecified() => (Ipv4Addr::LOCALHOST, addr.port()).into(),
        SocketAddr::V6(addr) if addr.ip().is_unspecified() => (Ipv6Addr::LOCALHOST, addr.port()).into(),
        addr => addr,
    })
}

/// Asks again for a while when the server has just started, or answers somebody else.
async fn post(api: SocketAddr, token: &str, path: &str, body: &Value) -> anyhow::Result<Value> {
    let mut turn = 1;
    loop {
        let asked = tokio::time::timeout(ANSWER_TIMEOUT, ask(api, token, path, body)).await;
        let (is_success, answer) = asked.context("the server did not answer in time")??;
        let answer: Value = serde_json::from_slice(&answer).context("the server's answer is no JSON")?;
        if is_success {
            return Ok(answer);
        }
        let passes = answer["code"].as_str().is_some_and(|code| PASSING.contains(&code));
        if turn == TURNS_MAX || !passes {
            let said = answer["detail"].as_str().or(answer["title"].as_str()).unwrap_or("no reason given");
            anyhow::bail!("the server refused: {said}");
        }
        turn += 1;
        tokio::time::sleep(TURN_EVERY).await;
    }
}

async fn ask(api: SocketAddr, token: &str, path: &str, body: &Value) -> anyhow::Result<(bool, Bytes)> {
    let stream = TcpStream::connect(api).await;
    let stream = stream.with_context(|| format!("cannot reach `suiftly up` at {api}: is it running?"))?;
    let failed = || format!("cannot ask the server at {api}");
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.with_context(failed)?;
    let connection = tokio::spawn(connection);
    let request = hyper::Request::post(path)
        .header(HOST, api.to_string())
        .header(AUTHORIZATION, format!("Bearer {token}"))
        .header(CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(body.to_string())))
        .with_context(failed)?;
    let answer = sender.send_request(request).await.with_context(failed)?;
    let is_success = answer.status().is_success();
    let bytes = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await;
    let bytes = bytes.map_err(|error| anyhow::anyhow!("cannot read the server's answer: {error}"))?.to_bytes();
    connection.abort();
    Ok((is_success, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_shown_without_what_a_terminal_would_act_on() {
        let cases: [(&[u8], usize, &str); 4] = [
            (b"<134>\"GET /\" 'x'", 99, "<134>\"GET /\" 'x'"),
            (b"\x1b[2J\xff\0\n", 99, "\\x1b[2J\\xff\\x00\\n"),
            (b"12345", 3, "123…"),
            (b"123", 3, "123"),
        ];
        for (line, chars, expected) in cases {
            assert_eq!(shown(line, chars), expected);
        }
    }

    #[test]
    fn a_server_that_listens_everywhere_is_reached_here() {
        let cases = [
            ("127.0.0.1:3000", Some("127.0.0.1:3000")),
            ("0.0.0.0:3000", Some("127.0.0.1:3000")),
            ("[::]:3000", Some("[::1]:3000")),
            ("192.0.2.7:80", Some("192.0.2.7:80")),
            ("127.0.0.1:0", None),
        ];
        for (listen, expected) in cases {
            let found = api_of(listen.parse().unwrap()).ok().map(|addr| addr.to_string());
            assert_eq!(found.as_deref(), expected, "{listen}");
        }
    }
}
