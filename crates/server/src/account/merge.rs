//! `/account/merge`: merging two accounts of one person (`docs/guides/merging-accounts.md`). They sign in to the one that goes and confirm; then
//! they sign in to the one that stays, in the same browser, and confirm there.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use sigma_core::actor::Actor;
use sigma_core::digest::Digest;
use sigma_core::interaction::{AccountPage, Continuation};
use sigma_core::merge::MergeRefusal;
use sigma_core::random::alphanumeric;
use sigma_store::account_merge::{self, CONFIRMED, Merged};
use sigma_store::{Stop, Tx, session, user};

use crate::account::view::{AccountMerge, MergeStage, MergedAccount};
use crate::extract::{Browser, SignedIn, cookie, expired_session_cookie};
use crate::http::{ApiError, Endpoint, RequestContext};
use crate::interaction::{begin, sign_in_first, with_cookie};
use crate::mail::AccountChange;
use crate::pages::policy::{FORM, PAGE};
use crate::paths::{ACCOUNT_MERGE_PATH, login_url};
use crate::quick::QuickSession;
use crate::state::AppState;

/// Characters of the cookie that binds both confirmations to one browser: 190 bits.
const SECRET_LENGTH: usize = 32;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 4] {
    [
        Endpoint::get(PAGE, ACCOUNT_MERGE_PATH, show),
        Endpoint::post(FORM, ACCOUNT_MERGE_PATH, give_up),
        Endpoint::post(FORM, "/account/merge/confirm", confirm),
        Endpoint::post(FORM, "/account/merge/cancel", cancel),
    ]
}

async fn show(State(sigma): State<AppState>, browser: Browser) -> Result<Response, ApiError> {
    let Some(signed_in) = SignedIn::find(&sigma, &browser).await? else { return first(&sigma, &browser) };
    render(&sigma, &browser, &signed_in, None, StatusCode::OK).await
}

/// The account that goes: what was confirmed is bound to this browser, which is signed out, so that the other account can sign in.
async fn give_up(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
) -> Result<Response, ApiError> {
    let Some(signed_in) = SignedIn::find(&sigma, &browser).await? else { return first(&sigma, &browser) };
    if !signed_in.may_change_credentials(&sigma) {
        return render(&sigma, &browser, &signed_in, None, StatusCode::FORBIDDEN).await;
    }
    let (user_id, now) = (signed_in.account.user.id.clone(), sigma.now());
    let secret = alphanumeric(&*sigma.rng, SECRET_LENGTH);
    let (digest, id) = (Digest::of(&secret), signed_in.session.id.clone());
    let store = sigma.store_for(&context, Actor::User(user_id.clone()));
    let confirming = store.decide(move |tx| {
        account_merge::confirm_going(tx, &user_id, &digest, now)?;
        Ok(session::end(tx, &user_id, &id, now).map(drop)?)
    });
    match confirming.await {
        Ok(()) => {}
        Err(Stop::Refused(refusal)) => {
            return render(&sigma, &browser, &signed_in, Some(refusal), StatusCode::CONFLICT).await;
        }
        Err(Stop::Failed(error)) => return Err(error.into()),
    }
    let quick = QuickSession::end_of(&sigma, &context, &browser).await?;
    let next = first(&sigma, &browser)?;
    let bound = cookie(&sigma, name(&sigma), &secret, CONFIRMED.as_secs());
    let signed_out = with_cookie(with_cookie(next, Some(&expired_session_cookie(&sigma))), Some(&bound));
    Ok(with_cookie(signed_out, quick.as_deref()))
}

/// The account that stays.
async fn confirm(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
) -> Result<Response, ApiError> {
    let Some(signed_in) = SignedIn::find(&sigma, &browser).await? else { return first(&sigma, &browser) };
    if !signed_in.may_change_credentials(&sigma) {
        return render(&sigma, &browser, &signed_in, None, StatusCode::FORBIDDEN).await;
    }
    let Some(digest) = digest(&sigma, &browser) else {
        return render(&sigma, &browser, &signed_in, Some(MergeRefusal::NotConfirmed), StatusCode::CONFLICT).await;
    };
    let (kept, now) = (signed_in.account.user.id.clone(), sigma.now());
    // Both are told: whoever reads the mail of the account that goes may be somebody else by now.
    let here = sigma.store.read(move |tx| account_merge::confirmed(tx, &digest, now)).await?;
    let gone = here.as_ref().and_then(|(_, gone)| gone.proven_email());
    let notices = sigma.notices_also_to(&signed_in.account.user, AccountChange::Merged, gone)?;
    let store = sigma.store_for(&context, Actor::User(kept.clone()));
    let methods = signed_in.session.methods.clone();
    let merged = loop {
        let (kept, methods, notices) = (kept.clone(), methods.clone(), notices.clone());
        let merge = move |tx: &mut dyn Tx| account_merge::merge(tx, &kept, &digest, &methods, &notices, now);
        match store.decide(merge).await {
            Ok(Merged::InPart) => {}
            other => break other,
        }
    };
    match merged {
        Ok(_) => {
            sigma.mail_was_promised();
            Ok(with_cookie(Redirect::to("/account?done=merged").into_response(), Some(&forgotten(&sigma))))
        }
        Err(Stop::Refused(refusal)) => render(&sigma, &browser, &signed_in, Some(refusal), StatusCode::CONFLICT).await,
        Err(Stop::Failed(error)) => Err(error.into()),
    }
}

