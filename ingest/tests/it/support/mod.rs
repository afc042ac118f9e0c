//! What the tests share.

pub(crate) mod certificates;
pub(crate) mod disk;
pub(crate) mod pipeline;
