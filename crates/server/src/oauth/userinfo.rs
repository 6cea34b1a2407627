//! `GET` and `POST` `/api/auth/oauth2/userinfo`: the user's claims, as far as they consented (OpenID Connect Core §5.3,
//! `docs/spec/oidc.md#userinfo`).

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};
use sigma_core::app::App;
use sigma_core::authorize::covered;
use sigma_core::claim::Claims;
use sigma_core::digest::Digest;
use sigma_core::jose::{Algorithm, TokenKind, sign};
use sigma_core::params::Params;
use sigma_core::scope::{OPENID, Scopes};

use crate::dpop::with_nonce;
use crate::extract::BearerError;
use crate::extract::{Bearer, FORM, Scheme, SentProof, SentToken, access_token, is_content_type};
use crate::http::{ApiError, Endpoint, RequestContext, Rule, routes, written_json};
use crate::oauth::CALLED_BY_APPS;
use crate::oauth::forms::{UserinfoForm, UserinfoSchema};
use crate::paths::USERINFO_PATH;
use crate::state::AppState;
use crate::token_answers::UserinfoAnswer;

/// Its older paths.
const ALIASES: [&str; 3] = ["/oauth2/userinfo", "/userinfo", "/api/oauth/userinfo"];

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [
        Endpoint::new(CALLED_BY_APPS, routes!(userinfo)).aliases(ALIASES),
        Endpoint::new(CALLED_BY_APPS, routes!(userinfo_by_form)).aliases(ALIASES),
    ]
}

/// Returns the user's claims.
#[utoipa::path(
    get,
    path = USERINFO_PATH,
    operation_id = "getUserinfo",
    tag = "OpenID Connect",
    security(("access_token" = [])),
    responses(
        (status = 200, description = "`sub`, and the claims of the granted scopes; a JWT with `iss` and `aud` if the app registered `userinfo_signed_response_alg`", body = UserinfoSchema),
        (status = 400, description = "The token was sent twice, or in the query"),
        (status = 401, description = "Missing or invalid token"),
        (status = 403, description = "`insufficient_scope`: no `openid`, or no user"),
        (status = 429, description = "Too many requests for this user"),
    )
)]
pub async fn userinfo(
    State(sigma): State<AppState>,
    context: RequestContext,
    RawQuery(query): RawQuery,
    sent: SentToken,
) -> Response {
    if has_token(query.as_deref()) {
        return BearerError::Malformed.into_response();
    }
    match sent.get() {
        Ok((scheme, token)) => answer(&sigma, &context, scheme, token, &sent.proof).await,
        Err(error) => error.into_response(),
    }
}

/// The same by POST, where the token may be in a form instead of the header.
#[utoipa::path(
    post,
    path = USERINFO_PATH,
    operation_id = "getUserinfoByForm",
    tag = "OpenID Connect",
    security(("access_token" = [])),
    request_body(content_type = "application/x-www-form-urlencoded", content = UserinfoForm, description = "`access_token`, or empty"),
    responses(
        (status = 200, description = "As for GET", body = UserinfoSchema),
        (status = 400, description = "The token was sent twice, or in the query"),
        (status = 401, description = "Missing or invalid token"),
        (status = 403, description = "`insufficient_scope`: no `openid`, or no user"),
        (status = 429, description = "Too many requests for this user"),
    )
)]
pub async fn userinfo_by_form(
    State(sigma): State<AppState>,
    context: RequestContext,
    RawQuery(query): RawQuery,
    proof: SentProof,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if has_token(query.as_deref()) {
        return BearerError::Malformed.into_response();
    }
    let form = if is_content_type(&headers, FORM) {
        Params::parse(&String::from_utf8_lossy(&body))
    } else {
        Params::default()
    };
    let in_form: Vec<&str> = form.all("access_token").collect();
    let in_header = match access_token(&headers) {
        Ok(token) => token,
        Err(repeated) => return BearerError::from(repeated).into_response(),
    };
    match (in_header, in_form.as_slice()) {
        (Some((scheme, token)), []) => answer(&sigma, &context, scheme, token, &proof).await,
        (None, [token]) => answer(&sigma, &context, Scheme::Bearer, token, &proof).await,
        (None, []) => BearerError::Missing.into_response(),
        _ => BearerError::Malformed.into_response(),
    }
}

/// Whether the query holds a token: proxies log queries.
fn has_token(query: Option<&str>) -> bool {
    query.is_some_and(|query| Params::parse(query).raw("access_token").is_some())
}

