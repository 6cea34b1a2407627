//! What a file declares. Members have the names that `sigma app show --json` and its like print; those that an entry leaves out stay
//! as they are.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::Deserialize;
use serde_saphyr::Spanned;
use sigma_core::app::OrgClaimsSettings;
use sigma_core::org::{CatalogPermission, SchemaPermission};

/// A document.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    #[serde(default)]
    pub orgs: Vec<Spanned<OrgEntry>>,
    #[serde(default)]
    pub apps: Vec<Spanned<AppEntry>>,
    #[serde(default)]
    pub resources: Vec<Spanned<ResourceEntry>>,
    #[serde(default)]
    pub providers: Vec<Spanned<ProviderEntry>>,
    /// How the server looks.
    pub branding: Option<Spanned<BrandingEntry>>,
}

/// A workspace, by its slug or id.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrgEntry {
    pub org: String,
    pub name: Option<String>,
    pub quick_logins: Option<bool>,
    pub require_second_factor: Option<bool>,
    pub verified: Option<bool>,
    /// What it may have at most; null for what the settings say.
    #[serde(default)]
    pub quotas: BTreeMap<String, Option<u64>>,
    /// How it looks, and its apps that have no look of their own.
    pub branding: Option<BrandingEntry>,
    #[serde(default)]
    pub roles: Vec<Spanned<RoleEntry>>,
}

/// How something looks; an empty text is a declaration: there is to be none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BrandingEntry {
    /// The name, of the server alone.
    pub name: Option<String>,
    /// A picture, next to the file that names it unless the path is absolute.
    pub logo: Option<PathBuf>,
    pub accent: Option<String>,
    pub terms_url: Option<String>,
    pub privacy_url: Option<String>,
    pub support_url: Option<String>,
    /// The words of welcome by the tags of their languages.
    pub welcome: Option<BTreeMap<String, String>>,
}

/// A server elsewhere that people sign in with, by its id: the members of `[[providers]]` in the settings.
#[derive(Deserialize)]
pub struct ProviderEntry {
    pub id: String,
    /// Where our client secret there is.
    pub client_secret: Option<SecretSource>,
    #[serde(flatten)]
    pub members: serde_json::Map<String, serde_json::Value>,
}

/// A role, by its name.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleEntry {
    pub name: String,
    pub description: Option<String>,
    /// The general permissions that are on, such as `canManageUsers`.
    pub permissions: Option<Vec<String>>,
    /// What it allows in apps, by names of the org's own.
    pub app_permissions: Option<BTreeSet<String>>,
    pub schema_permissions: Option<Vec<SchemaPermission>>,
    pub catalog_permissions: Option<Vec<CatalogPermission>>,
}

/// An API, by its URI.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceEntry {
    pub uri: String,
    pub org: Option<String>,
    pub name: Option<String>,
    pub scopes: Option<Vec<ScopeEntry>>,
    pub open: Option<bool>,
    /// The apps that serve it, by client id.
    pub servers: Option<Vec<String>>,
}

/// A scope of an API.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScopeEntry {
    pub name: String,
    pub description: String,
}

/// An app, by its client id.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppEntry {
    pub client_id: String,
    pub client_name: Option<String>,
    /// Where its secret is; generated for a new app that leaves it out.
    pub client_secret: Option<SecretSource>,
    /// The workspace that owns it.
    pub org: Option<String>,
    pub disabled: Option<bool>,
    pub application_type: Option<String>,
    pub token_endpoint_auth_method: Option<String>,
    pub pubkey: Option<String>,
    pub jwks: Option<serde_json::Value>,
    pub jwks_uri: Option<String>,
    pub redirect_uris: Option<Vec<String>>,
    pub post_logout_redirect_uris: Option<Vec<String>>,
    pub backchannel_logout_uri: Option<String>,
    pub backchannel_logout_session_required: Option<bool>,
    pub grant_types: Option<Vec<String>>,
    pub scope: Option<String>,
    pub resources: Option<Vec<String>>,
    pub signer_origins: Option<Vec<String>>,
    pub id_token_signed_response_alg: Option<String>,
    pub userinfo_signed_response_alg: Option<String>,
    pub access_seconds: Option<u32>,
    pub require_pkce: Option<bool>,
    pub security_profile: Option<String>,
    pub require_pushed_authorization_requests: Option<bool>,
    pub dpop_bound_access_tokens: Option<bool>,
    pub placeholder_email: Option<bool>,
    pub id_token_claims: Option<bool>,
    pub require_second_factor: Option<bool>,
    pub refresh_rotation: Option<bool>,
    pub refresh_life: Option<u32>,
    pub refresh_idle: Option<u32>,
    pub default_max_age: Option<u32>,
    pub initiate_login_uri: Option<String>,
    pub org_claims: Option<OrgClaimsSettings>,
    pub client_uri: Option<String>,
    pub site_url: Option<String>,
    /// How pages on the way to it look.
    pub branding: Option<BrandingEntry>,
}

/// Where a secret is, since files of declarations are kept where many read them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretSource {
    /// A file, next to the one that names it unless the path is absolute.
    pub file: Option<PathBuf>,
    /// A variable of the environment.
    pub env: Option<String>,
}