async fn cancel(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
) -> Result<Response, ApiError> {
    let Some(signed_in) = SignedIn::find(&sigma, &browser).await? else { return first(&sigma, &browser) };
    let (own, digest, now) = (signed_in.account.user.id.clone(), digest(&sigma, &browser), sigma.now());
    let store = sigma.store_for(&context, Actor::User(own.clone()));
    store
        .write(move |tx| {
            // What either account may drop: what was confirmed here, and what was proposed for it.
            let here = digest.map_or(Ok(None), |digest| account_merge::confirmed(tx, &digest, now))?;
            let proposed = account_merge::proposed(tx, &own, now)?;
            for merge in here.map(|(merge, _)| merge).into_iter().chain(proposed) {
                account_merge::withdraw(tx, &merge.gone)?;
            }
            Ok(())
        })
        .await?;
    Ok(with_cookie(Redirect::to("/account").into_response(), Some(&forgotten(&sigma))))
}

fn first(sigma: &AppState, browser: &Browser) -> Result<Response, ApiError> {
    sign_in_first(sigma, browser, Continuation::Account { page: AccountPage::Merge })
}

fn name(sigma: &AppState) -> &'static str {
    if sigma.is_https() { "__Host-sigma-merge" } else { "sigma-merge" }
}

fn forgotten(sigma: &AppState) -> String {
    cookie(sigma, name(sigma), "", 0)
}

fn digest(sigma: &AppState, browser: &Browser) -> Option<Digest> {
    browser.cookie(name(sigma)).filter(|secret| secret.len() == SECRET_LENGTH).map(Digest::of)
}

async fn render(
    sigma: &AppState,
    browser: &Browser,
    signed_in: &SignedIn,
    refused: Option<MergeRefusal>,
    status: StatusCode,
) -> Result<Response, ApiError> {
    let language = sigma.language_of(&signed_in.account.user, browser, None);
    let (own, digest, now) = (signed_in.account.user.id.clone(), digest(sigma, browser), sigma.now());
    let found = sigma.store.read(move |tx| {
        let here = digest.map_or(Ok(None), |digest| account_merge::confirmed(tx, &digest, now))?;
        let proposed = account_merge::proposed(tx, &own, now)?;
        let other = match proposed.as_ref().and_then(|merge| Some((merge, merge.kept.clone()?))) {
            Some((merge, kept)) => user::find(tx, if merge.gone == own { &kept } else { &merge.gone })?,
            None => None,
        };
        Ok((here, proposed.zip(other)))
    });
    let (here, proposed) = found.await?;
    let own = &signed_in.account.user.id;
    let (mut sign_in_url, mut set_cookie) = (None, None);
    if !signed_in.may_change_credentials(sigma) {
        let continuation = Continuation::Account { page: AccountPage::MergeChange };
        let begun = begin(sigma, browser, continuation, now)?;
        (sign_in_url, set_cookie) = (Some(login_url(&begun.name)), begun.set_cookie);
    }
    let stage = match here {
        Some((_, gone)) if gone.id != *own => MergeStage::Staying(MergedAccount::of(&gone)),
        Some(_) => MergeStage::Confirmed,
        None => match proposed {
            Some((merge, other)) if merge.gone == *own => MergeStage::Going(Some(MergedAccount::of(&other))),
            Some((_, other)) => MergeStage::Elsewhere(MergedAccount::of(&other)),
            None => MergeStage::Going(None),
        },
    };
    let page = AccountMerge { own: MergedAccount::of(&signed_in.account.user), stage, refused, sign_in_url };
    Ok(with_cookie(page.render(status, &sigma.page_in(language)), set_cookie.as_deref()))
}
