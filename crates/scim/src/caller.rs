//! Who calls: a directory, by the token of a connection. From here on the request counts towards the budget of the org, and is
//! logged for its administrators.

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, Method};
use sigma_core::scim::ScimToken;
use sigma_core::time::Timestamp;
use sigma_platform::extract::bearer_token;
use sigma_platform::http::{RequestContext, Rule};
use sigma_platform::state::AppState;
use sigma_store::scim::Directory;
use sigma_store::scim::connection;
use sigma_store::scim::log::{self, LoggedRequest};
use sigma_store::{Store, Tx};

use crate::answer::Answer;
use crate::error::ScimError;

/// Most characters of an address in the log.
const LONGEST_PATH: usize = 300;

/// A directory that calls.
#[derive(Clone, Debug)]
pub struct ScimCaller {
    /// The connection.
    pub directory: Directory,
    /// The request.
    pub context: RequestContext,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its query.
    pub query: String,
    method: Method,
    path: String,
    started: Timestamp,
}

impl ScimCaller {
    /// The store, on behalf of the directory.
    pub fn store(&self, sigma: &AppState) -> Store {
        sigma.store_for(&self.context, self.directory.actor())
    }

    /// The value of `If-Match`.
    pub fn if_match(&self) -> Option<String> {
        let value = self.headers.get(http::header::IF_MATCH)?;
        Some(value.to_str().unwrap_or_default().to_owned())
    }

    /// The response to the request, after it was logged.
    pub async fn answer(self, sigma: &AppState, answered: Result<Answer, ScimError>) -> Response {
        let scim_type = answered.as_ref().err().and_then(ScimError::scim_type).map(str::to_owned);
        let response = answered.map_or_else(IntoResponse::into_response, IntoResponse::into_response);
        let micros = sigma.now().since(self.started).as_micros();
        let logged = LoggedRequest {
            org_id: self.directory.org_id,
            connection_id: self.directory.connection_id,
            number: 0,
            at: self.started,
            method: self.method.to_string(),
            path: self.path.chars().filter(|letter| !letter.is_control()).take(LONGEST_PATH).collect(),
            status: response.status().as_u16(),
            scim_type,
            micros: i64::try_from(micros).unwrap_or(i64::MAX),
            request_id: self.context.request_id().as_str().to_owned(),
        };
        let record = move |tx: &mut dyn Tx| log::record(tx, std::slice::from_ref(&logged));
        if let Err(error) = sigma.store.write(record).await {
            // The request itself is done, or failed for reasons of its own.
            tracing::warn!(%error, "a request of a directory could not be logged");
        }
        response
    }
}

impl FromRequestParts<AppState> for ScimCaller {
    type Rejection = ScimError;

    async fn from_request_parts(parts: &mut Parts, sigma: &AppState) -> Result<Self, ScimError> {
        let started = sigma.now();
        let token = bearer_token(&parts.headers).ok().flatten().and_then(ScimToken::parse);
        let digest = token.ok_or(ScimError::Unauthorized)?.digest();
        let found = sigma.store.read(move |tx| connection::find_by_token(tx, &digest, started)).await?;
        let directory = found.ok_or(ScimError::Unauthorized)?.directory();
        let context = parts.extensions.get::<RequestContext>().cloned();
        let context =
            context.ok_or_else(|| ScimError::Internal("the router was reached around its middleware".to_owned()))?;
        context.charge(Rule::Scim, directory.org_id.as_str())?;
        context.take_turn_of(&directory.org_id, parts).await?;
        Ok(Self {
            directory,
            context,
            headers: parts.headers.clone(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            method: parts.method.clone(),
            path: parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
            started,
        })
    }
}
