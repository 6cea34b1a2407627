//! `GET /api/auth/get-session`: the signed-in user of this browser.

use std::borrow::Cow;

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sigma_bitcoin::BapId;
use sigma_core::time::Timestamp;
use sigma_store::account::Account;
use sigma_store::session::BrowserSession;
use utoipa::ToSchema;

use crate::error::API;
use crate::extract::MaybeSignedIn;
use crate::http::{Endpoint, routes};
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(API, routes!(get_session))
}

/// The session and its user.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionAnswer {
    session: SessionView,
    user: UserView,
}

/// A session in Better Auth's format. Times are ISO 8601.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionView {
    /// `sid` in tokens.
    pub id: String,
    /// The value that `revoke-session` takes: the session's secret in its own browser, its id in a list.
    pub token: String,
    user_id: String,
    expires_at: String,
    created_at: String,
    updated_at: String,
    ip_address: String,
    user_agent: String,
    /// The identity chosen last, if proven: apps that hold a session's secret match accounts by it.
    active_organization_id: Option<String>,
}

impl SessionView {
    /// `session` of `account`, named by `token`.
    pub fn of(session: &BrowserSession, account: &Account, token: &str) -> Self {
        let person = account.person(session.bap_id.as_ref());
        Self {
            id: session.id.to_string(),
            token: token.to_owned(),
            user_id: session.user_id.to_string(),
            expires_at: session.expires_at.iso8601(),
            created_at: session.created_at.iso8601(),
            updated_at: session.updated_at.iso8601(),
            ip_address: session.address.clone(),
            user_agent: session.user_agent.clone(),
            active_organization_id: person.bap_id().map(ToString::to_string),
        }
    }
}

/// A user in Better Auth's format.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserView {
    id: String,
    name: String,
    email: Option<String>,
    email_verified: bool,
    image: Option<String>,
    created_at: String,
    updated_at: String,
    pubkey: Option<String>,
}

impl UserView {
    /// The user of `account`, with the name and picture of the identity that was chosen last.
    fn of(account: &Account, bap_id: Option<&BapId>) -> Self {
        let (user, person, iso) = (&account.user, account.person(bap_id), Timestamp::iso8601);
        Self {
            id: user.id.to_string(),
            name: person.display_name(),
            email: user.email.clone(),
            email_verified: user.email_verified,
            image: person.picture().map(Cow::into_owned),
            created_at: iso(user.created_at),
            updated_at: iso(user.updated_at),
            pubkey: user.pubkey.map(|key| key.to_hex()),
        }
    }
}

/// Returns the signed-in user, or `null`. The session is identified by its cookie, or its secret as Bearer.
#[utoipa::path(
    get,
    path = "/api/auth/get-session",
    operation_id = "getSession",
    tag = "Sign-in",
    responses(
        (status = 200, description = "The session and its user, or `null`", body = Option<SessionAnswer>),
    )
)]
pub async fn get_session(MaybeSignedIn(signed_in): MaybeSignedIn) -> Response {
    let answer = signed_in.map(|signed_in| SessionAnswer {
        session: SessionView::of(&signed_in.session, &signed_in.account, &signed_in.token),
        user: UserView::of(&signed_in.account, signed_in.session.bap_id.as_ref()),
    });
    Json(answer).into_response()
}
