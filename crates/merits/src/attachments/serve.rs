//! `GET /attachments/{orgId}/{attachmentId}`: an attachment, as a download that can do nothing.

use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use futures_util::StreamExt as _;
use http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName,
};
use http::{HeaderValue, StatusCode};
use sigma_core::ids::{AttachmentId, OrgId};
use sigma_core::merits::{ContentType, MeritProblem};
use sigma_platform::http::policy::{Cookies, Limit};
use sigma_platform::http::{Endpoint, Policy, Rule};
use sigma_platform::state::AppState;
use sigma_store::merits::attachment;

use super::signed_url::reader_of;
use crate::error::{FORMAT, MeritsError};
use crate::wire::ids::id;
use crate::wire::paging::ListQuery;

const POLICY: Policy = Policy { limit: Limit::Each(Rule::Other), cookies: Cookies::Ignored, ..Policy::new(&FORMAT) };
/// Whatever the file is: no script, no form, no origin of ours.
const SANDBOX: HeaderValue = HeaderValue::from_static("default-src 'none'; sandbox; frame-ancestors 'none'");
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::get(POLICY, "/attachments/{org}/{attachment}", serve)
}

async fn serve(
    State(sigma): State<AppState>,
    Path((org, attachment)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Response, MeritsError> {
    let (org_id, attachment_id): (OrgId, AttachmentId) = (id(&org)?, id(&attachment)?);
    let query = ListQuery::read(query.as_deref(), None)?;
    let reader = reader_of(&sigma, (&org_id, &attachment_id), &query).await?.ok_or(MeritProblem::NotFound)?;
    if !reader.may_read(&sigma, &org_id, &attachment_id).await? {
        return Err(MeritProblem::NotFound.into());
    }
    let now = sigma.now();
    let found = sigma.store.read(move |tx| attachment::find_kept(tx, &org_id, &attachment_id, now)).await?;
    let found = found.filter(|found| found.is_stored).ok_or(MeritProblem::NotFound)?;
    let object = sigma.brands.objects.open(&found.object()).await;
    let object = object.map_err(|error| MeritsError::Internal(error.to_string()))?.ok_or(MeritProblem::NotFound)?;
    let name = format!("attachment; filename=\"{}.{}\"", found.id.digits(), extension(found.content_type));
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(found.content_type.as_str())),
        (CONTENT_LENGTH, HeaderValue::from(object.size)),
        (CONTENT_DISPOSITION, HeaderValue::from_str(&name).unwrap_or(HeaderValue::from_static("attachment"))),
        (CONTENT_SECURITY_POLICY, SANDBOX),
        (CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("cross-origin")),
        (CACHE_CONTROL, HeaderValue::from_static("private, max-age=300")),
    ];
    let pieces = object.pieces.map(|piece| piece.map_err(axum::BoxError::from));
    Ok((StatusCode::OK, headers, Body::from_stream(pieces)).into_response())
}

const fn extension(kind: ContentType) -> &'static str {
    match kind {
        ContentType::Pdf => "pdf",
        ContentType::Png => "png",
        ContentType::Jpeg => "jpg",
        ContentType::Gif => "gif",
        ContentType::Mp4 => "mp4",
        ContentType::QuickTime => "mov",
    }
}
