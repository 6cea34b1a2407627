//! `GET /v2/orgs/{orgId}/merittemplates`: the templates of an org.

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use serde::Serialize;
use sigma_core::merits::Scope;
use sigma_platform::http::{Endpoint, routes};
use sigma_store::merits::{Slice, template};
use utoipa::ToSchema;

use super::own;
use crate::POLICY;
use crate::caller::OrgCaller;
use crate::error::MeritsError;
use crate::state::MeritsState;
use crate::wire::paging::{ListQuery, Paging};
use crate::wire::template::TemplateView;

/// This endpoint.
pub fn endpoint() -> Endpoint<MeritsState> {
    Endpoint::new(POLICY, routes!(list))
}

/// A page of templates, newest first.
#[derive(Serialize, ToSchema)]
pub struct TemplatePage {
    merittemplates: Vec<TemplateView>,
    paging: Paging,
}

/// Lists the org's templates, newest first, archived ones too.
#[utoipa::path(
    get,
    path = "/v2/orgs/{orgId}/merittemplates",
    operation_id = "listMeritTemplates",
    tag = "Merits",
    security(("org_access_token" = [])),
    params(
        ("orgId" = String, Path, description = "The org that the app acts for"),
        ("limit" = Option<u32>, Query, description = "Default 10, at most 100"),
        ("starting_after" = Option<String>, Query, description = "The cursor `after` of the page before"),
        ("ending_before" = Option<String>, Query, description = "The cursor `before` of the page after"),
    ),
    responses(
        (status = 200, description = "A page of templates", body = TemplatePage),
        (status = 400, description = "A malformed limit, or a cursor of another list"),
        (status = 401, description = "No valid token"),
        (status = 403, description = "The token is for another org"),
    )
)]
pub async fn list(
    State(sigma): State<MeritsState>,
    caller: OrgCaller,
    Path(org): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<TemplatePage>, MeritsError> {
    let org_id = own(&sigma, &caller, &org).await?;
    let scope = Scope::of(&["templates", org_id.as_str()]);
    let page = ListQuery::read(query.as_deref(), None)?.page(scope)?;
    let slice = sigma.store.read(move |tx| {
        let Slice { items, has_next, has_previous } = template::list(tx, &org_id, &page)?;
        let mut with_fields = Vec::with_capacity(items.len());
        for template in items {
            let fields = template::fields(tx, &org_id, &template.id)?;
            with_fields.push((template, fields));
        }
        Ok(Slice { items: with_fields, has_next, has_previous })
    });
    let slice = slice.await?;
    let paging = Paging::of(&slice, scope, |(template, _)| template.id.digits());
    let merittemplates =
        slice.items.into_iter().map(|(template, fields)| TemplateView::of(&sigma, template, fields)).collect();
    Ok(Json(TemplatePage { merittemplates, paging }))
}
