//! Delivery: nothing leaves before it is durable. A thread that holds each batch back until its block is on the disk.
//!
//! It stands apart from the journal's writer so that a slow reader of batches does not stop the journal before the
//! bounded queue between them is full.

use crate::journal::Progress;
use crossbeam_channel::{Receiver, Sender, select_biased};
use suiftly_schema::batch::Batch;

/// Delivers until the sequencer has ended and all is delivered, the reader is gone, the journal has ended, or
/// `abandoned` is closed.
pub(crate) fn run(batches: &Receiver<Batch>, out: &Sender<Batch>, progress: &Progress, abandoned: &Receiver<()>) {
    for batch in batches {
        if progress.wait_durable(batch.epoch).is_err() {
            return;
        }
        select_biased! {
            send(out, batch) -> sent => if sent.is_err() { return },
            recv(abandoned) -> _ => return,
        }
    }
}
