//! An app as printed, with the member names of RFC 7591 §2.

use std::collections::BTreeMap;

use serde::Serialize;
use sigma_core::app::App;
use sigma_core::client_metadata::ClientMetadata;
use sigma_core::org_claims::OrgClaims;
use sigma_core::security::SecurityProfile;
use sigma_core::signer_origin::SignerOrigin;
use sigma_store::logout::LogoutLine;

use crate::commands::branding::BrandingView;
use crate::output::fields;

/// An app. The secret is set only if it was just generated.
#[derive(Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a member of the JSON that is printed")]
pub struct AppView {
    pub id: String,
    pub client_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
    client_name: String,
    org: String,
    application_type: &'static str,
    token_endpoint_auth_method: &'static str,
    pubkey: Option<String>,
    jwks: Option<serde_json::Value>,
    jwks_uri: Option<String>,
    redirect_uris: Vec<String>,
    post_logout_redirect_uris: Vec<String>,
    backchannel_logout_uri: Option<String>,
    backchannel_logout_session_required: bool,
    grant_types: Vec<&'static str>,
    scope: String,
    resources: Vec<String>,
    /// The origins whose pages may embed the signer, where they were looked up and there are any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub signer_origins: Vec<SignerOrigin>,
    id_token_signed_response_alg: &'static str,
    access_seconds: Option<u32>,
    require_pkce: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    security_profile: Option<&'static str>,
    require_pushed_authorization_requests: bool,
    dpop_bound_access_tokens: bool,
    placeholder_email: bool,
    id_token_claims: bool,
    require_second_factor: bool,
    client_uri: Option<String>,
    site_url: Option<String>,
    /// What else it registered about itself.
    metadata: ClientMetadata,
    dynamic: bool,
    disabled: bool,
    /// Until when the secret that was replaced is valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    former_secret_ends_at: Option<String>,
    created_at: String,
    updated_at: String,
    /// How it looks, where it was looked up.
    #[serde(flatten)]
    pub branding: Option<BrandingView>,
    /// Tokens issued within the last day, by grant type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_last_day: Option<BTreeMap<&'static str, u64>>,
    /// The ends of sessions that it was told of last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logouts: Option<Vec<LogoutView>>,
}

/// The end of a session that an app was told of, or has to be told of.
#[derive(Debug, Serialize)]
pub struct LogoutView {
    session_id: String,
    user_id: String,
    ended_at: String,
    /// `waiting`, `delivered` or `given up`.
    state: &'static str,
    attempts: i64,
    /// The status of the app's last response.
    status: Option<i64>,
    /// Why the last attempt failed.
    error: Option<String>,
}

impl LogoutView {
    /// The view of a line of the log.
    pub fn of(line: &LogoutLine) -> Self {
        let state = match (line.ended_at, &line.error) {
            (None, _) => "waiting",
            (Some(_), None) => "delivered",
            (Some(_), Some(_)) => "given up",
        };
        Self {
            session_id: line.session_id.to_string(),
            user_id: line.user_id.to_string(),
            ended_at: line.created_at.to_string(),
            state,
            attempts: line.attempts,
            status: line.status,
            error: line.error.clone(),
        }
    }

    /// One line of text.
    fn text(&self) -> String {
        let status = self.status.map(|status| format!(" {status}")).unwrap_or_default();
        let error = self.error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
        let attempts = if self.attempts == 1 { "" } else { "s" };
        format!(
            "{} {} {}{status}, {} attempt{attempts}{error}",
            self.ended_at, self.session_id, self.state, self.attempts
        )
    }
}

impl AppView {
    /// The view of `app` without a secret.
    pub fn of(app: &App) -> Self {
        Self {
            id: app.id.to_string(),
            client_id: app.client_id.to_string(),
            client_secret: None,
            client_name: app.name.clone(),
            org: app.org_id.to_string(),
            application_type: app.application_type.as_str(),
            token_endpoint_auth_method: app.auth_method.as_str(),
            pubkey: app.pubkey.map(|key| key.to_hex()),
            jwks: app.jwks.as_deref().and_then(|jwks| serde_json::from_str(jwks).ok()),
            jwks_uri: app.jwks_uri.clone(),
            redirect_uris: app.redirect_uris.iter().map(|uri| uri.as_str().to_owned()).collect(),
            post_logout_redirect_uris: app
                .post_logout_redirect_uris
                .iter()
                .map(|uri| uri.as_str().to_owned())
                .collect(),
            backchannel_logout_uri: app.backchannel_logout.as_ref().map(|logout| logout.uri.as_str().to_owned()),
            backchannel_logout_session_required: app
                .backchannel_logout
                .as_ref()
                .is_some_and(|logout| logout.session_required),
            grant_types: app.grant_types.iter().map(|grant| grant.as_str()).collect(),
            scope: app.scopes.to_string(),
            resources: app.resources.clone(),
            signer_origins: Vec::new(),
            id_token_signed_response_alg: app.id_token_alg.as_str(),
            access_seconds: app.access_seconds,
            require_pkce: app.needs_pkce(),
            security_profile: app.security.profile.map(SecurityProfile::as_str),
            require_pushed_authorization_requests: app.security.must_push(),
            dpop_bound_access_tokens: app.security.must_bind(),
            placeholder_email: app.placeholder_email,
            id_token_claims: app.id_token_claims,
            require_second_factor: app.require_second_factor,
            client_uri: app.client_uri.clone(),
            site_url: app.site_url.as_ref().map(ToString::to_string),
            metadata: app.metadata.clone(),
            dynamic: app.dynamic,
            disabled: app.disabled,
            former_secret_ends_at: app.former_secret.map(|former| former.ends_at.to_string()),
            created_at: app.created_at.to_string(),
            updated_at: app.updated_at.to_string(),
            branding: None,
            tokens_last_day: None,
            logouts: None,
        }
    }

