//! `cargo xtask bench all`: every benchmark there is, one after the other, each bounded; one that fails is told of, and the
//! others go on. Then `docs/performance.md` is written out of the figures ([`page`]). With `--fast` each runs as briefly as it
//! can, by the unoptimised build that other checks have made: that they run is what is shown, and nothing is written. With
//! `--again` those that ended well within the last hours are not run again; the page says of each when it was.

mod page;
mod rows;

use crate::build;
use crate::commands::benchmark;
use crate::install;
use crate::machine;
use crate::peers;
use crate::places::{Places, cargo};
use crate::process::{program_of, run, run_bounded};
use crate::signals::Interrupt;
use anyhow::{Context as _, bail, ensure};
use page::{Measured, Took};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Command, ExitCode};
use std::time::{Duration, Instant, SystemTime};

/// What takes longer is ended, and has failed.
const TIME_MAX: Duration = Duration::from_secs(420);
const FAST_TIME_MAX: Duration = Duration::from_secs(60);
/// Figures that are older are not taken for this run's.
const AGAIN_MAX: Duration = Duration::from_secs(6 * 3_600);
/// File systems keep times in steps.
const FILE_TIME_STEP: Duration = Duration::from_secs(1);
/// Where the document goes, below the checkout.
const DOCUMENT: &str = "docs/performance.md";
/// The last lines of what it said tell why one failed.
const LAST_LINES: usize = 6;

/// A benchmark, and how it is asked to run here.
#[derive(Debug, Clone, Copy)]
struct Entry {
    name: &'static str,
    about: &'static str,
    /// Measured to be published; less than by itself where that would take too long.
    whole: &'static [&'static str],
    /// As briefly as it can; `None`: it is not among those.
    fast: Option<&'static [&'static str]>,
}

/// All of them; in the order of the way that a line takes, then what people see. `ingest` measures what `archive` does.
const ALL: [Entry; 17] = [
    Entry {
        name: "ingest",
        about: "Receiving: socket, frame, journal, parse, sums per minute, beside the receivers of the usual chain, to a file; then \
                what compressing the journal costs.",
        whole: &["--runs", "2"],
        fast: Some(&["--runs", "1", "--lines", "20000", "--case", "tcp"]),
    },
    Entry { name: "archive", about: "", whole: &[], fast: Some(&["--fast"]) },
    Entry {
        name: "chain",
        about: "From the socket to usage by customer and hour in a database: the whole of Suiftly beside rsyslog with PostgreSQL's \
                own sums.",
        whole: &[],
        fast: Some(&["--fast"]),
    },
    Entry {
        name: "replay",
        about: "A log file into usage by customer and hour, beside halog, DuckDB and `wc -l`.",
        whole: &[],
        fast: Some(&["--lines", "20000"]),
    },
    Entry {
        name: "views",
        about: "From the journal's blocks to all views; usage by customer and hour beside an incremental engine and continuous \
                aggregates.",
        whole: &["--peers"],
        fast: Some(&["--fast"]),
    },
    Entry {
        name: "store",
        about: "What the database spends on commits with all views, beside a bare COPY of the records alone.",
        whole: &[],
        fast: Some(&["--fast"]),
    },
    Entry {
        name: "freshness",
        about: "From the socket to the operator's screen.",
        whole: &[],
        fast: Some(&["--rate", "2000", "--seconds", "1"]),
    },
    Entry {
        name: "loop",
        about: "From what a customer does, or uses, to what the gateway answers.",
        whole: &["--rounds", "40"],
        fast: Some(&["--fast"]),
    },
    Entry {
        name: "vault",
        about: "Changing a running HAProxy.",
        whole: &[],
        fast: Some(&["--keys", "10000", "--changes", "10"]),
    },
    Entry {
        name: "gateway",
        about: "What the ring that keeps lines for repairs costs HAProxy.",
        whole: &[],
        fast: Some(&["--requests", "2000", "--runs", "1"]),
    },
    Entry {
        name: "recovery",
        about: "`kill -9` with lines in the journal that the database has not.",
        whole: &["--lines", "5000000"],
        fast: Some(&["--lines", "20000"]),
    },
    Entry {
        name: "query",
        about: "What a dashboard's 30 days cost, over ten million rows.",
        whole: &[],
        fast: Some(&["--customers", "10"]),
    },
    Entry {
        name: "api",
        about: "What customers' questions cost, and what a thousand of them who look on.",
        whole: &["--seconds", "10"],
        fast: Some(&["--customers", "10", "--rate", "50", "--seconds", "1", "--streams", "10"]),
    },
    Entry {
        name: "money",
        about: "Rating, closing a month, auditing it.",
        whole: &["--customers", "50000", "--lines", "5000000"],
        fast: Some(&["--customers", "200", "--lines", "10000"]),
    },
    Entry {
        name: "scale",
        about: "A thousand gateways, ten million requests a second and customers, three regions: not measured, but reckoned and \
                simulated with what is measured here.",
        whole: &[],
        fast: Some(&["--fast"]),
    },
    Entry {
        name: "proof",
        about: "Making bills provable, beside a recount of the same journal.",
        whole: &[],
        fast: Some(&["--fast"]),
    },
    Entry {
        name: WEB,
        about: "How fast the dashboard is in a browser.",
        whole: &[],
        // It has a step of its own: it needs a browser, and a system with a past.
        fast: None,
    },
];

