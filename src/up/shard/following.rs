//! The ingesters, as this process follows them: a link to each, for the lines of its shards.

use super::super::deltas::IngesterNow;
use super::run::Run;
use std::sync::Arc;
use suiftly_ingest::hand_in::HandInError;
use suiftly_ingest::journal::JournalId;
use suiftly_ingest::ship::{Dial, Following, Held};
use suiftly_link::Role;
use suiftly_schema::ids::Epoch;
use suiftly_schema::quarantine::GivenLine;
use suiftly_schema::shard::ShardSet;

/// Each by its name.
pub(super) struct Followings(Vec<(String, Following)>);

impl Followings {
    /// Dials all that are named, for as long as it lives.
    pub(super) fn start(run: &Arc<Run>, shards: ShardSet, held: &Arc<Held>) -> Self {
        let follow = |(role, address): (Role, &str)| {
            let Role::Ingest(name) = &role else { return None };
            let (name, address) = (name.clone(), address.to_owned());
            let dial = Dial { address, ingester: role, tls: run.seat.tls.clone(), us: run.node_now() };
            Some((name, Following::start(dial, shards, Arc::clone(held))))
        };
        Self(run.seat.members.iter().filter_map(follow).collect())
    }

    /// The journals that were heard of.
    pub(super) fn journals(&self) -> impl Iterator<Item = (&str, JournalId)> {
        self.0.iter().filter_map(|(name, following)| Some((name.as_str(), following.state().journal?)))
    }

    /// A journal need not keep these epochs any more.
    pub(super) fn release(&self, journal: JournalId, through: Epoch) {
        for (_, following) in self.0.iter().filter(|(_, following)| following.state().journal == Some(journal)) {
            following.release(journal, through);
        }
    }

    /// Gives lines again to the ingester that has this journal: all of them or none.
    pub(super) async fn give(&self, journal: JournalId, lines: Vec<GivenLine>) -> Result<Epoch, HandInError> {
        match self.0.iter().find(|(_, following)| following.state().journal == Some(journal)) {
            Some((_, following)) => following.give(journal, lines).await,
            None => Err(HandInError::Stopped),
        }
    }

    /// How each is.
    pub(super) fn now(&self) -> Vec<IngesterNow> {
        let now = |(name, following): &(String, Following)| {
            let state = following.state();
            IngesterNow {
                name: name.clone(),
                journal: state.journal,
                is_linked: state.is_linked,
                is_open: false,
                trouble: state.trouble,
                stats: state.stats,
            }
        };
        self.0.iter().map(now).collect()
    }
}
