//! `POST /account/data`: a user's copy of what is stored about them, as one JSON file.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use sigma_store::account_data;

use super::overview::{first, refuse_change};
use crate::extract::{Browser, SignedIn};
use crate::http::{ApiError, Endpoint};
use crate::pages::policy::FORM;
use crate::state::AppState;

/// This form.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::post(FORM, "/account/data", download)
}

async fn download(State(sigma): State<AppState>, browser: Browser) -> Result<Response, ApiError> {
    let Some(signed_in) = SignedIn::find(&sigma, &browser).await? else { return first(&sigma, &browser) };
    if let Some(refused) = refuse_change(&sigma, &browser, &signed_in).await? {
        return Ok(refused);
    }
    let user_id = signed_in.account.user.id.clone();
    let data = sigma.store.read(move |tx| account_data::collect(tx, &user_id)).await?;
    let Some(data) = data else { return first(&sigma, &browser) };
    let text = serde_json::to_string_pretty(&data).map_err(ApiError::internal)?;
    let mut response = text.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let file = HeaderValue::from_static("attachment; filename=\"sigma-account.json\"");
    headers.insert(header::CONTENT_DISPOSITION, file);
    Ok(response)
}
