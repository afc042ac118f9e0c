//! `suiftly log-format …`: strings explained and tried on files here; published formats over the operators' port of the
//! running `suiftly up`.

use crate::cli::{FormatArgs, FormatTry, LogFormatCommand};
use crate::client::Client;
use crate::commands::unless_broken_pipe;
use anyhow::Context;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use suiftly_api::{Clock, SystemClock};
use suiftly_ingest::haproxy::log_format::LogFormat;
use suiftly_ingest::replay;

/// So much of a line is shown around the place where it stops fitting.
const SHOWN_CHARS: usize = 60;

/// Those that ask the running server.
pub(crate) async fn log_format(command: LogFormatCommand) -> anyhow::Result<()> {
    match command {
        LogFormatCommand::Check { format, files } => check(&format, files),
        LogFormatCommand::List { place, json } => list(&Client::of(&place)?, json).await,
        LogFormatCommand::Try(args) => try_one(args).await,
        LogFormatCommand::Publish { name, format, place } => publish(&Client::of(&place)?, &name, format).await,
        LogFormatCommand::Retire { name, place } => {
            Client::of(&place)?.delete(&path(&name)?).await?;
            eprintln!("{name} is retired");
            Ok(())
        }
    }
}

fn check(format: &str, files: Vec<PathBuf>) -> anyhow::Result<()> {
    let format = LogFormat::compile(format).map_err(|error| anyhow::anyhow!("cannot use the log-format: {error}"))?;
    let inputs = files.into_iter().map(replay::Input::from_argument).collect();
    let mut out = BufWriter::new(io::stdout().lock());
    let checked = replay::check(&format, inputs, SystemClock.now(), &mut out).map_err(anyhow::Error::from);
    let checked = checked.and_then(|checked| out.flush().context("cannot write").map(|()| checked));
    match checked {
        Ok(checked) if checked.failed > 0 => {
            anyhow::bail!("{} of {} lines are not of this format", checked.failed, checked.lines)
        }
        checked => unless_broken_pipe(checked.map(|_| ())),
    }
}

async fn list(client: &Client, json: bool) -> anyhow::Result<()> {
    let answer = client.get("/api/v1/formats").await?;
    let items = answer["items"].as_array().context("the server's answer has no formats")?;
    let mut out = String::new();
    for item in items {
        if json {
            writeln!(out, "{item}")?;
            continue;
        }
        let text = |field: &str| item[field].as_str().unwrap_or_default();
        writeln!(out, "{}  {}  {} by {}", text("name"), text("state"), text("published_at"), text("published_by"))?;
        writeln!(out, "    {}", text("log_format"))?;
        for (name, from) in item["attribution"].as_object().into_iter().flatten() {
            writeln!(out, "    {name} = {}", from.as_str().unwrap_or_default())?;
        }
    }
    print(&out)
}

async fn publish(client: &Client, name: &str, format: FormatArgs) -> anyhow::Result<()> {
    client.put(&path(name)?, &body(format)?.into()).await?;
    eprintln!("{name} is in force: `suiftly quarantine replay` gives the lines again");
    Ok(())
}

async fn try_one(args: FormatTry) -> anyhow::Result<()> {
    let FormatTry { format, reason, limit, offsets, json, place } = args;
    let mut asked = body(format)?;
    if offsets.is_empty() {
        asked.extend([("reason".to_owned(), json!(reason)), ("limit".to_owned(), json!(limit))]);
    } else {
        asked.insert("offsets".to_owned(), json!(offsets));
    }
    let answer = Client::of(&place)?.post("/api/v1/formats/try", &asked.into()).await?;
    let text = if json { format!("{answer:#}\n") } else { shown(&answer)? };
    print(&text)?;
    if let Some(error) = answer["error"].as_object() {
        let says = |field: &str| error.get(field).and_then(Value::as_str).unwrap_or_default();
        anyhow::bail!("{}, at character {}: {}", says("field"), error["position"], says("message"));
    }
    let (read, failed) = (count(&answer, "read")?, count(&answer, "failed")?);
    anyhow::ensure!(failed == 0, "{failed} of {} lines are not of this format", read + failed);
    eprintln!("{read} lines are read by it");
    Ok(())
}

fn count(answer: &Value, field: &str) -> anyhow::Result<u64> {
    answer[field].as_u64().with_context(|| format!("the server's answer does not say what it {field}"))
}

/// What the server takes.
fn body(format: FormatArgs) -> anyhow::Result<Map<String, Value>> {
    let FormatArgs { log_format, attribution } = format;
    let mut entries = Map::new();
    for (name, field) in attribution {
        let twice = entries.insert(name.clone(), field.into()).is_some();
        anyhow::ensure!(!twice, "{name} is attributed twice");
    }
    Ok(Map::from_iter([("log_format".to_owned(), log_format.into()), ("attribution".to_owned(), entries.into())]))
}

