//! `/account/identities`: the identities of a user, which of them is used without a choice, and the keys that each had.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use sigma_bitcoin::BapId;
use sigma_core::actor::Actor;
use sigma_core::interaction::{AccountPage, Continuation};
use sigma_core::params::Params;
use sigma_core::person::Identity;
use sigma_store::account::Account;
use sigma_store::identity_key::{self, IdentityKey};

use super::overview::abbreviated;
use crate::account::view::{AccountIdentities, IdentityLine, KeyLine};
use crate::extract::{Browser, SignedIn};
use crate::http::{ApiError, Endpoint, RequestContext};
use crate::interaction::sign_in_first;
use crate::pages::policy::{FORM, PAGE};
use crate::profiles::own_picture;
use crate::state::AppState;

/// The path of this page.
const PATH: &str = "/account/identities";

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::get(PAGE, PATH, show), Endpoint::post(FORM, "/account/identities/primary", make_primary)]
}

async fn show(
    State(sigma): State<AppState>,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let Some(signed_in) = SignedIn::find(&sigma, &browser).await? else { return first(&sigma, &browser) };
    let params = Params::parse(query.as_deref().unwrap_or_default());
    let done = (params.get("done") == Some("primary")).then_some("identities-primary-changed");
    render(&sigma, &browser, &signed_in, done, None).await
}

async fn make_primary(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    body: Bytes,
) -> Result<Response, ApiError> {
    let Some(signed_in) = SignedIn::find(&sigma, &browser).await? else { return first(&sigma, &browser) };
    let form = Params::parse(&String::from_utf8_lossy(&body));
    let user_id = signed_in.account.user.id.clone();
    let store = sigma.store_for(&context, Actor::User(user_id.clone()));
    let is_theirs = match form.get("identity").and_then(|text| BapId::parse(text).ok()) {
        Some(bap_id) => store.write(move |tx| identity_key::choose_primary(tx, &user_id, &bap_id)).await?,
        None => false,
    };
    if is_theirs {
        return Ok(Redirect::to(&format!("{PATH}?done=primary")).into_response());
    }
    render(&sigma, &browser, &signed_in, None, Some("profile-not-yours")).await
}

fn first(sigma: &AppState, browser: &Browser) -> Result<Response, ApiError> {
    sign_in_first(sigma, browser, Continuation::Account { page: AccountPage::Identities })
}

/// The name by which a user knows an identity.
pub fn name_of(account: &Account, identity: &Identity) -> String {
    let profile = account.profile_of(Some(&identity.bap_id));
    let filled_in = profile.and_then(|held| held.profile.display_name());
    match filled_in {
        Some(name) => name.to_owned(),
        // The person as apps see them has no unproven identity, and so not its name.
        None if identity.proof.is_proven() => account.person(Some(&identity.bap_id)).display_name(),
        None => identity.name.clone(),
    }
}

async fn render(
    sigma: &AppState,
    browser: &Browser,
    signed_in: &SignedIn,
    done: Option<&'static str>,
    refused: Option<&'static str>,
) -> Result<Response, ApiError> {
    let account = &signed_in.account;
    let user_id = account.user.id.clone();
    let keys = sigma.store.read(move |tx| identity_key::list(tx, &user_id)).await?;
    let lines = account.identities.iter().map(|identity| {
        sigma.renew_record(&identity.bap_id, identity.resolved_at);
        line(sigma, account, identity, &keys)
    });
    let view = AccountIdentities { lines: lines.collect(), done, refused };
    let status = if refused.is_some() { StatusCode::FORBIDDEN } else { StatusCode::OK };
    Ok(view.render(status, &sigma.page_in(sigma.language_of(&signed_in.account.user, browser, None))))
}

fn line(sigma: &AppState, account: &Account, identity: &Identity, keys: &[IdentityKey]) -> IdentityLine {
    let of_it = keys.iter().filter(|key| key.bap_id == identity.bap_id);
    let key_line = |key: &IdentityKey| KeyLine {
        name: abbreviated(&key.pubkey.to_hex()),
        is_current: identity.pubkey == Some(key.pubkey) && key.retired_at.is_none(),
        added_at: key.added_at,
        retired_at: key.retired_at,
    };
    IdentityLine {
        bap_id: identity.bap_id.to_string(),
        name: name_of(account, identity),
        picture: own_picture(sigma, &account.person(Some(&identity.bap_id))),
        is_primary: identity.is_primary,
        proof: identity.proof,
        is_published: identity.profile.is_some(),
        keys: of_it.map(key_line).collect(),
    }
}
