//! Mails that a webhook was switched off: to the admins of its org, or the owners of the installation.

use sigma_core::ids::{OrgId, WebhookId};
use sigma_store::job_queue::Leased;
use sigma_store::webhook::{self, DisabledFor};
use sigma_store::{org, outbox};

use crate::jobs::JobError;
use crate::mail::WebhookNotice;
use crate::state::AppState;

/// Mails everybody who can mend it. A webhook that was switched on again or removed meanwhile needs no mail.
///
/// # Errors
/// The store does not answer, or a mail cannot be written.
pub async fn mail_disabled(sigma: AppState, job: Leased) -> Result<(), JobError> {
    let (org_id, id) = (job.org_id.unwrap_or_else(OrgId::operator), WebhookId::from_text(job.payload));
    let found = sigma.store.read(move |tx| {
        let Some(webhook) = webhook::find(tx, &org_id, &id)? else { return Ok(None) };
        let name = org::find(tx, &org_id)?.map(|org| org.name).unwrap_or_default();
        Ok(Some((webhook, name, org::admins::list(tx, &org_id)?)))
    });
    let Some((webhook, org, admins)) = found.await? else { return Ok(()) };
    let Some((at, reason)) = webhook.disabled else { return Ok(()) };
    let path = if webhook.is_operators() {
        format!("/console/webhooks/{}", webhook.id)
    } else {
        format!("/org/{}/webhooks/{}", webhook.org_id, webhook.id)
    };
    let is_gone = reason == DisabledFor::Gone;
    let about = WebhookNotice { org: &org, path: &path, is_gone };
    let mut mails = Vec::with_capacity(admins.len());
    for admin in &admins {
        let Some(address) = admin.proven_email() else { continue };
        mails.push(sigma.composer_for(admin).webhook_disabled(address, &about, at)?);
    }
    let add = move |tx: &mut dyn sigma_store::Tx| mails.iter().try_for_each(|mail| outbox::add(tx, mail));
    sigma.store.write(add).await?;
    sigma.mail_was_promised();
    Ok(())
}
