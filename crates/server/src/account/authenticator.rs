//! `/account/authenticator`: adds an authenticator app, by a QR code and the first code that the app shows. The secret is
//! sealed into the page until then: nothing is stored for who only looks.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fast_qr::QRBuilder;
use fast_qr::convert::svg::SvgBuilder;
use http::StatusCode;
use sigma_core::actor::Actor;
use sigma_core::authentication::CredentialKind;
use sigma_core::ids::UserId;
use sigma_core::params::Params;
use sigma_core::random::{alphanumeric, bytes};
use sigma_core::time::Timestamp;
use sigma_core::totp::{SECRET_BYTES, TotpSecret};
use sigma_store::totp::{self, Added, NewTotp, seal_context};
use zeroize::Zeroizing;

use super::overview::{PATH, done, first, refuse_change};
use crate::account::view::{AddAuthenticator, RecoveryCodesPage};
use crate::extract::{Browser, NewBrowserSession, SignedIn};
use crate::factors::codes::RecoveryCodes;
use crate::http::{ApiError, Endpoint, RequestContext};
use crate::i18n::Language;
use crate::interaction::{self, Found, way_on};
use crate::mail::AccountChange;
use crate::pages::policy::{FORM, PAGE};
use crate::paths::ADD_TOTP_PATH;
use crate::state::AppState;

/// How long the page's secret can be confirmed.
const LIFE: Duration = Duration::from_mins(15);
/// Length of the id of an authenticator app.
const ID_LENGTH: usize = 22;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::get(PAGE, ADD_TOTP_PATH, show), Endpoint::post(FORM, ADD_TOTP_PATH, add)]
}

async fn show(
    State(sigma): State<AppState>,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let Some(signed_in) = SignedIn::find(&sigma, &browser).await? else { return first(&sigma, &browser) };
    if let Some(refused) = refuse_change(&sigma, &browser, &signed_in).await? {
        return Ok(refused);
    }
    if signed_in.account.credentials.contains(&CredentialKind::Totp) {
        return Ok(done("has-authenticator"));
    }
    let secret = TotpSecret::new(&bytes::<SECRET_BYTES>(&*sigma.rng));
    let secret = secret.ok_or_else(|| ApiError::internal("a secret of another length"))?;
    let language = sigma.language_of(&signed_in.account.user, &browser, None);
    page(&sigma, &signed_in, language, &secret, query.as_deref(), None, StatusCode::OK)
}

/// The page for `secret`.
fn page(
    sigma: &AppState,
    signed_in: &SignedIn,
    language: Language,
    secret: &TotpSecret,
    query: Option<&str>,
    refusal: Option<&'static str>,
    status: StatusCode,
) -> Result<Response, ApiError> {
    let user = &signed_in.account.user;
    let context = sigma.page_in(language);
    let uri = secret.uri(context.host(), user.email.as_deref().unwrap_or(&user.name));
    let qr = QRBuilder::new(uri.as_bytes()).build().map_err(|_| ApiError::internal("a QR code that is too long"))?;
    let name = interaction_of(query);
    let view = AddAuthenticator {
        qr: SvgBuilder::default().to_str(&qr),
        secret: grouped(&secret.base32()),
        uri: uri.to_string(),
        pending: seal(sigma, &user.id, secret)?,
        action: name.map_or_else(|| ADD_TOTP_PATH.to_owned(), |name| format!("{ADD_TOTP_PATH}?interaction={name}")),
        refusal: refusal.map(|key| language.text(key).to_string()),
    };
    Ok(view.render(status, &context))
}

/// The name of the interaction in a query, if it can be one.
fn interaction_of(query: Option<&str>) -> Option<String> {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let params = Params::parse(query.unwrap_or_default());
    params.get("interaction").filter(|name| name.bytes().all(is_letter)).map(str::to_owned)
}

/// Where the user continues: what they were on the way to, or their account.
async fn continue_url(sigma: &AppState, browser: &Browser, query: Option<&str>) -> String {
    let Some(name) = interaction_of(query) else { return PATH.to_owned() };
    match interaction::find(sigma, browser, &name).await {
        Ok(Found::Ongoing(ongoing)) => way_on(&ongoing.stored.continuation, &ongoing.name),
        _ => PATH.to_owned(),
    }
}

