//! A few bytes, written one after the other without an allocation.

/// At most `N` bytes. Its users' bounds keep within them.
pub(super) struct Bytes<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Bytes<N> {
    pub(super) const fn new() -> Self {
        Self { bytes: [0; N], len: 0 }
    }

    pub(super) fn put(&mut self, more: &[u8]) {
        let end = self.len + more.len();
        self.bytes[self.len..end].copy_from_slice(more);
        self.len = end;
    }

    /// A text of at most 255 bytes: its length, then its bytes.
    pub(super) fn put_text(&mut self, text: &str) {
        self.put(&[u8::try_from(text.len()).unwrap_or(u8::MAX)]);
        self.put(text.as_bytes());
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}
