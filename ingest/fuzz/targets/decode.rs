//! Fuzzes blocks of lines into batches: see `suiftly_fuzz::decode`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| suiftly_fuzz::decode::check(data));
