//! `/account/profile`: what a user says about themselves, for each identity and for the account (`docs/spec/profile.md`).

use axum::body::Bytes;
use axum::extract::{RawQuery, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use serde_json::json;
use sigma_bitcoin::BapId;
use sigma_core::actor::Actor;
use sigma_core::claim::Claim;
use sigma_core::interaction::{AccountPage, Continuation};
use sigma_core::params::Params;
use sigma_core::profile::{Field, ProfileChange, ProfileProblem};
use sigma_core::scope::Scopes;
use sigma_store::account::Account;
use sigma_store::profile::{ProfileRefusal, WriteMode};

use super::identities::name_of;
use crate::account::view::{AccountProfile, ProfileChoice, ProfileField};
use crate::extract::{Browser, SignedIn, body, unauthorized};
use crate::http::policy::BodyLimit;
use crate::http::{ApiError, Endpoint, Policy, RequestContext, Rule};
use crate::interaction::sign_in_first;
use crate::objects::LARGEST_PICTURE_KIB;
use crate::pages::policy::{FORM, PAGE};
use crate::profiles::{self, NewProfile, ProfileError, not_theirs, own_picture};
use crate::state::AppState;

/// The path of this page.
const PATH: &str = "/account/profile";
/// The `identity` that stands for the account itself.
const ACCOUNT: &str = "account";
/// Takes a picture, from the script of the page.
const UPLOAD: Policy = Policy { body: BodyLimit::Kibibytes(LARGEST_PICTURE_KIB), ..FORM };

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 5] {
    [
        Endpoint::get(PAGE, PATH, show),
        Endpoint::post(FORM, PATH, save),
        Endpoint::post(FORM, "/account/profile/remove", remove),
        Endpoint::post(UPLOAD, "/account/profile/picture", upload),
        Endpoint::post(FORM, "/account/profile/picture/remove", remove_picture),
    ]
}

/// What the page says about a form.
#[derive(Default)]
struct Told<'a> {
    done: Option<&'static str>,
    refused: Option<&'static str>,
    /// What was entered, if it was refused.
    entered: Option<&'a Params>,
    problems: Vec<ProfileProblem>,
}

async fn show(
    State(sigma): State<AppState>,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let Some(signed_in) = SignedIn::find(&sigma, &browser).await? else { return first(&sigma, &browser) };
    let params = Params::parse(query.as_deref().unwrap_or_default());
    let Ok(bap_id) = identity_of(&signed_in.account, params.get("identity")) else {
        return Ok(not_yours(&sigma, &browser, &signed_in));
    };
    let done = match params.get("done") {
        Some("saved") => Some("profile-saved"),
        Some("removed") => Some("profile-removed"),
        Some("picture") => Some("profile-picture-saved"),
        Some("no-picture") => Some("profile-picture-removed"),
        _ => None,
    };
    Ok(render(&sigma, &browser, &signed_in, bap_id.as_ref(), StatusCode::OK, &Told { done, ..Told::default() }))
}

async fn save(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    form: Bytes,
) -> Result<Response, Response> {
    let fail = |error: ApiError| error.into_response();
    let Some(signed_in) = SignedIn::find(&sigma, &browser).await.map_err(fail)? else {
        return first(&sigma, &browser).map_err(fail);
    };
    let form = Params::parse(&String::from_utf8_lossy(&form));
    let Ok(bap_id) = identity_of(&signed_in.account, form.get("identity")) else {
        return Ok(not_yours(&sigma, &browser, &signed_in));
    };
    let (mut change, mut problems) = (ProfileChange::default(), Vec::new());
    for field in Field::ALL {
        if let Some(entered) = form.raw(field.as_str())
            && let Err(problem) = change.set(*field, entered)
        {
            problems.push(problem);
        }
    }
    let refuse = |status, refused, problems| {
        let told = Told { refused: Some(refused), entered: Some(&form), problems, ..Told::default() };
        render(&sigma, &browser, &signed_in, bap_id.as_ref(), status, &told)
    };
    if !problems.is_empty() {
        return Ok(refuse(StatusCode::BAD_REQUEST, "profile-not-saved", problems));
    }
    context.charge(Rule::OwnApi, signed_in.account.user.id.as_str()).map_err(IntoResponse::into_response)?;
    match write(&sigma, &context, &signed_in, bap_id.clone(), change, None).await {
        Ok(()) => Ok(done(bap_id.as_ref(), "saved")),
        Err(ProfileError::Refused(ProfileRefusal::TooMany)) => {
            Ok(refuse(StatusCode::CONFLICT, "profile-too-many", Vec::new()))
        }
        Err(error) => Err(fail(error.into())),
    }
}

async fn remove(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    form: Bytes,
) -> Result<Response, ApiError> {
    let Some(signed_in) = SignedIn::find(&sigma, &browser).await? else { return first(&sigma, &browser) };
    let form = Params::parse(&String::from_utf8_lossy(&form));
    let Ok(bap_id) = identity_of(&signed_in.account, form.get("identity")) else {
        return Ok(not_yours(&sigma, &browser, &signed_in));
    };
    let user_id = &signed_in.account.user.id;
    let removed = profiles::remove(&sigma, &context, Actor::User(user_id.clone()), user_id, bap_id.clone()).await;
    match removed {
        // Whoever clicks twice has what they wanted.
        Ok(()) | Err(ProfileError::Refused(ProfileRefusal::NotFound)) => Ok(done(bap_id.as_ref(), "removed")),
        Err(error) => Err(error.into()),
    }
}

