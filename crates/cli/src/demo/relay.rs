//! `POST /relay`: sends a request as an app's backend would, for apps with a secret, and shows the whole response.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::header::ORIGIN;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Url};
use serde::{Deserialize, Serialize};

use super::Shared;
use crate::config::check::is_loopback;
use crate::failure::Failure;

/// The largest response that is shown.
const LARGEST_ANSWER: usize = 1024 * 1024;

/// What to send.
#[derive(Deserialize)]
pub struct Outgoing {
    method: Verb,
    url: String,
    headers: Vec<(String, String)>,
    body: Option<String>,
}

/// The methods of the flow.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Verb {
    Get,
    Post,
    Put,
}

/// The upstream response.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Incoming {
    status: u16,
    status_text: &'static str,
    headers: Vec<(String, String)>,
    body: String,
}

/// A client without redirects and with short time-outs.
#[expect(clippy::disallowed_methods, reason = "the Playground talks to the demo on this machine, as an app would")]
pub fn client() -> Result<Client, Failure> {
    Client::builder()
        .redirect(Policy::none())
        .timeout(Duration::from_secs(15))
        .user_agent(concat!("sigma-playground/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| Failure::Failed(format!("cannot create an HTTP client: {error}")))
}

/// Sends a request on behalf of our own page only.
pub async fn relay(State(site): State<Shared>, headers: HeaderMap, Json(outgoing): Json<Outgoing>) -> Response {
    if headers.get(ORIGIN).is_none_or(|origin| origin.as_bytes() != site.origin.as_bytes()) {
        return refusal(StatusCode::FORBIDDEN, "only the Playground's own page may use this relay");
    }
    let allowed = |url: &Url| url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url));
    let Some(url) = Url::parse(&outgoing.url).ok().filter(allowed) else {
        return refusal(StatusCode::BAD_REQUEST, "the URL must be https, or http on this machine");
    };
    match send(&site.client, url, outgoing).await {
        Ok(incoming) => Json(incoming).into_response(),
        Err(error) => refusal(StatusCode::BAD_GATEWAY, &format!("The server cannot be reached: {}", cause(&error))),
    }
}

async fn send(client: &Client, url: Url, outgoing: Outgoing) -> Result<Incoming, reqwest::Error> {
    let method = match outgoing.method {
        Verb::Get => Method::GET,
        Verb::Post => Method::POST,
        Verb::Put => Method::PUT,
    };
    let mut request = client.request(method, url);
    for (name, value) in outgoing.headers {
        request = request.header(name, value);
    }
    if let Some(body) = outgoing.body {
        request = request.body(body);
    }
    let mut response = request.send().await?;
    let status = response.status();
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() >= LARGEST_ANSWER {
            body.truncate(LARGEST_ANSWER);
            break;
        }
    }
    Ok(Incoming {
        status: status.as_u16(),
        status_text: status.canonical_reason().unwrap_or_default(),
        headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}

/// The innermost cause, which is the informative one: "connection refused".
fn cause(error: &reqwest::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

fn refusal(status: StatusCode, reason: &str) -> Response {
    (status, Json(serde_json::json!({ "error": reason }))).into_response()
}
