//! `POST /api/auth/sign-up/sigma`: creates an account for a key and its identity (`docs/spec/keys.md#sign-up`).

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use sigma_bitcoin::BapId;
use sigma_store::key_sign_in::UnknownKey;
use utoipa::ToSchema;

use super::sign_in::{Attempt, SignedInUser, UNKNOWN_KEY, accept};
use crate::error::bad_request;
use crate::extract::{KeyToken, KeyTokenError, SIGN_IN_PATH, read_object};
use crate::http::{ApiError, Endpoint, RequestContext, Rule, routes};
use crate::identity::SIGN_IN;
use crate::state::AppState;

/// The path that the proof of enrolment signs.
const PATH: &str = "/api/auth/sign-up/sigma";

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(SIGN_IN, routes!(sign_up))
}

/// The first identity of the account.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignUpBody {
    /// base58 of 20 bytes.
    #[serde(rename = "bapId")]
    bap_id: String,
    /// `sign-up`.
    intent: String,
}

/// The account.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignUpAnswer {
    /// The user.
    user: SignedInUser,
}

/// Creates an account for a key. Repeating it with the same key returns the same account.
///
/// `X-Auth-Token` signs the sign-in path without a body, `X-Sigma-Enrollment-Proof` this path and the body, both with the
/// same key. `X-Sigma-Identity-Proof`, signed like the latter with the identity's own key and over the path prefixed with
/// the issuer, proves an identity whose id is not the hash of the first key's address.
#[utoipa::path(
    post,
    path = PATH,
    operation_id = "signUpWithKey",
    tag = "Sign-in",
    params(
        ("X-Auth-Token" = String, Header, description = "Signed over /api/auth/sign-in/sigma, without a body"),
        ("X-Sigma-Enrollment-Proof" = String, Header, description = "Signed over this path and the body"),
        ("X-Sigma-Identity-Proof" = Option<String>, Header, description = "The same, signed by the identity's own key, over {issuer} and this path"),
    ),
    request_body(content = SignUpBody, content_type = "application/json"),
    responses(
        (status = 200, description = "The account; the session cookie is set", body = SignUpAnswer),
        (status = 400, description = "A token or the body is malformed"),
        (status = 401, description = "Missing or invalid token"),
        (status = 403, description = "`SIGN_UP_DISABLED`, `BAP_OWNERSHIP_FAILED`, `TOO_MANY_IDENTITIES`, `USER_DISABLED`, `ORIGIN_BOUND_REQUIRED`, or from another origin"),
        (status = 429, description = "Too many failures, or too many new accounts"),
    )
)]
pub async fn sign_up(
    State(sigma): State<AppState>,
    context: RequestContext,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Response> {
    let malformed = || bad_request("invalid_request", r#"the body must be {"bapId":"…","intent":"sign-up"}"#);
    let wanted: SignUpBody = read_object(&body).ok_or_else(|| malformed().into_response())?;
    if wanted.intent != "sign-up" {
        return Err(malformed().into_response());
    }
    let bap_id = BapId::parse(&wanted.bap_id).map_err(|_| malformed().into_response())?;
    let token = KeyToken::of_header(&sigma, &headers, "x-auth-token", SIGN_IN_PATH, b"");
    let token = accept(&sigma, &context, Rule::SignIn, token).await?;
    let proof = body_bound(&sigma, &context, &headers, "x-sigma-enrollment-proof", &body).await?;
    if proof.pubkey != token.pubkey {
        return Err(ApiError::from(KeyTokenError::Invalid).into_response());
    }
    let identity = identity_proof(&sigma, &context, &headers, &body).await?;
    let unknown = if sigma.settings.sign_in.sign_up { UnknownKey::SignUp } else { UnknownKey::Refuse };
    let mut more = vec![proof.once];
    more.extend(identity.iter().map(|identity| identity.once.clone()));
    let attempt = Attempt {
        token: KeyToken { origin_bound: token.origin_bound && proof.origin_bound, ..token },
        bap_id: Some(bap_id),
        more,
        identity_key: identity.map(|identity| identity.pubkey),
        unknown,
    };
    let entered = attempt.run(&sigma, &context, &headers).await.map_err(|response| {
        let refused = response.extensions().get::<ApiError>().and_then(ApiError::code);
        if refused == Some(UNKNOWN_KEY) { sign_up_disabled().into_response() } else { response }
    })?;
    let answer = SignUpAnswer { user: entered.user() };
    Ok(entered.set_cookies(&sigma, Json(answer).into_response()))
}

fn sign_up_disabled() -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, "sign_up_disabled", "Sign-up is disabled. Ask the operator for an account.")
        .with_code("SIGN_UP_DISABLED")
}

/// A token that covers the body: otherwise whoever relays the request could choose the identity.
async fn body_bound(
    sigma: &AppState,
    context: &RequestContext,
    headers: &HeaderMap,
    name: &'static str,
    body: &Bytes,
) -> Result<KeyToken, Response> {
    let token = KeyToken::of_header(sigma, headers, name, PATH, body);
    let token = token.and_then(|token| if token.body_bound { Ok(token) } else { Err(KeyTokenError::Invalid) });
    accept(sigma, context, Rule::SignIn, token).await
}

/// The signature of the identity's own key, if sent. It does not name the account that it was made for, so it must name
/// our origin: otherwise another server that received one could bind the identity to an account of its own here.
async fn identity_proof(
    sigma: &AppState,
    context: &RequestContext,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<Option<KeyToken>, Response> {
    const NAME: &str = "x-sigma-identity-proof";
    if !headers.contains_key(NAME) {
        return Ok(None);
    }
    let proof = body_bound(sigma, context, headers, NAME, body).await?;
    if proof.origin_bound {
        return Ok(Some(proof));
    }
    accept(sigma, context, Rule::SignIn, Err(KeyTokenError::Invalid)).await.map(Some)
}
