//! Where the fields of a line stand.

use super::MAX_FIELDS;

/// A field that is not there.
const ABSENT: u32 = u32::MAX;

/// Where the fields of one line stand. Reuse it: a line needs no other memory.
#[derive(Clone, Debug)]
pub struct Slots {
    bounds: [(u32, u32); MAX_FIELDS],
    pub(super) cut: bool,
}

impl Default for Slots {
    fn default() -> Self {
        Self { bounds: [(ABSENT, ABSENT); MAX_FIELDS], cut: false }
    }
}

impl Slots {
    /// A field's bytes; `None` if it is not there: captures that are not declared, and what a cut took.
    #[inline]
    pub fn get<'a>(&self, line: &'a [u8], field: usize) -> Option<&'a [u8]> {
        let (start, end) = self.bounds(field)?;
        line.get(start..end)
    }

    /// Whether HAProxy's buffer ended within the line.
    pub const fn is_cut(&self) -> bool {
        self.cut
    }

    #[inline]
    pub(super) fn bounds(&self, field: usize) -> Option<(usize, usize)> {
        match self.bounds.get(field) {
            Some((start, end)) if *start != ABSENT => Some((*start as usize, *end as usize)),
            _ => None,
        }
    }

    /// Forgets the line before.
    #[inline]
    pub(super) fn clear(&mut self, fields: usize) {
        self.bounds[..fields].fill((ABSENT, ABSENT));
        self.cut = false;
    }

    /// Lines are at most 16 KiB, and so far below 2³².
    #[inline]
    pub(super) fn set(&mut self, field: usize, start: usize, end: usize) {
        let place = |at: usize| u32::try_from(at).unwrap_or(ABSENT);
        self.bounds[field] = (place(start), place(end));
    }
}
