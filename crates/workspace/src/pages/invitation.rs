//! `/invitation`: the target of a workspace's mail. Viewing changes nothing; accepting consumes the link.

use std::ops::Deref;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use sigma_core::actor::Actor;
use sigma_core::app::App;
use sigma_core::digest::Digest;
use sigma_core::ids::UserId;
use sigma_core::interaction::{Continuation, LinkSecret};
use sigma_core::org::text;
use sigma_core::params::Params;
use sigma_store::invitation::{self, Accept, Acceptance, Accepted, Invitation};

use super::outcome::text_problem;
use crate::pages::view::{AcceptInvitation, InvitationForm};
use sigma_platform::extract::{Browser, NewBrowserSession, SignedIn};
use sigma_platform::hashing::Lane;
use sigma_platform::http::{ApiError, Endpoint, RequestContext};
use sigma_platform::i18n::Language;
use sigma_platform::interaction::{begin, with_cookie};
use sigma_platform::pages::links::front_page;
use sigma_platform::pages::policy::{FORM, PAGE};
use sigma_platform::pages::view::ErrorPage;
use sigma_platform::passwords::chosen::{chosen, hash, remember};
use sigma_platform::paths::{login_url, switch_url};
use sigma_platform::state::AppState;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::get(PAGE, "/invitation", show), Endpoint::post(FORM, "/invitation", accept)]
}

