//! How long things took, as a histogram that adds: cells count values, and cells of two histograms add up.
//!
//! The layout is the H2 histogram's (base 2, log-linear) with a grouping power of 6, as in the `histogram` crate and
//! Rezolus: values up to 127 ms have a cell each, and every doubling above is cut into 64 cells of equal width. So a cell is at
//! most 1/64 of its lowest value wide, and its middle at most 1/128 (0.8 %) from whatever was counted in it. Sparse: what holds
//! a few values takes a few cells. A count may be negative in a difference, never in a sum.

use serde::{Deserialize, Serialize};
use smallvec::{SmallVec, smallvec};
use std::cmp::Ordering;
use std::ops::AddAssign;

/// Cells a doubling, as a power of two.
const GROUPING_POWER: u32 = 6;
/// Values below have a cell each.
const EXACT_BELOW: u32 = 1 << (GROUPING_POWER + 1);
/// Cells up to the largest value: 2³¹ − 1 ms, some 24 days.
pub const CELLS: u16 = 1_664;
/// The largest value; what is longer counts as this.
pub const MAX_VALUE_MS: u32 = (1 << 31) - 1;
/// In bytes: a varint of a cell's distance takes at most 2, of a count at most 10.
pub const MAX_ENCODED_BYTES: usize = CELLS as usize * 12;

/// The largest count of a cell, either way: 2⁵² − 1. Sums stay there.
pub const MAX_COUNT: i64 = (1 << (COUNT_BITS - 1)) - 1;
/// A cell and its count are one word: 11 bits, and the rest.
const COUNT_BITS: u32 = 53;

/// Counts by cell.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Histogram {
    /// Ascending by cell; no count is zero. Two are kept in place: most histograms of an epoch have no more.
    cells: SmallVec<[Packed; 2]>,
}

/// A cell and its count.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct Packed(u64);

impl Packed {
    #[inline]
    const fn new(cell: u16, count: i64) -> Self {
        let count = if count > MAX_COUNT { MAX_COUNT } else { count };
        let count = if count < -MAX_COUNT { -MAX_COUNT } else { count };
        Self((cell as u64) << COUNT_BITS | (count.cast_unsigned() & ((1 << COUNT_BITS) - 1)))
    }

    #[inline]
    const fn cell(self) -> u16 {
        (self.0 >> COUNT_BITS) as u16
    }

    #[inline]
    const fn count(self) -> i64 {
        (self.0 << (64 - COUNT_BITS)).cast_signed() >> (64 - COUNT_BITS)
    }
}

impl std::fmt::Debug for Histogram {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map().entries(self.cells()).finish()
    }
}

/// Bytes that are no histogram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("these bytes are no histogram")]
pub struct NoHistogram;

/// The cell that a value counts in.
#[inline]
pub const fn cell_of(value_ms: u32) -> u16 {
    let value = if value_ms > MAX_VALUE_MS { MAX_VALUE_MS } else { value_ms };
    if value < EXACT_BELOW {
        return low_16(value);
    }
    let power = value.ilog2();
    let width_power = power - GROUPING_POWER;
    let within = (value >> width_power) - (1 << GROUPING_POWER);
    low_16(((width_power + 1) << GROUPING_POWER) + within)
}

/// The lowest and the highest value that count in a cell.
pub const fn bounds_of(cell: u16) -> (u32, u32) {
    let cell = cell as u32;
    if cell < EXACT_BELOW {
        return (cell, cell);
    }
    let width_power = (cell >> GROUPING_POWER) - 1;
    let within = (cell & ((1 << GROUPING_POWER) - 1)) + (1 << GROUPING_POWER);
    let low = within << width_power;
    (low, low + (1 << width_power) - 1)
}

const fn low_16(cell: u32) -> u16 {
    debug_assert!(cell < CELLS as u32);
    (cell & 0xffff) as u16
}

