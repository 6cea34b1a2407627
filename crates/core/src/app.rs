//! An app: an OAuth client, owned by an org.

mod of;
mod problem;
mod settings;

use serde::{Deserialize, Serialize};
use sigma_bitcoin::PublicKey;
use url::Url;

pub use self::problem::{AppProblem, AppReason, ProblemKind};
pub use self::settings::{AppSettings, OrgClaimsSettings, display_name};
use crate::admin_scope::is_admin_scope;
use crate::backchannel::BackchannelLogout;
use crate::client_metadata::ClientMetadata;
use crate::digest::Digest;
use crate::exchange;
use crate::id_jag;
use crate::ids::{AppId, AppRef, ClientId, OrgId};
use crate::jose::Algorithm;
use crate::merits::SiteUrl;
use crate::random::{Rng, alphanumeric};
pub use crate::redirect::ApplicationType;
use crate::redirect::{RedirectUri, RegisteredRedirectUris};
use crate::scope::{KNOWN, OF_ORGS, OFFLINE_ACCESS, Scopes};
use crate::security::AppSecurity;
use crate::slug::SIGMA;
use crate::time::Timestamp;

/// Length of a secret in letters and digits: 256 bits, and no characters that clients escape differently.
const SECRET_LENGTH: usize = 43;

/// A secret that nobody has.
pub fn new_secret(rng: &dyn Rng) -> String {
    alphanumeric(rng, SECRET_LENGTH)
}

/// How an app authenticates at the token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    /// A public app: PKCE only.
    None,
    /// Id and secret, in the `Authorization` header or in the body (RFC 6749 §2.3.1).
    ClientSecret,
    /// Id and secret in the `Authorization` header only.
    ClientSecretBasic,
    /// Id and secret in the body only.
    ClientSecretPost,
    /// A JWT signed with the app's own key (RFC 7523 §2.2).
    PrivateKeyJwt,
    /// A bitcoin-auth token over the request (`docs/spec/clients.md#sigma_bitcoin_auth`).
    SigmaBitcoinAuth,
}

impl AuthMethod {
    /// Every method that a request can use, as listed in discovery. [`AuthMethod::ClientSecret`] stands for two.
    pub const ON_THE_WIRE: [Self; 5] =
        [Self::None, Self::ClientSecretBasic, Self::ClientSecretPost, Self::PrivateKeyJwt, Self::SigmaBitcoinAuth];

    /// The name on the wire (`token_endpoint_auth_method`, RFC 7591 §2); `client_secret` is only a registered value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ClientSecret => "client_secret",
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::SigmaBitcoinAuth => "sigma_bitcoin_auth",
        }
    }

    /// The method with this name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::ClientSecret].into_iter().chain(Self::ON_THE_WIRE).find(|method| method.as_str() == text)
    }

    /// Whether the app has a secret.
    pub const fn has_secret(self) -> bool {
        matches!(self, Self::ClientSecret | Self::ClientSecretBasic | Self::ClientSecretPost)
    }

    /// Whether the app authenticates with a credential of its own.
    pub const fn is_confidential(self) -> bool {
        !matches!(self, Self::None)
    }
}

impl ApplicationType {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Native => "native",
        }
    }

    /// The type with this name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Web, Self::Native].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A grant type: what an app may exchange for tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// A code (RFC 6749 §4.1).
    AuthorizationCode,
    /// A refresh token (RFC 6749 §6).
    RefreshToken,
    /// The app's own credentials (RFC 6749 §4.4).
    ClientCredentials,
    /// A device code (RFC 8628 §3.4).
    #[serde(rename = "urn:ietf:params:oauth:grant-type:device_code")]
    DeviceCode,
    /// Another token (RFC 8693).
    #[serde(rename = "urn:ietf:params:oauth:grant-type:token-exchange")]
    TokenExchange,
    /// An identity assertion of another server (RFC 7523 §2.1, `docs/spec/id-jag.md`).
    #[serde(rename = "urn:ietf:params:oauth:grant-type:jwt-bearer")]
    JwtBearer,
}

