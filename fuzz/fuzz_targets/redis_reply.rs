#![no_main]
//! See `inputs/edge.rs`.

#[path = "../inputs/edge.rs"]
mod inputs;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    inputs::redis_reply(input);
});
