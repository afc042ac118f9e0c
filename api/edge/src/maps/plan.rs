//! In which order the three maps change, so that HAProxy, which is asked between any two commands, never allows what
//! neither the old nor the new version allows, and never refuses what both allow. Pure.
//!
//! | phase | map | what |
//! |---|---|---|
//! | 1 | keys | keys that are taken away, or change hands |
//! | 2 | grants | grants that are taken away |
//! | 3 | allow | what is added, then what is removed, but for accounts that become open |
//! | 4 | grants | all others: given, limits, `open` or `listed` |
//! | 5 | allow | what accounts that became open no longer need |
//! | 6 | keys | all others: given, metadata |
//!
//! After phases 1 and 2 a request passes only if its key and its grant pass in both versions; so what the allowlists say
//! in between is what the one or the other says. What a service's list holds is there before it is `listed`, and stays
//! until it is `open`. A new key comes after its grant. An entry changes in one phase, but for a key that changes hands:
//! it goes in the first and comes in the last.
//!
//! A file or a map that is replaced whole follows the same phases: after each of them it holds what [`content`] says.

use super::{Entries, MapName, Touched};
use std::collections::BTreeSet;

/// The state of a key or a grant that may be used, as the gateway's configuration compares it.
pub const ACTIVE: &str = "active";
/// The word of a grant without an allowlist.
pub const OPEN: &str = "open";

/// Some entries of one map, which change one after another, or all at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phase {
    /// The map.
    pub map: MapName,
    /// What changes, in this order.
    pub steps: Vec<Step>,
}

/// One entry's change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The entry's key.
    pub key: String,
    /// What becomes of it.
    pub change: Change,
}

/// What becomes of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is not there and comes with this value.
    Add(String),
    /// It is there and gets this value.
    Set(String),
    /// It is there and goes.
    Remove,
}

/// Phases, in the order in which [`plan`] gives them.
const PHASES: [MapName; 6] =
    [MapName::Keys, MapName::Grants, MapName::Allow, MapName::Grants, MapName::Allow, MapName::Keys];

/// The phases of a change; those in which nothing changes are left out.
pub fn plan(touched: &[Touched]) -> Vec<Phase> {
    let opened = opened_accounts(touched);
    let mut phases = PHASES.map(|map| Phase { map, steps: Vec::new() });
    for touch in touched.iter().filter(|touch| touch.old != touch.new) {
        let at = match touch.map {
            MapName::Keys if is_taken_key(touch) => 0,
            MapName::Keys => 5,
            MapName::Grants if is_taken_grant(touch) => 1,
            MapName::Grants => 3,
            MapName::Allow if touch.new.is_none() && opened.contains(account_of(&touch.key)) => 4,
            MapName::Allow => 2,
        };
        if at == 0 && touch.new.as_deref().is_some_and(is_active_key) {
            phases[0].steps.push(Step { key: touch.key.clone(), change: Change::Remove });
            phases[5]
                .steps
                .extend(touch.new.clone().map(|value| Step { key: touch.key.clone(), change: Change::Add(value) }));
        } else {
            phases[at].steps.extend(step(touch));
        }
    }
    for phase in &mut phases {
        // Stable: within each kind by key.
        phase.steps.sort_by_key(|step| step.change == Change::Remove);
    }
    phases.into_iter().filter(|phase| !phase.steps.is_empty()).collect()
}

/// What a map holds after a phase: `entries`, with the phase's steps made.
pub fn content(mut entries: Entries, phase: &Phase) -> Entries {
    for Step { key, change } in &phase.steps {
        match change {
            Change::Add(value) | Change::Set(value) => entries.insert(key.clone(), value.clone()),
            Change::Remove => entries.remove(key),
        };
    }
    entries
}

/// What the touched entries of a map were, laid over what it shall be: the map before the change.
pub fn before(mut after: Entries, map: MapName, touched: &[Touched]) -> Entries {
    for touch in touched.iter().filter(|touch| touch.map == map) {
        match &touch.old {
            Some(value) => after.insert(touch.key.clone(), value.clone()),
            None => after.remove(&touch.key),
        };
    }
    after
}

fn step(touch: &Touched) -> Option<Step> {
    let change = match (&touch.old, &touch.new) {
        (None, Some(new)) => Change::Add(new.clone()),
        (Some(_), Some(new)) => Change::Set(new.clone()),
        (Some(_), None) => Change::Remove,
        (None, None) => return None,
    };
    Some(Step { key: touch.key.clone(), change })
}

/// Whether the key could be used before and now cannot, or stands for somebody or something else.
fn is_taken_key(touch: &Touched) -> bool {
    let old = touch.old.as_deref().filter(|old| is_active_key(old));
    let new = touch.new.as_deref().filter(|new| is_active_key(new));
    old.is_some_and(|old| new.is_none_or(|new| owner_of(old) != owner_of(new)))
}

fn is_taken_grant(touch: &Touched) -> bool {
    let is_active = |value: &Option<String>| value.as_deref().is_some_and(|value| field(value, 0) == Some(ACTIVE));
    is_active(&touch.old) && !is_active(&touch.new)
}

/// Accounts whose grant no longer asks for the allowlist.
fn opened_accounts(touched: &[Touched]) -> BTreeSet<&str> {
    let is_open = |touch: &&Touched| {
        touch.map == MapName::Grants && touch.new.as_deref().is_some_and(|value| field(value, 3) == Some(OPEN))
    };
    touched.iter().filter(is_open).map(|touch| touch.key.as_str()).collect()
}

/// `customer:service` of `customer:service:prefix`.
fn account_of(allow_key: &str) -> &str {
    allow_key.rsplit_once(':').map_or(allow_key, |(account, _)| account)
}

fn is_active_key(value: &str) -> bool {
    field(value, 5) == Some(ACTIVE)
}

/// Customer, service and network of a key.
fn owner_of(value: &str) -> [Option<&str>; 3] {
    [0, 3, 4].map(|at| field(value, at))
}

fn field(value: &str, at: usize) -> Option<&str> {
    value.split(',').nth(at)
}

#[cfg(test)]
mod tests;
