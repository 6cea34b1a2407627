//! `POST /v2/request_upload_url`: an app gets an address to upload an attachment to.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use sigma_core::ids::AttachmentId;
use sigma_core::merits::{AttachmentFault, AttachmentKind, ContentType, MeritProblem};
use sigma_core::random::alphanumeric;
use sigma_platform::extract::SECRET_LENGTH;
use sigma_platform::http::{Endpoint, RequestContext, routes};
use sigma_store::merits::attachment::{self, NewAttachment};
use utoipa::ToSchema;

use super::signed_url::origin;
use super::{daily_bytes, upload};
use crate::POLICY;
use crate::caller::OrgCaller;
use crate::decide::decide;
use crate::error::MeritsError;
use crate::state::MeritsState;
use crate::wire::body::Body;

/// This endpoint.
pub fn endpoint() -> Endpoint<MeritsState> {
    Endpoint::new(POLICY, routes!(request))
}

/// A file to be uploaded.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RequestUpload {
    /// `Documents`, `Photos`, `Videos`, or their singular.
    attachment_type: String,
    /// `application/pdf`, `image/png`, `image/jpeg`, `image/gif`, `video/mp4` or `video/quicktime`.
    content_type: String,
    /// Its exact size in bytes.
    file_size: u64,
}

/// Where to upload it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UploadUrl {
    /// For one PUT of exactly that many bytes, within an hour, for as long as the app acts for the org by the same link and secret.
    upload_url: String,
    /// For values of fields, once it is uploaded.
    attachment_id: String,
}

/// Permits the upload of a file. What no merit names within a day is deleted. Needs `CanSendAllMeritTemplates` or
/// `CanProposeAllMeritTemplates`.
#[utoipa::path(
    post,
    path = "/v2/request_upload_url",
    operation_id = "requestUpload",
    tag = "Merits",
    security(("org_access_token" = [])),
    request_body = RequestUpload,
    responses(
        (status = 200, description = "Where to upload it", body = UploadUrl),
        (status = 400, description = "A type or size that is not accepted"),
        (status = 401, description = "No valid token"),
        (status = 403, description = "The permission is missing"),
        (status = 415, description = "Not JSON"),
    )
)]
pub async fn request(
    State(sigma): State<MeritsState>,
    context: RequestContext,
    caller: OrgCaller,
    Body(body): Body<RequestUpload>,
) -> Result<Json<UploadUrl>, MeritsError> {
    let refused = |fault: AttachmentFault| MeritProblem::from(fault);
    let kind = AttachmentKind::parse(&body.attachment_type).map_err(refused)?;
    let content_type = ContentType::parse(&body.content_type).ok_or_else(|| refused(AttachmentFault::ContentType))?;
    content_type.permit(kind, body.file_size).map_err(refused)?;
    let (secret, now) = (alphanumeric(&*sigma.rng, SECRET_LENGTH), sigma.now());
    let address = upload::Address::new(&caller.acting(), &secret);
    let new = NewAttachment {
        id: AttachmentId::new(now, &*sigma.rng),
        kind,
        content_type,
        size: i64::try_from(body.file_size).map_err(|_| refused(AttachmentFault::Size))?,
        upload: address.digest(caller.app.secret),
        daily_bytes: daily_bytes(&sigma),
        now,
    };
    let attachment_id = new.id.digits().to_owned();
    let (org_id, actor) = (caller.org_id.clone(), caller.actor());
    decide(&sigma, &context, &caller, move |tx| attachment::request(tx, &org_id, &actor, &new)).await?;
    let upload_url = format!("{}{}/{}", origin(&sigma), upload::PATH, address.text);
    Ok(Json(UploadUrl { upload_url, attachment_id }))
}
