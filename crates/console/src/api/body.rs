//! JSON in the body. Unknown members are refused, so that a misspelt one is noticed, and repeated ones too: two readers could take
//! different values.

use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;
use sigma_core::json;
use sigma_platform::extract::{JSON, is_content_type};

use super::error::AdminError;

/// Letters of a message about a body: serde repeats unexpected values.
const MOST: usize = 300;

/// A JSON body; an empty one counts as an empty object.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Response;

    async fn from_request(request: Request, _: &S) -> Result<Self, Response> {
        let headers = request.headers();
        let is_json = is_content_type(headers, JSON);
        let is_said = headers.contains_key(CONTENT_TYPE);
        let body = sigma_platform::extract::body(request).await?;
        if !is_json && (is_said || !body.is_empty()) {
            return Err(AdminError::malformed("The body must be JSON").into_response());
        }
        read(if body.is_empty() { b"{}" } else { &body }).map(Self).map_err(IntoResponse::into_response)
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, AdminError> {
    // serde would also accept an array of the members' values.
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err(AdminError::malformed("The body must be a JSON object"));
    }
    json::check(body).map_err(|error| explain("The body is not valid JSON", &error))?;
    serde_json::from_slice(body).map_err(|error| explain("The body does not have the expected form", &error))
}

fn explain(what: &str, error: &serde_json::Error) -> AdminError {
    AdminError::malformed(format!("{what}: {error}").chars().take(MOST).collect::<String>())
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        name: String,
    }

    #[test]
    fn a_body_is_one_object_without_repeated_or_unknown_members() {
        assert_eq!(read::<Sample>(br#" {"name":"a"}"#).unwrap().name, "a");
        for bad in [&b"[]"[..], br#"{"name":"a","name":"b"}"#, br#"{"name":"a\u0000"}"#, br#"{"name":"a","n":1}"#, b"{"]
        {
            assert!(matches!(read::<Sample>(bad), Err(AdminError::Malformed(_))), "{bad:?}");
        }
    }
}
