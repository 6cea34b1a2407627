//! `/api/auth/organization/…`: a user's identities as Better Auth organizations. The id of such an organization is the
//! BAP id.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use sigma_core::params::Params;
use sigma_core::person::Identity;
use sigma_store::identity;
use sigma_store::session;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::error::API;
use crate::error::bad_request;
use crate::extract::{JSON, SignedIn, is_content_type, read_object, wrong_content_type};
use crate::http::{ApiError, Endpoint};
use crate::state::AppState;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 3] {
    [Endpoint::new(API, routes!(list)), Endpoint::new(API, routes!(full)), Endpoint::new(API, routes!(set_active))]
}

/// An identity in Better Auth's format.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Organization {
    /// The BAP id.
    id: String,
    /// The BAP id.
    slug: String,
    name: String,
    logo: Option<String>,
}

impl Organization {
    fn of(identity: &Identity) -> Self {
        Self {
            id: identity.bap_id.clone(),
            slug: identity.bap_id.clone(),
            name: identity.name.clone(),
            logo: identity.image.clone(),
        }
    }
}

/// An identity with its owner as its only member.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FullOrganization {
    #[serde(flatten)]
    organization: Organization,
    members: Vec<Member>,
    /// Always empty.
    invitations: Vec<String>,
}

/// The owner of an identity.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    id: String,
    user_id: String,
    organization_id: String,
    /// `owner`.
    role: &'static str,
}

/// Lists the user's identities.
#[utoipa::path(
    get,
    path = "/api/auth/organization/list",
    operation_id = "listOrganizations",
    tag = "Identities",
    responses(
        (status = 200, description = "The identities, oldest first", body = Vec<Organization>),
        (status = 401, description = "Nobody is signed in"),
    )
)]
pub async fn list(signed_in: SignedIn) -> Json<Vec<Organization>> {
    Json(signed_in.account.identities.iter().map(Organization::of).collect())
}

/// Returns an identity of the user: the named one, or the one chosen last. `null` if there is none.
#[utoipa::path(
    get,
    path = "/api/auth/organization/get-full-organization",
    operation_id = "getFullOrganization",
    tag = "Identities",
    params(("organizationId" = Option<String>, Query, description = "The BAP id")),
    responses(
        (status = 200, description = "The identity", body = Option<FullOrganization>),
        (status = 401, description = "Nobody is signed in"),
        (status = 403, description = "The identity is not the user's"),
    )
)]
pub async fn full(signed_in: SignedIn, RawQuery(query): RawQuery) -> Result<Json<Option<FullOrganization>>, ApiError> {
    let params = Params::parse(query.as_deref().unwrap_or_default());
    let named = params.get("organizationId").or_else(|| params.get("organizationSlug"));
    let Some(wanted) = named.or(signed_in.session.bap_id.as_deref()) else { return Ok(Json(None)) };
    let identity = signed_in.account.identities.iter().find(|identity| identity.bap_id == wanted);
    let Some(identity) = identity else { return if named.is_some() { Err(not_theirs()) } else { Ok(Json(None)) } };
    let user_id = signed_in.account.user.id.to_string();
    Ok(Json(Some(FullOrganization {
        organization: Organization::of(identity),
        members: vec![Member {
            id: format!("{user_id}:{}", identity.bap_id),
            user_id,
            organization_id: identity.bap_id.clone(),
            role: "owner",
        }],
        invitations: Vec::new(),
    })))
}

/// The identity to choose.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SetActiveBody {
    /// The BAP id.
    organization_id: Option<String>,
    /// The BAP id, as an alternative.
    organization_slug: Option<String>,
}

/// Chooses the identity that the session acts as.
#[utoipa::path(
    post,
    path = "/api/auth/organization/set-active",
    operation_id = "setActiveOrganization",
    tag = "Identities",
    request_body(content = SetActiveBody, content_type = "application/json"),
    responses(
        (status = 200, description = "The identity", body = Organization),
        (status = 400, description = "No such identity"),
        (status = 401, description = "Nobody is signed in"),
        (status = 403, description = "The identity is not the user's, or the request is from another origin"),
        (status = 415, description = "Not JSON"),
    )
)]
pub async fn set_active(
    State(sigma): State<AppState>,
    signed_in: SignedIn,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Organization>, ApiError> {
    if !is_content_type(&headers, JSON) {
        return Err(wrong_content_type("the body must be JSON"));
    }
    let unknown =
        || bad_request("organization_not_found", "Organization not found").with_code("ORGANIZATION_NOT_FOUND");
    let body: SetActiveBody = read_object(&body).ok_or_else(unknown)?;
    let wanted = body.organization_id.or(body.organization_slug).ok_or_else(unknown)?;
    if wanted.contains('\0') {
        return Err(unknown());
    }
    let Some(identity) = signed_in.account.identities.iter().find(|identity| identity.bap_id == wanted) else {
        let exists = sigma.store.read(move |tx| identity::find(tx, &wanted)).await?;
        return Err(if exists.is_some() { not_theirs() } else { unknown() });
    };
    let (id, bap_id, now) = (signed_in.session.id.clone(), identity.bap_id.clone(), sigma.now());
    let chosen = sigma.store.write(move |tx| session::choose_identity(tx, &id, &bap_id, now));
    chosen.await?;
    Ok(Json(Organization::of(identity)))
}

fn not_theirs() -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, "forbidden", "User is not a member of the organization")
        .with_code("USER_IS_NOT_A_MEMBER_OF_THE_ORGANIZATION")
}
