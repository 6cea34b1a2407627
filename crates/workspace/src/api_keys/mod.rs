//! API keys of a workspace's servers.

pub mod create;
pub mod deactivate;
pub mod list;
pub mod remove;

use serde::Serialize;
use sigma_store::org::api_key::{ApiKey, Maker};
use utoipa::ToSchema;

/// A key in a list: never the key itself, nor its hash.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApiKeyView {
    id: String,
    name: String,
    permissions: Vec<&'static str>,
    /// Whether it is still usable: it was not deactivated.
    active: bool,
    /// Its creator, even after they left; null for the operator.
    made_by: Option<MakerView>,
    /// ISO 8601.
    created_at: String,
    /// ISO 8601, up to a minute late; null until first used.
    last_used_at: Option<String>,
    /// ISO 8601; null if it does not expire.
    expires_at: Option<String>,
}

/// The creator of a key.
#[derive(Debug, Serialize, ToSchema)]
pub struct MakerView {
    /// `user_…`, or `key_…` for a key created by another one.
    id: String,
    /// Their name at that time.
    name: String,
}

impl From<&Maker> for MakerView {
    fn from(maker: &Maker) -> Self {
        Self { id: maker.id.as_str().to_owned(), name: maker.name.clone() }
    }
}

impl From<&ApiKey> for ApiKeyView {
    fn from(key: &ApiKey) -> Self {
        Self {
            id: key.id.to_string(),
            name: key.name.clone(),
            permissions: key.permissions.names(),
            active: key.active,
            made_by: key.made_by.as_ref().map(MakerView::from),
            created_at: key.created_at.iso8601(),
            last_used_at: key.last_used_at.map(sigma_core::time::Timestamp::iso8601),
            expires_at: key.expires_at.map(sigma_core::time::Timestamp::iso8601),
        }
    }
}
