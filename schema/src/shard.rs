//! Shards: what a cluster parts its work by, 256 of them for ever. Whose a line, a sum or a row is follows from its
//! customer, its server or its source alone, never from how many processes there are: so what was stored of a shard
//! stays its own when they become more or fewer.

use crate::ids::CustomerId;

/// How many there are. It is stored with what they have: it never changes.
pub const SHARDS: usize = 256;

/// Bytes of a set of shards on the wire: a bit each, the lowest bit of the first byte is shard 0.
pub const SHARD_SET_BYTES: usize = SHARDS / 8;

/// One of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shard(pub u8);

impl Shard {
    /// All of them, in order.
    pub fn all() -> impl ExactSizeIterator<Item = Self> + Clone {
        (0..SHARDS).map(|at| Self(u8::try_from(at).unwrap_or(u8::MAX)))
    }

    /// A customer's: the low byte of their id, so that SQL can say it (`customer_id & 255`). Shard 0 is nobody's, too.
    #[must_use]
    pub const fn of_customer(customer_id: Option<CustomerId>) -> Self {
        match customer_id {
            Some(id) => Self(id.get().to_le_bytes()[0]),
            None => Self(0),
        }
    }

    /// A server's: ids are small and close together, so they are spread by a multiplication.
    #[must_use]
    pub const fn of_server(server_id: i16) -> Self {
        let id = server_id.cast_unsigned() as u32;
        Self(id.wrapping_mul(0x9E37_79B1).to_be_bytes()[0])
    }

    /// Of a line that names no server: what its sender is known by decides, as it stands in the journal.
    #[must_use]
    pub fn of_source(known_by: &[u8; 16]) -> Self {
        // FNV-1a: stable for ever, and short bytes are all that it is given.
        let hash =
            known_by.iter().fold(0x811C_9DC5_u32, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
        Self((hash ^ (hash >> 16)).to_le_bytes()[0])
    }

    /// Its place in an array of [`SHARDS`].
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// Which of so many workers it is on. A process's workers have consecutive numbers, so each process has a run of
    /// shards.
    ///
    /// # Panics
    /// Without workers.
    #[must_use]
    pub const fn worker_of(self, workers: usize) -> usize {
        assert!(workers > 0, "somebody must do the work");
        self.index() * workers / SHARDS
    }
}

/// Some of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ShardSet([u64; SHARDS / 64]);

impl ShardSet {
    /// Every one.
    pub const ALL: Self = Self([u64::MAX; SHARDS / 64]);

    /// Those of process `process` of `processes`, each of which runs `threads` workers.
    ///
    /// # Panics
    /// If there is no such process.
    #[must_use]
    pub fn of_process(process: usize, processes: usize, threads: usize) -> Self {
        assert!(process < processes, "process {process} of {processes}");
        let workers = processes * threads;
        Shard::all().filter(|shard| shard.worker_of(workers) / threads == process).collect()
    }

    /// Whether it is among them.
    #[must_use]
    pub const fn contains(&self, shard: Shard) -> bool {
        self.0[shard.index() / 64] & 1 << (shard.index() % 64) != 0
    }

    /// Takes one in.
    pub const fn insert(&mut self, shard: Shard) {
        self.0[shard.index() / 64] |= 1 << (shard.index() % 64);
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// How many they are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.iter().map(|bits| bits.count_ones() as usize).sum()
    }

    /// Each of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = Shard> + use<> {
        let of = *self;
        Shard::all().filter(move |shard| of.contains(*shard))
    }

    /// As it goes over the wire.
    #[must_use]
    pub fn to_bytes(self) -> [u8; SHARD_SET_BYTES] {
        std::array::from_fn(|at| self.0[at / 8].to_le_bytes()[at % 8])
    }

    /// What [`ShardSet::to_bytes`] wrote.
    #[must_use]
    pub fn from_bytes(bytes: [u8; SHARD_SET_BYTES]) -> Self {
        Self(std::array::from_fn(|word| u64::from_le_bytes(std::array::from_fn(|at| bytes[8 * word + at]))))
    }
}

impl FromIterator<Shard> for ShardSet {
    fn from_iter<I: IntoIterator<Item = Shard>>(shards: I) -> Self {
        let mut set = Self::default();
        shards.into_iter().for_each(|shard| set.insert(shard));
        set
    }
}

#[cfg(test)]
mod tests {
    use super::{SHARDS, Shard, ShardSet};
    use crate::ids::CustomerId;

    /// They are stored with what they have: these never change.
    #[test]
    fn placement_is_for_ever() {
        let customer = |id| Shard::of_customer(CustomerId::new(id)).0;
        assert_eq!([customer(0), customer(1), customer(255), customer(256), customer(i64::MAX)], [0, 1, 255, 0, 255]);
        assert_eq!([0, 1, 2, 17, -1].map(|id| Shard::of_server(id).0), [0, 158, 60, 129, 219]);
        assert_eq!([[0; 16], [1; 16]].map(|of| Shard::of_source(&of).0), [108, 59]);
    }

    #[test]
    fn each_shard_is_of_one_process_and_processes_have_runs() {
        for (processes, threads) in [(1, 1), (1, 7), (2, 1), (3, 1), (3, 2), (5, 4), (64, 1)] {
            let sets: Vec<_> =
                (0..processes).map(|process| ShardSet::of_process(process, processes, threads)).collect();
            assert_eq!(sets.iter().map(ShardSet::len).sum::<usize>(), SHARDS);
            let in_order: Vec<_> = sets.iter().flat_map(ShardSet::iter).collect();
            assert!(in_order.iter().copied().eq(Shard::all()), "{processes} × {threads}");
            let (least, most) = (sets.iter().map(ShardSet::len).min(), sets.iter().map(ShardSet::len).max());
            assert!(most.unwrap() - least.unwrap() <= threads, "{processes} × {threads}: {least:?} to {most:?}");
        }
    }

    #[test]
    fn servers_are_spread() {
        let mut held = [0_u32; SHARDS];
        (0..1_000).for_each(|id| held[Shard::of_server(id).index()] += 1);
        assert!(held.iter().all(|servers| (2..=6).contains(servers)), "{held:?}");
    }

    #[test]
    fn a_set_goes_over_the_wire() {
        let set: ShardSet = [0, 1, 63, 64, 200, 255].map(Shard).into_iter().collect();
        assert_eq!(ShardSet::from_bytes(set.to_bytes()), set);
        assert_eq!((set.len(), set.contains(Shard(200)), set.contains(Shard(2))), (6, true, false));
        assert_eq!((ShardSet::ALL.len(), ShardSet::default().is_empty()), (SHARDS, true));
    }
}
