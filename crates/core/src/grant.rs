//! Grants and their refresh tokens (RFC 6749 §6, RFC 9700 §4.14).

use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::code::Authorization;
use crate::ids::GrantId;
use crate::time::Timestamp;

/// How long after its use a refresh token still gets the same successor, for apps that lost the response
/// (`docs/spec/tokens.md#refresh-tokens`).
pub const RETRY: Duration = Duration::from_secs(10);

/// A grant: permission that a user gave to an app, until it is revoked. `gid` in tokens.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Its id.
    pub id: GrantId,
    /// What it covers.
    pub authorization: Authorization,
    /// Whether it outlives the browser session (`offline_access`).
    pub offline: bool,
    /// When it ended.
    pub revoked_at: Option<Timestamp>,
    /// When the last of its tokens expires.
    pub expires_at: Timestamp,
}

/// A stored refresh token, and whether its successor was used.
#[derive(Clone, Copy, Debug)]
pub struct RefreshToken {
    /// When it expires.
    pub expires_at: Timestamp,
    /// When it was used.
    pub used_at: Option<Timestamp>,
    /// Whether its successor was used too.
    pub successor_used: bool,
}

/// The result of using a refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// First use: it is spent and gets a successor.
    Rotate,
    /// A retry: the same successor again.
    Retry,
    /// Reuse, too late or after its successor was used: somebody has a copy, and the family ends.
    Reuse,
    /// It has expired, or its grant was revoked.
    Dead,
}

/// Decides the use of `token` of a live or revoked grant.
pub fn judge(token: &RefreshToken, grant_is_live: bool, now: Timestamp) -> Rotation {
    if !grant_is_live {
        return Rotation::Dead;
    }
    match token.used_at {
        Some(used_at) if !token.successor_used && now.since(used_at) <= RETRY => Rotation::Retry,
        Some(_) => Rotation::Reuse,
        None if now >= token.expires_at => Rotation::Dead,
        None => Rotation::Rotate,
    }
}

/// How long a used refresh token is stored. Afterwards its reuse is detected by its proof.
pub const REMEMBERED: Duration = Duration::from_hours(24);

/// The first refresh token of a family: `secret`, followed by the parts that every token of a family has: the id of its
/// grant and a proof that the family's key made it. So a token that is no longer stored still identifies its family.
pub fn first_refresh_token(family_key: &[u8], grant_id: &GrantId, secret: &str) -> String {
    let named = format!("{secret}.{grant_id}");
    let proof = URL_SAFE_NO_PAD.encode(hmac::sign(&hmac_key(family_key), &proven(&named)));
    format!("{named}.{proof}")
}

/// The successor of `predecessor`, derived so that it can be sent again although only digests are stored: HMAC-SHA-256
/// under the family's own key.
pub fn successor(family_key: &[u8], grant_id: &GrantId, predecessor: &str) -> String {
    let secret = URL_SAFE_NO_PAD.encode(hmac::sign(&hmac_key(family_key), predecessor.as_bytes()));
    first_refresh_token(family_key, grant_id, &secret)
}

/// The grant that a refresh token claims to belong to.
pub fn named_grant(token: &str) -> Option<GrantId> {
    let (named, _) = token.rsplit_once('.')?;
    let (_, grant_id) = named.split_once('.')?;
    Some(GrantId::from_text(grant_id))
}

/// Whether `token` was made with this family's key, in constant time.
pub fn is_of_family(family_key: &[u8], token: &str) -> bool {
    let Some((named, proof)) = token.rsplit_once('.') else { return false };
    let proof = URL_SAFE_NO_PAD.decode(proof);
    proof.is_ok_and(|proof| hmac::verify(&hmac_key(family_key), &proven(named), &proof).is_ok())
}

fn hmac_key(family_key: &[u8]) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, family_key)
}

/// The input of a proof; no predecessor, from which successors are derived, begins like this.
fn proven(named: &str) -> Vec<u8> {
    [b"proof\0", named.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    const USED: RefreshToken = RefreshToken {
        expires_at: Timestamp::from_seconds(1_000),
        used_at: Some(Timestamp::from_seconds(100)),
        successor_used: false,
    };

    #[test]
    fn a_fresh_token_rotates() {
        let fresh = RefreshToken { used_at: None, ..USED };
        assert_eq!(judge(&fresh, true, Timestamp::from_seconds(999)), Rotation::Rotate);
        assert_eq!(judge(&fresh, true, Timestamp::from_seconds(1_000)), Rotation::Dead);
    }

    #[test]
    fn a_retry_within_ten_seconds_gets_the_same_successor() {
        assert_eq!(judge(&USED, true, Timestamp::from_seconds(110)), Rotation::Retry);
        let id = GrantId::from_text("gr_1");
        assert_eq!(successor(b"key", &id, "token"), successor(b"key", &id, "token"));
        assert_ne!(successor(b"key", &id, "token"), successor(b"other", &id, "token"));
        assert_ne!(successor(b"key", &id, "token"), successor(b"key", &id, "other"));
    }

    #[test]
    fn a_token_names_its_grant_and_proves_its_family() {
        let id = GrantId::from_text("gr_1");
        let first = first_refresh_token(b"key", &id, "secret");
        let second = successor(b"key", &id, &first);
        for token in [&first, &second] {
            assert_eq!(named_grant(token).as_ref(), Some(&id));
            assert!(is_of_family(b"key", token));
            assert!(!is_of_family(b"other", token));
            for at in 0..token.len() {
                let mut changed = token.clone().into_bytes();
                changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
                let changed = String::from_utf8(changed).unwrap();
                assert!(!is_of_family(b"key", &changed), "{changed}");
            }
            assert!(!is_of_family(b"key", &token[..token.len() - 1]) && !is_of_family(b"key", &format!("{token}A")));
        }
        for stranger in ["", ".", "..", "...", "secret", "secret.gr_1", "secret.gr_1.", "a.b.c.d", "\0.\0.\0"] {
            assert!(!is_of_family(b"key", stranger), "{stranger:?}");
        }
        assert_eq!(named_grant("secret"), None);
        assert_eq!(named_grant("secret.gr_1"), None);
    }

    #[test]
    fn a_token_used_later_or_after_its_successor_is_reuse() {
        assert_eq!(judge(&USED, true, Timestamp::from_seconds(111)), Rotation::Reuse);
        let succeeded = RefreshToken { successor_used: true, ..USED };
        assert_eq!(judge(&succeeded, true, Timestamp::from_seconds(101)), Rotation::Reuse);
    }

    #[test]
    fn a_token_of_an_ended_grant_is_dead() {
        assert_eq!(judge(&USED, false, Timestamp::from_seconds(101)), Rotation::Dead);
    }
}
