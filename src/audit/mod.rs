//! `suiftly audit`: holds a bill against itself and against the journal. An exported invoice and a copy of the journal are
//! enough, on any machine: no database is asked unless the invoice is named by its number. `prove` makes the proof of one
//! request, `verify` verifies one with nothing else.

mod books;
mod check;
mod hours;
mod prove;
mod say;
#[cfg(test)]
mod tests;
mod verify;

use crate::cli::Place;
use crate::commands::{blocking, find_database, unless_broken_pipe};
use crate::config::Config;
use crate::sources::decode_config;
use anyhow::Context;
use check::{Evidence, Outcome};
use clap::{Args, Subcommand};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use suiftly_ingest::decode::DecodeConfig;
use suiftly_schema::invoice::ExportedInvoice;
use suiftly_store::money::MoneyStore;

/// An exported invoice is no longer than this.
const MAX_INVOICE_BYTES: u64 = 64 << 20;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct AuditArgs {
    #[command(subcommand)]
    action: Option<AuditAction>,
    /// An invoice or note in the database, such as INV-2026-000017.
    #[arg(value_name = "NUMBER", required_unless_present = "invoice", conflicts_with = "invoice")]
    number: Option<String>,
    /// An invoice as exported (JSON), `-` for standard input: no database is needed.
    #[arg(long, value_name = "FILE")]
    invoice: Option<PathBuf>,
    /// A journal, or a copy of its segments; several if the invoice names several; of a cluster its order's directory and
    /// every ingester's journal, one --journal each. Without it, that of the data directory.
    #[arg(long = "journal", value_name = "DIR")]
    journals: Vec<PathBuf>,
    /// A journal's archive; several if there are. Without it, that of the configuration.
    #[arg(long = "archive", value_name = "DIR")]
    archives: Vec<PathBuf>,
    /// For programs.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

/// What else can be done.
#[derive(Debug, Subcommand)]
enum AuditAction {
    /// Make the proof that a request is billed as it was made: a file that anybody can verify.
    Prove(Box<prove::ProveArgs>),
    /// Verify the proof of a request: it takes the file and nothing else. Fails if a byte of it is another.
    Verify(verify::VerifyArgs),
}

/// Audits, says what was found, and fails unless all of it is as it should be; or does what else was asked for.
pub(crate) async fn audit(args: AuditArgs) -> anyhow::Result<()> {
    let AuditArgs { action, number, invoice, journals, archives, json, place } = args;
    match action {
        Some(AuditAction::Prove(args)) => return prove::prove(*args).await,
        Some(AuditAction::Verify(args)) => return verify::verify(&args),
        None => {}
    }
    let config = Config::read(place.config.as_deref())?;
    let exported = match (&number, &invoice) {
        (Some(number), _) => stored(number, &place, &config).await?,
        (None, Some(path)) => exported(path)?,
        (None, None) => anyhow::bail!("an invoice's number or its file is needed"),
    };
    let journals = if journals.is_empty() { vec![place.data_dir.join("journal")] } else { journals };
    let configured = config.journal.archive_dir.clone().filter(|dir| dir.is_dir());
    let archives = if archives.is_empty() { configured.into_iter().collect() } else { archives };
    let evidence = Evidence { journals, archives, decode: decode_config(&config)? };
    let findings = blocking(move || anyhow::Ok(check::check(&exported, &evidence))).await?;
    let text = if json { format!("{:#}\n", say::as_json(&findings)) } else { say::as_text(&findings) };
    unless_broken_pipe(io::stdout().lock().write_all(text.as_bytes()).context("cannot write the findings"))?;
    findings.verdict()
}

/// What an audit comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Audited {
    /// All of it is as it should be, as far as can be told.
    Holds,
    /// It is not; the first difference in words.
    Differs(String),
    /// It could not be done.
    Failed(String),
}

/// Audits many documents against one journal.
#[derive(Debug)]
pub(crate) struct Auditor {
    evidence: Evidence,
}

impl Auditor {
    /// Against the journal in a directory, read as these formats say.
    pub(crate) fn new(journal: &Path, decode: &DecodeConfig) -> Self {
        let evidence = Evidence { journals: vec![journal.to_owned()], archives: Vec::new(), decode: decode.clone() };
        Self { evidence }
    }

    /// Audits one.
    pub(crate) fn audit(&self, exported: &ExportedInvoice) -> Audited {
        let findings = check::check(exported, &self.evidence);
        let first = |outcome| findings.steps.iter().find(|step| step.outcome == outcome).map(|step| step.says.clone());
        match (first(Outcome::Differs), first(Outcome::Failed)) {
            (Some(says), _) => Audited::Differs(says),
            (None, Some(says)) => Audited::Failed(says),
            (None, None) => Audited::Holds,
        }
    }
}

async fn stored(number: &str, place: &Place, config: &Config) -> anyhow::Result<ExportedInvoice> {
    let (_, store) = find_database(place, config).await?;
    let found = MoneyStore::new(&store)?.invoice(number).await?;
    Ok(found.with_context(|| format!("there is no invoice {number}"))?.exported)
}

fn exported(path: &Path) -> anyhow::Result<ExportedInvoice> {
    let cannot = || format!("cannot read the invoice {}", path.display());
    let mut text = String::new();
    let from: Box<dyn Read> =
        if path == Path::new("-") { Box::new(io::stdin()) } else { Box::new(File::open(path).with_context(cannot)?) };
    from.take(MAX_INVOICE_BYTES).read_to_string(&mut text).with_context(cannot)?;
    serde_json::from_str(&text).with_context(cannot)
}
