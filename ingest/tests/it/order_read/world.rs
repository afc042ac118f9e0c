//! Two ingesters' journals and the order that takes them in, on the disk.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use suiftly_ingest::audit::JournalDirs;
use suiftly_ingest::block::{Block, BlockBuilder};
use suiftly_ingest::decode::DecodeConfig;
use suiftly_ingest::journal::{Journal, JournalConfig, JournalId, survey};
use suiftly_ingest::order::{ClusterDirs, ReadEpoch, ReadError, read};
use suiftly_ingest::source::Source;
use suiftly_schema::ids::Epoch;
use suiftly_schema::price::PriceBook;
use suiftly_schema::reference::{Entity, ReferenceChange};
use suiftly_schema::time::UnixMillis;
use tempfile::TempDir;

const NOW: UnixMillis = UnixMillis(1_795_298_482_000);
const SERVERS: [u8; 3] = [17, 33, 50];
pub(super) const BLOCKS: u64 = 40;
/// A price book is told in this epoch of the order.
const TOLD_AT: Epoch = 12;

/// The number of a journal, from 1 on, and the epochs of it that are taken in.
type Taken = (u16, std::ops::RangeInclusive<Epoch>);

fn line(server: u8, seq: u32) -> String {
    let (now, customer) = (NOW.0 + i64::from(seq), 1_000 + seq % 5);
    format!(
        "<134>1 2026-11-21T22:01:21.991304+00:00 - haproxy 7555 - - SF1 {now} {now} 1795298476993 {seq} {seq} {server} \
         1 1 2 1 0 {customer} 2069146420 10496 - 203.0.100.212 v1/fetch_k 200 100 139 0 0 0 0 3 -- ok/s2 127.0.0.1 ID"
    )
}

/// Two homes: each is without some lines, and has some twice.
fn home(no: u16) -> (Vec<Block>, BTreeSet<(u8, u32)>) {
    let (mut blocks, mut lines, mut start) = (Vec::new(), BTreeSet::new(), 0);
    for epoch in 1..=BLOCKS {
        let received_at = NOW.plus_ms(20 * epoch.cast_signed());
        let mut builder = BlockBuilder::default();
        for (server, nth) in SERVERS.into_iter().flat_map(|server| (0..4).map(move |nth| (server, nth))) {
            let seq = 4 * u32::try_from(epoch).unwrap() + nth;
            let home = u8::try_from(no).unwrap();
            let source = Source::tcp(SocketAddr::from(([10, home, 0, server], 4_000)));
            if !seq.is_multiple_of(if no == 1 { 5 } else { 7 }) {
                builder.push(&source, received_at, line(server, seq).as_bytes()).unwrap();
                lines.insert((server, seq));
            }
            if let Some(before) = seq.checked_sub(3).filter(|before| lines.contains(&(server, *before))) {
                builder.push(&source, received_at, line(server, before).as_bytes()).unwrap();
            }
        }
        let block = builder.seal(epoch, received_at.plus_ms(5), start);
        start = block.end;
        blocks.push(block);
    }
    (blocks, lines)
}

fn written(dir: &Path, blocks: &[Block]) -> JournalId {
    let config =
        JournalConfig { segment_bytes: 2_000, compress_level: 0, spare_segments: 0, ..JournalConfig::default() };
    let (journal, recovery) = Journal::open(dir, config).unwrap();
    blocks.iter().for_each(|block| journal.append(Arc::new(block.clone())).unwrap());
    recovery.journal_id
}

fn cut_bytes(block: &Block) -> Vec<u8> {
    [block.epoch.to_le_bytes(), block.cut_at.0.to_le_bytes(), block.end.to_le_bytes()].concat()
}

/// A cluster of two ingesters, on the disk.
pub(super) struct World {
    pub(super) dir: TempDir,
    pub(super) journals: [Vec<Block>; 2],
    pub(super) ids: [JournalId; 2],
    pub(super) orders: Vec<Block>,
    /// By epoch of the order.
    taken: Vec<Vec<Taken>>,
    pub(super) lines: BTreeSet<(u8, u32)>,
}

impl World {
    pub(super) fn new() -> Self {
        Self::with(|_| {})
    }