impl Histogram {
    /// One value, so many times.
    #[inline]
    pub fn of(value_ms: u32, times: i64) -> Self {
        if times == 0 {
            return Self::default();
        }
        Self { cells: smallvec![Packed::new(cell_of(value_ms), times)] }
    }

    /// Counts a value so many times.
    #[inline]
    pub fn count(&mut self, value_ms: u32, times: i64) {
        self.add_cell(cell_of(value_ms), times);
    }

    fn add_cell(&mut self, cell: u16, count: i64) {
        if count == 0 {
            return;
        }
        match self.cells.binary_search_by_key(&cell, |packed| packed.cell()) {
            Ok(at) => match self.cells[at].count() + count.clamp(-MAX_COUNT, MAX_COUNT) {
                0 => drop(self.cells.remove(at)),
                sum => self.cells[at] = Packed::new(cell, sum),
            },
            Err(at) => self.cells.insert(at, Packed::new(cell, count)),
        }
    }

    /// Its cells, ascending, and what they count.
    pub fn cells(&self) -> impl Iterator<Item = (u16, i64)> + '_ {
        self.cells.iter().map(|packed| (packed.cell(), packed.count()))
    }

    /// Whether it counts nothing.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Bytes on the heap, about.
    pub fn memory_bytes(&self) -> usize {
        if self.cells.spilled() { size_of_val(&*self.cells) } else { 0 }
    }

    /// How many values it counts.
    pub fn total(&self) -> i64 {
        self.cells().fold(0, |sum, (_, count)| sum.saturating_add(count))
    }

    /// Takes the counts back.
    pub fn negate(&mut self) {
        self.cells.iter_mut().for_each(|packed| *packed = Packed::new(packed.cell(), -packed.count()));
    }

    /// The value that so many of a hundred are not above, by nearest rank, within 0.8 %; `None` if it counts nothing.
    /// `per_mille` is of a thousand: 500 is the median, 990 the 99th percentile, 0 the least and 1,000 the greatest.
    pub fn quantile_ms(&self, per_mille: u16) -> Option<u32> {
        let total = u128::try_from(self.total()).ok().filter(|total| *total > 0)?;
        let rank = (total * u128::from(per_mille.min(1_000))).div_ceil(1_000).max(1);
        let mut seen = 0;
        let reached = |(_, count): &(u16, i64)| {
            seen += u128::try_from(*count).unwrap_or(0);
            seen >= rank
        };
        let (cell, _) = self.cells().find(reached)?;
        let (low, high) = bounds_of(cell);
        Some(low + (high - low) / 2)
    }

    /// As bytes: per cell its distance to the one before and its count, LEB128, the count in zigzag.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.cells.len() * 3);
        let mut next = 0;
        for (cell, count) in self.cells() {
            put(&mut bytes, u64::from(cell - next));
            put(&mut bytes, ((count << 1) ^ (count >> 63)).cast_unsigned());
            next = cell + 1;
        }
        bytes
    }

    /// The inverse of [`Histogram::encode`]. Other bytes than it writes are none.
    pub fn decode(mut bytes: &[u8]) -> Result<Self, NoHistogram> {
        if bytes.len() > MAX_ENCODED_BYTES {
            return Err(NoHistogram);
        }
        let (mut cells, mut next) = (SmallVec::new(), 0u64);
        while !bytes.is_empty() {
            let cell = next.checked_add(take(&mut bytes)?).ok_or(NoHistogram)?;
            let zigzag = take(&mut bytes)?;
            let count = (zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed();
            let is_count = count != 0 && (-MAX_COUNT..=MAX_COUNT).contains(&count);
            let known = u16::try_from(cell).ok().filter(|cell| *cell < CELLS && is_count);
            cells.push(Packed::new(known.ok_or(NoHistogram)?, count));
            next = cell + 1;
        }
        Ok(Self { cells })
    }
}

