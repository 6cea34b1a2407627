//! Addresses of attachments, which are valid for five minutes: whoever gets one was allowed to see the merit.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sigma_core::ids::{AttachmentId, OrgId};
use sigma_core::time::Timestamp;
use sigma_platform::state::AppState;
use sigma_store::merits::Merit;

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

/// The address of an attachment.
pub fn attachment_url(sigma: &AppState, org_id: &OrgId, id: &AttachmentId) -> String {
    let expires = round(sigma.now()).saturating_add(1) * ROUND + LIFE;
    let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&sigma.cookie_key, signed(org_id, id, expires).as_bytes()));
    let (origin, org, id) = (origin(sigma), org_id.digits(), id.digits());
    format!("{origin}/attachments/{org}/{id}?expires={expires}&signature={signature}")
}

/// The origin that serves files of others.
pub fn origin(sigma: &AppState) -> &str {
    sigma.settings.content.url.as_deref().unwrap_or(sigma.issuer())
}

/// Whether we signed that address, and it is still valid.
pub fn is_valid(
    sigma: &AppState,
    org_id: &OrgId,
    id: &AttachmentId,
    expires: Option<&str>,
    signature: Option<&str>,
    now: Timestamp,
) -> bool {
    let Some(expires) = expires.and_then(|text| text.parse::<i64>().ok()) else { return false };
    let Some(signature) = signature.and_then(|text| URL_SAFE_NO_PAD.decode(text).ok()) else { return false };
    now.seconds() < expires
        && hmac::verify(&sigma.cookie_key, signed(org_id, id, expires).as_bytes(), &signature).is_ok()
}

fn signed(org_id: &OrgId, id: &AttachmentId, expires: i64) -> String {
    format!("attachment\n{org_id}\n{id}\n{expires}")
}
