#![no_main]
//! See `inputs/core.rs`.

#[path = "../inputs/core.rs"]
mod inputs;

libfuzzer_sys::fuzz_target!(|input: &[u8]| inputs::client_document(input));
