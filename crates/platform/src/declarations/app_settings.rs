//! The members of an app, as the settings that have the rules.

use sigma_core::app::AppSettings;

use super::document::AppEntry;

/// The settings that are declared.
pub fn settings(entry: &AppEntry) -> AppSettings {
    let grants = entry.grant_types.clone().filter(|grants| !grants.is_empty());
    AppSettings {
        client_id: Some(entry.client_id.clone()),
        client_name: entry.client_name.clone(),
        // The owner may be declared in the same file: the caller finds it.
        org: None,
        disabled: entry.disabled,
        unverified: None,
        application_type: entry.application_type.clone(),
        token_endpoint_auth_method: entry.token_endpoint_auth_method.clone(),
        pubkey: entry.pubkey.clone(),
        jwks: entry.jwks.clone(),
        jwks_uri: entry.jwks_uri.clone(),
        redirect_uris: entry.redirect_uris.clone(),
        post_logout_redirect_uris: entry.post_logout_redirect_uris.clone(),
        backchannel_logout_uri: entry.backchannel_logout_uri.clone(),
        backchannel_logout_session_required: entry.backchannel_logout_session_required,
        grant_types: grants,
        scope: entry.scope.clone(),
        resources: entry.resources.clone(),
        signer_origins: entry.signer_origins.clone(),
        id_token_signed_response_alg: entry.id_token_signed_response_alg.clone(),
        userinfo_signed_response_alg: entry.userinfo_signed_response_alg.clone(),
        access_seconds: entry.access_seconds,
        require_pkce: entry.require_pkce,
        security_profile: entry.security_profile.clone(),
        require_pushed_authorization_requests: entry.require_pushed_authorization_requests,
        dpop_bound_access_tokens: entry.dpop_bound_access_tokens,
        placeholder_email: entry.placeholder_email,
        id_token_claims: entry.id_token_claims,
        require_second_factor: entry.require_second_factor,
        refresh_rotation: entry.refresh_rotation,
        refresh_life: entry.refresh_life,
        refresh_idle: entry.refresh_idle,
        default_max_age: entry.default_max_age,
        initiate_login_uri: entry.initiate_login_uri.clone(),
        org_claims: entry.org_claims.clone(),
        client_uri: entry.client_uri.clone(),
        site_url: entry.site_url.clone(),
    }
}
