//! Which request is proven, out of what month; and that its proof holds in every byte.

use anyhow::{Context, ensure};
use std::ops::Range;
use suiftly_ingest::audit::JournalDirs;
use suiftly_ingest::decode::{DecodeConfig, Decoder, Visited};
use suiftly_ingest::journal::{JournalId, JournalReader};
use suiftly_ingest::proof::{Step, StepPart, Wanted};
use suiftly_ingest::simulate::Random;
use suiftly_schema::proof::{Hash, Hex, InputsTree, Line, MonthProof, Part, SealedPart, tree, verify};
use suiftly_schema::usage::is_billable;

/// What a proof ends with: `,"sum":"`, 64 digits, a quotation mark and a brace.
const ENDING_BYTES: usize = 8 + 64 + 2;
/// What is flipped of each byte: its lowest bit, its case where it is a letter, and what makes it no ASCII.
const FLIPPED: [u8; 3] = [1, 0x20, 0x80];

/// A request that is billed.
pub(super) struct Chosen {
    /// Which part it is in.
    pub(super) part: usize,
    /// Which of its records it is.
    pub(super) index: u64,
    pub(super) wanted: Wanted,
}

/// Any of them, each as likely as another.
pub(super) fn choose(dirs: &JournalDirs, step: &Step, seed: u64) -> anyhow::Result<Chosen> {
    let records: u64 = step.parts.iter().map(|part| part.records.count).sum();
    ensure!(records > 0, "nothing is billed");
    let mut index = Random::new(seed).below(records);
    let mut part = 0;
    while index >= step.parts[part].records.count {
        index -= step.parts[part].records.count;
        part += 1;
    }
    let wanted = line_of(dirs, step, &step.parts[part], index)?;
    Ok(Chosen { part, index, wanted })
}

/// The line of a part's record, in the journal's order.
fn line_of(dirs: &JournalDirs, step: &Step, part: &StepPart, index: u64) -> anyhow::Result<Wanted> {
    let (mut before, mut found) = (0, None);
    let mut decoder = Decoder::new(DecodeConfig::LIVE);
    for block in JournalReader::from_epoch(&dirs.journal, step.first_epoch)? {
        decoder.visit(&block?, |visited| {
            if let Visited::Record(record, _) = visited
                && record.customer_id == Some(part.customer_id)
                && record.timestamp.hour() == part.hour
                && is_billable(record.traffic_type, record.status_code)
            {
                if before == index {
                    found = record.line_id;
                }
                before += 1;
            }
        });
        if before > index {
            break;
        }
    }
    let id = found.context("the record has no line")?;
    Ok(Wanted::Line { server_id: id.server_id, line: Line { boot: id.boot, seq: id.seq } })
}

/// All parts of a part's customer and month, and which of them it is.
pub(super) fn month_of(step: &Step, journal_id: JournalId, of: &StepPart) -> anyhow::Result<(Vec<SealedPart>, usize)> {
    let account = Part::account_of("0xa1").context("it is an account's name")?;
    let is_of_month = |part: &&StepPart| part.customer_id == of.customer_id && part.hour.month() == of.hour.month();
    let sealed = |part: &StepPart| SealedPart {
        part: Part {
            account,
            journal: Hex(journal_id.0),
            hour: part.hour,
            first_epoch: step.first_epoch,
            last_epoch: step.last_epoch,
            requests: part.requests,
            bytes: part.bytes,
        },
        records: part.records,
    };
    let parts: Vec<_> = step.parts.iter().filter(is_of_month).map(sealed).collect();
    let at = parts.iter().position(|part| part.part.hour == of.hour).context("it is none of its month")?;
    Ok((parts, at))
}

/// What an invoice of such a month is hashed from.
pub(super) fn inputs_of(month: &[SealedPart], of: &StepPart) -> InputsTree {
    let leaves: Vec<_> = month.iter().map(SealedPart::leaf).collect();
    let proof = MonthProof { parts: leaves.len() as u64, root: tree::root(&leaves) };
    InputsTree { rest: Hash::of(b"all else that is billed by"), month: of.hour.month(), proof }
}

/// That no changed byte is passed over: not as it is, nor under a checksum made anew, which anybody can make. These names
/// are held by the checksum alone.
pub(super) fn each_byte_counts(file: &str, names: &[&str]) -> anyhow::Result<()> {
    verify(file.as_bytes()).context("the proof does not hold")?;
    let place = |name: &&str| file.find(*name).map(|begin| begin..begin + name.len());
    let names: Vec<Range<usize>> = names.iter().filter_map(place).collect();
    let body = file.len().checked_sub(ENDING_BYTES).context("a proof has an ending")?;
    for at in 0..file.len() {
        for flipped in FLIPPED {
            let mut bytes = file.as_bytes().to_vec();
            bytes[at] ^= flipped;
            ensure!(verify(&bytes).is_err(), "byte {at} of the proof can be changed by {flipped:#x}:\n{file}");
            if at < body && !names.iter().any(|name| name.contains(&at)) {
                let is_read = verify(&sealed_anew(&bytes[..body])).is_ok();
                ensure!(!is_read, "byte {at} can be changed by {flipped:#x}, and the checksum with it:\n{file}");
            }
        }
    }
    Ok(())
}

/// With the checksum of what is before it.
fn sealed_anew(body: &[u8]) -> Vec<u8> {
    [body, format!(",\"sum\":\"{}\"}}", Hash::of(body)).as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names of an invoice and of charges could be changed with the checksum: so this finds what is not held.
    #[test]
    fn a_byte_that_can_be_changed_is_found() {
        let vectors: serde_json::Value =
            serde_json::from_str(include_str!("../../../schema/tests/data/proof/files.json")).unwrap();
        let closed = vectors["valid"][1]["file"].as_str().unwrap();
        each_byte_counts(closed, &["INV-2026-000017", "EvK2:0", "CLoSe1:0"]).unwrap();
        let found = each_byte_counts(closed, &["EvK2:0", "CLoSe1:0"]).unwrap_err().to_string();
        assert!(found.contains("and the checksum with it"), "{found}");
        assert!(each_byte_counts(&closed.replacen("EvK2", "EvK3", 1), &[]).is_err(), "it holds to begin with");
    }
}
