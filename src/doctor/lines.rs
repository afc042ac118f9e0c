//! Lines as they really come: which share can be read, why the rest cannot, what gateways do not set, whose clock is
//! off. Out of files, or the journal's newest.

use super::finding::Finding;
use super::{Ground, blocking};
use crate::sources;
use suiftly_api::{Clock, SystemClock};
use suiftly_ingest::replay::{Input, Sample, sample_files, sample_journal};

const CHECK: &str = "lines";
/// Lines of the journal that are older say nothing of now.
const RECENT_MS: i64 = 15 * 60_000;
/// More than so many in a million that cannot be read is more than stray.
const REJECTED_PPM_MAX: u64 = 1_000;
/// A gateway whose clock is further off is told of; at ten minutes its lines are refused.
const CLOCK_OFF_MS: u64 = 5_000;
/// Reasons and servers that are told of each, at most.
const TOLD_MAX: usize = 5;

/// SF1 tokens that every line has whose request HAProxy could parse, and what is not so without them.
const EXPECTED: [(&str, &str); 4] = [
    ("began", "requests are dated by when their line was written: set txn.t in the first rule"),
    ("client", "clients are told by their connection: set txn.cip"),
    ("traffic", "nothing is billable: set txn.tt to 1 for what is served"),
    ("event", "refusals cannot be told apart: set txn.ev"),
];

pub(super) async fn check(ground: &Ground) -> Vec<Finding> {
    let config = match sources::decode_config(&ground.config) {
        Ok(config) => config,
        Err(error) => {
            return vec![Finding::wrong(
                CHECK,
                format!("{error:#}"),
                "mend the [[source]] or [[format]] that is named",
            )];
        }
    };
    let (files, journal, now) = (ground.lines.clone(), ground.place.data_dir.join("journal"), SystemClock.now());
    if files.is_empty() && !journal.is_dir() {
        return vec![Finding::skipped(CHECK, "there is no journal yet; --lines FILE looks at a file")];
    }
    let is_file = !files.is_empty();
    let looked = blocking(move || {
        let inputs = files.into_iter().map(Input::from_argument).collect::<Vec<_>>();
        if is_file {
            return sample_files(&config, inputs, now).map_err(|error| error.to_string());
        }
        sample_journal(&journal, &config, now.plus_ms(-RECENT_MS)).map_err(|error| error.to_string())
    });
    match looked.await {
        Some(Ok(sample)) => judge(&sample, is_file),
        Some(Err(error)) if is_file => vec![Finding::wrong(CHECK, error, "name a file of log lines")],
        Some(Err(error)) => vec![Finding::wrong(CHECK, error, "suiftly journal verify says what is damaged")],
        None => vec![Finding::wrong(CHECK, "looking at them broke off", "suiftly journal verify")],
    }
}

fn judge(sample: &Sample, is_file: bool) -> Vec<Finding> {
    if sample.lines == 0 {
        let seen = if is_file { "the file holds none" } else { "none has come of late" };
        return vec![Finding::skipped(CHECK, seen)];
    }
    let mut findings = vec![share(sample)];
    findings.extend(sample.rejected.iter().take(TOLD_MAX).map(|(reason, of)| {
        let seen = format!("{} of {} are {reason}, such as\n{}", of.lines, sample.lines, of.first);
        Finding::look(CHECK, seen, advice(reason))
    }));
    findings.extend(identity(sample));
    findings.extend(unset(sample));
    findings.extend(clocks(sample));
    findings
}

fn share(sample: &Sample) -> Finding {
    let rejected: u64 = sample.rejected.values().map(|of| of.lines).sum();
    let Sample { lines, read, system, servers, .. } = sample;
    let seen = format!(
        "{read} of {lines} are requests, {system} HAProxy's own messages, {rejected} cannot be read; {} servers",
        servers.len()
    );
    let todo = "whatever cannot be read is not billed: the reasons follow; after a fix `suiftly quarantine replay` gives the lines again";
    if *read == 0 && rejected > 0 {
        return Finding::wrong(CHECK, seen, todo);
    }
    if rejected * 1_000_000 > REJECTED_PPM_MAX * lines {
        Finding::look(CHECK, seen, todo)
    } else {
        Finding::fine(CHECK, seen)
    }
}

