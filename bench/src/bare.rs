//! Baselines on this machine: the bare work without a server around it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256};
use secp256k1::{Message, Scalar, SecretKey};
use sigma_core::digest::Digest;
use sigma_core::random::bytes;
use sigma_core::time::Timestamp;
use sigma_store::replay_guard::{self, Once};
use sigma_store::{Store, StoreOptions};

use crate::process::cpu_of;
use crate::system::{Failure, SystemClock, SystemRng, instant};

/// The results, in microseconds of one core.
#[derive(Clone, Copy, Debug)]
pub struct Bare {
    /// ES256 signature.
    pub es256_sign: f64,
    /// Its verification.
    pub es256_verify: f64,
    /// RS256 signature with a key of 2,048 bits.
    pub rs256_sign: f64,
    /// secp256k1 verification.
    pub secp256k1_verify: f64,
    /// The curve operations of a BRC-77 token: deriving the signer's key, and verifying.
    pub brc77: f64,
    /// One row written durably by the store, with 32 callers.
    pub durable_write: f64,
    /// How many of those per second.
    pub durable_rate: f64,
}

/// Measures all of it, each for about `time`; the database is created in `directory`.
pub fn measure(time: Duration, directory: &Path) -> Result<Bare, Failure> {
    let (durable_write, durable_rate) = durable_write(time, directory)?;
    let random = SystemRandom::default();
    let document = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
    let message = [7_u8; 300];
    let signature = document.sign(&random, &message)?;
    let rsa = RsaKeyPair::generate(KeySize::Rsa2048)?;
    let mut output = vec![0; rsa.public_modulus_len()];
    let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, document.public_key().as_ref().to_vec());
    let key = SecretKey::from_secret_bytes(bytes::<32>(&SystemRng))?;
    let tweak = Scalar::from_be_bytes([3; 32])?;
    let digest = Message::from_digest([5; 32]);
    let plain = key.sign_ecdsa(digest);
    let derived = key.add_tweak(&tweak)?.sign_ecdsa(digest);
    let signer = key.public_key();
    Ok(Bare {
        es256_sign: each(time, || document.sign(&random, &message).is_ok()),
        es256_verify: each(time, || public.verify(&message, signature.as_ref()).is_ok()),
        rs256_sign: each(time, || rsa.sign(&RSA_PKCS1_SHA256, &random, &message, &mut output).is_ok()),
        secp256k1_verify: each(time, || plain.verify(digest, &signer).is_ok()),
        brc77: each(time, || signer.add_exp_tweak(&tweak).is_ok_and(|child| derived.verify(digest, &child).is_ok())),
        durable_write,
        durable_rate,
    })
}

/// Microseconds per call.
fn each(time: Duration, mut call: impl FnMut() -> bool) -> f64 {
    let begun = instant();
    let mut calls = 0_u32;
    while begun.elapsed() < time {
        for _ in 0..16 {
            std::hint::black_box(call());
        }
        calls += 16;
    }
    begun.elapsed().as_secs_f64() * 1e6 / f64::from(calls)
}

/// CPU of one durable row in microseconds, and how many per second.
fn durable_write(time: Duration, directory: &Path) -> Result<(f64, f64), Failure> {
    let url = format!("sqlite:{}", directory.join("bare.sqlite").display());
    let store = Store::open(&StoreOptions::serve(url), Arc::new(SystemClock), Arc::new(SystemRng))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (written, stop) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicBool::new(false)));
    let cpu_before = cpu_of("self")?;
    let begun = instant();
    let tasks: Vec<_> = (0..32)
        .map(|_| {
            let (store, written, stop) = (store.clone(), Arc::clone(&written), Arc::clone(&stop));
            runtime.spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let key = Digest::of(bytes::<32>(&SystemRng));
                    let expires_at = Timestamp::from_seconds(4_000_000_000);
                    let once = Once::new(key, expires_at, store.database_now()).ok_or(sigma_store::StoreError::Busy)?;
                    store.write(move |tx| replay_guard::spend(tx, &once)).await?;
                    written.fetch_add(1, Ordering::Relaxed);
                }
                Ok::<(), sigma_store::StoreError>(())
            })
        })
        .collect();
    std::thread::sleep(time);
    stop.store(true, Ordering::Relaxed);
    for task in tasks {
        runtime.block_on(task)??;
    }
    let (elapsed, cpu) = (begun.elapsed(), cpu_of("self")?.saturating_sub(cpu_before));
    let count = f64::from(written.load(Ordering::Relaxed).max(1));
    store.close();
    Ok((cpu.as_secs_f64() * 1e6 / count, count / elapsed.as_secs_f64()))
}
