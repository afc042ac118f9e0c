//! Fuzzes the syslog header: see `suiftly_fuzz::syslog`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| suiftly_fuzz::syslog::check(data));