/// Merges in one pass: both are sorted.
impl AddAssign<&Self> for Histogram {
    fn add_assign(&mut self, other: &Self) {
        if let [one] = other.cells[..] {
            return self.add_cell(one.cell(), one.count());
        }
        if self.cells.is_empty() {
            self.cells.clone_from(&other.cells);
            return;
        }
        let mine = std::mem::take(&mut self.cells);
        self.cells.reserve(mine.len() + other.cells.len());
        let (mut a, mut b) = (&mine[..], &other.cells[..]);
        while let ([x, rest_of_a @ ..], [y, rest_of_b @ ..]) = (a, b) {
            let order = x.cell().cmp(&y.cell());
            let sum = match order {
                Ordering::Less => *x,
                Ordering::Greater => *y,
                Ordering::Equal => Packed::new(x.cell(), x.count() + y.count()),
            };
            if sum.count() != 0 {
                self.cells.push(sum);
            }
            a = if order.is_le() { rest_of_a } else { a };
            b = if order.is_ge() { rest_of_b } else { b };
        }
        self.cells.extend_from_slice(a);
        self.cells.extend_from_slice(b);
    }
}

/// Counts many values before they become a [`Histogram`]: every cell has its place, and what was counted is found by bits.
#[derive(Debug)]
pub struct CellCounts {
    counts: Box<[i64; CELLS as usize]>,
    /// Which cells count something.
    counted: [u64; WORDS],
    /// Which of those words are not zero.
    words: u32,
}

const WORDS: usize = (CELLS as usize).div_ceil(64);
const _: () = assert!(WORDS <= 32, "a bit for each word");

impl Default for CellCounts {
    fn default() -> Self {
        Self { counts: Box::new([0; CELLS as usize]), counted: [0; WORDS], words: 0 }
    }
}

impl CellCounts {
    /// Counts a value so many times.
    #[inline]
    pub fn count(&mut self, value_ms: u32, times: i64) {
        let cell = usize::from(cell_of(value_ms));
        self.counts[cell] = self.counts[cell].saturating_add(times);
        self.counted[cell / 64] |= 1 << (cell % 64);
        self.words |= 1 << (cell / 64);
    }

    /// What was counted; counts anew.
    pub fn take(&mut self) -> Histogram {
        let mut cells = SmallVec::new();
        for word in ones(u64::from(std::mem::take(&mut self.words))) {
            for bit in ones(std::mem::take(&mut self.counted[usize::from(word)])) {
                let cell = word * 64 + bit;
                let count = std::mem::take(&mut self.counts[usize::from(cell)]);
                if count != 0 {
                    cells.push(Packed::new(cell, count));
                }
            }
        }
        Histogram { cells }
    }
}

/// The places of the bits that are set, ascending.
fn ones(mut bits: u64) -> impl Iterator<Item = u16> {
    std::iter::from_fn(move || {
        let at = (bits != 0).then(|| low_16(bits.trailing_zeros()));
        bits &= bits.wrapping_sub(1);
        at
    })
}

fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push((number & 0x7f) as u8);
}

