//! The command line.

use crate::audit::AuditArgs;
use crate::backup::{BackupCommand, RestoreArgs};
use crate::billing::BillingArgs;
use crate::chain::ChainCommand;
use crate::cluster::{ClusterCommand, PartArgs};
use crate::configure::ConfigCommand;
use crate::deploy::DeployArgs;
use crate::doctor::DoctorArgs;
use crate::generate::GenerateArgs;
pub(crate) use crate::place::Place;
use crate::provision::ProvisionArgs;
use crate::rotate::RotateArgs;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use suiftly_schema::time::UnixMillis;

/// Live, exact usage metering and billing out of HAProxy logs.
#[derive(Debug, Parser)]
#[command(name = "suiftly", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run every role in this process: ingest, dataflow, store, API. For development; SIGINT or SIGTERM ends it.
    Up(UpArgs),
    /// Run every role on a server that says what it is (/etc/suiftly/system.conf), or one role of a cluster: what its
    /// systemd units start.
    Serve(ServeArgs),
    /// Print usage by customer, service, network and hour out of log files, without a database.
    Replay(ReplayArgs),
    /// HAProxy's log-format strings.
    #[command(subcommand)]
    LogFormat(LogFormatCommand),
    /// The journal: what is in it, whether it is sound, and its lines. It may be in use.
    #[command(subcommand)]
    Journal(JournalCommand),
    /// Send realistic SF1 lines without HAProxy (MOCK_HAPROXY).
    Simulate(SimulateArgs),
    /// A local chain with the escrow contract on it, for development and tests (MOCK_SUI_RPC).
    #[command(subcommand)]
    Chain(ChainCommand),
    /// The private PostgreSQL cluster and its databases.
    #[command(subcommand)]
    Db(DbCommand),
    /// Money: balances, orders, charges, invoices, price books, the manager's jobs and clock.
    Billing(Box<BillingArgs>),
    /// Hold an invoice against itself and the journal: inputs, bill, usage and prices. Fails if anything differs.
    Audit(AuditArgs),
    /// The lines that could not be read: look at them, and give them again after a fix.
    #[command(subcommand)]
    Quarantine(QuarantineCommand),
    /// Which numbered lines did not come, as the running `suiftly up` knows it.
    Loss(LossArgs),
    /// Who operates: tokens for the operators' API, made on the server itself.
    #[command(subcommand)]
    Operator(OperatorCommand),
    /// Make a few customers with services and API keys, for a first look; their keys go to a file only you can read.
    Seed(SeedArgs),
    /// Keep the gateways of this machine on the vault: HAProxy's maps, its map files, reports, synthetic requests. SIGINT
    /// or SIGTERM ends it and leaves HAProxy as it is.
    Edge(EdgeArgs),
    /// The vault: what gateways run on. Look at it, hold it, push it, check a directory of it.
    #[command(subcommand)]
    Vault(VaultCommand),
    /// Who is expected to run on it, and how they stand, as the running `suiftly up` knows it.
    Fleet(FleetArgs),
    /// The configuration: hold it against every rule, show what is in force, describe every key.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Make this machine a Suiftly server, or say what is missing. Running it again changes nothing.
    Provision(ProvisionArgs),
    /// Say what is wrong with this server, and what to do about it.
    Doctor(DoctorArgs),
    /// Copies of the database and the journal, encrypted: make one, list them, check them.
    #[command(subcommand)]
    Backup(BackupCommand),
    /// Make a data directory out of a backup.
    Restore(RestoreArgs),
    /// Put a version onto servers, one after the other; back to the last one where it does not get healthy.
    Deploy(DeployArgs),
    /// Change secrets without downtime.
    Rotate(RotateArgs),
    /// A cluster, whose roles are processes of their own: its id and its CA, its processes' certificates, how they stand.
    #[command(subcommand)]
    Cluster(ClusterCommand),
    /// Write the man pages and the shells' completions: for packages.
    #[command(hide = true)]
    Generate(GenerateArgs),
}

