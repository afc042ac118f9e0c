//! One gateway's second thread, where lost lines are to be repaired: finds in HAProxy's keep ring what the API misses, and sends
//! it. Apart from the thread that keeps the maps, so that no change of the vault waits for it.
//!
//! A session is held open with the worker that runs. When another takes over at a reload, that session is the only way to the
//! old one's ring, and what keeps it there: all that the ring has is taken, and the session closed.

use super::asked::{Answer, Asked};
use super::board::Board;
use super::latest::Latest;
use crate::EdgeError;
use crate::directory::make_dir;
use crate::repair::{Ask, Batch, Home, Homes, Kept};
use crate::runtime::{KEEP_RING, RuntimeSocket, Session};
use crate::spool::SpoolError;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use suiftly_schema::fleet::{DRAINED_MAX, DrainedWorker, RepairReport};

/// How often there may be something to do. A worker that was told to leave is waited for ten times as long.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// HAProxy closes sessions that say nothing for 30 s (`stats timeout`).
const PING_EVERY: Duration = Duration::from_secs(10);
/// A ring is read no more often: it is read whole.
const SEARCH_EVERY: Duration = Duration::from_secs(10);
/// The greatest count that every reader of JSON can tell from its neighbours: no report with a greater one is taken.
const COUNT_MAX: u64 = (1 << 53) - 1;
/// Where lines are kept, in the edge's directory.
const DIR: &str = "repair";

/// What a repairer shares with the rest of the edge.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) asked: Arc<Asked>,
    pub(super) board: Arc<Board>,
    pub(super) latest: Arc<Latest>,
}

pub(super) struct Repairer {
    server_id: i16,
    /// Its place on the board.
    at: usize,
    runtime: RuntimeSocket,
    dir: PathBuf,
    homes: Homes,
    shared: Shared,
    held: Option<Held>,
    /// Lines by their worker's birth.
    kept: BTreeMap<i64, Kept>,
    /// When the ring may be read again.
    search_at: Instant,
    /// The answer by which it was let go of what has arrived.
    answered_at: Option<Instant>,
    report: RepairReport,
    trouble: Option<String>,
}

/// The worker that runs.
struct Held {
    boot_ms: i64,
    /// `None` if it has no ring for us.
    session: Option<Session>,
    ping_at: Instant,
}

impl Repairer {
    /// Of the gateway at this place, whose runtime socket is there; lines are kept below `dir`, and sent to one of `homes`.
    pub(super) fn new(
        (server_id, at): (i16, usize),
        socket: &Path,
        dir: &Path,
        homes: &[Home],
        shared: Shared,
    ) -> Self {
        Self {
            server_id,
            at,
            runtime: RuntimeSocket::new(socket),
            dir: dir.join(DIR),
            homes: Homes::new(homes.to_vec()),
            shared,
            held: None,
            kept: BTreeMap::new(),
            search_at: Instant::now(),
            answered_at: None,
            report: RepairReport::default(),
            trouble: None,
        }
    }

    /// Works until the edge ends.
    pub(super) fn run(mut self) {
        let mut outcome = self.take_up();
        loop {
            outcome = outcome.and(self.follow());
            outcome = outcome.and(self.act());
            self.tell(outcome.err());
            if !self.shared.latest.rest(Instant::now() + LOOK_EVERY) {
                return;
            }
            outcome = Ok(());
        }
    }

    /// What an edge of before has kept.
    fn take_up(&mut self) -> Result<(), String> {
        let cannot = |error: std::io::Error| format!("{} cannot be used: {error}", self.dir.display());
        let births = make_dir(&self.dir).and_then(|()| Kept::births(&self.dir, self.server_id)).map_err(cannot)?;
        births.into_iter().try_for_each(|boot_ms| self.kept_of(boot_ms).map(|_| ()).map_err(told))
    }

