//! `GET /v2/merittemplates/{merittemplateId}`: one template.

use axum::Json;
use axum::extract::{Path, State};
use sigma_core::ids::MeritTemplateId;
use sigma_core::merits::MeritProblem;
use sigma_platform::http::{Endpoint, routes};
use sigma_store::merits::template;

use crate::POLICY;
use crate::caller::OrgCaller;
use crate::error::MeritsError;
use crate::state::MeritsState;
use crate::wire::ids::id;
use crate::wire::template::TemplateView;

/// This endpoint.
pub fn endpoint() -> Endpoint<MeritsState> {
    Endpoint::new(POLICY, routes!(show))
}

/// Returns a template of the org, with its enabled fields.
#[utoipa::path(
    get,
    path = "/v2/merittemplates/{merittemplateId}",
    operation_id = "showMeritTemplate",
    tag = "Merits",
    security(("org_access_token" = [])),
    params(("merittemplateId" = String, Path, description = "The template")),
    responses(
        (status = 200, description = "The template", body = TemplateView),
        (status = 400, description = "A malformed id"),
        (status = 401, description = "No valid token"),
        (status = 404, description = "The org has no such template"),
    )
)]
pub async fn show(
    State(sigma): State<MeritsState>,
    caller: OrgCaller,
    Path(template): Path<String>,
) -> Result<Json<TemplateView>, MeritsError> {
    let template_id: MeritTemplateId = id(&template)?;
    let found = sigma.store.read(move |tx| {
        let Some(template) = template::find(tx, &caller.org_id, &template_id)? else { return Ok(None) };
        let fields = template::fields(tx, &caller.org_id, &template_id)?;
        Ok(Some((template, fields)))
    });
    let (template, fields) = found.await?.ok_or(MeritProblem::NotFound)?;
    Ok(Json(TemplateView::of(&sigma, template, fields)))
}
