//! Replays the kept inputs of the fuzz targets.
#![allow(clippy::unwrap_used)]

#[path = "../../../fuzz/inputs/platform.rs"]
mod inputs;

/// Inputs whose names begin with `valid` have to be accepted.
fn replay(target: &str, read: fn(&[u8]) -> bool) {
    let corpus = format!("{}/../../fuzz/corpus/{target}", env!("CARGO_MANIFEST_DIR"));
    let inputs: Vec<_> = std::fs::read_dir(&corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(!inputs.is_empty(), "{corpus}");
    for input in inputs {
        let is_accepted = read(&std::fs::read(&input).unwrap());
        let is_valid = input.file_name().unwrap().to_string_lossy().starts_with("valid");
        assert!(is_accepted || !is_valid, "{}", input.display());
    }
}

#[test]
fn the_kept_pictures_are_read_as_they_must_be() {
    replay("picture", inputs::picture);
}

#[test]
fn the_kept_sealed_values_are_read_as_they_must_be() {
    replay("sealed", inputs::sealed);
}
