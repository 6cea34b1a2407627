//! The rules of `docs/spec/keys.md#verification`, one test each.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};
use common::{
    BODY, NOW, ORDER, PATH, TIME, accepted, bytes, hex, key, signature_bytes, token, unhex, vector, with_field,
    with_signature,
};
use secp256k1::ecdsa::Signature;
use sigma_bitcoin::{
    AuthToken, Invalid, MAX_TOKEN_BYTES, Malformed, PrivateKey, PrivateKeyError, PublicKey, PublicKeyError, Scheme,
    SignError, WifError, sign_auth_token,
};

const BOTH: [Scheme; 2] = [Scheme::Brc77, Scheme::Bsm];

/// The compressed generator point, and private key 1 in wallet import format.
const GENERATOR: &str = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
const WIF_ONE: &str = "KwDiBf89QgGbjEhKnhXJuH7LrciVrZi3qYjgd9M7rFU73sVHnoWn";

fn refusal(token: &str) -> Invalid {
    AuthToken::parse(token).unwrap().verify(PATH, BODY, NOW).unwrap_err()
}

fn malformation(token: &str) -> Malformed {
    AuthToken::parse(token).unwrap_err()
}

#[test]
fn a_token_longer_than_4_kib_is_refused_before_it_is_read() {
    let longest = "x".repeat(MAX_TOKEN_BYTES);
    assert_eq!(malformation(&longest), Malformed::Fields);
    assert_eq!(malformation(&format!("{longest}x")), Malformed::Length);
    let path = "/".repeat(MAX_TOKEN_BYTES);
    assert_eq!(sign_auth_token(&key(), Scheme::Bsm, &path, TIME, BODY, &[9; 32]), Err(SignError::Length));
}

#[test]
fn a_token_has_exactly_five_fields() {
    let token = token(Scheme::Bsm);
    for wrong in ["", "|", "||||", &format!("{token}|"), &format!("|{token}"), token.split_once('|').unwrap().1] {
        assert!(AuthToken::parse(wrong).is_err(), "{wrong}");
    }
    assert_eq!(malformation(&vector("i16").token), Malformed::Fields);
    assert_eq!(sign_auth_token(&key(), Scheme::Bsm, "/a|b", TIME, BODY, &[9; 32]), Err(SignError::Path));
}

#[test]
fn the_scheme_is_exact() {
    for wrong in ["BSM", "Brc77", "brc78", "bsm ", "", "bsm\0"] {
        assert_eq!(malformation(&with_field(&token(Scheme::Bsm), 1, wrong)), Malformed::Scheme);
    }
}

#[test]
fn a_public_key_has_one_spelling() {
    let right = key().public_key().to_hex();
    assert_eq!(PublicKey::parse(&right), Ok(key().public_key()));
    let uncompressed = vector("p02").token;
    for wrong in [
        right.to_uppercase(),
        format!(" {right}"),
        format!("{right} "),
        format!("0x{right}"),
        format!("04{}", &right[2..]),
        format!("00{}", &right[2..]),
        format!("06{}", &right[2..]),
        right[2..].to_owned(),
        right[..65].to_owned(),
        uncompressed.split('|').next().unwrap().to_owned(),
        String::new(),
    ] {
        assert_eq!(PublicKey::parse(&wrong), Err(PublicKeyError::Format), "{wrong}");
        let token = with_field(&token(Scheme::Bsm), 0, &wrong);
        assert_eq!(malformation(&token), Malformed::PublicKey(PublicKeyError::Format));
    }
}

#[test]
fn a_public_key_that_is_not_on_the_curve_is_refused() {
    for x in ["00".repeat(32), "00".repeat(31) + "05", "ff".repeat(32)] {
        assert_eq!(PublicKey::parse(&format!("02{x}")), Err(PublicKeyError::NotOnCurve), "{x}");
    }
}

#[test]
fn private_key_one_is_rejected() {
    assert_eq!(PublicKey::parse(GENERATOR), Err(PublicKeyError::KnownToEverybody));
    let one = bytes::<32>(&format!("{:064x}", 1));
    assert_eq!(PrivateKey::from_bytes(one).unwrap_err(), PrivateKeyError::KnownToEverybody);
    assert_eq!(PrivateKey::from_wif(WIF_ONE).unwrap_err(), WifError::Key(PrivateKeyError::KnownToEverybody));
    assert_eq!(malformation(&vector("p07").token), Malformed::PublicKey(PublicKeyError::KnownToEverybody));
    // Its neighbours are ordinary keys.
    assert!(PrivateKey::from_bytes(bytes(&format!("{:064x}", 2))).is_ok());
    let mut high = one;
    high[0] = 1;
    assert!(PrivateKey::from_bytes(high).is_ok());
}

