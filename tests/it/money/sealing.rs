//! What months are proven by, out of the simulation's journal; and that each document names the tree of its parts.

use super::Recorded;
use super::people::customer;
use std::path::Path;
use std::pin::Pin;
use suiftly_ingest::audit::JournalDirs;
use suiftly_ingest::decode::DecodeConfig;
use suiftly_ingest::journal::{JournalId, locate};
use suiftly_ingest::proof::{PartWalk, WalkFrom};
use suiftly_schema::ids::Epoch;
use suiftly_schema::proof::{Hex, SealedPart, tree};
use suiftly_schema::time::UnixMillis;
use suiftly_settlement::{SealReport, Sealer};
use suiftly_store::money::{MoneyStore, NewPart, SealStep};
use suiftly_store::testing::TestDatabase;
use tokio::sync::Mutex;

type Sealed = Result<SealReport, Box<dyn std::error::Error + Send + Sync>>;

/// Seals as the program does, and goes on after a restart as it does.
pub(super) struct SimulatedSealer {
    store: MoneyStore,
    dirs: JournalDirs,
    walk: Mutex<Option<(PartWalk, Epoch)>>,
}

impl SimulatedSealer {
    pub(super) fn new(database: &TestDatabase, journal: &Path) -> Self {
        let (store, dirs) = (MoneyStore::new(database.config()).unwrap(), JournalDirs::new(journal));
        Self { store, dirs, walk: Mutex::new(None) }
    }

    async fn begin(&self, journal_id: JournalId) -> (PartWalk, Epoch) {
        let sealed = self.store.sealed_journal(&journal_id.to_string()).await.unwrap();
        let (epoch, cut_at) = sealed.map_or((0, UnixMillis::MIN), |sealed| (sealed.epoch, sealed.cut_at));
        let (books, decode) = (self.store.told_reference().await.unwrap().books, DecodeConfig::LIVE);
        let whole_from = sealed.and_then(|sealed| sealed.whole_from);
        let since = UnixMillis::MIN;
        let from = WalkFrom { journal_id, sealed: (epoch, cut_at), since, whole_from, books, decode };
        (PartWalk::begin(&self.dirs, &from).unwrap(), epoch)
    }

    async fn run(&self) -> Sealed {
        let mut kept = self.walk.lock().await;
        let journal_id = locate(&self.dirs.journal, None, UnixMillis::MIN)?.journal_id.unwrap();
        let stored = self.store.stored_until(&journal_id.to_string()).await?;
        let through = stored.map_or(0, |(epoch, _)| epoch);
        let (mut walk, mut after) = match kept.take() {
            Some(walk) => walk,
            None => self.begin(journal_id).await,
        };
        let mut report = SealReport::default();
        while let Some(step) = walk.step(through)? {
            let part = |part: suiftly_ingest::proof::StepPart| NewPart {
                customer_id: part.customer_id,
                hour: part.hour,
                requests: part.requests,
                bytes: part.bytes,
                records: part.records,
                subtrees: part.subtrees,
            };
            report.parts += step.parts.len() as u64;
            let seal = SealStep {
                journal: Hex(journal_id.0),
                after,
                first_epoch: step.first_epoch,
                last_epoch: step.last_epoch,
                cut_at: step.cut_at,
                whole_from: step.whole_from,
                parts: step.parts.into_iter().map(part).collect(),
            };
            assert!(self.store.seal(&seal).await?, "nobody else seals");
            after = step.last_epoch;
        }
        *kept = Some((walk, after));
        Ok(report)
    }
}

impl Sealer for SimulatedSealer {
    fn seal(&self) -> Pin<Box<dyn Future<Output = Sealed> + Send + '_>> {
        Box::pin(self.run())
    }
}

/// Every document that bills usage names the tree of its month's parts, as far as they had come.
pub(super) async fn proofs(database: &TestDatabase, documents: &[Recorded]) -> usize {
    let store = MoneyStore::new(database.config()).unwrap();
    let mut proven = 0;
    for document in documents.iter().filter(|document| !document.inputs.hours.is_empty()) {
        let proof = document.inputs.proof.unwrap_or_else(|| panic!("{} cannot be proven", document.number));
        let parts = store.parts_of_month(customer(document.id), document.month).await.unwrap();
        let parts = &parts[..usize::try_from(proof.parts).unwrap()];
        let leaves: Vec<_> = parts.iter().map(SealedPart::leaf).collect();
        assert_eq!(tree::root(&leaves), proof.root, "{}", document.number);
        let requests: u64 = parts.iter().map(|part| part.part.requests).sum();
        let billed: i64 = document.inputs.hours.iter().map(|usage| usage.requests).sum();
        assert_eq!(requests.cast_signed(), billed, "{}", document.number);
        proven += 1;
    }
    proven
}
