//! Signing keys, parsed once and ready to sign.

use std::fmt;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use zeroize::Zeroizing;

use super::{Algorithm, JwkError, PublicJwk};

/// Errors of our own keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The library could not generate a key.
    #[error("a signing key could not be generated")]
    Generation,
    /// The stored bytes are not a key of this algorithm.
    #[error("the stored signing key is not valid")]
    Rejected,
    /// The library could not sign.
    #[error("signing failed")]
    Signing,
}

impl From<JwkError> for KeyError {
    fn from(_: JwkError) -> Self {
        Self::Rejected
    }
}

enum Pair {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// A private key with its public half. Its id is the first 16 characters of its thumbprint (RFC 7638).
pub struct SigningKey {
    pair: Pair,
    algorithm: Algorithm,
    kid: String,
    public: PublicJwk,
    random: SystemRandom,
}

impl SigningKey {
    /// Generates a key. Its randomness comes from the library, which offers no other way for RSA and P-256.
    pub fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        let generated = match algorithm {
            Algorithm::RS256 => RsaKeyPair::generate(KeySize::Rsa2048).map(Pair::Rsa),
            Algorithm::ES256 => EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map(Pair::P256),
            Algorithm::EdDSA => Ed25519KeyPair::generate().map(Pair::Ed25519),
        };
        Self::new(generated.map_err(|_| KeyError::Generation)?)
    }

    /// The key written by [`SigningKey::to_pkcs8`].
    pub fn from_pkcs8(algorithm: Algorithm, der: &[u8]) -> Result<Self, KeyError> {
        let parsed = match algorithm {
            Algorithm::RS256 => RsaKeyPair::from_pkcs8(der).map(Pair::Rsa),
            Algorithm::ES256 => EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).map(Pair::P256),
            Algorithm::EdDSA => Ed25519KeyPair::from_pkcs8(der).map(Pair::Ed25519),
        };
        Self::new(parsed.map_err(|_| KeyError::Rejected)?)
    }

    fn new(pair: Pair) -> Result<Self, KeyError> {
        let (algorithm, public) = match &pair {
            Pair::Rsa(pair) => {
                let key = pair.public_key();
                let (modulus, exponent) = (key.modulus(), key.exponent());
                let public = PublicJwk::rsa(
                    modulus.big_endian_without_leading_zero(),
                    exponent.big_endian_without_leading_zero(),
                )?;
                (Algorithm::RS256, public)
            }
            Pair::P256(pair) => (Algorithm::ES256, PublicJwk::p256(pair.public_key().as_ref())?),
            Pair::Ed25519(pair) => (Algorithm::EdDSA, PublicJwk::ed25519(pair.public_key().as_ref())?),
        };
        let kid = public.kid().ok_or(KeyError::Rejected)?.to_owned();
        #[expect(clippy::disallowed_methods, reason = "ECDSA and RSA draw their nonces and blinding inside aws-lc")]
        let random = SystemRandom::new();
        Ok(Self { pair, algorithm, kid, public, random })
    }

    /// The private key as PKCS #8 (RFC 5208), to be sealed and stored.
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        match &self.pair {
            Pair::Rsa(pair) => {
                let der: Result<Pkcs8V1Der<'_>, _> = pair.as_der();
                der.map(|der| Zeroizing::new(der.as_ref().to_vec()))
            }
            Pair::P256(pair) => pair.to_pkcs8v1().map(|der| Zeroizing::new(der.as_ref().to_vec())),
            Pair::Ed25519(pair) => pair.to_pkcs8().map(|der| Zeroizing::new(der.as_ref().to_vec())),
        }
        .map_err(|_| KeyError::Rejected)
    }

    /// The key id in token headers.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The only algorithm that this key signs with.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The public key, with `kid`, `alg` and `use`.
    pub fn public(&self) -> &PublicJwk {
        &self.public
    }

    /// The signature over `message`: 256 bytes for RS256, 64 for ES256 and `EdDSA`.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &self.random, message, &mut signature).map(|()| signature)
            }
            Pair::P256(pair) => pair.sign(&self.random, message).map(|signature| signature.as_ref().to_vec()),
            Pair::Ed25519(pair) => pair.try_sign(message).map(|signature| signature.as_ref().to_vec()),
        }
        .map_err(|_| KeyError::Signing)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({} {})", self.algorithm, self.kid)
    }
}
