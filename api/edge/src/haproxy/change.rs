//! The commands that make a planned change, and reading back. A map with few changes takes them one by one; another is
//! filled as a version of its own, which takes the place of the one in force in one step.

use crate::EdgeError;
use crate::maps::plan::{self, Change, Phase, Step};
use crate::maps::{Entries, MARK_KEY, MapName, Mark, Touched, render_map};
use crate::runtime::{COMMAND_TIME_MAX, LoadedMap, RuntimeSocket, Session, WHOLE_MAP_TIME_MAX};
use std::collections::BTreeMap;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::vault::GrantSet;

/// Entries of a map that are set or removed one by one in a change; above, it is filled anew. Each costs a walk over the
/// whole map (12 ms with 100,000 entries), about what filling 3,000 entries costs.
pub const CHANGED_ONE_BY_ONE_MAX: usize = 50;
/// Entries that are added to a map in a change; above, it is filled anew. Adding walks over nothing.
pub const ADDED_ONE_BY_ONE_MAX: usize = 500;
/// Versions that were begun and never committed, which are discarded at once: the latest.
const LEFTOVERS_MAX: u32 = 64;

/// Maps that must be filled anew.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Forced([bool; 3]);

impl Forced {
    pub(super) const ALL: Self = Self([true; 3]);

    pub(super) const fn add(&mut self, map: MapName) {
        self.0[map as usize] = true;
    }

    const fn has(self, map: MapName) -> bool {
        self.0[map as usize]
    }
}

/// A change under way.
pub(super) struct Changing<'a> {
    runtime: &'a RuntimeSocket,
    session: Session,
    maps: [LoadedMap; 3],
    touched: &'a [Touched],
    /// What the maps that are filled anew hold by now.
    whole: BTreeMap<MapName, Entries>,
    /// Whether the map of grants has a mark, which may be an old one.
    is_marked: bool,
}

impl<'a> Changing<'a> {
    pub(super) fn new(
        runtime: &'a RuntimeSocket,
        mut session: Session,
        (set, gateways): (&GrantSet, u16),
        touched: &'a [Touched],
        forced: Forced,
        phases: &[Phase],
    ) -> Result<Self, EdgeError> {
        let maps = session.maps()?;
        let is_marked = session.look_up(maps[MapName::Grants as usize].id, MARK_KEY)?.is_some();
        let steps_of = |map| phases.iter().filter(move |phase| phase.map == map).flat_map(|phase| &phase.steps);
        let is_whole = |map: &MapName| forced.has(*map) || !fits_one_by_one(steps_of(*map));
        let before = |map| Ok((map, plan::before(render_map(map, set, gateways)?, map, touched)));
        let whole = MapName::ALL.into_iter().filter(is_whole).map(before).collect::<Result<_, EdgeError>>()?;
        Ok(Self { runtime, session, maps, touched, whole, is_marked })
    }

    /// Whether a map is filled anew.
    pub(super) fn is_whole(&self) -> bool {
        !self.whole.is_empty()
    }

    /// Makes all phases, and fills those maps anew that must be and that no phase is about.
    pub(super) fn make(&mut self, phases: &[Phase]) -> Result<(), EdgeError> {
        for phase in phases {
            self.make_phase(phase)?;
        }
        // As `plan` has it: keys last.
        for map in [MapName::Allow, MapName::Grants, MapName::Keys] {
            if self.whole.contains_key(&map) && phases.iter().all(|phase| phase.map != map) {
                self.make_phase(&Phase { map, steps: Vec::new() })?;
            }
        }
        Ok(())
    }

    fn make_phase(&mut self, phase: &Phase) -> Result<(), EdgeError> {
        let Some(entries) = self.whole.remove(&phase.map) else { return self.make_steps(phase) };
        let entries = plan::content(entries, phase);
        let filled = self.fill(phase.map, &entries);
        self.is_marked &= phase.map != MapName::Grants;
        self.whole.insert(phase.map, entries);
        filled
    }

    fn make_steps(&mut self, phase: &Phase) -> Result<(), EdgeError> {
        let id = self.id(phase.map);
        let added = phase.steps.iter().filter_map(|Step { key, change }| match change {
            Change::Add(value) => Some((key.as_str(), value.as_str())),
            Change::Set(_) | Change::Remove => None,
        });
        self.session.add(id, None, added)?;
        for Step { key, change } in &phase.steps {
            let command = match change {
                Change::Add(_) => continue,
                Change::Set(value) => format!("set map #{id} {key} {value}"),
                Change::Remove => format!("del map #{id} {key}"),
            };
            self.session.tell(&command, COMMAND_TIME_MAX)?;
        }
        Ok(())
    }

