//! Files that have one text: where one is missing it is written; one that somebody changed is left alone, or made as it should
//! be, by its kind.

use super::files::{self, Owned};
use super::machine::Server;

/// What is to be done with a text that is there and is another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Other {
    /// It is somebody's: it stays.
    Stays,
    /// It is ours: it is written anew.
    IsReplaced,
}

/// A file with its text.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    pub(crate) owned: Owned,
    pub(crate) text: String,
    pub(crate) other: Other,
}

impl Written {
    /// What is not as it should be, if anything is.
    pub(crate) fn drift(&self, server: &Server<'_>) -> anyhow::Result<Option<String>> {
        let drift = files::drift(server, &self.owned)?;
        if drift.is_some() || self.other == Other::Stays {
            return Ok(drift);
        }
        let is_same = server.text(&self.owned.path)?.is_some_and(|text| text == self.text);
        Ok((!is_same).then(|| format!("{} is not as it should be", self.owned.path)))
    }

    /// Makes it so.
    pub(crate) fn put(&self, server: &Server<'_>) -> anyhow::Result<()> {
        let there = server.text(&self.owned.path)?;
        match (there, self.other) {
            (Some(text), Other::IsReplaced) if text != self.text => files::write(server, &self.owned, &self.text),
            (None, _) => files::write(server, &self.owned, &self.text),
            (Some(_), _) => files::put(server, &self.owned),
        }
    }
}

/// What is not as it should be of several, a few of them named.
pub(crate) fn drift_of(server: &Server<'_>, all: &[Written]) -> anyhow::Result<Option<String>> {
    let drifts = all.iter().map(|one| one.drift(server)).collect::<anyhow::Result<Vec<_>>>()?;
    Ok(listed(drifts.into_iter().flatten().collect()))
}

/// So many of a list are named.
const NAMED_MAX: usize = 3;

/// A few of a list, and how many more there are; none of an empty one.
pub(crate) fn listed(all: Vec<String>) -> Option<String> {
    if all.is_empty() {
        return None;
    }
    let more = all.len().saturating_sub(NAMED_MAX);
    let named = all.into_iter().take(NAMED_MAX).collect::<Vec<_>>().join(", ");
    Some(if more > 0 { format!("{named}, and {more} more") } else { named })
}
