//! Addresses of attachments, which are valid for five minutes at most: whoever gets one was allowed to see the merit, and still has to be.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sigma_core::ids::{AttachmentId, OrgId};
use sigma_core::time::Timestamp;
use sigma_platform::state::AppState;
use sigma_store::StoreError;
use sigma_store::merits::Merit;

use super::Reader;
use crate::wire::paging::ListQuery;

/// Seconds that an address is valid, at least: it is the same for a minute, so that browsers can cache what it leads to.
const LIFE: i64 = 300;
const ROUND: i64 = 60;

/// The time in which addresses stay the same.
pub const fn round(now: Timestamp) -> i64 {
    now.seconds() / ROUND
}

/// Whether a merit is shown with addresses of attachments.
pub fn has_attachments(merit: &Merit) -> bool {
    merit.values.values().any(|value| value.attachments().next().is_some())
}

/// The address of an attachment for that reader.
pub fn attachment_url(sigma: &AppState, reader: &Reader, org_id: &OrgId, id: &AttachmentId) -> String {
    let expires = round(sigma.now()).saturating_add(1) * ROUND + LIFE;
    let signature = hmac::sign(&sigma.cookie_key, signed(reader, org_id, id, expires).as_bytes());
    let signature = URL_SAFE_NO_PAD.encode(signature);
    let (origin, org, id) = (origin(sigma), org_id.digits(), id.digits());
    let reader = match reader {
        Reader::Person => String::new(),
        reader => format!("&for={reader}"),
    };
    format!("{origin}/attachments/{org}/{id}?expires={expires}{reader}&signature={signature}")
}

/// The origin that serves files of others.
pub fn origin(sigma: &AppState) -> &str {
    sigma.settings.content.url.as_deref().unwrap_or(sigma.issuer())
}

/// The reader of that address, if we signed it, and its time is not over.
///
/// # Errors
/// The store does not answer.
pub async fn reader_of(
    sigma: &AppState,
    (org_id, id): (&OrgId, &AttachmentId),
    query: &ListQuery,
) -> Result<Option<Reader>, StoreError> {
    let Some(expires) = query.get("expires").and_then(|text| text.parse::<i64>().ok()) else { return Ok(None) };
    let signature = query.get("signature").and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
    let Some(signature) = signature.filter(|_| sigma.now().seconds() < expires) else { return Ok(None) };
    let Some(reader) = Reader::named(sigma, query.get("for").unwrap_or_default()).await? else { return Ok(None) };
    let signed = signed(&reader, org_id, id, expires);
    Ok(hmac::verify(&sigma.cookie_key, signed.as_bytes(), &signature).is_ok().then_some(reader))
}

fn signed(reader: &Reader, org_id: &OrgId, id: &AttachmentId, expires: i64) -> String {
    format!("attachment\n{org_id}\n{id}\n{expires}\n{reader}\n{}", reader.secret())
}
