//! The last versions, by their roots: an edge that comes back with one of them is sent what has changed since.

use super::Version;
use std::collections::VecDeque;
use std::sync::Arc;
use suiftly_schema::vault::Root;
use suiftly_schema::vault::frame::CHANGES_A_FRAME;

/// Versions that are remembered at most.
pub const VERSIONS_REMEMBERED: usize = 256;
/// Rows that they may have changed in all: who is behind by more is sent the whole set anyway. A version costs no more
/// memory than the buckets that it changed.
pub const ROWS_REMEMBERED: usize = CHANGES_A_FRAME;

/// Remembered versions, oldest first; the last is in force.
#[derive(Default)]
pub(super) struct Ring {
    versions: VecDeque<Arc<Version>>,
    /// Rows that those after the first have changed.
    rows: usize,
}

impl Ring {
    pub(super) fn push(&mut self, version: Arc<Version>) {
        if !self.versions.is_empty() {
            self.rows += version.rows_changed;
        }
        self.versions.push_back(version);
        while self.versions.len() > VERSIONS_REMEMBERED || (self.rows > ROWS_REMEMBERED && self.versions.len() > 1) {
            self.versions.pop_front();
            self.rows -= self.versions.front().map_or(0, |first| first.rows_changed);
        }
    }

    /// The latest one with this root.
    pub(super) fn of_root(&self, root: Root) -> Option<Arc<Version>> {
        self.versions.iter().rev().find(|version| version.head.root == root).cloned()
    }

    /// The latest one of this number.
    pub(super) fn of_number(&self, version: u64) -> Option<Arc<Version>> {
        self.versions.iter().rev().find(|of| of.head.version == version).cloned()
    }

    /// The numbers of the first and the last.
    pub(super) fn span(&self) -> Option<(u64, u64)> {
        Some((self.versions.front()?.head.version, self.versions.back()?.head.version))
    }
}
