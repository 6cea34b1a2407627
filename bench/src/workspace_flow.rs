//! The requests of a workspace's members and servers.

use bytes::Bytes;

use crate::http::{get, post_json};
use crate::org::PASSWORD;

/// The paths that the bench requests.
pub mod path {
    /// A session for a password.
    pub const LOGIN: &str = "/api/v1/auth/login";
    /// A new token for an old one.
    pub const REFRESH: &str = "/api/v1/auth/refresh";
    /// Verifies a token or key.
    pub const VERIFY: &str = "/api/v1/auth/verify";
    /// The same for a proxy.
    pub const FORWARD: &str = "/api/v1/auth/forward";
    /// The people.
    pub const USERS: &str = "/api/v1/users";
}

/// Where the bare handler answers one kind of check: it goes by the path alone.
pub mod handler_path {
    /// A token to verify.
    pub const VERIFY_TOKEN: &str = "/verify/token";
    /// A key to verify.
    pub const VERIFY_KEY: &str = "/verify/key";
    /// A call with a token.
    pub const FORWARD_TOKEN: &str = "/forward/token";
    /// A call with a key.
    pub const FORWARD_KEY: &str = "/forward/key";
}

/// Logs a member in with the right password.
pub fn login(email: &str) -> Bytes {
    login_with(email, PASSWORD)
}

/// A login that succeeds or fails.
pub fn login_with(email: &str, password: &str) -> Bytes {
    post_json(path::LOGIN, &[], &format!(r#"{{"email":"{email}","password":"{password}"}}"#)).into()
}

/// Requests a new token.
pub fn refresh(token: &str) -> Bytes {
    post_json(path::REFRESH, &[], &format!(r#"{{"token":"{token}"}}"#)).into()
}

/// A service verifies a token.
pub fn verify_token(path: &str, service_key: &str, token: &str) -> Bytes {
    post_json(path, &[("X-Sigma-ApiKey", service_key)], &format!(r#"{{"token":"{token}"}}"#)).into()
}

/// A service verifies a key.
pub fn verify_key(path: &str, service_key: &str, key: &str) -> Bytes {
    post_json(path, &[("X-Sigma-ApiKey", service_key)], &format!(r#"{{"apiKey":"{key}","permission":"read"}}"#)).into()
}

/// A proxy asks about a call with a token.
pub fn forward_token(path: &str, token: &str) -> Bytes {
    get(path, &[("Authorization", &format!("Bearer {token}"))]).into()
}

/// A proxy asks about a call with a key.
pub fn forward_key(path: &str, key: &str) -> Bytes {
    get(path, &[("X-Sigma-ApiKey", key)]).into()
}

/// A page of 50 members.
pub fn people_page(service_key: &str, offset: u32) -> Bytes {
    get(&format!("{}?offset={offset}&limit=50", path::USERS), &[("X-Sigma-ApiKey", service_key)]).into()
}
