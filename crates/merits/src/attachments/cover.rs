//! The picture of a template: an uploaded photo, of which only what we encoded ourselves is shown.

use bytes::BytesMut;
use futures_util::StreamExt as _;
use sigma_core::ids::{AttachmentId, OrgId};
use sigma_core::merits::{AttachmentFault, AttachmentKind, MeritProblem};
use sigma_platform::objects::{PictureError, PictureName};
use sigma_platform::state::AppState;
use sigma_store::merits::attachment;

use crate::error::MeritsError;

/// The largest photo, in bytes.
const LARGEST: i64 = 1024 * 1024;

/// Encodes an uploaded photo of the org anew; the id of the picture.
///
/// # Errors
/// `NotFound`; `invalid_attachment` for what is no photo of at most 1 MiB.
pub async fn cover_of(sigma: &AppState, org_id: &OrgId, id: AttachmentId) -> Result<String, MeritsError> {
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
    let picture = PictureName::new_id(&*sigma.rng);
    match sigma.brands.objects.add_picture(&picture, file.freeze()).await {
        Ok(()) => Ok(picture),
        Err(PictureError::Image(_)) => Err(refused(AttachmentFault::Content)),
        Err(PictureError::Busy) => Err(MeritProblem::RateLimit(1).into()),
        Err(error) => Err(MeritsError::Internal(error.to_string())),
    }
}
