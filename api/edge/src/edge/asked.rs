//! What the API asks for when it hears how gateways fare. Its newest answer alone counts.

use parking_lot::Mutex;
use std::sync::Arc;
use std::time::{Duration, Instant};
use suiftly_schema::fleet::Wanted;

/// What was asked for longer ago is not acted on: it may have come by now.
const FRESH_FOR: Duration = Duration::from_secs(10);

/// An answer to a report.
#[derive(Debug)]
pub(super) struct Answer {
    /// When it came.
    pub(super) at: Instant,
    /// The lines that it wants.
    pub(super) wanted: Vec<Wanted>,
}

#[derive(Default)]
pub(super) struct Asked(Mutex<Option<Arc<Answer>>>);

impl Asked {
    /// A report was answered now.
    pub(super) fn answered(&self, wanted: Vec<Wanted>) {
        *self.0.lock() = Some(Arc::new(Answer { at: Instant::now(), wanted }));
    }

    /// The newest answer, if it is worth acting on.
    pub(super) fn newest(&self) -> Option<Arc<Answer>> {
        self.0.lock().clone().filter(|answer| answer.at.elapsed() < FRESH_FOR)
    }
}
