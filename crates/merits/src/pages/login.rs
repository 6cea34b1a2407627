//! `/login-with-sigma`: an app asks a person to see their merits. They sign in by any method, see what is asked in plain words,
//! and agree or refuse; never silently.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use sigma_core::actor::Actor;
use sigma_core::ids::{MeritId, MeritTemplateId, OrgId};
use sigma_core::interaction::{Continuation, LinkSecret};
use sigma_core::merits::{MemberPermissions, MeritProblem, PersonName};
use sigma_core::params::Params;
use sigma_platform::extract::{Browser, SignedIn};
use sigma_platform::http::{Endpoint, RequestContext};
use sigma_platform::interaction::{begin, sign_in_first, with_cookie};
use sigma_platform::pages::person_view;
use sigma_platform::pages::policy::{FORM, PAGE};
use sigma_platform::paths::{MERIT_LOGIN_PATH, switch_url};
use sigma_platform::state::AppState;
use sigma_store::merits::access::{self, Agreement};
use sigma_store::merits::issuer::{self, Issuer};
use sigma_store::merits::request::{self, Asked};
use sigma_store::{Stop, StoreError, Tx};

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
    let continuation = Continuation::MeritLogin { token: LinkSecret::new(waiting.token.as_str()) };
    let Some(signed_in) = SignedIn::find(&sigma, &browser).await? else {
        return sign_in_first(&sigma, &browser, continuation).map_err(PageError::of);
    };
    let (org, app, user) = (org_id.clone(), waiting.app.clone(), signed_in.account.user.id.clone());
    let wanted = permissions.clone();
    let known = sigma.store.read(move |tx| {
        let before = access::find_merit(tx, &org, &app.id, &user)?;
        Ok((before, issuer::find(tx, &org)?, names(tx, &wanted, [&org, &app.org_id])?))
    });
    let (before, org, names) = known.await?;
    let Some(org) = org else { return Err(waiting.fail(Failure::ServerError)) };
    // As much as they agreed to before, in the session that is still going on.
    let again = before.is_some_and(|merit| {
        merit.sent_at >= signed_in.session.created_at && merit.permissions.is_some_and(|held| held.covers(permissions))
    });
    let language = sigma.language_for(&browser, None);
    let begun = begin(&sigma, &browser, continuation, sigma.now())?;
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
    // The session has ended, or another account has signed in meanwhile, in another tab, whose user has seen nothing.
    let signed_in = SignedIn::find(&sigma, &browser).await?;
    let signed_in = signed_in.filter(|signed_in| signed_in.account.user.id.as_str() == form.text("shown_to"));
    let Some(signed_in) = signed_in else { return Ok(waiting.again(MERIT_LOGIN_PATH)) };
    let (hash, now) = (waiting.hash, sigma.now());
    let user_id = signed_in.account.user.id.clone();
    let store = sigma.store_for(&context, Actor::User(user_id.clone()));
    if !form.is_checked("accept") {
        let refused = store.write(move |tx| request::consume(tx, &hash, now)).await?;
        return match refused {
            Some(_) => Err(waiting.fail(Failure::AccessDenied)),
            None => Ok(waiting.again(MERIT_LOGIN_PATH)),
        };
    }
    let name = signed_in.account.person(signed_in.session.bap_id.as_ref()).display_name();
    let agreement = Agreement {
        request: hash,
        user_id: user_id.clone(),
        merit_id: MeritId::new(now, &*sigma.rng),
        template_id: MeritTemplateId::new(now, &*sigma.rng),
        name: PersonName::of_text(&name).unwrap_or_default(),
        now,
    };
    match store.decide(move |tx| access::agree(tx, &agreement)).await {
        Ok(_) => {}
        // It was answered in another tab, or has expired meanwhile.
        Err(Stop::Refused(MeritProblem::NotFound)) => return Ok(waiting.again(MERIT_LOGIN_PATH)),
        Err(Stop::Refused(problem)) => {
            tracing::info!(%problem, app = %waiting.app.id, "a person's consent could not be recorded");
            return Err(waiting.fail(Failure::ServerError));
        }
        Err(Stop::Failed(error)) => {
            tracing::error!(%error, app = %waiting.app.id, "a person's consent could not be recorded");
            return Err(waiting.fail(Failure::ServerError));
        }
    }
    match issue_member_id(&sigma, &waiting.app.id, org_id, &user_id).await {
        Ok(token) => Ok(waiting.succeed("memberIdToken", &token)),
        Err(_) => Err(waiting.fail(Failure::ServerError)),
    }
}
