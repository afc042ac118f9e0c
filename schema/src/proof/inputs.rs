//! What the inputs of a bill are hashed to.
//!
//! Inputs that name no month's tree: SHA-256 of their JSON, as ever. Inputs that name one: a tree of two leaves, so that a
//! proof shows the month and its root and, of everything else (the customer's number, every hour, what was ordered), a
//! hash alone.
//!
//! | leaf | content |
//! |---|---|
//! | left | `suiftly/inputs/1`, then the JSON as if its last field were not there |
//! | right | `suiftly/month/1`, the month (7 bytes: `2026-11`), parts (8), their root (32) |
//!
//! Numbers are little-endian. Inputs are JSON of one form: the month stands right behind the customer's number, the tree in
//! the last field. So both are found as text, and what is hashed is what was recorded, byte for byte.

use super::MonthProof;
use super::bytes::Bytes;
use super::tree::Hash;
use crate::time::BillingMonth;

const INPUTS: &[u8; 16] = b"suiftly/inputs/1";
const MONTH: &[u8; 15] = b"suiftly/month/1";
const MONTH_BYTES: usize = 15 + 7 + 8 + 32;

/// Inputs that name a month's tree, as their hash sees them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputsTree {
    /// The leaf of all but the month's tree.
    pub rest: Hash,
    /// Of which month.
    pub month: BillingMonth,
    /// The month's tree.
    pub proof: MonthProof,
}

impl InputsTree {
    /// Of recorded inputs; `None` of those that name no tree.
    pub fn of(json: &str) -> Option<Self> {
        let (rest, proof) = json.rsplit_once(",\"proof\":")?;
        let (proof, month) = (read_proof(proof.strip_suffix('}')?)?, month_of(rest)?);
        Some(Self { rest: Hash::leaf(&[INPUTS, rest.as_bytes(), b"}"].concat()), month, proof })
    }

    /// The inputs' hash.
    pub fn hash(&self) -> Hash {
        Hash::node(&self.rest, &month_leaf(self.month, self.proof))
    }
}

/// The hash of recorded inputs, with a month's tree or without.
pub fn inputs_hash(json: &str) -> Hash {
    InputsTree::of(json).map_or_else(|| Hash::of(json.as_bytes()), |tree| tree.hash())
}

fn month_leaf(month: BillingMonth, proof: MonthProof) -> Hash {
    let mut to = Bytes::<MONTH_BYTES>::new();
    to.put(MONTH);
    to.put(month.to_string().as_bytes());
    to.put(&proof.parts.to_le_bytes());
    to.put(&proof.root.0);
    Hash::leaf(to.as_slice())
}

/// Only what is written as we write it: else other bytes would have the same hash.
fn read_proof(json: &str) -> Option<MonthProof> {
    let proof: MonthProof = serde_json::from_str(json).ok()?;
    serde_json::to_string(&proof).is_ok_and(|written| written == json).then_some(proof)
}

fn month_of(inputs: &str) -> Option<BillingMonth> {
    let behind = inputs.strip_prefix("{\"customer_id\":")?.trim_start_matches(|digit: char| digit.is_ascii_digit());
    let (month, _) = behind.strip_prefix(",\"month\":\"")?.split_once('"')?;
    BillingMonth::parse(month)
}
