//! Against vectors that another program computed, from the RFC's definitions and the layouts on these pages. The
//! browser's verifier is held against the same files.

mod files;
mod leaves;
mod making;
mod trees;

use super::Hash;

/// Leaves that differ.
fn leaves(count: usize) -> Vec<Hash> {
    (0..count).map(|i| Hash::leaf(&i.to_le_bytes())).collect()
}