async fn show(
    State(sigma): State<AppState>,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Result<Response, Response> {
    let params = Params::parse(query.as_deref().unwrap_or_default());
    let token = params.raw("token").unwrap_or_default();
    let Some(found) = find(&sigma, token).await? else { return Ok(gone(&sigma, &browser)) };
    let signed_in = SignedIn::find(&sigma, &browser).await.map_err(IntoResponse::into_response)?;
    let found = Found { app: app_of(&sigma, &found).await?, invitation: found };
    page(&sigma, &browser, token, &found, signed_in.as_ref(), &found.name, None, StatusCode::OK)
        .map_err(IntoResponse::into_response)
}

async fn accept(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    body: Bytes,
) -> Result<Response, Response> {
    let form = Params::parse(&String::from_utf8_lossy(&body));
    let token = form.raw("token").unwrap_or_default();
    let Some(found) = find(&sigma, token).await? else { return Ok(gone(&sigma, &browser)) };
    let found = Found { app: app_of(&sigma, &found).await?, invitation: found };
    let signed_in = SignedIn::find(&sigma, &browser).await.map_err(IntoResponse::into_response)?;
    let name = form.raw("name").unwrap_or_default();
    let language = language(&sigma, &browser, signed_in.as_ref());
    let set = if found.acceptance == Acceptance::SetPassword {
        let refused =
            |words: String| page(&sigma, &browser, token, &found, None, name, Some(words), StatusCode::BAD_REQUEST);
        let name = match text::name(name) {
            Ok(name) => name,
            Err(problem) => {
                return refused(format!("{}.", text_problem(language, "yours", problem)))
                    .map_err(IntoResponse::into_response);
            }
        };
        let password = match chosen(language, &form) {
            Ok(password) => password,
            Err(words) => return refused(words).map_err(IntoResponse::into_response),
        };
        Some((name, hash(&sigma, Lane::Known, password).await?))
    } else {
        None
    };
    let session = NewBrowserSession::of(&sigma, &context, &browser);
    let wanted = Accept {
        link: Digest::of(token),
        new_user: UserId::new(sigma.now(), &*sigma.rng),
        chosen: set,
        signed_in: signed_in.as_ref().map(|signed_in| signed_in.account.user.id.clone()),
        network: context.client().network(),
        session: session.new.clone(),
    };
    let store = sigma.store_for(&context, Actor::Anonymous);
    let accepted = store.write(move |tx| invitation::accept(tx, &wanted)).await;
    match accepted.map_err(|error| ApiError::from(error).into_response())? {
        Accepted::Gone => Ok(gone(&sigma, &browser)),
        // The account changed while they viewed the page: it now shows what is required.
        Accepted::Incomplete(acceptance) => {
            let found = Found { invitation: Invitation { acceptance, ..found.invitation }, ..found };
            page(&sigma, &browser, token, &found, signed_in.as_ref(), name, None, StatusCode::CONFLICT)
                .map_err(IntoResponse::into_response)
        }
        Accepted::Accepted { with_password: false, .. } => Ok(Redirect::to(&found.leads_to(&sigma)).into_response()),
        Accepted::Accepted { user_id, with_password: true } => {
            let to = session.set_cookies(&sigma, Redirect::to(&found.leads_to(&sigma)).into_response());
            let known = remember(&sigma, &browser, &user_id, &found.email).await?;
            Ok(with_cookie(to, known.as_deref()))
        }
    }
}

/// An invitation, and the app that it leads to.
struct Found {
    invitation: Invitation,
    app: Option<Arc<App>>,
}

impl Deref for Found {
    type Target = Invitation;

    fn deref(&self) -> &Invitation {
        &self.invitation
    }
}

impl Found {
    /// Where whoever accepts is led: an address that the app is registered with, or the workspaces.
    fn leads_to(&self, sigma: &AppState) -> String {
        let start = self.app.as_ref().and_then(|app| app.start_url(sigma.issuer()));
        start.unwrap_or_else(|| "/workspace".to_owned())
    }
}

/// The app that an invitation leads to, if it says where a sign-in to it begins, or has a home page.
async fn app_of(sigma: &AppState, invitation: &Invitation) -> Result<Option<Arc<App>>, Response> {
    let Some(id) = &invitation.app_id else { return Ok(None) };
    let found = sigma.find_app(id).await.map_err(|error| ApiError::from(error).into_response())?;
    Ok(found.filter(|app| !app.disabled && app.start_url(sigma.issuer()).is_some()))
}

/// The language of whoever is signed in, or of the browser.
fn language(sigma: &AppState, browser: &Browser, signed_in: Option<&SignedIn>) -> Language {
    match signed_in {
        Some(signed_in) => sigma.language_of(&signed_in.account.user, browser, None),
        None => sigma.language_for(browser, None),
    }
}

async fn find(sigma: &AppState, token: &str) -> Result<Option<Invitation>, Response> {
    let (link, now) = (Digest::of(token), sigma.now());
    let found = sigma.store.read(move |tx| invitation::find(tx, &link, now)).await;
    found.map_err(|error| ApiError::from(error).into_response())
}

#[expect(clippy::too_many_arguments, reason = "the whole of what the page shows")]
fn page(
    sigma: &AppState,
    browser: &Browser,
    token: &str,
    found: &Found,
    signed_in: Option<&SignedIn>,
    name: &str,
    refusal: Option<String>,
    status: StatusCode,
) -> Result<Response, ApiError> {
    let is_theirs =
        signed_in.zip(found.user.as_ref()).is_some_and(|(signed_in, user)| signed_in.account.user.id == user.id);
    let mut cookie = None;
    let form = match found.acceptance {
        Acceptance::SetPassword => InvitationForm::SetPassword { name: name.to_owned() },
        Acceptance::SignInFirst if !is_theirs => {
            let continuation = Continuation::Invitation { token: LinkSecret::new(token) };
            let begun = begin(sigma, browser, continuation, sigma.now())?;
            cookie = begun.set_cookie;
            let url = if signed_in.is_some() { switch_url(&begun.name) } else { login_url(&begun.name) };
            let signed_in_as = signed_in.map(|signed_in| signed_in.account.user.name.clone());
            InvitationForm::SignInFirst { url, signed_in_as }
        }
        Acceptance::SignInFirst => InvitationForm::Agree,
    };
    let view = AcceptInvitation {
        token: token.to_owned(),
        workspace: found.workspace.clone(),
        email: found.email.clone(),
        app: found.app.as_ref().map(|app| app.name.clone()),
        form,
        refusal,
    };
    let response = view.render(status, &sigma.page_in(language(sigma, browser, signed_in)));
    Ok(with_cookie(response, cookie.as_deref()))
}

/// The page for a link that was used, has expired, was revoked, or never existed.
fn gone(sigma: &AppState, browser: &Browser) -> Response {
    let language = sigma.language_for(browser, None);
    let page = ErrorPage {
        status: StatusCode::NOT_FOUND,
        title: language.text("invitation-gone").to_string(),
        code: None,
        description: language.text("invitation-gone-text").to_string(),
        request_id: None,
        links: vec![front_page(language)],
    };
    page.render(&sigma.page_in(language))
}
