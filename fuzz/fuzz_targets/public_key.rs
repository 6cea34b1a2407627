#![no_main]
//! See `inputs/bitcoin.rs`.

#[path = "../inputs/bitcoin.rs"]
mod inputs;

libfuzzer_sys::fuzz_target!(|input: &[u8]| inputs::public_key(input));
