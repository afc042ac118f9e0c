//! Block buffers that are used again once the journal and whoever follows it have let go of their block.

use crate::block::Block;
use std::collections::VecDeque;
use std::sync::Arc;

/// Blocks whose buffers are waited for; each may hold as much as a block. More are left to the allocator.
const MAX_LENT: usize = 8;

#[derive(Debug, Default)]
pub(super) struct BlockBuffers {
    /// The oldest first: they are let go of in order.
    lent: VecDeque<Arc<Block>>,
}

impl BlockBuffers {
    /// A buffer, with the capacity of an earlier block if one is free.
    pub(super) fn take(&mut self) -> Vec<u8> {
        let Some(oldest) = self.lent.pop_front() else {
            return Vec::new();
        };
        match Arc::try_unwrap(oldest) {
            Ok(block) => block.into_buffer(),
            Err(still_used) => {
                self.lent.push_front(still_used);
                Vec::new()
            }
        }
    }

    /// Notes a block that may still be written or decoded.
    pub(super) fn lend(&mut self, block: Arc<Block>) {
        if self.lent.len() < MAX_LENT {
            self.lent.push_back(block);
        }
    }
}