    /// Holds a session with the worker that runs, and takes over what another one leaves.
    fn follow(&mut self) -> Result<(), String> {
        // HAProxy is away, or busy, which others tell of. What is held may yet be of use.
        let Ok(boot) = self.runtime.boot() else { return Ok(()) };
        let now = Instant::now();
        let drained = match self.held.take() {
            Some(held) if held.boot_ms == boot.0 => {
                self.held = held.still_there(now);
                Ok(())
            }
            Some(held) => self.drain(held),
            None => Ok(()),
        };
        for (_, kept) in self.kept.iter_mut().filter(|(birth, _)| **birth != boot.0) {
            kept.end(now);
        }
        self.let_go_of_the_oldest();
        if self.held.is_none() {
            self.held = hold(&self.runtime, boot.0, now).map_err(told)?;
        }
        drained
    }

    /// A worker that leaves: all that its ring has.
    fn drain(&mut self, held: Held) -> Result<(), String> {
        let Held { boot_ms, session: Some(mut session), .. } = held else { return Ok(()) };
        match self.read_ring(&mut session, boot_ms, |_| true) {
            Ok(kept) => kept.map_err(told),
            // It was killed, say: what was in its ring is gone.
            Err(error) => {
                tracing::info!(
                    server = self.server_id,
                    boot_ms,
                    "HAProxy's worker has left without its lines: {error}"
                );
                Ok(())
            }
        }
    }

    fn let_go_of_the_oldest(&mut self) {
        let ended: Vec<i64> = self.kept.iter().filter(|(_, kept)| kept.has_ended()).map(|(birth, _)| *birth).collect();
        for birth in &ended[..ended.len().saturating_sub(DRAINED_MAX)] {
            self.remove(*birth);
        }
    }

    /// By the API's newest answer: lets go of what has arrived, searches, sends.
    fn act(&mut self) -> Result<(), String> {
        let Some(answer) = self.shared.asked.newest() else { return Ok(()) };
        let now = Instant::now();
        let mut outcome = Ok(());
        if self.answered_at != Some(answer.at) {
            self.answered_at = Some(answer.at);
            outcome = self.let_go_of_what_came(&answer, now);
        }
        outcome = outcome.and(self.search(&answer, now));
        outcome = outcome.and(self.send(&answer, now));
        let (mut waiting, mut in_vain) = (0, 0_u64);
        for (birth, kept) in &self.kept {
            if let Some(ask) = self.ask(&answer, *birth) {
                waiting += kept.waiting(&ask);
                in_vain = in_vain.saturating_add(kept.in_vain(&ask));
            }
        }
        (self.report.waiting, self.report.in_vain) = (waiting, in_vain.min(COUNT_MAX));
        outcome
    }

    fn let_go_of_what_came(&mut self, answer: &Answer, now: Instant) -> Result<(), String> {
        let running = self.held.as_ref().map(|held| held.boot_ms);
        let births: Vec<i64> = self.kept.keys().copied().collect();
        let mut outcome = Ok(());
        for birth in births {
            let Some(ask) = self.ask(answer, birth) else { continue };
            let Some(kept) = self.kept.get_mut(&birth) else { continue };
            if running == Some(birth) {
                outcome = outcome.and(kept.forget_all_but(&ask).map_err(told));
            } else if kept.is_over(&ask, now) {
                self.remove(birth);
            }
        }
        outcome
    }

    /// Reads the ring, if something is asked for that it was not searched for yet.
    fn search(&mut self, answer: &Answer, now: Instant) -> Result<(), String> {
        let Some(boot_ms) = self.held.as_ref().filter(|held| held.session.is_some()).map(|held| held.boot_ms) else {
            return Ok(());
        };
        let Some(ask) = self.ask(answer, boot_ms).filter(|ask| *ask != Ask::default()) else { return Ok(()) };
        if now < self.search_at || !self.kept_of(boot_ms).map_err(told)?.is_search_due(&ask) {
            return Ok(());
        }
        self.search_at = now + SEARCH_EVERY;
        // A session that fails in the middle is of no more use; the next look opens another.
        let Some(Held { session: Some(mut session), ping_at, .. }) = self.held.take() else { return Ok(()) };
        let kept = self.read_ring(&mut session, boot_ms, |seq| ask.may_want(seq)).map_err(told)?;
        self.held = Some(Held { boot_ms, session: Some(session), ping_at });
        self.kept_of(boot_ms).map_err(told)?.searched(&ask);
        kept.map_err(told)
    }

