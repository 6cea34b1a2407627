//! A bare axum handler that sends the same bytes and headers as this server: the minimal cost of any server on this
//! stack. It runs as a process of its own, like the servers it is compared with.

use std::collections::HashMap;
use std::fs::{self, File};
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, Uri};
use axum::routing::any;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::http::Answer;
use crate::process::{Process, free_port, start};
use crate::system::Failure;

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
        let handler = move |method: Method, _uri: Uri, sent: Bytes| {
            let answer = Arc::clone(&answer);
            async move {
                // Reads the bytes of a POST, as the server has to.
                drop((method, sent));
                let mut response = Response::new(Body::from(answer.1.clone()));
                *response.headers_mut() = answer.0.clone();
                response
            }
        };
        router = router.route(&path, any(handler));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async move {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        Ok(axum::serve(listener, router).await?)
    })
}