    /// The cuts are changed before they are written.
    pub(super) fn with(change: impl Fn(&mut Vec<u8>)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let ((a, of_a), (b, of_b)) = (home(1), home(2));
        let ids = [written(&dir.path().join("a"), &a), written(&dir.path().join("b"), &b)];
        let lines = of_a.union(&of_b).copied().collect();
        let mut world = Self { dir, journals: [a, b], ids, orders: Vec::new(), taken: Vec::new(), lines };
        // The second comes late, and then by two.
        for epoch in 1..=BLOCKS {
            let of_b = if epoch % 2 == 0 { epoch - 1..=epoch } else { epoch..=epoch - 1 };
            world.cut(&change, [(1, epoch..=epoch), (2, of_b)]);
        }
        assert_eq!(written(&world.order().journal, &world.orders), world.order_id());
        world
    }

    fn cut(&mut self, change: &impl Fn(&mut Vec<u8>), taken: [Taken; 2]) {
        let epoch = self.orders.len() as u64 + 1;
        let cut_at = NOW.plus_ms(20 * epoch.cast_signed() + 1_000);
        let mut builder = BlockBuilder::default();
        if epoch == TOLD_AT {
            let told = ReferenceChange { seq: 1, entity: Entity::PriceBook(book()) };
            builder.push(&Source::Outbox, cut_at, &serde_json::to_vec(&told).unwrap()).unwrap();
        }
        for ((no, epochs), (id, journal)) in taken.iter().zip(self.ids.iter().zip(&self.journals)) {
            let Some(last) = journal.iter().rfind(|block| block.epoch <= *epochs.end()) else { continue };
            let mut bytes = cut_bytes(last);
            if *no == 2 && epoch == BLOCKS {
                change(&mut bytes);
            }
            builder.push(&Source::Cut { journal: *id, no: *no }, cut_at, &bytes).unwrap();
        }
        let start = self.orders.last().map_or(0, |last| last.end);
        self.orders.push(builder.seal(epoch, cut_at, start));
        self.taken.push(taken.into_iter().filter(|(_, epochs)| !epochs.is_empty()).collect());
    }

    pub(super) fn order(&self) -> JournalDirs {
        JournalDirs::new(self.dir.path().join("order"))
    }

    /// As its segments say.
    pub(super) fn order_id(&self) -> JournalId {
        survey(&self.order().journal, None).unwrap()[0].journal_id
    }

    pub(super) fn dirs(&self) -> ClusterDirs {
        let journal = |(id, name): (&JournalId, &str)| (*id, JournalDirs::new(self.dir.path().join(name)));
        ClusterDirs { order: self.order(), journals: self.ids.iter().zip(["a", "b"]).map(journal).collect() }
    }

    pub(super) fn read(&self, from: Epoch) -> Vec<ReadEpoch> {
        let epochs = from..=Epoch::MAX;
        read(&self.dirs(), &DecodeConfig::LIVE, &epochs, &[]).unwrap().collect::<Result<_, _>>().unwrap()
    }

    pub(super) fn fails(&self, dirs: &ClusterDirs) -> ReadError {
        match read(dirs, &DecodeConfig::LIVE, &(1..=BLOCKS), &[]) {
            Ok(mut reading) => reading.find_map(Result::err).expect("something is not there"),
            Err(error) => error,
        }
    }

    /// The blocks that an epoch takes in, with their journals' numbers.
    pub(super) fn blocks(&self, epoch: Epoch) -> impl Iterator<Item = (u16, &Block)> {
        let taken = &self.taken[usize::try_from(epoch - 1).unwrap()];
        taken.iter().flat_map(move |(no, epochs)| {
            let journal = &self.journals[usize::from(*no - 1)];
            journal.iter().filter(move |block| epochs.contains(&block.epoch)).map(move |block| (*no, block))
        })
    }

    pub(super) fn segments(&self, name: &str) -> Vec<PathBuf> {
        survey(&self.dir.path().join(name), None).unwrap().into_iter().map(|segment| segment.path).collect()
    }
}

pub(super) fn book() -> PriceBook {
    PriceBook { version: 2, effective_from: NOW.hour().plus_ms(3_600_000), ..PriceBook::v1() }
}
