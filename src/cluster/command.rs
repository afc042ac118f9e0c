//! `suiftly cluster …`: the CA and its certificates, where the CA is; how the cluster stands, where its database is.

use super::ca::Ca;
use super::{forgetting, standing};
use crate::cli::Place;
use crate::commands::unless_broken_pipe;
use crate::place;
use anyhow::Context;
use clap::Subcommand;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use suiftly_link::Role;

const DAY: Duration = Duration::from_secs(24 * 3_600);

/// `suiftly cluster …`
#[derive(Debug, Subcommand)]
pub(crate) enum ClusterCommand {
    /// Make a cluster's id and its CA, in a directory that is kept away from the cluster's machines.
    Init {
        /// The directory; made if it is missing.
        #[arg(value_name = "DIR")]
        dir: PathBuf,
    },
    /// Make the certificate and the key of one process: what belongs into its cluster.tls_dir. Again: new ones.
    Certificate {
        /// Who it is for: ingest-NAME, dataflow-NUMBER or api.
        #[arg(value_name = "ROLE")]
        role: Role,
        /// The CA's directory, as `init` made it.
        #[arg(long, value_name = "DIR", default_value = ".")]
        ca: PathBuf,
        /// Where to put them; without it, a directory of the role's name in the CA's.
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// They are good for so many days.
        #[arg(long, value_name = "N", default_value_t = 730, value_parser = clap::value_parser!(u32).range(1..=3650))]
        days: u32,
    },
    /// Change the CA without downtime: a second one beside the first, whose ca.pem goes to every machine; then a new
    /// certificate for every process; then --finish, and the new ca.pem to every machine.
    Renew {
        /// The CA's directory.
        #[arg(long, value_name = "DIR", default_value = ".")]
        ca: PathBuf,
        /// Take the first one out: certificates of it are not believed any more.
        #[arg(long)]
        finish: bool,
    },
    /// How the cluster stands, by its database: its run, its journals, how far its shards are stored.
    Show {
        #[command(flatten)]
        place: Place,
        /// As JSON, for programs.
        #[arg(long)]
        json: bool,
    },
    /// Go on without an ingester whose journal is gone for good. All processes of the dataflow must be stopped.
    ///
    /// What only that journal had, and a shard has not stored, is not billed there. Lines of it that are stored are known
    /// by their raw records, so that no copy of them, by a gateway's other home or sent again, is billed. All raw records
    /// are read for it, which may take long.
    ///
    /// Refused, and nothing is changed, where it cannot be told what was billed: where some shards lack what others have
    /// stored of the journal; where it brought what was told of open streams, or long answers while streams are told of,
    /// after the epoch that all shards restart from; and where that epoch is further back than raw records are kept, which
    /// is two days. A line that it brought two days late may be billed again without a word.
    Forget {
        #[command(flatten)]
        place: Place,
        /// The ingester, as its certificate calls it: ingest-NAME, or NAME. If it has begun a new journal since, only the
        /// older ones are forgotten. Or a journal's id, as `suiftly cluster show` tells it.
        #[arg(value_name = "NAME")]
        name: String,
        /// That its journal is gone, and not merely away.
        #[arg(long, required = true)]
        its_journal_is_gone: bool,
        /// Go on even where it cannot be told what was billed: copies of such lines that come later are billed again.
        #[arg(long)]
        may_charge_twice: bool,
    },
}

pub(crate) async fn cluster(command: ClusterCommand) -> anyhow::Result<()> {
    match command {
        ClusterCommand::Init { dir } => init(&dir),
        ClusterCommand::Certificate { role, ca, out, days } => certificate(&role, &ca, out, DAY * days),
        ClusterCommand::Renew { ca, finish } => renew(&ca, finish),
        ClusterCommand::Show { place, json } => say(&standing::show(&place, json).await?),
        ClusterCommand::Forget { place, name, its_journal_is_gone: _, may_charge_twice } => {
            let name = name.strip_prefix("ingest-").unwrap_or(&name);
            say(&forgetting::forget(&place, name, may_charge_twice).await?)
        }
    }
}

/// Where there is one, its id is told again.
fn init(dir: &Path) -> anyhow::Result<()> {
    let ca = if Ca::is_in(dir) { Ca::open(dir)? } else { Ca::make(dir)? };
    say(&format!(
        "the cluster's CA is in {dir}; keep it, and a copy of it, away from the cluster's machines\n\
         for every process's {config}:\n\n[cluster]\nid = \"{id}\"\n\n\
         then: suiftly cluster certificate ROLE --ca {dir}\n",
        dir = dir.display(),
        config = place::SERVER_CONFIG,
        id = ca.id,
    ))
}

fn certificate(role: &Role, ca: &Path, out: Option<PathBuf>, good_for: Duration) -> anyhow::Result<()> {
    let out = out.unwrap_or_else(|| ca.join(role.to_string()));
    let files = Ca::open(ca)?.certificate(role, &out, good_for)?;
    say(&format!(
        "{} and {}, with {}: for the cluster.tls_dir of {role}, the key for the account that runs alone\n",
        files.certificate.display(),
        files.key.display(),
        files.ca.display(),
    ))
}

fn renew(ca: &Path, finish: bool) -> anyhow::Result<()> {
    let certificates = Ca::open(ca)?.renew(finish)?;
    let then = if finish {
        "certificates of the first CA are not believed any more where it is"
    } else {
        "restart what has it; then make every process a new certificate (suiftly cluster certificate), restart it, and \
         say --finish"
    };
    say(&format!("put {} on every machine, into cluster.tls_dir: {then}\n", certificates.display()))
}

fn say(text: &str) -> anyhow::Result<()> {
    unless_broken_pipe(io::stdout().lock().write_all(text.as_bytes()).context("cannot write"))
}
