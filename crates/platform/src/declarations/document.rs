//! What is declared. Members have the names that `sigma app show --json` and its like print; those that an entry leaves out stay as
//! they are.

use std::collections::{BTreeMap, BTreeSet};

use secrecy::{ExposeSecret as _, SecretString};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sigma_core::app::OrgClaimsSettings;
use sigma_core::org::{CatalogPermission, SchemaPermission};
use utoipa::ToSchema;

use super::place::Place;

/// A document: entries of every kind, in any order.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Declarations {
    /// Workspaces.
    #[serde(default)]
    pub orgs: Vec<OrgEntry>,
    /// Apps.
    #[serde(default)]
    pub apps: Vec<AppEntry>,
    /// APIs.
    #[serde(default)]
    pub resources: Vec<ResourceEntry>,
    /// Servers elsewhere that people sign in with.
    #[serde(default)]
    pub providers: Vec<ProviderEntry>,
    /// How the server looks.
    pub branding: Option<BrandingEntry>,
}

/// A workspace, by its slug or id.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrgEntry {
    /// Its slug, or its id.
    pub org: String,
    /// Display name; a new one needs it.
    pub name: Option<String>,
    /// Whether members marked for it may use quick login.
    pub quick_logins: Option<bool>,
    /// Whether its members need a second factor.
    pub require_second_factor: Option<bool>,
    /// Whether people outside can accept its merits.
    pub verified: Option<bool>,
    /// What it may have at most; null for what the settings say.
    #[serde(default)]
    pub quotas: BTreeMap<String, Option<u64>>,
    /// How it looks, and its apps that have no look of their own.
    pub branding: Option<BrandingEntry>,
    /// Its roles.
    #[serde(default)]
    pub roles: Vec<RoleEntry>,
}

/// How something looks; an empty text is a declaration: there is to be none.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BrandingEntry {
    /// The name, of the server alone.
    pub name: Option<String>,
    /// A picture (PNG, JPEG, WebP or GIF), as a `data:` URL; in a file, its path from there.
    pub logo: Option<String>,
    /// The colour of buttons and links, such as `#3d46c2`.
    pub accent: Option<String>,
    /// `https:`.
    pub terms_url: Option<String>,
    /// `https:`.
    pub privacy_url: Option<String>,
    /// `https:` or `mailto:`.
    pub support_url: Option<String>,
    /// The words of welcome by the tags of their languages.
    pub welcome: Option<BTreeMap<String, String>>,
}

/// A server elsewhere that people sign in with, by its id: the members of `[[providers]]` in the settings.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
pub struct ProviderEntry {
    /// Its id.
    pub id: String,
    /// Where our client secret there is.
    #[serde(default, deserialize_with = "secret_source")]
    pub client_secret: Option<SecretSource>,
    /// The members of `[[providers]]`.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    pub members: serde_json::Map<String, serde_json::Value>,
}

/// A role, by its name.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleEntry {
    /// Its name, ignoring case.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// The general permissions that are on, such as `canManageUsers`.
    pub permissions: Option<Vec<String>>,
    /// What it allows in apps, by names of the org's own.
    pub app_permissions: Option<BTreeSet<String>>,
    /// Its access to schemas.
    pub schema_permissions: Option<Vec<SchemaPermission>>,
    /// Its access to catalogs.
    pub catalog_permissions: Option<Vec<CatalogPermission>>,
}

/// An API, by its URI.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResourceEntry {
    /// Absolute, without fragment; it never changes.
    pub uri: String,
    /// The org that owns it, by id or slug; a new one is the operator's if it is left out.
    pub org: Option<String>,
    /// Display name; the host of the URI if it is left out.
    pub name: Option<String>,
    /// Its scopes.
    pub scopes: Option<Vec<ScopeEntry>>,
    /// Whether any app may request it with the user's consent.
    pub open: Option<bool>,
    /// The apps that serve it, by client id.
    pub servers: Option<Vec<String>>,
}

/// A scope of an API.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScopeEntry {
    /// As in tokens.
    pub name: String,
    /// What the consent page says.
    pub description: String,
}

