//! Following the contract: its entries, as both nodes list them, checkpoint after checkpoint, none left out.

use super::alarms::About;
use super::{SuiEscrow, entries};
use std::collections::BTreeSet;
use suiftly_store::sui_escrow::Follower;
use suiftly_sui::{At, Doubt, Failure, Head, NodeError};

/// Checkpoints that are listed at once at most: forty minutes of them.
const CHECKPOINTS_MAX: u64 = 10_000;

impl SuiEscrow {
    /// Mirrors what came after the last checkpoint that is covered, as far as both nodes have it and one list goes. Answers
    /// whether there is more.
    pub(super) async fn advance(&self) -> Result<bool, String> {
        let head = self.pair.head().await.map_err(|doubt| self.told(&doubt))?;
        let follower = self.followed(&head).await?;
        let from = u64::try_from(follower.covered + 1).unwrap_or_default();
        if head.checkpoint < from {
            return Ok(false);
        }
        if from < head.lowest {
            let cause =
                format!("the nodes begin at checkpoint {}, and {from} is next: use one with an archive", head.lowest);
            return Err(self.odd(cause));
        }
        let (newest, to) = (head.checkpoint, head.checkpoint.min(from + CHECKPOINTS_MAX - 1));
        let listed = self.pair.events(&self.contract, from..to + 1).await;
        let At { value: listed, head } = listed.map_err(|doubt| match &doubt {
            Doubt::Unanswered(NodeError { failure: Failure::TooMany(_), .. }) => self.odd(doubt.to_string()),
            _ => self.told(&doubt),
        })?;
        let Some(covered) = listed.covered.map(|covered| covered.min(to)).filter(|covered| *covered >= from) else {
            return Ok(false);
        };
        let is_behind = covered < newest;
        let read = entries::read(&self.contract, &listed.events);
        let entries::Read { entries, told } = read.map_err(|cause| self.odd(cause))?;
        let accounts: BTreeSet<&str> = entries.iter().map(|entry| entry.account.as_str()).collect();
        let accounts: Vec<&str> = accounts.into_iter().collect();
        let last = self.store.last_entries(&accounts).await.map_err(|error| error.to_string())?;
        if let Err(cause) = entries::check(&entries, &last) {
            // What was read last may be what somebody else, who follows too, has written meanwhile.
            let now = self.store.follower().await.map_err(|error| error.to_string())?;
            return if now.as_ref() == Some(&follower) { Err(self.odd(cause)) } else { Ok(true) };
        }
        let covered = i64::try_from(covered).map_err(|error| error.to_string())?;
        // Whoever else follows has written the same.
        let followed = self.store.follow((follower.covered, covered), &entries, &told, head.at).await;
        followed.map(|has_moved| is_behind || !has_moved).map_err(|error| error.to_string())
    }

    /// Up to where entries are known. The first time it begins with the house's own checkpoint.
    async fn followed(&self, head: &Head) -> Result<Follower, String> {
        let (chain, house) = (head.chain.to_string(), self.contract.house.id.to_string());
        let kept = self.store.follower().await.map_err(|error| error.to_string())?;
        let kept = match kept {
            Some(kept) => kept,
            None => {
                let covered = i64::try_from(self.settings.begins_at).unwrap_or(i64::MAX) - 1;
                let first = Follower { chain: chain.clone(), house: house.clone(), covered };
                self.store.begin_following(&first).await.map_err(|error| error.to_string())?
            }
        };
        if (&kept.chain, &kept.house) == (&chain, &house) {
            return Ok(kept);
        }
        let (house_kept, chain_kept) = (kept.house, kept.chain);
        Err(self.odd(format!("this database follows house {house_kept} on chain {chain_kept}, not {house} on {chain}")))
    }

    /// Both nodes say it, and it cannot be: something before it is missing, or the contract is another.
    fn odd(&self, cause: String) -> String {
        self.alarm(About::Events, &cause);
        cause
    }
}
