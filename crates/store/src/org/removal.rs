//! Background deletion of everything that belongs to a removed workspace, in small batches.

use sigma_core::ids::{JobId, OrgId};
use sigma_core::time::Timestamp;

use crate::branding::{self, Branded};
use crate::job_queue::{self, NewJob};
use crate::{StoreError, Tx, cached, params};

/// The kind of the job that calls [`delete_batch`] until nothing is left.
pub const JOB: &str = "remove_workspace";

/// Queues the deletion, however many jobs the org has: those are deleted with it.
pub(super) fn enqueue(tx: &mut dyn Tx, org_id: &OrgId, now: Timestamp) -> Result<(), StoreError> {
    let id = JobId::from_text(format!("{JOB}:{org_id}"));
    let job = NewJob { id, kind: JOB, org_id: Some(org_id.clone()), payload: "{}".to_owned(), run_at: None, now };
    job_queue::enqueue_unlimited(tx, &job)
}

/// Deletes a batch of at most 500 rows of a removed workspace; returns how many. 0 means that all is gone.
pub fn delete_batch(tx: &mut dyn Tx, org_id: &OrgId) -> Result<u64, StoreError> {
    const DEPENDENT: [&str; 32] = [
        "DELETE FROM memberships WHERE org_id = $1 AND user_id IN (SELECT user_id FROM memberships
            WHERE org_id = $1 LIMIT 500)",
        "DELETE FROM one_time_links WHERE hash IN (SELECT hash FROM one_time_links WHERE org_id = $1 LIMIT 500)",
        "DELETE FROM org_sessions WHERE org_id = $1 AND jti IN (SELECT jti FROM org_sessions
            WHERE org_id = $1 LIMIT 500)",
        "DELETE FROM api_keys WHERE org_id = $1 AND id IN (SELECT id FROM api_keys WHERE org_id = $1 LIMIT 500)",
        "DELETE FROM roles WHERE org_id = $1 AND id IN (SELECT id FROM roles WHERE org_id = $1 LIMIT 500)",
        "DELETE FROM member_buckets WHERE org_id = $1 AND bucket IN (SELECT bucket FROM member_buckets
            WHERE org_id = $1 LIMIT 500)",
        "DELETE FROM org_secrets WHERE org_id = $1 AND kid IN (SELECT kid FROM org_secrets
            WHERE org_id = $1 LIMIT 500)",
        "DELETE FROM merits WHERE org_id = $1 AND id IN (SELECT id FROM merits WHERE org_id = $1 LIMIT 500)",
        "DELETE FROM merit_edits WHERE org_id = $1 AND id IN (SELECT id FROM merit_edits WHERE org_id = $1 LIMIT 500)",
        "DELETE FROM merit_field_settings WHERE org_id = $1 AND (template_id, field_id) IN
            (SELECT template_id, field_id FROM merit_field_settings WHERE org_id = $1 LIMIT 500)",
        "DELETE FROM merit_templates WHERE org_id = $1 AND id IN (SELECT id FROM merit_templates
            WHERE org_id = $1 LIMIT 500)",
        "DELETE FROM merit_fields WHERE org_id = $1 AND id IN (SELECT id FROM merit_fields WHERE org_id = $1 LIMIT 500)",
        "DELETE FROM merit_links WHERE org_id = $1 AND app_id IN (SELECT app_id FROM merit_links WHERE org_id = $1 LIMIT 500)",
        "DELETE FROM merit_unsubscribes WHERE org_id = $1 AND address_mac IN (SELECT address_mac FROM merit_unsubscribes
            WHERE org_id = $1 LIMIT 500)",
        "DELETE FROM merit_batch_lines WHERE org_id = $1 AND (batch_id, line) IN
            (SELECT batch_id, line FROM merit_batch_lines WHERE org_id = $1 LIMIT 500)",
        "DELETE FROM merit_batches WHERE org_id = $1 AND id IN (SELECT id FROM merit_batches WHERE org_id = $1 LIMIT 500)",
        "DELETE FROM merit_keys WHERE org_id = $1 AND kid IN (SELECT kid FROM merit_keys WHERE org_id = $1 LIMIT 500)",
        "DELETE FROM merit_status_lists WHERE org_id = $1",
        "DELETE FROM merit_attachment_uses WHERE org_id = $1 AND (attachment_id, merit_id) IN
            (SELECT attachment_id, merit_id FROM merit_attachment_uses WHERE org_id = $1 LIMIT 500)",
        "DELETE FROM webhooks WHERE org_id = $1 AND id IN (SELECT id FROM webhooks WHERE org_id = $1 LIMIT 500)",
        "DELETE FROM webhook_secrets WHERE org_id = $1 AND (webhook_id, id) IN
            (SELECT webhook_id, id FROM webhook_secrets WHERE org_id = $1 LIMIT 500)",
        "DELETE FROM webhook_deliveries WHERE org_id = $1 AND (webhook_id, event_id) IN
            (SELECT webhook_id, event_id FROM webhook_deliveries WHERE org_id = $1 LIMIT 500)",
        // Their objects are deleted by the sweep.
        "UPDATE merit_attachments SET expires_at = created_at WHERE org_id = $1 AND id IN
            (SELECT id FROM merit_attachments WHERE org_id = $1 AND expires_at IS NULL LIMIT 500)",
        "UPDATE merit_pictures SET delete_after = created_at WHERE org_id = $1 AND id IN
            (SELECT id FROM merit_pictures WHERE org_id = $1 AND delete_after IS NULL LIMIT 500)",
        "DELETE FROM org_domains WHERE org_id = $1",
        "DELETE FROM org_quotas WHERE org_id = $1",
        "DELETE FROM scim_connections WHERE org_id = $1",
        "DELETE FROM scim_requests WHERE org_id = $1 AND (connection_id, slot) IN
            (SELECT connection_id, slot FROM scim_requests WHERE org_id = $1 LIMIT 500)",
        "DELETE FROM scim_group_members WHERE org_id = $1 AND (group_id, user_id) IN
            (SELECT group_id, user_id FROM scim_group_members WHERE org_id = $1 LIMIT 500)",
        "DELETE FROM scim_groups WHERE org_id = $1 AND id IN (SELECT id FROM scim_groups WHERE org_id = $1 LIMIT 500)",
        "DELETE FROM scim_users WHERE org_id = $1 AND id IN (SELECT id FROM scim_users WHERE org_id = $1 LIMIT 500)",
        "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs
            WHERE org_id = $1 AND kind <> 'remove_workspace' LIMIT 500)",
    ];
    let removed = "SELECT 1 FROM orgs WHERE id = $1 AND removed_at > 0";
    if tx.query_opt(removed, params![org_id])?.is_none() {
        return Ok(0);
    }
    for delete in DEPENDENT {
        let deleted = tx.execute(delete, params![org_id])?;
        if deleted > 0 {
            // Its merits may be on pages of its members.
            tx.changed(cached::ORG_MERITS, org_id.as_str())?;
            return Ok(deleted);
        }
    }
    branding::remove(tx, &Branded::Org(org_id.clone()))?;
    tx.execute("DELETE FROM orgs WHERE id = $1 AND removed_at > 0", params![org_id])
}
