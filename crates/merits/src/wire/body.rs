//! JSON in the body. Unknown members are ignored, repeated ones are refused: two readers could take different values.

use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;
use sigma_core::json;
use sigma_platform::extract::{JSON, is_content_type};

use crate::error::MeritsError;

/// Letters of a message about a body: serde repeats unexpected values.
const MOST: usize = 300;

/// A JSON body; an empty one counts as an empty object, whatever its type.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Response;

    async fn from_request(request: Request, _: &S) -> Result<Self, Response> {
        let headers = request.headers();
        let is_json = is_content_type(headers, JSON) || !headers.contains_key(CONTENT_TYPE);
        let body = sigma_platform::extract::body(request).await?;
        if !is_json && !body.is_empty() {
            return Err(MeritsError::NotJson.into_response());
        }
        read(if body.is_empty() { b"{}" } else { &body }).map(Self).map_err(IntoResponse::into_response)
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, MeritsError> {
    // serde would also accept an array of the members' values.
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err(MeritsError::invalid("The body must be a JSON object"));
    }
    json::check(body).map_err(|error| explain("The body is not valid JSON", &error))?;
    serde_json::from_slice(body).map_err(|error| explain("The body does not have the expected form", &error))
}

fn explain(what: &str, error: &serde_json::Error) -> MeritsError {
    MeritsError::invalid(format!("{what}: {error}").chars().take(MOST).collect::<String>())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Sample {
        name: String,
    }

    #[test]
    fn a_body_is_one_object_without_repeated_members() {
        assert_eq!(read::<Sample>(br#" {"name":"a","more":[1]}"#).unwrap().name, "a");
        for bad in [&b"[]"[..], b"{}", br#"{"name":"a","name":"b"}"#, br#"{"name":"a\u0000"}"#, br#"{"name":1}"#, b"{"]
        {
            assert!(matches!(read::<Sample>(bad), Err(MeritsError::Refused(_, Some(_)))), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn no_body_panics(body: Vec<u8>) {
            drop(read::<Sample>(&body));
        }
    }
}