/// A format's own path. What no format can be called would be another path.
fn path(name: &str) -> anyhow::Result<String> {
    let is_name = suiftly_schema::log_format::is_format_name(name);
    anyhow::ensure!(is_name, "{name:?} is no name: 1 to 64 letters, digits, `.`, `_` and `-`");
    Ok(format!("/api/v1/formats/{name}"))
}

/// Warnings, the fields that can be attributed, and line by line what becomes of it.
fn shown(answer: &Value) -> anyhow::Result<String> {
    let mut out = String::new();
    let each = |field: &str| answer[field].as_array().cloned().unwrap_or_default();
    for warning in each("warnings") {
        writeln!(
            out,
            "warning: at character {}: {}",
            warning["position"],
            warning["text"].as_str().unwrap_or_default()
        )?;
    }
    let fields: Vec<_> = each("fields").iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect();
    writeln!(out, "fields: {}", fields.join(" "))?;
    for line in each("lines") {
        let offset = line["offset"].to_string();
        match line["record"].as_object() {
            Some(record) => writeln!(out, "{offset:<14} {}", summary(record))?,
            None => {
                writeln!(out, "{offset:<14} {}", line["problem"].as_str().unwrap_or_default())?;
                out += &mark(line["text"].as_str().unwrap_or_default(), line["stops_at"].as_u64());
            }
        }
    }
    Ok(out)
}

fn summary(record: &Map<String, Value>) -> String {
    let fields =
        ["timestamp", "customer_id", "server_id", "service", "network", "traffic_type", "status_code", "bytes_sent"];
    let said = fields.iter().map(|field| match record.get(*field) {
        Some(Value::String(text)) => format!("{field} {text}"),
        Some(Value::Null) | None => format!("{field} -"),
        Some(value) => format!("{field} {value}"),
    });
    said.collect::<Vec<_>>().join("  ")
}

/// The part of a line around a character, counted from 1, and a mark under it. Control characters are shown as `?`.
fn mark(text: &str, at: Option<u64>) -> String {
    let at = at.and_then(|at| usize::try_from(at).ok()).map(|at| at.saturating_sub(1));
    let skipped = at.unwrap_or_default().saturating_sub(SHOWN_CHARS / 2);
    let part = text.chars().skip(skipped).take(2 * SHOWN_CHARS);
    let part: String = part.map(|char| if char.is_control() { '?' } else { char }).collect();
    let ellipsis = if skipped > 0 { "…" } else { "" };
    let under = at.map_or_else(String::new, |at| {
        format!("    {:width$}^\n", "", width = at - skipped + ellipsis.chars().count())
    });
    format!("    {ellipsis}{part}\n{under}")
}

fn print(text: &str) -> anyhow::Result<()> {
    unless_broken_pipe(io::stdout().lock().write_all(text.as_bytes()).context("cannot write the formats"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_stands_under_the_place() {
        assert_eq!(mark("NEW 2x0 1", Some(5)), "    NEW 2x0 1\n        ^\n");
        assert_eq!(mark("a\x1bb", None), "    a?b\n");
        let long = format!("{}!", "x".repeat(100));
        assert_eq!(mark(&long, Some(101)), format!("    …{}!\n{}^\n", "x".repeat(30), " ".repeat(35)));
    }

    #[test]
    fn what_is_asked_is_put_together() {
        let args = |attribution: &[(&str, &str)]| FormatArgs {
            log_format: "%ci".to_owned(),
            attribution: attribution.iter().map(|(name, from)| ((*name).to_owned(), (*from).to_owned())).collect(),
        };
        let asked: Value = body(args(&[("customer", "hr[1]"), ("traffic", "=1")])).unwrap().into();
        assert_eq!(asked, json!({"log_format": "%ci", "attribution": {"customer": "hr[1]", "traffic": "=1"}}));
        assert!(body(args(&[("customer", "a"), ("customer", "b")])).is_err());
        assert_eq!(path("edge-2").unwrap(), "/api/v1/formats/edge-2");
        assert!(path("../clock").is_err());
    }

    #[test]
    fn what_was_tried_is_shown() {
        let answer = json!({"error": null, "warnings": [{"position": 3, "text": "mind"}], "fields": ["ci", "hr[1]"],
            "lines": [
                {"offset": 7, "text": "x", "record": {"customer_id": 5, "service": "seal", "network": null}, "problem": null, "stops_at": null},
                {"offset": 9, "text": "NEW 2", "record": null, "problem": "character 5: no", "stops_at": 5},
            ], "read": 1, "failed": 1});
        let text = shown(&answer).unwrap();
        let expected = [
            "warning: at character 3: mind",
            "fields: ci hr[1]",
            "customer_id 5",
            "service seal",
            "network -",
            "9              character 5: no\n    NEW 2\n        ^",
        ];
        for part in expected {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
