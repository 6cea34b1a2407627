//! `/account/activity`: the signed-in user's recent actions, and those on their account.

use std::collections::HashMap;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use sigma_core::actor::Actor;
use sigma_core::event::Event;
use sigma_core::ids::{AppId, UserId};
use sigma_core::interaction::{AccountPage, Continuation};
use sigma_core::params::Params;
use sigma_store::StoreError;
use sigma_store::event::{self, Place};

use crate::account::view::{Activity, ActivityLine, Names};
use crate::extract::{Browser, SignedIn};
use crate::http::{ApiError, Endpoint};
use crate::i18n::Language;
use crate::interaction::sign_in_first;
use crate::pages::policy::PAGE;
use crate::state::AppState;

/// Events on one page.
const PAGE_LENGTH: u32 = 25;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::get(PAGE, "/account/activity", show)
}

async fn show(
    State(sigma): State<AppState>,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let Some(signed_in) = SignedIn::find(&sigma, &browser).await? else {
        return sign_in_first(&sigma, &browser, Continuation::Account { page: AccountPage::Activity });
    };
    let params = Params::parse(query.as_deref().unwrap_or_default());
    // An invalid position counts as none: the page starts with the latest events.
    let before = params.get("before").and_then(Place::parse);
    let user_id = signed_in.account.user.id.clone();
    let (whose, place) = (user_id.clone(), before.clone().unwrap_or_else(Place::end));
    let found = sigma.store.read(move |tx| event::list_with_merged(tx, &whose, &place, PAGE_LENGTH + 1)).await?;
    let (shown, more) = match found.split_last() {
        Some((_, shown)) if found.len() > usize::try_from(PAGE_LENGTH).unwrap_or(usize::MAX) => (shown, true),
        _ => (found.as_slice(), false),
    };
    let names = names(&sigma, shown).await?;
    let language = sigma.language_of(&signed_in.account.user, &browser, None);
    let page = Activity {
        lines: shown.iter().map(|event| line(language, event, &user_id, &names)).collect(),
        older: shown.last().filter(|_| more).map(|last| format!("/account/activity?before={}", Place::of(last))),
        is_latest: before.is_none(),
    };
    Ok(page.render(&sigma.page_in(language)))
}

fn line(language: Language, event: &Event, user_id: &UserId, names: &Names) -> ActivityLine {
    // The page must not reveal where other actors are: address and browser are shown only for failed sign-ins as this
    // user.
    let account = event.user_id.as_ref();
    let is_theirs = event.actor.user().is_some_and(|actor| Some(actor) == account);
    let shows_origin = is_theirs || event.actor == Actor::Anonymous;
    ActivityLine {
        what: names.words(language, event),
        merged: account.is_some_and(|account| account != user_id),
        times: event.count,
        at: event.at,
        user_agent: event.user_agent.clone().filter(|_| shows_origin),
        address: event.address.clone().filter(|_| shows_origin),
    }
}

/// The names of apps and workspaces in these events.
async fn names(sigma: &AppState, events: &[Event]) -> Result<Names, StoreError> {
    let (mut apps, mut orgs) = (HashMap::new(), HashMap::new());
    for event in events {
        let target = event.target.as_ref().filter(|(kind, _)| kind == "app").map(|(_, id)| id.clone());
        let app = event.details.app.as_ref().map(ToString::to_string).or(target);
        if let Some(id) = app.filter(|id| !apps.contains_key(id)) {
            let app = sigma.find_app(&AppId::from_text(id.as_str())).await?;
            apps.insert(id, app.map(|app| app.name_and_host()));
        }
        if let Some(org_id) = event.org_id.as_ref().filter(|org_id| !orgs.contains_key(org_id.as_str())) {
            let cached = sigma.find_org(org_id).await?;
            orgs.insert(org_id.to_string(), cached.map(|cached| cached.org.name.clone()));
        }
    }
    Ok(Names { apps, orgs })
}
