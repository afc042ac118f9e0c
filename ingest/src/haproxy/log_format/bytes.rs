//! Sets of bytes: what a field may hold, by which its end is found.

/// A set of byte values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ByteSet([u64; 4]);

impl ByteSet {
    pub(super) const EMPTY: Self = Self([0; 4]);

    /// Every byte of `bytes`.
    pub(super) const fn of(bytes: &[u8]) -> Self {
        let mut set = Self::EMPTY;
        let mut at = 0;
        while at < bytes.len() {
            set = set.with(bytes[at]);
            at += 1;
        }
        set
    }

    /// Every byte but those of `bytes`.
    pub(super) const fn all_but(bytes: &[u8]) -> Self {
        let Self([a, b, c, d]) = Self::of(bytes);
        Self([!a, !b, !c, !d])
    }

    pub(super) const fn alphanumeric_and(more: &[u8]) -> Self {
        let mut set = Self::of(more);
        let mut byte = 0u8;
        while byte < 128 {
            if byte.is_ascii_alphanumeric() {
                set = set.with(byte);
            }
            byte += 1;
        }
        set
    }

    const fn with(mut self, byte: u8) -> Self {
        self.0[(byte >> 6) as usize] |= 1 << (byte & 63);
        self
    }

    pub(super) const fn union(self, other: Self) -> Self {
        let (Self([a, b, c, d]), Self([e, f, g, h])) = (self, other);
        Self([a | e, b | f, c | g, d | h])
    }

    #[inline]
    pub(super) const fn has(self, byte: u8) -> bool {
        self.0[(byte >> 6) as usize] >> (byte & 63) & 1 == 1
    }

    /// Whether a text of these bytes can contain `text`. If it cannot, the first `text` behind it is not within it, nor
    /// does it begin there: it would have to repeat with a period that lies within the set, and be all of it.
    pub(super) fn can_hold(self, text: &[u8]) -> bool {
        text.iter().all(|byte| self.has(*byte))
    }
}
