//! Background deletion of everything that belongs to a removed workspace, in small batches.

use crate::{StoreError, Tx};

/// Deletes a batch of at most 500 rows of removed workspaces; returns how many. 0 means that all is gone.
pub fn delete_batch(tx: &mut dyn Tx) -> Result<u64, StoreError> {
    const DEPENDENT: [&str; 7] = [
        "DELETE FROM memberships WHERE (org_id, user_id) IN (SELECT org_id, user_id FROM memberships
            WHERE org_id IN (SELECT id FROM orgs WHERE removed_at > 0) LIMIT 500)",
        "DELETE FROM one_time_links WHERE hash IN (SELECT hash FROM one_time_links
            WHERE org_id IN (SELECT id FROM orgs WHERE removed_at > 0) LIMIT 500)",
        "DELETE FROM workspace_sessions WHERE (org_id, jti) IN (SELECT org_id, jti FROM workspace_sessions
            WHERE org_id IN (SELECT id FROM orgs WHERE removed_at > 0) LIMIT 500)",
        "DELETE FROM api_keys WHERE (org_id, id) IN (SELECT org_id, id FROM api_keys
            WHERE org_id IN (SELECT id FROM orgs WHERE removed_at > 0) LIMIT 500)",
        "DELETE FROM roles WHERE (org_id, id) IN (SELECT org_id, id FROM roles
            WHERE org_id IN (SELECT id FROM orgs WHERE removed_at > 0) LIMIT 500)",
        "DELETE FROM member_buckets WHERE (org_id, bucket) IN (SELECT org_id, bucket FROM member_buckets
            WHERE org_id IN (SELECT id FROM orgs WHERE removed_at > 0) LIMIT 500)",
        "DELETE FROM workspace_secrets WHERE (org_id, kid) IN (SELECT org_id, kid FROM workspace_secrets
            WHERE org_id IN (SELECT id FROM orgs WHERE removed_at > 0) LIMIT 500)",
    ];
    if tx.query_opt("SELECT 1 FROM orgs WHERE removed_at > 0 LIMIT 1", &[])?.is_none() {
        return Ok(0);
    }
    for delete in DEPENDENT {
        let deleted = tx.execute(delete, &[])?;
        if deleted > 0 {
            return Ok(deleted);
        }
    }
    tx.execute("DELETE FROM orgs WHERE id IN (SELECT id FROM orgs WHERE removed_at > 0 LIMIT 500)", &[])
}
