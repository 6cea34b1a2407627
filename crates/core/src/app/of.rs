//! The settings that an app has, as its operator would say them.

use super::settings::{AppSettings, OrgClaimsSettings};
use super::{App, GrantType};
use crate::redirect::RegisteredRedirectUris;
use crate::security::SecurityProfile;
use crate::signer_origin::SignerOrigin;

impl AppSettings {
    /// All settings of `app` but its client id and its owner: applied to it, they change nothing.
    pub fn of(app: &App, signer_origins: &[SignerOrigin]) -> Self {
        let (metadata, logout) = (&app.metadata, app.backchannel_logout.as_ref());
        let texts = |uris: &RegisteredRedirectUris| uris.iter().map(|uri| uri.as_str().to_owned()).collect();
        let claims = &metadata.org_claims;
        Self {
            client_id: None,
            client_name: Some(app.name.clone()),
            org: None,
            disabled: Some(app.disabled),
            unverified: Some(app.dynamic),
            application_type: Some(app.application_type.as_str().to_owned()),
            token_endpoint_auth_method: Some(app.auth_method.as_str().to_owned()),
            pubkey: app.pubkey.map(|key| key.to_hex()),
            jwks: app.jwks.as_deref().and_then(|jwks| serde_json::from_str(jwks).ok()),
            jwks_uri: app.jwks_uri.clone(),
            redirect_uris: Some(texts(&app.redirect_uris)),
            post_logout_redirect_uris: Some(texts(&app.post_logout_redirect_uris)),
            backchannel_logout_uri: Some(logout.map(|logout| logout.uri.as_str().to_owned()).unwrap_or_default()),
            backchannel_logout_session_required: logout.map(|logout| logout.session_required),
            grant_types: Some(app.grant_types.iter().copied().map(GrantType::as_str).map(str::to_owned).collect()),
            scope: Some(app.scopes.to_string()),
            resources: Some(app.resources.clone()),
            signer_origins: Some(signer_origins.iter().map(|origin| origin.as_str().to_owned()).collect()),
            id_token_signed_response_alg: Some(app.id_token_alg.as_str().to_owned()),
            userinfo_signed_response_alg: Some(
                metadata.userinfo_signed_response_alg.map(|alg| alg.as_str().to_owned()).unwrap_or_default(),
            ),
            access_seconds: Some(app.access_seconds.unwrap_or(0)),
            require_pkce: Some(app.require_pkce),
            security_profile: Some(app.security.profile.map_or("none", SecurityProfile::as_str).to_owned()),
            require_pushed_authorization_requests: Some(app.security.require_pushed_requests),
            dpop_bound_access_tokens: Some(app.security.bound_tokens),
            placeholder_email: Some(app.placeholder_email),
            id_token_claims: Some(app.id_token_claims),
            require_second_factor: Some(app.require_second_factor),
            refresh_rotation: metadata.refresh.rotate,
            refresh_life: Some(metadata.refresh.life_seconds.unwrap_or(0)),
            refresh_idle: Some(metadata.refresh.idle_seconds.unwrap_or(0)),
            default_max_age: Some(metadata.default_max_age.unwrap_or(0)),
            initiate_login_uri: Some(metadata.initiate_login_uri.clone().unwrap_or_default()),
            org_claims: Some(OrgClaimsSettings {
                roles: Some(claims.roles.clone().unwrap_or_default()),
                groups: Some(claims.groups.clone().unwrap_or_default()),
                role_names: Some(claims.role_names.clone()),
                group_names: Some(claims.group_names.clone()),
                in_access_token: Some(claims.in_access_token),
            }),
            client_uri: Some(app.client_uri.clone().unwrap_or_default()),
            site_url: Some(app.site_url.as_ref().map(ToString::to_string).unwrap_or_default()),
        }
    }
}
