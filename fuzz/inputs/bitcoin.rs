//! What `sigma-bitcoin` does with the bytes of a stranger, and what must hold of whatever it accepts.
#![allow(dead_code, clippy::unwrap_used)]

use sigma_bitcoin::{AuthToken, BapId, Invalid, MAX_TOKEN_BYTES, PublicKey};

fn text(input: &[u8]) -> &str {
    std::str::from_utf8(input).unwrap_or_default()
}

/// A bitcoin-auth token, verified where and when it says that it was made.
pub fn auth_token(input: &[u8]) {
    let text = text(input);
    let Ok(token) = AuthToken::parse(text) else { return };
    assert!(text.len() <= MAX_TOKEN_BYTES);
    assert!(text.starts_with(&token.pubkey().to_hex()));
    let (path, now) = (token.request_path(), token.timestamp_millis());
    assert_eq!(token.verify(&format!("{path}/"), b"", now), Err(Invalid::Path));
    let wrong_clock = token.verify(path, b"", now.saturating_add(300_001));
    assert_eq!(wrong_clock, Err(Invalid::Time));
    if let Ok(verified) = token.verify(path, b"", now) {
        assert_eq!(verified.pubkey, *token.pubkey());
        assert_eq!(token.verify(path, b"another body", now), Err(Invalid::Signature));
        assert_eq!(token.verify(path, b"", now), Ok(verified));
    }
}

/// A public key: what is accepted has this one spelling.
pub fn public_key(input: &[u8]) {
    let text = text(input);
    let Ok(key) = PublicKey::parse(text) else { return };
    assert_eq!(key.to_hex(), text);
    assert_eq!(PublicKey::from_bytes(key.as_bytes()), Ok(key));
    let id = BapId::of_public_key(&key);
    assert_eq!(BapId::parse(id.as_str()), Ok(id));
}

/// The name of an identity.
pub fn bap_id(input: &[u8]) {
    let text = text(input);
    if let Ok(id) = BapId::parse(text) {
        assert_eq!(id.as_str(), text);
        assert!((20..=28).contains(&text.len()));
    }
    assert!(BapId::parse(BapId::of_address(text).as_str()).is_ok());
}
