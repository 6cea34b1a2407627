//! Codes: what of them is checked, and made, without the store.

use aws_lc_rs::hmac;
use sigma_core::digest::Digest;
use sigma_core::ids::UserId;
use sigma_core::random::Rng;
use sigma_core::totp::TotpSecret;
use sigma_store::StoreError;
use sigma_store::recovery_code::CODES;
use sigma_store::second_factor::Code;
use sigma_store::totp::{self, StoredTotp, seal_context};
use zeroize::Zeroizing;

use crate::http::ApiError;
use crate::state::AppState;

/// The letters of a recovery code: without those that look alike.
const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";
/// Letters of a recovery code, 5 bits each: with the delays after wrong ones nobody finds one.
const LENGTH: usize = 12;
/// Separates these digests from others by the same key.
const CONTEXT: &str = "sigma recovery code 1";

/// New recovery codes, each once for its user and once as it is stored.
pub struct RecoveryCodes {
    /// The codes, as they are shown.
    pub shown: Vec<Zeroizing<String>>,
    /// Their keyed digests.
    pub digests: Vec<Digest>,
}

impl RecoveryCodes {
    /// A new list for `user_id`.
    pub fn new(sigma: &AppState, user_id: &UserId) -> Self {
        let codes: Vec<_> = (0..CODES).map(|_| recovery_code(&*sigma.rng)).collect();
        let digests = codes.iter().map(|code| recovery_digest(sigma, user_id, code)).collect();
        let shown = codes.into_iter().map(|code| grouped(&code)).collect();
        Self { shown, digests }
    }
}

/// A random code.
fn recovery_code(rng: &dyn Rng) -> Zeroizing<String> {
    let mut random = Zeroizing::new([0_u8; LENGTH]);
    rng.fill(random.as_mut_slice());
    // 32 letters divide 256 evenly: none is more likely than another.
    let letters = random.iter().filter_map(|byte| LETTERS.get(usize::from(byte % 32)));
    Zeroizing::new(letters.map(|letter| char::from(*letter)).collect())
}

/// A code in groups of four, as it is easier to read and type.
fn grouped(code: &str) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(LENGTH + 2));
    for (at, letter) in code.chars().enumerate() {
        if at > 0 && at % 4 == 0 {
            text.push('-');
        }
        text.push(letter);
    }
    text
}

/// The digest of a recovery code as entered: keyed, because a code is short enough to be guessed from a plain one.
pub fn recovery_digest(sigma: &AppState, user_id: &UserId, entered: &str) -> Digest {
    let code: String = entered.chars().filter(char::is_ascii_alphanumeric).collect();
    let code = Zeroizing::new(code.to_ascii_lowercase().replace('o', "0").replace(['i', 'l'], "1"));
    let message = Zeroizing::new(format!("{CONTEXT}\n{user_id}\n{}", code.as_str()));
    Digest::of(hmac::sign(&sigma.cookie_key, message.as_bytes()))
}

/// The one-time code that a user entered, checked against the secret of their authenticator app; `None` if they have no app.
///
/// # Errors
/// The store does not answer, or the secret cannot be opened.
pub async fn read_totp(sigma: &AppState, user_id: &UserId, entered: &str) -> Result<Option<Code>, ApiError> {
    let wanted = user_id.clone();
    let Some(stored) = sigma.store.read(move |tx| totp::find(tx, &wanted)).await? else { return Ok(None) };
    let step = open(sigma, user_id, &stored)?.matching_step(entered, sigma.now());
    Ok(Some(Code::Totp { id: stored.id, step }))
}

fn open(sigma: &AppState, user_id: &UserId, stored: &StoredTotp) -> Result<TotpSecret, StoreError> {
    let secret = sigma.master_key.open(&seal_context(user_id, &stored.id), &stored.sealed);
    let secret = secret.map_err(|error| StoreError::Corrupt(format!("the secret of an authenticator app: {error}")))?;
    TotpSecret::new(&secret).ok_or_else(|| StoreError::Corrupt("the secret of an authenticator app".to_owned()))
}

#[cfg(test)]
mod tests {
    use sigma_core::random::SeededRng;

    use super::*;

    #[test]
    fn recovery_codes_are_random_and_easy_to_type() {
        let rng = SeededRng::new(7);
        let codes: std::collections::HashSet<_> = (0..100).map(|_| recovery_code(&rng).to_string()).collect();
        assert_eq!(codes.len(), 100);
        for code in codes {
            assert_eq!(code.len(), LENGTH);
            assert!(!code.contains(['i', 'l', 'o', '1']), "{code}");
            assert_eq!(grouped(&code).replace('-', ""), code);
        }
    }
}
