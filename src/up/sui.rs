//! The watch over Sui, where the escrow is a contract there: how far each node is, how much gas is left, and how far what the
//! chain did is mirrored. What it sees goes into the metrics, whose rules wake people.

use super::live::Live;
use crate::config::{Config, EscrowBackend};
use crate::sui::{NodeSeen, Watched, cannot};
use std::sync::Arc;
use std::time::Duration;
use suiftly_api::{SuiLive, SuiNodeLive};
use suiftly_store::config::StoreConfig;
use suiftly_store::sui_escrow::SuiEscrowStore;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// Looks until the task is aborted; none where no chain holds the funds.
pub(super) fn watch(config: &Config, store: &StoreConfig, live: &Arc<Live>) -> anyhow::Result<Option<JoinHandle<()>>> {
    if config.billing.escrow != EscrowBackend::Sui {
        return Ok(None);
    }
    let (watched, store) = (Watched::of(&config.billing.sui)?, SuiEscrowStore::new(store)?);
    Ok(Some(tokio::spawn(look(watched, store, Arc::clone(live)))))
}

async fn look(watched: Watched, store: SuiEscrowStore, live: Arc<Live>) {
    let mut every = interval(LOOK_EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut told = None;
    loop {
        every.tick().await;
        let seen = watched.look().await;
        // No reason not to run: lines come whatever the nodes say, and charges wait.
        let cause = cannot(&seen);
        if let Some(cause) = cause.as_ref().filter(|_| told != cause) {
            tracing::error!(%cause, "nothing can be charged by way of these nodes of Sui");
        }
        told = cause;
        for error in seen.iter().filter_map(|seen| seen.said.as_ref().err()) {
            tracing::warn!(%error, "a node of Sui does not say how it stands");
        }
        // Without the database nothing is known of what is mirrored.
        let follower = store.follower().await.ok().flatten();
        let covered = follower.and_then(|follower| u64::try_from(follower.covered).ok());
        live.set_sui(shown(&seen, watched.charges_left(&seen), covered));
    }
}

/// Events are looked for up to where both nodes are.
fn shown(seen: &[NodeSeen; 2], charges_left: Option<u64>, covered: Option<u64>) -> SuiLive {
    let checkpoint = |seen: &NodeSeen| seen.said.as_ref().ok().map(|said| said.checkpoint);
    let nodes = seen.iter().map(|seen| SuiNodeLive { name: seen.name.clone(), checkpoint: checkpoint(seen) }).collect();
    let both = checkpoint(&seen[0]).zip(checkpoint(&seen[1])).map(|(one, other)| one.min(other));
    let checkpoints_behind = both.zip(covered).map(|(both, covered)| both.saturating_sub(covered));
    SuiLive { nodes, charges_left, checkpoints_behind }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sui::testing::{away, well};
    use suiftly_sui::Address;

    #[test]
    fn what_is_seen_is_shown_and_nothing_is_made_up() {
        let (one, other) = (well("one", 90, 5, Address::TWO), well("other", 100, 5, Address::TWO));
        let found = shown(&[one.clone(), other.clone()], Some(3), Some(70));
        assert_eq!(found.nodes[1], SuiNodeLive { name: "other".to_owned(), checkpoint: Some(100) });
        assert_eq!((found.charges_left, found.checkpoints_behind), (Some(3), Some(20)));
        assert_eq!(shown(&[one.clone(), other.clone()], None, Some(95)).checkpoints_behind, Some(0));
        assert_eq!(shown(&[one.clone(), other], None, None).checkpoints_behind, None);
        let half = shown(&[one, away("other")], None, Some(70));
        assert_eq!((half.nodes[1].checkpoint, half.checkpoints_behind), (None, None));
    }
}
