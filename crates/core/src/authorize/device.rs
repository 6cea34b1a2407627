//! What a device asks for (RFC 8628 §3.1): no redirect, no PKCE, and nothing that is about a browser.

use super::{AuthorizeError, Consent, ErrorResponse, scope, targets};
use crate::app::{App, GrantType};
use crate::params::Params;
use crate::resource::{AskedResource, Resource};
use crate::scope::{ORG, Scopes};

/// The request of a device, as the app may make it. Only [`parse_device`] creates one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DeviceRequest {
    /// The requested scopes, limited to known ones that the app may request.
    pub scope: Scopes,
    /// The resources of the access token, with the requested scopes of each.
    pub resources: Vec<AskedResource>,
}

impl DeviceRequest {
    /// Everything that the user has to consent to.
    pub fn wanted(&self) -> Consent {
        Consent::to(self.scope.own(), &self.resources)
    }
}

/// Parses `scope` and `resource`. `registered` holds those of [`Params::resources`] that are registered.
///
/// # Errors
/// The app may not use this grant type, or not ask for one of the resources.
pub fn parse_device(params: &Params, app: &App, registered: &[Resource]) -> Result<DeviceRequest, ErrorResponse> {
    if !app.may_use(GrantType::DeviceCode) {
        return Err(ErrorResponse::new(AuthorizeError::UnauthorizedClient, "the client may not use the device flow"));
    }
    let targets = targets(params, app, registered)?;
    // A device has no page on which its user could choose an org.
    let scope = scope(params, app, &targets).without(ORG);
    let resources = targets.asked(&scope);
    Ok(DeviceRequest { scope, resources })
}
