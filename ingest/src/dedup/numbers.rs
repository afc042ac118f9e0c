//! A set of numbers without their bodies: what one home has brought of a worker.

use super::bits::Bits;
use super::ranges::Ranges;
use super::state;

/// How many numbers, and from which to which.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Span {
    pub(super) received: u64,
    /// Lowest and highest; meaningless while there are none.
    pub(super) first: u64,
    pub(super) highest: u64,
}

impl Span {
    /// Numbers between the first and the highest that are not in the set.
    pub(super) const fn missing(&self) -> u64 {
        if self.received == 0 { 0 } else { self.highest - self.first + 1 - self.received }
    }

    fn add(&mut self, number: u64) {
        self.first = if self.received == 0 { number } else { self.first.min(number) };
        self.highest = self.highest.max(number);
        self.received += 1;
    }
}

/// The numbers: a ring of bits that ends with the highest, and ranges below it, or ranges alone while it is folded. The
/// ring is the set's own: a home may be far behind the other.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    pub(super) span: Span,
    pub(super) cold: Ranges,
    pub(super) bits: Option<Bits>,
}

impl Numbers {
    #[inline]
    pub(super) fn contains(&self, number: u64) -> bool {
        match &self.bits {
            Some(bits) if number >= bits.base() => number <= self.span.highest && bits.contains(number),
            _ => self.cold.contains(number),
        }
    }

    /// Adds a number; `false` if it was there, or in a gap that the bound on ranges closed.
    #[inline]
    pub(super) fn insert(&mut self, number: u64, most_ranges: usize) -> bool {
        if self.contains(number) {
            return false;
        }
        self.span.add(number);
        let bits = self.bits.get_or_insert_with(|| Bits::open(&mut self.cold, self.span.highest));
        if number >= bits.base() {
            bits.reach(number, &mut self.cold);
            bits.set(number);
        } else {
            self.cold.insert(number, number);
        }
        self.cold.close_lowest_gaps(most_ranges);
        true
    }

    /// The ranges behind these bytes, to go on from after a restart.
    pub(super) fn encode(&self, head: Vec<u8>) -> Vec<u8> {
        let mut encoder = state::Encoder::behind(head, self.span.first);
        self.cold.iter().for_each(|(start, end)| encoder.range(start, end));
        if let Some(bits) = &self.bits {
            bits.ranges(|start, end| encoder.range(start, end));
        }
        encoder.finish()
    }

    /// From such ranges; `None` if they are not of that span.
    pub(super) fn decode(bytes: &[u8], span: Span) -> Option<Self> {
        let mut cold = Ranges::default();
        state::visit_ranges(bytes, span, |start, end| cold.insert(start, end))?;
        Some(Self { span, cold, bits: None })
    }

    pub(super) fn fold(&mut self) {
        if let Some(bits) = self.bits.take() {
            bits.fold_into(&mut self.cold);
        }
    }

    /// All numbers that much higher: a turn of the counter.
    pub(super) fn shift(&mut self, by: u64) {
        (self.span.first, self.span.highest) = (self.span.first + by, self.span.highest + by);
        self.cold.shift(by);
        if let Some(bits) = &mut self.bits {
            bits.shift(by, self.span.highest);
        }
    }
}