impl GrantType {
    /// Every grant type.
    pub const ALL: [Self; 6] = [
        Self::AuthorizationCode,
        Self::RefreshToken,
        Self::ClientCredentials,
        Self::DeviceCode,
        Self::TokenExchange,
        Self::JwtBearer,
    ];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
            Self::DeviceCode => "urn:ietf:params:oauth:grant-type:device_code",
            Self::TokenExchange => exchange::GRANT_TYPE,
            Self::JwtBearer => id_jag::GRANT_TYPE,
        }
    }

    /// The grant type with this name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grant| grant.as_str() == text)
    }
}

/// How long a replaced secret stays valid unless its owner says otherwise, in seconds.
pub const USUAL_OVERLAP_SECONDS: u32 = 86_400;
/// How long it stays valid at most, in seconds.
pub const LONGEST_OVERLAP_SECONDS: u32 = 2_592_000;

/// A secret that was replaced, and until when it is valid beside the present one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FormerSecret {
    /// Its digest.
    pub digest: Digest,
    /// When it ends.
    pub ends_at: Timestamp,
}

/// An OAuth client as its owner registered it.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own that its owner sets")]
pub struct App {
    /// Its id.
    pub id: AppId,
    /// Its name on the wire: the id, unless another was chosen.
    pub client_id: ClientId,
    /// Who owns it.
    pub org_id: OrgId,
    /// The display name.
    pub name: String,
    /// Where it runs.
    pub application_type: ApplicationType,
    /// The authentication method.
    pub auth_method: AuthMethod,
    /// The digest of its secret, if its method has one.
    pub secret: Option<Digest>,
    /// The secret that was replaced, which may be valid for a while.
    pub former_secret: Option<FormerSecret>,
    /// Its Bitcoin key, for `sigma_bitcoin_auth`.
    pub pubkey: Option<PublicKey>,
    /// Its key set, for `private_key_jwt`: a JWK set (RFC 7517 §5).
    pub jwks: Option<String>,
    /// The URL that its key set is fetched from instead.
    pub jwks_uri: Option<String>,
    /// The registered redirect URIs.
    pub redirect_uris: RegisteredRedirectUris,
    /// The registered post-logout redirect URIs.
    pub post_logout_redirect_uris: RegisteredRedirectUris,
    /// The grant types that it may use.
    pub grant_types: Vec<GrantType>,
    /// The scopes that it may request, of those that the server defines itself.
    pub scopes: Scopes,
    /// The resources that it may request besides open ones, by URI (RFC 8707).
    pub resources: Vec<String>,
    /// Whether PKCE is required although the app is confidential.
    pub require_pkce: bool,
    /// The signing algorithm of its ID tokens.
    pub id_token_alg: Algorithm,
    /// Lifetime of its access tokens in seconds, if it has its own.
    pub access_seconds: Option<u32>,
    /// Whether users without an e-mail address get a placeholder (`docs/spec/oidc.md#e-mail-claims`).
    pub placeholder_email: bool,
    /// Whether its ID tokens carry the claims of the granted scopes, as userinfo does.
    pub id_token_claims: bool,
    /// Whether its users need a second factor.
    pub require_second_factor: bool,
    /// What its requests and tokens must satisfy beyond the defaults.
    pub security: AppSecurity,
    /// Whether it registered itself (RFC 7591): shown as unverified, and consent is always asked.
    pub dynamic: bool,
    /// Whether it is disabled: nothing works.
    pub disabled: bool,
    /// Its home page.
    pub client_uri: Option<String>,
    /// Its site, to which "Login with Sigma" and "Link App" return.
    pub site_url: Option<SiteUrl>,
    /// What else it registered about itself.
    pub metadata: ClientMetadata,
    /// How it is told that a session ended.
    pub backchannel_logout: Option<BackchannelLogout>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// What breaks the rules of the FAPI 2.0 profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProfileBreach<'a> {
    /// It authenticates by another method than `private_key_jwt`.
    AuthMethod,
    /// Its ID tokens are signed with RS256.
    IdTokenAlg,
    /// It lets people sign in on another device.
    DeviceCode,
    /// This redirect URI is not https.
    RedirectUri(&'a str),
}

impl App {
    /// Sigma itself, which users sign in to directly.
    pub fn sigma() -> Self {
        Self {
            id: AppId::sigma(),
            client_id: ClientId::from_text(SIGMA),
            org_id: OrgId::operator(),
            name: "Sigma".to_owned(),
            application_type: ApplicationType::Web,
            auth_method: AuthMethod::None,
            secret: None,
            former_secret: None,
            pubkey: None,
            jwks: None,
            jwks_uri: None,
            redirect_uris: RegisteredRedirectUris::default(),
            post_logout_redirect_uris: RegisteredRedirectUris::default(),
            grant_types: Vec::new(),
            scopes: Scopes::parse("openid profile"),
            resources: Vec::new(),
            require_pkce: true,
            id_token_alg: Algorithm::ES256,
            access_seconds: None,
            placeholder_email: false,
            require_second_factor: false,
            id_token_claims: false,
            security: AppSecurity::default(),
            dynamic: false,
            disabled: false,
            client_uri: None,
            site_url: None,
            metadata: ClientMetadata::default(),
            backchannel_logout: None,
            created_at: Timestamp::default(),
            updated_at: Timestamp::default(),
        }
    }

