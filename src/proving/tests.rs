//! A month from its lines to proofs: the journal, the database as the running system fills it, closes, and requests drawn at
//! random.

use super::{JournalProver, JournalSealer, Source};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use suiftly_api::proof::{ProofAsk, Prover, Unproven, line_name, parse_request};
use suiftly_ingest::audit::JournalDirs;
use suiftly_ingest::block::{Block, BlockBuilder};
use suiftly_ingest::decode::{DecodeConfig, Decoder, Visited, request_id};
use suiftly_ingest::journal::{Journal, JournalConfig};
use suiftly_ingest::simulate::{GatewayOptions, SimulatedGateway};
use suiftly_ingest::source::Source as LineSource;
use suiftly_schema::bill::BillInputs;
use suiftly_schema::ids::{CustomerId, Epoch};
use suiftly_schema::proof::{AnchorKind, RecordLeaf, inputs_hash, verify};
use suiftly_schema::time::{BillingMonth, UnixMillis};
use suiftly_schema::usage::is_billable;
use suiftly_settlement::escrow::EmbeddedEscrow;
use suiftly_settlement::{Clock, SealReport, Settlement};
use suiftly_store::money::MoneyStore;
use suiftly_store::testing::TestDatabase;
use suiftly_store::writer::Writer;
use tempfile::TempDir;
use tokio::sync::Mutex;

const HOUR_MS: i64 = 3_600_000;
const NOVEMBER: &str = "2026-11";

fn at(text: &str) -> UnixMillis {
    UnixMillis::parse_rfc3339(text).unwrap()
}

struct Standing(UnixMillis);

impl Clock for Standing {
    fn now(&self) -> UnixMillis {
        self.0
    }
}

/// Blocks of an hour each, from the end of October to the 10th of December; some lines come twice, and some days late.
fn blocks() -> Vec<Block> {
    let from = at("2026-10-31T00:00:00Z");
    let options = GatewayOptions { customers: 4, zipf_exponent: 0.3, ..GatewayOptions::default() };
    let mut gateway = SimulatedGateway::new(&options, from);
    let [udp, tcp] = [LineSource::Udp, LineSource::Tcp].map(|of| of(SocketAddr::from((Ipv4Addr::LOCALHOST, 514))));
    let (mut blocks, mut start, mut late) = (Vec::new(), 0, BTreeMap::<u64, Vec<Vec<u8>>>::new());
    for epoch in 1..=40 * 24_u64 {
        let now = from.plus_ms(i64::try_from(epoch).unwrap() * HOUR_MS);
        let mut builder = BlockBuilder::default();
        for frame in late.remove(&epoch).unwrap_or_default() {
            builder.push(&tcp, now, &frame).unwrap();
        }
        for nth in 0..6 {
            let mut line = Vec::new();
            gateway.line(now.plus_ms(nth - 10), &mut line);
            if (epoch + nth.unsigned_abs()).is_multiple_of(17) {
                late.entry(epoch + 7 * 24 - 1 - epoch % 100).or_default().push(line.clone());
                continue;
            }
            builder.push(&udp, now, &line).unwrap();
            if nth % 2 == 0 {
                builder.push(&tcp, now, &line).unwrap();
            }
        }
        let block = builder.seal(epoch, now, start);
        start = block.end;
        blocks.push(block);
    }
    blocks
}

/// A billed record of the month, where it came.
struct Billed {
    epoch: Epoch,
    customer: CustomerId,
    leaf: RecordLeaf,
}

fn billed(blocks: &[Block]) -> Vec<Billed> {
    let (mut decoder, mut records) = (Decoder::new(DecodeConfig::LIVE), Vec::new());
    for block in blocks {
        decoder.visit(block, |visited| {
            let Visited::Record(record, frame) = visited else { return };
            let leaf = RecordLeaf::of(&record, request_id(&frame));
            if let Some(customer) = record.customer_id
                && is_billable(record.traffic_type, record.status_code)
                && record.timestamp.month().to_string() == NOVEMBER
            {
                records.push(Billed { epoch: block.epoch, customer, leaf });
            }
        });
    }
    records
}

/// A journal, and a database that is filled from it as the running system fills it.
struct World {
    database: TestDatabase,
    dir: TempDir,
    writer: Mutex<Writer>,
    blocks: Vec<Block>,
    records: Vec<Billed>,
}

