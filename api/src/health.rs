//! `/health` of the operators' port: which version runs, which roles live in this process, how each is, and since
//! when.
//!
//! It answers 200 as long as the process lives, whatever its roles are like: who restarts a process by it must not
//! restart one that waits for its database. `/ready` says whether it serves. No token is asked for, so it names states
//! and no reasons.

use crate::app::App;
use crate::pipeline::PipelineLive;
use axum::Json;
use axum::extract::State;
use parking_lot::Mutex;
use serde::Serialize;
use std::collections::BTreeMap;
use suiftly_schema::time::UnixMillis;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What this server is.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// A line that is received and not counted after so long: the dataflow stands still.
pub const DATAFLOW_STANDS_AFTER_MS: u64 = 60_000;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(health))
}

/// A part of the program that could run by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Takes lines in and keeps the journal.
    Ingest,
    /// Keeps the views.
    Dataflow,
    /// Brings them into the database.
    Store,
    /// Serves customers and operators.
    Api,
    /// Charges, closes months, runs the other jobs.
    Manager,
    /// Publishes what gateways run on.
    Vault,
}

impl Role {
    /// Its word in labels.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Dataflow => "dataflow",
            Self::Store => "store",
            Self::Api => "api",
            Self::Manager => "manager",
            Self::Vault => "vault",
        }
    }
}

/// How a role is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoleState {
    /// It does its work.
    Live,
    /// It is on its way: the journal's tail is being replayed, or there is no version of the vault yet.
    Starting,
    /// Another process does it, and this one waits to take over.
    Standby,
    /// It cannot do its work now and goes on trying: the disk refuses, the database is away or slow.
    Failing,
    /// It is not to run here.
    Off,
}

/// A role of this process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RoleHealth {
    /// Which.
    pub role: Role,
    /// How it is.
    pub state: RoleState,
    /// Since when it is like that.
    #[schema(format = DateTime)]
    pub since: String,
}

/// The process and its roles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ServerHealth {
    /// `live`: it answers.
    pub status: &'static str,
    /// The program's version.
    pub version: &'static str,
    /// When it started.
    #[schema(format = DateTime)]
    pub started_at: String,
    /// Every role.
    pub roles: Vec<RoleHealth>,
}

/// The process lives; and how its roles are.
#[utoipa::path(get, path = "/health", tag = "operation", security(()), responses((status = 200, body = ServerHealth)))]
async fn health(State(app): State<App>) -> Json<ServerHealth> {
    let live = app.look();
    let roles = look(&app, &live);
    let roles = roles.into_iter().map(|(role, (state, since))| RoleHealth { role, state, since: since.rfc3339() });
    Json(ServerHealth {
        status: "live",
        version: VERSION,
        started_at: live.started_at.rfc3339(),
        roles: roles.collect(),
    })
}

type Stands = BTreeMap<Role, (RoleState, UnixMillis)>;

/// Since when each role is as it is: looked at with the pulse, so to the second.
#[derive(Debug, Default)]
pub(crate) struct RoleWatch(Mutex<Stands>);

impl RoleWatch {
    fn look(&self, states: &[(Role, RoleState)], now: UnixMillis) -> Stands {
        let mut stands = self.0.lock();
        for (role, state) in states {
            let stand = stands.entry(*role).or_insert((*state, now));
            if stand.0 != *state {
                *stand = (*state, now);
            }
        }
        stands.clone()
    }
}

/// Each role, and since when it is so.
pub(crate) fn look(app: &App, live: &PipelineLive) -> Stands {
    let has_vault = app.parts.vault.publisher.current().is_some();
    app.roles.look(&states(live, has_vault), app.parts.clock.now())
}

fn states(live: &PipelineLive, has_vault: bool) -> [(Role, RoleState); 6] {
    let once = |is_failing: bool| match (live.recovering, is_failing) {
        (_, true) => RoleState::Failing,
        (true, false) => RoleState::Starting,
        (false, false) => RoleState::Live,
    };
    let manager = live
        .manager
        .as_ref()
        .map_or(RoleState::Off, |manager| if manager.is_holder { RoleState::Live } else { RoleState::Standby });
    [
        (Role::Ingest, once(live.journal.error.is_some())),
        (Role::Dataflow, once(!live.recovering && live.frontier_age_ms > DATAFLOW_STANDS_AFTER_MS)),
        (Role::Store, once(live.store.catching_up)),
        (Role::Api, RoleState::Live),
        (Role::Manager, manager),
        (Role::Vault, if has_vault { RoleState::Live } else { RoleState::Starting }),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::{JournalLive, ManagerLive, StoreLive};

    fn live() -> PipelineLive {
        PipelineLive {
            manager: Some(ManagerLive { is_holder: true, ..ManagerLive::default() }),
            ..PipelineLive::default()
        }
    }

    #[test]
    fn what_makes_a_role_other_than_live() {
        let recovering = PipelineLive { recovering: true, ..live() };
        let journal = JournalLive { error: Some("full".to_owned()), ..JournalLive::default() };
        let store = StoreLive { catching_up: true, ..StoreLive::default() };
        let standby = Some(ManagerLive::default());
        let cases = [
            (recovering.clone(), true, vec![Role::Ingest, Role::Dataflow, Role::Store], RoleState::Starting),
            (PipelineLive { journal, ..recovering }, true, vec![Role::Ingest], RoleState::Failing),
            (PipelineLive { frontier_age_ms: 60_001, ..live() }, true, vec![Role::Dataflow], RoleState::Failing),
            (PipelineLive { store, ..live() }, true, vec![Role::Store], RoleState::Failing),
            (PipelineLive { manager: standby, ..live() }, true, vec![Role::Manager], RoleState::Standby),
            (PipelineLive { manager: None, ..live() }, true, vec![Role::Manager], RoleState::Off),
            (live(), false, vec![Role::Vault], RoleState::Starting),
            (live(), true, vec![], RoleState::Live),
        ];
        for (live, has_vault, roles, state) in cases {
            for (role, found) in states(&live, has_vault) {
                let is_named = roles.contains(&role);
                assert!(!is_named || found == state, "{role:?} is {found:?}, not {state:?}");
                assert!(is_named || live.recovering || found == RoleState::Live, "{role:?} is {found:?}");
            }
        }
    }

    #[test]
    fn since_is_when_the_state_changed_last() {
        let watch = RoleWatch::default();
        let at = |state, now| watch.look(&[(Role::Store, state)], UnixMillis(now))[&Role::Store];
        assert_eq!(at(RoleState::Starting, 1), (RoleState::Starting, UnixMillis(1)));
        assert_eq!(at(RoleState::Live, 5), (RoleState::Live, UnixMillis(5)));
        assert_eq!(at(RoleState::Live, 9), (RoleState::Live, UnixMillis(5)));
        assert_eq!(at(RoleState::Failing, 12), (RoleState::Failing, UnixMillis(12)));
    }
}
