//! Delivery: nothing leaves before it is durable. A thread that holds each batch back until its block is on the disk.
//!
//! It stands apart from the decoder so that a block is decoded while the one before it is synced.

use crate::journal::Progress;
use crossbeam_channel::{Receiver, Sender, select_biased};
use suiftly_schema::batch::Batch;

/// Delivers until the decoder has ended and all is delivered, the reader is gone, the journal has ended, or
/// `abandoned` is closed.
pub(crate) fn run(batches: &Receiver<Batch>, out: &Sender<Batch>, progress: &Progress, abandoned: &Receiver<()>) {
    for batch in batches {
        if progress.wait_durable(batch.epoch).is_err() {
            return;
        }
        select_biased! {
            // First: there may be more to decode than anybody waits for.
            recv(abandoned) -> _ => return,
            send(out, batch) -> sent => if sent.is_err() { return },
        }
    }
}
