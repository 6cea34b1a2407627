//! `GET /.well-known/openid-configuration` and its four aliases: the OpenID Provider metadata (OpenID Connect Discovery
//! 1.0, RFC 8414, `docs/spec/oidc.md#discovery`). It describes what is mounted: each endpoint is named by its own path
//! constant.

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use sigma_core::app::{AuthMethod, GrantType};
use sigma_core::dpop::ALGORITHMS;
use sigma_core::exchange::TokenType;
use sigma_core::id_jag;
use sigma_core::jose::{Algorithm, VerificationAlgorithm};
use sigma_core::person::CLAIMS;
use sigma_core::scope::KNOWN;
use utoipa::ToSchema;

use super::jwks;
use crate::http::policy::Caching;
use crate::http::{Endpoint, Policy, routes, written_json};
use crate::paths::{
    DEVICE_CODE_PATH, END_SESSION_PATH, GATE_PATH, INTROSPECT_PATH, PAR_PATH, REGISTER_PATH, REVOKE_PATH, TOKEN_PATH,
    USERINFO_PATH,
};
use crate::settings::Settings;
use crate::state::AppState;
use crate::wellknown;

const POLICY: Policy = Policy {
    caching: Caching::Allowed("public, max-age=15, stale-while-revalidate=15, stale-if-error=86400"),
    ..wellknown::POLICY
};

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(POLICY, routes!(discovery)).aliases([
        "/api/auth/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
        "/api/auth/.well-known/oauth-authorization-server",
        "/.well-known/oauth-authorization-server/api/auth",
    ])
}

/// The OpenID Provider metadata.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "the document has them")]
pub struct Discovery {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: String,
    introspection_endpoint: String,
    revocation_endpoint: String,
    end_session_endpoint: String,
    device_authorization_endpoint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    registration_endpoint: Option<String>,
    pushed_authorization_request_endpoint: String,
    require_pushed_authorization_requests: bool,
    scopes_supported: Vec<&'static str>,
    response_types_supported: Vec<&'static str>,
    response_modes_supported: Vec<&'static str>,
    grant_types_supported: Vec<&'static str>,
    token_endpoint_auth_methods_supported: Vec<&'static str>,
    token_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    revocation_endpoint_auth_methods_supported: Vec<&'static str>,
    revocation_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    introspection_endpoint_auth_methods_supported: Vec<&'static str>,
    introspection_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    introspection_signing_alg_values_supported: Vec<&'static str>,
    code_challenge_methods_supported: Vec<&'static str>,
    subject_types_supported: Vec<&'static str>,
    id_token_signing_alg_values_supported: Vec<&'static str>,
    userinfo_signing_alg_values_supported: Vec<&'static str>,
    claims_supported: Vec<&'static str>,
    claim_types_supported: Vec<&'static str>,
    acr_values_supported: Vec<&'static str>,
    prompt_values_supported: Vec<&'static str>,
    display_values_supported: Vec<&'static str>,
    claims_parameter_supported: bool,
    request_parameter_supported: bool,
    request_uri_parameter_supported: bool,
    require_request_uri_registration: bool,
    request_object_signing_alg_values_supported: Vec<&'static str>,
    dpop_signing_alg_values_supported: Vec<&'static str>,
    authorization_response_iss_parameter_supported: bool,
    backchannel_logout_supported: bool,
    backchannel_logout_session_supported: bool,
    client_id_metadata_document_supported: bool,
    /// Identity assertions for other servers (`draft-ietf-oauth-identity-assertion-authz-grant`), where they are issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    identity_chaining_requested_token_types_supported: Option<Vec<&'static str>>,
    /// Identity assertions of other servers, where they are accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization_grant_profiles_supported: Option<Vec<&'static str>>,
    service_documentation: String,
}

