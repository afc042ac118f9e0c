//! The decoder's thread: takes the order's epochs, waits for the parts that each takes in, and decodes what is of this
//! process's shards.

use super::orders::Orders;
use super::run::Run;
use anyhow::Context;
use crossbeam_channel::Sender;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use suiftly_dataflow::{Seed, Standing};
use suiftly_ingest::counters::Counters;
use suiftly_ingest::decode::{DecodeConfig, OrderedDecoder, OrderedStart};
use suiftly_ingest::order::{OrderBlock, Start, take_parts};
use suiftly_ingest::ship::Held;
use suiftly_schema::batch::Batch;
use suiftly_schema::ids::Epoch;
use suiftly_schema::log_format::PublishedFormat;
use suiftly_schema::price::PriceBooks;
use suiftly_schema::reference::{Entity, EntityId, ReferenceChange};
use suiftly_schema::shard::{Shard, ShardSet};
use suiftly_schema::time::UnixMillis;
use suiftly_store::shards::ShardsResume;
use tokio_util::sync::CancellationToken;

/// How soon the end is noticed.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How often it is told that an ingester is waited for.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// What is decoded, and by what.
pub(super) struct Decoding {
    pub(super) orders: Orders,
    pub(super) held: Arc<Held>,
    pub(super) decoder: OrderedDecoder,
    /// Numbers of journals that nobody waits for any more.
    pub(super) forgotten: BTreeSet<u16>,
    pub(super) batches: Sender<Batch>,
    /// What decoding has cost is noted here.
    pub(super) counters: Arc<Counters>,
    /// Cancelled when nothing more is to be taken.
    pub(super) stop: CancellationToken,
}

impl Decoding {
    /// Runs until it is told to stop, or nobody takes its batches.
    pub(super) fn start(self, run: &Arc<Run>) -> anyhow::Result<()> {
        let run = Arc::clone(run);
        let decode = move || {
            if let Err(error) = self.run()
                && !run.is_ending()
            {
                run.quit(&error);
            }
        };
        std::thread::Builder::new().name("decoder".into()).spawn(decode).context("cannot start the decoder thread")?;
        Ok(())
    }

    fn run(mut self) -> anyhow::Result<()> {
        while !self.stop.is_cancelled() {
            let Some(mut order) = self.orders.next_within(LOOK_EVERY)? else { continue };
            order.cuts.retain(|cut| !self.forgotten.contains(&cut.no));
            let Some(batch) = self.decode(&order) else { break };
            self.counters.note_forgotten(self.decoder.forgotten());
            self.counters.note_uncounted(self.decoder.uncounted());
            if self.batches.send(batch).is_err() {
                break;
            }
        }
        Ok(())
    }

    /// None if it is told to stop before all of it has come.
    fn decode(&mut self, order: &OrderBlock) -> Option<Batch> {
        let mut told = Instant::now();
        while !self.stop.is_cancelled() {
            if let Some(parts) = take_parts(&self.held, &order.cuts, LOOK_EVERY) {
                return Some(self.decoder.decode(order, &parts));
            }
            if told.elapsed() > TELL_EVERY {
                told = Instant::now();
                self.tell_missing(order);
            }
        }
        None
    }

    fn tell_missing(&self, order: &OrderBlock) {
        for cut in order.cuts.iter().filter(|cut| self.held.through(&cut.journal) < cut.through) {
            let (journal, through) = (cut.journal, cut.through);
            tracing::warn!(epoch = order.epoch, %journal, no = cut.no, through, "an ingester's journal is waited for");
        }
    }
}

/// Where the decoder goes on: all of it is as of the restart epochs.
pub(super) fn decoder(
    config: DecodeConfig,
    shards: ShardSet,
    start: &Start,
    resume: &ShardsResume,
) -> anyhow::Result<OrderedDecoder> {
    let formats: Vec<PublishedFormat> = resume.reference.iter().filter_map(format_of).cloned().collect();
    let start = OrderedStart {
        shards,
        restarts: &resume.restarts,
        watermarks: &start.watermarks,
        windows: &resume.windows,
        streams: &resume.streams,
        reference_seq: resume.reference_seq,
        books: PriceBooks::of(&resume.reference),
        formats: &formats,
    };
    Ok(OrderedDecoder::start(DecodeConfig { limits: DecodeConfig::CLUSTER.limits, ..config }, start)?)
}

