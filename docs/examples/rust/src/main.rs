//! Notes per workspace: `GET /notes` serves the users and servers of a workspace.

mod sigma;

use std::collections::HashMap;
use std::env;
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::sigma::{Refusal, Sigma};

struct Service {
    sigma: Sigma,
    notes: HashMap<String, Vec<String>>,
}

async fn notes(State(service): State<Arc<Service>>, headers: HeaderMap) -> Result<Json<Value>, Refusal> {
    let caller = service.sigma.caller(&headers, "read").await?;
    // Every query of a multi-tenant service is limited to the caller's workspace.
    let notes = service.notes.get(&caller.workspace_id).cloned().unwrap_or_default();
    Ok(Json(json!({ "caller": caller, "notes": notes })))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let sigma = Sigma::open(env::var("SIGMA_URL")?, env::var("SIGMA_API_KEY")?, env::var("SIGMA_SECRETS")?.into())?;
    let service = Arc::new(Service { sigma, notes: HashMap::new() });

    let rotated = Arc::clone(&service);
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            if let Err(failure) = rotated.sigma.read_secrets() {
                eprintln!("The secrets could not be read: {failure}");
            }
        }
    });

    let port = env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    println!("http://{}", listener.local_addr()?);
    let routes = Router::new().route("/notes", get(notes)).fallback(async || Refusal::NotFound);
    axum::serve(listener, routes.with_state(service)).await?;
    Ok(())
}
