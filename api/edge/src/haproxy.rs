//! One HAProxy process as its edge keeps it: brought to a version of the grant set while it serves, read back, watched.
//!
//! ```text
//! held version ─touched entries─▶ plan ─▶ change: one by one, or a version of a map ─▶ mark ─▶ confirm
//! not known what it has: read the maps whole, then the same way
//! ```
//!
//! [`Gateway::bring_to`] is the one way in. It promises: when it returns, the maps are those of the version, read back over
//! a connection of its own; between any two commands HAProxy allows nothing that neither version allows ([`plan`]); after
//! an error, whatever was done by then, the next call reads what there is and goes on from it. Nothing is taken from
//! memory about a process that was restarted, reloaded or changed by somebody else.

mod change;

pub use change::{ADDED_ONE_BY_ONE_MAX, CHANGED_ONE_BY_ONE_MAX};

use crate::EdgeError;
use crate::maps::plan::plan;
use crate::maps::{self, MARK_KEY, MapName, Maps, Mark, Touched};
use crate::runtime::{RuntimeSocket, Session};
use change::{Changing, Forced};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use suiftly_schema::fleet::{GatewayReport, GatewayState};
use suiftly_schema::time::UnixMillis;
use suiftly_schema::vault::{GrantSet, Head};

/// A HAProxy process behind its runtime socket. Calls block, each within the bounds of [`crate::runtime`].
#[derive(Debug)]
pub struct Gateway {
    server_id: i16,
    runtime: RuntimeSocket,
    /// What it has for certain; `None` before the first fill and after anything went wrong.
    held: Option<Held>,
}

/// What a process was brought to and read back.
#[derive(Clone, Debug)]
struct Held {
    boot: UnixMillis,
    mark: Mark,
    refill: u64,
    /// How many share the region's limits.
    gateways: u16,
    set: GrantSet,
    /// Entries of each map, with the mark.
    counts: [usize; 3],
}

/// How a version was brought to a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Which.
    pub mark: Mark,
    /// Entries of maps that changed; 0: it had them already.
    pub entries: u64,
    /// Whether a map was read or replaced whole.
    pub is_refill: bool,
    /// From the first command to the mark.
    pub change: Duration,
    /// Reading back.
    pub confirm: Duration,
}

/// What a look at a gateway showed.
#[derive(Debug)]
pub enum Sight {
    /// The process that was changed last, with what it was given.
    Same,
    /// Another process, born then: it has what its files held.
    Restarted(UnixMillis),
    /// Its maps are not what was written, or nothing has been written yet; in words.
    Other(String),
    /// It does not answer.
    Unreachable(EdgeError),
}

impl Gateway {
    /// The gateway whose lines carry `server_id`, behind the runtime socket at `path`. Nothing is opened yet.
    pub fn new(server_id: i16, path: impl Into<PathBuf>) -> Self {
        Self { server_id, runtime: RuntimeSocket::new(path), held: None }
    }

    /// The server id of its lines.
    pub const fn server_id(&self) -> i16 {
        self.server_id
    }

    /// Its runtime socket.
    pub const fn runtime(&self) -> &RuntimeSocket {
        &self.runtime
    }

    /// The version that it has for certain.
    pub fn mark(&self) -> Option<Mark> {
        self.held.as_ref().map(|held| held.mark)
    }

    /// Brings its maps to this version: by what differs from the version that it has, where that is known; else by what
    /// its maps turn out to hold. A head whose `refill` is later than the last one's has all maps replaced. Whatever it is
    /// interrupted by, the next call goes on from what is there.
    pub fn bring_to(&mut self, set: &GrantSet, head: &Head) -> Result<Applied, EdgeError> {
        let held = self.held.take();
        let is_demanded = held.as_ref().is_some_and(|held| held.refill != head.refill);
        self.bring(held, set, head, is_demanded)
    }

    /// Replaces all of its maps, whatever they hold, and reads them back.
    pub fn refill(&mut self, set: &GrantSet, head: &Head) -> Result<Applied, EdgeError> {
        self.held = None;
        self.bring(None, set, head, true)
    }

    /// Whether it still is the process that was changed last, with the maps that it was given. What is not, is forgotten:
    /// [`Gateway::bring_to`] then reads its maps.
    pub fn look(&mut self) -> Sight {
        let sight = match self.look_at(self.held.as_ref()) {
            Ok(sight) => sight,
            Err(error) => Sight::Unreachable(error),
        };
        if matches!(sight, Sight::Restarted(_) | Sight::Other(_)) {
            self.held = None;
        }
        sight
    }

    /// How it fares. `wanted` is the version that its edge holds. What HAProxy does not tell is left out, and `trouble`
    /// says why.
    pub fn report(&self, wanted: Option<Mark>) -> GatewayReport {
        let mut report = GatewayReport {
            server_id: self.server_id,
            version: self.mark().map_or(0, |mark| mark.version),
            ..GatewayReport::default()
        };
        let status = match self.runtime.status() {
            Ok(status) => status,
            Err(error) => return GatewayReport { trouble: Some(error.to_string()), ..report },
        };
        let is_in_sync = wanted.is_some() && wanted == self.mark();
        report.state = if is_in_sync { GatewayState::InSync } else { GatewayState::Updating };
        (report.requests, report.dropped_logs) = (Some(status.requests), Some(status.dropped_logs));
        report.haproxy = Some(status.version);
        let mut trouble = None;
        report.boot_ms = told(self.runtime.boot(), &mut trouble).map(|boot| boot.0);
        report.lines_numbered = told(self.runtime.lines_numbered(), &mut trouble);
        report.hot = told(self.runtime.hot_accounts(), &mut trouble).unwrap_or_default();
        report.servers = told(self.runtime.servers(), &mut trouble).unwrap_or_default();
        report.trouble = trouble;
        report
    }

