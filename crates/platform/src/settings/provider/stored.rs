//! The form in which declared providers are stored and declared: the members of the settings, without those that have another place.

use serde_json::{Map, Value};
use sigma_core::provider::ProviderId;

use super::Provider;

/// Members that a file of the settings has, and a declaration has not: files of one machine, and secrets.
pub const ELSEWHERE: [&str; 3] = ["client_secret", "client_secret_file", "icon"];

impl Provider {
    /// The provider called `id` with those members, without its secret.
    ///
    /// # Errors
    /// They are no settings.
    pub fn from_stored(id: &ProviderId, mut members: Map<String, Value>) -> Result<Self, serde_json::Error> {
        members.insert("id".to_owned(), id.as_str().into());
        serde_json::from_value(Value::Object(members))
    }

    /// Its members: without its id, what is not set, and what has another place.
    pub fn to_stored(&self) -> Map<String, Value> {
        let Ok(Value::Object(mut members)) = serde_json::to_value(self) else { return Map::new() };
        members.retain(|member, value| member != "id" && !ELSEWHERE.contains(&member.as_str()) && !value.is_null());
        members
    }
}