/// The one that is no program of the benchmarks' own.
const WEB: &str = "web";
/// Those whose figures are told under another benchmark's name when all is measured.
const TOLD_ELSEWHERE: [&str; 1] = ["archive"];

/// What of them is to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ask {
    Whole,
    /// Without those that are measured.
    Again,
    /// Each as briefly as it can.
    Fast,
}

impl Ask {
    fn read(arguments: &[OsString]) -> anyhow::Result<Self> {
        match arguments {
            [] => Ok(Self::Whole),
            [only] if only == "--again" => Ok(Self::Again),
            [only] if only == "--fast" => Ok(Self::Fast),
            _ => bail!(
                "`cargo xtask bench all` knows `--again` (those that ended well within the last hours are not run again) and \
                 `--fast` (each as briefly as it can, nothing is written)"
            ),
        }
    }
}

/// Runs them; fails if one did, after the others.
pub(crate) fn all(places: &Places, arguments: &[OsString]) -> anyhow::Result<ExitCode> {
    let ask = Ask::read(arguments)?;
    let is_fast = ask == Ask::Fast;
    let interrupt = Interrupt::catch()?;
    install::install(places, install::TO_RUN)?;
    let entries: Vec<_> = ALL.iter().filter_map(|entry| Some((entry, entry.arguments(is_fast)?))).collect();
    let mut kept: Vec<Option<Measured>> = vec![None; entries.len()];
    if ask == Ask::Again {
        kept = entries.iter().map(|(entry, arguments)| entry.earlier(places, arguments)).collect();
    }
    if !is_fast {
        let runs = |name| entries.iter().zip(&kept).any(|((entry, _), kept)| entry.name == name && kept.is_none());
        build_optimised(places, runs(WEB))?;
    }
    let began = Instant::now();
    let mut measured = Vec::new();
    for ((entry, arguments), kept) in entries.into_iter().zip(kept) {
        let one = match kept {
            Some(kept) => kept,
            None => entry.measure(places, arguments, is_fast, &interrupt)?,
        };
        println!("{}", told(&one));
        measured.push(one);
    }
    let failed = measured.iter().filter(|one| one.outcome.is_err()).count();
    println!("{} benchmarks, {failed} failed, in {:.0} s", measured.len(), began.elapsed().as_secs_f64());
    if !is_fast {
        write(places, &measured)?;
    }
    ensure!(failed == 0, "{failed} of {} benchmarks failed", measured.len());
    Ok(ExitCode::SUCCESS)
}

fn build_optimised(places: &Places, in_a_browser: bool) -> anyhow::Result<()> {
    if in_a_browser {
        // Alone, as the dashboard's benchmark builds it: with others, their features are its own, too.
        build::suiftly(places, true)?;
    }
    run(cargo().args(["build", "--quiet", "--release", "--package", "suiftly-bench", "--package", "suiftly"]))
}

fn told(one: &Measured) -> String {
    let Measured { command, took, outcome, .. } = one;
    let took = match took {
        Took::Seconds(seconds) => format!("{seconds:>6.1} s"),
        Took::Earlier { at } => format!("of {at}"),
    };
    match outcome {
        Ok(rows) => format!("  ok     {took}  {command}: {} figures", rows.len()),
        Err(why) => format!("  FAILED {took}  {command}: {why}"),
    }
}

