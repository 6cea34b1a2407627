//! Replays the kept inputs of the fuzz targets.
#![allow(clippy::unwrap_used)]

#[path = "../../../fuzz/inputs/edge.rs"]
mod inputs;

/// Inputs whose names begin with `valid` have to be accepted.
#[test]
fn the_kept_answers_of_servers_are_read_as_they_must_be() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/redis_reply");
    let inputs: Vec<_> = std::fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(!inputs.is_empty());
    for input in inputs {
        let is_accepted = inputs::redis_reply(&std::fs::read(&input).unwrap());
        let is_valid = input.file_name().unwrap().to_string_lossy().starts_with("valid");
        assert!(is_accepted || !is_valid, "{}", input.display());
    }
}