impl World {
    async fn new() -> Self {
        let (database, dir, blocks) = (TestDatabase::create().await, TempDir::new().unwrap(), blocks());
        let (journal, recovery) = Journal::open(&dir.path().join("journal"), JournalConfig::default()).unwrap();
        for block in &blocks {
            journal.append(Arc::new(block.clone())).unwrap();
        }
        drop(journal);
        let records = billed(&blocks);
        let client = database.client().await;
        for customer in records.iter().map(|record| record.customer).collect::<BTreeSet<_>>() {
            let insert = "INSERT INTO customers (id, display_name, wallet_address, escrow_contract_id, current_month_start) \
                VALUES ($1, 'C', $2, $2, '2026-12-01')";
            let (id, wallet) = (customer.get(), format!("0x{:064x}", customer.get()));
            client.execute(insert, &[&id, &wallet]).await.unwrap();
        }
        let (writer, _) = Writer::open(database.config(), &recovery.journal_id.to_string()).await.unwrap();
        Self { database, dir, writer: Mutex::new(writer), blocks, records }
    }

    fn journal(&self) -> &Path {
        self.dir.path()
    }

    /// The last epoch cut before an instant.
    fn epoch_before(&self, at: UnixMillis) -> Epoch {
        self.blocks.iter().rfind(|block| block.cut_at < at).unwrap().epoch
    }

    async fn store_through(&self, through: Epoch) {
        let mut writer = self.writer.lock().await;
        let resume = writer.resume().await.unwrap();
        let journal = self.journal().join("journal");
        crate::up::replay(journal, DecodeConfig::LIVE, &mut writer, resume, through).await.unwrap();
    }

    fn source(&self) -> Source {
        let dirs = JournalDirs::new(self.journal().join("journal"));
        Source { dirs, decode: DecodeConfig::LIVE, is_cluster: false }
    }

    fn store(&self) -> MoneyStore {
        MoneyStore::new(self.database.config()).unwrap()
    }

    fn sealer(&self) -> Arc<JournalSealer> {
        Arc::new(JournalSealer::new(self.store(), self.source()))
    }

    fn settlement(&self, now: &str, sealer: &Arc<JournalSealer>) -> Settlement {
        let escrow = Arc::new(EmbeddedEscrow::new(self.database.config()).unwrap());
        let clock = Arc::new(Standing(at(now)));
        Settlement::new(self.store(), escrow, clock).with_sealer(Arc::clone(sealer) as _)
    }

    /// The hash and the inputs of a customer's documents of the month, ascending.
    async fn documents(&self, customer: CustomerId) -> Vec<(String, String, BillInputs)> {
        let sql = "SELECT number, input_hash, inputs FROM invoices JOIN invoice_inputs ON invoice_id = invoices.id \
            WHERE customer_id = $1 AND month = '2026-11-01' ORDER BY invoices.id";
        let rows = self.database.client().await.query(sql, &[&customer.get()]).await.unwrap();
        let mut documents = Vec::new();
        for row in rows {
            let (number, hash, inputs): (String, String, String) = (row.get(0), row.get(1), row.get(2));
            assert_eq!(inputs_hash(&inputs).to_string(), hash, "{number}");
            documents.push((number, hash, serde_json::from_str(&inputs).unwrap()));
        }
        documents
    }
}

fn ask(request: &str, customer: Option<CustomerId>, hour: Option<UnixMillis>) -> ProofAsk {
    ProofAsk { wanted: parse_request(request).unwrap(), customer, hour }
}

