//! Tells callers without a token, or with one that does not suffice, which API they reached and who issues tokens for it
//! (RFC 9728 §5.1).

use std::borrow::Cow;

use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderValue, StatusCode};

/// The path below which metadata of protected resources is served (RFC 9728 §3).
pub const RESOURCE_METADATA_PATH: &str = "/.well-known/oauth-protected-resource";

/// Marks the refusal of an API that takes access tokens; a response extension. Its content leads to the metadata of the resource below
/// [`RESOURCE_METADATA_PATH`]: a path or a query, empty for APIs whose audience is the issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProtectedResource(pub Cow<'static, str>);

/// Adds `resource_metadata` to the challenges for tokens, and such a challenge to a 401 without any.
pub(super) fn complete(headers: &mut HeaderMap, status: StatusCode, resource: &ProtectedResource, issuer: &str) {
    let parameter = format!("resource_metadata=\"{issuer}{RESOURCE_METADATA_PATH}{}\"", resource.0);
    let before: Vec<HeaderValue> = headers.get_all(WWW_AUTHENTICATE).iter().cloned().collect();
    headers.remove(WWW_AUTHENTICATE);
    if before.is_empty() && status == StatusCode::UNAUTHORIZED {
        add(headers, &format!("Bearer {parameter}"));
    }
    for challenge in before {
        match challenge.to_str().ok().filter(|text| is_for_tokens(text)) {
            Some(text) if text.contains(' ') => add(headers, &format!("{text}, {parameter}")),
            Some(text) => add(headers, &format!("{text} {parameter}")),
            None => drop(headers.append(WWW_AUTHENTICATE, challenge)),
        }
    }
}

fn is_for_tokens(challenge: &str) -> bool {
    let scheme = challenge.split(' ').next().unwrap_or_default();
    ["Bearer", "DPoP"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
}

fn add(headers: &mut HeaderMap, challenge: &str) {
    if let Ok(value) = HeaderValue::from_str(challenge) {
        headers.append(WWW_AUTHENTICATE, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(before: &[&'static str], status: u16) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for challenge in before {
            headers.append(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        let status = StatusCode::from_u16(status).unwrap();
        complete(&mut headers, status, &ProtectedResource(Cow::Borrowed("/v2")), "https://id.example.org");
        headers.get_all(WWW_AUTHENTICATE).iter().map(|value| value.to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn challenges_for_tokens_name_the_metadata_and_others_do_not() {
        let metadata = "resource_metadata=\"https://id.example.org/.well-known/oauth-protected-resource/v2\"";
        assert_eq!(completed(&[], 401), [format!("Bearer {metadata}")]);
        assert_eq!(completed(&["Bearer"], 401), [format!("Bearer {metadata}")]);
        assert_eq!(
            completed(&["Bearer error=\"invalid_token\"", "DPoP algs=\"ES256\"", "Basic realm=\"sigma\""], 401),
            [
                format!("Bearer error=\"invalid_token\", {metadata}"),
                format!("DPoP algs=\"ES256\", {metadata}"),
                "Basic realm=\"sigma\"".to_owned()
            ]
        );
        assert_eq!(completed(&[], 403), [""; 0]);
        assert_eq!(completed(&["Bearer scope=\"x\""], 403), [format!("Bearer scope=\"x\", {metadata}")]);
    }
}
