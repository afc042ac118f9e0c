//! The command line, read into [`Task`]s. Pure.

use crate::cluster::{self, ClusterTask, ManageOptions};
use crate::deb::PackageOptions;
use anyhow::{Context as _, bail, ensure};
use lexopt::prelude::*;
use std::ffi::OsString;
use std::num::ParseIntError;
use std::path::PathBuf;
use std::str::FromStr;

pub(crate) const HELP: &str = "\
cargo xtask up [--seconds N] [--udp] [--kill N] [--rate R] [--release]
               [--escrow embedded|sui] [--data-dir DIR] [--free-ports] [--no-install]
    Installs what is missing, builds, starts PostgreSQL, suiftly, its edge and HAProxy, and drives requests until Ctrl-C.
    A fresh data directory gets five weeks of a past first; timed runs go without.
    A customer goes over their limit and is refused; another's funds run out, they deposit and are served again.
    --seconds N     end by itself and print a reconciliation; exit status 1 if it does not hold. From 45 s on the clock
                    moves, the month of the customer over their limit closes, an audit follows
    --udp           log by UDP instead of a TCP ring
    --kill N        kill -9 suiftly N times, spread over the run, and start it again (needs --seconds)
    --rate R        requests per second (default 1000)
    --release       the optimised build
    --escrow WHO    who holds the funds: embedded (default), or sui, the contract on a local chain that is started beside
    --data-dir DIR  where the database, the journal and the keys live (default: suiftly-dev in the target directory;
                    with --seconds suiftly-timed, which is made anew; with --escrow sui they end with -sui)
    --free-ports    listen wherever it is free instead of on the well-known ports
    --no-install    install nothing
cargo xtask test [--quick]       every check; --quick leaves out whatever needs a running system
cargo xtask console [ARGS…]      build the desktop console and open it on the running system
cargo xtask console --deb [--trial]
    Builds the console's Debian package; with --trial it is installed on a bare Debian made for it, run and removed.
cargo xtask db reset [--deployment development|test] [--data-dir DIR]
cargo xtask bench NAME [ARGS…]   run a benchmark, print its table, write target/bench/NAME.json; `loop --fast` and
                                 `web --fast` are smoke tests of the unoptimised build
cargo xtask fuzz [TARGET] [--seconds N | --runs N | --smoke] [--seed S]
    Builds ingest's fuzz targets with coverage counters and runs them (frame, syslog, sf1, httplog, log_format, journal,
    decode). What they find stays in the target directory.
    --seconds N     so long in all (default 3600)
    --runs N        so many inputs to each target
    --smoke         what continuous integration runs: a few seconds each, from the seeds alone
    --seed S        of the random numbers (default 1)
cargo xtask fuzz --mutated N [--seed S]
    Decodes N mutated lines of every format: none panics, all are counted.
cargo xtask kill [--times N] [--seed S] [--no-install]
    kill -9 at random moments under load (default 10 times), then every line of the journal by its number.
cargo xtask kill --gateway [--no-install]
    kill -9 on the edge, on suiftly and on HAProxy under load: the gateway goes on with the last good vault.
cargo xtask sim [--runs N] [--seed S]
    Disorder, doubles, power cuts and a failing database, seeded (default 25 runs, each of the next seed): the result
    is that of the undisturbed run.
cargo xtask sim money [--customers N] [--months N] [--seed S] [--escrow embedded|sui]
    Fourteen months of a thousand customers: orders, limits, deposits, withdrawals, late lines, a faulty escrow, restarts.
    The live bill is the closed bill is the audited one; money moves once; the ledger balances. With --escrow sui they are
    100 customers and 3 months, on a local chain whose two nodes fail.
cargo xtask sim charges [--count N]
    10,000 charges on a local chain while one answer in twenty is lost: each is drawn once.
cargo xtask book                 the documentation as a book, its links checked: target/book
cargo xtask deb [--trial] [--dev]
    Builds the server's Debian package; with --trial it is installed, started, upgraded, removed and purged on a bare Debian
    made for it, and `suiftly provision` is run there twice. What it saw goes into docs/proof/package.md.
    --dev           of the unoptimised program, which is built faster
