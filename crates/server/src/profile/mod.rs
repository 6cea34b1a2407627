//! The user's profile: `/api/profile` and its pictures (`docs/spec/profile.md`).

mod change;
mod create;
mod picture;
mod remove;
mod show;
mod stored;

use std::borrow::Cow;
use std::sync::Arc;

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde::{Serialize, Serializer};
use sigma_bitcoin::BapId;
use sigma_core::profile::{Entered, Field, ProfileChange};
use sigma_store::account::Account;
use sigma_store::profile::{ProfileRefusal, StoredProfile};
use utoipa::ToSchema;

use crate::error::{self, API, bad_request};
use crate::extract::{Area, Caller};
use crate::http::policy::BodyLimit;
use crate::http::{ApiError, ErrorFormat, FailedAt, Policy, Surface};
use crate::profiles::{ProfileError, not_theirs};
use crate::state::AppState;

/// Reads, which published clients make with `openid profile`.
#[derive(Clone, Copy, Debug)]
pub struct ProfileReads;

impl Area for ProfileReads {
    const SCOPE: Option<&'static str> = Some("sigma:profile");
    const OPENID_PROFILE: bool = true;
}

/// Writes.
#[derive(Clone, Copy, Debug)]
pub struct ProfileWrites;

impl Area for ProfileWrites {
    const SCOPE: Option<&'static str> = Some("sigma:profile");
}

/// Errors of the usual format with `success: false`, which clients of these endpoints read.
const FORMAT: ErrorFormat = ErrorFormat { render, ..error::FORMAT };

fn render(error: &ApiError, at: &FailedAt<'_>) -> Response {
    error::render_with(error, at.request_id, Some(false))
}

/// The policy of these endpoints.
const POLICY: Policy = Policy { errors: &FORMAT, ..API };
/// A body may hold a picture.
const WITH_PICTURE: Policy = Policy { body: BodyLimit::Large, ..POLICY };

/// The endpoints of this surface.
pub fn surface() -> Surface<AppState> {
    Surface::new()
        .with(show::endpoint())
        .with(create::endpoint())
        .with(change::endpoint())
        .with(remove::endpoint())
        .with(picture::endpoint())
        .with(picture::files())
        .below("/api/profile", POLICY)
}

/// The profile of a user.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProfileAnswer<'a> {
    /// `true`.
    success: bool,
    /// The profile.
    profile: ProfileView<'a>,
}

/// What a user says about themselves.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProfileView<'a> {
    /// The identity that it is of; not sent without one, nor to apps while it is unproven.
    #[serde(skip_serializing_if = "Option::is_none")]
    bap_id: Option<&'a str>,
    /// The address of that identity, or of the account's key.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<Cow<'a, str>>,
    /// The filled-in fields, by the names of OpenID Connect, and as a schema.org `Person`.
    #[schema(value_type = Object)]
    #[serde(serialize_with = "as_object")]
    identity: Vec<(&'static str, &'a str)>,
    /// Whether there is a published record of the identity.
    is_published: bool,
    /// Milliseconds since the epoch.
    created_at: i64,
    /// Milliseconds since the epoch.
    updated_at: i64,
}

/// What clients send.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only for the OpenAPI document: see core::profile::Entered")]
pub struct ProfileBody {
    /// The identity, if it is not the one that the caller acts as.
    #[schema(rename = "bapId")]
    bap_id: Option<String>,
    /// The name that apps show first.
    #[schema(rename = "alternateName")]
    alternate_name: Option<String>,
    /// An https URL, or an image as a `data:` URL, which is encoded anew.
    image: Option<String>,
    description: Option<String>,
    name: Option<String>,
    given_name: Option<String>,
    family_name: Option<String>,
    middle_name: Option<String>,
    nickname: Option<String>,
    preferred_username: Option<String>,
    /// https
    profile: Option<String>,
    /// https
    website: Option<String>,
    gender: Option<String>,
    /// `YYYY-MM-DD`, `0000-MM-DD` or `YYYY`.
    birthdate: Option<String>,
    /// `Europe/Berlin`
    zoneinfo: Option<String>,
    /// `en-GB`
    locale: Option<String>,
}

impl ProfileAnswer<'_> {
    /// The answer with a profile as `caller` sees it.
    fn of(caller: &Caller, stored: &StoredProfile) -> Response {
        let person = caller.account.person(stored.bap_id.as_ref());
        let texts = stored.profile.iter().map(|(field, text)| (field.as_str(), text));
        let mut identity = Vec::with_capacity(Field::ALL.len() + 4);
        identity.extend([("@context", "https://schema.org"), ("@type", "Person")].into_iter().chain(texts));
        let renamed = [(Field::GivenName, "givenName"), (Field::FamilyName, "familyName")];
        identity.extend(renamed.into_iter().filter_map(|(field, name)| Some((name, stored.profile.get(field)?))));
        let bap_id = if caller.is_app() { person.bap_id() } else { stored.bap_id.as_ref() };
        let profile = ProfileView {
            bap_id: bap_id.map(BapId::as_str),
            address: person.bitcoin_address(),
            identity,
            is_published: person.bap_text().is_some(),
            created_at: stored.created_at.millis(),
            updated_at: stored.profile.updated_at.millis(),
        };
        Json(ProfileAnswer { success: true, profile }).into_response()
    }
}

fn as_object<S: Serializer>(texts: &[(&str, &str)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(texts.iter().copied())
}

/// The identity that a request is about: the named one, if the caller may act as it, or the caller's own.
fn identity_of(caller: &Caller, named: Option<&str>) -> Result<Option<BapId>, ApiError> {
    match named {
        None => Ok(caller.identity().map(|identity| identity.bap_id.clone())),
        Some(named) => {
            let named = BapId::parse(named).map_err(|_| not_theirs())?;
            let identity = caller.identity_named(&named).ok_or_else(not_theirs)?;
            Ok(Some(identity.bap_id.clone()))
        }
    }
}

fn held<'a>(account: &'a Arc<Account>, bap_id: Option<&BapId>) -> Result<&'a StoredProfile, ApiError> {
    account.profile_of(bap_id).ok_or_else(|| ProfileError::Refused(ProfileRefusal::NotFound).into())
}

/// The texts of a body, checked.
fn change_of(entered: Entered) -> Result<ProfileChange, ApiError> {
    ProfileChange::of(entered).map_err(|problem| bad_request("invalid_profile", problem.to_string()))
}
