//! `POST /v2/merittemplates`: creates a template.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use sigma_core::ids::{MeritTemplateId, OrgId};
use sigma_core::merits::{OrgPermission, template_description, template_title};
use sigma_platform::http::{Endpoint, RequestContext, routes};
use sigma_store::merits::template::{self, NewTemplate};
use utoipa::ToSchema;

use crate::POLICY;
use crate::attachments::cover_of;
use crate::caller::OrgCaller;
use crate::decide::decide;
use crate::error::MeritsError;
use crate::state::MeritsState;
use crate::wire::body::Body;
use crate::wire::ids::id;
use crate::wire::template::TemplateView;

/// This endpoint.
pub fn endpoint() -> Endpoint<MeritsState> {
    Endpoint::new(POLICY, routes!(create))
}

/// A new template.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreateTemplate {
    /// The org that the app acts for.
    org_id: String,
    /// At most 60 characters.
    #[serde(default)]
    title: String,
    /// At most 160 characters.
    #[serde(default)]
    description: String,
    /// Whether each recipient gets it once.
    #[serde(default)]
    can_only_be_sent_once: bool,
    /// An uploaded photo of at most 1 MiB, by its `attachmentId`.
    #[serde(default)]
    cover_photo: Option<String>,
}

/// Creates a template. Needs `CanManageAllMeritTemplates`.
#[utoipa::path(
    post,
    path = "/v2/merittemplates",
    operation_id = "createMeritTemplate",
    tag = "Merits",
    security(("org_access_token" = [])),
    request_body = CreateTemplate,
    responses(
        (status = 200, description = "The template", body = TemplateView),
        (status = 400, description = "A missing or malformed member"),
        (status = 401, description = "No valid token"),
        (status = 403, description = "The token is for another org, or the permission is missing"),
        (status = 404, description = "The org uploaded no such photo"),
        (status = 415, description = "Not JSON"),
    )
)]
pub async fn create(
    State(sigma): State<MeritsState>,
    context: RequestContext,
    caller: OrgCaller,
    Body(body): Body<CreateTemplate>,
) -> Result<Json<TemplateView>, MeritsError> {
    caller.require_org(&id::<OrgId>(&body.org_id)?)?;
    caller.require(OrgPermission::ManageTemplates)?;
    let (title, description) = (template_title(&body.title)?, template_description(&body.description)?);
    let cover = match body.cover_photo.as_deref().filter(|photo| !photo.is_empty()) {
        Some(photo) => Some(cover_of(&sigma, &caller.org_id, &caller.actor(), id(photo)?).await?),
        None => None,
    };
    let (now, picture) = (sigma.now(), cover.clone());
    let once = body.can_only_be_sent_once;
    let new = NewTemplate { id: MeritTemplateId::new(now, &*sigma.rng), title, description, once, cover };
    let (org_id, actor) = (caller.org_id.clone(), caller.actor());
    let add = move |tx: &mut dyn sigma_store::Tx| {
        let template = template::add(tx, &org_id, &actor, &new, now)?;
        let fields = template::fields(tx, &org_id, &template.id)?;
        Ok((template, fields))
    };
    let added = decide(&sigma, &context, &caller, add).await;
    if let (Err(_), Some(picture)) = (&added, picture) {
        // Nothing names it, so nothing would ever delete it.
        sigma
            .brands
            .objects
            .remove_picture(&picture)
            .await
            .map_err(|error| MeritsError::Internal(error.to_string()))?;
    }
    let (template, fields) = added?;
    Ok(Json(TemplateView::of(&sigma, template, fields)))
}
