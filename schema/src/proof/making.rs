//! Puts a proof together, out of what is kept of a month.

use super::CHARGES_MAX;
use super::file::{Charge, FORMAT, Invoice, Place, ProofFile};
use super::inputs::InputsTree;
use super::part::Part;
use super::record::RecordLeaf;
use super::tree::{self, Frontier, Hash, Tree};

/// A part, and the tree of its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealedPart {
    /// The part.
    pub part: Part,
    /// Its records.
    pub records: Tree,
}

impl SealedPart {
    /// Its leaf in the month's tree.
    pub fn leaf(&self) -> Hash {
        self.part.hash(self.records)
    }
}

/// A record, found in its part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The record.
    pub record: RecordLeaf,
    /// Which of the part's, from 0.
    pub index: u64,
    /// Its path to the part's root.
    pub path: Vec<Hash>,
    /// Which part of the month, from 0.
    pub part: usize,
}

/// A charge of the month, and the root that it carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChargeRoot {
    /// Its transaction.
    pub digest: String,
    /// The root.
    pub root: Hash,
}

/// Why there is no proof, though the record was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MakeError {
    /// There is no such part.
    #[error("the month has {parts} parts, and the record is in number {part}")]
    Part {
        /// Which is asked for, from 0.
        part: usize,
        /// How many there are.
        parts: usize,
    },
    /// What is kept does not come to what the invoice says.
    #[error("the parts that are kept do not come to the root in the inputs of the invoice")]
    Invoice,
}

/// Makes the proof of a record. `parts` are all of its month, in order; `invoice` is the first document of the month that
/// covers it, by its number. One that does not is left out, and so is a charge with a root that the month never had. Of
/// charges the latest are named, as many as a file may: they carry most of the month.
pub fn make(
    found: Found,
    parts: &[SealedPart],
    invoice: Option<(&str, InputsTree)>,
    charges: &[ChargeRoot],
) -> Result<ProofFile, MakeError> {
    let Found { record, index, path, part: at } = found;
    let missing = MakeError::Part { part: at, parts: parts.len() };
    let SealedPart { part, records } = *parts.get(at).ok_or(missing)?;
    let leaves: Vec<_> = parts.iter().map(SealedPart::leaf).collect();
    let billed = invoice.and_then(|(_, tree)| usize::try_from(tree.proof.parts).ok());
    if billed.is_some_and(|billed| leaves.get(..billed).map(tree::root) != invoice.map(|(_, tree)| tree.proof.root)) {
        return Err(MakeError::Invoice);
    }
    let invoice = invoice.filter(|_| billed.is_some_and(|billed| at < billed));
    let leaves = &leaves[..billed.filter(|_| invoice.is_some()).unwrap_or(leaves.len())];
    let invoice =
        invoice.map(|(number, tree)| Invoice { number: number.to_owned(), hash: tree.hash(), rest: tree.rest });
    let hash = invoice.as_ref().map(|invoice| invoice.hash);
    Ok(ProofFile {
        suiftly_proof: FORMAT,
        record,
        in_part: Place { index, count: records.count, path },
        part,
        in_month: Place { index: at as u64, count: leaves.len() as u64, path: tree::path(leaves, at).ok_or(missing)? },
        charges: carried(leaves, hash, charges),
        invoice,
    })
}

/// The charges that carry the invoice's hash, or the root of a beginning of the month.
fn carried(leaves: &[Hash], invoice: Option<Hash>, charges: &[ChargeRoot]) -> Vec<Charge> {
    let mut frontier = Frontier::default();
    let mut roots = vec![frontier.root()];
    for leaf in leaves.iter().filter(|_| !charges.is_empty()) {
        frontier.push(*leaf);
        roots.push(frontier.root());
    }
    let carried = |charge: &ChargeRoot| {
        let ChargeRoot { digest, root } = charge.clone();
        if invoice == Some(root) {
            return Some(Charge { digest, root, parts: None, path: Vec::new() });
        }
        let count = roots.iter().position(|of| *of == root)?;
        Some(Charge { digest, root, parts: Some(count as u64), path: tree::consistency(leaves, count)? })
    };
    let mut latest: Vec<_> = charges.iter().rev().filter_map(carried).take(CHARGES_MAX).collect();
    latest.reverse();
    latest
}
