//! The disk's threads: map files for HAProxy's next start, and the directory for our own. Each at once when it wrote nothing
//! of late; else what is newest after a rest, so that a busy vault does not keep the disk busy.

use super::board::{Board, DiskPart};
use super::latest::{Latest, Target, Woken};
use crate::directory;
use crate::files::MapFiles;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Between two writings at least.
const REST_MIN: Duration = Duration::from_millis(200);
/// Of its time, the disk is written to for one part in so many.
const REST_FACTOR: u32 = 10;
/// How soon what failed is tried again.
const RETRY: Duration = Duration::from_secs(5);
/// Longer than any wait without a reason.
const IDLE: Duration = Duration::from_secs(3_600);

/// Writes one of the two.
pub(super) struct Keeper {
    pub(super) writes: Writes,
    pub(super) board: Arc<Board>,
    pub(super) latest: Arc<Latest>,
}

pub(super) enum Writes {
    /// HAProxy's map files, with the limits of one of the servers: all share a region.
    Maps { files: MapFiles, server_id: i16 },
    /// Where grant sets are kept.
    Directory(PathBuf),
}

impl Keeper {
    /// Writes until the edge ends.
    pub(super) fn run(mut self) {
        let (mut written, mut wait) = (0, IDLE);
        loop {
            let (serial, target) = match self.latest.wait(written, Instant::now() + wait) {
                Woken::Stopped => return,
                Woken::Newer(serial, target) => (serial, target),
                // After a failure the same is tried again.
                Woken::Time => match self.latest.get() {
                    Some(target) if wait == RETRY => (written, target),
                    _ => continue,
                },
            };
            let began = Instant::now();
            let outcome = self.writes.write(&target);
            (written, wait) = (serial, if outcome.is_ok() { IDLE } else { RETRY });
            self.tell(outcome.err());
            if !self.latest.rest(Instant::now() + REST_MIN.max(began.elapsed() * REST_FACTOR)) {
                return;
            }
        }
    }

    fn tell(&self, trouble: Option<String>) {
        let (part, what) = match self.writes {
            Writes::Maps { .. } => (DiskPart::Maps, "HAProxy's map files"),
            Writes::Directory(_) => (DiskPart::Directory, "the grant set"),
        };
        let trouble = trouble.map(|why| format!("{what} cannot be written: {why}"));
        if self.board.disk(part, trouble.clone()) {
            match trouble {
                Some(trouble) => tracing::error!("{trouble}"),
                None => tracing::info!("{what} can be written again"),
            }
        }
    }
}

impl Writes {
    fn write(&mut self, Target { head, signed, set }: &Target) -> Result<(), String> {
        match self {
            Self::Maps { files, server_id } => {
                files.write(set, head, head.share_of(*server_id)).map_err(|error| error.to_string())
            }
            Self::Directory(dir) => directory::write(dir, signed, set).map(|_| ()).map_err(|error| error.to_string()),
        }
    }
}
