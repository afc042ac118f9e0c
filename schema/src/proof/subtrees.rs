//! A tree that keeps the root of each 4,096 leaves: enough to make any leaf's path from the leaves of one subtree.

use super::tree::{self, Frontier, Hash};

/// Leaves of a subtree. A power of two, so that the tree over the subtrees' roots is the top of that over all leaves.
pub const SUBTREE_LEAVES: usize = 4_096;

/// A part's tree while its records come: 32 bytes for each 4,096 of them, and one hash a level.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subtrees {
    full: Vec<Hash>,
    last: Frontier,
}

impl Subtrees {
    /// Adds a leaf.
    pub fn push(&mut self, leaf: Hash) {
        self.last.push(leaf);
        if self.last.count() == SUBTREE_LEAVES as u64 {
            self.full.push(std::mem::take(&mut self.last).root());
        }
    }

    /// How many leaves there are.
    pub fn count(&self) -> u64 {
        (self.full.len() * SUBTREE_LEAVES) as u64 + self.last.count()
    }

    /// The root over all leaves.
    pub fn root(&self) -> Hash {
        tree::root(&self.roots())
    }

    /// The roots of its subtrees, the last one's too, which may have fewer leaves.
    pub fn roots(&self) -> Vec<Hash> {
        let last = (self.last.count() > 0).then(|| self.last.root());
        self.full.iter().copied().chain(last).collect()
    }
}

/// Which leaves are needed for the path of the leaf at `index`, in a part of `count` leaves.
pub fn needed(index: u64, count: u64) -> std::ops::Range<u64> {
    let size = SUBTREE_LEAVES as u64;
    let first = index - index % size;
    first..count.min(first.saturating_add(size))
}

/// The path of the leaf at `index`, from the leaves of its subtree and the roots of all of them. `None`: these are not
/// the leaves that the root was made of.
pub fn path(index: u64, leaves: &[Hash], roots: &[Hash]) -> Option<Vec<Hash>> {
    let size = SUBTREE_LEAVES as u64;
    let (subtree, at) = (usize::try_from(index / size).ok()?, usize::try_from(index % size).ok()?);
    let is_full = leaves.len() == SUBTREE_LEAVES;
    let is_last = subtree + 1 == roots.len() && leaves.len() < SUBTREE_LEAVES;
    if !(is_full || is_last) || roots.get(subtree) != Some(&tree::root(leaves)) {
        return None;
    }
    let mut path = tree::path(leaves, at)?;
    path.extend(tree::path(roots, subtree)?);
    Some(path)
}
