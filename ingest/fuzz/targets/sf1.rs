//! Fuzzes the SF1 body: see `suiftly_fuzz::sf1`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| suiftly_fuzz::sf1::check(data));
