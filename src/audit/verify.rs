//! `suiftly audit verify`: a proof, recomputed from its record up to every root that it is to be compared with. It asks
//! nobody: no database, no journal, no network.

use crate::commands::unless_broken_pipe;
use crate::table::{Side, table};
use anyhow::{Context, ensure};
use clap::Args;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use suiftly_schema::ids::{Network, Service};
use suiftly_schema::proof::{self, AnchorKind, FILE_BYTES_MAX, Hash, Verified};

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// The proof, `-` for standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// A root that is known from elsewhere, 64 hexadecimal digits: the proof must lead to it. The month's, an invoice's hash,
    /// or what a charge carries.
    #[arg(long, value_name = "HEX", value_parser = root)]
    root: Option<Hash>,
}

fn root(text: &str) -> Result<Hash, String> {
    let digits = text.strip_prefix("0x").unwrap_or(text).to_ascii_lowercase();
    Hash::parse(&digits).ok_or_else(|| "it is not 64 hexadecimal digits".to_owned())
}

/// Verifies, says what is proven and what to compare, and fails unless all of it holds.
pub(super) fn verify(args: &VerifyArgs) -> anyhow::Result<()> {
    let VerifyArgs { file, root } = args;
    let verified = proof::verify(&read(file)?).context("this proves nothing")?;
    let said = format!("{}{}", said(&verified), anchors(&verified));
    unless_broken_pipe(io::stdout().lock().write_all(said.as_bytes()).context("cannot say what is proven"))?;
    let Some(root) = root else { return Ok(()) };
    ensure!(verified.is_bound_by(root), "the proof does not lead to {root}");
    unless_broken_pipe(writeln!(io::stdout().lock(), "✓ {root} binds it").context("cannot say what is proven"))
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let cannot = || format!("cannot read {}", path.display());
    let from: Box<dyn Read> =
        if path == Path::new("-") { Box::new(io::stdin()) } else { Box::new(File::open(path).with_context(cannot)?) };
    let mut bytes = Vec::new();
    // One byte more than a proof has: what is longer is none.
    from.take(FILE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).with_context(cannot)?;
    Ok(bytes)
}

fn said(verified: &Verified) -> String {
    let Verified { record, part, records, month, tree, .. } = verified;
    let id = record.request_id.map_or_else(|| "a request".to_owned(), |id| format!("request {}", id.as_str()));
    let service = record.service.map_or("an unknown service", Service::word);
    let network = record.network.map_or("an unknown network", Network::word);
    let account = part.account.as_str();
    let account = if account.is_empty() { "no account yet".to_owned() } else { format!("account {account}") };
    format!(
        "✓ {id} of {}: {service}, {network}, status {}, {}, standing for {}\n\
         ✓ it is one of {} billed to {account} for the hour of {}: {}, {}\n\
         ✓ that is one of {} of {month}, whose root is {}\n",
        record.timestamp.rfc3339(),
        record.status_code,
        count_of(record.bytes_sent, "byte"),
        count_of(record.repeat.into(), "request"),
        count_of(*records, "record"),
        part.hour.rfc3339(),
        count_of(part.requests, "request"),
        count_of(part.bytes, "byte"),
        count_of(tree.count, "part"),
        tree.root,
    )
}

/// A number of things: `1 part`, `12 parts`.
pub(super) fn count_of(count: u64, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}

/// What to compare, and with what.
pub(super) fn anchors(verified: &Verified) -> String {
    if verified.anchors.is_empty() {
        return format!(
            "no invoice and no charge carries it yet: it is bound by who knows the root {}\n",
            verified.tree.root
        );
    }
    let rows: Vec<_> = verified
        .anchors
        .iter()
        .map(|anchor| {
            let kind = match anchor.kind {
                AnchorKind::Invoice => "invoice",
                AnchorKind::Charge => "charge",
            };
            let covers = if anchor.covers { "" } else { "made before it" };
            vec![kind.to_owned(), anchor.name.clone(), anchor.root.to_string(), covers.to_owned()]
        })
        .collect();
    table(&["compare with", "", "what it must carry", ""].map(|name| (name, Side::Left)), &rows)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// One of the files that all verifiers are held against.
    pub(in crate::audit) fn file(name: &str) -> String {
        let vectors: serde_json::Value =
            serde_json::from_str(include_str!("../../schema/tests/data/proof/files.json")).unwrap();
        let valid = vectors["valid"].as_array().unwrap();
        let found = valid.iter().find(|valid| valid["name"] == name).unwrap();
        found["file"].as_str().unwrap().to_owned()
    }

    #[test]
    fn what_is_proven_in_words() {
        let text = |name| {
            let verified = proof::verify(file(name).as_bytes()).unwrap();
            format!("{}{}", said(&verified), anchors(&verified))
        };
        assert_eq!(text("running"), include_str!("golden/verify_running.txt"));
        assert_eq!(text("closed"), include_str!("golden/verify_closed.txt"));
        assert_eq!(text("alone"), include_str!("golden/verify_alone.txt"));
    }

    #[test]
    fn a_file_verifies_and_a_changed_one_does_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("proof.json");
        let whole = file("closed");
        std::fs::write(&path, &whole).unwrap();
        let with = |root: Option<&str>| {
            verify(&VerifyArgs { file: path.clone(), root: root.map(|text| super::root(text).unwrap()) })
        };
        with(None).unwrap();
        let found = proof::verify(whole.as_bytes()).unwrap();
        for root in [found.tree.root, found.anchors[0].root] {
            with(Some(&root.to_string())).unwrap();
            with(Some(&format!("0x{}", root.to_string().to_uppercase()))).unwrap();
        }
        let other = Hash::of(b"another").to_string();
        assert_eq!(with(Some(&other)).unwrap_err().to_string(), format!("the proof does not lead to {other}"));

        std::fs::write(&path, whole.replace("\"status_code\":200", "\"status_code\":201")).unwrap();
        let error = format!("{:#}", with(None).unwrap_err());
        assert!(error.starts_with("this proves nothing: the file does not end with the checksum"), "{error}");
        std::fs::write(&path, "no proof").unwrap();
        assert!(format!("{:#}", with(None).unwrap_err()).contains("this is no proof"));
        let missing = VerifyArgs { file: dir.path().join("none"), root: None };
        assert!(verify(&missing).unwrap_err().to_string().contains("cannot read"));
        assert!(root("12").is_err() && root(&"g".repeat(64)).is_err());
    }
}
