//! Signing a token beside the bare signature over the same bytes: what the form costs.
#![allow(clippy::unwrap_used, missing_docs)]

use divan::{Bencher, black_box};
use serde::Serialize;
use sigma_core::jose::{Algorithm, SigningKey, TokenKind, UnverifiedJws, sign};

/// The claims of an access token.
#[derive(Serialize)]
struct Claims {
    iss: &'static str,
    sub: &'static str,
    aud: &'static str,
    client_id: &'static str,
    scope: &'static str,
    exp: i64,
    iat: i64,
    auth_time: i64,
    jti: &'static str,
    gid: &'static str,
    sid: &'static str,
    name: &'static str,
    pubkey: &'static str,
}

const CLAIMS: Claims = Claims {
    iss: "https://auth.example",
    sub: "user_019cb1f0a5c04b7e9d2c63f1",
    aud: "https://auth.example",
    client_id: "playground",
    scope: "openid profile email offline_access",
    exp: 1_802_592_000,
    iat: 1_800_000_000,
    auth_time: 1_799_999_990,
    jti: "tok_019cb1f0a5c04b7e9d2c63f2",
    gid: "gr_019cb1f0a5c04b7e9d2c63f3",
    sid: "ses_019cb1f0a5c04b7e9d2c63f4",
    name: "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2",
    pubkey: "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
};

fn main() {
    divan::main();
}

fn key(algorithm: Algorithm) -> SigningKey {
    SigningKey::generate(algorithm).unwrap()
}

#[divan::bench(args = Algorithm::ALL)]
fn token(bencher: Bencher<'_, '_>, algorithm: Algorithm) {
    let key = key(algorithm);
    bencher.bench(|| sign(black_box(&key), TokenKind::Access, black_box(&CLAIMS)).unwrap());
}

#[divan::bench(args = Algorithm::ALL)]
fn bare_signature(bencher: Bencher<'_, '_>, algorithm: Algorithm) {
    let key = key(algorithm);
    let token = sign(&key, TokenKind::Access, &CLAIMS).unwrap();
    let (signed, _) = token.rsplit_once('.').unwrap();
    bencher.bench(|| key.sign(black_box(signed.as_bytes())).unwrap());
}

#[divan::bench(args = Algorithm::ALL)]
fn verification(bencher: Bencher<'_, '_>, algorithm: Algorithm) {
    let key = key(algorithm);
    let token = sign(&key, TokenKind::Access, &CLAIMS).unwrap();
    bencher.bench(|| {
        let jws = UnverifiedJws::parse(black_box(&token)).unwrap();
        jws.verify_as(TokenKind::Access, key.public()).unwrap().len()
    });
}

#[divan::bench(args = Algorithm::ALL)]
fn bare_verification(bencher: Bencher<'_, '_>, algorithm: Algorithm) {
    let key = key(algorithm);
    let signature = key.sign(b"message").unwrap();
    bencher.bench(|| key.public().verify(algorithm.into(), black_box(b"message"), &signature).unwrap());
}
