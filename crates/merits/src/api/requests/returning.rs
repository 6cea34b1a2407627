//! What both kinds of request have in common: where people return to.

use serde::Deserialize;
use sigma_core::app::App;
use sigma_core::digest::Digest;
use sigma_core::merits::RequestFault;
use sigma_core::random::alphanumeric;
use sigma_core::time::Timestamp;
use sigma_platform::extract::SECRET_LENGTH;
use sigma_platform::http::RequestContext;
use sigma_store::merits::request::{self, Asked, LONGEST_STATE, Request};
use utoipa::ToSchema;

use crate::decide;
use crate::error::MeritsError;
use crate::state::MeritsState;
use crate::wire::permission::Permission;

/// What an app asks a person for.
#[derive(Deserialize, ToSchema)]
#[schema(as = MeritsRequest)]
#[serde(rename_all = "camelCase")]
pub struct Wanted {
    /// What the app asks for.
    pub requested_permissions: Vec<Permission>,
    /// Where the person goes who agrees: a path of the app's site, or a URL of its origin.
    success_url: String,
    /// Where the person goes otherwise.
    failure_url: String,
    /// What the app gets back with the answer.
    #[serde(default)]
    pub state: Option<String>,
}

/// A request that waits for its person.
pub struct Begun {
    /// The address of its page.
    pub url: String,
    /// When it expires.
    pub expires_at: Timestamp,
}

impl Wanted {
    /// Begins the request of `app` for `asked`, whose page is at `path`.
    ///
    /// # Errors
    /// `invalid_url`, `invalid_request`, `AppRateLimit`
    pub async fn begin(
        &self,
        sigma: &MeritsState,
        context: &RequestContext,
        app: &App,
        asked: Asked,
        path: &str,
    ) -> Result<Begun, MeritsError> {
        let site = app.site_url.as_ref().ok_or(RequestFault::NoSite)?;
        let state = self.state.clone().filter(|state| !state.is_empty());
        if state.as_ref().is_some_and(|state| state.len() > LONGEST_STATE) {
            return Err(RequestFault::Text.into());
        }
        let request = Request {
            app_id: app.id.clone(),
            asked,
            success_url: site.resolve(&self.success_url)?,
            failure_url: site.resolve(&self.failure_url)?,
            state,
        };
        let token = alphanumeric(&*sigma.rng, SECRET_LENGTH);
        let (hash, now) = (Digest::of(&token), sigma.now());
        let actor = sigma_core::actor::Actor::App(app.id.clone());
        let begun = decide::by(sigma, context, actor, move |tx| request::begin(tx, &hash, &request, now)).await?;
        Ok(Begun { url: format!("{}{path}?token={token}", sigma.issuer()), expires_at: begun })
    }
}
