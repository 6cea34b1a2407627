//! A bare handler that sends the same bytes and headers as this server behind the same connections and middleware, and does nothing
//! for them: what is beyond it is what an endpoint costs. It runs as a process of its own, like the servers it is compared with.

use std::collections::HashMap;
use std::fs::{self, File};
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use axum::response::IntoResponse as _;
use axum::routing::any;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use sigma_edge::policy::CorsPolicy;
use sigma_edge::settings::Settings;
use sigma_edge::{Declarations, Edge, ErrorFormat, Policy, Routes, complete, json};
use sigma_telemetry::Registry;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;

use crate::http::Answer;
use crate::process::{Process, free_port, start};
use crate::system::{Failure, SystemClock, SystemRng};

const FORMAT: ErrorFormat = ErrorFormat {
    render: |error, _| json(&error.error()),
    schema: || ("Error".to_owned(), RefOr::T(Schema::default())),
    media_type: "application/json",
    expected: &[],
};
/// As the endpoints that apps call, with limits off as they are for the server.
const POLICY: Policy = Policy { cors: CorsPolicy::Anyone, ..Policy::new(&FORMAT) };

/// A recorded answer, by its path.
#[derive(Debug, Deserialize, Serialize)]
pub struct Seen {
    path: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Seen {
    /// The server's answer at `path`.
    pub fn of(path: &str, answer: &Answer<'_>) -> Self {
        // hyper writes these two by itself.
        let ours = |name: &str| !["date", "content-length"].contains(&name);
        let headers = answer.headers().filter(|(name, _)| ours(name));
        Self {
            path: path.to_owned(),
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            body: answer.text(),
        }
    }
}

/// Starts the handler for `answers` in a process of its own.
pub fn spawn(answers: &[Seen], directory: &Path) -> Result<Process, Failure> {
    let (file, port) = (directory.join("answers.json"), free_port()?);
    serde_json::to_writer(File::create(&file)?, answers)?;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("handler").arg("--answers").arg(&file).arg("--port").arg(port.to_string());
    Ok(start(&mut command, port, "/ready")?.0)
}

/// Serves the answers of `file` on `port` until the process ends.
pub fn serve(file: &Path, port: u16) -> Result<(), Failure> {
    let seen: Vec<Seen> = serde_json::from_slice(&fs::read(file)?)?;
    let mut answers = HashMap::new();
    for answer in seen {
        let mut headers = HeaderMap::new();
        for (name, value) in &answer.headers {
            headers.append(HeaderName::try_from(name)?, HeaderValue::try_from(value)?);
        }
        answers.insert(answer.path, (headers, Bytes::from(answer.body)));
    }
    let mut router = Router::new().route("/ready", any(async || StatusCode::OK));
    for (path, (headers, body)) in answers {
        let answer = Arc::new((headers, body));
        // Reads the bytes of a POST, as the server has to.
        let handler = move |sent: Bytes| {
            let answer = Arc::clone(&answer);
            async move {
                drop(sent);
                let mut response = Response::new(Body::from(answer.1.clone()));
                *response.headers_mut() = answer.0.clone();
                response
            }
        };
        router = router.route(&path, any(handler));
    }
    let mut settings = Settings { access_log: false, ..Settings::default() };
    settings.limits.enabled = false;
    Registry::install()?;
    let lookup = Routes::new(POLICY, &Declarations::default())?;
    let page = |_: &sigma_edge::FailedRequest<'_>| ().into_response();
    let edge = Edge::new(&settings, lookup, page, Arc::new(SystemClock), &SystemRng)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async move {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        Ok(sigma_edge::serve(listener, complete(router), edge, &settings, std::future::pending()).await?)
    })
}
