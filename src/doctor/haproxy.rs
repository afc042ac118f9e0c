//! A HAProxy configuration's log-format strings, read by the compiler that reads lines: what each field is, what is
//! ambiguous, and whether lines can be told apart.

use super::Ground;
use super::finding::Finding;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use suiftly_ingest::haproxy::log_format::LogFormat;

const CHECK: &str = "haproxy";
/// A configuration is no longer.
const BYTES_MAX: u64 = 16 << 20;

pub(super) fn check(ground: &Ground) -> Vec<Finding> {
    ground.haproxy.iter().flat_map(|path| of_file(path)).collect()
}

fn of_file(path: &Path) -> Vec<Finding> {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(BYTES_MAX).read_to_string(&mut text));
    if let Err(error) = read {
        let seen = format!("cannot read {}: {error}", path.display());
        return vec![Finding::wrong(CHECK, seen, "name a haproxy.cfg that can be read")];
    }
    judge(&path.display().to_string(), &text)
}

fn judge(path: &str, text: &str) -> Vec<Finding> {
    let formats = formats(text);
    if formats.is_empty() {
        let todo = "say log-format, option httplog, option httpslog or option tcplog in its frontends or defaults";
        return vec![Finding::look(CHECK, format!("{path} says no log-format"), todo)];
    }
    formats.into_iter().map(|(line, words)| of_format(&format!("{path}:{line}"), &words)).collect()
}

fn of_format(place: &str, words: &str) -> Finding {
    if words.contains("SF1 ") || words.contains("SF1_HEAD") {
        return Finding::fine(CHECK, format!("{place}: SF1"));
    }
    if let Some(stock) = words.strip_prefix("option ") {
        let seen = format!(
            "{place}: {stock}, which numbers no lines: what is lost is not known, and who the customer is must be captured"
        );
        return Finding::look(
            CHECK,
            seen,
            "log by SF1 (packaging/haproxy), or capture a header that says the customer",
        );
    }
    let format = match LogFormat::compile(words) {
        Ok(format) => format,
        Err(error) => {
            return Finding::wrong(
                CHECK,
                format!("{place}: {error}"),
                "HAProxy may take it, but its lines cannot be read back: mend the string",
            );
        }
    };
    let fields = format!("{place}: {} fields", format.field_count());
    let warnings: Vec<&str> = format.warnings().iter().map(|warning| warning.text.as_str()).collect();
    if warnings.is_empty() {
        return Finding::fine(CHECK, fields);
    }
    Finding::look(
        CHECK,
        format!("{fields}; {}", warnings.join("; ")),
        "put quotes (%{+Q}) or a fixed text around what is ambiguous",
    )
}

/// The statements that say how lines look, with their line numbers: log-format strings without their quotes.
fn formats(text: &str) -> Vec<(usize, String)> {
    let statements = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
    let found = statements.filter_map(|(at, line)| {
        if let Some(rest) = line.strip_prefix("log-format").filter(|rest| rest.starts_with([' ', '\t'])) {
            return Some((at, unquoted(rest.trim())));
        }
        let sf1 = line.starts_with("setenv ") && line.contains("SF1 ");
        let option =
            ["option httplog", "option httpslog", "option tcplog"].into_iter().find(|option| line.starts_with(option));
        sf1.then(|| "SF1 ".to_owned()).or_else(|| option.map(ToOwned::to_owned)).map(|words| (at, words))
    });
    found.collect()
}

/// As HAProxy takes a word: quotes off, what is escaped as it is. In single quotes nothing is escaped.
fn unquoted(text: &str) -> String {
    let (mut out, mut quote, mut chars) = (String::new(), None, text.chars());
    while let Some(char) = chars.next() {
        match (char, quote) {
            ('\\', None | Some('"')) => out.extend(chars.next()),
            ('"' | '\'', None) => quote = Some(char),
            (char, Some(open)) if char == open => quote = None,
            (' ' | '\t' | '#', None) => break,
            _ => out.push(char),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::finding::Mark;
    use super::*;

    #[test]
    fn a_configurations_formats_are_read() {
        for (text, marks) in [
            ("frontend a\n    log-format \"%ci:%cp [%tr] %ST %B\"\n", vec![Mark::Fine]),
            ("defaults\n  option httplog\n", vec![Mark::Look]),
            ("  log-format %ci\\ %ST # what it is\n", vec![Mark::Fine]),
            ("  log-format \"%nonsense %ST\"\n", vec![Mark::Wrong]),
            ("  log-format \"%[var(txn.a)]%[var(txn.b)]\"\n", vec![Mark::Wrong]),
            ("  log-format \"%[var(txn.a)] %[var(txn.b)]\"\n", vec![Mark::Look]),
            ("# log-format \"%ST\"\n", vec![Mark::Look]),
        ] {
            let findings = judge("haproxy.cfg", text);
            assert_eq!(findings.iter().map(|finding| finding.mark).collect::<Vec<_>>(), marks, "{text}: {findings:?}");
        }
        assert_eq!(formats("x\n  log-format '%ST \"a\"' # c\n"), [(2, "%ST \"a\"".to_owned())]);
    }

    #[test]
    fn ours_is_sound() {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/haproxy/haproxy.cfg");
        let findings = of_file(&shipped);
        assert!(findings.len() >= 6 && findings.iter().all(|finding| finding.mark == Mark::Fine), "{findings:?}");
        assert_eq!(of_file(Path::new("/nowhere/haproxy.cfg"))[0].mark, Mark::Wrong);
    }
}