#[derive(Debug, Args)]
pub(crate) struct UpArgs {
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(flatten)]
    pub(crate) part: PartArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// Log files: plain, .gz, .xz or .zst; `-` is standard input.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// One JSON object a line.
    #[arg(long, conflicts_with = "csv")]
    pub(crate) json: bool,
    /// Comma-separated values with a header.
    #[arg(long)]
    pub(crate) csv: bool,
    /// How lines follow each other: auto, line, octet-count.
    #[arg(long, default_value = "auto", value_name = "FRAMING")]
    pub(crate) framing: suiftly_ingest::replay::FramingOption,
    /// What the lines are: auto, sf1, httplog, httpslog, tcplog.
    #[arg(long, default_value = "auto", value_name = "FORMAT")]
    pub(crate) format: suiftly_ingest::haproxy::Format,
    /// The lines' log-format string, as it stands in haproxy.cfg.
    #[arg(long, value_name = "STRING", conflicts_with = "format")]
    pub(crate) log_format: Option<String>,
    /// For --log-format: which field is the customer: an alias (ID), an expression (var(txn.cid)) or a capture (hr[3]).
    #[arg(long, value_name = "FIELD", requires = "log_format", conflicts_with = "customer_capture")]
    pub(crate) customer: Option<suiftly_ingest::haproxy::log_format::FieldRef>,
    /// For httplog and httpslog: which captured request header is the customer, counted from 1.
    #[arg(long, value_name = "N")]
    pub(crate) customer_capture: Option<usize>,
}

#[derive(Debug, Args)]
pub(crate) struct SimulateArgs {
    /// Where to send: udp://ADDRESS:PORT, tcp://ADDRESS:PORT, tls://HOST:PORT or unix:///PATH.
    #[arg(long, default_value = "tcp://127.0.0.1:5514", value_name = "URL")]
    pub(crate) to: suiftly_ingest::simulate::Target,
    /// For tls://: the CA that the server's certificate is checked by, as PEM.
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_ca: Option<PathBuf>,
    /// For tls://: our certificate, if the server asks for one, as PEM.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_certificate: Option<PathBuf>,
    /// For tls://: its private key, as PEM.
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Lines per second.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rate: u32,
    /// Stop after so many lines.
    #[arg(long)]
    pub(crate) lines: Option<u64>,
    /// Stop after so many seconds.
    #[arg(long)]
    pub(crate) seconds: Option<u64>,
    /// How many customers there are; their requests follow Zipf's law.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) customers: u32,
    /// The same seed makes the same requests.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DbCommand {
    /// Start the private cluster and leave it running.
    Start(Place),
    /// Stop the private cluster.
    Stop(Place),
    /// Create the database if it is missing and bring its schema up to date.
    Migrate(Place),
    /// Drop the database and the journal and make them anew. Development and test only.
    Reset(Place),
    /// Hold what is stored against the journal, line by line; fails unless every line is stored exactly once.
    /// Development and test only, and nothing may be running.
    Check(DbCheckArgs),
}

