//! Fuzzes streams and datagrams into frames: see `suiftly_fuzz::frame`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| suiftly_fuzz::frame::check(data));
