//! The input for a new API key, the same on every surface.

use crate::org::text::{self, TextProblem};
use crate::org::{KeyPermission, KeyPermissions};
use crate::time::Timestamp;

/// A validated name, set of permissions and expiry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKeyDraft {
    /// Its name.
    pub name: String,
    /// Its permissions, at least one.
    pub permissions: KeyPermissions,
    /// When it expires, if ever.
    pub expires_at: Option<Timestamp>,
}

/// Why a draft is refused; the message contains no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApiKeyProblem {
    /// Its name.
    #[error("name {0}")]
    Name(TextProblem),
    /// An unknown permission, or none.
    #[error("permissions must be a list of one or more of read, update-data, delete-data, update-model, delete-model")]
    Permissions,
    /// It has expired already.
    #[error("expiresAt must be in the future")]
    Expired,
}

impl ApiKeyDraft {
    /// Validates the input for a key created at `now`.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn new<'a>(
        name: &str,
        permissions: impl IntoIterator<Item = &'a str>,
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Self, ApiKeyProblem> {
        let name = text::name(name).map_err(ApiKeyProblem::Name)?;
        let permissions: Option<KeyPermissions> = permissions.into_iter().map(KeyPermission::parse).collect();
        let permissions = permissions.filter(|permissions| !permissions.is_empty());
        let permissions = permissions.ok_or(ApiKeyProblem::Permissions)?;
        if expires_at.is_some_and(|expires_at| expires_at <= now) {
            return Err(ApiKeyProblem::Expired);
        }
        Ok(Self { name, permissions, expires_at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn draft(name: &str, permissions: &[&str], expires_at: Option<i64>) -> Result<ApiKeyDraft, ApiKeyProblem> {
        let expires_at = expires_at.map(Timestamp::from_seconds);
        ApiKeyDraft::new(name, permissions.iter().copied(), expires_at, Timestamp::from_seconds(NOW))
    }

    #[test]
    fn a_key_needs_a_name_a_permission_and_a_future_expiry() {
        let made = draft(" Build ", &["read", "update-data"], Some(NOW + 1)).unwrap();
        assert_eq!((made.name.as_str(), made.permissions.names()), ("Build", vec!["read", "update-data"]));
        assert_eq!(draft(" ", &["read"], None), Err(ApiKeyProblem::Name(TextProblem::Empty)));
        for permissions in [&[][..], &["Read"], &["read", "write"], &[""]] {
            assert_eq!(draft("a", permissions, None), Err(ApiKeyProblem::Permissions), "{permissions:?}");
        }
        for end in [NOW, NOW - 1, i64::MIN / 1_000_000] {
            assert_eq!(draft("a", &["read"], Some(end)), Err(ApiKeyProblem::Expired), "{end}");
        }
        assert!(draft("a", &["read"], None).is_ok());
    }
}