    fn look_at(&self, held: Option<&Held>) -> Result<Sight, EdgeError> {
        let mut session = self.runtime.open()?;
        let boot = session.boot()?;
        let maps = session.maps()?;
        let Some(held) = held else { return Ok(Sight::Other("nothing has been written to it yet".to_owned())) };
        if boot != held.boot {
            return Ok(Sight::Restarted(boot));
        }
        let mark = session.look_up(maps[MapName::Grants as usize].id, MARK_KEY)?.map(|(_, value)| value);
        if mark != Some(held.mark.to_string()) {
            let mark = mark.unwrap_or_else(|| "nothing".to_owned());
            return Ok(Sight::Other(format!("its maps are marked {mark}, not {}", held.mark)));
        }
        let miscounted = MapName::ALL.into_iter().find(|map| maps[*map as usize].entries != held.counts[*map as usize]);
        Ok(miscounted.map_or(Sight::Same, |map| {
            let (has, given) = (maps[map as usize].entries, held.counts[map as usize]);
            Sight::Other(format!("{} has {has} entries, not {given}", map.file()))
        }))
    }

    fn bring(&mut self, held: Option<Held>, set: &GrantSet, head: &Head, refill: bool) -> Result<Applied, EdgeError> {
        let began = Instant::now();
        let (mark, gateways) = (Mark::of(head), head.share_of(self.server_id));
        let mut session = self.runtime.open()?;
        let boot = session.boot()?;
        let known = match held {
            Some(held) if held.boot == boot && held.gateways == gateways => {
                Some(held).filter(|held| has_mark(&mut session, held.mark).unwrap_or(false))
            }
            _ => None,
        };
        let forced = if refill { Forced::ALL } else { Forced::default() };
        let start = match known {
            Some(held) => Start::known(&held, set, forced)?,
            None => Start::read(&mut session, set, gateways, forced)?,
        };
        let Start { touched, forced, counts, is_read } = start;
        let phases = plan(&touched);
        let mut changing = Changing::new(&self.runtime, session, (set, gateways), &touched, forced, &phases)?;
        changing.make(&phases)?;
        changing.set_mark(mark)?;
        let change = began.elapsed();
        let counts = counted(counts, &touched);
        changing.confirm(boot, mark, counts)?;
        let is_refill = is_read || changing.is_whole();
        self.held = Some(Held { boot, mark, refill: head.refill, gateways, set: set.clone(), counts });
        Ok(Applied { mark, entries: touched.len() as u64, is_refill, change, confirm: began.elapsed() - change })
    }
}

/// From where a change starts.
struct Start {
    touched: Vec<Touched>,
    forced: Forced,
    /// Entries of each map before it, with a mark.
    counts: [usize; 3],
    is_read: bool,
}

impl Start {
    fn known(held: &Held, set: &GrantSet, forced: Forced) -> Result<Self, EdgeError> {
        let touched = maps::touched(&held.set, set, &held.set.changes_to(set), held.gateways)?;
        Ok(Self { touched, forced, counts: held.counts, is_read: false })
    }

    /// Reads the maps, and finds what differs from those of `set`.
    fn read(session: &mut Session, set: &GrantSet, gateways: u16, mut forced: Forced) -> Result<Self, EdgeError> {
        let mut there = Maps::default();
        for (map, loaded) in MapName::ALL.into_iter().zip(session.maps()?) {
            let (mut entries, is_twice) = session.entries(loaded.id)?;
            if entries.len() != loaded.entries && !is_twice {
                change::discard_leftovers(session, loaded)?;
            }
            let count = entries.len();
            entries.retain(|key, value| change::is_plain(key) && !value.contains(' '));
            if is_twice || entries.len() != count {
                // No command takes such an entry out; a whole version leaves it out.
                forced.add(map);
            }
            if map == MapName::Grants {
                entries.remove(MARK_KEY);
            }
            *there.of_mut(map) = entries;
        }
        let touched = there.touched_to(&Maps::render(set, gateways)?);
        let mut counts = MapName::ALL.map(|map| there.of(map).len());
        counts[MapName::Grants as usize] += 1;
        Ok(Self { touched, forced, counts, is_read: true })
    }
}

fn has_mark(session: &mut Session, mark: Mark) -> Result<bool, EdgeError> {
    let grants = session.maps()?[MapName::Grants as usize];
    Ok(session.look_up(grants.id, MARK_KEY)?.is_some_and(|(_, value)| value == mark.to_string()))
}

/// What the maps count after a change.
fn counted(mut counts: [usize; 3], touched: &[Touched]) -> [usize; 3] {
    for touch in touched {
        let count = &mut counts[touch.map as usize];
        *count = *count + usize::from(touch.new.is_some()) - usize::from(touch.old.is_some());
    }
    counts
}

/// A part of a report, or why it is missing.
fn told<T>(answer: Result<T, EdgeError>, trouble: &mut Option<String>) -> Option<T> {
    match answer {
        Ok(value) => Some(value),
        Err(error) => {
            trouble.get_or_insert_with(|| error.to_string());
            None
        }
    }
}
