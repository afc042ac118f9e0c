//! Brings the restored database to where the restored journal ends, as every start does, and settles what the journal tells
//! of changes that the database does not have.

use super::verdict::Verdict;
use crate::backup::journal::Dirs;
use crate::backup::manifest::{Manifest, Reach};
use crate::up;
use anyhow::ensure;
use suiftly_ingest::decode::DecodeConfig;
use suiftly_ingest::journal::JournalReader;
use suiftly_schema::ids::Epoch;
use suiftly_schema::price::PriceBook;
use suiftly_schema::reference::Entity;
use suiftly_store::backup::{self, Later, Retold};
use suiftly_store::role::Roles;
use suiftly_store::writer::Writer;

/// Changes that are named at most; all are counted.
const NAMED_MAX: usize = 10;

pub(super) async fn replay(
    journal: &Dirs,
    roles: &Roles,
    decode: &DecodeConfig,
    manifest: &Manifest,
    reach: Reach,
    verdict: &mut Verdict,
) -> anyhow::Result<()> {
    let (from, through) = (manifest.watermark(), reach.last_epoch);
    backup::teach_books(roles.owner(), &later_books(journal, decode, from, through)?).await?;
    let (mut writer, resume) = Writer::open(&roles.run, &manifest.journal_id).await?;
    ensure!(resume.epoch == from, "the database is at epoch {}, and was dumped at {from}", resume.epoch);
    let lines_before = resume.counts.received;
    let replaying = up::replay(journal.journal.clone(), decode.clone(), &mut writer, resume, through);
    replaying.await?;
    let resume = writer.resume().await?;
    let lines = resume.counts.received - lines_before;
    let at = reach.last_cut_at.map_or_else(String::new, |at| format!(" ({})", at.rfc3339()));
    let said = format!("the journal is replayed from epoch {from} through {through}{at}: {lines} lines");
    let ended = format!("the database came to epoch {}, not to {through}", resume.epoch);
    verdict.step(resume.epoch == through || from == through, said, &[ended]);
    drop(writer);
    let retold = backup::settle_reference(roles.owner(), manifest.facts.reference_seq).await?;
    tell(&retold, verdict);
    Ok(())
}

/// The price books that came among the lines since: what is rated by them stands beside them.
fn later_books(journal: &Dirs, decode: &DecodeConfig, from: Epoch, through: Epoch) -> anyhow::Result<Vec<PriceBook>> {
    let mut books = Vec::new();
    let mut decoder = suiftly_ingest::decode::Decoder::new(decode.clone());
    for block in JournalReader::from_epoch(&journal.journal, from + 1)? {
        let block = block?;
        if block.epoch > through {
            break;
        }
        decoder.visit(&block, |visited| {
            if let suiftly_ingest::decode::Visited::Change(change) = visited
                && let Entity::PriceBook(book) = change.entity
            {
                books.push(book);
            }
        });
    }
    Ok(books)
}

fn tell(retold: &Retold, verdict: &mut Verdict) {
    let Retold { undone, gone, ended_keys } = retold;
    let mut note = |changes: &[Later], says: &str| {
        if !changes.is_empty() {
            verdict.note(format!("{} {says}: {}", changes.len(), named(changes)));
        }
    };
    note(undone, "changes came after the dump, and are undone");
    note(gone, "were made after the dump, and are gone: they must be made again");
    note(ended_keys, "keys were revoked or deleted after the dump, and stay so");
}

fn named(changes: &[Later]) -> String {
    let mut names: Vec<_> = changes.iter().take(NAMED_MAX).map(|it| format!("{} {}", it.kind, it.id)).collect();
    if changes.len() > NAMED_MAX {
        names.push("…".to_owned());
    }
    names.join(", ")
}
