//! What a registered app is told about itself.

use serde_json::{Map, Value, json};

use crate::app::{App, GrantType};
use crate::redirect::{RedirectUri, RegisteredRedirectUris};

/// The client information response (RFC 7591 §3.2.1) without its credentials: all metadata as it was registered, which may be
/// less than was asked for.
pub fn information(app: &App) -> Map<String, Value> {
    let mut members = Map::new();
    let mut tell = |name: &str, value: Value| {
        let is_empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        if !is_empty {
            members.insert(name.to_owned(), value);
        }
    };
    let metadata = &app.metadata;
    let may_use_codes = app.may_use(GrantType::AuthorizationCode);
    tell("client_id", json!(app.client_id));
    tell("client_id_issued_at", json!(app.created_at.seconds()));
    tell("client_name", json!(app.name));
    tell("application_type", json!(app.application_type.as_str()));
    tell("token_endpoint_auth_method", json!(app.auth_method.as_str()));
    tell("redirect_uris", uris(&app.redirect_uris));
    tell("post_logout_redirect_uris", uris(&app.post_logout_redirect_uris));
    tell("grant_types", json!(app.grant_types.iter().map(|grant| grant.as_str()).collect::<Vec<_>>()));
    tell("response_types", if may_use_codes { json!(["code"]) } else { Value::Null });
    tell("scope", json!(app.scopes.to_string()));
    tell("jwks", app.jwks.as_deref().and_then(|jwks| serde_json::from_str(jwks).ok()).unwrap_or_default());
    tell("jwks_uri", json!(app.jwks_uri));
    tell("subject_type", json!("public"));
    tell("id_token_signed_response_alg", json!(app.id_token_alg.as_str()));
    tell("client_uri", json!(app.client_uri));
    let logout = app.backchannel_logout.as_ref();
    tell("backchannel_logout_uri", json!(logout.map(|logout| logout.uri.as_str())));
    tell("backchannel_logout_session_required", json!(logout.map(|logout| logout.session_required)));
    tell("logo_uri", json!(metadata.logo_uri));
    tell("policy_uri", json!(metadata.policy_uri));
    tell("tos_uri", json!(metadata.tos_uri));
    tell("contacts", json!(metadata.contacts));
    tell("software_id", json!(metadata.software_id));
    tell("software_version", json!(metadata.software_version));
    tell("userinfo_signed_response_alg", json!(metadata.userinfo_signed_response_alg));
    tell("token_endpoint_auth_signing_alg", json!(metadata.token_endpoint_auth_signing_alg));
    tell("request_object_signing_alg", json!(metadata.request_object_signing_alg));
    tell("require_pushed_authorization_requests", json!(app.security.must_push().then_some(true)));
    tell("dpop_bound_access_tokens", json!(app.security.must_bind().then_some(true)));
    tell("request_uris", json!(metadata.request_uris));
    tell("default_max_age", json!(metadata.default_max_age));
    tell("default_acr_values", json!(metadata.default_acr_values));
    tell("require_auth_time", json!(metadata.require_auth_time.then_some(true)));
    tell("initiate_login_uri", json!(metadata.initiate_login_uri));
    members
}

fn uris(registered: &RegisteredRedirectUris) -> Value {
    json!(registered.iter().map(RedirectUri::as_str).collect::<Vec<_>>())
}
