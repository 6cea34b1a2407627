//! What becomes of each table when a database is copied.

/// The tables that are copied. A test reads the migrations, so none can be forgotten.
pub const COPIED: &[&str] = &[
    "account_deletions",
    "account_merges",
    "agents",
    "api_keys",
    "app_invitations",
    "apps",
    "backups",
    "brandings",
    "client_documents",
    "codes",
    "consents",
    "credentials",
    "device_codes",
    "device_throttle",
    "document_blocks",
    "email_additions",
    "email_sign_ups",
    "emails",
    "event_hours",
    "events",
    "first_owner_links",
    "grants",
    "idempotency_callers",
    "idempotency_keys",
    "identities",
    "identity_keys",
    "impersonations",
    "impersonators",
    "interactions",
    "jobs",
    "known_devices",
    "logos",
    "logout_queues",
    "logouts",
    "mails",
    "member_buckets",
    "memberships",
    "merged_accounts",
    "merit_attachment_uses",
    "merit_attachments",
    "merit_batch_lines",
    "merit_batches",
    "merit_claims",
    "merit_edits",
    "merit_field_settings",
    "merit_fields",
    "merit_keys",
    "merit_links",
    "merit_pictures",
    "merit_requests",
    "merit_status_lists",
    "merit_templates",
    "merit_unsubscribes",
    "merits",
    "meta",
    "one_time_links",
    "org_domains",
    "org_quotas",
    "org_secrets",
    "org_sessions",
    "orgs",
    "passkeys",
    "password_costs",
    "password_throttle",
    "passwords",
    "people_grams",
    "people_outdated",
    "people_segments",
    "people_unindexed",
    "pictures",
    "profiles",
    "provider_accounts",
    "providers",
    "pushed_requests",
    "quotas",
    "recovery_codes",
    "redirect_refusals",
    "refresh_tokens",
    "registrations",
    "replay_guard",
    "resources",
    "retired_client_ids",
    "retired_slugs",
    "revoked_tokens",
    "roles",
    "scim_connections",
    "scim_group_members",
    "scim_groups",
    "scim_requests",
    "scim_users",
    "server_branding",
    "session_apps",
    "sessions",
    "signature_throttle",
    "signer_origins",
    "signing_keys",
    "token_counts",
    "token_days",
    "totp_secrets",
    "user_code_guesses",
    "user_handles",
    "users",
    "wallets",
    "webhook_cursors",
    "webhook_deliveries",
    "webhook_queues",
    "webhook_secrets",
    "webhooks",
];

/// The tables that are not, and why.
pub const LEFT: &[(&str, &str)] = &[
    ("changes", "tells running servers what to forget, and lives for a minute"),
    ("moves", "is about this database alone"),
    ("migration_lock", "is the lock of whoever migrates"),
    ("refinery_schema_history", "is made with the schema"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_table_of_the_migrations_is_copied_or_left_for_a_reason() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
        let mut made = BTreeSet::new();
        for file in std::fs::read_dir(folder).unwrap() {
            let sql = std::fs::read_to_string(file.unwrap().path()).unwrap();
            let names =
                sql.split("CREATE TABLE ").skip(1).map(|rest| rest.split([' ', '(']).next().unwrap().to_owned());
            made.extend(names);
        }
        let left = LEFT.iter().map(|(name, _)| *name);
        let known: BTreeSet<_> = COPIED.iter().copied().chain(left).map(str::to_owned).collect();
        let forgotten: Vec<_> = made.difference(&known).collect();
        assert!(forgotten.is_empty(), "say in this file what becomes of {forgotten:?}");
        let gone: Vec<_> = COPIED.iter().filter(|name| !made.contains(**name)).collect();
        assert!(gone.is_empty(), "no migration makes {gone:?}");
    }

    #[test]
    fn the_tables_are_in_order_and_each_is_there_once() {
        assert!(COPIED.is_sorted_by(|one, other| one < other));
    }
}
