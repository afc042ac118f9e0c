//! `cargo xtask fuzz`: builds the targets in `ingest/fuzz` with libFuzzer and coverage counters, and runs them.
//!
//! The stable compiler does it: what `cargo fuzz` sets, without its sanitizers, which our safe code has little need of.
//! The seeds are in the repository; what a run finds beside them stays in the target directory and is where the next one
//! goes on. A crash leaves its input there, fails the run, and belongs into the ordinary tests as a case.

use crate::args::{FuzzBudget, FuzzOptions};
use crate::install;
use crate::places::{Places, cargo};
use crate::process::{run, run_logged};
use crate::reconcile::grouped;
use crate::signals::Interrupt;
use anyhow::{Context as _, bail, ensure};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// A target, and how many runs a smoke run gives it: a few seconds each.
const TARGETS: [(&str, u32); 7] = [
    ("frame", 20_000),
    ("syslog", 200_000),
    ("sf1", 200_000),
    ("httplog", 200_000),
    ("log_format", 20_000),
    ("journal", 5_000),
    ("decode", 15_000),
];
/// All of them together, unless told otherwise.
const SECONDS_DEFAULT: u32 = 3_600;
/// The longest input in bytes: some dozens of lines.
const INPUT_BYTES_MAX: u32 = 8_192;
/// An input that takes longer hangs.
const INPUT_SECONDS_MAX: u32 = 20;
/// A target that needs more grows without bound.
const MEMORY_MIB_MAX: u32 = 1_024;
/// Of a log, when its target failed.
const TAIL_LINES: usize = 60;
/// The variables that tell the mutated-lines test how much to do.
const MUTATED_LINES: &str = "SUIFTLY_MUTATED_LINES";
const MUTATED_SEED: &str = "SUIFTLY_MUTATED_SEED";

/// Coverage counters for libFuzzer, which tell it what an input reached and what it was compared to.
const RUSTFLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares";

/// Builds and runs what was asked for.
pub(crate) fn fuzz(options: &FuzzOptions) -> anyhow::Result<ExitCode> {
    let places = Places::find()?;
    if let Some(lines) = options.mutated {
        mutated_lines(lines, options.seed)?;
        return Ok(ExitCode::SUCCESS);
    }
    let targets = chosen(options.target.as_deref())?;
    let interrupt = Interrupt::catch()?;
    install::install(&places, install::TO_FUZZ)?;
    println!("building the fuzz targets");
    let bench = Bench::build(&places)?;
    for (name, smoke_runs) in &targets {
        let limit = match options.budget {
            FuzzBudget::Default => Limit::Seconds(SECONDS_DEFAULT / u32::try_from(targets.len())?),
            FuzzBudget::Seconds(seconds) => Limit::Seconds((seconds / u32::try_from(targets.len())?).max(1)),
            FuzzBudget::Runs(runs) => Limit::Runs(runs),
            FuzzBudget::Smoke => Limit::Smoke(*smoke_runs),
        };
        println!("{name}: {}", bench.run(name, limit, options.seed, &interrupt)?);
    }
    Ok(ExitCode::SUCCESS)
}

/// A short run of every target with a fixed seed and a fixed number of runs; their closing lines.
pub(crate) fn smoke(places: &Places, interrupt: &Interrupt) -> anyhow::Result<Vec<String>> {
    let bench = Bench::build(places)?;
    let run = |(name, runs): &(&str, u32)| {
        anyhow::Ok(format!("fuzz {name}: {}", bench.run(name, Limit::Smoke(*runs), 1, interrupt)?))
    };
    TARGETS.iter().map(run).collect()
}

fn chosen(target: Option<&str>) -> anyhow::Result<Vec<(&'static str, u32)>> {
    let names = TARGETS.map(|(name, _)| name).join(", ");
    let found: Vec<_> = TARGETS.into_iter().filter(|(name, _)| target.is_none_or(|wanted| wanted == *name)).collect();
    ensure!(!found.is_empty(), "no fuzz target `{}`; there are {names}", target.unwrap_or_default());
    Ok(found)
}

