//! What `sigma-platform` does with the bytes of a stranger, and what must hold of whatever it accepts.
//! Each function returns whether it accepted the input.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

use sigma_core::time::Timestamp;
use sigma_platform::interaction::SealingKey;
use sigma_platform::objects::Logo;

/// An uploaded picture: what is accepted is a small PNG of ours, which is accepted again.
pub fn picture(input: &[u8]) -> bool {
    let Ok(logo) = Logo::read(input) else { return false };
    assert!(Logo::is_name(&logo.name));
    assert!(logo.png.starts_with(b"\x89PNG\r\n\x1a\n"));
    let again = Logo::read(&logo.png).unwrap();
    assert_eq!((again.png, again.name), (logo.png, logo.name));
    true
}

/// A sealed value, such as an interaction or the state of a sign-in with a provider: nobody but us makes one, and none opens
/// as something else.
pub fn sealed(input: &[u8]) -> bool {
    let text = std::str::from_utf8(input).unwrap_or_default();
    let (ours, other) = (SealingKey::new(&[7; 32]), SealingKey::new(&[8; 32]));
    let now = Timestamp::from_seconds(1_800_000_000);
    let value = ours.open_value::<serde_json::Value>(b"fuzz", text);
    if value.is_some() {
        assert!(ours.open_value::<serde_json::Value>(b"another", text).is_none());
        assert!(ours.open(text, now).is_err());
        assert!(other.open_value::<serde_json::Value>(b"fuzz", text).is_none());
    } else {
        assert!(ours.open(text, now).is_err());
    }
    value.is_some()
}
