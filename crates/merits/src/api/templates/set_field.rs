//! `POST /v2/merittemplates/{merittemplateId}/fields/{fieldId}`: sets how a template uses a field.

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::Value;
use sigma_core::ids::{FieldId, MeritTemplateId};
use sigma_core::merits::{FieldValue, SettingChange};
use sigma_platform::http::{Endpoint, RequestContext, routes};
use sigma_store::merits::template;
use utoipa::ToSchema;

use crate::POLICY;
use crate::caller::OrgCaller;
use crate::decide::decide;
use crate::error::MeritsError;
use crate::state::MeritsState;
use crate::wire::body::Body;
use crate::wire::ids::id;
use crate::wire::template::SettingView;

/// This endpoint.
pub fn endpoint() -> Endpoint<MeritsState> {
    Endpoint::new(POLICY, routes!(set))
}

/// How a template uses a field.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names of the contract")]
pub struct SetField {
    /// Whether its merits have it.
    new_enabled: bool,
    /// Whether each of them needs a value.
    #[serde(default)]
    new_required: bool,
    /// The one value of all merits.
    #[serde(default)]
    new_value_for_all_merits: Option<Value>,
}

/// Adds a field to a template, changes how it is used, or removes it. Needs `CanManageAllMeritTemplates`.
#[utoipa::path(
    post,
    path = "/v2/merittemplates/{merittemplateId}/fields/{fieldId}",
    operation_id = "setMeritTemplateField",
    tag = "Merits",
    security(("org_access_token" = [])),
    params(
        ("merittemplateId" = String, Path, description = "The template"),
        ("fieldId" = String, Path, description = "The field, of the org or a global one"),
    ),
    request_body = SetField,
    responses(
        (status = 200, description = "How the template uses it now", body = SettingView),
        (status = 400, description = "A malformed member, or a rule of templates does not allow it"),
        (status = 401, description = "No valid token"),
        (status = 403, description = "The permission is missing"),
        (status = 404, description = "The org has no such template or field"),
        (status = 415, description = "Not JSON"),
    )
)]
pub async fn set(
    State(sigma): State<MeritsState>,
    context: RequestContext,
    caller: OrgCaller,
    Path((template, field)): Path<(String, String)>,
    Body(body): Body<SetField>,
) -> Result<Json<SettingView>, MeritsError> {
    let (template_id, field_id): (MeritTemplateId, FieldId) = (id(&template)?, id(&field)?);
    let (org_id, actor, now) = (caller.org_id.clone(), caller.actor(), sigma.now());
    let set = move |tx: &mut dyn sigma_store::Tx| {
        let change = |kind| {
            let value_for_all = body.new_value_for_all_merits.as_ref();
            Ok(SettingChange {
                enabled: body.new_enabled,
                required: body.new_required,
                value_for_all: value_for_all.map_or(Ok(None), |value| FieldValue::of_json(kind, value))?,
            })
        };
        template::set_field(tx, &org_id, &actor, (&template_id, &field_id), change, now)
    };
    let field = decide(&sigma, &context, &caller, set).await?;
    Ok(Json(field.setting.into()))
}