/// An app, by its client id.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AppEntry {
    /// Its client id, which never changes.
    pub client_id: String,
    /// Display name.
    pub client_name: Option<String>,
    /// Where its secret is; generated for a new app that leaves it out.
    #[serde(default, deserialize_with = "secret_source")]
    pub client_secret: Option<SecretSource>,
    /// The workspace that owns it.
    pub org: Option<String>,
    /// Whether the app is disabled.
    pub disabled: Option<bool>,
    /// `web` or `native`.
    pub application_type: Option<String>,
    /// Client authentication; what a new app's keys imply, else `client_secret`.
    pub token_endpoint_auth_method: Option<String>,
    /// Bitcoin public key, 66 hex digits, for `sigma_bitcoin_auth`.
    pub pubkey: Option<String>,
    /// Public keys for `private_key_jwt`: a JWK set.
    #[schema(value_type = Option<Object>)]
    pub jwks: Option<serde_json::Value>,
    /// Their address instead.
    pub jwks_uri: Option<String>,
    /// Redirect URIs, compared byte for byte.
    pub redirect_uris: Option<Vec<String>>,
    /// Redirect URIs after sign-out.
    pub post_logout_redirect_uris: Option<Vec<String>>,
    /// The address that is told, server to server, when a session of one of the app's users ends.
    pub backchannel_logout_uri: Option<String>,
    /// Whether the app needs the session id when it is told.
    pub backchannel_logout_session_required: Option<bool>,
    /// Grant types, by name or URN; `authorization_code` and `refresh_token` for a new app.
    pub grant_types: Option<Vec<String>>,
    /// The server's own scopes that it may request, separated by spaces.
    pub scope: Option<String>,
    /// The APIs that it may request besides open ones, by URI.
    pub resources: Option<Vec<String>>,
    /// Origins whose pages may embed the signer.
    pub signer_origins: Option<Vec<String>>,
    /// Signing algorithm of its ID tokens.
    pub id_token_signed_response_alg: Option<String>,
    /// Signing algorithm of userinfo; JSON without one.
    pub userinfo_signed_response_alg: Option<String>,
    /// Lifetime of its access tokens in seconds; the server's default without one.
    pub access_seconds: Option<u32>,
    /// Whether PKCE is required even with client authentication.
    pub require_pkce: Option<bool>,
    /// `fapi2` or `none`.
    pub security_profile: Option<String>,
    /// Whether its authorization requests must be pushed (RFC 9126).
    pub require_pushed_authorization_requests: Option<bool>,
    /// Whether its access tokens must be bound to a key of the app (RFC 9449).
    pub dpop_bound_access_tokens: Option<bool>,
    /// Whether users without a verified e-mail address get a placeholder.
    pub placeholder_email: Option<bool>,
    /// Whether ID tokens have the claims of the granted scopes.
    pub id_token_claims: Option<bool>,
    /// Whether its users need a second factor.
    pub require_second_factor: Option<bool>,
    /// Whether a refresh token is replaced at each use.
    pub refresh_rotation: Option<bool>,
    /// Seconds after the consent at which all refresh tokens end.
    pub refresh_life: Option<u32>,
    /// Seconds without use after which a refresh token ends.
    pub refresh_idle: Option<u32>,
    /// The oldest sign-in in seconds that requests without `max_age` accept.
    pub default_max_age: Option<u32>,
    /// The address at which a sign-in to the app begins (OpenID Connect Core §4).
    pub initiate_login_uri: Option<String>,
    /// How it is told roles and groups.
    pub org_claims: Option<OrgClaimsSettings>,
    /// Home page.
    pub client_uri: Option<String>,
    /// The site to which "Login with Sigma" returns.
    pub site_url: Option<String>,
    /// How pages on the way to it look.
    pub branding: Option<BrandingEntry>,
}

/// A secret. Files of declarations are kept where many read them, so they say where it is; the management API takes the secret itself.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretSource {
    /// The secret.
    #[serde(default, serialize_with = "exposed", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub value: Option<SecretString>,
    /// In a file alone: another file, next to it unless the path is absolute.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(ignore)]
    pub file: Option<String>,
    /// In a file alone: a variable of the environment.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(ignore)]
    pub env: Option<String>,
    /// Where `value` came from, in words, for the changes that are shown.
    #[serde(skip)]
    pub from: Option<String>,
}

