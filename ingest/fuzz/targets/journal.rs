//! Fuzzes blocks and segments: see `suiftly_fuzz::journal`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| suiftly_fuzz::journal::check(data));
