//! A worker's hot numbers: what was received, and beside it the hashes of the bodies.

use super::bits::{Bits, WINDOW_SEQS};
use super::ranges::Ranges;

/// The hashes grow with what has been received, so that a worker of a few lines stays small.
const FIRST_HASHES: usize = 1_024;

/// Received numbers at the hot end, with their bodies' hashes.
#[derive(Debug)]
pub(super) struct Window {
    bits: Bits,
    /// Hash of number `n` at `n % len`; 0 is unknown. Numbers not received have whatever was there before them. Until
    /// the ring has its full length no two numbers share a place.
    hashes: Vec<u32>,
    /// The lowest number whose hash was noted; those below are unknown.
    hashed_from: u64,
}

impl Window {
    /// A window that ends with `highest`, and takes over what `cold` has of it.
    pub(super) fn open(cold: &mut Ranges, highest: u64) -> Self {
        Self { bits: Bits::open(cold, highest), hashes: vec![0; FIRST_HASHES], hashed_from: u64::MAX }
    }

    /// The numbers alone.
    pub(super) const fn bits(&self) -> &Bits {
        &self.bits
    }

    #[inline]
    pub(super) const fn base(&self) -> u64 {
        self.bits.base()
    }

    /// Whether a number in the window was received.
    #[inline]
    pub(super) fn contains(&self, number: u64) -> bool {
        self.bits.contains(number)
    }

    #[inline]
    pub(super) fn set(&mut self, number: u64) {
        self.bits.set(number);
    }

    /// Notes a received number's hash; `highest` is the highest number now. 0 stands for unknown, so a hash of 0
    /// becomes 1.
    #[inline]
    pub(super) fn set_hash(&mut self, number: u64, highest: u64, hash: u32) {
        let from = self.hashed_from.min(number);
        if (self.hashes.len() as u64) < WINDOW_SEQS && highest - from >= self.hashes.len() as u64 {
            self.grow_hashes(highest - from + 1);
        }
        self.hashed_from = from;
        let at = self.hash_at(number);
        self.hashes[at] = hash.max(1);
    }

    /// Whether a received number's body had this hash; `None` if that is not known.
    #[inline]
    pub(super) fn had_hash(&self, number: u64, hash: u32) -> Option<bool> {
        match self.hashes[self.hash_at(number)] {
            0 => None,
            _ if number < self.hashed_from => None,
            known => Some(known == hash.max(1)),
        }
    }

    /// Moves the window up so that `number` is in it; what falls out goes to `cold`.
    #[inline]
    pub(super) fn reach(&mut self, number: u64, cold: &mut Ranges) {
        self.bits.reach(number, cold);
    }

    /// Hands everything over to `cold`, from the lowest on.
    pub(super) fn fold_into(self, cold: &mut Ranges) {
        self.bits.fold_into(cold);
    }

    /// Received numbers in order, as ranges with inclusive ends.
    pub(super) fn ranges(&self, each: impl FnMut(u64, u64)) {
        self.bits.ranges(each);
    }

    /// All numbers that much higher, `highest` being the highest then ([`Bits::shift`]).
    pub(super) fn shift(&mut self, by: u64, highest: u64) {
        self.bits.shift(by, highest);
        self.hashed_from = self.hashed_from.saturating_add(by);
    }

    fn hash_at(&self, number: u64) -> usize {
        usize::try_from(number).unwrap_or_default() & (self.hashes.len() - 1)
    }

    /// Makes room for hashes that far apart. Nothing has wrapped yet: each place belongs to one number from
    /// `hashed_from` on.
    fn grow_hashes(&mut self, span: u64) {
        let len = usize::try_from(span.min(WINDOW_SEQS)).unwrap_or_default().next_power_of_two();
        let old = std::mem::replace(&mut self.hashes, vec![0; len]);
        if self.hashed_from == u64::MAX {
            return;
        }
        for number in self.hashed_from..self.hashed_from + old.len() as u64 {
            let from = usize::try_from(number).unwrap_or_default() & (old.len() - 1);
            let to = self.hash_at(number);
            self.hashes[to] = old[from];
        }
    }
}
