//! Answers, and the log of requests.

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, ETAG, LOCATION};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Map, Value, json};
use sigma_core::scim::{LIST, Projection, Resource, Version};
use sigma_platform::paths::SCIM_PATH;
use sigma_platform::state::AppState;

/// The media type of SCIM (RFC 7644 §8.1).
pub const MEDIA_TYPE: &str = "application/scim+json";

/// The address of the service.
pub fn base(sigma: &AppState) -> String {
    format!("{}{SCIM_PATH}", sigma.settings.issuer)
}

/// An answer.
pub struct Answer {
    pub status: StatusCode,
    pub body: Option<Value>,
    pub location: Option<String>,
    pub version: Option<Version>,
}

impl Answer {
    /// 200 with that body.
    pub fn of(body: Value) -> Self {
        Self { status: StatusCode::OK, body: Some(body), location: None, version: None }
    }

    /// 204.
    pub fn nothing() -> Self {
        Self { status: StatusCode::NO_CONTENT, body: None, location: None, version: None }
    }

    /// A resource, of which `projection` is shown.
    pub fn resource(sigma: &AppState, status: StatusCode, resource: &Resource, projection: &Projection) -> Self {
        let base = base(sigma);
        let location = format!("{base}{}/{}", resource.of.endpoint(), resource.id);
        let version = resource.related.is_some().then(|| resource.version());
        let shown = projection.apply(resource.of, resource.to_members(&base));
        Self { status, body: Some(Value::Object(shown)), location: Some(location), version }
    }

    /// 304, if the caller has this version already (RFC 7644 §3.14).
    #[must_use]
    pub fn unless_known(self, headers: &HeaderMap) -> Self {
        let known = headers.get(http::header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
        match (&self.version, known) {
            (Some(version), Some(known)) if version.is_named_by(known) => {
                Self { status: StatusCode::NOT_MODIFIED, body: None, ..self }
            }
            _ => self,
        }
    }
}

/// A list (RFC 7644 §3.4.2).
pub fn list(total: u64, start_index: u64, resources: &[Map<String, Value>]) -> Value {
    json!({
        "schemas": [LIST],
        "totalResults": total,
        "startIndex": start_index,
        "itemsPerPage": resources.len(),
        "Resources": resources,
    })
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = match self.body {
            Some(body) => {
                let mut response = sigma_platform::http::json(&body);
                response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
                response
            }
            None => ().into_response(),
        };
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        if let Some(location) = self.location.and_then(|location| HeaderValue::from_str(&location).ok())
            && self.status != StatusCode::NOT_MODIFIED
        {
            headers.insert(LOCATION, location);
        }
        if let Some(version) = self.version.and_then(|version| HeaderValue::from_str(version.as_str()).ok()) {
            headers.insert(ETAG, version);
        }
        response
    }
}