    /// Reads a ring and keeps what is wanted of it. Inside, what came of keeping it.
    fn read_ring(
        &mut self,
        session: &mut Session,
        boot_ms: i64,
        is_wanted: impl Fn(u32) -> bool,
    ) -> Result<Result<(), SpoolError>, EdgeError> {
        let kept = match self.kept_of(boot_ms) {
            Ok(kept) => kept,
            Err(error) => return Ok(Err(error)),
        };
        let mut outcome = Ok(());
        let read = session.events(KEEP_RING, |message| {
            if outcome.is_ok() {
                outcome = kept.take(message, &is_wanted);
            }
        });
        let synced = kept.sync();
        read.map(|()| outcome.and(synced))
    }

    fn send(&mut self, answer: &Answer, now: Instant) -> Result<(), String> {
        let mut batch = Batch::default();
        for (birth, kept) in &self.kept {
            if let Some(ask) = self.ask(answer, *birth) {
                kept.gather(&ask, now, &mut batch).map_err(told)?;
            }
        }
        if batch.lines.is_empty() || !self.homes.are_ready(answer.at, now) {
            return Ok(());
        }
        self.homes.send(&batch.bytes)?;
        self.report.sent += batch.lines.len() as u64;
        tracing::info!(server = self.server_id, lines = batch.lines.len(), "lost lines were sent again");
        let sent_at = Instant::now();
        for (birth, seq) in batch.lines {
            if let Some(kept) = self.kept.get_mut(&birth) {
                kept.sent(seq, sent_at);
            }
        }
        Ok(())
    }

    /// Says how it goes; what is wrong, once.
    fn tell(&mut self, trouble: Option<String>) {
        if trouble != self.trouble {
            match &trouble {
                Some(why) => tracing::warn!(server = self.server_id, "lost lines are not sent again: {why}"),
                None => tracing::info!(server = self.server_id, "lost lines can be sent again"),
            }
            self.trouble = trouble;
        }
        self.report.has_ring = self.held.as_ref().is_some_and(|held| held.session.is_some());
        let ended = self.kept.iter().filter(|(_, kept)| kept.has_ended());
        let drained =
            |(birth, kept): (&i64, &Kept)| Some(DrainedWorker { boot_ms: *birth, last_seq: kept.last_seq()? });
        self.report.drained = ended.filter_map(drained).collect();
        let report = self.report.clone();
        self.shared.board.seen(self.at, |gateway| gateway.repair = Some(report));
    }

    fn ask(&self, answer: &Answer, boot_ms: i64) -> Option<Ask> {
        Ask::of(&answer.wanted, self.server_id, boot_ms)
    }

    fn kept_of(&mut self, boot_ms: i64) -> Result<&mut Kept, SpoolError> {
        match self.kept.entry(boot_ms) {
            Entry::Occupied(kept) => Ok(kept.into_mut()),
            Entry::Vacant(place) => Ok(place.insert(Kept::open(&self.dir, self.server_id, boot_ms)?)),
        }
    }

    fn remove(&mut self, boot_ms: i64) {
        if let Some(Err(error)) = self.kept.remove(&boot_ms).map(Kept::remove) {
            tracing::warn!(server = self.server_id, "{error}");
        }
    }
}

impl Held {
    /// Itself, unless HAProxy has closed the session.
    fn still_there(mut self, now: Instant) -> Option<Self> {
        if let Some(session) = &mut self.session
            && now >= self.ping_at
        {
            session.boot().ok()?;
            self.ping_at = now + PING_EVERY;
        }
        Some(self)
    }
}

/// A session with the worker of this birth; `None` if it is another's by now.
fn hold(runtime: &RuntimeSocket, boot_ms: i64, now: Instant) -> Result<Option<Held>, EdgeError> {
    let mut session = runtime.open()?;
    if session.boot()?.0 != boot_ms {
        return Ok(None);
    }
    let session = session.has_ring(KEEP_RING)?.then_some(session);
    Ok(Some(Held { boot_ms, session, ping_at: now + PING_EVERY }))
}

fn told(error: impl std::fmt::Display) -> String {
    error.to_string()
}
