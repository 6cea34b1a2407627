//! `/signup/email`: accounts created with an e-mail address and a password. The address is confirmed by a code, entered
//! in the browser that started the sign-up, or by a link, opened in any.

mod check;
mod confirm;
mod form;

use aws_lc_rs::hmac;
use axum::response::Response;
use http::StatusCode;
use sigma_core::digest::Digest;
use sigma_core::ids::UserId;
use sigma_core::random::alphanumeric;
use sigma_store::email_sign_up::{Proving, SignedUp};

use crate::extract::{Browser, NewBrowserSession, cookie};
use crate::front_door::method::remember_method;
use crate::front_door::{Arrival, SignInMethod};
use crate::http::{Endpoint, RequestContext};
use crate::i18n::Language;
use crate::interaction::with_cookie;
use crate::pages::view::{ErrorPage, Link};
use crate::passwords::chosen::remember;
use crate::paths::{EMAIL_SIGN_UP_PATH, LOGIN_PATH};
use crate::state::AppState;

/// Length of the secret that a browser holds during its sign-up: 256 bits.
const SECRET_LENGTH: usize = 43;

/// The endpoints of these pages.
pub fn endpoints() -> impl Iterator<Item = Endpoint<AppState>> {
    form::endpoints().into_iter().chain(check::endpoints()).chain(confirm::endpoints())
}

/// The secret of a pending sign-up, as its browser holds it.
struct SignUpSecret(String);

impl SignUpSecret {
    /// A new one.
    fn generate(sigma: &AppState) -> Self {
        Self(alphanumeric(&*sigma.rng, SECRET_LENGTH))
    }

    /// The secret that a browser holds.
    fn of(sigma: &AppState, browser: &Browser) -> Option<Self> {
        browser.cookie(name(sigma)).map(|secret| Self(secret.to_owned()))
    }

    /// The hash by which the store knows it.
    fn digest(&self) -> Digest {
        Digest::of(&self.0)
    }

    /// The digest by which the store knows the mailed code of this sign-up. A code is short, so its digest is keyed: a
    /// reader of the database cannot try them all.
    fn code_digest(&self, sigma: &AppState, code: &str) -> Digest {
        Digest::of(hmac::sign(&sigma.cookie_key, format!("sign-up-code\n{}\n{code}", self.0).as_bytes()))
    }

    /// `Set-Cookie` for as long as the sign-up is pending.
    fn set_cookie(&self, sigma: &AppState) -> String {
        cookie(sigma, name(sigma), &self.0, sigma.settings.links.sign_up().as_secs())
    }

    /// `Set-Cookie` that deletes the cookie.
    fn expired_cookie(sigma: &AppState) -> String {
        cookie(sigma, name(sigma), "", 0)
    }
}

/// The name of the cookie. Over https, no other host of the site can set a cookie of that name (RFC 6265bis §4.1.3.2).
fn name(sigma: &AppState) -> &'static str {
    if sigma.is_https() { "__Host-sigma-sign-up" } else { "sigma-sign-up" }
}

/// The facts that accompany a proof of the address, and the session that begins.
fn proving(sigma: &AppState, context: &RequestContext, browser: &Browser) -> (Proving, NewBrowserSession) {
    let session = NewBrowserSession::of(sigma, context, browser);
    let proving = Proving {
        browser: SignUpSecret::of(sigma, browser).map(|secret| secret.digest()),
        new_user: UserId::new(sigma.now(), &*sigma.rng),
        network: context.client().network(),
        session: session.new.clone(),
    };
    (proving, session)
}

/// Redirects a new user to their destination.
async fn go_on(
    sigma: &AppState,
    browser: &Browser,
    session: &NewBrowserSession,
    signed_up: &SignedUp,
) -> Result<Response, Response> {
    let query = signed_up.interaction.as_deref().map(|interaction| format!("interaction={interaction}"));
    // An interaction that has ended meanwhile says so, even though the user is signed in.
    let response = match Arrival::find(sigma, browser, query.as_deref()).await {
        Ok(arrival) => arrival.go_on(),
        Err(stopped) => stopped,
    };
    let response = session.set_cookies(sigma, response);
    let response = with_cookie(response, Some(&remember_method(SignInMethod::Password, sigma)));
    let response = with_cookie(response, Some(&SignUpSecret::expired_cookie(sigma)));
    let known = remember(sigma, browser, &signed_up.session.user_id, &signed_up.email).await?;
    Ok(with_cookie(response, known.as_deref()))
}

/// The page for a sign-up or link that has ended or never existed; its title is a key of the catalogue.
fn gone(sigma: &AppState, language: Language, title: &'static str) -> Response {
    let page = ErrorPage {
        status: StatusCode::NOT_FOUND,
        title: language.text(title).to_string(),
        code: None,
        description: language.text("sign-up-ended-explained").to_string(),
        request_id: None,
        links: vec![Link { href: EMAIL_SIGN_UP_PATH.to_owned(), label: language.text("sign-up-title").to_string() }],
    };
    page.render(&sigma.page_in(language))
}

/// The page for an address that got an account while it was being confirmed.
fn taken(sigma: &AppState, language: Language) -> Response {
    let page = ErrorPage {
        status: StatusCode::CONFLICT,
        title: language.text("sign-up-taken").to_string(),
        code: None,
        description: language.text("sign-up-taken-explained").to_string(),
        request_id: None,
        links: vec![
            Link { href: LOGIN_PATH.to_owned(), label: language.text("login-submit").to_string() },
            Link { href: "/password/forgot".to_owned(), label: language.text("login-forgot").to_string() },
        ],
    };
    page.render(&sigma.page_in(language))
}
