//! The hot end of a set of numbers: a ring of bits.

use super::ranges::Ranges;

/// How many numbers below the highest stay in the ring, and so how far back a duplicate can be proven. Threads and
/// transports put lines at most some thousands out of order.
pub const WINDOW_SEQS: u64 = 65_536;

const WORD_BITS: u64 = 64;
const WORDS: usize = (WINDOW_SEQS / WORD_BITS) as usize;

/// Numbers in `base..base + WINDOW_SEQS`; `base` is a multiple of 64.
#[derive(Clone, Debug)]
pub(super) struct Bits {
    base: u64,
    /// Bit `n % 64` of word `n / 64 % WORDS` is number `n`.
    words: Box<[u64; WORDS]>,
}

impl Bits {
    /// A ring that ends with `highest`, and takes over what `cold` has of it.
    pub(super) fn open(cold: &mut Ranges, highest: u64) -> Self {
        let base = aligned_base(highest);
        let mut bits = Self { base, words: Box::new([0; WORDS]) };
        for (start, end) in cold.split_off(base).iter() {
            bits.set_range(start, end);
        }
        bits
    }

    #[inline]
    pub(super) const fn base(&self) -> u64 {
        self.base
    }

    /// Whether a number in the ring was received.
    #[inline]
    pub(super) fn contains(&self, number: u64) -> bool {
        self.words[word_of(number)] >> (number % WORD_BITS) & 1 == 1
    }

    #[inline]
    pub(super) fn set(&mut self, number: u64) {
        self.words[word_of(number)] |= 1 << (number % WORD_BITS);
    }

    /// Moves the ring up so that `number` is in it; what falls out goes to `cold`.
    #[inline]
    pub(super) fn reach(&mut self, number: u64, cold: &mut Ranges) {
        if number >= self.base + WINDOW_SEQS {
            let base = aligned_base(number);
            self.spill(base.min(self.base + WINDOW_SEQS), cold);
            self.base = base;
        }
    }

    /// Hands everything over to `cold`, from the lowest on.
    pub(super) fn fold_into(mut self, cold: &mut Ranges) {
        self.spill(self.base + WINDOW_SEQS, cold);
    }

    /// Received numbers in order, as ranges with inclusive ends.
    pub(super) fn ranges(&self, mut each: impl FnMut(u64, u64)) {
        let mut open: Option<u64> = None;
        for at in 0..WORDS as u64 {
            let start = self.base + at * WORD_BITS;
            let word = self.words[word_of(start)];
            match (word, open) {
                (u64::MAX, Some(_)) | (0, None) => continue,
                (u64::MAX, None) => open = Some(start),
                (0, Some(from)) => {
                    each(from, start - 1);
                    open = None;
                }
                _ => open = mixed_word(word, start, open, &mut each),
            }
        }
        if let Some(from) = open {
            each(from, self.base + WINDOW_SEQS - 1);
        }
    }

    /// All numbers that much higher, `highest` being the highest then. `by` is a multiple of the ring's length, so that
    /// every number keeps its place; what the ring gains below is not received.
    pub(super) fn shift(&mut self, by: u64, highest: u64) {
        assert!(by.is_multiple_of(WINDOW_SEQS), "a window shifts by whole turns, not by {by}");
        self.base = aligned_base(highest);
    }

    fn set_range(&mut self, start: u64, end: u64) {
        let mut at = start;
        while at <= end {
            let last = (at | (WORD_BITS - 1)).min(end);
            let ones = u64::MAX >> (WORD_BITS - 1 - (last - at));
            self.words[word_of(at)] |= ones << (at % WORD_BITS);
            at = last + 1;
        }
    }

    /// Empties the words below `end`.
    fn spill(&mut self, end: u64, cold: &mut Ranges) {
        let mut start = self.base;
        while start < end {
            match std::mem::take(&mut self.words[word_of(start)]) {
                0 => {}
                u64::MAX => cold.insert(start, start + WORD_BITS - 1),
                word => {
                    let open = mixed_word(word, start, None, &mut |from, to| cold.insert(from, to));
                    if let Some(from) = open {
                        cold.insert(from, start + WORD_BITS - 1);
                    }
                }
            }
            start += WORD_BITS;
        }
    }
}

/// The lowest base from which `highest` can be reached: as much as possible stays behind it.
const fn aligned_base(highest: u64) -> u64 {
    (highest / WORD_BITS + 1).saturating_sub(WORDS as u64) * WORD_BITS
}

#[inline]
fn word_of(number: u64) -> usize {
    usize::try_from(number / WORD_BITS).unwrap_or_default() % WORDS
}

/// Goes through a word that is neither full nor empty; `open` is a range that reaches up to it, the result one that
/// reaches to its end.
fn mixed_word(word: u64, start: u64, mut open: Option<u64>, each: &mut impl FnMut(u64, u64)) -> Option<u64> {
    let mut at = 0;
    while at < WORD_BITS {
        let rest = word >> at;
        match open {
            None if rest == 0 => return None,
            None => {
                at += u64::from(rest.trailing_zeros());
                open = Some(start + at);
            }
            Some(from) => {
                at += u64::from(rest.trailing_ones());
                if at < WORD_BITS {
                    each(from, start + at - 1);
                    open = None;
                }
            }
        }
    }
    open
}
