//! `suiftly journal replay`: the same out of a journal's blocks instead of files.

use super::{Options, Replay, ReplayError, Summary};
use crate::block::Block;
use crate::journal::JournalError;
use crate::source::Source;
use std::io::Write;
use suiftly_schema::ids::Epoch;

/// What frames come from, in messages.
const NAME: &str = "the journal";

/// Reads all blocks up to and including epoch `last`, writes the totals to `out` and a summary to `err`. Each line was
/// received when the journal says; framing has been done.
pub fn run_journal(
    options: &Options,
    blocks: impl IntoIterator<Item = Result<Block, JournalError>>,
    last: Option<Epoch>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<Summary, ReplayError> {
    let mut replay = Replay::new(*options);
    for block in blocks {
        let block = block?;
        if last.is_some_and(|last| block.epoch > last) {
            break;
        }
        // Reference changes are no lines, nor are an order's cuts.
        for frame in block.frames().filter(|frame| !matches!(frame.source, Source::Outbox | Source::Cut { .. })) {
            replay.options.received_at = frame.received_at;
            replay.take_frame(frame.bytes, NAME)?;
        }
    }
    replay.conclude(out, err)
}