/// The answer that was given before, if it would be given again; else one that is worked out.
async fn answer(
    sigma: &AppState,
    context: &RequestContext,
    scheme: Scheme,
    token: &str,
    proof: &SentProof,
) -> Response {
    // A token that is bound to a key comes by the other scheme, with a proof for each request.
    let digest = (scheme == Scheme::Bearer).then(|| Digest::of(token));
    let known = digest.and_then(|digest| sigma.token_answers.userinfo.find(&digest, sigma.now()));
    // Large as a future.
    let Some(known) = known else { return Box::pin(work_out(sigma, context, scheme, token, proof, digest)).await };
    match context.charge(Rule::Userinfo, known.with.counted_for.as_str()) {
        Ok(()) => given(sigma, &known.body, &known.with),
        Err(exceeded) => exceeded.into_response(),
    }
}

fn renew(sigma: &AppState, answer: &UserinfoAnswer) {
    if let Some((bap_id, resolved_at)) = &answer.record {
        sigma.renew_record(bap_id, *resolved_at);
    }
}

fn given(sigma: &AppState, body: &Bytes, answer: &UserinfoAnswer) -> Response {
    renew(sigma, answer);
    written_json(body.clone())
}

async fn work_out(
    sigma: &AppState,
    context: &RequestContext,
    scheme: Scheme,
    token: &str,
    proof: &SentProof,
    digest: Option<Digest>,
) -> Response {
    let question = digest.map(|digest| sigma.token_answers.userinfo.begin(digest));
    let (Bearer(live), next_nonce) = match Bearer::present(sigma, scheme, token, proof).await {
        Ok(presented) => presented,
        Err(error) => return error.into_response(),
    };
    let Some((grant, account)) = &live.account else { return BearerError::InsufficientScope.into_response() };
    // Counted per app: one that asks too often does not block others.
    let counted_for = format!("{}\0{}", live.app.client_id, account.user.id);
    if let Err(exceeded) = context.charge(Rule::Userinfo, counted_for.as_str()) {
        return exceeded.into_response();
    }
    let scopes = live.app.still_granted(&Scopes::parse(&live.access.claims.scope));
    if !scopes.contains(OPENID) {
        return BearerError::InsufficientScope.into_response();
    }
    // Claims were requested one by one for the app that the user consented to, not for one that acts for it.
    let requested = if live.access.claims.act.is_none() { grant.authorization.claims.clone() } else { Vec::new() };
    let claims = if requested.is_empty() { requested } else { covered(requested, &live.app.askable()) };
    let person = account.person(grant.authorization.bap_id.as_ref());
    let acts_for = grant.authorization.org_id.as_ref();
    let person = match sigma.with_membership(&live.app, person, acts_for, &scopes, &claims).await {
        Ok(person) => person,
        Err(error) => return BearerError::Store(error).into_response(),
    };
    let placeholder = live.app.placeholder_email.then(|| sigma.issuer_host());
    let claims = person.userinfo(&scopes, &claims, placeholder.as_deref());
    let record = person.identity.as_ref().map(|identity| (identity.bap_id.clone(), identity.resolved_at));
    let answer = UserinfoAnswer { counted_for, record };
    if let Some(algorithm) = live.app.metadata.userinfo_signed_response_alg {
        renew(sigma, &answer);
        return with_nonce(signed(sigma, &live.app, algorithm, claims).await, next_nonce.as_deref());
    }
    let body = match serde_json::to_vec(&claims) {
        Ok(body) => Bytes::from(body),
        Err(error) => return ApiError::internal(error).into_response(),
    };
    let response = given(sigma, &body, &answer);
    if let Some(question) = question {
        sigma.keep_answer(&sigma.token_answers.userinfo, question, &live, [], &body, answer);
    }
    with_nonce(response, next_nonce.as_deref())
}

/// The claims as a JWT, for an app that asked for that (OpenID Connect Core §5.3.2).
async fn signed<'a>(sigma: &'a AppState, app: &'a App, algorithm: Algorithm, mut claims: Claims<'a>) -> Response {
    claims.push("iss", sigma.issuer());
    claims.push("aud", app.client_id.as_str());
    let ring = sigma.keys.ring(&sigma.master_key).await;
    match sign(ring.signer(algorithm, sigma.now()), TokenKind::Userinfo, &claims) {
        Ok(jwt) => ([(CONTENT_TYPE, HeaderValue::from_static("application/jwt"))], jwt).into_response(),
        Err(error) => ApiError::internal(error).into_response(),
    }
}
