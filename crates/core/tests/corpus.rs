//! Replays the kept inputs of the fuzz targets.
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;

#[path = "../../../fuzz/inputs/accounts.rs"]
mod accounts;
#[path = "../../../fuzz/inputs/core.rs"]
mod inputs;

fn replay(target: &str, read: fn(&[u8])) {
    for input in kept(target) {
        read(&std::fs::read(input).unwrap());
    }
}

/// Inputs whose names begin with `valid` have to be accepted.
fn replay_judged(target: &str, read: fn(&[u8]) -> bool) {
    for input in kept(target) {
        let is_accepted = read(&std::fs::read(&input).unwrap());
        let is_valid = input.file_name().unwrap().to_string_lossy().starts_with("valid");
        assert!(is_accepted || !is_valid, "{}", input.display());
    }
}

fn kept(target: &str) -> Vec<PathBuf> {
    let corpus = format!("{}/../../fuzz/corpus/{target}", env!("CARGO_MANIFEST_DIR"));
    let inputs: Vec<_> = std::fs::read_dir(&corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(!inputs.is_empty(), "{corpus}");
    inputs
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
fn the_kept_proofs_of_possession_are_read_as_they_must_be() {
    replay("dpop_proof", inputs::dpop_proof);
}

#[test]
fn the_kept_request_objects_are_read_as_they_must_be() {
    replay("request_object", inputs::request_object);
}

#[test]
fn the_kept_client_documents_are_read_as_they_must_be() {
    replay("client_document", inputs::client_document);
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

#[test]
fn the_kept_new_passkeys_are_read_as_they_must_be() {
    replay_judged("passkey_registration", accounts::passkey_registration);
}

#[test]
fn the_kept_proofs_of_passkeys_are_read_as_they_must_be() {
    replay_judged("passkey_assertion", accounts::passkey_assertion);
}

#[test]
fn the_kept_id_tokens_of_providers_are_read_as_they_must_be() {
    replay_judged("id_token", accounts::id_token);
}

#[test]
fn the_kept_metadata_of_providers_are_read_as_they_must_be() {
    replay_judged("provider_metadata", accounts::provider_metadata);
}

#[test]
fn the_kept_claims_of_providers_are_read_as_they_must_be() {
    replay_judged("provider_claims", accounts::provider_claims);
}

#[test]
fn the_kept_encrypted_backups_are_read_as_they_must_be() {
    replay_judged("encrypted_backup", accounts::encrypted_backup);
}

#[test]
fn the_kept_profiles_are_read_as_they_must_be() {
    replay_judged("profile", accounts::profile);
}