#[test]
fn a_private_key_lies_below_the_order_of_the_curve() {
    for wrong in [[0; 32], bytes(ORDER), [0xff; 32]] {
        assert_eq!(PrivateKey::from_bytes(wrong).unwrap_err(), PrivateKeyError::OutOfRange);
    }
}

#[test]
fn a_wif_key_is_compressed_and_of_the_main_network() {
    let right = key().to_wif();
    assert_eq!(*PrivateKey::from_wif(&right).unwrap().to_wif(), *right);
    let uncompressed = "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ";
    let testnet = "cMahea7zqjxrtgAbB7LSGbcQUr1uX1ojuat9jZodMN87JcbXMTcA";
    // The first changes the key, the second only the checksum.
    let [typo, wrong_checksum] = [20, 51].map(|index| {
        let mut text = right.to_string();
        text.replace_range(index..=index, if &text[index..=index] == "x" { "y" } else { "x" });
        text
    });
    for wrong in
        [uncompressed, testnet, &typo, &wrong_checksum, &right[1..], &format!("{}1", *right), "", &"1".repeat(4096)]
    {
        assert_eq!(PrivateKey::from_wif(wrong).unwrap_err(), WifError::Format, "{wrong}");
    }
}

#[test]
fn an_invalid_timestamp_is_rejected() {
    for wrong in ["not-a-date", "", "Sun, 01 Mar 2026 12:00:00 GMT", "1772366400000", "NaN", "2026-02-30T00:00:00Z"] {
        assert_eq!(malformation(&with_field(&token(Scheme::Bsm), 2, wrong)), Malformed::Timestamp);
        assert_eq!(sign_auth_token(&key(), Scheme::Bsm, PATH, wrong, BODY, &[9; 32]), Err(SignError::Timestamp));
    }
}

#[test]
fn a_token_older_than_five_minutes_is_refused() {
    for scheme in BOTH {
        let token = AuthToken::parse(&token(scheme)).unwrap();
        assert!(token.verify(PATH, BODY, NOW + 300_000).is_ok());
        assert_eq!(token.verify(PATH, BODY, NOW + 300_001), Err(Invalid::Time));
        assert_eq!(token.verify(PATH, BODY, i64::MAX), Err(Invalid::Time));
    }
}

#[test]
fn a_token_more_than_five_minutes_ahead_is_refused() {
    for scheme in BOTH {
        let token = AuthToken::parse(&token(scheme)).unwrap();
        assert!(token.verify(PATH, BODY, NOW - 300_000).is_ok());
        assert_eq!(token.verify(PATH, BODY, NOW - 300_001), Err(Invalid::Time));
        assert_eq!(token.verify(PATH, BODY, i64::MIN), Err(Invalid::Time));
    }
}

#[test]
fn a_token_signed_for_another_path_is_refused() {
    for scheme in BOTH {
        let token = token(scheme);
        let parsed = AuthToken::parse(&token).unwrap();
        for other in ["/api/auth/sign-up/sigma", "/api/auth/sign-in/sigma/", "/API/auth/sign-in/sigma", ""] {
            assert_eq!(parsed.verify(other, BODY, NOW), Err(Invalid::Path));
            // The signature detects a rewritten field.
            let rewritten = AuthToken::parse(&with_field(&token, 3, other)).unwrap();
            assert_eq!(rewritten.verify(other, BODY, NOW), Err(Invalid::Signature));
        }
    }
}

#[test]
fn a_token_signs_the_exact_bytes_of_the_body() {
    for scheme in BOTH {
        let with_body = AuthToken::parse(&token(scheme)).unwrap();
        let without = sign_auth_token(&key(), scheme, PATH, TIME, b"", &[9; 32]).unwrap();
        let without = AuthToken::parse(&without).unwrap();
        assert_eq!(with_body.verify(PATH, b"", NOW), Err(Invalid::Signature));
        assert_eq!(without.verify(PATH, BODY, NOW), Err(Invalid::Signature));
        assert_eq!(with_body.verify(PATH, &[BODY, b"\n"].concat(), NOW), Err(Invalid::Signature));
        // The same parsed token is checked again, with what it signed.
        assert!(with_body.verify(PATH, BODY, NOW).is_ok());
        assert!(without.verify(PATH, b"", NOW).is_ok());
    }
}

