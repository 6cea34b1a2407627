//! `/login-with-sigma`: an app asks a person to see their merits. They sign in by any method, see what is asked in plain words,
//! and agree or refuse; never silently.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use sigma_core::actor::Actor;
use sigma_core::ids::{MeritId, MeritTemplateId, OrgId};
use sigma_core::merits::{MemberPermissions, PersonName};
use sigma_core::params::Params;
use sigma_platform::extract::Browser;
use sigma_platform::http::{Endpoint, RequestContext};
use sigma_platform::interaction::{begin, with_cookie};
use sigma_platform::pages::person_view;
use sigma_platform::pages::policy::{FORM, PAGE};
use sigma_platform::paths::{MERIT_LOGIN_PATH, switch_url};
use sigma_platform::state::AppState;
use sigma_store::merits::access::{self, Agreement};
use sigma_store::merits::issuer::{self, Issuer};
use sigma_store::merits::request::Asked;
use sigma_store::{StoreError, Tx};

use super::asked::{Failure, Waiting, app_view, unknown};
use super::form::Form;
use super::outcome::PageError;
use super::view::MeritLoginPage;
use super::words::{self, OrgNames};
use crate::token::issue_member_id;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::get(PAGE, MERIT_LOGIN_PATH, show), Endpoint::post(FORM, MERIT_LOGIN_PATH, answer)]
}

async fn show(
    State(sigma): State<AppState>,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = Params::parse(query.as_deref().unwrap_or_default());
    let waiting = Waiting::find(&sigma, &browser, query.get("token").unwrap_or_default()).await?;
    let Asked::Login(org_id, permissions) = &waiting.request.asked else {
        return Err(unknown(&sigma, &browser));
    };
    let signed_in = waiting.signed_in(&sigma, &browser).await?;
    let (org, app, user) = (org_id.clone(), waiting.app.clone(), signed_in.account.user.id.clone());
    let wanted = permissions.clone();
    let known = sigma.store.read(move |tx| {
        // The org may have unlinked the app, or lost its verification, since it asked.
        if !access::may_ask(tx, &org, &app.id)? {
            return Ok(None);
        }
        let Some(issuer) = issuer::find(tx, &org)? else { return Ok(None) };
        let before = access::find_merit(tx, &org, &app.id, &user)?;
        Ok(Some((before, issuer, names(tx, &wanted, [&org, &app.org_id])?)))
    });
    let Some((before, org, names)) = known.await? else { return Err(waiting.fail(Failure::ServerError)) };
    // As much as they agreed to before, in the session that is still going on.
    let again = before.is_some_and(|merit| {
        merit.sent_at >= signed_in.session.created_at && merit.permissions.is_some_and(|held| held.covers(permissions))
    });
    let language = sigma.language_of(&signed_in.account.user, &browser, None);
    let begun = begin(&sigma, &browser, waiting.continuation(), sigma.now())?;
    let brand = sigma.app_brand(&waiting.app).await;
    let page = MeritLoginPage {
        app: app_view(&waiting.app, &waiting.request.success_url, &brand),
        org: (org.id != waiting.app.org_id).then(|| words::party(&org)),
        sees: words::seen(language, permissions, [&org.id, &waiting.app.org_id], &names),
        hidden: words::unseen(language, permissions),
        person: person_view(&signed_in.account, signed_in.session.bap_id.as_ref()),
        email: signed_in.account.user.email.clone(),
        token: waiting.token.clone(),
        shown_to: signed_in.account.user.id.to_string(),
        switch_url: switch_url(&begun.name),
        again,
    };
    let page = page.render(&sigma.page_in(language).with_look(&brand.look));
    Ok(with_cookie(page, begun.set_cookie.as_deref()))
}

/// The names of the orgs whose merits are asked for.
fn names(tx: &mut dyn Tx, permissions: &MemberPermissions, implied: [&OrgId; 2]) -> Result<OrgNames, StoreError> {
    let mut names = OrgNames::new();
    for org_id in implied.into_iter().chain(&permissions.orgs) {
        if !names.contains_key(org_id)
            && let Some(Issuer { name, .. }) = issuer::find(tx, org_id)?
        {
            names.insert(org_id.clone(), name);
        }
    }
    Ok(names)
}

async fn answer(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    form: Form,
) -> Result<Response, PageError> {
    let waiting = Waiting::find(&sigma, &browser, &form.text("token")).await?;
    let Asked::Login(org_id, _) = &waiting.request.asked else { return Err(unknown(&sigma, &browser)) };
    let signed_in = waiting.accepted_by(&sigma, &context, &browser, &form).await?;
    let (user_id, now) = (signed_in.account.user.id.clone(), sigma.now());
    let name = signed_in.account.person(signed_in.session.bap_id.as_ref()).display_name();
    let agreement = Agreement {
        request: waiting.hash,
        user_id: user_id.clone(),
        merit_id: MeritId::new(now, &*sigma.rng),
        template_id: MeritTemplateId::new(now, &*sigma.rng),
        name: PersonName::of_text(&name).unwrap_or_default(),
        now,
    };
    let store = sigma.store_for(&context, Actor::User(user_id.clone()));
    store.decide(move |tx| access::agree(tx, &agreement)).await.map_err(|stop| waiting.unrecorded(stop))?;
    waiting.succeed("memberIdToken", issue_member_id(&sigma, &waiting.app.id, org_id, &user_id))
}
