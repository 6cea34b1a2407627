#![no_main]
//! See `inputs/accounts.rs`.

#[path = "../inputs/accounts.rs"]
mod inputs;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    inputs::passkey_registration(input);
});
