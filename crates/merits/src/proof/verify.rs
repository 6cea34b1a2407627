//! `/merits/verify`: verifies credentials that are pasted or uploaded. Of orgs of this server, signatures are checked with their
//! keys, and whether a merit still counts is read from its row, not from a list that may be an hour old. Of others, the
//! documents of their DID are fetched.

use askama::Template;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode, header};
use serde_json::Value;
use sigma_core::ids::{MeritId, OrgId};
use sigma_core::jose::{JwsError, MAX_CREDENTIAL_BYTES, PublicJwk, TokenKind, UnverifiedJws};
use sigma_core::merits::Status;
use sigma_core::merits::did_web::did_web_url;
use sigma_core::merits::proof::{did_of_host, issuer_did, merit_of_url, org_of_did, verification_url};
use sigma_core::params::Params;
use sigma_platform::extract::Browser;
use sigma_platform::http::policy::{BodyLimit, Cookies};
use sigma_platform::http::{ApiError, Endpoint, Policy, RequestContext, Rule};
use sigma_platform::outbound::Fetcher;
use sigma_platform::pages::view::csp::ContentSecurityPolicy;
use sigma_platform::pages::view::{PageContext, page};
use sigma_platform::state::AppState;
use sigma_store::merits::credential;

use super::PUBLIC_PAGE;
use super::foreign::{self, Foreign, Outcome, Web};
use crate::pages::form::Upload;
use crate::pages::outcome::PageError;

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
    /// It was signed by somebody else.
    Foreign(Foreign),
    /// It was signed in a way that this page does not check, with the DID that it names.
    Unsupported(String),
    /// It is no credential, or was altered.
    Invalid,
}

/// A credential whose signature holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) title: String,
    pub(super) org_name: String,
    pub(super) name: String,
    pub(super) since: String,
    /// Where its issuer shows it, if that is an address of the web.
    pub(super) url: Option<String>,
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
    context: RequestContext,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, PageError> {
    let token = sent(&headers, body).await;
    let verdict = judge(&sigma, &context, token.trim()).await?;
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

/// The documents of issuers elsewhere.
struct Internet<'a>(&'a Fetcher);

impl Web for Internet<'_> {
    async fn read(&self, url: &str) -> Option<Vec<u8>> {
        let fetched = self.0.get(url).await;
        fetched.inspect_err(|error| tracing::info!(url, %error, "a document of an issuer could not be fetched")).ok()
    }
}

async fn judge(sigma: &AppState, context: &RequestContext, token: &str) -> Result<Verdict, PageError> {
    if token.len() > MAX_CREDENTIAL_BYTES {
        return Ok(Verdict::Invalid);
    }
    let jws = match UnverifiedJws::parse_credential(token) {
        Ok(jws) => jws,
        Err(JwsError::UnsupportedAlgorithm | JwsError::Extension) => return Ok(Verdict::Unsupported(String::new())),
        Err(_) => return Ok(Verdict::Invalid),
    };
    let Some((did, kid)) = jws.header().kid.as_deref().and_then(|kid| kid.split_once('#')) else {
        return Ok(Verdict::Unsupported(String::new()));
    };
    let Some(org_id) = org_of_did(sigma.issuer(), did) else {
        let is_did = did.starts_with("did:") && did.len() <= 200 && did.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_did || did.starts_with(&did_of_host(sigma.issuer())) {
            return Ok(Verdict::Invalid);
        }
        if did_web_url(did).is_none() {
            return Ok(Verdict::Unsupported(did.to_owned()));
        }
        // Whoever sends a credential chooses what we fetch.
        context.charge(Rule::ForeignCredential, context.client()).map_err(PageError::of)?;
        let judged = foreign::judge(&jws, (did, kid), sigma.now(), &Internet(&sigma.fetcher)).await;
        return Ok(judged.map_or(Verdict::Invalid, Verdict::Foreign));
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
    let name = name_of(claims);
    let shown = Shown {
        title: text("/name")?.to_owned(),
        org_name: text("/issuer/name")?.to_owned(),
        name: name.unwrap_or_default().to_owned(),
        since: text("/validFrom")?.chars().take(10).collect(),
        url: Some(verification_url(issuer, &org, &merit)),
    };
    Some(((shown, text("/validUntil").map(str::to_owned)), org, merit))
}

/// The name of the recipient, if a credential says it in plain text.
pub(super) fn name_of(claims: &Value) -> Option<&str> {
    let identifiers = claims.pointer("/credentialSubject/identifier").and_then(Value::as_array);
    let is_name = |one: &&Value| {
        one.get("identityType").is_some_and(|kind| kind == "name")
            && one.get("hashed").is_none_or(|hashed| hashed != true)
    };
    identifiers.into_iter().flatten().find(is_name)?.get("identityHash")?.as_str()
}
