//! `/link-app`: an app asks to act for an org. An admin signs in, chooses the org and grants it.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use sigma_core::actor::Actor;
use sigma_core::ids::OrgId;
use sigma_core::merits::{MeritProblem, OrgPermissions};
use sigma_core::params::Params;
use sigma_platform::extract::{Browser, SignedIn};
use sigma_platform::http::{Endpoint, RequestContext};
use sigma_platform::interaction::{begin, with_cookie};
use sigma_platform::pages::person_view;
use sigma_platform::pages::policy::{FORM, PAGE};
use sigma_platform::paths::{LINK_APP_PATH, switch_url};
use sigma_platform::state::AppState;
use sigma_store::Stop;
use sigma_store::merits::request::Asked;
use sigma_store::merits::{issuer, link};

use super::asked::{Waiting, app_view, unknown};
use super::form::Form;
use super::org::administered;
use super::outcome::PageError;
use super::view::{LinkAppPage, LinkableOrg};
use super::words;
use crate::token::issue_org_id;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::get(PAGE, LINK_APP_PATH, show), Endpoint::post(FORM, LINK_APP_PATH, answer)]
}

async fn show(
    State(sigma): State<AppState>,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = Params::parse(query.as_deref().unwrap_or_default());
    let waiting = Waiting::find(&sigma, &browser, query.get("token").unwrap_or_default()).await?;
    let permissions = asked(&sigma, &browser, &waiting)?;
    let signed_in = waiting.signed_in(&sigma, &browser).await?;
    page(&sigma, &browser, &waiting, permissions, &signed_in, None).await
}

fn asked(sigma: &AppState, browser: &Browser, waiting: &Waiting) -> Result<OrgPermissions, PageError> {
    match waiting.request.asked {
        Asked::Link(permissions) => Ok(permissions),
        Asked::Login(..) => Err(unknown(sigma, browser)),
    }
}

async fn page(
    sigma: &AppState,
    browser: &Browser,
    waiting: &Waiting,
    permissions: OrgPermissions,
    signed_in: &SignedIn,
    refusal: Option<&'static str>,
) -> Result<Response, PageError> {
    let (session, app) = (signed_in.session.clone(), waiting.app.clone());
    let found = sigma.store.read(move |tx| {
        let owner = issuer::find(tx, &app.org_id)?.map(|org| org.name).unwrap_or_default();
        let mut orgs = Vec::new();
        for (org, role) in administered(tx, &session)? {
            // Its own org needs no link.
            if org.id != app.org_id {
                let linked = link::find(tx, &org.id, &app.id)?.is_some();
                orgs.push(LinkableOrg { id: org.id.to_string(), party: words::party(&org), role, linked });
            }
        }
        Ok((owner, orgs))
    });
    let (owner, orgs) = found.await?;
    let language = sigma.language_of(&signed_in.account.user, browser, None);
    let begun = begin(sigma, browser, waiting.continuation(), sigma.now())?;
    let brand = sigma.app_brand(&waiting.app).await;
    let page = LinkAppPage {
        app: app_view(&waiting.app, &waiting.request.success_url, &brand),
        owner,
        may: words::allowed(language, permissions),
        orgs,
        person: person_view(&signed_in.account, signed_in.session.bap_id.as_ref()),
        email: signed_in.account.user.email.clone(),
        token: waiting.token.clone(),
        shown_to: signed_in.account.user.id.to_string(),
        switch_url: switch_url(&begun.name),
        refusal: refusal.map(|key| language.text(key).to_string()),
    };
    let status = if refusal.is_some() { StatusCode::FORBIDDEN } else { StatusCode::OK };
    let page = page.render(status, &sigma.page_in(language).with_look(&brand.look));
    Ok(with_cookie(page, begun.set_cookie.as_deref()))
}

async fn answer(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    form: Form,
) -> Result<Response, PageError> {
    let waiting = Waiting::find(&sigma, &browser, &form.text("token")).await?;
    let permissions = asked(&sigma, &browser, &waiting)?;
    let signed_in = waiting.accepted_by(&sigma, &context, &browser, &form).await?;
    // What the session may not administer, as an org that requires a second factor which was not proven, is not offered.
    let chosen = OrgId::from_text(form.text("org"));
    let session = signed_in.session.clone();
    let offered = sigma.store.read(move |tx| administered(tx, &session)).await?;
    if !offered.iter().any(|(org, _)| org.id == chosen && org.id != waiting.app.org_id) {
        let refusal = Some("merits-link-not-admin");
        return page(&sigma, &browser, &waiting, permissions, &signed_in, refusal).await;
    }
    let (hash, org_id, now) = (waiting.hash, chosen.clone(), sigma.now());
    let user_id = signed_in.account.user.id.clone();
    let store = sigma.store_for(&context, Actor::User(user_id.clone()));
    match store.decide(move |tx| link::grant(tx, &hash, &org_id, &user_id, now)).await {
        Ok(_) => waiting.succeed("orgIdToken", issue_org_id(&sigma, &waiting.app.id, &chosen)),
        Err(Stop::Refused(MeritProblem::Forbidden)) => {
            let refusal = Some("merits-link-not-admin");
            page(&sigma, &browser, &waiting, permissions, &signed_in, refusal).await
        }
        Err(stop) => Err(waiting.unrecorded(stop)),
    }
}
