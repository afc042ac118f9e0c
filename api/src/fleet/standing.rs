//! How an edge stands to the version in force: a table of cases, over what it reported last and when.

use super::{ExpectedEdge, Place};
use serde::Serialize;
use std::collections::VecDeque;
use suiftly_schema::fleet::{AppliedVersion, EdgeReport, GatewayState};
use suiftly_schema::time::UnixMillis;
use utoipa::ToSchema;

/// An edge that has not reported for so long cannot be reached, in milliseconds.
pub const UNREACHABLE_AFTER_MS: i64 = 10_000;
/// An edge that is behind for less is updating, in milliseconds.
pub const BEHIND_AFTER_MS: i64 = 5_000;
/// Versions of which it is told how long an edge took.
pub const TAKEN_TOLD: usize = 40;

/// A version and when it was issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Issued {
    pub(super) place: Place,
    pub(super) at: UnixMillis,
}

/// How an edge stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// All its gateways have the version in force.
    InSync,
    /// It is behind for less than five seconds.
    Updating,
    /// It is behind for longer.
    Behind,
    /// It has not reported for ten seconds.
    Unreachable,
    /// It has not reported since the server started.
    NeverSeen,
}

impl Standing {
    /// Every one.
    pub const ALL: [Self; 5] = [Self::InSync, Self::Updating, Self::Behind, Self::Unreachable, Self::NeverSeen];

    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::InSync => "in_sync",
            Self::Updating => "updating",
            Self::Behind => "behind",
            Self::Unreachable => "unreachable",
            Self::NeverSeen => "never_seen",
        }
    }
}

/// How long an edge took for a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// As the edge tells it, by its clock.
    pub applied: AppliedVersion,
    /// When it was issued, by ours; `None` if that is not remembered.
    pub issued_at: Option<UnixMillis>,
    /// When we heard that every gateway had it, by ours.
    pub heard_at: UnixMillis,
}

/// What is known of an edge.
#[derive(Clone, Debug, Default)]
pub struct EdgeState {
    report: Option<(EdgeReport, UnixMillis)>,
    /// Oldest first.
    taken: VecDeque<Taken>,
    /// Since when its gateways are not all in order, though its version may be the right one.
    trouble_since: Option<UnixMillis>,
}

impl EdgeState {
    pub(super) fn take(&mut self, edge: &ExpectedEdge, report: EdgeReport, issued: &VecDeque<Issued>, now: UnixMillis) {
        let last = self.taken.back().map_or((UnixMillis::MIN, 0), |last| (last.applied.era, last.applied.version));
        for applied in report.applied.iter().filter(|applied| (applied.era, applied.version) > last) {
            let place = (applied.era, applied.version);
            let issued_at = issued.iter().rev().find(|issued| issued.place == place).map(|issued| issued.at);
            self.taken.push_back(Taken { applied: applied.clone(), issued_at, heard_at: now });
        }
        while self.taken.len() > TAKEN_TOLD {
            self.taken.pop_front();
        }
        self.trouble_since = trouble(edge, &report).then(|| self.trouble_since.unwrap_or(now));
        self.report = Some((report, now));
    }

    /// The version that every gateway of it has.
    pub(super) fn has(&self) -> Place {
        self.report.as_ref().map_or((UnixMillis::MIN, 0), |(report, _)| (report.era, report.version))
    }
}

/// Whether an expected gateway is missing or not in order.
fn trouble(edge: &ExpectedEdge, report: &EdgeReport) -> bool {
    let state_of = |server: i16| report.gateways.iter().find(|of| of.server_id == server).map(|of| of.state);
    edge.servers.iter().any(|server| state_of(*server) != Some(GatewayState::InSync))
}

/// How an edge stands, with what it says.
#[derive(Clone, Debug)]
pub struct EdgeStanding {
    /// Who it is.
    pub name: String,
    /// Whose lines come from behind it.
    pub servers: Vec<i16>,
    /// How it stands.
    pub standing: Standing,
    /// Since when it is neither in sync nor just updating.
    pub out_since: Option<UnixMillis>,
    /// For how long the oldest version that it has not is out, in milliseconds.
    pub lag_ms: i64,
    /// Its last report, and when it came.
    pub report: Option<(EdgeReport, UnixMillis)>,
    /// How long it took for the last versions, oldest first.
    pub taken: Vec<Taken>,
    /// Whether nobody said that it is expected.
    pub is_implied: bool,
}

impl EdgeStanding {
    pub(super) fn new(
        edge: &ExpectedEdge,
        state: &EdgeState,
        issued: &VecDeque<Issued>,
        started_at: UnixMillis,
        now: UnixMillis,
    ) -> Self {
        let behind_since = behind_since(state, issued);
        let lag_ms = behind_since.map_or(0, |since| now.0.saturating_sub(since.0).max(0));
        let (standing, out_since) = standing(state, behind_since, started_at, now);
        Self {
            name: edge.name.clone(),
            servers: edge.servers.clone(),
            standing,
            out_since,
            lag_ms,
            report: state.report.clone(),
            taken: state.taken.iter().cloned().collect(),
            is_implied: edge.is_implied,
        }
    }
}

/// Since when the first version is out that the edge has not.
fn behind_since(state: &EdgeState, issued: &VecDeque<Issued>) -> Option<UnixMillis> {
    let has = state.has();
    issued.iter().find(|issued| issued.place > has).map(|issued| issued.at)
}

fn standing(
    state: &EdgeState,
    behind_since: Option<UnixMillis>,
    started_at: UnixMillis,
    now: UnixMillis,
) -> (Standing, Option<UnixMillis>) {
    let Some((_, heard_at)) = &state.report else { return (Standing::NeverSeen, Some(started_at)) };
    if now.0.saturating_sub(heard_at.0) >= UNREACHABLE_AFTER_MS {
        return (Standing::Unreachable, Some(*heard_at));
    }
    let since = [behind_since, state.trouble_since].into_iter().flatten().min();
    match since {
        None => (Standing::InSync, None),
        Some(since) if now.0.saturating_sub(since.0) < BEHIND_AFTER_MS => (Standing::Updating, None),
        Some(since) => (Standing::Behind, Some(since)),
    }
}
