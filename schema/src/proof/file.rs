//! The file that proves a request: JSON of one form, its fields in one order, without spaces, its checksum last.
//!
//! Paths, hashes and sums are proven by the roots that they come to. Names of transactions and of the invoice point to
//! where these roots are to be seen; they are held by the checksum alone, which guards against damage, not forgery.

use super::part::Part;
use super::record::RecordLeaf;
use super::text::is_name;
use super::tree::Hash;
use super::{CHARGES_MAX, FILE_BYTES_MAX, LEAVES_MAX, ProofError};
use serde::{Deserialize, Serialize};

/// The format that this program writes and reads.
pub const FORMAT: u32 = 1;
const BEGINNING: &str = "{\"suiftly_proof\":";
const SUM: &str = ",\"sum\":\"";
/// What comes after the bytes that are summed: the field, 64 digits, a quotation mark and a brace.
const ENDING_BYTES: usize = SUM.len() + 64 + 2;
const NAME_BYTES_MAX: usize = 128;
/// A path has at most one hash a level, a consistency proof one more.
const PATH_MAX: usize = LEAVES_MAX.ilog2() as usize + 1;

/// What proves a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProofFile {
    /// [`FORMAT`].
    pub suiftly_proof: u32,
    /// The record.
    pub record: RecordLeaf,
    /// Its place among the records of its part.
    pub in_part: Place,
    /// The part.
    pub part: Part,
    /// Its place among the parts of its month.
    pub in_month: Place,
    /// The invoice, once the month is closed.
    pub invoice: Option<Invoice>,
    /// Charges of the month.
    pub charges: Vec<Charge>,
}

/// A leaf's place in a tree, and the way from there to the root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Which leaf, from 0.
    pub index: u64,
    /// Leaves of the tree.
    pub count: u64,
    /// The audit path, the leaf's sibling first.
    pub path: Vec<Hash>,
}

/// An invoice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invoice {
    /// Its number.
    pub number: String,
    /// The hash of its inputs, as the document shows it.
    pub hash: Hash,
    /// [`super::InputsTree::rest`]: the inputs, but for the month and its root, which are known.
    pub rest: Hash,
}

/// A charge, and what it carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Charge {
    /// The transaction that it is seen in.
    pub digest: String,
    /// What it carries: the month's root when it was made, or the invoice's hash.
    pub root: Hash,
    /// Parts that the month had when it was made; `None`: it was made after the close.
    pub parts: Option<u64>,
    /// Proof that the tree of these parts is the beginning of the month's.
    pub path: Vec<Hash>,
}

impl ProofFile {
    /// The file's text.
    ///
    /// # Panics
    /// Never: nothing in it cannot be JSON.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string(self).expect("a proof is plain data");
        text.pop();
        let sum = Hash::of(text.as_bytes());
        text.push_str(SUM);
        text.push_str(&sum.to_string());
        text.push_str("\"}");
        text
    }

    /// Reads a file, which must be what [`ProofFile::to_json`] writes, byte for byte.
    pub fn parse(bytes: &[u8]) -> Result<Self, ProofError> {
        if bytes.len() > FILE_BYTES_MAX {
            return Err(ProofError::Size);
        }
        let text = std::str::from_utf8(bytes).map_err(|error| unreadable(&error))?;
        check_format(text)?;
        let summed = summed(text).ok_or(ProofError::Checksum)?;
        let file: Self = serde_json::from_str(&format!("{summed}}}")).map_err(|error| unreadable(&error))?;
        if file.to_json() != text {
            return Err(ProofError::Form);
        }
        file.check_bounds().map_or(Ok(file), |what| Err(ProofError::Bounds { what }))
    }

    /// What is out of bounds.
    fn check_bounds(&self) -> Option<&'static str> {
        let checks = [
            ("format", self.suiftly_proof == FORMAT),
            ("record", self.record.is_in_bounds()),
            ("place in the part", self.in_part.is_in_bounds()),
            ("part", self.part.is_in_bounds(self.in_part.count)),
            ("place in the month", self.in_month.is_in_bounds()),
            ("invoice", self.invoice.as_ref().is_none_or(|invoice| is_short_name(&invoice.number))),
            ("number of charges", self.charges.len() <= CHARGES_MAX),
            ("charge", self.charges.iter().all(Charge::is_in_bounds)),
        ];
        checks.into_iter().find(|(_, is_in_bounds)| !is_in_bounds).map(|(what, _)| what)
    }
}

fn unreadable(error: &dyn std::error::Error) -> ProofError {
    ProofError::Unreadable { cause: error.to_string() }
}

/// A file of another format may have another form in all but its beginning, so that is looked at before the rest.
fn check_format(text: &str) -> Result<(), ProofError> {
    let rest = text.strip_prefix(BEGINNING).ok_or(ProofError::NoProof)?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).take(9).count();
    match &rest[..digits] {
        "" => Err(ProofError::NoProof),
        found if found == FORMAT.to_string() => Ok(()),
        found => Err(ProofError::Format { found: found.to_owned() }),
    }
}

/// What the checksum is of, if it is right.
fn summed(text: &str) -> Option<&str> {
    let (summed, ending) = text.split_at_checked(text.len().checked_sub(ENDING_BYTES)?)?;
    let sum = ending.strip_prefix(SUM)?.strip_suffix("\"}")?;
    (Hash::parse(sum)? == Hash::of(summed.as_bytes())).then_some(summed)
}

fn is_short_name(text: &str) -> bool {
    (1..=NAME_BYTES_MAX).contains(&text.len()) && is_name(text)
}

impl Place {
    fn is_in_bounds(&self) -> bool {
        self.index < self.count && self.count <= LEAVES_MAX && self.path.len() <= PATH_MAX
    }
}

impl Charge {
    fn is_in_bounds(&self) -> bool {
        let has_parts = self.parts.is_none_or(|parts| parts <= LEAVES_MAX);
        is_short_name(&self.digest) && has_parts && self.path.len() <= PATH_MAX
    }
}