cargo xtask restore              a backup under load, restored into another data directory: every bill equal, all audited
cargo xtask soak [--minutes N] [--seed S]
    The whole system under load with faults (database down, disk full, HAProxy reloaded, edge killed, clock moved), then every
    request reconciled (default 10 minutes).
cargo xtask cluster bench [--times N] [--lines N]
cargo xtask cluster faults [--times N] [--seed S] [--rate R]
cargo xtask cluster upgrade [--times N] [--rate R] [--other PROGRAM] [--cluster]
cargo xtask cluster repair
    A cluster of three processes of the dataflow and two ingesters, each in a network namespace of its own, which needs root:
    its throughput and CPU beside one process (default 5 runs of 1,000,000 lines); killed, cut off and paused under load, by a
    seed, then every line accounted for (default 50 times, 10,000 lines/s). Restarts under load that lose nothing (default
    20 times, 20,000 lines/s). An outage longer than HAProxy's ring, repaired by the edge. What came out goes into docs/proof.
    --other PROGRAM another build of `suiftly`, by turns with this one
    --cluster       the ingesters of a cluster instead of one process with every role, which needs no root
cargo xtask dist                 everything there is to ship, optimised, with checksums: target/dist
cargo xtask contract             both APIs of a running system against their OpenAPI documents
cargo xtask monitoring           alert rules, dashboard and metrics' reference against each other, and by promtool
cargo xtask check-imports        hold the crates' dependencies against the allowed ones";

/// Requests per second unless told otherwise.
const RATE_DEFAULT: u32 = 1_000;
/// The most this driver is meant for; beyond it, it measures itself.
const RATE_MAX: u32 = 20_000;

/// Random numbers begin here unless told otherwise.
const SEED: u32 = 1;
/// How many seeds `sim` runs.
pub(crate) const SIMULATIONS_DEFAULT: u64 = 25;
/// How many customers `sim money` has, and how many months it lasts.
pub(crate) const MONEY_DEFAULT: MoneyOptions =
    MoneyOptions { customers: 1_000, months: 14, seed: 1, escrow: Escrow::Embedded };
/// The same on a chain, where every act of everybody is a transaction.
pub(crate) const MONEY_ON_SUI: MoneyOptions = MoneyOptions { customers: 100, months: 3, seed: 1, escrow: Escrow::Sui };
/// How many charges `sim charges` has drawn.
pub(crate) const CHARGES_DEFAULT: u32 = 10_000;
/// How long `soak` lasts, and from which seed.
pub(crate) const SOAK_DEFAULT: SoakOptions = SoakOptions { minutes: 10, seed: 1 };
/// How often `kill` kills.
pub(crate) const KILLS_DEFAULT: u32 = 10;

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Task {
    Help,
    Up(UpOptions),
    Test { quick: bool },
    Console { arguments: Vec<OsString> },
    ConsolePackage { trial: bool },
    DbReset { deployment: String, data_dir: Option<PathBuf> },
    Bench { arguments: Vec<OsString> },
    Fuzz(FuzzOptions),
    Kill(KillOptions),
    Simulate { runs: u64, seed: u64 },
    SimulateMoney(MoneyOptions),
    SimulateCharges { count: u32 },
    Contract,
    CheckImports,
    Monitoring,
    Book,
    Package(PackageOptions),
    Restore,
    Soak(SoakOptions),
    Cluster(ClusterTask),
    ClusterManage(ManageOptions),
    Dist,
}

/// What to fuzz and how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FuzzOptions {
    /// All of them unless named.
    pub(crate) target: Option<String>,
    pub(crate) budget: FuzzBudget,
    pub(crate) seed: u32,
    /// Mutated lines instead of fuzz targets.
    pub(crate) mutated: Option<u64>,
}

/// How long to fuzz.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FuzzBudget {
    Default,
    /// Of all targets together.
    Seconds(u32),
    /// Of each target.
    Runs(u64),
    Smoke,
}

