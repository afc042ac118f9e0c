//! What each fuzz target holds its input against. A target is a function of bytes that panics if a promise is broken;
//! `targets/` hands them to libFuzzer, `cargo xtask fuzz` builds and runs them.
//!
//! Every target promises first of all that nothing panics, overflows, hangs or grows without bound, whatever comes.

#![forbid(unsafe_code)]

pub mod decode;
pub mod frame;
pub mod httplog;
pub mod journal;
pub mod log_format;
mod record;
pub mod sf1;
pub mod syslog;

use suiftly_schema::time::UnixMillis;

/// When the lines are received: 2026-11-21T22:01:27Z, a little after those of the seed corpus were written.
const RECEIVED: UnixMillis = UnixMillis(1_795_298_487_000);

/// Whether a slice is nothing, or stands within another one's memory.
fn is_within(part: &[u8], whole: &[u8]) -> bool {
    let (range, whole) = (part.as_ptr_range(), whole.as_ptr_range());
    part.is_empty() || (range.start >= whole.start && range.end <= whole.end)
}

/// A small, seeded generator.
struct Random(u32);

impl Random {
    const fn new(seed: [u8; 4]) -> Self {
        Self(u32::from_le_bytes(seed) | 1)
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 as usize % bound.max(1)
    }
}
