//! One gateway's thread: brings its HAProxy to the newest grant set, looks after it each second, and brings it there again
//! when it is not as it was left. One that hangs delays nobody else.

use super::board::{Board, Brought, place_of};
use super::latest::{Latest, Target, Woken};
use super::now;
use crate::EdgeError;
use crate::haproxy::{Applied, Gateway, Sight};
use crate::maps::Mark;
use std::sync::Arc;
use std::time::{Duration, Instant};
use suiftly_schema::fleet::{GatewayReport, GatewayState};

/// How often HAProxy is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How soon a HAProxy that does not answer is tried again: it may be starting.
const RETRY_SOON: Duration = Duration::from_millis(200);
/// How soon what failed otherwise is tried again.
const RETRY_LATER: Duration = Duration::from_secs(1);
/// What is said as long as nothing is known.
const NOTHING_KNOWN: &str = "no grant set is known yet";

pub(super) struct Worker {
    gateway: Gateway,
    /// Its place on the board.
    at: usize,
    board: Arc<Board>,
    latest: Arc<Latest>,
    look_at: Instant,
    retry_at: Option<Instant>,
}

impl Worker {
    pub(super) fn new(gateway: Gateway, at: usize, board: Arc<Board>, latest: Arc<Latest>) -> Self {
        Self { gateway, at, board, latest, look_at: Instant::now(), retry_at: None }
    }

    /// Works until the edge ends.
    pub(super) fn run(mut self) {
        let mut seen = 0;
        loop {
            let until = self.retry_at.map_or(self.look_at, |retry_at| retry_at.min(self.look_at));
            match self.latest.wait(seen, until) {
                Woken::Stopped => return,
                Woken::Newer(serial, target) => {
                    seen = serial;
                    self.bring_to(&target);
                }
                Woken::Time => {}
            }
            if self.retry_at.is_some_and(|at| at <= Instant::now()) {
                self.bring_again();
            }
            if self.look_at <= Instant::now() {
                self.look();
                self.look_at = Instant::now() + LOOK_EVERY;
            }
        }
    }

    fn bring_again(&mut self) {
        self.retry_at = None;
        match self.latest.get() {
            Some(target) => self.bring_to(&target),
            None => self.troubled(GatewayState::Updating, NOTHING_KNOWN),
        }
    }

    fn bring_to(&mut self, to: &Target) {
        self.board.updating(self.at);
        match self.gateway.bring_to(&to.set, &to.head) {
            Ok(Applied { change, confirm, entries, is_refill, .. }) => {
                if is_refill {
                    let (server, ms) = (self.gateway.server_id(), (change + confirm).as_millis());
                    tracing::info!(server, version = to.head.version, entries, ms, "HAProxy's maps are filled");
                }
                self.retry_at = None;
                self.board.brought(self.at, place_of(&to.head), Brought { change, confirm, is_refill }, now());
            }
            Err(error) => self.failed(&error),
        }
    }

    fn look(&mut self) {
        let wanted = self.latest.get();
        match self.gateway.look() {
            Sight::Same => {}
            Sight::Unreachable(error) => return self.failed(&error),
            // Nothing was brought to it yet, or that has just failed and is tried again.
            _ if wanted.is_none() => self.troubled(GatewayState::Updating, NOTHING_KNOWN),
            _ if self.retry_at.is_some() => {}
            Sight::Restarted(_) => {
                self.troubled(GatewayState::Updating, "HAProxy was restarted or reloaded");
                self.bring_again();
            }
            Sight::Other(why) => {
                self.troubled(GatewayState::Updating, &why);
                self.bring_again();
            }
        }
        let found = self.gateway.report(wanted.as_ref().map(|target| Mark::of(&target.head)));
        self.board.seen(self.at, |report| fill_in(report, found));
    }

    fn failed(&mut self, error: &EdgeError) {
        let is_away = matches!(error, EdgeError::Ask { .. });
        let (state, after) =
            if is_away { (GatewayState::Unreachable, RETRY_SOON) } else { (GatewayState::Updating, RETRY_LATER) };
        if is_away {
            // What it last said of itself is of the past.
            self.board.seen(self.at, |report| fill_in(report, GatewayReport::default()));
        }
        self.troubled(state, &error.to_string());
        self.retry_at = Some(Instant::now() + after);
    }

    fn troubled(&self, state: GatewayState, why: &str) {
        if self.board.troubled(self.at, state, why) {
            tracing::warn!(server = self.gateway.server_id(), "HAProxy is not in sync: {why}");
        }
    }
}

/// What was seen, beside what the board knows itself.
fn fill_in(report: &mut GatewayReport, found: GatewayReport) {
    let GatewayReport { server_id, state, version, canary, repair, trouble, .. } = std::mem::take(report);
    // Of a gateway in sync, what was not told is all there is.
    let trouble = trouble.filter(|_| state != GatewayState::InSync).or(found.trouble.clone());
    *report = GatewayReport { server_id, state, version, canary, repair, trouble, ..found };
}
