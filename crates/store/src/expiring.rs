//! The tables whose rows expire.

use std::time::Duration;

use crate::replay_guard::MARGIN;

/// A table whose rows expire.
#[derive(Clone, Copy, Debug)]
pub struct Expiring {
    /// The table.
    pub table: &'static str,
    /// The statement that deletes a batch of rows expired at or before `$1`.
    pub delete: &'static str,
    /// How much longer rows are kept, where a deleted row would let something expired in again.
    pub margin: Duration,
}

impl Expiring {
    /// Kept for as long as the slowest clock of any node may still accept it.
    pub(crate) const fn kept(self) -> Self {
        Self { margin: MARGIN, ..self }
    }
}

/// `expiring!("codes", "hash", "delete_after")`: the rows of `codes`, whose primary key is `hash` (or `"a, b"`), may be
/// deleted at `delete_after`. The column needs an index.
#[macro_export]
macro_rules! expiring {
    ($table:literal, $key:literal, $expiry:literal) => {
        $crate::Expiring {
            table: $table,
            delete: concat!(
                "DELETE FROM ",
                $table,
                " WHERE (",
                $key,
                ") IN (SELECT ",
                $key,
                " FROM ",
                $table,
                " WHERE ",
                $expiry,
                " <= $1 ORDER BY ",
                $expiry,
                " LIMIT 500) AND ",
                $expiry,
                " <= $1"
            ),
            margin: ::std::time::Duration::ZERO,
        }
    };
}

/// Every table whose rows expire.
pub const EXPIRING: &[Expiring] = &[
    expiring!("interactions", "id", "expires_at"),
    expiring!("impersonations", "grant_id", "expires_at"),
    expiring!("codes", "hash", "delete_after"),
    expiring!("device_codes", "hash", "delete_after"),
    expiring!("logouts", "app_id, session_id", "delete_after"),
    expiring!("user_code_guesses", "user_id", "expires_at"),
    expiring!("pushed_requests", "hash", "delete_after"),
    expiring!("refresh_tokens", "hash", "expires_at"),
    expiring!("grants", "id", "expires_at"),
    expiring!("replay_guard", "key", "expires_at").kept(),
    expiring!("revoked_tokens", "id", "expires_at").kept(),
    expiring!("signature_throttle", "network", "expires_at"),
    expiring!("password_throttle", "subject, source", "expires_at"),
    expiring!("device_throttle", "user_id, device", "expires_at"),
    expiring!("idempotency_keys", "caller, key_hash", "expires_at"),
    expiring!("idempotency_callers", "caller", "expires_at"),
    expiring!("quotas", "purpose, subject", "expires_at"),
    expiring!("one_time_links", "hash", "expires_at"),
    expiring!("first_owner_links", "hash", "expires_at"),
    expiring!("email_sign_ups", "browser_hash", "expires_at"),
    expiring!("email_additions", "user_id", "expires_at"),
    expiring!("account_merges", "gone_id", "expires_at"),
    expiring!("mails", "id", "expires_at"),
    expiring!("app_invitations", "id", "expires_at"),
    expiring!("jobs", "id", "delete_after"),
    expiring!("org_sessions", "org_id, jti", "expires_at"),
    expiring!("org_secrets", "org_id, kid", "delete_after"),
    expiring!("client_documents", "app_id", "delete_after"),
    expiring!("merit_requests", "hash", "delete_after"),
    expiring!("merit_claims", "holder_id, email_folded", "expires_at"),
    expiring!("merit_batch_lines", "org_id, batch_id, line", "expires_at"),
    expiring!("merit_batches", "org_id, id", "expires_at"),
    expiring!("webhook_secrets", "org_id, webhook_id, id", "expires_at"),
    expiring!("webhook_deliveries", "org_id, webhook_id, event_id", "delete_after"),
    expiring!("scim_requests", "org_id, connection_id, slot", "expires_at"),
];
