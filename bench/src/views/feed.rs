//! Lines go in, deltas come out: journal blocks made of a simulated gateway's lines, through decoding and the dataflow,
//! with the CPU time of all of the process but the thread that makes the lines.

use crate::cpu;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use suiftly_dataflow::{Dataflow, EpochInput, Seed};
use suiftly_ingest::block::{Block, BlockBuilder};
use suiftly_ingest::decode::{DecodeConfig, Decoder};
use suiftly_ingest::simulate::gateway::customer_id;
use suiftly_ingest::simulate::{GatewayOptions, SimulatedGateway};
use suiftly_ingest::source::Source;
use suiftly_schema::batch::Batch;
use suiftly_schema::ids::{CustomerId, Epoch, Network, Service};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::price::PriceBooks;
use suiftly_schema::reference::{Account, Entity, KeyLife, KeyState, ServiceAccess};
use suiftly_schema::time::UnixMillis;
use suiftly_schema::view::EpochDeltas;

/// 2026-09-01T00:00:00Z.
pub const START: UnixMillis = UnixMillis(1_788_220_800_000);
/// At 100,000 lines a second.
pub const LINES_AN_EPOCH: u64 = 10_000;
/// What those lines take.
pub const EPOCH_MS: u64 = 100;
/// Blocks made ahead.
const BLOCKS_AHEAD: usize = 8;
/// The epoch before the first block: when it is through, the dataflow has started and has its reference data.
const WARM: Epoch = 1;
/// A million dollars.
const BALANCE: MicroUsd = MicroUsd(1_000_000_000_000);

/// What is fed.
#[derive(Clone, Debug)]
pub struct Feed {
    /// Whose lines. Each of its customers has an account, a service and a key.
    pub gateway: GatewayOptions,
    /// How many epochs, of [`LINES_AN_EPOCH`] each.
    pub epochs: u64,
    /// From the beginning of one to that of the next; its lines take [`EPOCH_MS`] of it.
    pub apart_ms: u64,
    /// The time is told after each so many epochs.
    pub epochs_a_part: u64,
}

impl Feed {
    /// Without a break: one part.
    pub fn at_rate(gateway: GatewayOptions, epochs: u64) -> Self {
        Self { gateway, epochs, apart_ms: EPOCH_MS, epochs_a_part: epochs }
    }

    /// All lines.
    pub fn lines(&self) -> u64 {
        self.epochs * LINES_AN_EPOCH
    }

    /// When an epoch begins; the first is 1.
    pub fn epoch_start(&self, number: u64) -> UnixMillis {
        START.plus_ms((number * self.apart_ms).cast_signed())
    }
}

/// Feeds; `take` gets each epoch's deltas, and `part` the CPU-seconds of each part, from its first block to its last delta.
/// Making the lines does not count, nor does starting; what making them took is told beside it: it is the same work all
/// along, and tells how fast the machine was.
pub fn feed(
    what: &Feed,
    take: impl FnMut(EpochDeltas) + Send + 'static,
    mut part: impl FnMut(f64, f64) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut subject = Subject::start(what, take)?;
    let (send, blocks) = sync_channel(BLOCKS_AHEAD);
    let making = Arc::new(AtomicU64::new(0));
    let seconds = |making: &AtomicU64| {
        let making = f64::from_bits(making.load(Relaxed));
        anyhow::Ok((cpu::of_process()? - making, making))
    };
    let mut before = seconds(&making)?;
    let maker = {
        let (what, making) = (what.clone(), Arc::clone(&making));
        std::thread::spawn(move || make(&what, &send, |seconds| making.store(seconds.to_bits(), Relaxed)))
    };
    for bytes in &blocks {
        let epoch = subject.put(bytes);
        if (epoch - WARM).is_multiple_of(what.epochs_a_part) {
            subject.wait();
            let now = seconds(&making)?;
            part(now.0 - before.0, now.1 - before.1)?;
            before = now;
        }
    }
    maker.join().expect("the maker ends")?;
    let lines = subject.end();
    anyhow::ensure!(lines == what.lines(), "{lines} of {} lines were decoded", what.lines());
    Ok(())
}

