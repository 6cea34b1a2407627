//! The server's own scopes in words: keys of the catalogue.

/// How pages describe a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScopeWords {
    /// What an app may do.
    pub title: &'static str,
    /// The particulars.
    pub detail: &'static str,
    /// Whether it permits more than most apps need.
    pub sensitive: bool,
}

/// The words for a scope of the server; `None` for others.
pub fn scope_words(scope: &str) -> Option<ScopeWords> {
    let (title, detail, sensitive) = match scope {
        "openid" => ("scope-openid", "scope-openid-detail", false),
        "profile" => ("scope-profile", "scope-profile-detail", false),
        "email" => ("scope-email", "scope-email-detail", false),
        "offline_access" => ("scope-offline-access", "scope-offline-access-detail", true),
        "roles" => ("scope-roles", "scope-roles-detail", false),
        "groups" => ("scope-groups", "scope-groups-detail", false),
        "org" => ("scope-org", "scope-org-detail", false),
        "sigma:profile" => ("scope-sigma-profile", "scope-sigma-profile-detail", true),
        "sigma:wallet" => ("scope-sigma-wallet", "scope-sigma-wallet-detail", true),
        "sigma:backup" => ("scope-sigma-backup", "scope-sigma-backup-detail", true),
        "sigma:admin:read" => ("scope-admin-read", "scope-admin-read-detail", true),
        "sigma:admin:write" => ("scope-admin-write", "scope-admin-write-detail", true),
        "sigma:admin:people:read" => ("scope-admin-people-read", "scope-admin-area-detail", true),
        "sigma:admin:people:write" => ("scope-admin-people-write", "scope-admin-area-detail", true),
        "sigma:admin:apps:read" => ("scope-admin-apps-read", "scope-admin-area-detail", true),
        "sigma:admin:apps:write" => ("scope-admin-apps-write", "scope-admin-area-detail", true),
        "sigma:admin:orgs:read" => ("scope-admin-orgs-read", "scope-admin-area-detail", true),
        "sigma:admin:orgs:write" => ("scope-admin-orgs-write", "scope-admin-area-detail", true),
        "sigma:admin:events:read" => ("scope-admin-events-read", "scope-admin-area-detail", true),
        "sigma:admin:webhooks:read" => ("scope-admin-webhooks-read", "scope-admin-area-detail", true),
        "sigma:admin:webhooks:write" => ("scope-admin-webhooks-write", "scope-admin-area-detail", true),
        "sigma:admin:keys:read" => ("scope-admin-keys-read", "scope-admin-area-detail", true),
        "sigma:admin:keys:write" => ("scope-admin-keys-write", "scope-admin-area-detail", true),
        "sigma:admin:server:read" => ("scope-admin-server-read", "scope-admin-area-detail", true),
        "sigma:admin:server:write" => ("scope-admin-server-write", "scope-admin-area-detail", true),
        "merits" => ("scope-merits", "scope-merits-detail", true),
        _ => return None,
    };
    Some(ScopeWords { title, detail, sensitive })
}
