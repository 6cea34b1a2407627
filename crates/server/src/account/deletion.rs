//! `/account/delete`: requesting the deletion of an account, and keeping it after all until the day of the deletion.

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use sigma_core::actor::Actor;
use sigma_core::ids::UserId;
use sigma_core::interaction::{AccountPage, Continuation};
use sigma_core::params::Params;
use sigma_store::account_deletion::{self, Deletion, Requested};

use crate::account::view::{AccountDeletion, Refused};
use crate::extract::{Browser, SignedIn};
use crate::http::{ApiError, Endpoint, RequestContext};
use crate::interaction::{begin, sign_in_first, with_cookie};
use crate::mail::AccountChange;
use crate::pages::policy::{FORM, PAGE};
use crate::paths::{ACCOUNT_DELETION_PATH, login_url};
use crate::state::AppState;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 3] {
    [
        Endpoint::get(PAGE, ACCOUNT_DELETION_PATH, show),
        Endpoint::post(FORM, ACCOUNT_DELETION_PATH, request),
        Endpoint::post(FORM, "/account/delete/cancel", cancel),
    ]
}

async fn show(State(sigma): State<AppState>, browser: Browser) -> Result<Response, ApiError> {
    let Some(signed_in) = SignedIn::find(&sigma, &browser).await? else { return first(&sigma, &browser) };
    render(&sigma, &browser, &signed_in, None, StatusCode::OK)
}

async fn request(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    body: Bytes,
) -> Result<Response, ApiError> {
    let Some(signed_in) = SignedIn::find(&sigma, &browser).await? else { return first(&sigma, &browser) };
    if !signed_in.may_change_credentials(&sigma) {
        return render(&sigma, &browser, &signed_in, Some(Refused::TooLongAgo), StatusCode::FORBIDDEN);
    }
    let form = Params::parse(&String::from_utf8_lossy(&body));
    let language = sigma.language_of(&signed_in.account.user, &browser, None);
    let word = language.text("account-delete-word").to_string();
    if !is_word(form.get("confirm").unwrap_or_default(), &word) {
        return render(&sigma, &browser, &signed_in, Some(Refused::NotConfirmed), StatusCode::BAD_REQUEST);
    }
    let (user_id, now, kept) = (signed_in.account.user.id.clone(), sigma.now(), signed_in.session.id.clone());
    let new = Deletion {
        user_id: user_id.clone(),
        pseudonym: UserId::new(now, &*sigma.rng),
        requested_at: now,
        due_at: now.plus(sigma.settings.accounts.deletion_grace()),
    };
    let notices = sigma.notices(&signed_in.account.user, AccountChange::DeletionRequested)?;
    let store = sigma.store_for(&context, Actor::User(user_id.clone()));
    let kept_one = kept.clone();
    let requested = store.write(move |tx| account_deletion::request(tx, &new, Some(&kept_one), &notices)).await?;
    match requested {
        Requested::NotFound => return first(&sigma, &browser),
        Requested::OnlyAdministrator(orgs) => {
            let names = orgs.into_iter().map(|(_, name)| name).collect();
            let refused = Some(Refused::OnlyAdministrator(names));
            return render(&sigma, &browser, &signed_in, refused, StatusCode::CONFLICT);
        }
        Requested::Scheduled => sigma.mail_was_promised(),
    }
    loop {
        let (user_id, kept) = (user_id.clone(), kept.clone());
        if store.write(move |tx| account_deletion::end_access(tx, &user_id, Some(&kept), now)).await? == 0 {
            break;
        }
    }
    Ok(Redirect::to(ACCOUNT_DELETION_PATH).into_response())
}

async fn cancel(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
) -> Result<Response, ApiError> {
    let Some(signed_in) = SignedIn::find(&sigma, &browser).await? else { return first(&sigma, &browser) };
    let (user_id, now) = (signed_in.account.user.id.clone(), sigma.now());
    let store = sigma.store_for(&context, Actor::User(user_id.clone()));
    let is_kept = store.write(move |tx| account_deletion::cancel(tx, &user_id, now)).await?;
    let next = if is_kept { "/account?done=kept" } else { ACCOUNT_DELETION_PATH };
    Ok(Redirect::to(next).into_response())
}

/// Whether the word was typed, whatever its case: phones begin with a capital.
fn is_word(typed: &str, word: &str) -> bool {
    typed.trim().to_lowercase() == word.to_lowercase()
}

fn first(sigma: &AppState, browser: &Browser) -> Result<Response, ApiError> {
    sign_in_first(sigma, browser, Continuation::Account { page: AccountPage::Deletion })
}

fn render(
    sigma: &AppState,
    browser: &Browser,
    signed_in: &SignedIn,
    refused: Option<Refused>,
    status: StatusCode,
) -> Result<Response, ApiError> {
    let language = sigma.language_of(&signed_in.account.user, browser, None);
    let (mut sign_in_url, mut cookie) = (None, None);
    if signed_in.account.deletes_at.is_none() && !signed_in.may_change_credentials(sigma) {
        let continuation = Continuation::Account { page: AccountPage::DeletionRequest };
        let begun = begin(sigma, browser, continuation, sigma.now())?;
        (sign_in_url, cookie) = (Some(login_url(&begun.name)), begun.set_cookie);
    }
    let page = AccountDeletion {
        deletes_at: signed_in.account.deletes_at.map(|at| language.moment(at)),
        grace: language.duration(sigma.settings.accounts.deletion_grace()),
        word: language.text("account-delete-word").to_string(),
        refused,
        sign_in_url,
    };
    Ok(with_cookie(page.render(status, &sigma.page_in(language)), cookie.as_deref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_counts_in_capitals_of_every_alphabet() {
        for (typed, word) in [("delete", "delete"), (" Delete ", "delete"), ("LÖSCHEN", "löschen")] {
            assert!(is_word(typed, word), "{typed}");
        }
        assert!(!is_word("", "delete") && !is_word("deleted", "delete"));
    }
}