#[test]
fn a_signature_has_one_spelling_in_base64() {
    for scheme in BOTH {
        let token = token(scheme);
        let bytes = signature_bytes(&token);
        let right = STANDARD.encode(&bytes);
        let mut wrong = vec![
            format!(" {right}"),
            format!("{right}\n"),
            format!("{right}="),
            format!("{}\n{}", &right[..8], &right[8..]),
            format!("-{}", &right[1..]),
        ];
        if right.ends_with('=') {
            wrong.push(STANDARD_NO_PAD.encode(&bytes));
            // The last digit before the padding has bits that belong to no byte: a lenient decoder drops them.
            let digits = right.trim_end_matches('=');
            let last = digits.chars().last().unwrap();
            let next = char::from(u8::try_from(last).unwrap() + 1);
            wrong.push(format!("{}{next}{}", &digits[..digits.len() - 1], &right[digits.len()..]));
        }
        if URL_SAFE.encode(&bytes) != right {
            wrong.push(URL_SAFE.encode(&bytes));
        }
        for wrong in wrong {
            assert_eq!(malformation(&with_field(&token, 4, &wrong)), Malformed::Signature, "{wrong}");
        }
    }
}

#[test]
fn a_bsm_token_naming_another_pubkey_than_its_signer_is_refused() {
    let other = PrivateKey::from_bytes([8; 32]).unwrap().public_key().to_hex();
    assert_eq!(refusal(&with_field(&token(Scheme::Bsm), 0, &other)), Invalid::Signature);
}

#[test]
fn a_bsm_signature_is_65_bytes_with_a_header_of_27_to_34() {
    let token = token(Scheme::Bsm);
    let right = signature_bytes(&token);
    for length in [0, 1, 64] {
        assert_eq!(refusal(&with_signature(&token, &right[..length])), Invalid::Compact);
    }
    assert_eq!(refusal(&with_signature(&token, &[&right[..], &[0]].concat())), Invalid::Compact);
    for header in 0..=255 {
        let with_header = with_signature(&token, &[&[header], &right[1..]].concat());
        assert_eq!(accepted(&with_header).is_some(), (27..=34).contains(&header), "{header}");
    }
}

#[test]
fn a_bsm_signature_has_both_numbers_within_the_order_of_the_curve() {
    let token = token(Scheme::Bsm);
    let right = signature_bytes(&token);
    let (r, s) = (&right[1..33], &right[33..]);
    for wrong in [[0; 32], bytes(ORDER), [0xff; 32]] {
        assert_eq!(refusal(&with_signature(&token, &[&right[..1], &wrong, s].concat())), Invalid::Signature);
        assert_eq!(refusal(&with_signature(&token, &[&right[..1], r, &wrong].concat())), Invalid::Signature);
    }
}

/// `n - s`, which satisfies the same equation.
fn high_s(low: &[u8]) -> Vec<u8> {
    let negated = secp256k1::SecretKey::from_secret_bytes(low.try_into().unwrap()).unwrap().negate();
    negated.to_secret_bytes().to_vec()
}

#[test]
fn a_signature_with_a_high_s_is_refused() {
    let bsm = token(Scheme::Bsm);
    let right = signature_bytes(&bsm);
    let twin = [&right[..33], &high_s(&right[33..])].concat();
    assert_eq!(refusal(&with_signature(&bsm, &twin)), Invalid::Signature);

    let brc77 = token(Scheme::Brc77);
    let right = signature_bytes(&brc77);
    let compact = Signature::from_der(&right[70..]).unwrap().serialize_compact();
    let twin = Signature::from_compact(&[&compact[..32], &high_s(&compact[32..])].concat()).unwrap();
    let twin = [&right[..70], &*twin.serialize_der()].concat();
    assert_eq!(refusal(&with_signature(&brc77, &twin)), Invalid::Signature);
    assert_eq!(refusal(&vector("p01").token.replace('\n', "")), Invalid::Signature);
}

#[test]
fn a_brc77_token_naming_another_pubkey_than_its_signer_is_refused() {
    let victim = PrivateKey::from_bytes([8; 32]).unwrap().public_key().to_hex();
    assert_eq!(refusal(&with_field(&token(Scheme::Brc77), 0, &victim)), Invalid::Signer);
    // Writing the victim's key into the blob as well changes the key that must have signed.
    let forged = with_field(&token(Scheme::Brc77), 0, &victim);
    let mut blob = signature_bytes(&forged);
    blob.splice(4..37, unhex(&victim));
    assert_eq!(refusal(&with_signature(&forged, &blob)), Invalid::Signature);
}

