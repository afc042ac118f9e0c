//! Makes the proof of one request: finds its part, reads the part's epochs once more, and puts the paths together.

use super::Source;
use std::ops::RangeInclusive;
use std::pin::Pin;
use std::sync::Arc;
use suiftly_api::proof::{ProofAsk, Prover, Unproven};
use suiftly_ingest::audit::RecountError;
use suiftly_ingest::haproxy::sf1::named_at;
use suiftly_ingest::journal::{JournalError, JournalId};
use suiftly_ingest::proof::{FindError, FindOrder, FoundRecord, Lookup, Seen, Wanted, find, look_up};
use suiftly_schema::ids::{CustomerId, Epoch};
use suiftly_schema::proof::{Found, Hex, ProofFile, make, verify};
use suiftly_schema::time::UnixMillis;
use suiftly_store::money::{KeptPart, MoneyStore, ToldReference};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

const HOUR_MS: i64 = 3_600_000;
/// A request's name has the time at which HAProxy had taken its connection, or the request before it on the same: so many
/// hours from there on are looked at, the name's own among them. Beyond, the hour must be said.
const HOURS_LOOKED_AT: i64 = 3;

/// Makes proofs out of the database and a journal, one at a time: each reads the epochs of an hour.
#[derive(Clone)]
pub(crate) struct JournalProver {
    store: MoneyStore,
    source: Source,
    turn: Arc<Semaphore>,
}

impl Prover for JournalProver {
    fn prove(&self, ask: ProofAsk) -> Pin<Box<dyn Future<Output = Result<ProofFile, Unproven>> + Send + '_>> {
        Box::pin(async move {
            if self.source.is_cluster {
                return Err(Unproven::Cluster);
            }
            let turn = Arc::clone(&self.turn).try_acquire_owned().map_err(|_| Unproven::Busy)?;
            let Self { store, source, .. } = self.clone();
            Making::begin(store, source, Arc::new(turn)).await?.prove(&ask).await
        })
    }
}

impl JournalProver {
    pub(crate) fn new(store: MoneyStore, source: Source) -> Self {
        Self { store, source, turn: Arc::new(Semaphore::new(1)) }
    }
}

/// A proof while it is made.
struct Making {
    store: MoneyStore,
    source: Source,
    journal_id: JournalId,
    told: ToldReference,
    /// Whether any hour that was looked at has parts.
    is_sealed: bool,
    /// Held as long as something reads, even if nobody waits for it any more.
    turn: Arc<OwnedSemaphorePermit>,
}

impl Making {
    async fn begin(store: MoneyStore, source: Source, turn: Arc<OwnedSemaphorePermit>) -> Result<Self, Unproven> {
        let (look, held) = (source.clone(), Arc::clone(&turn));
        let journal_id = on_a_thread(held, move || look.journal_id()).await?;
        let journal_id = journal_id.map_err(|error| Unproven::Journal(error.into()))?;
        let journal_id = journal_id.ok_or_else(|| Unproven::Gone("there is no journal".to_owned()))?;
        let told = store.told_reference().await?;
        Ok(Self { store, source, journal_id, told, is_sealed: false, turn })
    }

    /// Makes it. It comes to what it says, or is not answered.
    async fn prove(mut self, ask: &ProofAsk) -> Result<ProofFile, Unproven> {
        if let Some(customer) = ask.customer {
            // Of other customers nothing is read, whatever is asked for.
            self.store = self.store.for_customer(customer);
        }
        for hour in hours(ask)? {
            let whose = match ask.customer {
                Some(customer) => Some((customer, hour)),
                None => self.whose(hour, &ask.wanted).await?,
            };
            let Some((customer, hour)) = whose else { continue };
            let parts = self.store.parts_of_hour(customer, hour).await?;
            self.is_sealed |= !parts.is_empty();
            for part in parts {
                if let Some(found) = self.find(customer, &part, &ask.wanted).await? {
                    return self.put_together(customer, &part, found).await;
                }
            }
        }
        Err(if self.is_sealed { Unproven::NotFound } else { Unproven::NotSealed })
    }

    /// Looks for the request wherever records of an hour came.
    async fn whose(&mut self, hour: UnixMillis, wanted: &Wanted) -> Result<Option<(CustomerId, UnixMillis)>, Unproven> {
        let epochs = self.store.epochs_of_hour(hour).await?;
        let of_journal = epochs.into_iter().filter(|(journal, ..)| journal.0 == self.journal_id.0);
        let ranges = joined(of_journal.map(|(_, first, last)| (first, last)));
        self.is_sealed |= !ranges.is_empty();
        for epochs in ranges {
            let ToldReference { books, formats } = self.told.clone();
            let Source { dirs, decode, .. } = self.source.clone();
            let lookup = Lookup { journal_id: self.journal_id, epochs, books, formats, decode };
            let wanted = wanted.clone();
            let seen = on_a_thread(Arc::clone(&self.turn), move || look_up(&dirs, &lookup, &wanted)).await?;
            match seen.map_err(journal_error)? {
                Some(Seen { is_billed: false, .. }) => return Err(Unproven::NotBilled),
                Some(seen) => return Ok(Some((seen.customer_id, seen.hour))),
                None => {}
            }
        }
        Ok(None)
    }

