//! What `suiftly backup` and `suiftly restore` are told.

use super::restore::{Order, Until};
use crate::place::Place;
use clap::{Args, Subcommand};
use std::path::PathBuf;
use suiftly_schema::ids::Epoch;
use suiftly_schema::time::UnixMillis;

#[derive(Debug, Subcommand)]
pub(crate) enum BackupCommand {
    /// Make one: database, journal and secrets, in one encrypted file.
    Create(CreateArgs),
    /// List them.
    Ls(LsArgs),
    /// Read one to its end and hold every part against its digest.
    Check(CheckArgs),
    /// Make a key: an identity that opens backups, for the operator, and its recipient, for the configuration.
    Key(KeyArgs),
}

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    #[command(flatten)]
    pub(super) place: Place,
    /// Where it is put. Without it, backup.dir.
    #[arg(long, value_name = "DIR")]
    pub(super) dir: Option<PathBuf>,
    /// Whom it is encrypted for (age1…), beside nobody else. Without it, backup.recipients.
    #[arg(long = "recipient", value_name = "AGE1…")]
    pub(super) recipients: Vec<String>,
    /// Leave the secrets out: what is restored from it then needs them from elsewhere.
    #[arg(long)]
    pub(super) without_secrets: bool,
    /// Leave raw records and HAProxy's own messages out: bills need neither. Refused where they are in TimescaleDB's chunks.
    #[arg(long)]
    pub(super) without_records: bool,
}

#[derive(Debug, Args)]
pub(crate) struct LsArgs {
    #[command(flatten)]
    pub(super) place: Place,
    /// Where they are. Without it, backup.dir.
    #[arg(long, value_name = "DIR")]
    pub(super) dir: Option<PathBuf>,
    /// For programs: a line each.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The backup.
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// The file with the identity that opens it, as `suiftly backup key` or `age-keygen` makes it.
    #[arg(long, value_name = "FILE")]
    pub(super) identity: PathBuf,
    /// Restore it too, into a directory that is removed afterwards, and audit what is there.
    #[arg(long)]
    pub(super) restore: bool,
    /// Where the directory for that is made. Without it, /var/tmp.
    #[arg(long, value_name = "DIR", requires = "restore")]
    pub(super) scratch: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct KeyArgs {
    /// The file that the identity is written to; it must not be there.
    #[arg(long, value_name = "FILE")]
    pub(super) out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// The backup.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The data directory to make: new, or empty.
    #[arg(long, value_name = "DIR")]
    into: PathBuf,
    /// The file with the identity that opens it.
    #[arg(long, value_name = "FILE")]
    identity: PathBuf,
    /// Only what was cut up to this time (RFC 3339): lines by the journal; what people changed, as the backup has it.
    #[arg(long, value_name = "TIME", value_parser = instant, conflicts_with = "until_epoch")]
    until: Option<UnixMillis>,
    /// Only what came up to this epoch.
    #[arg(long, value_name = "N")]
    until_epoch: Option<Epoch>,
    /// The journal, or what is left of it, or its archive, where they go on after the backup; may be given twice.
    #[arg(long = "journal", value_name = "DIR")]
    journals: Vec<PathBuf>,
    /// An empty database (postgres://…) to restore into, as its owner. Without it, a private cluster in the directory.
    #[arg(long, value_name = "URL", env = "SUIFTLY_RESTORE_DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
    /// The role that runs on that database, which gets its rights. Without it, its owner runs too.
    #[arg(long, value_name = "NAME", requires = "database_url")]
    run_role: Option<String>,
    /// The name of the private cluster's database.
    #[arg(long, value_name = "NAME", default_value = "suiftly_dev", conflicts_with = "database_url")]
    database: String,
    /// Where the secrets are put. Without it, into the directory itself.
    #[arg(long, value_name = "DIR")]
    secrets: Option<PathBuf>,
    /// How lines are read. Without it, as the backup's own configuration says.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

fn instant(text: &str) -> Result<UnixMillis, String> {
    UnixMillis::parse_rfc3339(text).ok_or_else(|| format!("{text} is no time such as 2026-11-22T10:58:00Z"))
}

impl From<RestoreArgs> for Order {
    fn from(args: RestoreArgs) -> Self {
        let until = match (args.until, args.until_epoch) {
            (Some(at), _) => Until::Time(at),
            (_, Some(epoch)) => Until::Epoch(epoch),
            _ => Until::End,
        };
        Self {
            file: args.file,
            into: args.into,
            identity: args.identity,
            until,
            journals: args.journals,
            database_url: args.database_url,
            run_role: args.run_role,
            database: args.database,
            secrets: args.secrets,
            config: args.config,
        }
    }
}
