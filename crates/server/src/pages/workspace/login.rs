//! `/workspace/login`: by quick login where enabled, by e-mail address and password, or on to the page for keys.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use http::StatusCode;
use secrecy::SecretString;
use sigma_core::email;
use sigma_core::ids::{OrgId, UserId};
use sigma_core::random::alphanumeric;
use sigma_store::session;
use sigma_store::workspace::login::Login;
use sigma_store::workspace::quick::{self, Managers, QuickLogins, quick_log_in};
use sigma_store::workspace::role;
use sigma_store::{StoreError, Tx, password};

use super::form::Form;
use super::member_session::failed;
use super::outcome::PageError;
use super::quick::QuickSession;
use crate::extract::{Browser, NewBrowserSession, SignedIn, expired_session_cookie};
use crate::hashing::HashingError;
use crate::http::{ApiError, Exceeded, RequestContext};
use crate::interaction::with_cookie;
use crate::pages::view::PageContext;
use crate::pages::view::workspace::{QuickLoginGroup, QuickLoginLine, WorkspaceLogin};
use crate::passwords::{Verdict, authenticate, device};
use crate::state::AppState;
use crate::workspace::{JTI_LENGTH, quick_logins_allowed};

/// The routes of this page.
pub fn router() -> Router<AppState> {
    Router::new()
        .route("/workspace/login", get(show).post(log_in))
        .route("/workspace/login/quick", post(quick_login))
        .route("/workspace/sign-out", post(sign_out))
}

async fn show(State(sigma): State<AppState>, context: RequestContext) -> Result<Response, PageError> {
    page(&sigma, &context, WorkspaceLogin::default(), StatusCode::OK).await
}

async fn log_in(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    form: Form,
) -> Result<Response, PageError> {
    let email = form.text("email");
    let secret = SecretString::from(form.0.raw("password").unwrap_or_default());
    let folded = email::fold(&email);
    let device = device::shown(&sigma, &browser, &folded);
    let verdict = authenticate(&sigma, &context, &email, secret, device).await;
    let person = match verdict.map_err(|error| PageError::of(ApiError::from(error)))? {
        Verdict::Authenticated(person) => person,
        Verdict::Wrong => return wrong(&sigma, &context, email).await,
        Verdict::Delayed(exceeded) => return delayed(&sigma, &context, email, exceeded).await,
        Verdict::Busy => return Err(PageError::of(ApiError::unavailable(HashingError::Busy))),
    };
    let chosen_at = person.proof.chosen_at();
    let session = NewBrowserSession::of(&sigma, &context, &browser, "pwd");
    let new = session.new.clone();
    let begin = move |tx: &mut dyn Tx| {
        if !password::confirm(tx, &person.proof)? {
            return Ok(None);
        }
        session::begin(tx, &person.user.id, None, &new).map(Some)
    };
    if sigma.store.write(begin).await.map_err(failed)?.is_none() {
        return wrong(&sigma, &context, email).await;
    }
    // A remaining quick login would take precedence over the fresh authentication.
    let response = with_cookie(Redirect::to("/workspace").into_response(), Some(&session.cookie(&sigma)));
    let response = with_cookie(response, Some(&QuickSession::expired_cookie(&sigma)));
    Ok(with_cookie(response, Some(&device::remember(&sigma, &browser, &folded, chosen_at))))
}

/// Too many failures, perhaps of somebody else: a mailed link lets the user skip the delay.
async fn delayed(
    sigma: &AppState,
    context: &RequestContext,
    email: String,
    exceeded: Exceeded,
) -> Result<Response, PageError> {
    let wait = exceeded.retry_after;
    let refusal = format!(
        "Too many attempts to sign in to this account. Try again in {wait} s, or choose \u{201c}Forgot your password?\u{201d} to sign in with a link that we e-mail you."
    );
    let view = WorkspaceLogin { quick: Vec::new(), email, refusal: Some(refusal) };
    let mut response = page(sigma, context, view, StatusCode::TOO_MANY_REQUESTS).await?;
    exceeded.write(response.headers_mut());
    Ok(response)
}