fn take(bytes: &mut &[u8]) -> Result<u64, NoHistogram> {
    let mut number = 0u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first().ok_or(NoHistogram)?;
        *bytes = rest;
        let part = u64::from(byte & 0x7f);
        if part << shift >> shift != part || (shift > 0 && *byte == 0) {
            return Err(NoHistogram);
        }
        number |= part << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(NoHistogram)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[test]
    fn cells_follow_each_other_without_a_gap() {
        let mut expected_low = 0;
        for cell in 0..CELLS {
            let (low, high) = bounds_of(cell);
            assert_eq!(low, expected_low, "cell {cell}");
            assert_eq!((cell_of(low), cell_of(high)), (cell, cell));
            assert!(u64::from(high - low) * 64 <= u64::from(low), "cell {cell} is too wide");
            expected_low = high + 1;
        }
        assert_eq!(expected_low, MAX_VALUE_MS + 1);
        assert_eq!(cell_of(u32::MAX), CELLS - 1);
    }

    #[test]
    fn quantiles_are_by_nearest_rank() {
        assert_eq!(Histogram::default().quantile_ms(500), None);
        let mut of_100 = Histogram::default();
        (1..=100).for_each(|value| of_100.count(value, 1));
        for (per_mille, expected) in [(0, 1), (10, 1), (11, 2), (500, 50), (950, 95), (990, 99), (1_000, 100)] {
            assert_eq!(of_100.quantile_ms(per_mille), Some(expected), "{per_mille}");
        }
    }

    #[test]
    fn counts_stay_at_their_bounds() {
        let mut histogram = Histogram::of(7, i64::MAX);
        histogram += &Histogram::of(7, 5);
        assert_eq!(histogram.cells().collect::<Vec<_>>(), [(7, MAX_COUNT)]);
        histogram += &Histogram::of(7, i64::MIN);
        assert!(histogram.is_empty());
        histogram.count(1_663, i64::MIN);
        assert_eq!(histogram.cells().collect::<Vec<_>>(), [(cell_of(1_663), -MAX_COUNT)]);
    }

    fn values() -> impl Strategy<Value = Vec<(u32, i64)>> {
        let value = prop_oneof![0u32..300, any::<u32>(), 0u32..100_000];
        prop::collection::vec((value, 1i64..1_000), 0..60)
    }

    fn histogram_of(values: &[(u32, i64)]) -> Histogram {
        let mut histogram = Histogram::default();
        values.iter().for_each(|(value, times)| histogram.count(*value, *times));
        histogram
    }

    proptest! {
        #[test]
        fn quantiles_are_within_two_percent(values in values(), per_mille in 0u16..=1_000) {
            let mut all = BTreeMap::<u32, i64>::new();
            values.iter().for_each(|(value, times)| *all.entry((*value).min(MAX_VALUE_MS)).or_default() += times);
            let total: i64 = all.values().sum();
            let rank = (total * i64::from(per_mille) + 999).div_euclid(1_000).max(1);
            let mut seen = 0;
            let exact = all.iter().find(|(_, times)| { seen += **times; seen >= rank }).map(|(value, _)| *value);
            let found = histogram_of(&values).quantile_ms(per_mille);
            prop_assert_eq!(found.is_some(), exact.is_some());
            if let (Some(found), Some(exact)) = (found, exact) {
                prop_assert!((f64::from(found) - f64::from(exact)).abs() <= 0.02 * f64::from(exact), "{} for {}", found, exact);
            }
        }

        #[test]
        fn sums_are_those_of_all_values_and_can_be_taken_back(a in values(), b in values()) {
            let mut sum = histogram_of(&a);
            sum += &histogram_of(&b);
            let both: Vec<_> = a.iter().chain(&b).copied().collect();
            prop_assert_eq!(&sum, &histogram_of(&both));
            let mut back = histogram_of(&b);
            back.negate();
            sum += &back;
            prop_assert_eq!(sum, histogram_of(&a));
        }

        #[test]
        fn counted_in_place_is_the_same(a in values(), b in values()) {
            let mut counts = CellCounts::default();
            for values in [a, b] {
                values.iter().for_each(|(value, times)| counts.count(*value, *times));
                prop_assert_eq!(counts.take(), histogram_of(&values));
            }
        }

        #[test]
        fn bytes_and_back(values in values(), negated in any::<bool>()) {
            let mut histogram = histogram_of(&values);
            if negated { histogram.negate(); }
            prop_assert_eq!(Histogram::decode(&histogram.encode()), Ok(histogram));
        }

        #[test]
        fn other_bytes_are_refused_or_mean_themselves(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(histogram) = Histogram::decode(&bytes) {
                prop_assert_eq!(histogram.encode(), bytes);
            }
        }
    }
}