fn write(places: &Places, measured: &[Measured]) -> anyhow::Result<()> {
    let document = places.root.join(DOCUMENT);
    let facts = [machine::machine(places), machine::versions(places, &places.suiftly(true))];
    fs::write(&document, page::page(measured, &facts, &machine::now()))
        .with_context(|| format!("cannot write {}", document.display()))?;
    println!("written to {}", document.display());
    Ok(())
}

impl Entry {
    /// What to run it with; `None` if it is left out.
    fn arguments(&self, is_fast: bool) -> Option<&'static [&'static str]> {
        if is_fast { self.fast } else { Some(self.whole).filter(|_| !TOLD_ELSEWHERE.contains(&self.name)) }
    }

    /// Runs it and reads its figures. An error only if interrupted: its own failure is an outcome.
    fn measure(
        &self,
        places: &Places,
        arguments: &[&str],
        is_fast: bool,
        interrupt: &Interrupt,
    ) -> anyhow::Result<Measured> {
        let command = [&[self.name], arguments].concat().join(" ");
        let began = Instant::now();
        let mut not_measured = Vec::new();
        let outcome = self.figures(places, arguments, is_fast, interrupt, &mut not_measured);
        ensure!(!interrupt.is_set(), "interrupted at {command}");
        // The document is published: where the checkout lies is nobody's business.
        let root = format!("{}/", places.root.display());
        let outcome = outcome.map_err(|error| format!("{error:#}").replace(&root, ""));
        let took = Took::Seconds(began.elapsed().as_secs_f64());
        Ok(Measured { command, about: self.about, took, outcome, not_measured })
    }

    /// What its last whole run came to, if it ended well and not long ago.
    fn earlier(&self, places: &Places, arguments: &[&str]) -> Option<Measured> {
        let dir = places.target.join("bench");
        let log = dir.join(self.log(false));
        let said = fs::read_to_string(&log).ok()?;
        let figures = written_since(&dir, &said, SystemTime::now() - AGAIN_MAX).ok()?;
        let (written, ended) = (figures.metadata().ok()?.modified().ok()?, log.metadata().ok()?.modified().ok()?);
        // A run by hand writes to the same file, and may be of any size.
        if written > ended + FILE_TIME_STEP {
            return None;
        }
        Some(Measured {
            command: [&[self.name], arguments].concat().join(" "),
            about: self.about,
            took: Took::Earlier { at: machine::at(ended) },
            outcome: Ok(rows::read(&figures).ok()?),
            not_measured: left_out(&said),
        })
    }

    /// The file for what it says.
    fn log(&self, is_fast: bool) -> String {
        format!("{}{}.log", self.name, if is_fast { "-fast" } else { "" })
    }

    fn figures(
        &self,
        places: &Places,
        arguments: &[&str],
        is_fast: bool,
        interrupt: &Interrupt,
        not_measured: &mut Vec<String>,
    ) -> anyhow::Result<Vec<rows::Row>> {
        let words: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        if !is_fast {
            not_measured.extend(peers::fetch(places, self.name, &words)?);
        }
        let dir = places.target.join("bench");
        fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
        let (log, began) = (dir.join(self.log(is_fast)), SystemTime::now());
        let mut command = if self.name == WEB { web() } else { benchmark(places, !is_fast) };
        if self.name != WEB {
            command.arg(self.name);
        }
        let time_max = if is_fast { FAST_TIME_MAX } else { TIME_MAX };
        let ended = run_bounded(command.args(arguments), &log, Some(time_max), interrupt)?;
        let said = fs::read_to_string(&log).unwrap_or_default();
        not_measured.extend(left_out(&said));
        match ended {
            None => bail!("it took more than {} s", time_max.as_secs()),
            Some(false) => bail!("{}", last_lines(&said)),
            Some(true) => rows::read(&written_since(&dir, &said, began)?),
        }
    }
}

fn web() -> Command {
    let mut command = Command::new(program_of(process::id()));
    command.args(["bench", WEB]);
    command
}