fn advice(reason: &str) -> String {
    let todo = match reason {
        "unknown_format" => {
            "is it a log-format of your own? Name it as a [[format]], or try one: suiftly log-format check \"$FORMAT\" FILE"
        }
        "sf1_identity" => {
            "the gateway lacks boot or seq: set-var proc.boot in global, track-sc2 in each frontend (packaging/haproxy)"
        }
        "sf1_tokens" => {
            "30 tokens are expected: compare the log-format with the shipped haproxy.cfg; is it cut off by `len`?"
        }
        "source" => "the sender is bound to no server, or to others: see [[source]] in the configuration",
        "time_window" => "the gateway's clock is off by minutes, or its lines waited for days: see its time service",
        "conflict" => {
            "two gateways have the same server id, or one sends a line twice in different words: see SUIFTLY_SERVER_ID"
        }
        "repeated" => "a relay folds lines that are alike: switch that off ($RepeatedMsgReduction off)",
        "oversize" => "a line is longer than a frame may be: see `len` in the gateway's log line",
        "syslog_header" => "its header is neither RFC 3164 nor RFC 5424: see `format` in the gateway's log line",
        _ => "suiftly quarantine ls shows them; suiftly log-format check says where a line stops fitting",
    };
    todo.to_owned()
}

fn identity(sample: &Sample) -> Option<Finding> {
    let seen = format!(
        "{} of {} requests have no number: what is lost of them is not known, and what comes twice counts twice",
        sample.without_identity, sample.read
    );
    let todo = "log by SF1 (packaging/haproxy), or name boot and seq in the [[format]]'s attribution";
    (sample.without_identity > 0).then(|| Finding::look(CHECK, seen, todo))
}

/// What is unset in every line was forgotten; in some, it is the request's own fault.
fn unset(sample: &Sample) -> impl Iterator<Item = Finding> {
    let of = |token: &str| sample.sf1_unset.get(token).copied().unwrap_or_default();
    let forgotten =
        EXPECTED.into_iter().filter(move |(token, _)| sample.sf1_lines > 0 && of(token) == sample.sf1_lines);
    let nobodys = sample.read > 0 && sample.without_customer == sample.read;
    let nobodys = nobodys.then(|| {
        let todo = "set txn.cid from the key's map (packaging/haproxy); of another format, name the customer in its attribution";
        Finding::look(CHECK, "no request is of any customer: nothing is billed", todo)
    });
    forgotten
        .map(|(token, todo)| Finding::look(CHECK, format!("{token} is unset in every SF1 line"), todo))
        .chain(nobodys)
}

fn clocks(sample: &Sample) -> impl Iterator<Item = Finding> {
    let off = sample.servers.iter().filter_map(|(server, of)| Some((*server, of.clock_ahead_ms()?)));
    let off = off.filter(|(_, ahead)| ahead.unsigned_abs() > CLOCK_OFF_MS).take(TOLD_MAX);
    off.map(|(server, ahead)| {
        let seconds = ahead.unsigned_abs() / 1_000;
        let (seen, todo) = if ahead > 0 {
            (
                format!("the clock of server {server} is {seconds} s ahead of ours"),
                "set its time service right; at 10 minutes ahead its lines are refused",
            )
        } else {
            (
                format!("lines of server {server} are {seconds} s old when they come"),
                "its clock is behind, or its lines wait on the way: see its time service, then its ring",
            )
        };
        Finding::look("clock", seen, todo)
    })
}

#[cfg(test)]
mod tests {
    use super::super::finding::Mark;
    use super::*;
    use suiftly_ingest::replay::RejectedSample;

    fn sound() -> Sample {
        Sample { lines: 10_000, read: 9_990, system: 10, sf1_lines: 9_990, ..Sample::default() }
    }

    fn rejected(reason: &'static str, lines: u64) -> Sample {
        let of = RejectedSample { lines, first: "what it is".to_owned() };
        Sample { lines: 10_000, read: 10_000 - lines, rejected: [(reason, of)].into(), ..Sample::default() }
    }

    #[test]
    fn what_is_told_of_a_sample() {
        let unset = |token| Sample { sf1_unset: [(token, 9_990)].into(), ..sound() };
        for (sample, marks, words) in [
            (Sample::default(), vec![Mark::Skipped], "none has come"),
            (sound(), vec![Mark::Fine], "9990 of 10000 are requests"),
            (rejected("source", 10), vec![Mark::Fine, Mark::Look], "[[source]]"),
            (rejected("unknown_format", 11), vec![Mark::Look, Mark::Look], "log-format check"),
            (rejected("sf1_tokens", 10_000), vec![Mark::Wrong, Mark::Look], "30 tokens"),
            (Sample { without_identity: 3, ..sound() }, vec![Mark::Fine, Mark::Look], "boot and seq"),
            (Sample { without_customer: 9_990, ..sound() }, vec![Mark::Fine, Mark::Look], "txn.cid"),
            (unset("traffic"), vec![Mark::Fine, Mark::Look], "txn.tt"),
            (unset("config"), vec![Mark::Fine], ""),
        ] {
            let findings = judge(&sample, false);
            assert_eq!(findings.iter().map(|finding| finding.mark).collect::<Vec<_>>(), marks, "{findings:?}");
            let text = format!("{findings:?}");
            assert!(text.contains(words), "{words}: {text}");
        }
    }
}
