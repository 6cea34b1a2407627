//! `POST /v2/merits/{meritId}`: changes values of a merit.

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use sigma_core::ids::{MeritEditId, MeritId};
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
use crate::wire::recipient::{GivenValue, values};

/// This endpoint.
pub fn endpoint() -> Endpoint<MeritsState> {
    Endpoint::new(POLICY, routes!(set_several))
}

/// New values; fields that it does not name keep theirs.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SetValues {
    field_values: Vec<GivenValue>,
}

/// Changes values of a merit, all or none. Needs `CanSendAllMeritTemplates`.
#[utoipa::path(
    post,
    path = "/v2/merits/{meritId}",
    operation_id = "setMeritValues",
    tag = "Merits",
    security(("org_access_token" = [])),
    params(("meritId" = String, Path, description = "The merit")),
    request_body = SetValues,
    responses(
        (status = 200, description = "The merit", body = MeritView),
        (status = 400, description = "A malformed value, or the merit is not editable"),
        (status = 401, description = "No valid token"),
        (status = 403, description = "The permission is missing"),
        (status = 404, description = "The org has no such merit"),
        (status = 415, description = "Not JSON"),
    )
)]
pub async fn set_several(
    State(sigma): State<MeritsState>,
    context: RequestContext,
    caller: OrgCaller,
    Path(merit): Path<String>,
    Body(body): Body<SetValues>,
) -> Result<Json<MeritView>, MeritsError> {
    let (merit_id, now): (MeritId, _) = (id(&merit)?, sigma.now());
    let new = |(field_id, value)| NewValue { edit_id: MeritEditId::new(now, &*sigma.rng), field_id, value };
    let changes: Vec<NewValue> = values(body.field_values)?.into_iter().map(new).collect();
    let (org_id, actor) = (caller.org_id.clone(), caller.actor());
    let set = move |tx: &mut dyn sigma_store::Tx| edit::set_values(tx, &org_id, &actor, &merit_id, &changes, now);
    Ok(Json(MeritView::for_issuer(&sigma, &caller.reader(), decide(&sigma, &context, &caller, set).await?)))
}