    /// A row of the list.
    pub fn row(&self) -> [String; 4] {
        let remark = if self.disabled { "disabled" } else { "" };
        [
            self.client_id.clone(),
            self.client_name.clone(),
            self.token_endpoint_auth_method.to_owned(),
            remark.to_owned(),
        ]
    }

    /// The app as text.
    pub fn text(&self) -> String {
        let yes = |set: bool| if set { "yes".to_owned() } else { String::new() };
        let lifetime = self.access_seconds.map(|seconds| format!("{seconds} seconds")).unwrap_or_default();
        let mut shown = vec![
            ("client id", self.client_id.clone()),
            ("id", self.id.clone()),
            ("secret", self.client_secret.clone().unwrap_or_default()),
            ("earlier secret until", self.former_secret_ends_at.clone().unwrap_or_default()),
            ("name", self.client_name.clone()),
            ("owner", self.org.clone()),
            ("type", self.application_type.to_owned()),
            ("authentication", self.token_endpoint_auth_method.to_owned()),
            ("public key", self.pubkey.clone().unwrap_or_default()),
            ("key set", self.jwks.as_ref().map(ToString::to_string).unwrap_or_default()),
            ("key set URL", self.jwks_uri.clone().unwrap_or_default()),
            ("redirect URIs", self.redirect_uris.join("\n")),
            ("post-logout URIs", self.post_logout_redirect_uris.join("\n")),
            ("back-channel logout", self.backchannel_logout_uri.clone().unwrap_or_default()),
            ("needs session id", yes(self.backchannel_logout_session_required)),
            ("grant types", self.grant_types.join(" ")),
            ("scope", self.scope.clone()),
            ("resources", self.resources.join("\n")),
            ("signer origins", self.signer_origins.iter().map(SignerOrigin::as_str).collect::<Vec<_>>().join("\n")),
            ("ID token alg", self.id_token_signed_response_alg.to_owned()),
            ("access lifetime", lifetime),
            ("PKCE required", yes(self.require_pkce)),
            ("profile", self.security_profile.unwrap_or_default().to_owned()),
            ("PAR required", yes(self.require_pushed_authorization_requests)),
            ("DPoP required", yes(self.dpop_bound_access_tokens)),
            ("placeholder e-mail", yes(self.placeholder_email)),
            ("ID token claims", yes(self.id_token_claims)),
            ("second factor required", yes(self.require_second_factor)),
            ("roles and groups", org_claims(&self.metadata.org_claims)),
            ("site", self.site_url.clone().unwrap_or_default()),
            ("home page", self.client_uri.clone().unwrap_or_default()),
            ("refresh tokens", refresh(&self.metadata)),
            ("userinfo alg", self.metadata.userinfo_signed_response_alg.map(|alg| alg.to_string()).unwrap_or_default()),
            ("unverified", yes(self.dynamic)),
            ("disabled", yes(self.disabled)),
            ("registered", self.created_at.clone()),
            ("changed", self.updated_at.clone()),
            ("tokens, last day", self.tokens_last_day.as_ref().map(counts).unwrap_or_default()),
            ("last logouts", self.logouts.iter().flatten().map(LogoutView::text).collect::<Vec<_>>().join("\n")),
        ];
        shown.extend(self.branding.iter().flat_map(BrandingView::entries));
        let shown = fields(&shown);
        match &self.client_secret {
            Some(_) => format!("{shown}\n\nKeep the secret: it is not shown again."),
            None => shown,
        }
    }
}

/// How the app is told roles and groups, where that was set.
fn org_claims(claims: &OrgClaims) -> String {
    let names = |what: &str, names: &BTreeMap<String, String>| {
        names.iter().map(|(held, told)| format!("{what} {held} as {told}")).collect::<Vec<_>>()
    };
    let mut lines: Vec<String> = Vec::new();
    lines.extend(claims.roles.as_ref().map(|claim| format!("roles in {claim}")));
    lines.extend(claims.groups.as_ref().map(|claim| format!("groups in {claim}")));
    lines.extend(names("role", &claims.role_names));
    lines.extend(names("group", &claims.group_names));
    lines.extend(claims.in_access_token.then(|| "in access tokens too".to_owned()));
    lines.join("\n")
}

/// How it uses refresh tokens, where that differs from the default.
fn refresh(metadata: &ClientMetadata) -> String {
    let policy = metadata.refresh;
    let rotation = policy.rotate.map(|rotate| if rotate { "rotated" } else { "not rotated" }.to_owned());
    let idle = policy.idle_seconds.map(|seconds| format!("end {seconds} s after their last use"));
    let life = policy.life_seconds.map(|seconds| format!("end {seconds} s after the consent"));
    [rotation, idle, life].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// What tokens were issued for, and how many; one line each.
fn counts(tokens: &BTreeMap<&'static str, u64>) -> String {
    tokens.iter().map(|(grant_type, count)| format!("{grant_type} {count}")).collect::<Vec<_>>().join("\n")
}