    /// Fills a version of the map and puts it in force. One that did not come to that is discarded.
    fn fill(&mut self, map: MapName, entries: &Entries) -> Result<(), EdgeError> {
        let id = self.id(map);
        let version = self.session.prepare(id)?;
        let rows = entries.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let filled = self
            .session
            .add(id, Some(version), rows)
            .and_then(|()| self.session.tell(&format!("commit map @{version} #{id}"), WHOLE_MAP_TIME_MAX));
        if filled.is_err() {
            // The first error is the one to report. What cannot be discarded goes with the next commit.
            let _ = self.runtime.open().and_then(|mut session| discard(&mut session, id, version));
        }
        filled
    }

    /// Says in HAProxy itself which version its maps are now.
    pub(super) fn set_mark(&mut self, mark: Mark) -> Result<(), EdgeError> {
        let verb = if self.is_marked { "set" } else { "add" };
        let command = format!("{verb} map #{} {MARK_KEY} {mark}", self.id(MapName::Grants));
        self.session.tell(&command, COMMAND_TIME_MAX)
    }

    /// Reads back what was changed: maps that were filled anew whole, of the others each entry that was touched; and the
    /// mark. Over a connection of its own, which a process that has taken over meanwhile would answer.
    pub(super) fn confirm(&mut self, boot: UnixMillis, mark: Mark, counts: [usize; 3]) -> Result<(), EdgeError> {
        let mut session = self.runtime.open()?;
        if session.boot()? != boot {
            return Err(EdgeError::Restarted);
        }
        if let Some(grants) = self.whole.get_mut(&MapName::Grants) {
            grants.insert(MARK_KEY.to_owned(), mark.to_string());
        }
        let maps = session.maps()?;
        for map in MapName::ALL {
            let LoadedMap { id, entries: count, .. } = maps[map as usize];
            match self.whole.get(&map) {
                Some(wanted) => same_entries(map, &session.entries(id)?.0, wanted)?,
                None => self.confirm_touched(&mut session, map, id)?,
            }
            if count != counts[map as usize] {
                return Err(differs(map, format!("it has {count} entries, not {}", counts[map as usize])));
            }
        }
        let marked = session.look_up(maps[MapName::Grants as usize].id, MARK_KEY)?;
        let is_marked = marked.is_some_and(|(_, value)| value == mark.to_string());
        if is_marked { Ok(()) } else { Err(differs(MapName::Grants, format!("it is not marked {mark}"))) }
    }

    fn confirm_touched(&self, session: &mut Session, map: MapName, id: i32) -> Result<(), EdgeError> {
        for Touched { key, new, .. } in self.touched.iter().filter(|touch| touch.map == map) {
            // A search by prefix finds a shorter entry where this one is not.
            let found = session.look_up(id, key)?.filter(|(found, _)| found == key).map(|(_, value)| value);
            if found != *new {
                return Err(differs(map, "an entry that was changed".to_owned()));
            }
        }
        Ok(())
    }

    const fn id(&self, map: MapName) -> i32 {
        self.maps[map as usize].id
    }
}

/// Whether a key can be named in a command: it is one word, and no word of the runtime socket's own.
pub(super) fn is_plain(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b':')
}

/// Discards the versions of a map that were begun and never committed.
pub(super) fn discard_leftovers(session: &mut Session, map: LoadedMap) -> Result<(), EdgeError> {
    let first = map.last_version.saturating_sub(LEFTOVERS_MAX).max(map.version);
    (first + 1..=map.last_version).try_for_each(|version| discard(session, map.id, version))
}

fn discard(session: &mut Session, map: i32, version: u32) -> Result<(), EdgeError> {
    session.tell(&format!("clear map @{version} #{map}"), WHOLE_MAP_TIME_MAX)
}

fn fits_one_by_one<'a>(steps: impl Iterator<Item = &'a Step>) -> bool {
    let (added, changed): (Vec<_>, Vec<_>) = steps.partition(|step| matches!(step.change, Change::Add(_)));
    added.len() <= ADDED_ONE_BY_ONE_MAX && changed.len() <= CHANGED_ONE_BY_ONE_MAX
}

fn same_entries(map: MapName, there: &Entries, wanted: &Entries) -> Result<(), EdgeError> {
    if there == wanted {
        return Ok(());
    }
    let wrong = there.iter().filter(|(key, value)| wanted.get(*key) != Some(*value)).count();
    let missing = wanted.keys().filter(|key| !there.contains_key(*key)).count();
    Err(differs(map, format!("{wrong} entries should not be there, {missing} are missing")))
}

fn differs(map: MapName, what: String) -> EdgeError {
    EdgeError::NotWritten { map: map.file(), what }
}
