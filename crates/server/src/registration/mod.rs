//! Dynamic client registration: apps register themselves (RFC 7591), and manage their registration (RFC 7592,
//! `docs/spec/registration.md`).

mod error;
mod manage;
mod register;
mod response;

use std::time::Duration;

use http::HeaderMap;
use sigma_core::app::GrantType;
use sigma_core::branding::Branding;
use sigma_core::registration::{Allowed, Registration};

use crate::error::API;
use crate::extract::bearer_token;
use crate::http::policy::{Cookies, CorsPolicy, Limit};
use crate::http::{Policy, Surface};
use crate::state::AppState;
use error::RegistrationError;

/// Called by apps, also from pages of any origin, and never with cookies.
const POLICY: Policy = Policy { limit: Limit::Elsewhere, cors: CorsPolicy::Anyone, cookies: Cookies::Ignored, ..API };

/// How long an app that came without an initial access token is kept if it is never used.
const NEVER_USED: Duration = Duration::from_hours(24);

/// Length of a secret and of a registration access token in letters and digits: 256 bits.
const SECRET_LENGTH: usize = 43;

/// The endpoints of this surface.
pub fn surface() -> Surface<AppState> {
    Surface::new().with(register::endpoint()).with(manage::endpoints())
}

/// What an app that registers itself may have. Tokens of its own are for apps that somebody vouched for.
fn allowed(sigma: &AppState, was_invited: bool) -> Allowed {
    let mut grant_types = vec![GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::DeviceCode];
    if was_invited {
        grant_types.push(GrantType::ClientCredentials);
    }
    Allowed { scopes: sigma.settings.registration.allowed_scopes(), grant_types }
}

/// The links of an app that sign-in and consent show.
fn links(registration: &Registration) -> Branding {
    Branding {
        terms_url: registration.metadata.tos_uri.clone(),
        privacy_url: registration.metadata.policy_uri.clone(),
        ..Branding::default()
    }
}

/// The Bearer token of a request.
fn token(headers: &HeaderMap) -> Result<Option<&str>, RegistrationError> {
    bearer_token(headers).map_err(|_| RegistrationError::RepeatedHeader)
}