#[test]
fn a_brc77_token_addressed_to_one_recipient_is_refused() {
    let token = token(Scheme::Brc77);
    let blob = signature_bytes(&token);
    for recipient in [key().public_key().as_bytes().to_vec(), vec![1], vec![2], vec![0xff]] {
        let private = [&blob[..37], &recipient, &blob[38..]].concat();
        assert_eq!(refusal(&with_signature(&token, &private)), Invalid::Recipient);
    }
}

#[test]
fn a_brc77_token_has_version_1() {
    let token = token(Scheme::Brc77);
    let blob = signature_bytes(&token);
    for index in 0..4 {
        let mut other = blob.clone();
        other[index] ^= 1;
        assert_eq!(refusal(&with_signature(&token, &other)), Invalid::Version);
    }
}

#[test]
fn a_brc77_token_cut_short_anywhere_is_refused() {
    let token = token(Scheme::Brc77);
    let blob = signature_bytes(&token);
    for length in 0..blob.len() {
        assert_eq!(accepted(&with_signature(&token, &blob[..length])), None, "{length}");
    }
    assert_eq!(refusal(&with_signature(&token, &blob[..70])), Invalid::Truncated);
}

#[test]
fn a_brc77_signature_is_strict_der() {
    let token = token(Scheme::Brc77);
    let blob = signature_bytes(&token);
    let (head, der) = blob.split_at(70);
    assert!(accepted(&with_signature(&token, &[head, der].concat())).is_some());
    let (r, s) = der[4..].split_at(usize::from(der[3]));
    let s = &s[2..];
    let sequence = |content: &[u8]| [&[0x30, u8::try_from(content.len()).unwrap()], content].concat();
    let integer = |value: &[u8]| [&[0x02, u8::try_from(value.len()).unwrap()], value].concat();
    let zero_padded = sequence(&[integer(&[&[0], r].concat()), integer(s)].concat());
    let long_form = [&[0x30, 0x81, der[1]], &der[2..]].concat();
    let trailing = [der, &[0]].concat();
    let trailing_inside = sequence(&[&der[2..], &[0]].concat());
    let negative = sequence(&[integer(r), integer(&[&[s[0] | 0x80], &s[1..]].concat())].concat());
    let zero = sequence(&[integer(&[0]), integer(s)].concat());
    let empty = sequence(&[integer(&[]), integer(s)].concat());
    let other_tag = [&[0x31], &der[1..]].concat();
    for wrong in [zero_padded, long_form, trailing, trailing_inside, negative, zero, empty, other_tag] {
        let refused = refusal(&with_signature(&token, &[head, &wrong].concat()));
        assert_eq!(refused, Invalid::Signature, "{}", hex(&wrong));
    }
}

#[test]
fn two_signatures_of_one_request_have_the_same_replay_key() {
    let request = |scheme, body: &[u8], key_id| {
        let token = sign_auth_token(&key(), scheme, PATH, TIME, body, &[key_id; 32]).unwrap();
        AuthToken::parse(&token).unwrap().verify(PATH, body, NOW).unwrap()
    };
    let first = request(Scheme::Brc77, BODY, 1);
    assert_eq!(first, request(Scheme::Brc77, BODY, 2));
    assert_eq!(first, request(Scheme::Bsm, BODY, 0));
    assert_ne!(first.replay_key, request(Scheme::Brc77, b"", 1).replay_key);
    assert_eq!(first.expires_millis, NOW + 301_000);

    let bsm = token(Scheme::Bsm);
    let mut other_header = signature_bytes(&bsm);
    other_header[0] = if other_header[0] == 31 { 32 } else { 31 };
    assert_eq!(accepted(&bsm), accepted(&with_signature(&bsm, &other_header)));
}

#[test]
fn debug_output_shows_neither_private_keys_nor_signatures() {
    let token = token(Scheme::Bsm);
    let shown = format!("{:?} {:?}", key(), AuthToken::parse(&token).unwrap());
    assert!(!shown.contains(token.rsplit('|').next().unwrap()));
    assert!(!shown.contains(&"07".repeat(8)));
    assert!(shown.contains("PrivateKey(…)") && shown.contains(PATH));
}