fn named(leaf: &RecordLeaf) -> String {
    line_name(leaf.server_id.unwrap(), &leaf.line.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bill_is_its_parts_and_every_request_is_proven() {
    let world = World::new().await;
    let month = BillingMonth::parse(NOVEMBER).unwrap();
    let customers: BTreeSet<_> = world.records.iter().map(|record| record.customer).collect();
    // Sealed while the month runs, by a process that ends, then by the close of another, which begins anew.
    let mid = world.epoch_before(at("2026-11-17T03:00:00Z"));
    world.store_through(mid).await;
    let sealer = world.sealer();
    assert_eq!(sealer.run().await.unwrap().epochs, mid);
    assert_eq!(sealer.run().await.unwrap(), SealReport::default(), "once");
    let running = world.settlement("2026-11-17T03:00:00Z", &sealer);
    let close = world.epoch_before(at("2026-12-02T03:00:00Z"));
    world.store_through(close).await;
    let sealer = world.sealer();
    let settlement = world.settlement("2026-12-02T00:00:00Z", &sealer);
    let roots: Vec<_> = {
        let mut roots = Vec::new();
        for customer in &customers {
            roots.push(running.bill_root(*customer, month).await.unwrap());
        }
        roots
    };
    let report = settlement.close_due().await.unwrap();
    assert_eq!((report.waiting, report.alarms), (0, 0));
    for (customer, before) in customers.iter().zip(roots) {
        let documents = world.documents(*customer).await;
        let [(_, hash, inputs)] = &documents[..] else { panic!("{documents:?}") };
        let proof = inputs.proof.expect("the month is proven");
        let parts = world.store().parts_of_month(*customer, month).await.unwrap();
        assert_eq!(proof.parts, parts.len() as u64);
        let sum: u64 = parts.iter().map(|part| part.part.requests).sum();
        assert_eq!(sum.cast_signed(), inputs.hours.iter().map(|usage| usage.requests).sum::<i64>());
        assert_ne!(proof.root, before, "it has grown since");
        assert_eq!(settlement.bill_root(*customer, month).await.unwrap().to_string(), *hash);
    }

    // What came later is on notes.
    world.store_through(world.blocks.len() as u64).await;
    let settlement = world.settlement("2026-12-09T00:00:00Z", &sealer);
    assert!(settlement.notes_due().await.unwrap().changed > 0);

    let prover = JournalProver::new(world.store(), world.source());
    let (mut on_notes, step) = (0, world.records.len() / 40);
    let late = world.records.iter().filter(|record| record.epoch > close).take(3);
    for (nth, record) in world.records.iter().step_by(step).chain(late).enumerate() {
        let Billed { epoch, customer, leaf } = record;
        let id = leaf.request_id.unwrap();
        let hour = Some(leaf.timestamp.hour());
        let asked = match nth % 3 {
            0 => ask(id.as_str(), Some(*customer), None),
            1 => ask(&named(leaf), Some(*customer), hour),
            _ => ask(id.as_str(), None, None),
        };
        let file = prover.prove(asked.clone()).await.unwrap_or_else(|error| panic!("{asked:?}: {error:?}")).to_json();
        let found = verify(file.as_bytes()).unwrap();
        assert_eq!((found.record, found.month), (*leaf, month));
        assert_eq!(found.part.account.as_str(), format!("0x{:064x}", customer.get()));
        let documents = world.documents(*customer).await;
        let at = usize::from(*epoch > close);
        on_notes += at;
        let anchors: Vec<_> = found.anchors.iter().map(|of| (of.kind, of.name.clone(), of.root.to_string())).collect();
        let (number, hash, _) = &documents[at];
        assert_eq!(anchors, [(AnchorKind::Invoice, number.clone(), hash.clone())]);
        // Whose it is by our number, and anybody else, is not in it.
        let others = customers.iter().map(|customer| customer.get().to_string());
        let digits = file.replace(&format!("0x{:064x}", customer.get()), "");
        assert!(others.into_iter().all(|other| !digits.contains(&format!(":{other},"))), "{file}");
    }
    assert!(on_notes > 0, "some came late");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_byte_of_a_proof_counts_and_no_others_request_is_proven() {
    let world = World::new().await;
    world.store_through(world.epoch_before(at("2026-11-20T00:00:00Z"))).await;
    let prover = JournalProver::new(world.store(), world.source());
    let record = &world.records[world.records.len() / 4];
    let other = world.records.iter().map(|record| record.customer).find(|of| *of != record.customer).unwrap();
    let (id, hour) = (record.leaf.request_id.unwrap(), Some(record.leaf.timestamp.hour()));
    let asked = ask(id.as_str(), Some(record.customer), None);
    assert!(matches!(prover.prove(asked.clone()).await, Err(Unproven::NotSealed)));
    world.sealer().run().await.unwrap();
    let file = prover.prove(asked).await.unwrap().to_json().into_bytes();
    for at in 0..file.len() {
        let mut changed = file.clone();
        changed[at] ^= 1;
        assert!(verify(&changed).is_err(), "byte {at}");
    }
    for theirs in [ask(id.as_str(), Some(other), hour), ask(&named(&record.leaf), Some(other), hour)] {
        let refused = prover.prove(theirs).await;
        assert!(matches!(refused, Err(Unproven::NotFound | Unproven::NotSealed)), "{refused:?}");
    }
    assert!(matches!(prover.prove(ask("no-such-request", None, None)).await, Err(Unproven::NoHour)));
    assert!(matches!(prover.prove(ask("no-such-request", None, hour)).await, Err(Unproven::NotFound)));

    // The journal is gone.
    std::fs::remove_dir_all(world.journal().join("journal")).unwrap();
    std::fs::create_dir(world.journal().join("journal")).unwrap();
    let gone = prover.prove(ask(id.as_str(), Some(record.customer), None)).await;
    assert!(matches!(gone, Err(Unproven::Gone(_))), "{gone:?}");
}
