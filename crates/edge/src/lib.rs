//! Connections and middleware: accepts connections with limits on everything that a client can make large or slow,
//! passes requests through one middleware, and ends in order.
//!
//! [`serve`] accepts connections, [`Edge`] is the middleware, [`RequestContext`] its information for handlers,
//! [`ApiError`] an error before a surface writes it, and [`Limiter`] the rate limits.

mod activity;
mod api_error;
mod body;
pub mod budget;
mod carried;
pub mod certificate;
mod challenge;
mod client;
mod connections;
mod context;
mod cors;
mod document;
mod edge;
mod endpoint;
mod failed;
mod headers;
mod host;
mod limits;
mod measure;
mod origin;
mod places;
pub mod policy;
mod prometheus;
mod refusal;
mod refused;
mod routes;
pub mod settings;
mod tls;
mod watched;

use std::future::Future;

use axum::Router;
use tokio::net::TcpListener;

/// For the macro `routes`.
#[doc(hidden)]
pub use pastey::paste;

pub use self::api_error::{ApiError, ErrorFormat, FailedAt, json, written_json};
pub use self::body::Unread;
pub use self::certificate::TlsError;
pub use self::challenge::{ProtectedResource, RESOURCE_METADATA_PATH};
pub use self::client::{ClientAddr, Peer};
pub use self::context::{RequestContext, RequestId};
pub use self::edge::{Edge, EdgeError, Shared};
pub use self::endpoint::{Declaration, Declarations, Described, Endpoint, Inner, Surface, complete};
pub use self::failed::FailedRequest;
pub use self::limits::{Admission, Exceeded, Key, Limiter, Remaining, Rule, shared};
pub use self::policy::Policy;
pub use self::prometheus::serve_metrics;
pub use self::refusal::Refusal;
pub use self::refused::Refused;
pub use self::routes::Routes;
use crate::settings::Settings;

/// Serves `router` behind `edge` on `listener` until `shutdown` resolves; then stops accepting connections, finishes
/// requests in flight, and returns within `http.shutdown_seconds`. Uses TLS if `settings.tls` names files.
///
/// # Errors
/// The certificate is unusable.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    edge: Edge,
    settings: &Settings,
    shutdown: impl Future<Output = ()>,
) -> Result<(), TlsError> {
    let certificates = settings.tls.as_ref().map(tls::Certificates::load).transpose()?;
    let answer = move |peer, request: http::Request<connections::Arriving>| {
        let (edge, router) = (edge.clone(), router.clone());
        async move { edge.receive(router, peer, request).await }
    };
    connections::run(listener, connections::ListenerConfig::new(&settings.http, certificates), answer, shutdown).await
}
