//! Replays the kept inputs of the fuzz targets.
#![allow(clippy::unwrap_used)]

#[path = "../../../fuzz/inputs/bitcoin.rs"]
mod inputs;

fn replay(target: &str, read: fn(&[u8])) {
    let corpus = format!("{}/../../fuzz/corpus/{target}", env!("CARGO_MANIFEST_DIR"));
    let inputs: Vec<_> = std::fs::read_dir(&corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(!inputs.is_empty(), "{corpus}");
    for input in inputs {
        read(&std::fs::read(input).unwrap());
    }
}

#[test]
fn the_kept_auth_tokens_are_read_as_they_must_be() {
    replay("auth_token", inputs::auth_token);
}

#[test]
fn the_kept_public_keys_are_read_as_they_must_be() {
    replay("public_key", inputs::public_key);
}

#[test]
fn the_kept_bap_ids_are_read_as_they_must_be() {
    replay("bap_id", inputs::bap_id);
}