    async fn find(
        &self,
        customer_id: CustomerId,
        part: &KeptPart,
        wanted: &Wanted,
    ) -> Result<Option<FoundRecord>, Unproven> {
        let of = part.sealed.part;
        if of.journal != Hex(self.journal_id.0) {
            return Err(Unproven::Gone(format!("it is in journal {}", of.journal)));
        }
        let ToldReference { books, formats } = self.told.clone();
        let Source { dirs, decode, .. } = self.source.clone();
        let order = FindOrder {
            journal_id: self.journal_id,
            customer_id,
            hour: of.hour,
            epochs: of.first_epoch..=of.last_epoch,
            records: part.sealed.records,
            subtrees: part.subtrees.clone(),
            wanted: wanted.clone(),
            books,
            formats,
            decode,
        };
        let found = on_a_thread(Arc::clone(&self.turn), move || find(&dirs, &order)).await?;
        found.map_err(|error| match error {
            FindError::Journal(error) => journal_error(error),
            other => Unproven::Kept(other.into()),
        })
    }

    async fn put_together(
        &self,
        customer: CustomerId,
        part: &KeptPart,
        found: FoundRecord,
    ) -> Result<ProofFile, Unproven> {
        let month = part.sealed.part.hour.month();
        let parts = self.store.parts_of_month(customer, month).await?;
        let documents = self.store.proof_documents(customer, month).await?;
        let charges = self.store.charge_roots(customer, month).await?;
        let at = usize::try_from(part.n).unwrap_or(usize::MAX);
        if parts.get(at) != Some(&part.sealed) {
            return Err(Unproven::Gone("parts of its month were removed".to_owned()));
        }
        let FoundRecord { record, index, path } = found;
        let found = Found { record, index, path, part: at };
        let invoice = documents.iter().find(|document| document.inputs.proof.parts > part.n);
        let invoice = invoice.map(|document| (document.number.as_str(), document.inputs));
        let file = make(found, &parts, invoice, &charges).map_err(|error| Unproven::Kept(error.into()))?;
        verify(file.to_json().as_bytes()).map_err(|error| Unproven::Kept(error.into()))?;
        Ok(file)
    }
}

/// Journals are read where it may take a while. The turn ends with the reading, not with the waiting for it.
async fn on_a_thread<T: Send + 'static>(
    turn: Arc<OwnedSemaphorePermit>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Unproven> {
    let work = move || {
        let done = work();
        drop(turn);
        done
    };
    tokio::task::spawn_blocking(work).await.map_err(|error| Unproven::Journal(error.into()))
}

/// The hours to look at, the likeliest first.
fn hours(ask: &ProofAsk) -> Result<Vec<UnixMillis>, Unproven> {
    if let Some(hour) = ask.hour {
        return Ok(vec![hour.hour()]);
    }
    let Wanted::Request(name) = &ask.wanted else { return Err(Unproven::NoHour) };
    let hour = named_at(name).ok_or(Unproven::NoHour)?.hour();
    Ok((0..HOURS_LOOKED_AT).map(|later| hour.plus_ms(later * HOUR_MS)).collect())
}

/// Ranges that follow each other, or have epochs in common, as one.
fn joined(ranges: impl Iterator<Item = (Epoch, Epoch)>) -> Vec<RangeInclusive<Epoch>> {
    let mut joined: Vec<RangeInclusive<Epoch>> = Vec::new();
    for (first, last) in ranges {
        match joined.last_mut() {
            Some(before) if first <= before.end() + 1 => *before = *before.start()..=last.max(*before.end()),
            _ => joined.push(first..=last),
        }
    }
    joined
}

/// What the journal does not hold any more is told apart from what cannot be read.
fn journal_error(error: RecountError) -> Unproven {
    match error {
        RecountError::Pruned { .. }
        | RecountError::Empty { .. }
        | RecountError::OtherJournal { .. }
        | RecountError::Journal(JournalError::Retired { .. }) => Unproven::Gone(error.to_string()),
        other => Unproven::Journal(other.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use suiftly_schema::proof::Line;

    #[test]
    fn a_name_says_when_to_begin_looking() {
        let ask = |wanted, hour| hours(&ProofAsk { wanted, customer: None, hour });
        let named = |name: &str| Wanted::Request(name.to_owned());
        let instant = |text| UnixMillis::parse_rfc3339(text).unwrap();
        let found = ask(named("6B0214B13DF-1D83-8CA5"), None).unwrap();
        assert_eq!(
            (found.len(), found[0], found[1]),
            (3, instant("2026-11-21T22:00:00Z"), instant("2026-11-21T23:00:00Z"))
        );
        let hour = Some(instant("2026-11-21T22:59:59Z"));
        assert_eq!(ask(named("x"), hour).unwrap(), [instant("2026-11-21T22:00:00Z")]);
        let line = Wanted::Line { server_id: 17, line: Line { boot: UnixMillis(1), seq: 1 } };
        assert!(matches!(ask(line, None), Err(Unproven::NoHour)));
        assert!(matches!(ask(named("x"), None), Err(Unproven::NoHour)));
    }

    #[test]
    fn epochs_are_read_once() {
        let ranges = [(1, 5), (3, 4), (6, 9), (12, 20), (13, 15), (21, 21)];
        assert_eq!(joined(ranges.into_iter()), [1..=9, 12..=21]);
        assert_eq!(joined(std::iter::empty()), []);
    }
}