#[derive(Debug, Args)]
pub(crate) struct DbCheckArgs {
    #[command(flatten)]
    pub(crate) place: Place,
    /// The journal; without it, that of the data directory. Of a cluster its order's directory and every ingester's journal,
    /// one --journal each: which is which, they say themselves.
    #[arg(long = "journal", value_name = "DIR")]
    pub(crate) journals: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct SeedArgs {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Those that are made are customers since then, RFC 3339, with funds and a limit for a past of weeks.
    #[arg(long, value_name = "TIME", value_parser = rfc3339)]
    pub(crate) since: Option<UnixMillis>,
}

#[derive(Debug, Args)]
pub(crate) struct LossArgs {
    #[command(flatten)]
    pub(crate) place: Place,
    /// This server's only.
    #[arg(long, value_name = "ID")]
    pub(crate) server: Option<i16>,
    /// The whole report, as the API gives it.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum QuarantineCommand {
    /// Count them by reason and list the newest.
    Ls(QuarantineLs),
    /// Show one, whole.
    Show {
        #[command(flatten)]
        place: Place,
        /// Where it stands in the journal, as `ls` says.
        #[arg(value_name = "OFFSET")]
        offset: u64,
        /// Its bytes as they are, and nothing else. Not onto a terminal.
        #[arg(long)]
        raw: bool,
    },
    /// Give lines again to the running `suiftly up`, to be read under its configuration, whatever their date and source.
    /// Each is taken once; those that became something are left alone.
    Replay(QuarantineReplay),
}

#[derive(Debug, Args)]
pub(crate) struct QuarantineLs {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Of this reason only, such as unknown_format.
    #[arg(long, value_name = "WORD")]
    pub(crate) reason: Option<String>,
    /// Of sources that begin so only, such as `udp 192.0.2.7`.
    #[arg(long, value_name = "TEXT")]
    pub(crate) source: Option<String>,
    /// At most so many lines.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) limit: u32,
}

#[derive(Debug, Args)]
pub(crate) struct QuarantineReplay {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Of this reason only.
    #[arg(long, value_name = "WORD")]
    pub(crate) reason: Option<String>,
    /// This line only; can be given several times.
    #[arg(long = "offset", value_name = "OFFSET")]
    pub(crate) offsets: Vec<u64>,
    /// Also lines that were given before and could not be read: at most 1,000 a call.
    #[arg(long)]
    pub(crate) again: bool,
    /// Of a cluster, those of this ingester only; without it, of each.
    #[arg(long, value_name = "NAME")]
    pub(crate) ingester: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum OperatorCommand {
    /// Add an operator, or give the one of this name another role and a new token. The token is shown once.
    Add(OperatorAdd),
    /// List them: role, since when, when they were last seen.
    Ls {
        #[command(flatten)]
        place: Place,
        /// One JSON object an operator.
        #[arg(long)]
        json: bool,
    },
    /// Refuse an operator's token from now on.
    Disable {
        #[command(flatten)]
        place: Place,
        /// The operator's name.
        #[arg(value_name = "NAME")]
        name: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct OperatorAdd {
    #[command(flatten)]
    pub(crate) place: Place,
    /// What they are called: small letters, digits, `.`, `_`, `-`.
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// What they may do; each may what those before it may.
    #[arg(long, value_enum)]
    pub(crate) role: RoleArg,
    /// Write the token into this file, which only you can read, instead of showing it.
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
}

/// What an operator may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RoleArg {
    /// Look.
    Viewer,
    /// Act on customers, jobs, notifications, the quarantine.
    Operator,
    /// Publish prices, make operators, move the clock.
    Admin,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct EdgeArgs {
    #[command(subcommand)]
    pub(crate) command: Option<EdgeCommand>,
    /// Where what the configuration does not name lies: edge-token and vault-public-keys, as `suiftly up` makes them, and
    /// the edge's own directory.
    #[arg(long, value_name = "DIR", default_value = crate::place::data_dir_default())]
    pub(crate) data_dir: PathBuf,
    /// Configuration, TOML. Every key can also be set as SUIFTLY_SECTION__KEY in the environment.
    #[arg(long, value_name = "FILE", default_value = crate::place::config_default())]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct FleetArgs {
    #[command(flatten)]
    pub(crate) place: Place,
    /// The whole answer, as the API gives it.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum VaultCommand {
    /// The version in force: its root, what it holds, who holds it, what waits.
    Show {
        #[command(flatten)]
        place: Place,
        /// The whole answer, as the API gives it.
        #[arg(long)]
        json: bool,
    },
    /// List what was published, the latest first.
    Versions {
        #[command(flatten)]
        place: Place,
        /// At most so many.
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=200))]
        limit: u32,
        /// The whole answer, as the API gives it.
        #[arg(long)]
        json: bool,
    },
    /// What differs between two versions, in people's terms. The latest are remembered, and none of before the start.
    Diff {
        #[command(flatten)]
        place: Place,
        /// The older one; without it, the one before the newer.
        #[arg(long, value_name = "VERSION")]
        from: Option<u64>,
        /// The newer one; without it, the one in force.
        #[arg(long, value_name = "VERSION")]
        to: Option<u64>,
        /// The whole answer, as the API gives it.
        #[arg(long)]
        json: bool,
    },
    /// Hold the version in force: gateways keep it, also over a restart, and changes wait. Revoked keys work on meanwhile.
    Freeze {
        #[command(flatten)]
        place: Place,
        /// Why, for whoever finds it so.
        #[arg(long)]
        reason: String,
        /// The version in force, as `show` says.
        #[arg(long, value_name = "VERSION")]
        version: u64,
    },
    /// Release it: what has changed meanwhile is published.
    Thaw {
        #[command(flatten)]
        place: Place,
        /// The version in force, as `show` says; 0 if none is.
        #[arg(long, value_name = "VERSION")]
        version: u64,
    },
    /// Have every gateway filled anew.
    Push {
        #[command(flatten)]
        place: Place,
    },
    /// Check the version in force of a directory, the publisher's or an edge's: signature, root and counts. Fails unless all
    /// of it is as it was signed.
    Verify {
        /// The directory that holds `current`.
        #[arg(value_name = "DIR")]
        dir: PathBuf,
        /// The public keys to believe, as `keys` prints them.
        #[arg(long, value_name = "FILE")]
        keys: PathBuf,
    },
    /// Print the public keys, for edges.
    Keys {
        #[command(flatten)]
        place: Place,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum EdgeCommand {
    /// Make a token for an edge, and what its `[[gateway]]` entry says of it.
    Token,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LogFormatCommand {
    /// Explain each token of a string, say what is ambiguous, and try it on lines. Fails if a line cannot be read.
    Check {
        /// The string, as it stands in haproxy.cfg.
        #[arg(value_name = "STRING")]
        format: String,
        /// Log files: plain, .gz, .xz or .zst; `-` is standard input.
        #[arg(value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// List the published formats, as the running `suiftly up` has them, in the order in which lines are tried.
    List {
        #[command(flatten)]
        place: Place,
        /// One JSON object a format.
        #[arg(long)]
        json: bool,
    },
    /// Try a string on quarantined lines: what it would make of each, or where the line stops fitting. Changes nothing.
    /// Fails if a line cannot be read.
    Try(FormatTry),
    /// Publish a string, for lines that no configured format can read. Lines that are given again then are read by it.
    Publish {
        /// What it is called: letters, digits, `.`, `_`, `-`.
        #[arg(value_name = "NAME")]
        name: String,
        #[command(flatten)]
        format: FormatArgs,
        #[command(flatten)]
        place: Place,
    },
    /// Retire a published format: it reads no line any more.
    Retire {
        #[arg(value_name = "NAME")]
        name: String,
        #[command(flatten)]
        place: Place,
    },
}

#[derive(Debug, Args)]
pub(crate) struct FormatArgs {
    /// The string, as it stands in haproxy.cfg, or httplog, httpslog, tcplog.
    #[arg(value_name = "STRING")]
    pub(crate) log_format: String,
    /// Which field says what: customer=hr[1], traffic==1, service==seal. Several may be given.
    #[arg(long = "attribute", short = 'a', value_name = "NAME=FIELD", value_parser = name_and_field)]
    pub(crate) attribution: Vec<(String, String)>,
}

#[derive(Debug, Args)]
pub(crate) struct FormatTry {
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    /// On lines of this reason.
    #[arg(long, value_name = "WORD", default_value = "unknown_format")]
    pub(crate) reason: String,
    /// At most so many of them.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) limit: u32,
    /// On the lines that stand at these bytes of the journal instead.
    #[arg(long = "offset", value_name = "N")]
    pub(crate) offsets: Vec<u64>,
    /// The server's answer as it is.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) place: Place,
}

/// `customer=hr[1]`
fn name_and_field(text: &str) -> Result<(String, String), String> {
    let parts = text.split_once('=').filter(|(name, field)| !name.is_empty() && !field.is_empty());
    let (name, field) = parts.ok_or_else(|| format!("{text:?} is not as customer=hr[1]"))?;
    Ok((name.to_owned(), field.to_owned()))
}

#[derive(Debug, Subcommand)]
pub(crate) enum JournalCommand {
    /// List the segments: where each is in its life, its epochs, bytes, lines and times.
    Ls {
        #[command(flatten)]
        place: JournalPlace,
        /// One JSON object a segment.
        #[arg(long)]
        json: bool,
    },
    /// Read all of it and say what is damaged. Fails if anything is.
    Verify {
        #[command(flatten)]
        place: JournalPlace,
    },
    /// Write the lines as they were received, one a line.
    Dump {
        #[command(flatten)]
        place: JournalPlace,
        /// One JSON object a line: epoch, offset, received_at, source, line.
        #[arg(long)]
        json: bool,
        /// From this epoch on.
        #[arg(long, value_name = "EPOCH")]
        from_epoch: Option<u64>,
        /// Up to and including this epoch.
        #[arg(long, value_name = "EPOCH")]
        to_epoch: Option<u64>,
        /// The line that stands at this byte of the journal (a record's journal_offset) alone.
        #[arg(long, value_name = "N", conflicts_with_all = ["from_epoch", "to_epoch", "since", "until"])]
        offset: Option<u64>,
        /// Received at this time or later (RFC 3339).
        #[arg(long, value_name = "TIME", value_parser = rfc3339)]
        since: Option<UnixMillis>,
        /// Received before this time (RFC 3339).
        #[arg(long, value_name = "TIME", value_parser = rfc3339)]
        until: Option<UnixMillis>,
    },
    /// Print usage by customer, service, network and hour out of its lines, as `suiftly replay` does out of files.
    Replay {
        #[command(flatten)]
        place: JournalPlace,
        /// One JSON object a line.
        #[arg(long, conflicts_with = "csv")]
        json: bool,
        /// Comma-separated values with a header.
        #[arg(long)]
        csv: bool,
        /// From this epoch on.
        #[arg(long, value_name = "EPOCH")]
        from_epoch: Option<u64>,
        /// Up to and including this epoch.
        #[arg(long, value_name = "EPOCH")]
        to_epoch: Option<u64>,
    },
}

/// Where a journal is.
#[derive(Debug, Clone, Args)]
pub(crate) struct JournalPlace {
    /// The journal in this data directory.
    #[arg(long, value_name = "DIR", default_value = crate::place::data_dir_default(), conflicts_with = "dir")]
    pub(crate) data_dir: PathBuf,
    /// The journal in this very directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    /// Its archive; without it, that of the configuration.
    #[arg(long, value_name = "DIR")]
    pub(crate) archive: Option<PathBuf>,
    /// Configuration, TOML. Every key can also be set as SUIFTLY_SECTION__KEY in the environment.
    #[arg(long, value_name = "FILE", default_value = crate::place::config_default())]
    pub(crate) config: Option<PathBuf>,
}

fn rfc3339(text: &str) -> Result<UnixMillis, String> {
    UnixMillis::parse_rfc3339(text).ok_or_else(|| "not a time like 2026-11-22T10:00:00Z".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Part;

    fn part(words: &[&str]) -> Result<PartArgs, clap::Error> {
        Cli::try_parse_from([&["suiftly"][..], words].concat()).map(|cli| match cli.command {
            Command::Serve(args) => args.part,
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn roles_are_for_serve_alone_and_none_is_every_one() {
        assert_eq!(part(&["serve"]).unwrap().role, None);
        for (word, role) in [("ingest", Part::Ingest), ("dataflow", Part::Dataflow), ("api", Part::Api)] {
            assert_eq!(part(&["serve", "--role", word]).unwrap().role, Some(role));
            assert!(part(&["up", "--role", word]).is_err());
        }
        let args = "serve --role dataflow --process 1 --processes 3 --hosts cluster.toml";
        let args = part(&args.split(' ').collect::<Vec<_>>()).unwrap();
        assert_eq!((args.process, args.processes, args.hosts), (Some(1), Some(3), Some("cluster.toml".into())));
        for refused in [&["--process", "1"][..], &["--hosts", "f"], &["--role", "dataflow", "--processes", "3"]] {
            assert!(part(&[&["serve"][..], refused].concat()).is_err(), "{refused:?}");
        }
    }
}