/// The file that it says it has written; not one of a run before.
fn written_since(dir: &Path, said: &str, began: SystemTime) -> anyhow::Result<PathBuf> {
    let named = said.lines().rev().find_map(|line| line.trim().rsplit_once("written to ")?.1.rsplit('/').next());
    let path = dir.join(named.context("it did not say where its figures are")?);
    let written = path.metadata().and_then(|file| file.modified());
    let written = written.with_context(|| format!("there is no {}", path.display()))?;
    ensure!(written + FILE_TIME_STEP >= began, "{} is of an earlier run", path.display());
    Ok(path)
}

/// What a benchmark says that it did without.
fn left_out(said: &str) -> Vec<String> {
    said.lines().filter(|line| line.ends_with("not measured")).map(str::to_owned).collect()
}

fn last_lines(said: &str) -> String {
    let lines: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(LAST_LINES)..].join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_has_two_options() {
        let ask = |words: &[&str]| Ask::read(&words.iter().map(OsString::from).collect::<Vec<_>>());
        assert_eq!(ask(&[]).unwrap(), Ask::Whole);
        assert_eq!(ask(&["--fast"]).unwrap(), Ask::Fast);
        assert_eq!(ask(&["--again"]).unwrap(), Ask::Again);
        assert!(ask(&["--slow"]).is_err() && ask(&["--fast", "--again"]).is_err());
    }

    #[test]
    fn what_ended_well_is_not_run_again_and_what_failed_is() {
        let target = tempfile::tempdir().unwrap();
        let dir = target.path().join("bench");
        fs::create_dir_all(&dir).unwrap();
        let places = Places { root: target.path().to_owned(), target: target.path().to_owned() };
        let row = r#"[{"case":"c","subject":"suiftly","unit":"s","value":1.0,"runs":[1.0]}]"#;
        fs::write(dir.join("store.json"), row).unwrap();
        fs::write(dir.join("store.log"), "written to target/bench/store.json\n").unwrap();
        fs::write(dir.join("chain.json"), row).unwrap();
        fs::write(dir.join("chain.log"), "suiftly-bench: too slow\n").unwrap();
        let earlier = |name| {
            let entry = ALL.iter().find(|entry| entry.name == name).unwrap();
            entry.earlier(&places, entry.whole)
        };
        let store = earlier("store").unwrap();
        assert!(matches!(&store.took, Took::Earlier { at } if at.ends_with('Z')), "{store:?}");
        assert_eq!(store.outcome.unwrap().len(), 1);
        assert_eq!(earlier("chain"), None, "it failed after its figures were written");
        assert_eq!(earlier("views"), None, "it never ran");
        let later = SystemTime::now() + Duration::from_secs(60);
        fs::File::options().write(true).open(dir.join("store.json")).unwrap().set_modified(later).unwrap();
        assert_eq!(earlier("store"), None, "its figures are of a run by hand");
    }

    #[test]
    fn every_benchmark_of_the_program_is_among_them() {
        let program = include_str!("../../../bench/src/main.rs");
        let names = program.split_once("const NAMES").unwrap().1.split_once("];").unwrap().0;
        let names: Vec<&str> = names.split('"').skip(1).step_by(2).collect();
        assert!(names.len() > 10, "{names:?}");
        for name in names.into_iter().filter(|name| *name != "loadgen") {
            assert!(ALL.iter().any(|entry| entry.name == name), "{name} is not run by `bench all`");
        }
    }

    #[test]
    fn figures_are_found_and_those_of_before_are_not() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("loop-fast.json"), "[]").unwrap();
        let said = "case  subject\nx  y\nwritten to target/bench/loop-fast.json\n";
        let long_ago = SystemTime::UNIX_EPOCH;
        assert!(written_since(dir.path(), said, long_ago).unwrap().ends_with("loop-fast.json"));
        let later = SystemTime::now() + Duration::from_secs(60);
        assert!(written_since(dir.path(), said, later).unwrap_err().to_string().contains("earlier run"));
        assert!(written_since(dir.path(), "nothing", long_ago).is_err());
    }

    #[test]
    fn what_was_left_out_and_why_it_failed_are_in_what_it_said() {
        let said = "rsyslog is not there: not measured\nmore\n\nsuiftly-bench: no such thing\n";
        assert_eq!(left_out(said), ["rsyslog is not there: not measured"]);
        assert!(last_lines(said).ends_with("more suiftly-bench: no such thing"));
    }
}