async fn wrong(sigma: &AppState, context: &RequestContext, email: String) -> Result<Response, PageError> {
    let refusal = Some("Incorrect e-mail address or password.".to_owned());
    page(sigma, context, WorkspaceLogin { quick: Vec::new(), email, refusal }, StatusCode::UNAUTHORIZED).await
}

async fn quick_login(
    State(sigma): State<AppState>,
    context: RequestContext,
    form: Form,
) -> Result<Response, PageError> {
    let org_id = OrgId::from_text(form.text("workspace"));
    let jti = alphanumeric(&*sigma.rng, JTI_LENGTH);
    let login = Login {
        user_id: UserId::from_text(form.text("user")),
        org_id: Some(org_id.clone()),
        jti: jti.clone(),
        now: sigma.now(),
    };
    let logged_in = match quick_logins_allowed(&sigma, &context) {
        Some(managers) => sigma.store.write(move |tx| quick_log_in(tx, &login, managers)).await.map_err(failed)?,
        None => None,
    };
    if logged_in.is_none() {
        let refusal = Some("This quick login is no longer available.".to_owned());
        let view = WorkspaceLogin { refusal, ..WorkspaceLogin::default() };
        return page(&sigma, &context, view, StatusCode::UNAUTHORIZED).await;
    }
    let to = Redirect::to(&format!("/workspace/{org_id}")).into_response();
    Ok(with_cookie(to, Some(&QuickSession::new(org_id, jti).set_cookie(&sigma))))
}

/// Ends the session that opens these pages: the quick login if there is one, else the browser's session.
async fn sign_out(State(sigma): State<AppState>, browser: Browser) -> Result<Response, PageError> {
    let to = || Redirect::to("/workspace/login").into_response();
    if let Some(quick) = QuickSession::of(&sigma, &browser) {
        let state = sigma.clone();
        sigma.store.write(move |tx| quick.end(tx, &state)).await.map_err(failed)?;
        return Ok(with_cookie(to(), Some(&QuickSession::expired_cookie(&sigma))));
    }
    if let Some(signed_in) = SignedIn::find(&sigma, &browser).await.map_err(PageError::of)? {
        let (user_id, id, now) = (signed_in.account.user.id.clone(), signed_in.session.id.clone(), sigma.now());
        sigma.store.write(move |tx| session::end(tx, &user_id, &id, now)).await.map_err(failed)?;
    }
    Ok(with_cookie(to(), Some(&expired_session_cookie(&sigma))))
}

async fn page(
    sigma: &AppState,
    context: &RequestContext,
    view: WorkspaceLogin,
    status: StatusCode,
) -> Result<Response, PageError> {
    let quick = match quick_logins_allowed(sigma, context) {
        Some(managers) => sigma.store.read(move |tx| groups(tx, managers)).await.map_err(failed)?,
        None => Vec::new(),
    };
    Ok(WorkspaceLogin { quick, ..view }.render(status, &PageContext { issuer: sigma.issuer() }))
}

/// The workspaces that have members with quick login.
fn groups(tx: &mut dyn Tx, managers: Managers) -> Result<Vec<QuickLoginGroup>, StoreError> {
    let mut groups = Vec::new();
    for QuickLogins { workspace, members } in quick::list(tx, managers)? {
        let mut people = Vec::with_capacity(members.len());
        for member in members {
            let role = role::find_name(tx, &workspace.id, &member.role_id)?;
            people.push(QuickLoginLine {
                user_id: member.user_id.to_string(),
                name: member.name,
                role: role.unwrap_or_default(),
            });
        }
        if !people.is_empty() {
            groups.push(QuickLoginGroup { workspace_id: workspace.id.to_string(), name: workspace.name, people });
        }
    }
    Ok(groups)
}
