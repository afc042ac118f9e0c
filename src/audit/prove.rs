//! `suiftly audit prove`: one request's proof, out of the database and the journal.

use super::verify::{anchors, count_of};
use crate::cli::Place;
use crate::commands::{find_database, unless_broken_pipe};
use crate::config::Config;
use crate::proving::{JournalProver, Source};
use anyhow::Context;
use clap::Args;
use std::io::{self, Write};
use std::path::PathBuf;
use suiftly_api::proof::{ProofAsk, Prover, parse_request};
use suiftly_ingest::audit::JournalDirs;
use suiftly_ingest::proof::Wanted;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::proof::{self, Verified};
use suiftly_schema::time::UnixMillis;
use suiftly_store::money::MoneyStore;

#[derive(Debug, Args)]
pub(super) struct ProveArgs {
    /// What the answer's X-Request-ID said, or server, worker's birth and number of its line: 17-1795100000123-4242.
    #[arg(long, value_name = "ID", value_parser = request)]
    request_id: Wanted,
    /// Whose request it is: then it is found faster.
    #[arg(long, value_name = "N", value_parser = customer)]
    customer: Option<CustomerId>,
    /// When it was made, RFC 3339; only its hour counts. An X-Request-ID says it, unless its connection was hours old.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    hour: Option<UnixMillis>,
    /// Where the proof goes; it must not be there yet.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The journal, or a copy of its segments. Without it, that of the data directory.
    #[arg(long, value_name = "DIR")]
    journal: Option<PathBuf>,
    /// Its archive. Without it, that of the configuration.
    #[arg(long, value_name = "DIR")]
    archive: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
}

fn request(text: &str) -> Result<Wanted, String> {
    parse_request(text).ok_or_else(|| "it is no request's name".to_owned())
}

fn customer(text: &str) -> Result<CustomerId, String> {
    text.parse().ok().and_then(CustomerId::new).ok_or_else(|| "it is no customer's number".to_owned())
}

fn instant(text: &str) -> Result<UnixMillis, String> {
    UnixMillis::parse_rfc3339(text).ok_or_else(|| "it is no time such as 2026-11-21T22:00:00Z".to_owned())
}

/// Makes it, verifies it, and says what it proves.
pub(super) async fn prove(args: ProveArgs) -> anyhow::Result<()> {
    let ProveArgs { request_id: wanted, customer, hour, out, journal, archive, place } = args;
    let config = Config::read(place.config.as_deref())?;
    let mut source = Source::of(&place, &config)?;
    if let Some(journal) = journal {
        source.dirs = JournalDirs { journal, ..source.dirs };
    }
    if let Some(archive) = archive {
        source.dirs = source.dirs.with_archive(&archive);
    }
    let (_, store) = find_database(&place, &config).await?;
    let prover = JournalProver::new(MoneyStore::new(&store)?, source);
    let file = prover.prove(ProofAsk { wanted, customer, hour }).await.context("there is no proof")?;
    let text = file.to_json();
    let verified = proof::verify(text.as_bytes()).context("the proof does not verify")?;
    let cannot = || format!("cannot write {}", out.display());
    let mut to = std::fs::File::create_new(&out).with_context(cannot)?;
    to.write_all(text.as_bytes()).and_then(|()| to.sync_all()).with_context(cannot)?;
    let said = format!("{}written to {}\n", said(&verified), out.display());
    unless_broken_pipe(io::stdout().lock().write_all(said.as_bytes()).context("cannot say what was proven"))
}

fn said(verified: &Verified) -> String {
    let Verified { record, records, month, tree, .. } = verified;
    let of = record.request_id.map_or_else(String::new, |id| format!(" {}", id.as_str()));
    format!(
        "request{of} of {} is one of {} in its part, which is one of {} of {month}\n{}",
        record.timestamp.rfc3339(),
        count_of(*records, "record"),
        count_of(tree.count, "part"),
        anchors(verified),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_proven_in_words() {
        let text = |name| said(&proof::verify(super::super::verify::tests::file(name).as_bytes()).unwrap());
        assert_eq!(text("closed"), include_str!("golden/prove_closed.txt"));
        assert_eq!(text("alone"), include_str!("golden/prove_alone.txt"));
    }

    #[test]
    fn what_is_asked_for_is_read() {
        assert!(request("6B0214B13DF-1D83-8CA5").is_ok() && request("a b").is_err());
        assert!(customer("42").is_ok() && customer("0").is_err() && customer("x").is_err());
        assert!(instant("2026-11-21T22:00:00Z").is_ok() && instant("yesterday").is_err());
    }
}
