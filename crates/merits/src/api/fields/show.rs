//! `GET /v2/fields/{fieldId}`: one field.

use axum::Json;
use axum::extract::{Path, State};
use sigma_core::ids::FieldId;
use sigma_core::merits::MeritProblem;
use sigma_platform::http::{Endpoint, routes};
use sigma_store::merits::field;

use crate::POLICY;
use crate::caller::OrgCaller;
use crate::error::MeritsError;
use crate::state::MeritsState;
use crate::wire::field::FieldView;
use crate::wire::ids::id;

/// This endpoint.
pub fn endpoint() -> Endpoint<MeritsState> {
    Endpoint::new(POLICY, routes!(show))
}

/// Returns a field of the org, or a global one.
#[utoipa::path(
    get,
    path = "/v2/fields/{fieldId}",
    operation_id = "showMeritField",
    tag = "Merits",
    security(("org_access_token" = [])),
    params(("fieldId" = String, Path, description = "The field")),
    responses(
        (status = 200, description = "The field", body = FieldView),
        (status = 400, description = "A malformed id"),
        (status = 401, description = "No valid token"),
        (status = 404, description = "The org has no such field"),
    )
)]
pub async fn show(
    State(sigma): State<MeritsState>,
    caller: OrgCaller,
    Path(field): Path<String>,
) -> Result<Json<FieldView>, MeritsError> {
    let field_id: FieldId = id(&field)?;
    let found = sigma.store.read(move |tx| field::find(tx, &caller.org_id, &field_id)).await?;
    Ok(Json(found.ok_or(MeritProblem::NotFound)?.into()))
}
