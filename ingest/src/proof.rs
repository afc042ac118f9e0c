//! What a bill can be proven by, out of a journal: the parts of each customer's hours ([`PartWalk`]), and one record with its
//! path ([`find`]). SPEC §7; what a part is, says [`suiftly_schema::proof`].
//!
//! Both decode as the running system did and as [`crate::audit`] does, with the same [`crate::decode::Decoder`], so a
//! record is in a part if it is in the bill. It reads beside ingest, at its own pace: nothing on the way of a line waits
//! for it.
//!
//! A decoder that begins within a journal has not seen what came before. What a line's copies are told by is within
//! [`WARM_MS`]: no line is later than seven days, and a copy has the same date.

mod billed;
mod find;
mod walk;

pub use find::{FindError, FindOrder, FoundRecord, Lookup, Seen, Wanted, find, look_up};
pub use walk::{PartWalk, STEP_EPOCHS, Step, StepPart, WalkFrom};

use crate::audit::{CLOCK_MARGIN_MS, JournalDirs, RecountError, told_formats};
use crate::decode::{DecodeConfig, Decoder};
use crate::journal::{JournalId, Located, locate};
use suiftly_schema::ids::Epoch;
use suiftly_schema::loss::WORKER_KEPT_MS;
use suiftly_schema::time::UnixMillis;

/// So far back a decoder must have seen the journal to tell lines apart as one that has seen all of it: dedup forgets a
/// worker that was silent for longer.
pub const WARM_MS: i64 = WORKER_KEPT_MS + CLOCK_MARGIN_MS;

/// Finds the first block cut at `since` or later, in the journal that is wanted.
fn located(dirs: &JournalDirs, journal_id: JournalId, since: UnixMillis) -> Result<Located, RecountError> {
    let located = locate(&dirs.journal, dirs.archive.as_deref(), since)?;
    match located.journal_id {
        Some(found) if found == journal_id => Ok(located),
        Some(found) => Err(RecountError::OtherJournal { found, expected: journal_id }),
        None => Err(RecountError::Empty { dir: dirs.journal.clone() }),
    }
}

/// A decoder that has seen nothing, and reads by what was published before `from`.
fn decoder(dirs: &JournalDirs, config: &DecodeConfig, from: Epoch, first_kept: Epoch) -> Result<Decoder, RecountError> {
    let decoder = Decoder::new(config.clone());
    if from <= first_kept {
        return Ok(decoder);
    }
    Ok(decoder.with_formats(&told_formats(dirs, from)?))
}
