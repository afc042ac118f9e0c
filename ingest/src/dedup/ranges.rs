//! A set of numbers as disjoint ranges: what has been received below the window. Bounded by whoever inserts.

use std::collections::BTreeMap;

/// Ranges by their start; each maps to its end, inclusive. No two touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ranges(BTreeMap<u64, u64>);

impl Ranges {
    pub(super) fn contains(&self, number: u64) -> bool {
        self.0.range(..=number).next_back().is_some_and(|(_, end)| *end >= number)
    }

    /// Adds `start..=end`, none of which may be there yet.
    pub(super) fn insert(&mut self, start: u64, end: u64) {
        let after_end = end.checked_add(1).and_then(|after| self.0.remove(&after));
        let end = after_end.unwrap_or(end);
        match self.0.range_mut(..start).next_back() {
            Some((_, before_end)) if *before_end + 1 == start => *before_end = end,
            _ => {
                self.0.insert(start, end);
            }
        }
    }

    /// Closes the lowest gaps until at most `most` ranges are left; returns how many numbers were in them.
    pub(super) fn close_lowest_gaps(&mut self, most: usize) -> u64 {
        let mut closed = 0;
        while self.0.len() > most.max(1) {
            let (Some((first, first_end)), Some((second, second_end))) = (self.0.pop_first(), self.0.pop_first())
            else {
                break;
            };
            closed += second - first_end - 1;
            self.0.insert(first, second_end);
        }
        closed
    }

    /// Takes out everything from `number` on.
    pub(super) fn split_off(&mut self, number: u64) -> Self {
        let mut above = self.0.split_off(&number);
        if let Some((_, end)) = self.0.range_mut(..number).next_back()
            && *end >= number
        {
            above.insert(number, *end);
            *end = number - 1;
        }
        Self(above)
    }

    /// The ranges in order, ends inclusive.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, u64)> {
        self.0.iter().map(|(start, end)| (*start, *end))
    }

    /// All numbers that much higher.
    pub(super) fn shift(&mut self, by: u64) {
        self.0 = self.0.iter().map(|(start, end)| (start + by, end + by)).collect();
    }
}