/// The test of mutated lines, with more of them. As the tests are built, where overflow is checked: it is fast enough.
fn mutated_lines(lines: u64, seed: u32) -> anyhow::Result<()> {
    let mut command = cargo();
    command.args(["test", "--quiet", "--package", "suiftly-ingest", "--test", "it", "--"]);
    command.args(["--exact", "--nocapture", "mutate::mutated_lines_never_panic_and_all_are_counted"]);
    run(command.env(MUTATED_LINES, lines.to_string()).env(MUTATED_SEED, seed.to_string()))
}

/// How long a target runs.
#[derive(Debug, Clone, Copy)]
enum Limit {
    Seconds(u32),
    Runs(u64),
    /// So many, and from the seeds alone, so that every machine does the same.
    Smoke(u32),
}

/// The built targets.
struct Bench {
    programs: PathBuf,
    seeds: PathBuf,
    /// Found inputs, crashes and logs.
    found: PathBuf,
}

impl Bench {
    fn build(places: &Places) -> anyhow::Result<Self> {
        let (source, target_dir) = (places.root.join("ingest/fuzz"), places.target.join("fuzz"));
        let host = host()?;
        let mut command = cargo();
        // With a target named, the flags are not for build scripts.
        command
            .args(["build", "--quiet", "--release", "--target", &host, "--manifest-path"])
            .arg(source.join("Cargo.toml"))
            .arg("--target-dir")
            .arg(&target_dir)
            .env("RUSTFLAGS", RUSTFLAGS)
            .env_remove("CARGO_ENCODED_RUSTFLAGS");
        run(&mut command)?;
        let programs = target_dir.join(host).join("release");
        Ok(Self { programs, seeds: source.join("corpus"), found: target_dir.join("found") })
    }

    fn run(&self, name: &str, limit: Limit, seed: u32, interrupt: &Interrupt) -> anyhow::Result<Outcome> {
        let kept = if matches!(limit, Limit::Smoke(_)) { "smoke" } else { "corpus" };
        let corpus = self.found.join(kept).join(name);
        if matches!(limit, Limit::Smoke(_)) && corpus.exists() {
            fs::remove_dir_all(&corpus).with_context(|| format!("cannot remove {}", corpus.display()))?;
        }
        let crashes = self.found.join("crashes");
        for dir in [&corpus, &crashes] {
            fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
        }
        let mut command = Command::new(self.programs.join(name));
        command.arg(match limit {
            Limit::Seconds(seconds) => format!("-max_total_time={seconds}"),
            Limit::Runs(runs) => format!("-runs={runs}"),
            Limit::Smoke(runs) => format!("-runs={runs}"),
        });
        command
            .arg(format!("-seed={seed}"))
            .arg(format!("-max_len={INPUT_BYTES_MAX}"))
            .arg(format!("-timeout={INPUT_SECONDS_MAX}"))
            .arg(format!("-rss_limit_mb={MEMORY_MIB_MAX}"))
            .arg(format!("-artifact_prefix={}/{name}-", crashes.display()))
            .arg(&corpus)
            .arg(self.seeds.join(name));
        let log = self.found.join(format!("{name}.log"));
        let sound = run_logged(&mut command, &log, interrupt)?;
        // What libFuzzer shows of an input need not be UTF-8.
        let said = fs::read(&log).with_context(|| format!("cannot read {}", log.display()))?;
        let said = String::from_utf8_lossy(&said);
        match Outcome::read(&said) {
            Some(outcome) if sound => Ok(outcome),
            _ => bail!("{}", failure(name, &said, &log)),
        }
    }
}

/// What the compiler builds for here.
fn host() -> anyhow::Result<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("-vV").output().context("cannot run rustc")?;
    let said = String::from_utf8_lossy(&output.stdout);
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc does not say what it builds for")
}

