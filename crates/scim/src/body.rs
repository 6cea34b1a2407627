//! JSON objects in bodies. Repeated members are refused: two readers could take different values.

use axum::extract::Request;
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value};
use sigma_core::json;
use sigma_core::scim::Problem;
use sigma_platform::extract::{JSON, is_content_type};

use crate::answer::MEDIA_TYPE;
use crate::error::ScimError;

/// Reads the object in the body of a request.
///
/// # Errors
/// It is not one, of another type, too large or cut off.
pub async fn read(request: Request) -> Result<Map<String, Value>, ScimError> {
    let headers = request.headers();
    let is_json = [MEDIA_TYPE, JSON].into_iter().any(|wanted| is_content_type(headers, wanted))
        || !headers.contains_key(CONTENT_TYPE);
    let body = sigma_platform::extract::body(request).await.map_err(|answer| ScimError::Body(Box::new(answer)))?;
    if !is_json {
        return Err(ScimError::NotJson);
    }
    parse(&body).map_err(ScimError::Refused)
}

fn parse(body: &[u8]) -> Result<Map<String, Value>, Problem> {
    json::check(body).map_err(|_| Problem::syntax("The body is not JSON without repeated members"))?;
    serde_json::from_slice(body).map_err(|_| Problem::syntax("The body must be a JSON object"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_one_object_without_repeated_members() {
        assert!(parse(br#"{"userName":"a"}"#).is_ok());
        for bad in [&b""[..], b"[]", b"null", br#"{"a":1,"a":2}"#, br#"{"a":"\u0000"}"#, b"{"] {
            assert_eq!(parse(bad).unwrap_err().kind.scim_type(), Some("invalidSyntax"), "{bad:?}");
        }
    }
}
