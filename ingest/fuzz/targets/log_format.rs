//! Fuzzes log-format strings and lines of them: see `suiftly_fuzz::log_format`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| suiftly_fuzz::log_format::check(data));
