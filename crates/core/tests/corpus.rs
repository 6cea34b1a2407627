//! Replays the kept inputs of the fuzz targets.
#![allow(clippy::unwrap_used)]

#[path = "../../../fuzz/inputs/core.rs"]
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
fn the_kept_signed_tokens_are_read_as_they_must_be() {
    replay("jws", inputs::jws);
}

#[test]
fn the_kept_key_sets_are_read_as_they_must_be() {
    replay("jwk_set", inputs::jwk_set);
}

#[test]
fn the_kept_client_assertions_are_read_as_they_must_be() {
    replay("client_assertion", inputs::client_assertion);
}

#[test]
fn the_kept_redirect_uris_are_read_as_they_must_be() {
    replay("redirect_uri", inputs::redirect_uri);
}

#[test]
fn the_kept_challenges_and_verifiers_are_read_as_they_must_be() {
    replay("pkce", inputs::pkce);
}

#[test]
fn the_kept_authorization_requests_are_read_as_they_must_be() {
    replay("authorization_request", inputs::authorization_request);
}

#[test]
fn the_kept_claims_parameters_are_read_as_they_must_be() {
    replay("claims_parameter", inputs::claims_parameter);
}

#[test]
fn the_kept_session_tokens_are_read_as_they_must_be() {
    replay("session_token", inputs::session_token);
}

#[test]
fn the_kept_api_keys_are_read_as_they_must_be() {
    replay("api_key", inputs::api_key);
}

#[test]
fn the_kept_email_addresses_are_read_as_they_must_be() {
    replay("email", inputs::email);
}
