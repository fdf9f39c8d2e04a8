#![no_main]

#[path = "../../tests/it/any_bytes.rs"]
#[expect(dead_code, reason = "each target checks one claim of the file that all share")]
mod any_bytes;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| any_bytes::guard(bytes));
