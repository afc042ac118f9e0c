//! The Merkle tree of RFC 6962, section 2: roots, audit paths, and that one tree is the beginning of another.
//!
//! A leaf is hashed behind a zero byte and a node behind a one, so that neither can be taken for the other. A tree of
//! `n` leaves is built level by level: what has no sibling goes up as it is. That is the tree of the RFC, which splits
//! at the largest power of two below `n`.

use super::hex::Hex;
use sha2::{Digest, Sha256};

const LEAF: [u8; 1] = [0];
const NODE: [u8; 1] = [1];

/// A SHA-256.
pub type Hash = Hex<32>;

impl Hash {
    /// The root of a tree without leaves: SHA-256 of nothing.
    pub fn of_no_leaves() -> Self {
        Self::of(b"")
    }

    /// SHA-256 of bytes as they are: of a file, of an invoice's inputs.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// A leaf with this content.
    pub fn leaf(content: &[u8]) -> Self {
        Self(Sha256::new().chain_update(LEAF).chain_update(content).finalize().into())
    }

    /// A node over two others.
    pub fn node(left: &Self, right: &Self) -> Self {
        Self(Sha256::new().chain_update(NODE).chain_update(left.0).chain_update(right.0).finalize().into())
    }
}

/// A tree that grows at its end and keeps what its root needs alone: one hash a level.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    count: u64,
    /// The roots of its full subtrees, the largest first: one for each bit that is set in `count`.
    peaks: Vec<Hash>,
}

impl Frontier {
    /// Adds a leaf.
    pub fn push(&mut self, leaf: Hash) {
        let full = self.count.trailing_ones() as usize;
        let kept = self.peaks.len() - full;
        let hash = self.peaks.drain(kept..).rev().fold(leaf, |right, left| Hash::node(&left, &right));
        self.peaks.push(hash);
        self.count += 1;
    }

    /// How many leaves there are.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The roots of its full subtrees, the largest first: with the count, all that it is.
    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    /// The tree of so many leaves, by its [`Frontier::peaks`]. `None`: so many leaves have another number of them.
    pub fn restore(count: u64, peaks: Vec<Hash>) -> Option<Self> {
        (peaks.len() == count.count_ones() as usize).then_some(Self { count, peaks })
    }

    /// The root so far.
    pub fn root(&self) -> Hash {
        let over = self.peaks.iter().rev().copied().reduce(|right, left| Hash::node(&left, &right));
        over.unwrap_or_else(Hash::of_no_leaves)
    }
}

/// The level above.
fn above(level: &[Hash]) -> Vec<Hash> {
    level.chunks(2).map(|pair| if let [left, right] = pair { Hash::node(left, right) } else { pair[0] }).collect()
}

/// The root over leaves, or over the roots of subtrees of one size.
pub fn root(leaves: &[Hash]) -> Hash {
    let mut frontier = Frontier::default();
    leaves.iter().for_each(|leaf| frontier.push(*leaf));
    frontier.root()
}

/// The audit path of the leaf at `index`, its sibling first. `None`: there is no such leaf.
pub fn path(leaves: &[Hash], index: usize) -> Option<Vec<Hash>> {
    leaves.get(index)?;
    let (mut level, mut at, mut path) = (leaves.to_vec(), index, Vec::new());
    while level.len() > 1 {
        path.extend(level.get(at ^ 1));
        (level, at) = (above(&level), at / 2);
    }
    Some(path)
}

/// The root that a leaf and its path come to in a tree of `count` leaves. `None`: the path is not one of this place.
pub fn root_by_path(leaf: Hash, index: u64, count: u64, path: &[Hash]) -> Option<Hash> {
    let (mut at, mut last) = (index, count.checked_sub(1).filter(|last| index <= *last)?);
    let (mut hash, mut path) = (leaf, path.iter());
    while last > 0 {
        if at % 2 == 1 {
            hash = Hash::node(path.next()?, &hash);
        } else if at < last {
            hash = Hash::node(&hash, path.next()?);
        }
        (at, last) = (at / 2, last / 2);
    }
    path.next().is_none().then_some(hash)
}

/// The consistency proof: that the tree of the first `count` leaves is the beginning of this one. It is empty where
/// there is nothing to show: for no leaves, and for all. `None`: there are not so many.
pub fn consistency(leaves: &[Hash], count: usize) -> Option<Vec<Hash>> {
    let mut proof = Vec::new();
    if count > leaves.len() {
        return None;
    }
    if count > 0 {
        prove(leaves, count, true, &mut proof);
    }
    Some(proof)
}

/// SUBPROOF of the RFC. `is_whole`: the verifier knows the root of these `count` leaves.
fn prove(leaves: &[Hash], count: usize, is_whole: bool, proof: &mut Vec<Hash>) {
    if count == leaves.len() {
        if !is_whole {
            proof.push(root(leaves));
        }
        return;
    }
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    if count <= left.len() {
        prove(left, count, is_whole, proof);
        proof.push(root(right));
    } else {
        prove(right, count - left.len(), false, proof);
        proof.push(root(left));
    }
}

/// A tree by its size and its root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tree {
    /// Leaves.
    pub count: u64,
    /// Its root.
    pub root: Hash,
}

/// Whether a proof shows that `before` is the beginning of `now`.
pub fn is_consistent(before: Tree, now: Tree, proof: &[Hash]) -> bool {
    match before.count {
        count if count == now.count => before.root == now.root && proof.is_empty(),
        0 => before.root == Hash::of_no_leaves() && proof.is_empty(),
        count => count < now.count && roots_by(before, now.count, proof) == Some((before.root, now.root)),
    }
}

/// The roots that a proof comes to, of the smaller tree and of the larger one.
fn roots_by(before: Tree, count: u64, proof: &[Hash]) -> Option<(Hash, Hash)> {
    let (mut at, mut last, mut proof) = (before.count - 1, count - 1, proof.iter());
    let shift = at.trailing_ones();
    (at, last) = (at >> shift, last >> shift);
    // Where the smaller tree is a full one, its root is a node of the larger one, and not repeated.
    let first = if before.count.is_power_of_two() { before.root } else { *proof.next()? };
    let (mut old, mut new) = (first, first);
    while last > 0 {
        if at % 2 == 1 {
            let left = proof.next()?;
            (old, new) = (Hash::node(left, &old), Hash::node(left, &new));
        } else if at < last {
            new = Hash::node(&new, proof.next()?);
        }
        (at, last) = (at / 2, last / 2);
    }
    proof.next().is_none().then_some((old, new))
}