/// A secret, or none. What stands in its place may be the secret itself, and what is wrong with it is shown and logged: so the words do not
/// repeat it.
fn secret_source<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretSource>, D::Error> {
    let words = "client_secret must be an object with the text `value`, or in a file with `file` or `env`";
    Option::deserialize(deserializer).map_err(|_| D::Error::custom(words))
}

/// To a server that is to know it.
#[expect(clippy::ref_option, reason = "serde passes the field as it is")]
fn exposed<S: Serializer>(secret: &Option<SecretString>, serializer: S) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(SecretString::expose_secret).serialize(serializer)
}

impl Declarations {
    /// Every secret, and where its entry stands.
    pub fn secrets(&mut self) -> impl Iterator<Item = (Place, &mut SecretSource)> {
        let of_apps = self.apps.iter_mut().enumerate().filter_map(|(index, app)| {
            let at = Place::new(pointer("apps", index), "app", &app.client_id);
            Some((at, app.client_secret.as_mut()?))
        });
        let of_providers = self.providers.iter_mut().enumerate().filter_map(|(index, provider)| {
            let at = Place::new(pointer("providers", index), "provider", &provider.id);
            Some((at, provider.client_secret.as_mut()?))
        });
        of_apps.chain(of_providers)
    }

    /// Every logo that is declared, and where its entry stands.
    pub fn logos(&mut self) -> impl Iterator<Item = (Place, &mut String)> {
        let of_server = self.branding.iter_mut().map(|look| (Place::of_server(), look));
        let of_orgs = self.orgs.iter_mut().enumerate().filter_map(|(index, org)| {
            let at = Place::new(pointer("orgs", index), "org", &org.org);
            Some((at, org.branding.as_mut()?))
        });
        let of_apps = self.apps.iter_mut().enumerate().filter_map(|(index, app)| {
            let at = Place::new(pointer("apps", index), "app", &app.client_id);
            Some((at, app.branding.as_mut()?))
        });
        let looks = of_server.chain(of_orgs).chain(of_apps);
        looks.filter_map(|(at, look)| Some((at, look.logo.as_mut().filter(|logo| !logo.is_empty())?)))
    }

    /// How many entries it has, roles included.
    pub fn entries(&self) -> usize {
        let roles: usize = self.orgs.iter().map(|org| org.roles.len()).sum();
        roles + self.orgs.len() + self.apps.len() + self.resources.len() + self.providers.len()
    }

    /// The names of the workspaces.
    pub fn org_names(&self) -> Vec<String> {
        self.orgs.iter().map(|entry| entry.org.clone()).collect()
    }

    /// Adds the entries of another document after these. Only one of them may say how the server looks.
    pub fn append(&mut self, other: Self) {
        self.orgs.extend(other.orgs);
        self.apps.extend(other.apps);
        self.resources.extend(other.resources);
        self.providers.extend(other.providers);
        self.branding = self.branding.take().or(other.branding);
    }
}

/// Where the look of the server stands.
pub const BRANDING: &str = "/branding";

/// Where an entry of a list stands (RFC 6901).
pub fn pointer(list: &str, index: usize) -> String {
    format!("/{list}/{index}")
}

/// Where a role of the org stands that stands there.
pub fn role_pointer(org: &str, index: usize) -> String {
    format!("{org}/roles/{index}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_secret_in_the_wrong_place_is_not_repeated() {
        let secret = "0123456789abcdef0123456789abcdef";
        for wrong in [
            json!(secret),
            json!([secret]),
            json!(12_345_678),
            json!({"value": 12_345_678}),
            json!({"file": [secret]}),
            json!({"secret": secret}),
            json!({secret: ""}),
        ] {
            for (list, id) in [("apps", "client_id"), ("providers", "id")] {
                let document = json!({list: [{id: "acme", "client_secret": wrong}]}).to_string();
                let error = serde_json::from_str::<Declarations>(&document).unwrap_err().to_string();
                assert!(error.contains("client_secret"), "{error}");
                assert!(!error.contains(secret) && !error.contains("12345678"), "{error}");
            }
        }
        let fine =
            serde_json::from_str::<Declarations>(r#"{"providers":[{"id":"acme","client_secret":null}]}"#).unwrap();
        assert!(fine.providers[0].client_secret.is_none());
    }
}