    /// Whether `text` names it, by client id or by id.
    pub fn is_called(&self, text: &str) -> bool {
        self.client_id.as_str() == text || AppRef::parse(text) == Some(AppRef::Id(self.id.clone()))
    }

    /// The secrets that are valid at `now`, the present one first.
    pub fn secrets(&self, now: Timestamp) -> impl Iterator<Item = Digest> {
        let former = self.former_secret.filter(|former| now < former.ends_at).map(|former| former.digest);
        self.secret.into_iter().chain(former)
    }

    /// Whether an authorization request must carry a challenge (`docs/spec/clients.md#pkce`).
    pub fn needs_pkce(&self) -> bool {
        self.require_pkce
            || self.security.is_fapi2()
            || self.application_type == ApplicationType::Native
            || matches!(self.auth_method, AuthMethod::None | AuthMethod::SigmaBitcoinAuth)
    }

    /// Whether consent is always asked: anyone could impersonate a dynamic app, or a native one without a claimed https
    /// URI (RFC 8252 §8.6).
    pub fn always_asks(&self) -> bool {
        (self.dynamic && !self.may_be_remembered())
            || (self.application_type == ApplicationType::Native
                && !self.redirect_uris.iter().all(|uri| uri.as_str().starts_with("https://")))
    }

    /// Whether consent is remembered although nobody vouches for the app: nobody else receives codes at its addresses.
    fn may_be_remembered(&self) -> bool {
        self.metadata.remember_consent
            && self.application_type == ApplicationType::Web
            && self.redirect_uris.iter().all(|uri| uri.as_str().starts_with("https://"))
    }

    /// The server's own scopes that it may request.
    pub fn askable(&self) -> Scopes {
        self.scopes.retain(|scope| self.is_askable(scope))
    }

    /// Whether it may request that scope, a registered one: `offline_access` only if it may use refresh tokens, those about
    /// orgs only if it did not register itself, and those of the management API only if it is also the operator's.
    fn is_askable(&self, scope: &str) -> bool {
        match scope {
            OFFLINE_ACCESS => self.may_use(GrantType::RefreshToken),
            scope if OF_ORGS.contains(&scope) => !self.dynamic,
            scope if is_admin_scope(scope) => !self.dynamic && self.org_id == OrgId::operator(),
            _ => true,
        }
    }

    /// The granted scopes that it may still request.
    #[must_use]
    pub fn still_granted(&self, granted: &Scopes) -> Scopes {
        granted.retain(|scope| !KNOWN.contains(&scope) || (self.scopes.contains(scope) && self.is_askable(scope)))
    }

    /// About how many bytes it takes in memory.
    pub fn weight(&self) -> usize {
        /// Of the app itself, its lists, its place in a cache and the allocator.
        const EMPTY: usize = 1_200;
        let uris = self.redirect_uris.iter().chain(self.post_logout_redirect_uris.iter());
        let metadata = &self.metadata;
        let texts = [&self.jwks, &self.jwks_uri, &self.client_uri, &metadata.logo_uri, &metadata.policy_uri]
            .into_iter()
            .chain([&metadata.tos_uri, &metadata.initiate_login_uri, &metadata.software_id, &metadata.software_version])
            .flatten()
            .chain(&self.resources)
            .chain(metadata.contacts.iter().chain(&metadata.request_uris).chain(&metadata.default_acr_values));
        let listed = uris.map(|uri| uri.as_str().len() + 24).sum::<usize>();
        let logout = self.backchannel_logout.as_ref().map_or(0, |logout| logout.uri.as_str().len());
        EMPTY + self.name.len() + logout + listed + texts.map(|text| text.len() + 24).sum::<usize>()
    }

