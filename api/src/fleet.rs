//! The fleet: which edges are expected, what each has told of its gateways last, and who has the version in force. No
//! I/O; times are given.
//!
//! Who is not heard of is never in sync, and a customer's service is "Updating" while a version that changed it is not at
//! every edge.

mod alarm;
mod figures;
mod outage;
mod standing;
mod touched;
pub(crate) mod watch;
pub mod wire;

pub use alarm::{ALARM_AFTER_MS, Alarms};
pub(crate) use figures::by_server;
pub use figures::{GatewayFigures, dropped_logs};
pub use outage::{Outage, outage};
pub use standing::{BEHIND_AFTER_MS, EdgeStanding, EdgeState, Standing, TAKEN_TOLD, Taken, UNREACHABLE_AFTER_MS};

use crate::vault::Version;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use standing::Issued;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use subtle::ConstantTimeEq;
use suiftly_schema::fleet::EdgeReport;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::vault::AccessId;
use touched::Touched;

/// Edges that may be expected.
pub const EDGES_MAX: usize = 256;
/// Servers that may be expected behind one edge.
pub const SERVERS_AN_EDGE_MAX: usize = suiftly_schema::fleet::GATEWAYS_MAX;
/// Versions whose time is remembered, to tell by how much an edge is behind.
const ISSUED_MAX: usize = 4_096;

/// An edge that is expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedEdge {
    /// Its name; unique.
    pub name: String,
    /// The servers behind it.
    pub servers: Vec<i16>,
    /// The SHA-256 of its token.
    pub token_sha256: [u8; 32],
    /// Whether nobody said so: it is waited for only once it has been seen.
    pub is_implied: bool,
}

/// A version's place in the order of versions.
pub(crate) type Place = (UnixMillis, u64);

/// Who is expected, and how they stand.
#[derive(Debug)]
pub struct Fleet {
    expected: Vec<ExpectedEdge>,
    started_at: UnixMillis,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The latest versions, oldest first.
    issued: VecDeque<Issued>,
    edges: BTreeMap<usize, EdgeState>,
    touched: Touched,
}

impl Fleet {
    /// These edges are expected, by a process that starts at `now`.
    pub fn new(expected: Vec<ExpectedEdge>, now: UnixMillis) -> Self {
        Self { expected, started_at: now, state: Mutex::default() }
    }

    /// Who is expected.
    pub fn expected(&self) -> &[ExpectedEdge] {
        &self.expected
    }

    /// Every expected server.
    pub fn servers(&self) -> Vec<i16> {
        let mut servers: Vec<_> = self.expected.iter().flat_map(|edge| edge.servers.iter().copied()).collect();
        servers.sort_unstable();
        servers.dedup();
        servers
    }

    /// How many gateways share each region's limits.
    pub fn regions(&self) -> BTreeMap<u16, u16> {
        let mut regions = BTreeMap::new();
        for server in self.servers() {
            *regions.entry(u16::try_from(server >> 4).unwrap_or(0)).or_default() += 1;
        }
        regions
    }

    /// Whose token this is. Takes as long for a wrong one as for a right one.
    pub fn by_token(&self, token: &str) -> Option<usize> {
        let sha256: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        let mut found = None;
        for (index, edge) in self.expected.iter().enumerate() {
            if bool::from(edge.token_sha256.ct_eq(&sha256)) {
                found = Some(index);
            }
        }
        found
    }

    /// The edge at this place.
    pub fn edge(&self, index: usize) -> Option<&ExpectedEdge> {
        self.expected.get(index)
    }

    /// A version is in force now.
    pub fn published(&self, version: &Arc<Version>) {
        let mut state = self.state.lock();
        if state.issued.len() == ISSUED_MAX {
            state.issued.pop_front();
        }
        let place = (version.head.era, version.head.version);
        state.issued.push_back(Issued { place, at: version.head.issued_at });
        state.touched.add(&version.touched, place);
    }

    /// An edge has reported, at `now`.
    pub fn reported(&self, index: usize, report: EdgeReport, now: UnixMillis) {
        let Some(edge) = self.expected.get(index) else { return };
        let mut state = self.state.lock();
        let State { issued, edges, touched } = &mut *state;
        edges.entry(index).or_default().take(edge, report, issued, now);
        let everywhere = everywhere(&self.expected, edges);
        touched.forget_through(everywhere);
    }

    /// How each expected edge stands.
    pub fn standings(&self, now: UnixMillis) -> Vec<EdgeStanding> {
        let state = self.state.lock();
        let nothing = EdgeState::default();
        let each = self.expected.iter().enumerate();
        each.map(|(index, edge)| {
            let known = state.edges.get(&index).unwrap_or(&nothing);
            EdgeStanding::new(edge, known, &state.issued, self.started_at, now)
        })
        .collect()
    }

    /// Whether a version that changed this customer's service is not at every edge.
    pub fn is_under_way(&self, id: AccessId) -> bool {
        let state = self.state.lock();
        state.touched.last(id).is_some_and(|place| place > everywhere(&self.expected, &state.edges))
    }
}

/// The last version that every edge has which is waited for; the greatest of all if none is.
fn everywhere(expected: &[ExpectedEdge], edges: &BTreeMap<usize, EdgeState>) -> Place {
    let waited_for = expected.iter().enumerate().filter(|(index, edge)| !edge.is_implied || edges.contains_key(index));
    let has = |(index, _): (usize, &ExpectedEdge)| edges.get(&index).map_or((UnixMillis::MIN, 0), EdgeState::has);
    waited_for.map(has).min().unwrap_or((UnixMillis(i64::MAX), u64::MAX))
}

#[cfg(test)]
mod tests;
