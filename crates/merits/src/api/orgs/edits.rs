//! `GET /v2/orgs/{orgId}/meritedits`: changes to values of merits.

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use serde::Serialize;
use sigma_core::merits::{OrgPermission, Scope};
use sigma_platform::http::{Endpoint, routes};
use sigma_store::merits::edit;
use utoipa::ToSchema;

use super::own;
use crate::POLICY;
use crate::caller::OrgCaller;
use crate::error::MeritsError;
use crate::state::MeritsState;
use crate::wire::merit::EditView;
use crate::wire::paging::{ListQuery, Paging};

/// This endpoint.
pub fn endpoint() -> Endpoint<MeritsState> {
    Endpoint::new(POLICY, routes!(list))
}

/// A page of edits, newest first.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EditPage {
    merit_edits: Vec<EditView>,
    paging: Paging,
}

/// Lists the changes to values of the org's merits, newest first. Needs `CanSendAllMeritTemplates`.
#[utoipa::path(
    get,
    path = "/v2/orgs/{orgId}/meritedits",
    operation_id = "listMeritEdits",
    tag = "Merits",
    security(("org_access_token" = [])),
    params(
        ("orgId" = String, Path, description = "The org that the app acts for"),
        ("limit" = Option<u32>, Query, description = "Default 10, at most 100"),
        ("starting_after" = Option<String>, Query, description = "The cursor `after` of the page before"),
        ("ending_before" = Option<String>, Query, description = "The cursor `before` of the page after"),
    ),
    responses(
        (status = 200, description = "A page of edits", body = EditPage),
        (status = 400, description = "A malformed limit, or a cursor of another list"),
        (status = 401, description = "No valid token"),
        (status = 403, description = "The token is for another org, or the permission is missing"),
    )
)]
pub async fn list(
    State(sigma): State<MeritsState>,
    caller: OrgCaller,
    Path(org): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<EditPage>, MeritsError> {
    let org_id = own(&sigma, &caller, &org).await?;
    caller.require(OrgPermission::Send)?;
    let scope = Scope::of(&["edits", org_id.as_str()]);
    let page = ListQuery::read(query.as_deref(), None)?.page(scope)?;
    let slice = sigma.store.read(move |tx| edit::list(tx, &org_id, &page)).await?;
    let paging = Paging::of(&slice, scope, |edit| edit.id.digits());
    Ok(Json(EditPage { merit_edits: slice.items.into_iter().map(EditView::from).collect(), paging }))
}
