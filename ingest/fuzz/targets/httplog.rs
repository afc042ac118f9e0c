//! Fuzzes the httplog body: see `suiftly_fuzz::httplog`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| suiftly_fuzz::httplog::check(data));