/// The body is the file. The script of the page shows what it answers.
async fn upload(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, Response> {
    let fail = |error: ApiError| error.into_response();
    let signed_in = SignedIn::find(&sigma, &browser).await.map_err(fail)?;
    let signed_in = signed_in.ok_or_else(|| fail(unauthorized()))?;
    let params = Params::parse(query.as_deref().unwrap_or_default());
    let bap_id = identity_of(&signed_in.account, params.get("identity")).map_err(|NotTheirs| fail(not_theirs()))?;
    context.charge(Rule::OwnApi, signed_in.account.user.id.as_str()).map_err(IntoResponse::into_response)?;
    let file = body(request).await?;
    let written = write(&sigma, &context, &signed_in, bap_id, ProfileChange::default(), Some(file)).await;
    written.map_err(|error| fail(error.into()))?;
    Ok(axum::Json(json!({ "success": true })).into_response())
}

async fn remove_picture(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    form: Bytes,
) -> Result<Response, ApiError> {
    let Some(signed_in) = SignedIn::find(&sigma, &browser).await? else { return first(&sigma, &browser) };
    let form = Params::parse(&String::from_utf8_lossy(&form));
    let Ok(bap_id) = identity_of(&signed_in.account, form.get("identity")) else {
        return Ok(not_yours(&sigma, &browser, &signed_in));
    };
    if signed_in.account.profile_of(bap_id.as_ref()).is_some() {
        let mut change = ProfileChange::default();
        change.set(Field::Image, "").map_err(ApiError::internal)?;
        write(&sigma, &context, &signed_in, bap_id.clone(), change, None).await?;
    }
    Ok(done(bap_id.as_ref(), "no-picture"))
}

async fn write(
    sigma: &AppState,
    context: &RequestContext,
    signed_in: &SignedIn,
    bap_id: Option<BapId>,
    change: ProfileChange,
    file: Option<Bytes>,
) -> Result<(), ProfileError> {
    let user_id = signed_in.account.user.id.clone();
    let actor = Actor::User(user_id.clone());
    let new = NewProfile { user_id, bap_id, change, file, mode: WriteMode::Either, signed: None };
    profiles::write(sigma, context, actor, new).await.map(|_| ())
}

/// An identity that is not the user's.
struct NotTheirs;

/// The identity that a form or link names, `None` for the account itself. Without a name it is the one that is used without a
/// choice.
fn identity_of(account: &Account, named: Option<&str>) -> Result<Option<BapId>, NotTheirs> {
    match named {
        Some(ACCOUNT) => Ok(None),
        Some(named) => {
            let found = account.identities.iter().find(|one| one.bap_id.as_str() == named);
            found.map(|one| Some(one.bap_id.clone())).ok_or(NotTheirs)
        }
        None => Ok(account.primary_identity().map(|one| one.bap_id.clone())),
    }
}

fn named(bap_id: Option<&BapId>) -> &str {
    bap_id.map_or(ACCOUNT, BapId::as_str)
}

fn done(bap_id: Option<&BapId>, what: &str) -> Response {
    Redirect::to(&format!("{PATH}?identity={}&done={what}", named(bap_id))).into_response()
}

fn first(sigma: &AppState, browser: &Browser) -> Result<Response, ApiError> {
    sign_in_first(sigma, browser, Continuation::Account { page: AccountPage::Profile })
}

/// The page of the usual identity, which says that the one that was asked for is another's.
fn not_yours(sigma: &AppState, browser: &Browser, signed_in: &SignedIn) -> Response {
    let usual = identity_of(&signed_in.account, None).ok().flatten();
    let told = Told { refused: Some("profile-not-yours"), ..Told::default() };
    render(sigma, browser, signed_in, usual.as_ref(), StatusCode::FORBIDDEN, &told)
}

fn render(
    sigma: &AppState,
    browser: &Browser,
    signed_in: &SignedIn,
    bap_id: Option<&BapId>,
    status: StatusCode,
    told: &Told<'_>,
) -> Response {
    let account = &signed_in.account;
    let stored = account.profile_of(bap_id).map(|held| &held.profile);
    let person = account.person(bap_id);
    let picture = own_picture(sigma, &person);
    let has_picture = picture.is_some();
    let fields = Field::ALL.iter().filter(|field| **field != Field::Image || !has_picture).map(|field| {
        let kept = stored.and_then(|profile| profile.get(*field));
        let entered = told.entered.and_then(|form| form.raw(field.as_str()));
        ProfileField {
            field: *field,
            value: entered.or(kept).unwrap_or_default().to_owned(),
            problem: told.problems.iter().find(|problem| problem.field() == *field).copied(),
        }
    });
    let claims = person.userinfo(&Scopes::parse("openid profile"), &[], None);
    let preview = claims.iter().filter_map(|(claim, value)| match value {
        Claim::Text(text) if claim != "sub" => Some((claim.to_owned(), text.to_string())),
        _ => None,
    });
    let own = (!account.identities.is_empty()).then(|| ProfileChoice {
        value: ACCOUNT.to_owned(),
        name: None,
        is_current: bap_id.is_none(),
    });
    let choices = account.identities.iter().map(|identity| ProfileChoice {
        value: identity.bap_id.to_string(),
        name: Some(name_of(account, identity)),
        is_current: bap_id == Some(&identity.bap_id),
    });
    let view = AccountProfile {
        choices: choices.chain(own).collect(),
        identity: named(bap_id).to_owned(),
        name: person.display_name(),
        picture,
        has_image: stored.is_some_and(|profile| profile.get(Field::Image).is_some()),
        exists: stored.is_some(),
        is_published: person.bap_text().is_some(),
        fields: fields.collect(),
        preview: preview.collect(),
        done: told.done,
        refused: told.refused,
    };
    view.render(status, &sigma.page_in(sigma.language_of(&signed_in.account.user, browser, None)))
}
