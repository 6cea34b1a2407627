//! `GET /signer`: one page for the frame, for the window that the frame opens where it sees no storage, and for a person
//! who looks after the permissions that they gave.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::HeaderMap;

use super::embedding::Embedding;
use super::view::Signer;
use crate::http::policy::{Cookies, Framing};
use crate::http::{ApiError, Endpoint, Policy};
use crate::i18n::Wanted;
use crate::pages::policy::PAGE;
use crate::state::AppState;

/// It may be framed by declared origins, so it knows nobody: cookies are removed before the handler runs.
const SIGNER: Policy = Policy { framing: Framing::ByItsPolicy, cookies: Cookies::Ignored, ..PAGE };

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::get(SIGNER, "/signer", signer)
}

async fn signer(State(sigma): State<AppState>, headers: HeaderMap) -> Result<Response, Response> {
    let embedding = Embedding::find(&sigma, &headers).await.map_err(|error| ApiError::from(error).into_response())?;
    let language = Wanted::of(None, None, &headers).best(&sigma.settings.languages);
    Ok(Signer { embedding }.render(&sigma.page_in(language)))
}
