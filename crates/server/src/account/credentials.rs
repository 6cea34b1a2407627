//! `POST /account/credentials/retire`: retires a credential, never the last one.

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use sigma_core::actor::Actor;
use sigma_core::authentication::{Credential, CredentialKind};
use sigma_core::params::Params;
use sigma_store::credential::Retirement;
use sigma_store::credential_change::{Retire, retire};

use super::overview::{done, first, render};
use crate::account::password::end_the_rest;
use crate::account::view::OwnAccount;
use crate::extract::{Browser, SignedIn};
use crate::http::{ApiError, Endpoint, RequestContext};
use crate::mail::AccountChange;
use crate::pages::policy::FORM;
use crate::state::AppState;

/// This form.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::post(FORM, "/account/credentials/retire", retire_one)
}

async fn retire_one(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    body: Bytes,
) -> Result<Response, Response> {
    let fail = |error: ApiError| error.into_response();
    let Some(signed_in) = SignedIn::find(&sigma, &browser).await.map_err(fail)? else {
        return first(&sigma, &browser).map_err(fail);
    };
    let refuse = async |key: &'static str, status: StatusCode| {
        let words = sigma.language_of(&signed_in.account.user, &browser, None).text(key).to_string();
        let answer = OwnAccount { refusal: Some(words), ..OwnAccount::default() };
        render(&sigma, &browser, &signed_in, answer, status).await.map_err(fail)
    };
    if !signed_in.may_change_credentials(&sigma) {
        return refuse("backup-refused-old", StatusCode::FORBIDDEN).await;
    }
    let form = Params::parse(&String::from_utf8_lossy(&body));
    let Some(kind) = form.get("kind").and_then(CredentialKind::parse) else {
        return refuse(NOT_FOUND, StatusCode::CONFLICT).await;
    };
    let user_id = signed_in.account.user.id.clone();
    let change = match kind {
        CredentialKind::Key => AccountChange::KeyRemoved,
        CredentialKind::Password => AccountChange::PasswordRemoved,
        CredentialKind::Passkey => AccountChange::PasskeyRemoved,
        CredentialKind::Provider => AccountChange::ProviderUnlinked,
        CredentialKind::Totp => AccountChange::TotpRemoved,
        CredentialKind::Recovery => AccountChange::RecoveryCodesRemoved,
    };
    let wanted = Retire {
        user_id: user_id.clone(),
        credential: Credential { kind, id: form.raw("id").unwrap_or_default().replace('\0', "") },
        kept: signed_in.session.id.clone(),
        notices: sigma.notices(&signed_in.account.user, change).map_err(fail)?,
        now: sigma.now(),
    };
    let store = sigma.store_for(&context, Actor::User(user_id.clone()));
    let retired = store.write(move |tx| retire(tx, &wanted)).await;
    match retired.map_err(|error| fail(error.into()))? {
        Retirement::Retired => {
            sigma.mail_was_promised();
            end_the_rest(&sigma, &context, &user_id, &signed_in.session.id).await?;
            Ok(done("retired"))
        }
        Retirement::NotFound => refuse(NOT_FOUND, StatusCode::CONFLICT).await,
        Retirement::LastOne => refuse("account-refused-last", StatusCode::CONFLICT).await,
    }
}

const NOT_FOUND: &str = "account-refused-credential";
