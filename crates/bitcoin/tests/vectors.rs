//! Every token of the vector file, with its expected verdict.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use aws_lc_rs::digest::{SHA256, digest};
use common::{Vector, hex, signature_bytes, vector, vectors};
use sigma_bitcoin::{AuthToken, Invalid, Malformed, PrivateKey, PublicKeyError, Scheme, sign_auth_token};

/// Our verdict on a vector, in the terms of its `strictReason`.
fn verdict(vector: &Vector) -> &'static str {
    let token = match AuthToken::parse(&vector.token) {
        Ok(token) => token,
        Err(Malformed::Length) => return "length",
        Err(Malformed::Fields) => return "fields",
        Err(Malformed::PublicKey(PublicKeyError::KnownToEverybody)) => return "G",
        Err(Malformed::PublicKey(_)) => return "pubkey",
        Err(Malformed::Scheme) => return "scheme",
        Err(Malformed::Timestamp) => return "timestamp",
        Err(Malformed::Signature) => return "b64",
    };
    match token.verify(&vector.request_path, &vector.body(), vector.now()) {
        Ok(_) => "ok",
        Err(Invalid::Path) => "path",
        Err(Invalid::Time) => "time",
        Err(Invalid::Compact) => "compact",
        Err(Invalid::Version) => "version",
        Err(Invalid::Recipient) => "private",
        Err(Invalid::Signer) => "signer",
        Err(Invalid::Truncated) => "short",
        Err(Invalid::Signature) => "sig",
    }
}

#[test]
fn every_vector_gets_the_expected_result_and_reason() {
    let vectors = vectors().vectors;
    assert_eq!(vectors.len(), 57);
    for vector in &vectors {
        assert_eq!(verdict(vector), vector.strict_reason, "{}", vector.id);
        assert_eq!(vector.strict_reason == "ok", vector.valid, "{}", vector.id);
    }
}

#[test]
fn a_valid_vector_names_its_signer_and_how_long_to_remember_it() {
    for vector in vectors().vectors.iter().filter(|vector| vector.valid) {
        let token = AuthToken::parse(&vector.token).unwrap();
        assert_eq!(token.request_path(), vector.request_path);
        assert_eq!(token.scheme().as_str(), vector.scheme);
        let verified = token.verify(&vector.request_path, &vector.body(), vector.now()).unwrap();
        assert_eq!(Some(verified.pubkey.to_hex()), vector.pubkey);
        assert_eq!(verified.expires_millis, token.timestamp_millis() + 301_000);
        let request = [verified.pubkey.as_bytes().as_slice(), vector.signed_message.as_bytes()].concat();
        assert_eq!(verified.replay_key, digest(&SHA256, &request).as_ref(), "{}", vector.id);
    }
}

#[test]
fn bsm_tokens_are_made_byte_for_byte_as_the_reference_makes_them() {
    // Those two were changed after signing: another header byte.
    let changed = ["v15-bsm-uncompressed-header", "v16-bsm-wrong-recovery-id"];
    let vectors = vectors().vectors;
    let bsm: Vec<_> = vectors
        .iter()
        .filter(|vector| vector.valid && vector.scheme == "bsm" && !changed.contains(&vector.id.as_str()))
        .collect();
    assert_eq!(bsm.len(), 7);
    for vector in bsm {
        let key = PrivateKey::from_wif(vector.wif.as_deref().unwrap()).unwrap();
        let token =
            sign_auth_token(&key, Scheme::Bsm, &vector.request_path, &vector.timestamp, &vector.body(), &[0; 32]);
        assert_eq!(token.as_ref(), Ok(&vector.token), "{}", vector.id);
    }
}

#[test]
fn brc77_tokens_are_made_byte_for_byte_when_the_key_id_is_the_same() {
    // ECDSA is deterministic (RFC 6979): only the random key id varies.
    for vector in vectors().vectors.iter().filter(|vector| vector.valid && vector.scheme == "brc77") {
        let key = PrivateKey::from_wif(vector.wif.as_deref().unwrap()).unwrap();
        let key_id: [u8; 32] = signature_bytes(&vector.token)[38..70].try_into().unwrap();
        let token =
            sign_auth_token(&key, Scheme::Brc77, &vector.request_path, &vector.timestamp, &vector.body(), &key_id);
        assert_eq!(token.as_ref(), Ok(&vector.token), "{}", vector.id);
    }
}

#[test]
fn the_parts_of_a_bsm_signature_are_those_of_the_reference() {
    let internals = vectors().bsm_internals;
    let vector = vector(internals["vector"].as_str().unwrap());
    let mut preimage = b"\x18Bitcoin Signed Message:\n".to_vec();
    preimage.push(u8::try_from(vector.signed_message.len()).unwrap());
    preimage.extend(vector.signed_message.as_bytes());
    assert_eq!(hex(&preimage), internals["preimageHex"]);
    let twice = digest(&SHA256, digest(&SHA256, &preimage).as_ref());
    assert_eq!(hex(twice.as_ref()), internals["doubleSha256"]);
    assert_eq!(hex(&signature_bytes(&vector.token)), internals["signatureHex"]);
}

#[test]
fn the_parts_of_a_brc77_signature_are_those_of_the_reference() {
    let internals = vectors().brc77_internals;
    let vector = vector(internals["vector"].as_str().unwrap());
    let blob = hex(&signature_bytes(&vector.token));
    let expected = ["version", "signerPubkey", "verifierByte", "keyIdHex", "derHex"]
        .map(|part| internals[part].as_str().unwrap())
        .concat();
    assert_eq!(blob, expected);
    // The child key is tested next to the derivation itself, in `brc42.rs`.
    assert_eq!(hex(digest(&SHA256, vector.signed_message.as_bytes()).as_ref()), internals["sha256OfMessage"]);
}
