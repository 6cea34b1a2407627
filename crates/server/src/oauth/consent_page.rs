//! `/consent`: what an app requests, in plain words, and the identity that it will see.

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use sigma_bitcoin::BapId;
use sigma_core::authorize::{Consents, choose_identity};
use sigma_core::interaction::Entrance;
use sigma_core::params::Params;
use sigma_core::person::Identity;
use sigma_core::resource::AskedResource;
use sigma_core::scope::{ORG, Scopes};
use sigma_store::account::Account;
use sigma_store::org::membership::Belonging;

use crate::extract::{Browser, SignedIn};
use crate::factors::passkeys::is_offered;
use crate::http::{ApiError, Endpoint};
use crate::i18n::Language;
use crate::interaction::{entrance, page, standing, with_cookie};
use crate::oauth::view::{Consent, IdentityChoice, ScopeLine};
use crate::pages::policy::PAGE;
use crate::pages::{app_view, not_found, person_view};
use crate::paths::{resume_url, switch_url};
use crate::profiles::own_picture;
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::get(PAGE, "/consent", consent)
}

async fn consent(
    State(sigma): State<AppState>,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Result<Response, Response> {
    let params = Params::parse(query.as_deref().unwrap_or_default());
    let Some(name) = params.get("interaction") else { return Ok(not_found()) };
    let ongoing = page::find(&sigma, &browser, name).await?;
    let name = &ongoing.interaction.name;
    let back =
        || with_cookie(Redirect::to(&resume_url(name)).into_response(), ongoing.interaction.set_cookie.as_deref());
    let signed_in = SignedIn::find(&sigma, &browser).await.map_err(IntoResponse::into_response)?;
    let Some(signed_in) = signed_in.filter(|_| ongoing.interaction.is_stored) else { return Ok(back()) };
    let entrance = entrance(&sigma, &browser, &ongoing.requested, &ongoing.interaction).await;
    if entrance.map_err(IntoResponse::into_response)? != Entrance::GoOn {
        return Ok(back());
    }
    let request = ongoing.requested.parse(&sigma).await.map_err(IntoResponse::into_response)?;
    let Ok(request) = request else { return Ok(back()) };
    let identities = &signed_in.account.identities;
    let facts = signed_in.session.facts();
    let state = &ongoing.interaction.stored.state;
    let chosen = choose_identity(identities, state, &request, &facts, &Consents::default());
    let chosen = chosen.map(|identity| &identity.bap_id);
    let user_id = &signed_in.account.user.id;
    let standing = standing(&sigma, &request, state, user_id, &Consents::default()).await;
    let standing = standing.map_err(|error| ApiError::from(error).into_response())?;
    let acts_for = standing.acts_for();
    if request.org.is_some() && acts_for.is_none() {
        return Ok(back());
    }
    let address = &ongoing.requested.address.redirect_uri;
    let language = sigma.language_of(&signed_in.account.user, &browser, ongoing.requested.params.get("ui_locales"));
    let brand = sigma.app_brand(&ongoing.requested.app).await;
    let page = Consent {
        app: app_view(&ongoing.requested.app, address.display_host(), &brand),
        returns_to_device: ongoing.requested.app.document().is_some() && !address.as_str().starts_with("https://"),
        scopes: lines(language, &request.wanted(None).scope, &request.resources, acts_for),
        org: acts_for.map(|acts_for| acts_for.org_id.to_string()),
        identities: identities.iter().map(|identity| choice(&sigma, &signed_in.account, identity, chosen)).collect(),
        person: person_view(&signed_in.account, chosen),
        interaction: name.clone(),
        shown_to: signed_in.account.user.id.to_string(),
        switch_url: Some(switch_url(name)),
        offers_passkey: sigma.relying_party().is_some()
            && is_offered(&signed_in.session, &signed_in.account.credentials, sigma.now()),
    };
    Ok(page.render(&sigma.page_in(language).with_look(&brand.look)))
}

/// What is requested: of the user, and then of each resource.
pub(super) fn lines(
    language: Language,
    scope: &Scopes,
    resources: &[AskedResource],
    acts_for: Option<&Belonging>,
) -> Vec<ScopeLine> {
    let of_scope = |scope: &str| match acts_for {
        Some(acts_for) if scope == ORG => ScopeLine::of_org(language, &acts_for.name),
        _ => ScopeLine::of(language, scope),
    };
    let of_resource = |asked: &AskedResource| {
        let scopes = asked.scopes.iter().map(|scope| ScopeLine::of_resource_scope(language, scope, &asked.name));
        std::iter::once(ScopeLine::of_resource(language, asked)).chain(scopes).collect::<Vec<_>>()
    };
    scope.iter().map(of_scope).chain(resources.iter().flat_map(of_resource)).collect()
}

pub(super) fn choice(
    sigma: &AppState,
    account: &Account,
    identity: &Identity,
    chosen: Option<&BapId>,
) -> IdentityChoice {
    let person = account.person(Some(&identity.bap_id));
    IdentityChoice {
        bap_id: identity.bap_id.to_string(),
        name: person.display_name(),
        picture: own_picture(sigma, &person),
        selected: chosen == Some(&identity.bap_id),
    }
}
