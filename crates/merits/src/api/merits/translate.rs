//! `POST /v2/uuidTranslation/merit/{meritId}/email/{email}`: the public page of a merit.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use sigma_core::email;
use sigma_core::ids::MeritId;
use sigma_core::merits::proof::verification_url;
use sigma_core::merits::{MeritProblem, OrgPermission};
use sigma_platform::http::{Endpoint, routes};
use sigma_store::merits;
use utoipa::ToSchema;

use crate::POLICY;
use crate::caller::OrgCaller;
use crate::error::MeritsError;
use crate::state::MeritsState;
use crate::wire::ids::id;

/// This endpoint.
pub fn endpoint() -> Endpoint<MeritsState> {
    Endpoint::new(POLICY, routes!(translate))
}

/// Where everybody can verify a merit.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TranslationUrl {
    translation_url: String,
}

/// Returns the address of a merit's public page. Needs `CanSendAllMeritTemplates`.
#[utoipa::path(
    post,
    path = "/v2/uuidTranslation/merit/{meritId}/email/{email}",
    operation_id = "translateMerit",
    tag = "Merits",
    security(("org_access_token" = [])),
    params(
        ("meritId" = String, Path, description = "The merit"),
        ("email" = String, Path, description = "The address that it was sent to"),
    ),
    responses(
        (status = 200, description = "The address of the page", body = TranslationUrl),
        (status = 400, description = "A malformed id"),
        (status = 401, description = "No valid token"),
        (status = 403, description = "The permission is missing"),
        (status = 404, description = "The org sent no such merit to that address"),
    )
)]
pub async fn translate(
    State(sigma): State<MeritsState>,
    caller: OrgCaller,
    Path((merit, address)): Path<(String, String)>,
) -> Result<Json<TranslationUrl>, MeritsError> {
    caller.require(OrgPermission::Send)?;
    let merit_id: MeritId = id(&merit)?;
    let org_id = caller.org_id.clone();
    let found = sigma.store.read(move |tx| merits::find(tx, &org_id, &merit_id)).await?;
    let is_recipient = |sent_to: &str| !sent_to.is_empty() && email::fold(sent_to) == email::fold(&address);
    let found = found.filter(|merit| !merit.access && is_recipient(&merit.email)).ok_or(MeritProblem::NotFound)?;
    Ok(Json(TranslationUrl { translation_url: verification_url(sigma.issuer(), &found.org_id, &found.id) }))
}