/// How often to kill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KillOptions {
    pub(crate) times: u32,
    pub(crate) seed: u64,
    /// Whoever the gateway hangs on, instead.
    pub(crate) gateway: bool,
    pub(crate) install: bool,
}

/// Who holds customers' funds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Escrow {
    Embedded,
    Sui,
}

impl Escrow {
    /// As configurations call it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Sui => "sui",
        }
    }
}

/// How many customers to simulate, and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MoneyOptions {
    pub(crate) customers: u32,
    pub(crate) months: u32,
    pub(crate) seed: u64,
    pub(crate) escrow: Escrow,
}

/// How long to soak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SoakOptions {
    pub(crate) minutes: u32,
    pub(crate) seed: u64,
}

/// How to run the whole loop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UpOptions {
    pub(crate) seconds: Option<u32>,
    pub(crate) udp: bool,
    pub(crate) kills: u32,
    pub(crate) rate: u32,
    pub(crate) release: bool,
    pub(crate) escrow: Escrow,
    pub(crate) data_dir: Option<PathBuf>,
    pub(crate) free_ports: bool,
    pub(crate) install: bool,
}

impl Default for UpOptions {
    fn default() -> Self {
        Self {
            seconds: None,
            udp: false,
            kills: 0,
            rate: RATE_DEFAULT,
            release: false,
            escrow: Escrow::Embedded,
            data_dir: None,
            free_ports: false,
            install: true,
        }
    }
}

/// Reads the arguments after the program's name.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> anyhow::Result<Task> {
    let mut parser = lexopt::Parser::from_args(arguments);
    let task = match parser.next()? {
        None | Some(Short('h') | Long("help")) => return Ok(Task::Help),
        Some(Value(task)) => task.string()?,
        Some(argument) => return Err(argument.unexpected().into()),
    };
    match task.as_str() {
        "help" => Ok(Task::Help),
        "up" => up(&mut parser),
        "test" => test(&mut parser),
        "console" => console(rest(&mut parser)?),
        "db" => db(&mut parser),
        "bench" => Ok(Task::Bench { arguments: rest(&mut parser)? }),
        "fuzz" => fuzz(&mut parser),
        "kill" => kill(&mut parser),
        "sim" => simulate(&mut parser),
        "book" => nothing_more(&mut parser, Task::Book),
        "deb" => deb(&mut parser),
        "restore" => nothing_more(&mut parser, Task::Restore),
        "soak" => soak(&mut parser),
        "cluster" => cluster::parse(&mut parser).map(Task::Cluster),
        "cluster-manage" => ManageOptions::parse(&mut parser).map(Task::ClusterManage),
        "dist" => nothing_more(&mut parser, Task::Dist),
        "contract" => nothing_more(&mut parser, Task::Contract),
        "check-imports" => nothing_more(&mut parser, Task::CheckImports),
        "monitoring" => nothing_more(&mut parser, Task::Monitoring),
        _ => bail!("no task `{task}`; `cargo xtask --help` names them"),
    }
}

fn up(parser: &mut lexopt::Parser) -> anyhow::Result<Task> {
    let mut options = UpOptions::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("seconds") => options.seconds = Some(number(parser, "seconds")?),
            Long("udp") => options.udp = true,
            Long("kill") => options.kills = number(parser, "kill")?,
            Long("rate") => options.rate = number(parser, "rate")?,
            Long("release") => options.release = true,
            Long("escrow") => options.escrow = escrow(parser)?,
            Long("data-dir") => options.data_dir = Some(parser.value()?.into()),
            Long("free-ports") => options.free_ports = true,
            Long("no-install") => options.install = false,
            Short('h') | Long("help") => return Ok(Task::Help),
            other => return Err(other.unexpected().into()),
        }
    }
    ensure!((1..=RATE_MAX).contains(&options.rate), "--rate must be 1 to {RATE_MAX}");
    ensure!(options.seconds != Some(0), "--seconds must be at least 1");
    ensure!(
        options.kills == 0 || options.seconds.is_some(),
        "--kill needs --seconds: its kills are spread over the run"
    );
    if let Some(seconds) = options.seconds {
        ensure!(options.kills <= seconds / 2, "--kill {} needs at least {} seconds", options.kills, options.kills * 2);
    }
    Ok(Task::Up(options))
}

