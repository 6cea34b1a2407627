//! What the requests and tokens of an app must satisfy, as options of `sigma app add` and `set`.

use sigma_core::app::{App, ProfileBreach};
use sigma_core::jose::Algorithm;

use crate::args::AppFields;
use crate::failure::Failure;

/// Applies the options to `app`. Under the FAPI 2.0 profile ID tokens are never signed with RS256, so an app that did not choose
/// an algorithm gets ES256.
pub fn set(app: &mut App, fields: &AppFields) {
    let (options, security) = (&fields.security, &mut app.security);
    security.profile = options.profile.map_or(security.profile, Into::into);
    security.require_pushed_requests = options.require_par.unwrap_or(security.require_pushed_requests);
    security.bound_tokens = options.require_dpop.unwrap_or(security.bound_tokens);
    if security.is_fapi2() && fields.id_token_alg.is_none() && app.id_token_alg == Algorithm::RS256 {
        app.id_token_alg = Algorithm::ES256;
    }
}

/// Checks the rules of the app's profile (FAPI 2.0 Security Profile §5.3.2, §5.4.1).
pub fn check(app: &App) -> Result<(), Failure> {
    let reason = match app.breach() {
        None => return Ok(()),
        Some(ProfileBreach::AuthMethod) => {
            "--profile fapi2 needs --auth private_key_jwt, with --jwks or --jwks-uri".to_owned()
        }
        Some(ProfileBreach::IdTokenAlg) => {
            "--profile fapi2 rules out --id-token-alg RS256; use ES256 or EdDSA".to_owned()
        }
        Some(ProfileBreach::DeviceCode) => {
            "--profile fapi2 rules out --grant-type device_code: that flow begins on another device".to_owned()
        }
        Some(ProfileBreach::RedirectUri(uri)) => {
            format!("--profile fapi2 needs https redirect URIs, unlike {uri}")
        }
    };
    Err(Failure::Refused(reason))
}

#[cfg(test)]
mod tests {
    use sigma_core::app::AuthMethod;
    use sigma_core::ids::{AppId, ClientId, OrgId};
    use sigma_core::jose::SigningKey;
    use sigma_core::time::Timestamp;

    use super::super::draft::new;
    use super::*;
    use crate::args::{AlgArg, AuthArg, GrantArg, ProfileArg, SecurityFields};

    fn bank() -> AppFields {
        let key = SigningKey::generate(Algorithm::ES256).unwrap();
        AppFields {
            name: Some("Bank".to_owned()),
            redirect_uris: vec!["https://bank.example.org/callback".to_owned()],
            jwks: Some(serde_json::json!({ "keys": [key.public()] }).to_string()),
            security: SecurityFields { profile: Some(ProfileArg::Fapi2), ..SecurityFields::default() },
            ..AppFields::default()
        }
    }

    fn build(fields: &AppFields) -> Result<App, Failure> {
        let ids = (AppId::from_text("app_1"), ClientId::from_text("bank"));
        new(ids, OrgId::from_text("org_1"), fields, Timestamp::from_seconds(0))
    }

    #[test]
    fn an_app_with_the_fapi2_profile_signs_with_no_rs256_and_needs_a_key_and_https() {
        let app = build(&bank()).unwrap();
        assert_eq!((app.id_token_alg, app.auth_method), (Algorithm::ES256, AuthMethod::PrivateKeyJwt));
        assert!(app.needs_pkce() && app.security.must_push() && app.security.must_bind());
        for fields in [
            AppFields { id_token_alg: Some(AlgArg::RS256), ..bank() },
            AppFields { auth_method: Some(AuthArg::ClientSecret), jwks: None, ..bank() },
            AppFields { grant_types: vec![GrantArg::AuthorizationCode, GrantArg::DeviceCode], ..bank() },
        ] {
            assert!(matches!(build(&fields), Err(Failure::Refused(_))));
        }
    }
}
