//! Reads all of a journal and says what of it is not sound.

use super::list::list;
use super::packed::PackedBytes;
use super::segment::Form;
use super::{JournalError, JournalReader, Lost};
use std::path::{Path, PathBuf};

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Segments.
    pub segments: u64,
    /// Sound blocks.
    pub blocks: u64,
    /// Frames in them.
    pub lines: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Damaged places.
    pub lost: Lost,
    /// Compressed files that are not as they were written, though perhaps no block of them is lost: a second copy of
    /// the index, or a bit that nothing needs. The next damage may.
    pub worn: Vec<PathBuf>,
}

impl Verified {
    /// Whether there was nothing to complain of.
    pub const fn is_sound(&self) -> bool {
        self.lost.is_nothing() && self.worn.is_empty()
    }
}

/// Reads the journal in `dir`, and its archive. The journal may be in use.
pub fn verify(dir: &Path, archive: Option<&Path>) -> Result<Verified, JournalError> {
    let mut verified = Verified::default();
    let mut reader = JournalReader::of_all(dir, archive, None)?;
    for block in &mut reader {
        let block = block?;
        verified.blocks += 1;
        verified.lines += u64::from(block.frame_count());
        verified.bytes += block.bytes().len() as u64;
    }
    verified.lost = reader.lost().clone();
    for segment in list(dir, archive)? {
        verified.segments += 1;
        if segment.form == Form::Compressed && !is_as_written(&segment.path)? {
            verified.worn.push(segment.path);
        }
    }
    Ok(verified)
}

/// A file that has gone since it was listed is not worn.
fn is_as_written(path: &Path) -> Result<bool, JournalError> {
    match PackedBytes::open(path).and_then(|packed| packed.is_as_written()) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(true),
        looked => looked.map_err(|error| JournalError::io("read", path, error)),
    }
}
