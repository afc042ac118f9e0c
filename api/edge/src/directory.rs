//! A grant set on disk: a directory per version, swapped in by one atomic link. The publisher's and the edge's are alike.
//!
//! ```text
//! DIR/current → 1795302214397-42          the version in force: a relative link, replaced by rename
//! DIR/1795302214397-42/head.json          the signed head
//! DIR/1795302214397-42/rows.ndjson        a JSON row a line: first head.keys keys, then head.access rows of access
//! ```
//!
//! Whoever follows the link finds a whole version, also after a power cut: everything is synced before it is named. What
//! is read is believed by its signature and its root alone.

mod read;
mod write;

pub use read::read_current;
pub(crate) use write::make_dir;
pub use write::write;

use std::io;
use std::path::PathBuf;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::vault::{GrantSet, Head, SignedHead, VaultError};

/// Versions that are kept, with the one in force: whoever has just followed the link may read on.
pub const VERSIONS_KEPT: usize = 3;
/// The link's name.
pub const CURRENT: &str = "current";
/// The signed head's file.
pub const HEAD_FILE: &str = "head.json";
/// The rows' file.
pub const ROWS_FILE: &str = "rows.ndjson";

/// A grant set that was read, and is to be believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its head.
    pub head: Head,
    /// The head as it was signed.
    pub signed: SignedHead,
    /// The set.
    pub set: GrantSet,
}

/// Why a directory was not written, or is not believed.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// A file or a directory could not be worked on.
    #[error("{what} {}: {source}", path.display())]
    Io {
        /// What was attempted.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// What is there is no grant set.
    #[error("the grant set in {} is damaged: {cause}", path.display())]
    Damaged {
        /// Where.
        path: PathBuf,
        /// What is wrong.
        cause: String,
        /// Its head, if that is signed and only the rows are damaged: nothing older is to be taken.
        head: Option<Box<Head>>,
    },
    /// What is there is signed by nobody who is trusted, or not what was signed.
    #[error("the grant set in {} is refused: {cause}", path.display())]
    Refused {
        /// Where.
        path: PathBuf,
        /// Why.
        cause: VaultError,
        /// Its head, if that is signed: nothing older is to be taken.
        head: Option<Box<Head>>,
    },
}

impl DirectoryError {
    /// The signed head of a set whose rows are damaged.
    pub fn head(&self) -> Option<&Head> {
        match self {
            Self::Io { .. } => None,
            Self::Damaged { head, .. } | Self::Refused { head, .. } => head.as_deref(),
        }
    }

    fn io(what: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { what, path, source }
    }
}

/// A version's directory name; where that is taken (what was damaged is written again), `.2` and so on follow.
fn name_of(head: &Head) -> String {
    format!("{}-{}", head.era.0, head.version)
}

/// What [`name_of`] says.
fn version_of(name: &str) -> Option<(UnixMillis, u64)> {
    let plain = name.split_once('.').map_or(name, |(plain, _)| plain);
    let (era, version) = plain.rsplit_once('-')?;
    let (era, version) = (UnixMillis(era.parse().ok()?), version.parse().ok()?);
    (format!("{}-{version}", era.0) == plain).then_some((era, version))
}

#[cfg(test)]
mod tests;
