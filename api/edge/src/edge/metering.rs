//! One gateway's thread for its open streams: each few seconds reads what HAProxy has under way, and tells an ingester what of it
//! was not told yet. Apart from the others', so that neither the maps nor repairs wait for it.

use super::board::{Board, StreamsSeen};
use super::latest::Latest;
use super::now;
use super::repairer::Shared;
use crate::EdgeError;
use crate::directory::make_dir;
use crate::repair::{Home, Homes};
use crate::runtime::RuntimeSocket;
use crate::streams::{Meter, Open, Totals};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long it rests between two looks. Ingest knows by it which lines may have been told of: no less.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Where lines are kept, in the edge's directory.
const DIR: &str = "streams";

pub(super) struct Metering {
    server_id: i16,
    /// Its place on the board.
    at: usize,
    runtime: RuntimeSocket,
    dir: PathBuf,
    homes: Homes,
    board: Arc<Board>,
    latest: Arc<Latest>,
    /// `None` before the first look, and after the disk has failed.
    meter: Option<Meter>,
    /// What meters of before have told.
    before: Totals,
    trouble: Option<String>,
}

impl Metering {
    /// Of the gateway at this place, whose runtime socket is there; lines are kept below `dir`, and sent to one of `homes`.
    pub(super) fn new(
        (server_id, at): (i16, usize),
        socket: &Path,
        dir: &Path,
        homes: &[Home],
        shared: &Shared,
    ) -> Self {
        Self {
            server_id,
            at,
            runtime: RuntimeSocket::new(socket),
            dir: dir.join(DIR),
            homes: Homes::new(homes.to_vec()),
            board: Arc::clone(&shared.board),
            latest: Arc::clone(&shared.latest),
            meter: None,
            before: Totals::default(),
            trouble: None,
        }
    }

    /// Works until the edge ends.
    pub(super) fn run(mut self) {
        loop {
            let outcome = self.look().and_then(|()| self.send());
            self.tell(outcome.err());
            if !self.latest.rest(Instant::now() + LOOK_EVERY) {
                return;
            }
        }
    }

    fn look(&mut self) -> Result<(), String> {
        let mut meter = match self.meter.take() {
            Some(meter) => meter,
            None => self.opened()?,
        };
        let open = match Open::read(&self.runtime) {
            Ok(open) => Some(open),
            // HAProxy is away, or busy, which others tell of.
            Err(EdgeError::Ask { .. }) => None,
            Err(error) => {
                self.meter = Some(meter);
                return Err(told(error));
            }
        };
        // A meter whose disk has failed is not gone on with: what is there is read again.
        let looked = open.map_or(Ok(()), |open| meter.look(&open, now()));
        if looked.is_err() {
            self.add(meter.told());
        } else {
            self.meter = Some(meter);
        }
        looked.map_err(told)
    }

    fn opened(&self) -> Result<Meter, String> {
        make_dir(&self.dir).map_err(|error| format!("{} cannot be used: {error}", self.dir.display()))?;
        Meter::open(&self.dir, self.server_id, now()).map_err(told)
    }

    fn send(&mut self) -> Result<(), String> {
        let Some(meter) = &mut self.meter else { return Ok(()) };
        while meter.waiting() > 0 {
            let now = Instant::now();
            if !self.homes.are_ready(now, now) {
                return Ok(());
            }
            let batch = meter.batch().map_err(told)?;
            self.homes.send(&batch.bytes)?;
            meter.sent(&batch).map_err(told)?;
        }
        Ok(())
    }

    /// Says how it goes; what is wrong, once.
    fn tell(&mut self, trouble: Option<String>) {
        if trouble != self.trouble {
            match &trouble {
                Some(why) => tracing::warn!(server = self.server_id, "open streams are not told of: {why}"),
                None => tracing::info!(server = self.server_id, "open streams are told of"),
            }
            self.trouble = trouble;
        }
        let mut seen = StreamsSeen { lines: self.before.lines, bytes: self.before.bytes, ..StreamsSeen::default() };
        if let Some(meter) = &self.meter {
            let told = meter.told();
            (seen.open, seen.waiting) = (meter.open_streams() as u64, meter.waiting() as u64);
            (seen.lines, seen.bytes) = (seen.lines + told.lines, seen.bytes.saturating_add(told.bytes));
        }
        self.board.saw_streams(self.at, seen);
    }

    fn add(&mut self, told: Totals) {
        self.before.lines += told.lines;
        self.before.bytes = self.before.bytes.saturating_add(told.bytes);
    }
}

fn told(error: impl std::fmt::Display) -> String {
    error.to_string()
}
