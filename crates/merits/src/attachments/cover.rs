//! The picture of a template: an uploaded photo, of which only what we encoded ourselves is shown.

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use sigma_core::actor::Actor;
use sigma_core::ids::{AttachmentId, OrgId};
use sigma_core::merits::{AttachmentFault, AttachmentKind, MeritProblem};
use sigma_platform::objects::{PictureError, PictureName};
use sigma_platform::state::AppState;
use sigma_store::Stop;
use sigma_store::merits::attachment;
use sigma_store::merits::picture::{self, NewPicture};

use super::daily_bytes;
use crate::error::MeritsError;

/// The largest photo, in bytes.
const LARGEST: i64 = 1024 * 1024;

/// Encodes an uploaded photo of the org anew; the id of the picture.
///
/// # Errors
/// `NotFound`; `invalid_attachment` for what is no photo of at most 1 MiB.
pub async fn cover_of(
    sigma: &AppState,
    org_id: &OrgId,
    actor: &Actor,
    id: AttachmentId,
) -> Result<String, MeritsError> {
    let refused = |fault: AttachmentFault| MeritsError::from(MeritProblem::from(fault));
    let org = org_id.clone();
    let found = sigma.store.read(move |tx| attachment::find(tx, &org, &id)).await?;
    let found = found.filter(|found| found.is_stored).ok_or(MeritProblem::NotFound)?;
    if found.kind != AttachmentKind::Photos {
        return Err(refused(AttachmentFault::Kind));
    }
    if found.size > LARGEST {
        return Err(refused(AttachmentFault::Size));
    }
    let object = sigma.brands.objects.open(&found.object()).await;
    let object = object.map_err(|error| MeritsError::Internal(error.to_string()))?.ok_or(MeritProblem::NotFound)?;
    let (mut pieces, mut file) = (object.pieces, BytesMut::new());
    while let Some(piece) = pieces.next().await {
        file.extend_from_slice(&piece.map_err(|error| MeritsError::Internal(error.to_string()))?);
    }
    encode(sigma, org_id, actor, file.freeze()).await
}

/// Stores the picture in a file, encoded anew; its id. It is deleted unless a template shows it within the hour.
///
/// # Errors
/// `invalid_attachment` for what is no picture; `AppRateLimit` while too many others are being encoded, or for an org that
/// uploaded as much today as it may.
pub async fn encode(sigma: &AppState, org_id: &OrgId, actor: &Actor, file: Bytes) -> Result<String, MeritsError> {
    if file.is_empty() {
        return Err(MeritProblem::from(AttachmentFault::Content).into());
    }
    let id = PictureName::new_id(&*sigma.rng);
    let new = NewPicture {
        id: id.clone(),
        size: i64::try_from(file.len()).unwrap_or(i64::MAX),
        daily_bytes: daily_bytes(sigma),
        now: sigma.now(),
    };
    // First the row: objects that nobody knows would stay for ever.
    let (org, by) = (org_id.clone(), actor.clone());
    match sigma.store.decide(move |tx| picture::add(tx, &org, &by, &new)).await {
        Ok(()) => {}
        Err(Stop::Refused(problem)) => return Err(problem.into()),
        Err(Stop::Failed(error)) => return Err(error.into()),
    }
    let stored = sigma.brands.objects.add_picture(&id, file).await;
    match stored {
        Ok(()) => Ok(id),
        Err(PictureError::Image(_)) => Err(MeritProblem::from(AttachmentFault::Content).into()),
        Err(PictureError::Busy) => Err(MeritProblem::RateLimit(1).into()),
        Err(error) => Err(MeritsError::Internal(error.to_string())),
    }
}