impl Discovery {
    /// The document of a server with these settings.
    pub fn of(settings: &Settings) -> Self {
        let issuer = settings.issuer.as_str();
        let at = |path: &str| format!("{issuer}{path}");
        let methods: Vec<&'static str> = AuthMethod::ON_THE_WIRE.map(AuthMethod::as_str).to_vec();
        let confidential: Vec<&'static str> =
            methods.iter().copied().filter(|method| *method != AuthMethod::None.as_str()).collect();
        let assertions: Vec<&'static str> = VerificationAlgorithm::NAMES.to_vec();
        let own = ["sub", "iss", "aud", "exp", "iat", "auth_time", "acr", "amr", "nonce", "at_hash", "sid"];
        Self {
            issuer: issuer.to_owned(),
            authorization_endpoint: at(GATE_PATH),
            token_endpoint: at(TOKEN_PATH),
            jwks_uri: at(jwks::PATH),
            userinfo_endpoint: at(USERINFO_PATH),
            introspection_endpoint: at(INTROSPECT_PATH),
            revocation_endpoint: at(REVOKE_PATH),
            end_session_endpoint: at(END_SESSION_PATH),
            device_authorization_endpoint: at(DEVICE_CODE_PATH),
            registration_endpoint: settings.registration.is_on().then(|| at(REGISTER_PATH)),
            pushed_authorization_request_endpoint: at(PAR_PATH),
            require_pushed_authorization_requests: settings.authorization.require_pushed_requests,
            scopes_supported: KNOWN.to_vec(),
            response_types_supported: vec!["code"],
            response_modes_supported: vec!["query", "form_post"],
            grant_types_supported: GrantType::ALL
                .into_iter()
                .filter(|grant| *grant != GrantType::JwtBearer || !settings.id_jag.accept.is_empty())
                .map(GrantType::as_str)
                .collect(),
            token_endpoint_auth_methods_supported: methods.clone(),
            token_endpoint_auth_signing_alg_values_supported: assertions.clone(),
            revocation_endpoint_auth_methods_supported: methods,
            revocation_endpoint_auth_signing_alg_values_supported: assertions.clone(),
            introspection_endpoint_auth_methods_supported: confidential,
            introspection_endpoint_auth_signing_alg_values_supported: assertions.clone(),
            introspection_signing_alg_values_supported: Algorithm::ALL.iter().map(|alg| alg.as_str()).collect(),
            code_challenge_methods_supported: vec!["S256"],
            subject_types_supported: vec!["public"],
            id_token_signing_alg_values_supported: Algorithm::ALL.iter().map(|alg| alg.as_str()).collect(),
            userinfo_signing_alg_values_supported: Algorithm::ALL.iter().map(|alg| alg.as_str()).collect(),
            claims_supported: own.into_iter().chain(CLAIMS.map(|(claim, _)| claim)).collect(),
            claim_types_supported: vec!["normal"],
            acr_values_supported: vec!["1", "2"],
            prompt_values_supported: vec!["none", "login", "consent", "select_account", "create"],
            display_values_supported: vec!["page"],
            claims_parameter_supported: true,
            request_parameter_supported: true,
            request_uri_parameter_supported: true,
            require_request_uri_registration: true,
            request_object_signing_alg_values_supported: assertions,
            dpop_signing_alg_values_supported: ALGORITHMS.to_vec(),
            authorization_response_iss_parameter_supported: true,
            backchannel_logout_supported: true,
            backchannel_logout_session_supported: true,
            client_id_metadata_document_supported: settings.client_documents.hosts.any(),
            identity_chaining_requested_token_types_supported: (!settings.id_jag.issue.is_empty())
                .then(|| vec![TokenType::IdJag.as_str()]),
            authorization_grant_profiles_supported: (!settings.id_jag.accept.is_empty())
                .then(|| vec![id_jag::GRANT_PROFILE]),
            service_documentation: at("/api/auth/reference"),
        }
    }
}

/// The document, built once.
fn document(settings: &Settings) -> Bytes {
    // Only strings and booleans: serialization cannot fail.
    serde_json::to_vec(&Discovery::of(settings)).unwrap_or_default().into()
}

/// Returns the OpenID Provider metadata.
#[utoipa::path(
    get,
    path = "/.well-known/openid-configuration",
    operation_id = "getProviderMetadata",
    tag = "OpenID Connect",
    responses(
        (status = 200, description = "The document", body = Discovery),
    )
)]
pub async fn discovery(State(sigma): State<AppState>) -> Response {
    written_json(Bytes::clone(sigma.discovery.get_or_init(|| document(&sigma.settings))))
}
