//! The strict rules for a well-formed token (`docs/spec/keys.md#verification`).

use super::{AuthToken, DecodedSignature, Scheme, brc77, bsm, child, message_digest, signed_message};
use crate::hash::sha256;
use crate::hex;
use crate::public_key::PublicKey;

/// Accepted difference between a token's time and ours, either way, in milliseconds.
const TOLERANCE_MILLIS: u64 = 300_000;

/// How long after its time a token must be remembered, in milliseconds: a second longer than it can be valid.
const REMEMBERED_MILLIS: i64 = 301_000;

/// Why a well-formed token proves nothing: "Invalid auth token signature" on the wire in every case, so that callers
/// learn nothing from the difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// Signed for another path.
    #[error("signed for another path")]
    Path,
    /// More than 300 s before or after our clock.
    #[error("signed too long ago, or in the future")]
    Time,
    /// `bsm`: not 65 bytes with a header of 27 to 34.
    #[error("not a compact signature")]
    Compact,
    /// `brc77`: not version `42423301`.
    #[error("not a BRC-77 signature of version 1")]
    Version,
    /// `brc77`: addressed to a single recipient, who alone could verify it.
    #[error("addressed to a recipient other than anyone")]
    Recipient,
    /// `brc77`: the signer is not the key that the token names.
    #[error("signed by another key than the token names")]
    Signer,
    /// `brc77`: truncated before the signature.
    #[error("the BRC-77 signature is cut short")]
    Truncated,
    /// The signature is not strict DER, not low-S, or not of this key over this message.
    #[error("wrong signature")]
    Signature,
}

/// What a verified token proves: `pubkey` signed this path and body at this time. It may still be a replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedAuthToken {
    /// The key that signed.
    pub pubkey: PublicKey,
    /// Identifies the message and its signer, but not the signature bytes, which the signer can vary: two tokens with
    /// the same key are one request, sent twice. SHA-256 of the compressed public key and the signed message.
    pub replay_key: [u8; 32],
    /// How long the replay key must be remembered, in milliseconds since the Unix epoch: the token's time plus 301 s.
    pub expires_millis: i64,
}

impl AuthToken {
    /// Verifies that the token's key signed `expected_path` and `body` within 300 s of `now_millis` (milliseconds since
    /// the Unix epoch). An empty body counts as none. The caller must reject replays, using the returned key.
    ///
    /// # Errors
    /// The first violated rule.
    pub fn verify(&self, expected_path: &str, body: &[u8], now_millis: i64) -> Result<VerifiedAuthToken, Invalid> {
        self.check(expected_path, now_millis, &signed_message(expected_path, &self.timestamp, body))
    }

    /// [`AuthToken::verify`] for signers that hash the empty body too, as some wallets do.
    ///
    /// # Errors
    /// The first violated rule.
    pub fn verify_hash_of_nothing(&self, expected_path: &str, now_millis: i64) -> Result<VerifiedAuthToken, Invalid> {
        let hash = hex::encode(&sha256(b""));
        self.check(expected_path, now_millis, [expected_path, &self.timestamp, &hash].join("|").as_bytes())
    }

    fn check(&self, expected_path: &str, now_millis: i64, message: &[u8]) -> Result<VerifiedAuthToken, Invalid> {
        if self.request_path != expected_path {
            return Err(Invalid::Path);
        }
        if self.timestamp_millis.abs_diff(now_millis) > TOLERANCE_MILLIS {
            return Err(Invalid::Time);
        }
        let DecodedSignature { tweak, signature } = (*self.proof.get_or_init(|| self.read_proof()))?;
        let digest = message_digest(self.scheme, message);
        if !child::has_signed(self.pubkey.point(), &tweak, digest, &signature) {
            return Err(Invalid::Signature);
        }
        Ok(VerifiedAuthToken {
            pubkey: self.pubkey,
            replay_key: sha256(&[&self.pubkey.as_bytes(), message].concat()),
            expires_millis: self.timestamp_millis.saturating_add(REMEMBERED_MILLIS),
        })
    }

    fn read_proof(&self) -> Result<DecodedSignature, Invalid> {
        match self.scheme {
            Scheme::Brc77 => brc77::read(&self.pubkey, &self.signature),
            Scheme::Bsm => bsm::read(&self.signature),
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use secp256k1::Message;

    use super::*;
    use crate::auth_token::bsm;
    use crate::private_key::PrivateKey;

    #[test]
    fn a_hash_of_nothing_is_accepted_only_where_it_is_asked_for() {
        let key = PrivateKey::from_bytes([7; 32]).unwrap();
        let (path, time) = ("/wallet/connect", "2026-03-01T12:00:00.000Z");
        let message = format!("{path}|{time}|{}", hex::encode(&sha256(b"")));
        let digest = Message::from_digest(message_digest(Scheme::Bsm, message.as_bytes()));
        let signature = STANDARD.encode(bsm::sign(&key, digest));
        let token = [&key.public_key().to_hex(), "bsm", time, path, &signature].join("|");
        let token = AuthToken::parse(&token).unwrap();
        let now = token.timestamp_millis();
        assert_eq!(token.verify(path, b"", now).unwrap_err(), Invalid::Signature);
        assert_eq!(token.verify_hash_of_nothing(path, now).unwrap().pubkey, key.public_key());
        assert_eq!(token.verify_hash_of_nothing("/other", now).unwrap_err(), Invalid::Path);
        assert_eq!(token.verify_hash_of_nothing(path, now + 300_001).unwrap_err(), Invalid::Time);
    }
}