/// How a target ended that found nothing.
#[derive(Debug, Default, PartialEq, Eq)]
struct Outcome {
    runs: u64,
    seconds: u64,
    /// Edges of the control flow that some input took.
    coverage: u64,
    /// The same with how often, and with comparisons.
    features: u64,
    /// Inputs that reach something the others do not.
    inputs: u64,
}

impl Outcome {
    /// Out of libFuzzer's output.
    fn read(said: &str) -> Option<Self> {
        let mut outcome = Self::default();
        let done = said.lines().rev().find_map(|line| line.strip_prefix("Done "))?;
        let mut words = done.split(' ');
        outcome.runs = words.next()?.parse().ok()?;
        outcome.seconds = words.nth(2)?.parse().ok()?;
        let status = said.lines().rev().find(|line| line.starts_with('#') && line.contains(" cov: "))?;
        let mut words = status.split_whitespace();
        while let Some(word) = words.next() {
            let count = match word {
                "cov:" => &mut outcome.coverage,
                "ft:" => &mut outcome.features,
                "corp:" => &mut outcome.inputs,
                _ => continue,
            };
            *count = words.next()?.split('/').next()?.parse().ok()?;
        }
        Some(outcome)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { runs, seconds, coverage, features, inputs } = self;
        write!(
            f,
            "{} runs in {seconds} s, {} edges and {} features covered, corpus of {} inputs",
            grouped(*runs),
            grouped(*coverage),
            grouped(*features),
            grouped(*inputs)
        )
    }
}

fn failure(name: &str, said: &str, log: &Path) -> String {
    let lines: Vec<&str> = said.lines().collect();
    let tail = lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n");
    let input = said.lines().find_map(|line| line.split_once("Test unit written to ")).map(|(_, path)| path.trim());
    let input = input.map_or_else(|| format!("its log is {}", log.display()), |path| format!("the input is {path}"));
    format!("{tail}\nthe fuzz target {name} failed; {input}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "INFO: seed corpus: files: 6\n#7\tINITED cov: 163 ft: 346 corp: 6/1733b exec/s: 0 rss: 27Mb\n\
        #200000\tDONE   cov: 1220 ft: 11037 corp: 272/29Kb lim: 901 exec/s: 10526 rss: 28Mb\nDone 200000 runs in 19 second(s)\n";

    #[test]
    fn libfuzzers_last_words_are_read() {
        let outcome = Outcome::read(SAID).unwrap();
        assert_eq!(outcome, Outcome { runs: 200_000, seconds: 19, coverage: 1_220, features: 11_037, inputs: 272 });
        let line = "200,000 runs in 19 s, 1,220 edges and 11,037 features covered, corpus of 272 inputs";
        assert_eq!(outcome.to_string(), line);
        assert_eq!(Outcome::read("#7\tINITED cov: 163 ft: 346 corp: 6/1733b\n"), None);
    }

    #[test]
    fn a_crash_names_its_input() {
        let said = "panicked\nartifact_prefix='x'; Test unit written to /t/crashes/frame-crash-55\nBase64: Rg==\n";
        let told = failure("frame", said, Path::new("/t/frame.log"));
        assert!(told.ends_with("the fuzz target frame failed; the input is /t/crashes/frame-crash-55"), "{told}");
        let told = failure("frame", "killed\n", Path::new("/t/frame.log"));
        assert!(told.ends_with("its log is /t/frame.log"), "{told}");
    }

    #[test]
    fn targets_are_those_of_the_crate() {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ingest/fuzz/Cargo.toml");
        let manifest = fs::read_to_string(manifest).unwrap();
        let declared = manifest.lines().filter(|line| line.starts_with("path = \"targets/")).count();
        assert_eq!(declared, TARGETS.len());
        for (name, _) in TARGETS {
            assert!(manifest.contains(&format!("path = \"targets/{name}.rs\"")), "{name}");
            assert_eq!(chosen(Some(name)).unwrap().len(), 1);
        }
        assert!(chosen(Some("nothing")).unwrap_err().to_string().contains("there are frame, syslog"));
    }
}
