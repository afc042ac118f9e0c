//! Recomputes a proof, from the record up to whatever anchors it.

use super::file::{Charge, Invoice, ProofFile};
use super::inputs::InputsTree;
use super::part::Part;
use super::record::RecordLeaf;
use super::tree::{self, Hash, Tree};
use super::{MonthProof, ProofError};
use crate::time::BillingMonth;

/// What a file proves, if its anchors are where it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The record.
    pub record: RecordLeaf,
    /// The part that it is in.
    pub part: Part,
    /// Its records.
    pub records: u64,
    /// The month that it is billed in.
    pub month: BillingMonth,
    /// The month's tree as the file knows it: all of it once there is an invoice.
    pub tree: Tree,
    /// Where roots are to be seen that bind it: the invoice, then charges. Empty: only whoever knows the root can say
    /// more.
    pub anchors: Vec<Anchor>,
}

/// A root that stands elsewhere: to be compared there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// What carries it.
    pub kind: AnchorKind,
    /// The invoice's number, or the charge's transaction.
    pub name: String,
    /// The invoice's hash, or the root that the charge carries.
    pub root: Hash,
    /// Whether the record is under it: a charge may have been made before the part was sealed.
    pub covers: bool,
}

/// What carries a root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnchorKind {
    /// An invoice.
    Invoice,
    /// A charge.
    Charge,
}

impl Verified {
    /// Whether this root binds the record: the month's, the invoice's hash, or that of a charge that covers it.
    pub fn is_bound_by(&self, root: &Hash) -> bool {
        self.tree.root == *root || self.anchors.iter().any(|anchor| anchor.covers && anchor.root == *root)
    }
}

/// Reads a file and recomputes everything in it.
pub fn verify(bytes: &[u8]) -> Result<Verified, ProofError> {
    let file = ProofFile::parse(bytes)?;
    if file.record.timestamp.hour() != file.part.hour {
        return Err(ProofError::Hour);
    }
    let (place, record) = (&file.in_part, file.record.hash());
    let records = tree::root_by_path(record, place.index, place.count, &place.path);
    let records = Tree { count: place.count, root: records.ok_or(ProofError::Path { what: "record" })? };

    let (place, part) = (&file.in_month, file.part.hash(records));
    let month = tree::root_by_path(part, place.index, place.count, &place.path);
    let month = Tree { count: place.count, root: month.ok_or(ProofError::Path { what: "part" })? };

    let billed = file.part.hour.month();
    let invoice = file.invoice.as_ref().map(|invoice| invoice_anchor(invoice, billed, month)).transpose()?;
    let hash = invoice.as_ref().map(|anchor| anchor.root);
    let charges = file.charges.iter().map(|charge| charge_anchor(charge, place.index, month, hash));
    let anchors = invoice.iter().cloned().map(Ok).chain(charges).collect::<Result<_, _>>()?;
    Ok(Verified { record: file.record, part: file.part, records: records.count, month: billed, tree: month, anchors })
}

/// The invoice's hash follows from the month, its root, and the hash of everything else that was billed by.
fn invoice_anchor(invoice: &Invoice, billed: BillingMonth, month: Tree) -> Result<Anchor, ProofError> {
    let proof = MonthProof { parts: month.count, root: month.root };
    if (InputsTree { rest: invoice.rest, month: billed, proof }).hash() != invoice.hash {
        return Err(ProofError::Invoice);
    }
    Ok(Anchor { kind: AnchorKind::Invoice, name: invoice.number.clone(), root: invoice.hash, covers: true })
}

fn charge_anchor(charge: &Charge, part: u64, month: Tree, invoice: Option<Hash>) -> Result<Anchor, ProofError> {
    let holds = match charge.parts {
        Some(count) => tree::is_consistent(Tree { count, root: charge.root }, month, &charge.path),
        None => invoice == Some(charge.root) && charge.path.is_empty(),
    };
    if !holds {
        return Err(ProofError::Charge { digest: charge.digest.clone() });
    }
    let covers = charge.parts.is_none_or(|parts| part < parts);
    Ok(Anchor { kind: AnchorKind::Charge, name: charge.digest.clone(), root: charge.root, covers })
}
