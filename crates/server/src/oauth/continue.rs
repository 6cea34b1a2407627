//! `POST /api/auth/oauth2/continue`: continues a request after the user chose an account or an identity. A form from
//! our own page, or JSON from a script.

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use serde::Deserialize;
use sigma_core::authorize::{Consents, Interaction};
use sigma_core::ids::{OrgId, UserId};
use sigma_core::interaction::Entrance;
use sigma_core::params::Params;
use sigma_store::interaction;
use utoipa::ToSchema;

use crate::error::API;
use crate::error::bad_request;
use crate::extract::{Browser, FORM, JSON, MaybeSignedIn, is_content_type, read_form, wrong_content_type};
use crate::http::policy::ErrorPages;
use crate::http::{ApiError, Endpoint, Policy, RequestContext, routes};
use crate::interaction::request::{Requested, Unanswerable};
use crate::interaction::{Stopped, entrance, standing, stopped};
use crate::oauth::answer::{Redirection, go};
use crate::oauth::authorize::unanswerable;
use crate::oauth::flow::{answering, find_answered};
use crate::paths::{resume_url, switch_url};
use crate::state::AppState;

const POLICY: Policy = Policy { error_pages: ErrorPages::ForBrowsers, ..API };

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(POLICY, routes!(go_on))
}

/// The user's choice.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Continuation {
    /// The user signed in and chose an identity with `organization/set-active`.
    #[serde(default)]
    post_login: bool,
    /// The query of the page, which contains the interaction.
    #[serde(rename = "oauth_query")]
    oauth_query: Option<String>,
    /// One of the user's orgs, by id, to act for.
    #[serde(default)]
    org: Option<String>,
    /// In a form: `current` to go on as the account that is signed in, `other` to use another.
    #[serde(skip)]
    account: Option<String>,
    /// The interaction itself, in a form.
    #[serde(skip)]
    interaction: Option<String>,
    /// The account that the page was made for, in a form.
    #[serde(skip)]
    shown_to: Option<String>,
}

/// Continues an authorization request.
#[utoipa::path(
    post,
    path = "/api/auth/oauth2/continue",
    operation_id = "continueAuthorization",
    tag = "OpenID Connect",
    request_body(content = Continuation, content_type = "application/json"),
    responses(
        (status = 200, description = "JSON: the URL to go to", body = Redirection),
        (status = 303, description = "Form: back to the authorization request, or to sign-in if the session has ended"),
        (status = 400, description = "No such interaction, or it has ended"),
        (status = 401, description = "JSON: nobody is signed in"),
        (status = 403, description = "From another origin"),
        (status = 415, description = "Neither a form nor JSON"),
    )
)]
pub async fn go_on(
    State(sigma): State<AppState>,
    context: RequestContext,
    MaybeSignedIn(signed_in): MaybeSignedIn,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let browser = Browser::of(&headers);
    let signed_in = answering(&browser, &headers, signed_in)?;
    let what = read(&headers, &body)?;
    let (named, query) = (what.interaction.as_deref(), what.oauth_query.as_deref());
    let ongoing = match find_answered(&sigma, &browser, named, query).await {
        Ok(ongoing) => ongoing,
        Err(response) => return Ok(*response),
    };
    let name = ongoing.name.clone();
    if what.account.as_deref() == Some("other") {
        return Ok(go(&browser, switch_url(&name)));
    }
    let Some(signed_in) = signed_in else { return Ok(go(&browser, resume_url(&name))) };
    let user_id = signed_in.account.user.id.clone();
    if what.shown_to.as_deref().is_some_and(|shown_to| shown_to != user_id.as_str()) {
        // Another account has signed in meanwhile, in another tab: the page showed a different one.
        return Ok(go(&browser, resume_url(&name)));
    }
    let query = match ongoing.query() {
        Ok(query) => Params::parse(query),
        Err(reason) => return Ok(stopped(&sigma, &browser, reason).await),
    };
    let requested = match Requested::read(&sigma, query).await {
        Ok(requested) => requested,
        Err(Unanswerable::Untrusted { error, .. }) if browser.wants_json() || is_content_type(&headers, JSON) => {
            return Err(bad_request(error.code(), error.to_string()));
        }
        // Its document was forgotten meanwhile, and is read again on the way.
        Err(Unanswerable::Unread(_)) => return Ok(go(&browser, resume_url(&name))),
        Err(error) => return Ok(unanswerable(&context, &browser, error)),
    };
    // A request that asks for a sign-in first takes no choice from the session before it.
    if entrance(&sigma, &browser, &requested, &ongoing).await? != Entrance::GoOn {
        return Ok(go(&browser, resume_url(&name)));
    }
    let state = &ongoing.stored.state;
    let kept_org = state.org_id.clone().filter(|_| state.user_id.as_ref() == Some(&user_id));
    let org_id = match what.org.as_deref() {
        None => kept_org,
        Some(named) => Some(chosen_org(&sigma, &requested, state, &user_id, named).await?),
    };
    let chosen = signed_in.session.bap_id.clone().filter(|_| what.post_login);
    let continuation = ongoing.stored.continuation.clone();
    let mut stored = ongoing.stored;
    stored.state = Interaction {
        user_id: Some(user_id.clone()),
        account_chosen: true,
        bap_id: chosen.or_else(|| stored.state.bap_id.clone()),
        org_id,
        consented: stored.state.consented && stored.state.user_id.as_ref() == Some(&user_id),
        started_at: stored.state.started_at,
    };
    let recorded = sigma.store.write(move |tx| interaction::record(tx, &stored, &user_id)).await?;
    if !recorded && browser.wants_json() {
        return Err(bad_request("invalid_request", "this request has already been answered"));
    }
    if !recorded {
        return Ok(stopped(&sigma, &browser, Stopped::Finished(continuation)).await);
    }
    Ok(go(&browser, resume_url(&name)))
}

/// The org of that id, if the request asks for it and the user is a member.
async fn chosen_org(
    sigma: &AppState,
    requested: &Requested,
    state: &Interaction,
    user_id: &UserId,
    named: &str,
) -> Result<OrgId, ApiError> {
    let not_theirs = || bad_request("invalid_request", "the organization is not one of yours");
    let Ok(request) = requested.parse(sigma).await? else { return Err(not_theirs()) };
    let standing = standing(sigma, &request, state, user_id, &Consents::default()).await?;
    let found = standing.orgs.into_iter().find(|belonging| belonging.org_id.as_str() == named);
    found.map(|belonging| belonging.org_id).ok_or_else(not_theirs)
}

fn read(headers: &HeaderMap, body: &Bytes) -> Result<Continuation, ApiError> {
    if is_content_type(headers, JSON) {
        return serde_json::from_slice(body)
            .map_err(|_| bad_request("invalid_request", "the body must be {postLogin, oauth_query}"));
    }
    if !is_content_type(headers, FORM) {
        return Err(wrong_content_type("the body must be a form or JSON"));
    }
    let form = read_form(body)?;
    let text = |name: &str| form.get(name).map(str::to_owned);
    Ok(Continuation {
        post_login: false,
        oauth_query: text("oauth_query"),
        org: text("org"),
        account: text("account"),
        interaction: text("interaction"),
        shown_to: text("shown_to"),
    })
}
