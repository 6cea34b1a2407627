//! Every answer that a test sees is held against the OpenAPI document: its status must stand there.

use std::sync::LazyLock;

use http::{Method, StatusCode};
use serde_json::Value;

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(&sigma_server::openapi()).unwrap());

/// Panics if the document describes the endpoint but not this status of it.
pub fn check(method: &Method, path: &str, status: StatusCode) {
    let operation = &DOCUMENT["paths"][path][method.as_str().to_lowercase()];
    if operation.is_null() || status == StatusCode::INTERNAL_SERVER_ERROR {
        return;
    }
    let documented = &operation["responses"][status.as_str()];
    assert!(!documented.is_null(), "{method} {path} answered {status}, which the OpenAPI document does not know");
}