/// The secret in groups of four letters.
fn grouped(secret: &str) -> String {
    let letters: Vec<char> = secret.chars().collect();
    letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

fn pending_context(user_id: &UserId) -> String {
    format!("totp-pending:{user_id}")
}

/// Seals a secret into the page of `user_id`, with its expiry.
fn seal(sigma: &AppState, user_id: &UserId, secret: &TotpSecret) -> Result<String, ApiError> {
    let expires = sigma.now().plus(LIFE).micros().to_be_bytes();
    let plain = Zeroizing::new([secret.as_bytes(), &expires].concat());
    let sealed = sigma.master_key.seal(&pending_context(user_id), &plain, &*sigma.rng).map_err(ApiError::internal)?;
    Ok(URL_SAFE_NO_PAD.encode(sealed))
}

/// The secret in the page of `user_id`, unless it expired.
fn unseal(sigma: &AppState, user_id: &UserId, pending: &str) -> Option<TotpSecret> {
    let sealed = URL_SAFE_NO_PAD.decode(pending).ok()?;
    let plain = sigma.master_key.open(&pending_context(user_id), &sealed).ok()?;
    let (secret, expires) = plain.split_at_checked(SECRET_BYTES)?;
    let expires_at = Timestamp::from_micros(i64::from_be_bytes(expires.try_into().ok()?));
    TotpSecret::new(secret).filter(|_| sigma.now() < expires_at)
}

async fn add(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Result<Response, ApiError> {
    let Some(signed_in) = SignedIn::find(&sigma, &browser).await? else { return first(&sigma, &browser) };
    if let Some(refused) = refuse_change(&sigma, &browser, &signed_in).await? {
        return Ok(refused);
    }
    let language = sigma.language_of(&signed_in.account.user, &browser, None);
    let form = Params::parse(&String::from_utf8_lossy(&body));
    let user_id = signed_in.account.user.id.clone();
    let Some(secret) = unseal(&sigma, &user_id, form.raw("pending").unwrap_or_default()) else {
        let secret = TotpSecret::new(&bytes::<SECRET_BYTES>(&*sigma.rng));
        let secret = secret.ok_or_else(|| ApiError::internal("a secret of another length"))?;
        return page(
            &sigma,
            &signed_in,
            language,
            &secret,
            query.as_deref(),
            Some("totp-refused-old"),
            StatusCode::BAD_REQUEST,
        );
    };
    let Some(step) = secret.matching_step(form.raw("code").unwrap_or_default(), sigma.now()) else {
        return page(
            &sigma,
            &signed_in,
            language,
            &secret,
            query.as_deref(),
            Some("totp-refused-wrong"),
            StatusCode::UNAUTHORIZED,
        );
    };
    let id = alphanumeric(&*sigma.rng, ID_LENGTH);
    let sealed = sigma.master_key.seal(&seal_context(&user_id, &id), secret.as_bytes(), &*sigma.rng);
    let codes = RecoveryCodes::new(&sigma, &user_id);
    let session = NewBrowserSession::of(&sigma, &context, &browser);
    let new = NewTotp {
        user_id: user_id.clone(),
        id,
        sealed: sealed.map_err(ApiError::internal)?,
        step,
        recovery_codes: codes.digests,
        notices: sigma.notices(&signed_in.account.user, AccountChange::TotpAdded)?,
        session: session.new.clone(),
    };
    let store = sigma.store_for(&context, Actor::User(user_id));
    match store.write(move |tx| totp::add(tx, &new)).await? {
        Added::Added { has_new_codes, .. } => {
            sigma.mail_was_promised();
            let continue_url = continue_url(&sigma, &browser, query.as_deref()).await;
            let page = RecoveryCodesPage {
                codes: if has_new_codes {
                    codes.shown.iter().map(|code| code.to_string()).collect()
                } else {
                    Vec::new()
                },
                has_new_authenticator: true,
                continue_url,
            };
            Ok(session.set_cookies(&sigma, page.render(&sigma.page_in(language)).into_response()))
        }
        Added::HasOne => Ok(done("has-authenticator")),
        Added::SignedOut => first(&sigma, &browser),
    }
}
