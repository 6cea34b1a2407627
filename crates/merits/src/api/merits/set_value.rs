//! `POST /v2/merits/{meritId}/fields/{fieldId}`: changes one value of a merit.

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::Value;
use sigma_core::ids::{FieldId, MeritEditId, MeritId};
use sigma_platform::http::{Endpoint, RequestContext, routes};
use sigma_store::merits::edit::{self, NewValue};
use utoipa::ToSchema;

use super::send::POLICY;
use crate::caller::OrgCaller;
use crate::decide::decide;
use crate::error::MeritsError;
use crate::state::MeritsState;
use crate::wire::body::Body;
use crate::wire::ids::id;
use crate::wire::merit::MeritView;

/// This endpoint.
pub fn endpoint() -> Endpoint<MeritsState> {
    Endpoint::new(POLICY, routes!(set))
}

/// A new value.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SetValue {
    /// Null or an empty text removes it.
    #[serde(default)]
    new_value: Value,
}

/// Changes a value of a merit. Needs `CanSendAllMeritTemplates`.
#[utoipa::path(
    post,
    path = "/v2/merits/{meritId}/fields/{fieldId}",
    operation_id = "setMeritValue",
    tag = "Merits",
    security(("org_access_token" = [])),
    params(
        ("meritId" = String, Path, description = "The merit"),
        ("fieldId" = String, Path, description = "The field"),
    ),
    request_body = SetValue,
    responses(
        (status = 200, description = "The merit", body = MeritView),
        (status = 400, description = "A malformed value, or the merit is not editable"),
        (status = 401, description = "No valid token"),
        (status = 403, description = "The permission is missing"),
        (status = 404, description = "The org has no such merit"),
        (status = 415, description = "Not JSON"),
    )
)]
pub async fn set(
    State(sigma): State<MeritsState>,
    context: RequestContext,
    caller: OrgCaller,
    Path((merit, field)): Path<(String, String)>,
    Body(body): Body<SetValue>,
) -> Result<Json<MeritView>, MeritsError> {
    let (merit_id, now): (MeritId, _) = (id(&merit)?, sigma.now());
    let field_id: FieldId = id(&field)?;
    let change = [NewValue { edit_id: MeritEditId::new(now, &*sigma.rng), field_id, value: body.new_value }];
    let (org_id, actor) = (caller.org_id.clone(), caller.actor());
    let set = move |tx: &mut dyn sigma_store::Tx| edit::set_values(tx, &org_id, &actor, &merit_id, &change, now);
    Ok(Json(MeritView::for_issuer(&sigma, &caller.reader(), decide(&sigma, &context, &caller, set).await?)))
}
