//! `/merits/verify`: verifies credentials that are pasted or uploaded. Signatures are checked with the keys of orgs of this
//! server, and whether a merit still counts is read from its row, not from a list that may be an hour old.

use askama::Template;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode, header};
use serde_json::Value;
use sigma_core::ids::{MeritId, OrgId};
use sigma_core::jose::{MAX_CREDENTIAL_BYTES, PublicJwk, TokenKind, UnverifiedJws};
use sigma_core::merits::Status;
use sigma_core::merits::proof::{issuer_did, merit_of_url, org_of_did, verification_url};
use sigma_core::params::Params;
use sigma_platform::extract::Browser;
use sigma_platform::http::policy::{BodyLimit, Cookies};
use sigma_platform::http::{ApiError, Endpoint, Policy};
use sigma_platform::pages::view::csp::ContentSecurityPolicy;
use sigma_platform::pages::view::{PageContext, page};
use sigma_platform::state::AppState;
use sigma_store::merits::credential;

use super::PUBLIC_PAGE;
use crate::pages::form::Upload;

const PATH: &str = "/merits/verify";
const FORM: Policy = Policy { cookies: Cookies::OwnForm, body: BodyLimit::Kibibytes(64), ..PUBLIC_PAGE };

/// The page and its form.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::get(PUBLIC_PAGE, PATH, show), Endpoint::post(FORM, PATH, verify)]
}

/// What was found out about a credential.
enum Verdict {
    /// It was issued here, to that person, and counts.
    Valid(Shown),
    /// It was issued here, and no longer counts.
    Ended(Shown),
    /// Its last day has passed.
    Expired(Shown),
    /// It was issued by somebody else.
    Foreign(String),
    /// It is no credential, or was altered.
    Invalid,
}

/// A credential whose signature holds.
struct Shown {
    title: String,
    org_name: String,
    name: String,
    since: String,
    url: String,
}

#[derive(Template)]
#[template(path = "proof/verify.html")]
struct VerifyPage<'a> {
    context: &'a PageContext<'a>,
    verdict: Option<&'a Verdict>,
}

async fn show(State(sigma): State<AppState>, browser: Browser) -> Response {
    render(&sigma, &browser, None)
}

fn render(sigma: &AppState, browser: &Browser, verdict: Option<&Verdict>) -> Response {
    let context = sigma.page_in(sigma.language_for(browser, None));
    page(StatusCode::OK, &VerifyPage { context: &context, verdict }, ContentSecurityPolicy::Strict)
}

async fn verify(
    State(sigma): State<AppState>,
    browser: Browser,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let token = sent(&headers, body).await;
    let verdict = judge(&sigma, token.trim()).await?;
    Ok(render(&sigma, &browser, Some(&verdict)))
}

/// The credential in a form: the uploaded file, or else the pasted text.
async fn sent(headers: &HeaderMap, body: Bytes) -> String {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let Ok(boundary) = multer::parse_boundary(content_type) else {
        return Params::parse(&String::from_utf8_lossy(&body)).raw("credential").unwrap_or_default().to_owned();
    };
    let Ok(form) = Upload::read(boundary, body).await else { return String::new() };
    let file = form.text("file");
    if file.is_empty() { form.text("credential") } else { file }
}

async fn judge(sigma: &AppState, token: &str) -> Result<Verdict, ApiError> {
    if token.len() > MAX_CREDENTIAL_BYTES {
        return Ok(Verdict::Invalid);
    }
    let Ok(jws) = UnverifiedJws::parse_credential(token) else { return Ok(Verdict::Invalid) };
    let Some((did, kid)) = jws.header().kid.as_deref().and_then(|kid| kid.split_once('#')) else {
        return Ok(Verdict::Invalid);
    };
    let Some(org_id) = org_of_did(sigma.issuer(), did) else {
        let is_did = did.starts_with("did:") && did.len() <= 200 && did.bytes().all(|byte| byte.is_ascii_graphic());
        return Ok(if is_did { Verdict::Foreign(did.to_owned()) } else { Verdict::Invalid });
    };
    let wanted = org_id.clone();
    let keys = sigma.store.read(move |tx| credential::keys(tx, &wanted)).await?;
    let Some(key) = keys.into_iter().find(|key| key.kid == kid) else { return Ok(Verdict::Invalid) };
    let key = PublicJwk::parse(&key.public_jwk).map_err(ApiError::internal)?;
    let claims = jws.verify_as(TokenKind::Credential, &key).ok();
    let claims = claims.and_then(|claims| serde_json::from_slice::<Value>(claims).ok());
    let Some((shown, org_id, merit_id)) = claims.and_then(|claims| read(sigma.issuer(), &org_id, &claims)) else {
        return Ok(Verdict::Invalid);
    };
    let (org, id) = (org_id, merit_id);
    let merit = sigma.store.read(move |tx| sigma_store::merits::find(tx, &org, &id)).await?;
    let counts = merit.is_some_and(|merit| merit.status == Status::Accepted && !merit.access);
    Ok(match shown {
        (shown, _) if !counts => Verdict::Ended(shown),
        (shown, Some(until)) if until < sigma.now().iso8601() => Verdict::Expired(shown),
        (shown, _) => Verdict::Valid(shown),
    })
}

/// What a credential says: what is shown of it, and when it ends. `None` unless it is a badge of that org.
fn read(issuer: &str, org_id: &OrgId, claims: &Value) -> Option<((Shown, Option<String>), OrgId, MeritId)> {
    let text = |pointer: &str| claims.pointer(pointer).and_then(Value::as_str);
    let did = issuer_did(issuer, org_id);
    if text("/iss") != Some(&did) || text("/issuer/id") != Some(&did) {
        return None;
    }
    let types = claims.get("type")?.as_array()?;
    if !types.iter().any(|name| name == "OpenBadgeCredential") {
        return None;
    }
    let (org, merit) = merit_of_url(issuer, text("/id")?)?;
    if org != *org_id || text("/jti") != text("/id") {
        return None;
    }
    let identifiers = claims.pointer("/credentialSubject/identifier").and_then(Value::as_array);
    let name = identifiers.into_iter().flatten().find(|one| one.get("identityType").is_some_and(|kind| kind == "name"));
    let name = name.and_then(|one| one.get("identityHash")).and_then(Value::as_str);
    let shown = Shown {
        title: text("/name")?.to_owned(),
        org_name: text("/issuer/name")?.to_owned(),
        name: name.unwrap_or_default().to_owned(),
        since: text("/validFrom")?.chars().take(10).collect(),
        url: verification_url(issuer, &org, &merit),
    };
    Some(((shown, text("/validUntil").map(str::to_owned)), org, merit))
}
