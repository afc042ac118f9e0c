//! Going on without an ingester's journal that is lost for good.
//!
//! No shard is moved by it. A start replays as ever, but for what the lost journal brought: each shard's changes of reference
//! data, and the lines of the other journals, come to it as they would have. What the lost one had brought, and was stored,
//! dedup must know without it (`writer/lost.rs`).

use super::{ClusterJournal, ClusterStore, hold_generation};
use crate::StoreError;
use crate::writer::{LostLines, lost};
use suiftly_schema::loss::WorkerWindow;
use suiftly_schema::time::UnixMillis;

/// What is to be forgotten.
#[derive(Clone, Copy, Debug)]
pub struct Forget<'a> {
    /// The ingester: all its journals but the last, if it has begun a new one. Or a journal's id.
    pub name: &'a str,
    /// Whether to go on where it is not known what was charged.
    pub may_charge_twice: bool,
    /// The time.
    pub now: UnixMillis,
}

/// What was forgotten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forgotten {
    /// The journals.
    pub journals: Vec<ClusterJournal>,
    /// Lines of theirs that dedup was told of.
    pub lines: usize,
    /// Why some may be charged twice; empty where none can.
    pub doubts: Vec<String>,
}

/// For ever: nothing of it will come again.
const FORGET: &str =
    "UPDATE cluster_journals SET forgotten_through = 9223372036854775807 WHERE no = ANY ($1) AND forgotten_through = 0";

impl ClusterStore {
    /// Gives up an ingester's journal that is lost for good, with no process running: nothing of it is waited for any
    /// more. What only that journal had, and a shard has not stored, is not charged there. `plant` is to put the lines of
    /// a shard into its windows, and answers those that changed.
    ///
    /// [`StoreError::Unfit`] if there is none to forget; and, unless that is wanted, if it cannot be told which of its
    /// lines were charged, so that copies of them would be charged again.
    pub async fn forget(
        &mut self,
        forget: Forget<'_>,
        mut plant: impl FnMut(&LostLines) -> Result<Vec<WorkerWindow>, String>,
    ) -> Result<Forgotten, StoreError> {
        let attempted = "forget a journal";
        let unfit = |cause| StoreError::Unfit { attempted, cause };
        // First: a wrong name stops nobody.
        let journals = to_forget(&self.journals().await?, forget.name).map_err(unfit)?;
        let numbers: Vec<i16> = journals.iter().map(|journal| journal.no.cast_signed()).collect();
        let row = self.raise().await?;
        let transaction = self.client().await?.transaction().await.map_err(StoreError::database(attempted))?;
        // A start meanwhile ends this; it does not go on beside it.
        hold_generation(&transaction, row.generation).await?;
        let lost::Found { lines, doubts } = lost::find(&transaction, &row.order_journal, &numbers, forget.now).await?;
        if !doubts.is_empty() && !forget.may_charge_twice {
            return Err(unfit(format!("something of it may be charged twice: {}", doubts.join("; "))));
        }
        for of_shard in &lines {
            let windows = plant(of_shard).map_err(unfit)?;
            lost::put_windows(&transaction, &row.order_journal, of_shard.epoch, &windows).await?;
        }
        transaction.execute(FORGET, &[&numbers]).await.map_err(StoreError::database(attempted))?;
        transaction.commit().await.map_err(StoreError::database(attempted))?;
        Ok(Forgotten { journals, lines: lines.iter().map(|of_shard| of_shard.lines.len()).sum(), doubts })
    }
}

/// Of these, by their numbers, which are meant. Numbers rise as journals are heard of: the last is the one that an ingester
/// has now.
fn to_forget(journals: &[ClusterJournal], name: &str) -> Result<Vec<ClusterJournal>, String> {
    let is_left = |journal: &&ClusterJournal| journal.forgotten_through == 0;
    if let Some(named) = journals.iter().filter(is_left).find(|journal| journal.journal_id == name) {
        return Ok(vec![named.clone()]);
    }
    let of_name = || journals.iter().filter(|journal| journal.name == name);
    let left: Vec<ClusterJournal> = of_name().filter(is_left).cloned().collect();
    match left.as_slice() {
        [] => Err(format!("the cluster has no journal of {name} that is not forgotten")),
        // Said twice, it would forget the new one.
        [only] if of_name().count() > 1 => {
            let id = &only.journal_id;
            Err(format!(
                "{name} has only journal {id} left, another is forgotten: if it is gone too, name it by its id"
            ))
        }
        [_] => Ok(left),
        [older @ .., _] => Ok(older.to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn journal(no: u16, name: &str, forgotten_through: u64) -> ClusterJournal {
        ClusterJournal { no, journal_id: format!("j{no}"), name: name.to_owned(), forgotten_through }
    }

    #[test]
    fn the_journal_that_an_ingester_has_now_stays() {
        let numbers = |journals: &[ClusterJournal], name| {
            let found = to_forget(journals, name)?;
            Ok::<_, String>(found.into_iter().map(|journal| journal.no).collect::<Vec<_>>())
        };
        let mut journals = [journal(1, "a", 0), journal(2, "b", 0), journal(3, "a", 0), journal(4, "a", 0)];
        assert_eq!(numbers(&journals, "b"), Ok(vec![2]));
        assert_eq!(numbers(&journals, "a"), Ok(vec![1, 3]));
        assert_eq!(numbers(&journals, "j4"), Ok(vec![4]));
        assert!(numbers(&journals, "c").unwrap_err().contains("no journal of c"));
        journals[0].forgotten_through = u64::MAX;
        assert_eq!(numbers(&journals, "a"), Ok(vec![3]));
        assert!(numbers(&journals, "j1").is_err());
        journals[2].forgotten_through = u64::MAX;
        assert!(numbers(&journals, "a").unwrap_err().contains("only journal j4 left"));
        assert_eq!(numbers(&journals, "j4"), Ok(vec![4]));
    }
}
