//! `ETag`, `If-Match` and `If-None-Match` (RFC 9110 §13). An endpoint takes [`Conditions`], answers with [`Conditions::show`] when it
//! reads and with [`Tagged`] when it changed something, and calls [`Conditions::require`] first in the transaction of a change.

use axum::Json;
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::header::{ETAG, IF_MATCH, IF_NONE_MATCH};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Serialize;
use sigma_core::operator::OperatorRefusal;
use sigma_core::precondition::{EntityTag, Malformed, Preconditions, Reading};
use sigma_platform::http::ApiError;
use sigma_store::operator::Decision;
use sigma_store::{Owner, Stop, StoreError, Tx};

use super::error::AdminError;

/// Which versions a request is about.
#[derive(Clone, Debug)]
pub struct Conditions(Preconditions);

impl Conditions {
    /// The answer of an endpoint that reads `content`: with its tag, or 304 without it.
    pub fn show<T: Serialize>(&self, content: T) -> Response {
        let tag = tag_of(&content);
        match self.0.of_reading(&tag) {
            Reading::Content => Tagged(content).into_response(),
            Reading::Known => tagged(&tag, StatusCode::NOT_MODIFIED.into_response()),
            Reading::Failed => AdminError::Refused(OperatorRefusal::Outdated).into_response(),
        }
    }

    /// Whether the request is about this version.
    pub fn allow(&self, tag: &EntityTag) -> bool {
        self.0.allow_change(tag)
    }

    /// Refuses a change unless what it changes is of a version that the request names. `current` reads that as the endpoint which
    /// shows it does, and it stays so until the end of the transaction, because `owners`, in the order of locks, are held.
    pub fn require<T: Serialize>(
        &self,
        tx: &mut dyn Tx,
        owners: &[Owner<'_>],
        current: impl FnOnce(&mut dyn Tx) -> Decision<T>,
    ) -> Decision<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        for owner in owners {
            tx.lock(*owner)?;
        }
        // What cannot be written has no version, and least of all the one that is named.
        let content = serde_json::to_vec(&current(tx)?);
        let tag = EntityTag::of(content.map_err(|error| Stop::Failed(StoreError::Failed(error.to_string())))?);
        if self.0.allow_change(&tag) { Ok(()) } else { Err(OperatorRefusal::Outdated.into()) }
    }
}

impl<S: Sync> FromRequestParts<S> for Conditions {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        read(&parts.headers)
            .map(Self)
            .map_err(|problem| AdminError::malformed(format!("If-Match and If-None-Match {problem}")).into_response())
    }
}

fn read(headers: &HeaderMap) -> Result<Preconditions, Malformed> {
    let (if_match, if_none_match) = (values(headers, IF_MATCH)?, values(headers, IF_NONE_MATCH)?);
    Preconditions::parse(if_match.as_deref(), if_none_match.as_deref())
}

/// The values of a header, joined.
fn values(headers: &HeaderMap, name: HeaderName) -> Result<Option<String>, Malformed> {
    let values = headers.get_all(name).iter().map(|value| value.to_str().map_err(|_| Malformed));
    let values = values.collect::<Result<Vec<_>, _>>()?;
    Ok((!values.is_empty()).then(|| values.join(",")))
}

/// The answer with a resource as it is now, and its tag.
#[derive(Debug)]
pub struct Tagged<T>(pub T);

impl<T: Serialize> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        let tag = tag_of(&self.0);
        tagged(&tag, Json(self.0).into_response())
    }
}

/// The version with this content.
pub fn tag_of<T: Serialize>(content: &T) -> EntityTag {
    EntityTag::of(serde_json::to_vec(content).unwrap_or_default())
}

/// The answer, with a tag.
pub fn tagged(tag: &EntityTag, mut response: Response) -> Response {
    if let Ok(value) = HeaderValue::try_from(tag.header()) {
        response.headers_mut().insert(ETAG, value);
    }
    response
}

/// A failure of ours while a resource is written, as the store knows failures.
pub fn failed(error: &ApiError) -> Stop<OperatorRefusal> {
    Stop::Failed(StoreError::Failed(error.description().to_owned()))
}
