//! `POST /v2/fields`: creates a field.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use sigma_core::ids::{FieldId, OrgId};
use sigma_core::merits::{FieldType, RequestFault, field_description, field_name};
use sigma_platform::http::{Endpoint, RequestContext, routes};
use sigma_store::merits::field::{self, NewField};
use utoipa::ToSchema;

use crate::POLICY;
use crate::caller::OrgCaller;
use crate::decide::decide;
use crate::error::MeritsError;
use crate::state::MeritsState;
use crate::wire::body::Body;
use crate::wire::field::FieldView;
use crate::wire::ids::id;

/// This endpoint.
pub fn endpoint() -> Endpoint<MeritsState> {
    Endpoint::new(POLICY, routes!(create))
}

/// A new field.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreateField {
    /// The org that the app acts for.
    org_id: String,
    /// At most 35 characters, not that of another field.
    name: String,
    /// At most 160 characters.
    #[serde(default)]
    description: String,
    /// `ShortText`, `LongText`, `Date`, `Checkbox`, `Documents`, `Photos`, `Videos` or `Name`.
    field_type: String,
}

/// Creates a field of the org. Needs `CanManageAllMeritTemplates`.
#[utoipa::path(
    post,
    path = "/v2/fields",
    operation_id = "createMeritField",
    tag = "Merits",
    security(("org_access_token" = [])),
    request_body = CreateField,
    responses(
        (status = 200, description = "The field", body = FieldView),
        (status = 400, description = "A missing or malformed member, or the name is in use"),
        (status = 401, description = "No valid token"),
        (status = 403, description = "The token is for another org, or the permission is missing"),
        (status = 415, description = "Not JSON"),
    )
)]
pub async fn create(
    State(sigma): State<MeritsState>,
    context: RequestContext,
    caller: OrgCaller,
    Body(body): Body<CreateField>,
) -> Result<Json<FieldView>, MeritsError> {
    caller.require_org(&id::<OrgId>(&body.org_id)?)?;
    let now = sigma.now();
    let new = NewField {
        id: FieldId::new(now, &*sigma.rng),
        name: field_name(&body.name)?,
        description: field_description(&body.description)?,
        kind: FieldType::parse(&body.field_type).ok_or(RequestFault::FieldType)?,
    };
    let (org_id, actor) = (caller.org_id.clone(), caller.actor());
    let field = decide(&sigma, &context, &caller, move |tx| field::add(tx, &org_id, &actor, &new, now)).await?;
    Ok(Json(field.into()))
}
