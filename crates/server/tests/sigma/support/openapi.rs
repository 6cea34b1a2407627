//! Every answer that a test sees is held against the OpenAPI document: its status must stand there.

use std::sync::LazyLock;

use http::{Method, StatusCode};
use serde_json::Value;

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(sigma_server::openapi()).unwrap());

/// Panics if the document describes the endpoint but not this status of it.
pub fn check(method: &Method, path: &str, status: StatusCode) {
    let Some(described) = find(path) else { return };
    let operation = &described[method.as_str().to_lowercase()];
    if operation.is_null() || status == StatusCode::INTERNAL_SERVER_ERROR {
        return;
    }
    let documented = &operation["responses"][status.as_str()];
    assert!(!documented.is_null(), "{method} {path} answered {status}, which the OpenAPI document does not know");
}

/// What the document says of `path`: of itself, or of the pattern that it is an instance of.
fn find(path: &str) -> Option<&'static Value> {
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let is_instance = |pattern: &str| {
        let (mut wanted, mut given) = (pattern.split('/'), path.split('/'));
        loop {
            match (wanted.next(), given.next()) {
                (None, None) => return true,
                (Some(wanted), Some(given)) if wanted == given || (wanted.starts_with('{') && !given.is_empty()) => {}
                _ => return false,
            }
        }
    };
    paths.get(path).or_else(|| paths.iter().find(|(pattern, _)| is_instance(pattern)).map(|(_, described)| described))
}

/// Every endpoint whose path begins with `prefix`: its method and its pattern.
pub fn endpoints(prefix: &str) -> Vec<(Method, String)> {
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let of_path = |(path, described): (&String, &Value)| {
        let methods = described.as_object().unwrap().keys().filter_map(|name| name.to_uppercase().parse().ok());
        methods.map(|method| (method, path.clone())).collect::<Vec<_>>()
    };
    paths.iter().filter(|(path, _)| path.starts_with(prefix)).flat_map(of_path).collect()
}

/// The scopes that the document says an endpoint takes: each is enough.
pub fn scopes(method: &Method, pattern: &str) -> Vec<String> {
    let operation = &DOCUMENT["paths"][pattern][method.as_str().to_lowercase()];
    let of_one = |one: &Value| one["access_token"][0].as_str().unwrap().to_owned();
    operation["security"].as_array().unwrap().iter().map(of_one).collect()
}
