//! Checks passwords against hashes that other servers made.

use std::num::NonZeroU32;

use argon2::{Algorithm, Argon2, Params, Version};
use aws_lc_rs::pbkdf2::{self, PBKDF2_HMAC_SHA1, PBKDF2_HMAC_SHA256, PBKDF2_HMAC_SHA512};
use secrecy::{ExposeSecret as _, SecretString};
use sigma_core::password::{Argon2Variant, ForeignHash, Pbkdf2Digest, Recipe};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::{HashingError, Memory};

/// Bytes that bcrypt reads of a password; implementations ignore the rest.
const BCRYPT_READS: usize = 72;

impl Memory {
    /// Whether `hash` is one of `password`.
    pub(super) fn is_of(&mut self, password: &SecretString, hash: &ForeignHash) -> Result<bool, HashingError> {
        if let Recipe::Bcrypt { .. } = hash.recipe {
            return bcrypt::verify(bcrypt_part(password), hash.as_str()).map_err(HashingError::failed);
        }
        let compared = hash.key.get(..hash.recipe.compared()).unwrap_or(&hash.key);
        let mut key = Zeroizing::new(vec![0; compared.len()]);
        self.compute(hash.recipe, password, &hash.salt, &mut key)?;
        Ok(key.ct_eq(compared).into())
    }

    /// Takes as long as checking a hash of that recipe.
    pub(super) fn pretend(
        &mut self,
        recipe: Recipe,
        password: &SecretString,
        salt: [u8; 16],
    ) -> Result<(), HashingError> {
        if let Recipe::Bcrypt { cost } = recipe {
            bcrypt::hash_with_salt(bcrypt_part(password), cost, salt).map_err(HashingError::failed)?;
            return Ok(());
        }
        self.compute(recipe, password, &salt, &mut Zeroizing::new(vec![0; recipe.compared().min(32)]))
    }

    fn compute(
        &mut self,
        recipe: Recipe,
        password: &SecretString,
        salt: &[u8],
        key: &mut [u8],
    ) -> Result<(), HashingError> {
        let password = password.expose_secret().as_bytes();
        match recipe {
            Recipe::Bcrypt { .. } => Err(HashingError::Failed("bcrypt has no key of its own".to_owned())),
            Recipe::Scrypt { ln, r, p } => {
                let params = scrypt::Params::new(ln, r, p).map_err(HashingError::failed)?;
                scrypt::scrypt(password, salt, &params, key).map_err(HashingError::failed)
            }
            Recipe::Pbkdf2 { digest, rounds } => {
                let algorithm = match digest {
                    Pbkdf2Digest::Sha1 => PBKDF2_HMAC_SHA1,
                    Pbkdf2Digest::Sha256 => PBKDF2_HMAC_SHA256,
                    Pbkdf2Digest::Sha512 => PBKDF2_HMAC_SHA512,
                };
                let rounds = NonZeroU32::new(rounds).ok_or_else(|| HashingError::Failed("no rounds".to_owned()))?;
                pbkdf2::derive(algorithm, rounds, salt, password, key);
                Ok(())
            }
            Recipe::Argon2 { variant, version, memory, passes, lanes } => {
                let variant = match variant {
                    Argon2Variant::D => Algorithm::Argon2d,
                    Argon2Variant::I => Algorithm::Argon2i,
                    Argon2Variant::Id => Algorithm::Argon2id,
                };
                let version = Version::try_from(version).map_err(HashingError::failed)?;
                let params = Params::new(memory, passes, lanes, Some(key.len())).map_err(HashingError::failed)?;
                let blocks = self.blocks(params.block_count());
                Argon2::new(variant, version, params)
                    .hash_password_into_with_memory(password, salt, key, blocks)
                    .map_err(HashingError::failed)
            }
        }
    }
}

/// What bcrypt hashes of a password: up to its first zero byte, and no more than it reads.
fn bcrypt_part(password: &SecretString) -> &[u8] {
    let bytes = password.expose_secret().as_bytes();
    bytes.get(..BCRYPT_READS).unwrap_or(bytes)
}
