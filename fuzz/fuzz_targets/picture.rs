#![no_main]
//! See `inputs/platform.rs`.

#[path = "../inputs/platform.rs"]
mod inputs;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    inputs::picture(input);
});
