//! `POST /account/recovery-codes`: new recovery codes instead of the earlier ones, shown once.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use sigma_core::actor::Actor;
use sigma_core::authentication::CredentialKind;
use sigma_store::recovery_code;

use super::overview::{PATH, first, refuse_change, render};
use crate::account::view::{OwnAccount, RecoveryCodesPage};
use crate::extract::{Browser, SignedIn};
use crate::factors::codes::RecoveryCodes;
use crate::http::{ApiError, Endpoint, RequestContext};
use crate::mail::AccountChange;
use crate::pages::policy::FORM;
use crate::state::AppState;

/// This form.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::post(FORM, "/account/recovery-codes", renew)
}

async fn renew(State(sigma): State<AppState>, context: RequestContext, browser: Browser) -> Result<Response, ApiError> {
    let Some(signed_in) = SignedIn::find(&sigma, &browser).await? else { return first(&sigma, &browser) };
    if let Some(refused) = refuse_change(&sigma, &browser, &signed_in).await? {
        return Ok(refused);
    }
    let language = sigma.language_of(&signed_in.account.user, &browser, None);
    let held = &signed_in.account.credentials;
    if !held.iter().any(|kind| CredentialKind::SECOND_FACTORS.contains(kind)) {
        let words = language.text("account-refused-no-factor").to_string();
        let answer = OwnAccount { refusal: Some(words), ..OwnAccount::default() };
        return render(&sigma, &browser, &signed_in, answer, StatusCode::CONFLICT).await;
    }
    let (user_id, now) = (signed_in.account.user.id.clone(), sigma.now());
    let RecoveryCodes { shown, digests } = RecoveryCodes::new(&sigma, &user_id);
    let notices = sigma.notices(&signed_in.account.user, AccountChange::RecoveryCodesRenewed)?;
    let store = sigma.store_for(&context, Actor::User(user_id.clone()));
    store.write(move |tx| recovery_code::renew(tx, &user_id, &digests, &notices, now)).await?;
    sigma.mail_was_promised();
    let page = RecoveryCodesPage {
        codes: shown.iter().map(|code| code.to_string()).collect(),
        has_new_authenticator: false,
        continue_url: PATH.to_owned(),
    };
    Ok(page.render(&sigma.page_in(language)))
}
