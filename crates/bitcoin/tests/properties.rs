//! Properties of every input: nothing panics, our signatures verify, and any change is detected.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use common::{BODY, NOW, PATH, TIME, accepted, signature_bytes, token, vectors, with_field};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use sigma_bitcoin::{AuthToken, BapId, PrivateKey, PublicKey, Scheme, sign_auth_token};

fn any_scheme() -> impl Strategy<Value = Scheme> {
    select(vec![Scheme::Brc77, Scheme::Bsm])
}

fn any_key() -> impl Strategy<Value = PrivateKey> {
    any::<[u8; 32]>().prop_filter_map("not a private key", |bytes| PrivateKey::from_bytes(bytes).ok())
}

/// The format of known clients, from year 0 to 9999.
fn any_timestamp() -> impl Strategy<Value = String> {
    (0..10_000, 1..=12, 1..=28, 0..24, 0..60, 0..60, 0..1_000).prop_map(
        |(year, month, day, hour, minute, second, millis)| {
            format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
        },
    )
}

/// Parses a text as everything that clients can send us, and uses whatever parses.
fn read(text: &str) {
    let _ = PublicKey::parse(text).map(|key| (key.to_hex(), key.address(), BapId::of_public_key(&key)));
    let _ = BapId::parse(text);
    let _ = BapId::of_address(text);
    let _ = PrivateKey::from_wif(text);
    if let Ok(token) = AuthToken::parse(text) {
        let _ = token.verify(token.request_path(), BODY, token.timestamp_millis());
        let _ = token.verify(PATH, b"", i64::MIN);
    }
}

/// The token with the character at `index` replaced.
fn with_character(token: &str, index: Index, other: char) -> String {
    let mut characters: Vec<char> = token.chars().collect();
    let index = index.index(characters.len());
    characters[index] = other;
    characters.into_iter().collect()
}

proptest! {
    #[test]
    fn no_text_panics(text in any::<String>()) {
        read(&text);
    }

    #[test]
    fn no_five_fields_panic(
        pubkey in "0[23][0-9a-f]{64}",
        scheme in any_scheme(),
        timestamp in "[0-9]{4}-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9](\\.[0-9]{0,10})?(Z|[+-][0-9]{2}:[0-9]{2})",
        path in any::<String>(),
        version in any::<bool>(),
        signature in vec(any::<u8>(), 0..160),
    ) {
        let signature = if version { [b"\x42\x42\x33\x01", signature.as_slice()].concat() } else { signature };
        let token = [&pubkey, scheme.as_str(), &timestamp, &path, ""].join("|");
        read(&common::with_signature(&token.replace('\u{0}', ""), &signature));
    }

    #[test]
    fn no_change_of_a_vector_panics(
        vector in select(vectors().vectors.into_iter().map(|vector| vector.token).collect::<Vec<_>>()),
        index in any::<Index>(),
        other in any::<char>(),
        length in any::<Index>(),
    ) {
        prop_assume!(!vector.is_empty());
        read(&with_character(&vector, index, other));
        read(&vector[..vector.floor_char_boundary(length.index(vector.len()))]);
    }

    #[test]
    fn signed_tokens_verify(
        key in any_key(),
        scheme in any_scheme(),
        path in "[^|]{0,200}",
        timestamp in any_timestamp(),
        body in vec(any::<u8>(), 0..300),
        key_id in any::<[u8; 32]>(),
        skew in -300_000_i64..=300_000,
    ) {
        let text = sign_auth_token(&key, scheme, &path, &timestamp, &body, &key_id).unwrap();
        let token = AuthToken::parse(&text).unwrap();
        let verified = token.verify(&path, &body, token.timestamp_millis() + skew).unwrap();
        prop_assert_eq!(verified.pubkey, key.public_key());
        prop_assert_eq!(PublicKey::parse(&key.public_key().to_hex()), Ok(key.public_key()));
    }

    /// The header byte of `bsm` is the exception: it says how to recover a key, which nobody does.
    #[test]
    fn a_changed_character_of_the_token_is_noticed(
        scheme in any_scheme(),
        index in any::<Index>(),
        other in prop_oneof![any::<char>(), "[0-9a-zA-Z+/=|]".prop_map(|text| text.chars().next().unwrap())],
    ) {
        let right = token(scheme);
        let changed = with_character(&right, index, other);
        prop_assume!(changed != right);
        if let Some(verified) = accepted(&changed) {
            prop_assert_eq!(scheme, Scheme::Bsm);
            prop_assert_eq!(&signature_bytes(&changed)[1..], &signature_bytes(&right)[1..]);
            prop_assert_eq!(Some(verified), accepted(&right));
        }
    }

    #[test]
    fn a_changed_byte_of_the_signature_is_noticed(
        scheme in any_scheme(),
        index in any::<Index>(),
        flip in 1_u8..=255,
    ) {
        let right = token(scheme);
        let mut signature = signature_bytes(&right);
        let index = index.index(signature.len());
        prop_assume!(scheme == Scheme::Brc77 || index > 0);
        signature[index] ^= flip;
        prop_assert_eq!(accepted(&common::with_signature(&right, &signature)), None);
    }

    #[test]
    fn a_changed_byte_of_the_body_is_noticed(scheme in any_scheme(), index in any::<Index>(), flip in 1_u8..=255) {
        let mut body = BODY.to_vec();
        let index = index.index(body.len());
        body[index] ^= flip;
        prop_assert!(AuthToken::parse(&token(scheme)).unwrap().verify(PATH, &body, NOW).is_err());
    }

    #[test]
    fn a_changed_path_is_noticed(scheme in any_scheme(), path in "[^|]{0,40}") {
        prop_assume!(path != PATH);
        let right = token(scheme);
        prop_assert!(AuthToken::parse(&right).unwrap().verify(&path, BODY, NOW).is_err());
        prop_assert!(AuthToken::parse(&with_field(&right, 3, &path)).unwrap().verify(&path, BODY, NOW).is_err());
    }

    #[test]
    fn a_changed_time_is_noticed(scheme in any_scheme(), timestamp in any_timestamp()) {
        prop_assume!(timestamp != TIME);
        let token = AuthToken::parse(&with_field(&token(scheme), 2, &timestamp)).unwrap();
        prop_assert!(token.verify(PATH, BODY, token.timestamp_millis()).is_err());
    }

    #[test]
    fn a_changed_pubkey_is_noticed(scheme in any_scheme(), key in any_key()) {
        prop_assert_eq!(accepted(&with_field(&token(scheme), 0, &key.public_key().to_hex())), None);
    }

    #[test]
    fn both_sides_derive_children_that_belong_together(own in any_key(), other in any_key(), invoice in any::<String>()) {
        let own_child = own.derive_child(&other.public_key(), &invoice).unwrap();
        let other_child = other.derive_child(&own.public_key(), &invoice).unwrap();
        prop_assert_eq!(own_child.public_key() == other_child.public_key(), own.public_key() == other.public_key());
        prop_assert_eq!(&*PrivateKey::from_wif(&own_child.to_wif()).unwrap().to_wif(), &*own_child.to_wif());
    }
}
