//! `suiftly quarantine …`: the lines that could not be read. To look at them the database is enough; to give them again
//! the running `suiftly up` is asked, on its operators' port.

use crate::cli::{Place, QuarantineCommand, QuarantineLs, QuarantineReplay};
use crate::client::Client;
use crate::commands::{find_database, unless_broken_pipe};
use crate::config::Config;
use anyhow::Context;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::{self, Write};
use suiftly_store::reader::{KeptLine, LineJournal, QuarantineQuery, Reader};

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
    let query = QuarantineQuery { reason, source, before: None, limit };
    for (ingester, reader) in by_ingester(&reader).await? {
        let lines = reader.quarantine_page(&query).await?;
        if !lines.is_empty() {
            writeln!(out, "\n{:<14} {:<24} {:<16} {:<14} LINE{ingester}", "OFFSET", "RECEIVED", "REASON", "OUTCOME")?;
        }
        for line in lines {
            let (at, outcome, text) = (line.received_at.rfc3339(), outcome(&line), shown(&line.line, LISTED_CHARS));
            writeln!(out, "{:<14} {at:<24} {:<16} {outcome:<14} {text}", line.journal_offset, line.reason)?;
        }
    }
    print(out.as_bytes())
}

/// A reader for each journal that lines are in, and which that is: in a cluster each ingester's, else the only one.
async fn by_ingester(reader: &Reader) -> anyhow::Result<Vec<(String, Reader)>> {
    let journals = reader.line_journals().await?;
    if journals.is_empty() {
        return Ok(vec![(String::new(), reader.clone())]);
    }
    let of = |journal: LineJournal| (format!(" of {}", journal.name), reader.of_journal(&journal.journal_id));
    Ok(journals.into_iter().map(of).collect())
}

async fn show(place: &Place, offset: u64, raw: bool) -> anyhow::Result<()> {
    let (mut found, mut lines) = (Vec::new(), 0);
    for (ingester, reader) in by_ingester(&reader(place).await?).await? {
        let Some(line) = reader.quarantined(offset).await? else { continue };
        lines += 1;
        found.extend(if raw { line.line } else { told(&line, &ingester)?.into_bytes() });
    }
    anyhow::ensure!(lines > 0, "no line of the quarantine stands at {offset}");
    print(&found)
}

fn told(line: &KeptLine, ingester: &str) -> anyhow::Result<String> {
    let mut out = String::new();
    writeln!(out, "offset    {}{ingester}", line.journal_offset)?;
    writeln!(out, "received  {} in epoch {}", line.received_at.rfc3339(), line.epoch)?;
    writeln!(out, "source    {}", line.source)?;
    writeln!(out, "reason    {}", line.reason)?;
    writeln!(out, "outcome   {}", outcome(line))?;
    writeln!(out, "{} bytes:\n{}", line.line_bytes, shown(&line.line, usize::MAX))?;
    Ok(out)
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
    let (_, store) = find_database(place, &config).await?;
    let journal = Reader::new(&store, "")?.latest_journal().await?;
    Ok(Reader::new(&store, journal.as_deref().unwrap_or_default())?)
}

fn print(bytes: &[u8]) -> anyhow::Result<()> {
    unless_broken_pipe(io::stdout().lock().write_all(bytes).context("cannot write the lines"))
}

/// Asks until nothing is left to give again. What failed before is asked for once: it may fail for ever.
async fn replay(args: QuarantineReplay) -> anyhow::Result<()> {
    let QuarantineReplay { place, reason, offsets, again, ingester } = args;
    let client = Client::of(&place)?;
    let ingesters = match ingester {
        Some(name) => vec![Some(name)],
        None => ingesters(&client.get("/api/v1/quarantine?limit=1").await?),
    };
    let is_known_whose = offsets.is_empty() || ingesters.len() == 1;
    anyhow::ensure!(is_known_whose, "an offset is a place in one journal: say whose by --ingester");
    let offsets = (!offsets.is_empty()).then_some(offsets);
    for ingester in ingesters {
        let body = json!({"reason": reason, "offsets": offsets, "again": again, "journal": ingester});
        let of = ingester.map_or_else(String::new, |name| format!(" of ingest-{name}"));
        match replay_all(&client, &body, again).await? {
            (lines, Some(epoch)) => {
                eprintln!("{lines} lines{of} were given again, up to epoch {epoch}; `ls` shows what became of them");
            }
            (_, None) => eprintln!("there is nothing{of} to give again"),
        }
    }
    Ok(())
}

/// The ingesters of a cluster, as a page of lines names them; a process alone has one journal without a name. What an
/// ingester left in a journal that it has no more (`a.1`) cannot be given again.
fn ingesters(page: &Value) -> Vec<Option<String>> {
    let names = page["journals"].as_array().map(Vec::as_slice).unwrap_or_default();
    let current = names.iter().filter_map(Value::as_str).filter(|name| !name.contains('.'));
    let names: Vec<_> = current.map(|name| Some(name.to_owned())).collect();
    if names.is_empty() { vec![None] } else { names }
}

/// How many lines, and the last epoch that holds one.
async fn replay_all(client: &Client, body: &Value, again: bool) -> anyhow::Result<(u64, Option<u64>)> {
    let (mut total, mut last_epoch) = (0, None);
    loop {
        let answer = client.post("/api/v1/quarantine/replay", body).await?;
        let lines = answer["lines"].as_u64().context("the server's answer does not say how many lines")?;
        (total, last_epoch) = (total + lines, answer["epoch"].as_u64().or(last_epoch));
        if lines == 0 || again {
            return Ok((total, last_epoch));
        }
    }
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
    fn each_ingester_is_asked_or_the_only_journal() {
        let named = |name: &str| Some(name.to_owned());
        assert_eq!(ingesters(&json!({"lines": []})), [None]);
        let page = json!({"lines": [], "journal": "a", "journals": ["a", "b", "a.1"]});
        assert_eq!(ingesters(&page), [named("a"), named("b")]);
    }
}
