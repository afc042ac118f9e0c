//! What the tests share.

pub(crate) mod certificates;
pub(crate) mod disk;
pub(crate) mod links;
pub(crate) mod pipeline;
