//! `POST /api/v1/auth/login`: logs a user in to a workspace by e-mail address and password.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use sigma_core::actor::Actor;
use sigma_core::email;
use sigma_core::random::alphanumeric;
use sigma_store::org::login::{Login, LoginOutcome, by_password};
use utoipa::ToSchema;

use crate::body::{Body, Wanted};
use crate::error::WorkspaceError;
use crate::state::WorkspaceState;
use crate::token::{LoginAnswer, Others};
use sigma_platform::extract::Browser;
use sigma_platform::http::policy::{Cookies, Limit};
use sigma_platform::http::{Endpoint, Policy, RequestContext, routes};
use sigma_platform::interaction::with_cookie;
use sigma_platform::passwords::device::DEVICE_COOKIES;
use sigma_platform::passwords::{self, AuthenticateError, PasswordCheck, authenticate, device};
use sigma_platform::quick::JTI_LENGTH;
use sigma_platform::state::AppState;

/// Takes a password: the handler counts. Of the cookies only that of a known browser is read, which authenticates nobody.
const POLICY: Policy = Policy { limit: Limit::Elsewhere, cookies: Cookies::Only(&DEVICE_COOKIES), ..crate::POLICY };

/// This endpoint.
pub fn endpoint() -> Endpoint<WorkspaceState> {
    Endpoint::new(POLICY, routes!(login))
}

/// The credentials.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LoginBody {
    /// E-mail address.
    email: String,
    /// Password.
    #[schema(value_type = String)]
    password: SecretString,
    /// The workspace; by default the one that the user joined first.
    #[serde(default)]
    workspace_id: Option<String>,
}

impl Wanted for LoginBody {
    const NEEDS: Option<&'static str> = Some(NEEDS);
}

const NEEDS: &str = "Email and password are required";

/// Logs a user in to a workspace.
///
/// A password is one factor. Where two are required, no session begins here: the user signs in on the pages of the server.
///
/// Without `workspaceId`, the user is logged in to the workspace that they joined first, and the others are listed. Every
/// failure is the same 401. The response sets a device cookie that authenticates nobody: a client that keeps it is not
/// delayed by other people's failures.
#[utoipa::path(
    post,
    path = "/api/v1/auth/login",
    operation_id = "login",
    tag = "Workspaces",
    request_body = LoginBody,
    responses(
        (status = 200, description = "A JWT that is valid for a day", body = LoginAnswer),
        (status = 400, description = "Email and password are required"),
        (status = 401, description = "Wrong address or password, or not a member of that workspace"),
        (status = 403, description = "`SECOND_FACTOR_REQUIRED`: the workspace, or the user themselves, requires a second factor, which only the pages ask for; the message names the page"),
        (status = 415, description = "Not JSON"),
        (status = 429, description = "Too many failures: `Retry-After`"),
        (status = 503, description = "The store does not answer, or too many concurrent logins"),
    )
)]
pub async fn login(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    Body(body): Body<LoginBody>,
) -> Result<Response, WorkspaceError> {
    if body.email.trim().is_empty() || body.password.expose_secret().is_empty() {
        return Err(WorkspaceError::invalid(NEEDS));
    }
    let email = email::fold(&body.email);
    let device = device::shown(&sigma, &browser, &email);
    let verdict = authenticate(&sigma, &context, &body.email, body.password, device.clone()).await?;
    let now = sigma.now();
    let person = match verdict {
        PasswordCheck::Authenticated(person) => *person,
        PasswordCheck::Wrong => return Err(WorkspaceError::BadLogin),
        PasswordCheck::Delayed(exceeded) => return Err(exceeded.into()),
        PasswordCheck::Busy => return Err(WorkspaceError::Busy),
    };
    let jti = alphanumeric(&*sigma.rng, JTI_LENGTH);
    let others = if body.workspace_id.is_some() { Others::Unasked } else { Others::Listed };
    let org_id = match &body.workspace_id {
        Some(name) => Some(sigma.org_named(name).await?),
        None => None,
    };
    let login = Login { org_id, jti: jti.clone(), now };
    let chosen_at = person.proof.chosen_at();
    let store = sigma.store_for(&context, Actor::Anonymous);
    let logged_in = match store.write(move |tx| by_password(tx, &person.proof, &login)).await? {
        LoginOutcome::LoggedIn(logged_in) => *logged_in,
        LoginOutcome::NeedsSecondFactor(org_id) => {
            let page = format!("{}/workspace/{org_id}", sigma.issuer());
            return Err(WorkspaceError::SecondFactorRequired(page));
        }
        LoginOutcome::Refused => {
            passwords::count(&context, &email, device.as_ref()).await;
            return Err(WorkspaceError::BadLogin);
        }
    };
    let answer = Json(LoginAnswer::new(&sigma, logged_in, &jti, others, now).await?).into_response();
    Ok(with_cookie(answer, Some(&device::remember(&sigma, &browser, &email, chosen_at))))
}

impl From<AuthenticateError> for WorkspaceError {
    fn from(error: AuthenticateError) -> Self {
        match error {
            AuthenticateError::Store(error) => Self::Store(error),
            AuthenticateError::Hashing(error) => Self::Internal(error.to_string()),
        }
    }
}