const fn format_of(entity: &Entity) -> Option<&PublishedFormat> {
    if let Entity::LogFormat(format) = entity { Some(format) } else { None }
}

/// Where the dataflow goes on: sums as each shard has them, and so what is each customer's of the reference data, too. That
/// is stored as of the restart; what was told since, up to where the customer's shard is, stands in the order.
pub(super) fn seed<'o>(
    start: &Start,
    cut_at: UnixMillis,
    resume: ShardsResume,
    later: impl IntoIterator<Item = &'o OrderBlock>,
) -> Seed {
    let mut reference: BTreeMap<EntityId, Entity> =
        resume.reference.into_iter().map(|entity| (entity.id(), entity)).collect();
    for order in later {
        for change in &order.changes {
            // One that cannot be read changes nothing for anybody.
            let Ok(ReferenceChange { seq, entity }) = serde_json::from_slice(&change.bytes) else { continue };
            if seq > resume.reference_seq && is_stored(&entity, order.epoch, start) {
                reference.insert(entity.id(), entity);
            }
        }
    }
    Seed {
        epoch: start.replay_after,
        cut_at,
        rated: resume.rated,
        rated_in_all: resume.rated_in_all,
        reference: reference.into_values().collect(),
        standing: Standing(start.watermarks),
    }
}

/// Whether what follows of a change is in the database. What is nobody's is told again.
fn is_stored(entity: &Entity, epoch: Epoch, start: &Start) -> bool {
    let shard = entity.customer_id().map(|customer_id| Shard::of_customer(Some(customer_id)));
    shard.is_some_and(|shard| epoch <= start.watermarks[shard.index()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use suiftly_ingest::order::Change;
    use suiftly_schema::ids::CustomerId;
    use suiftly_schema::money::MicroUsd;
    use suiftly_schema::reference::Account;
    use suiftly_schema::shard::SHARDS;

    fn account(id: i64, balance: i64) -> Account {
        Account { balance: MicroUsd(balance), ..Account::new(CustomerId::new(id).unwrap()) }
    }

    fn order(epoch: Epoch, changes: &[(u64, Account)]) -> OrderBlock {
        let change = |(seq, account): &(u64, Account)| {
            let change = ReferenceChange { seq: *seq, entity: Entity::Account(account.clone()) };
            Change { received_at: UnixMillis(1), offset: 0, bytes: serde_json::to_vec(&change).unwrap() }
        };
        let changes = changes.iter().map(change).collect();
        OrderBlock { epoch, cut_at: UnixMillis(1), end: epoch, changes, cuts: Vec::new() }
    }

    #[test]
    fn each_customer_is_as_their_shard_has_them() {
        let mut watermarks = [8; SHARDS];
        watermarks[2] = 6;
        let start = Start { generation: 1, replay_after: 5, watermarks };
        let resume = ShardsResume {
            epochs: watermarks,
            restarts: [5; SHARDS],
            cut_at: UnixMillis(0),
            restart_at: UnixMillis(0),
            windows: Vec::new(),
            folded: Vec::new(),
            streams: Vec::new(),
            rated: Vec::new(),
            rated_in_all: Vec::new(),
            reference: vec![Entity::Account(account(1, 10)), Entity::Account(account(2, 20))],
            reference_seq: 3,
            key_grants: Vec::new(),
            access_grants: Vec::new(),
            journals: Vec::new(),
        };
        let later = [
            order(6, &[(3, account(1, 99)), (4, account(1, 11))]),
            order(7, &[(5, account(2, 21)), (6, account(3, 31))]),
            order(9, &[(7, account(1, 12))]),
        ];
        let seed = seed(&start, UnixMillis(50), resume, &later);
        let expected = [account(1, 11), account(2, 20), account(3, 31)].map(Entity::Account);
        assert_eq!((seed.epoch, seed.cut_at, &*seed.reference), (5, UnixMillis(50), &expected[..]));
        assert_eq!(seed.standing, Standing(watermarks));
    }
}
