//! Real HAProxy output, and what reads it in the tests.

use liblzma::read::XzDecoder;
use std::io::Read;
use std::path::PathBuf;

pub(crate) const SF1: &str = "sf1-rfc5424.log.xz";
pub(crate) const HTTPLOG_3164: &str = "httplog-rfc3164.log.xz";
pub(crate) const HTTPLOG_5424: &str = "httplog-rfc5424.log.xz";
pub(crate) const RING: &str = "ring-octet-count.raw.xz";

pub(crate) fn path(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "data", name].iter().collect()
}

pub(crate) fn bytes(name: &str) -> Vec<u8> {
    let file = std::fs::File::open(path(name)).unwrap();
    let mut bytes = Vec::new();
    XzDecoder::new(file).read_to_end(&mut bytes).unwrap();
    bytes
}

pub(crate) fn lines(name: &str) -> Vec<String> {
    String::from_utf8(bytes(name)).unwrap().lines().map(str::to_owned).collect()
}

/// A ring's frames, cut by hand.
pub(crate) fn ring_frames() -> Vec<String> {
    let ring = String::from_utf8(bytes(RING)).unwrap();
    let mut frames = Vec::new();
    let mut rest = ring.as_str();
    while let Some((count, after)) = rest.split_once(' ') {
        let (frame, next) = after.split_at(count.parse().unwrap());
        frames.push(frame.to_owned());
        rest = next;
    }
    frames
}

/// A small, seeded generator: the same sequence on every machine.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).unwrap()
    }
}
