//! What a frame says, and who may say it. Here are the payloads' shapes too; hello, beat and bye are read by this
//! crate, the others by who ships, follows and joins. Numbers are little-endian, epochs u64, times i64 ms of Unix.

use crate::role::{Purpose, Role};

/// What a frame says. The numbers are on the wire and never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// Who speaks; the first frame, both ways: [`crate::Hello`].
    Hello = 1,
    /// What a journal holds: journal id 16 · first, durable epoch · durable end u64 bytes.
    Journal = 2,
    /// Which part of a journal is wanted: journal id 16 · after epoch · rewarm u32 bytes · shards 32 (a bit each). The
    /// order is wanted in the same way, all of it.
    Want = 3,
    /// A block's frames of the wanted shards: epoch · cut_at · start, end u64 bytes · frames in the block u32 ·
    /// groups as in a block, each frame at u32 (in the block) · length u16 · shard u8 · bytes.
    Part = 4,
    /// A block without a frame of the wanted shards: epoch · end u64 bytes · cut_at.
    Passed = 5,
    /// Blocks that are damaged and were passed over: first, last epoch · u64 bytes.
    Lost = 6,
    /// How many bytes more may come: u32.
    Credit = 7,
    /// What a journal need not keep any more, since every shard has it stored: through epoch.
    Release = 8,
    /// A sign of life: [`crate::Beat`].
    Beat = 9,
    /// What was received of each journal: journal id 16 · epoch, any number of times.
    Received = 10,
    /// An ingester's counters: JSON.
    Stats = 11,
    /// Quarantined lines, to be taken in again by the journal that they came from: each where it stands there u64 ·
    /// length u32 · bytes. The next are given once these are answered.
    Give = 12,
    /// Where they were taken in: epoch · 0, or why not u8. Process 0 says so of [`Kind::GiveTo`].
    Given = 13,
    /// What all processes start from: generation u64 · epoch to replay from · each shard's watermark 256 × epoch.
    Start = 14,
    /// A block of the order, as it stands in its journal: it has a checksum of its own.
    Order = 15,
    /// Where a process's deltas begin: generation u64 · watermarks.
    Snapshot = 20,
    /// An epoch's deltas: epoch · cut_at · process u16 · what its shards gained.
    Deltas = 21,
    /// Quarantined lines, for process 0 to give to the ingester that has their journal: journal id 16 · as [`Kind::Give`]
    /// has them. The next come once these are answered.
    GiveTo = 22,
    /// Bytes of timely's own, as they are.
    Mesh = 30,
    /// The last frame: why there will be no other, UTF-8 of at most 1 KiB.
    Bye = 99,
}

impl Kind {
    /// Every kind, in the order of its number.
    pub const ALL: [Self; 20] = [
        Self::Hello,
        Self::Journal,
        Self::Want,
        Self::Part,
        Self::Passed,
        Self::Lost,
        Self::Credit,
        Self::Release,
        Self::Beat,
        Self::Received,
        Self::Stats,
        Self::Give,
        Self::Given,
        Self::Start,
        Self::Order,
        Self::Snapshot,
        Self::Deltas,
        Self::GiveTo,
        Self::Mesh,
        Self::Bye,
    ];

    /// The one with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }

    /// Its number on the wire.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Whether it may come from who has this role, on a link of this purpose, once both have said hello.
    pub fn may_come(self, from: &Role, on: Purpose) -> bool {
        match (self, on) {
            (Self::Beat | Self::Bye, _) => true,
            (Self::Journal | Self::Part | Self::Passed | Self::Lost | Self::Stats | Self::Given, Purpose::Ship) => {
                matches!(from, Role::Ingest(_))
            }
            (Self::Want | Self::Credit, Purpose::Ship | Purpose::Order)
            | (Self::Give, Purpose::Ship)
            | (Self::Received, Purpose::Order)
            | (Self::Mesh, Purpose::Mesh)
            | (Self::Snapshot | Self::Deltas, Purpose::Deltas) => from.is_dataflow(),
            (Self::GiveTo, Purpose::Deltas) => *from == Role::Api,
            // Process 0 alone keeps the order, and knows what every shard has stored.
            (Self::Start | Self::Order, Purpose::Order)
            | (Self::Release, Purpose::Ship)
            | (Self::Given, Purpose::Deltas) => *from == Role::ORDER,
            _ => false,
        }
    }
}
