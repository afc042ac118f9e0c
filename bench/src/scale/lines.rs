//! Lines as they travel: many of one gateway at once, told by their numbers. Pure.

/// Lines that a gateway wrote in one tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) gateway: usize,
    /// The first one's number, and the one after the last's.
    pub(super) from: u64,
    pub(super) to: u64,
    /// The middle of the tick.
    pub(super) made_us: u64,
}

impl Span {
    pub(super) const fn lines(&self) -> u64 {
        self.to - self.from
    }

    /// The first so many lines, and the others.
    pub(super) const fn split(self, lines: u64) -> (Self, Self) {
        let at = self.from + lines;
        (Self { to: at, ..self }, Self { from: at, ..self })
    }
}

/// Numbers, as ranges that ascend and do not touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ranges(Vec<(u64, u64)>);

impl Ranges {
    /// Adds those from one up to, but without, the other; how many of them are new.
    pub(super) fn add(&mut self, from: u64, to: u64) -> u64 {
        if from >= to {
            return 0;
        }
        let first = self.0.partition_point(|range| range.1 < from);
        let after = self.0.partition_point(|range| range.0 <= to);
        if first == after {
            self.0.insert(first, (from, to));
            return to - from;
        }
        let known: u64 = self.0[first..after].iter().map(|range| overlap(*range, from, to)).sum();
        self.0[first] = (self.0[first].0.min(from), self.0[after - 1].1.max(to));
        self.0.drain(first + 1..after);
        to - from - known
    }

    /// How many of these are there.
    pub(super) fn count(&self, from: u64, to: u64) -> u64 {
        let first = self.0.partition_point(|range| range.1 <= from);
        self.0[first..].iter().take_while(|range| range.0 < to).map(|range| overlap(*range, from, to)).sum()
    }
}

fn overlap(range: (u64, u64), from: u64, to: u64) -> u64 {
    range.1.min(to).saturating_sub(range.0.max(from))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn ranges_agree_with_plain_sets(acts in proptest::collection::vec((0u64..60, 0u64..12), 1..40)) {
            let (mut ranges, mut set) = (Ranges::default(), BTreeSet::new());
            for (from, length) in acts {
                let to = from + length;
                let there = (from..to).filter(|number| set.contains(number)).count() as u64;
                prop_assert_eq!(ranges.count(from, to), there);
                let new = (from..to).filter(|number| set.insert(*number)).count() as u64;
                prop_assert_eq!(ranges.add(from, to), new);
                prop_assert_eq!(ranges.count(0, 100), set.len() as u64);
                prop_assert!(ranges.0.windows(2).all(|pair| pair[0].1 < pair[1].0), "{ranges:?}");
            }
        }
    }

    #[test]
    fn a_span_is_parted_and_nothing_is_between() {
        let span = Span { gateway: 3, from: 10, to: 15, made_us: 7 };
        let (first, rest) = span.split(2);
        assert_eq!((first.from, first.to, rest.from, rest.to, rest.gateway), (10, 12, 12, 15, 3));
        assert_eq!(first.lines() + rest.lines(), span.lines());
    }
}