fn test(parser: &mut lexopt::Parser) -> anyhow::Result<Task> {
    let mut quick = false;
    while let Some(argument) = parser.next()? {
        match argument {
            Long("quick") => quick = true,
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(Task::Test { quick })
}

fn db(parser: &mut lexopt::Parser) -> anyhow::Result<Task> {
    match parser.next()? {
        Some(Value(verb)) if verb == "reset" => {}
        _ => bail!("`cargo xtask db` knows `reset` alone"),
    }
    let mut deployment = "development".to_owned();
    let mut data_dir = None;
    while let Some(argument) = parser.next()? {
        match argument {
            Long("deployment") => deployment = parser.value()?.string()?,
            Long("data-dir") => data_dir = Some(parser.value()?.into()),
            other => return Err(other.unexpected().into()),
        }
    }
    ensure!(matches!(deployment.as_str(), "development" | "test"), "--deployment must be development or test");
    Ok(Task::DbReset { deployment, data_dir })
}

fn fuzz(parser: &mut lexopt::Parser) -> anyhow::Result<Task> {
    let mut options = FuzzOptions { target: None, budget: FuzzBudget::Default, seed: SEED, mutated: None };
    while let Some(argument) = parser.next()? {
        let budget = match argument {
            Value(target) if options.target.is_none() => {
                options.target = Some(target.string()?);
                continue;
            }
            Long("seed") => {
                options.seed = number(parser, "seed")?;
                continue;
            }
            Long("mutated") => {
                options.mutated = Some(number(parser, "mutated")?);
                continue;
            }
            Long("seconds") => FuzzBudget::Seconds(number(parser, "seconds")?),
            Long("runs") => FuzzBudget::Runs(number(parser, "runs")?),
            Long("smoke") => FuzzBudget::Smoke,
            other => return Err(other.unexpected().into()),
        };
        ensure!(options.budget == FuzzBudget::Default, "--seconds, --runs and --smoke exclude each other");
        options.budget = budget;
    }
    let alone = options.target.is_none() && options.budget == FuzzBudget::Default;
    ensure!(options.mutated.is_none() || alone, "--mutated goes with --seed alone");
    Ok(Task::Fuzz(options))
}

fn kill(parser: &mut lexopt::Parser) -> anyhow::Result<Task> {
    let mut options = KillOptions { times: KILLS_DEFAULT, seed: SEED.into(), gateway: false, install: true };
    while let Some(argument) = parser.next()? {
        match argument {
            Long("times") => options.times = number(parser, "times")?,
            Long("seed") => options.seed = number(parser, "seed")?,
            Long("gateway") => options.gateway = true,
            Long("no-install") => options.install = false,
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(Task::Kill(options))
}

fn simulate(parser: &mut lexopt::Parser) -> anyhow::Result<Task> {
    let (mut runs, mut seed) = (SIMULATIONS_DEFAULT, SEED.into());
    while let Some(argument) = parser.next()? {
        match argument {
            Value(what) if what == "money" => return simulate_money(parser),
            Value(what) if what == "charges" => return simulate_charges(parser),
            Long("runs") => runs = number(parser, "runs")?,
            Long("seed") => seed = number(parser, "seed")?,
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(Task::Simulate { runs, seed })
}

fn deb(parser: &mut lexopt::Parser) -> anyhow::Result<Task> {
    let mut options = PackageOptions { trial: false, release: true };
    while let Some(argument) = parser.next()? {
        match argument {
            Long("trial") => options.trial = true,
            Long("dev") => options.release = false,
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(Task::Package(options))
}

fn soak(parser: &mut lexopt::Parser) -> anyhow::Result<Task> {
    let mut options = SOAK_DEFAULT;
    while let Some(argument) = parser.next()? {
        match argument {
            Long("minutes") => options.minutes = number(parser, "minutes")?,
            Long("seed") => options.seed = number(parser, "seed")?,
            other => return Err(other.unexpected().into()),
        }
    }
    ensure!(options.minutes > 0, "--minutes must be at least 1");
    Ok(Task::Soak(options))
}

fn simulate_money(parser: &mut lexopt::Parser) -> anyhow::Result<Task> {
    let (mut customers, mut months, mut seed, mut on) = (None, None, None, Escrow::Embedded);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("customers") => customers = Some(number(parser, "customers")?),
            Long("months") => months = Some(number(parser, "months")?),
            Long("seed") => seed = Some(number(parser, "seed")?),
            Long("escrow") => on = escrow(parser)?,
            other => return Err(other.unexpected().into()),
        }
    }
    let default = if on == Escrow::Sui { MONEY_ON_SUI } else { MONEY_DEFAULT };
    Ok(Task::SimulateMoney(MoneyOptions {
        customers: customers.unwrap_or(default.customers),
        months: months.unwrap_or(default.months),
        seed: seed.unwrap_or(default.seed),
        escrow: on,
    }))
}

fn simulate_charges(parser: &mut lexopt::Parser) -> anyhow::Result<Task> {
    let mut count = CHARGES_DEFAULT;
    while let Some(argument) = parser.next()? {
        match argument {
            Long("count") => count = number(parser, "count")?,
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(Task::SimulateCharges { count })
}

fn escrow(parser: &mut lexopt::Parser) -> anyhow::Result<Escrow> {
    match parser.value()?.string()?.as_str() {
        "embedded" => Ok(Escrow::Embedded),
        "sui" => Ok(Escrow::Sui),
        other => bail!("--escrow is embedded or sui, not {other}"),
    }
}

/// The console's own arguments, unless its package is what is wanted.
fn console(arguments: Vec<OsString>) -> anyhow::Result<Task> {
    let words: Vec<_> = arguments.iter().map(|word| word.to_string_lossy()).collect();
    match words.iter().map(AsRef::as_ref).collect::<Vec<_>>()[..] {
        ["--deb"] => Ok(Task::ConsolePackage { trial: false }),
        ["--deb", "--trial"] => Ok(Task::ConsolePackage { trial: true }),
        ["--deb", ..] => bail!("`cargo xtask console --deb` takes --trial, or nothing"),
        _ => Ok(Task::Console { arguments }),
    }
}

/// Everything else, for another program; a first `--` only says so.
fn rest(parser: &mut lexopt::Parser) -> anyhow::Result<Vec<OsString>> {
    let mut rest: Vec<OsString> = parser.raw_args()?.collect();
    if rest.first().is_some_and(|first| first == "--") {
        rest.remove(0);
    }
    Ok(rest)
}

fn nothing_more(parser: &mut lexopt::Parser, task: Task) -> anyhow::Result<Task> {
    match parser.next()? {
        None => Ok(task),
        Some(argument) => Err(argument.unexpected().into()),
    }
}

pub(crate) fn number<T: FromStr<Err = ParseIntError>>(parser: &mut lexopt::Parser, name: &str) -> anyhow::Result<T> {
    parser.value()?.parse().with_context(|| format!("--{name} needs a number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> anyhow::Result<Task> {
        parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn tasks() {
        let up = |options: UpOptions| Task::Up(options);
        let fuzz = |target: Option<&str>, budget, seed, mutated| {
            Task::Fuzz(FuzzOptions { target: target.map(str::to_owned), budget, seed, mutated })
        };
        let cases = [
            ("", Task::Help),
            ("up --help", Task::Help),
            ("up", up(UpOptions::default())),
            (
                "up --seconds 30 --udp --kill 5 --rate=200 --release --escrow sui --data-dir d --free-ports --no-install",
                up(UpOptions {
                    seconds: Some(30),
                    udp: true,
                    kills: 5,
                    rate: 200,
                    release: true,
                    escrow: Escrow::Sui,
                    data_dir: Some("d".into()),
                    free_ports: true,
                    install: false,
                }),
            ),
            ("test --quick", Task::Test { quick: true }),
            ("db reset --deployment test", Task::DbReset { deployment: "test".into(), data_dir: None }),
            ("bench ingest --fast", Task::Bench { arguments: vec!["ingest".into(), "--fast".into()] }),
            ("console --deb", Task::ConsolePackage { trial: false }),
            ("console --deb --trial", Task::ConsolePackage { trial: true }),
            ("console -- --url -- x", Task::Console { arguments: vec!["--url".into(), "--".into(), "x".into()] }),
            ("fuzz", fuzz(None, FuzzBudget::Default, 1, None)),
            ("fuzz sf1 --seconds 9 --seed 7", fuzz(Some("sf1"), FuzzBudget::Seconds(9), 7, None)),
            ("fuzz --runs 5000000000", fuzz(None, FuzzBudget::Runs(5_000_000_000), 1, None)),
            ("fuzz --smoke", fuzz(None, FuzzBudget::Smoke, 1, None)),
            ("fuzz --mutated 10000000", fuzz(None, FuzzBudget::Default, 1, Some(10_000_000))),
            ("kill", Task::Kill(KillOptions { times: 10, seed: 1, gateway: false, install: true })),
            (
                "kill --times 200 --seed 9 --no-install",
                Task::Kill(KillOptions { times: 200, seed: 9, gateway: false, install: false }),
            ),
            ("kill --gateway", Task::Kill(KillOptions { times: 10, seed: 1, gateway: true, install: true })),
            ("sim", Task::Simulate { runs: 25, seed: 1 }),
            ("sim --runs 1 --seed 77", Task::Simulate { runs: 1, seed: 77 }),
            ("sim money", Task::SimulateMoney(MONEY_DEFAULT)),
            (
                "sim money --customers 9 --months 3 --seed 77",
                Task::SimulateMoney(MoneyOptions { customers: 9, months: 3, seed: 77, escrow: Escrow::Embedded }),
            ),
            ("sim charges", Task::SimulateCharges { count: 10_000 }),
            ("sim charges --count 7", Task::SimulateCharges { count: 7 }),
            ("sim money --escrow sui", Task::SimulateMoney(MONEY_ON_SUI)),
            ("sim money --escrow sui --months 5", Task::SimulateMoney(MoneyOptions { months: 5, ..MONEY_ON_SUI })),
            ("book", Task::Book),
            ("deb --trial", Task::Package(PackageOptions { trial: true, release: true })),
            ("deb --dev", Task::Package(PackageOptions { trial: false, release: false })),
            ("restore", Task::Restore),
            ("soak", Task::Soak(SOAK_DEFAULT)),
            ("soak --minutes 3 --seed 9", Task::Soak(SoakOptions { minutes: 3, seed: 9 })),
            ("dist", Task::Dist),
            ("cluster repair", Task::Cluster(ClusterTask::Repair)),
            ("contract", Task::Contract),
            ("check-imports", Task::CheckImports),
            ("monitoring", Task::Monitoring),
        ];
        for (line, task) in cases {
            assert_eq!(parsed(line).unwrap(), task, "{line}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_said() {
        let cases = [
            ("dance", "no task `dance`"),
            ("up --seconds", "seconds"),
            ("up --seconds soon", "--seconds needs a number"),
            ("up --seconds 0", "at least 1"),
            ("up --rate 0", "1 to 20000"),
            ("up --kill 5", "needs --seconds"),
            ("up --kill 5 --seconds 9", "at least 10 seconds"),
            ("up --upd", "--upd"),
            ("db drop", "reset"),
            ("db reset --deployment production", "development or test"),
            ("fuzz --smoke --runs 3", "exclude each other"),
            ("fuzz sf1 --mutated 3", "--seed alone"),
            ("fuzz --mutated many", "--mutated needs a number"),
            ("kill --times", "times"),
            ("sim --runs many", "--runs needs a number"),
            ("soak --minutes 0", "at least 1"),
            ("check-imports now", "now"),
        ];
        for (line, message) in cases {
            let error = format!("{:#}", parsed(line).unwrap_err());
            assert!(error.contains(message), "{line}: {error}");
        }
    }
}
