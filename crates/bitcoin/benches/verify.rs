//! Verifying a token beside the bare curve work it needs: the budget is 1.3 times that.
#![allow(clippy::unwrap_used, missing_docs)]

use divan::{Bencher, black_box};
use secp256k1::ecdsa::Signature;
use secp256k1::{Message, Scalar, SecretKey};
use sigma_bitcoin::{AuthToken, PrivateKey, Scheme, sign_auth_token};

const PATH: &str = "/api/auth/sign-in/sigma";
const TIME: &str = "2026-03-01T12:00:00.000Z";
const NOW: i64 = 1_772_366_400_000;
const BODY: &[u8] = br#"{"bapId":"3SyWUZXvhidNcEHbAC3HkBnKoD2Q"}"#;

fn main() {
    divan::main();
}

fn token(scheme: Scheme) -> String {
    let key = PrivateKey::from_bytes([7; 32]).unwrap();
    sign_auth_token(&key, scheme, PATH, TIME, BODY, &[9; 32]).unwrap()
}

fn signature() -> (secp256k1::PublicKey, Message, Signature) {
    let key = SecretKey::from_secret_bytes([7; 32]).unwrap();
    let message = Message::from_digest([5; 32]);
    (key.public_key(), message, key.sign_ecdsa(message))
}

/// ECDSA alone: the curve work of both schemes.
#[divan::bench]
fn bare(bencher: Bencher) {
    let (key, message, signature) = signature();
    bencher.bench_local(|| black_box(&signature).verify(*black_box(&message), black_box(&key)));
}

#[divan::bench]
fn bsm_token(bencher: Bencher) {
    let token = token(Scheme::Bsm);
    bencher.bench_local(|| AuthToken::parse(black_box(&token)).unwrap().verify(PATH, BODY, NOW).unwrap());
}

/// The child key `signer + h·G` and ECDSA: what `brc77` would cost by its definition.
#[divan::bench]
fn brc77_by_derivation(bencher: Bencher) {
    let key = SecretKey::from_secret_bytes([7; 32]).unwrap();
    let tweak = Scalar::from_be_bytes([3; 32]).unwrap();
    let message = Message::from_digest([5; 32]);
    let signature = key.add_tweak(&tweak).unwrap().sign_ecdsa(message);
    let signer = key.public_key();
    bencher.bench_local(|| {
        let child = black_box(&signer).add_exp_tweak(black_box(&tweak)).unwrap();
        black_box(&signature).verify(*black_box(&message), &child)
    });
}

#[divan::bench]
fn brc77_token(bencher: Bencher) {
    let token = token(Scheme::Brc77);
    bencher.bench_local(|| AuthToken::parse(black_box(&token)).unwrap().verify(PATH, BODY, NOW).unwrap());
}
