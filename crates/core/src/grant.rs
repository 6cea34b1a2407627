//! Grants and their refresh tokens (RFC 6749 §6, RFC 9700 §4.14).

use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::code::Authorization;
use crate::ids::GrantId;
use crate::time::Timestamp;

/// For this long after its use a refresh token is answered with the same successor: an app whose answer was lost asks
/// again (ruling 9).
pub const RETRY: Duration = Duration::from_secs(10);

/// A grant: what a user lets an app do, until one of them ends it. `gid` in tokens.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Its id.
    pub id: GrantId,
    /// What it covers.
    pub authorization: Authorization,
    /// It outlives the browser session (`offline_access`).
    pub offline: bool,
    /// When it ended.
    pub revoked_at: Option<Timestamp>,
    /// When the last of its tokens expires.
    pub expires_at: Timestamp,
}

/// A refresh token as it is stored, with whether what replaced it was used.
#[derive(Clone, Copy, Debug)]
pub struct RefreshToken {
    /// When it lapses.
    pub expires_at: Timestamp,
    /// When it was used.
    pub used_at: Option<Timestamp>,
    /// Its successor was used too.
    pub successor_used: bool,
}

/// What the use of a refresh token comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// First use: it is spent and its successor begins.
    Rotate,
    /// The answer was lost: the same successor again.
    Retry,
    /// Used before, too late or after its successor: somebody has a copy, and the family ends.
    Reuse,
    /// It lapsed, or its grant ended.
    Dead,
}

/// Judges the use of `token` of a live or dead grant.
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

/// The token that replaces `predecessor`, derived so that it can be told again though only digests are stored:
/// HMAC-SHA-256 under the family's own key (ruling 9). 43 characters of base64url.
pub fn successor(family_key: &[u8], predecessor: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, family_key);
    URL_SAFE_NO_PAD.encode(hmac::sign(&key, predecessor.as_bytes()))
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
        assert_eq!(successor(b"key", "token"), successor(b"key", "token"));
        assert_ne!(successor(b"key", "token"), successor(b"other", "token"));
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