/// Makes the blocks; `spent` is told the CPU-seconds of this thread as they go.
fn make(what: &Feed, blocks: &SyncSender<Vec<u8>>, spent: impl Fn(f64)) -> anyhow::Result<()> {
    let mut gateway = SimulatedGateway::new(&what.gateway, START);
    let mut start = 0;
    for number in 1..=what.epochs {
        let block = block(&mut gateway, WARM + number, what.epoch_start(number), start);
        start = block.end;
        spent(cpu::of_this_thread()?);
        if blocks.send(block.into_buffer()).is_err() {
            break;
        }
    }
    Ok(())
}

/// An epoch's lines, as the journal has them.
pub fn block(gateway: &mut SimulatedGateway, epoch: Epoch, from: UnixMillis, start: u64) -> Block {
    let (mut builder, mut line) = (BlockBuilder::default(), Vec::new());
    for n in 0..LINES_AN_EPOCH {
        line.clear();
        gateway.line(from.plus_ms((n * EPOCH_MS / LINES_AN_EPOCH).cast_signed()), &mut line);
        builder.push(&Source::File, from, &line).expect("an epoch fits a block");
    }
    builder.seal(epoch, from.plus_ms(EPOCH_MS.cast_signed()), start)
}

/// What is measured: decoding and the dataflow, one worker.
struct Subject {
    decoder: Decoder,
    dataflow: Dataflow,
    taker: JoinHandle<()>,
    /// The last epoch of each part, when its deltas are there.
    parts: Receiver<Epoch>,
    lines: u64,
}

impl Subject {
    fn start(what: &Feed, mut take: impl FnMut(EpochDeltas) + Send + 'static) -> anyhow::Result<Self> {
        let seed = Seed { cut_at: START, reference: reference(&what.gateway), ..Seed::default() };
        let (dataflow, deltas) = Dataflow::start(1, seed, PriceBooks::v1())?;
        let (ended, parts) = sync_channel(1);
        let epochs_a_part = what.epochs_a_part;
        let taker = std::thread::spawn(move || {
            for deltas in deltas {
                let epoch = deltas.epoch;
                take(deltas);
                if (epoch - WARM).is_multiple_of(epochs_a_part) && ended.send(epoch).is_err() {
                    return;
                }
            }
        });
        let mut subject = Self { decoder: Decoder::new(DecodeConfig::REPLAY), dataflow, taker, parts, lines: 0 };
        subject.dataflow.send(EpochInput { epoch: WARM, cut_at: START, ..EpochInput::default() })?;
        subject.wait();
        Ok(subject)
    }

    fn put(&mut self, bytes: Vec<u8>) -> Epoch {
        let mut batch = decode(&mut self.decoder, bytes);
        self.lines += batch.counts.accepted;
        self.dataflow.send(EpochInput::of(&mut batch)).expect("the worker lives");
        batch.epoch
    }

    /// Until all that was put in has come out, at the end of a part.
    fn wait(&self) {
        self.parts.recv().expect("the taker lives");
    }

    /// How many lines there were.
    fn end(self) -> u64 {
        drop(self.dataflow);
        self.taker.join().expect("the taker ends");
        self.lines
    }
}

/// Reads a block, as the journal's reader hands it over.
pub fn decode(decoder: &mut Decoder, bytes: Vec<u8>) -> Batch {
    decoder.decode(&Block::from_bytes(bytes).expect("a sound block"))
}

/// An account, a service and a key for each customer.
fn reference(gateway: &GatewayOptions) -> Vec<Entity> {
    let ids = (0..gateway.customers as usize).filter_map(|rank| CustomerId::new(customer_id(gateway.seed, rank)));
    ids.flat_map(|customer_id| {
        let account = Account { balance: BALANCE, ..Account::new(customer_id) };
        let access = ServiceAccess {
            customer_id,
            service: Service::Seal,
            is_enabled: true,
            guaranteed_per_second: 100,
            burst_per_second: 200,
            allowlist: Vec::new(),
        };
        let key = KeyState {
            id: customer_id.get(),
            customer_id,
            service: Service::Seal,
            network: Network::Mainnet,
            api_key_fp: 7,
            key_metadata: 0x2900,
            key_sha256: format!("{:064X}", customer_id.get()),
            state: KeyLife::Active,
        };
        [Entity::Account(account), Entity::Service(access), Entity::Key(key)]
    })
    .collect()
}
