//! `GET /api/auth/organization/get-full-organization`: one of the user's identities, with its owner as a member.

use axum::Json;
use axum::extract::RawQuery;
use serde::Serialize;
use sigma_bitcoin::BapId;
use sigma_core::params::Params;
use utoipa::ToSchema;

use super::{Organization, not_theirs};
use crate::error::API;
use crate::extract::SignedIn;
use crate::http::{ApiError, Endpoint, routes};
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(API, routes!(full))
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
    let wanted = match named {
        Some(named) => Some(BapId::parse(named).map_err(|_| not_theirs())?),
        None => signed_in.session.bap_id.clone(),
    };
    let Some(wanted) = wanted else { return Ok(Json(None)) };
    let identity = signed_in.account.identities.iter().find(|identity| identity.bap_id == wanted);
    let Some(identity) = identity else { return if named.is_some() { Err(not_theirs()) } else { Ok(Json(None)) } };
    let user_id = signed_in.account.user.id.to_string();
    Ok(Json(Some(FullOrganization {
        organization: Organization::of(&signed_in.account, identity),
        members: vec![Member {
            id: format!("{user_id}:{}", identity.bap_id),
            user_id,
            organization_id: identity.bap_id.to_string(),
            role: "owner",
        }],
        invitations: Vec::new(),
    })))
}