    /// Whether errors go to its redirect URI before somebody is signed in. Not if anybody may have registered it: such an answer
    /// would send people, by a link to this server, to wherever its maker likes (RFC 9700 §4.11).
    pub fn takes_early_errors(&self) -> bool {
        !self.dynamic || self.may_be_remembered()
    }

    /// The same with everything that only the operator decides as it is in `current`, where it may have changed since the app was
    /// read that this one was made of. What is no longer verified stays so.
    #[must_use]
    pub fn with_rights_of(self, current: &Self) -> Self {
        Self {
            org_id: current.org_id.clone(),
            resources: current.resources.clone(),
            require_pkce: current.require_pkce,
            access_seconds: current.access_seconds,
            placeholder_email: current.placeholder_email,
            require_second_factor: current.require_second_factor,
            id_token_claims: current.id_token_claims,
            security: AppSecurity { profile: current.security.profile, ..self.security },
            dynamic: self.dynamic || current.dynamic,
            disabled: current.disabled,
            site_url: current.site_url.clone(),
            metadata: ClientMetadata {
                remember_consent: current.metadata.remember_consent,
                refresh: current.metadata.refresh,
                ..self.metadata
            },
            ..self
        }
    }

    /// What of it breaks the rules of its profile (FAPI 2.0 Security Profile §5.3.2, §5.4.1).
    pub fn breach(&self) -> Option<ProfileBreach<'_>> {
        if !self.security.is_fapi2() {
            return None;
        }
        if self.auth_method != AuthMethod::PrivateKeyJwt {
            return Some(ProfileBreach::AuthMethod);
        }
        if self.id_token_alg == Algorithm::RS256 {
            return Some(ProfileBreach::IdTokenAlg);
        }
        if self.grant_types.contains(&GrantType::DeviceCode) {
            return Some(ProfileBreach::DeviceCode);
        }
        let open = self.redirect_uris.iter().map(RedirectUri::as_str).find(|uri| !uri.starts_with("https://"));
        open.map(ProfileBreach::RedirectUri)
    }

    /// Where somebody is led who is to use the app: where a sign-in to it begins, as `issuer` opens it, else its home page. Both are what it is
    /// registered with.
    pub fn start_url(&self, issuer: &str) -> Option<String> {
        // Nobody has checked where an app leads that registered itself.
        if self.dynamic { None } else { self.login_url(issuer).or_else(|| self.client_uri.clone()) }
    }

    /// The address at which a sign-in to it begins (OpenID Connect Core §4), as `issuer` opens it.
    pub fn login_url(&self, issuer: &str) -> Option<String> {
        let mut url = Url::parse(self.metadata.initiate_login_uri.as_deref()?).ok()?;
        url.query_pairs_mut().append_pair("iss", issuer);
        Some(url.into())
    }

    /// Whether it may use `grant`. The FAPI 2.0 Security Profile has no flow that begins on another device.
    pub fn may_use(&self, grant: GrantType) -> bool {
        self.grant_types.contains(&grant) && !(grant == GrantType::DeviceCode && self.security.is_fapi2())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_weighs_as_much_as_it_takes_with_everything_that_it_registered() {
        let empty = App::sigma();
        assert!(empty.weight() > size_of::<App>(), "{} of {}", empty.weight(), size_of::<App>());
        let text = || Some("x".repeat(1_000));
        let full = App {
            jwks: text(),
            jwks_uri: text(),
            client_uri: text(),
            resources: vec!["x".repeat(1_000); 5],
            metadata: ClientMetadata {
                logo_uri: text(),
                policy_uri: text(),
                tos_uri: text(),
                initiate_login_uri: text(),
                software_id: text(),
                software_version: text(),
                contacts: vec!["x".repeat(1_000); 5],
                request_uris: vec!["x".repeat(1_000); 5],
                default_acr_values: vec!["x".repeat(1_000); 5],
                ..ClientMetadata::default()
            },
            ..App::sigma()
        };
        assert!(full.weight() > empty.weight() + 29_000, "{}", full.weight());
    }
}
