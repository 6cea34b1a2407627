use http::{Request, header};

use super::*;
use crate::api_error::{ErrorFormat, json};
use crate::endpoint::{Endpoint, Surface};
use crate::policy::{BodyLimit, CorsPolicy};

const FORMAT: ErrorFormat = ErrorFormat {
    render: |error, _| json(&error.error()),
    schema: || ("Error".to_owned(), utoipa::openapi::RefOr::T(utoipa::openapi::schema::Schema::default())),
    media_type: "application/json",
    expected: &[],
};
const BASE: Policy = Policy::new(&FORMAT);
const LARGE: Policy = Policy { body: BodyLimit::Large, ..BASE };
const PUBLIC: Policy = Policy { cors: CorsPolicy::Anyone, ..BASE };

fn endpoint(policy: Policy, method: &Method, path: &'static str) -> Endpoint<()> {
    match *method {
        Method::POST => Endpoint::post(policy, path, async || ()),
        Method::HEAD => Endpoint::head(policy, path, async || ()),
        _ => Endpoint::get(policy, path, async || ()),
    }
}

fn routes() -> Routes {
    let thing = "/api/things/{id}";
    let surface = Surface::new()
        .with([endpoint(PUBLIC, &Method::GET, thing).aliases(["/things/{id}"]), endpoint(LARGE, &Method::POST, thing)])
        .with(endpoint(BASE, &Method::POST, "/api/only"))
        .below("/api", PUBLIC)
        .below("/api/deep", LARGE);
    Routes::new(BASE, &Declarations::from_iter([surface])).unwrap()
}

/// The pattern of a request, whether anyone may read the response, and whether large bodies are accepted.
fn found(method: &str, path: &str, announced: Option<&str>) -> (String, bool, bool) {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(announced) = announced {
        let origin = "https://app.example";
        request = request.header(header::ORIGIN, origin).header(ACCESS_CONTROL_REQUEST_METHOD, announced);
    }
    let (parts, ()) = request.body(()).unwrap().into_parts();
    let routes = routes();
    let route = routes.find(&parts);
    (route.metrics.route().to_owned(), route.policy.cors == CorsPolicy::Anyone, route.policy.body == BodyLimit::Large)
}

#[test]
fn the_policy_is_found_by_path_and_method() {
    let thing = |public, large| ("/api/things/{id}".to_owned(), public, large);
    assert_eq!(found("GET", "/api/things/1", None), thing(true, false));
    assert_eq!(found("POST", "/api/things/1", None), thing(false, true));
    assert_eq!(found("HEAD", "/api/things/1", None), thing(true, false), "HEAD is treated as GET");
    assert_eq!(found("DELETE", "/api/things/1", None), thing(true, false), "a 405 is treated as the first endpoint");
}

#[test]
fn an_alias_has_the_policy_of_its_endpoint() {
    assert_eq!(found("GET", "/things/1", None), ("/things/{id}".to_owned(), true, false));
}

#[test]
fn a_preflight_is_treated_as_the_request_that_it_announces() {
    let thing = |public, large| ("/api/things/{id}".to_owned(), public, large);
    assert_eq!(found("OPTIONS", "/api/things/1", Some("POST")), thing(false, true));
    assert_eq!(found("OPTIONS", "/api/things/1", Some("GET")), thing(true, false));
    assert_eq!(found("OPTIONS", "/api/only", Some("POST")), ("/api/only".to_owned(), false, false));
    // Only a preflight may announce a method.
    assert_eq!(found("GET", "/api/things/1", Some("POST")), thing(true, false));
}

#[test]
fn what_nobody_answers_is_treated_by_the_longest_prefix() {
    assert_eq!(found("GET", "/api", None), ("/api/{*rest}".to_owned(), true, false));
    assert_eq!(found("GET", "/api/", None), ("/api/{*rest}".to_owned(), true, false));
    assert_eq!(found("GET", "/api/things/1/2", None), ("/api/{*rest}".to_owned(), true, false));
    assert_eq!(found("GET", "/api/deep/er", None), ("/api/deep/{*rest}".to_owned(), false, true));
    assert_eq!(found("GET", "/api/deeper", None), ("/api/{*rest}".to_owned(), true, false));
    assert_eq!(found("GET", "/apis", None), ("elsewhere".to_owned(), false, false));
}

#[test]
fn two_endpoints_of_one_method_and_path_are_refused() {
    let two = |first: &'static str, second: &'static str| {
        let twice = [endpoint(BASE, &Method::GET, first), endpoint(BASE, &Method::GET, second)];
        Routes::new(BASE, &Declarations::from_iter([Surface::new().with(twice)])).is_err()
    };
    assert!(two("/a", "/a"));
    assert!(two("/a/{id}", "/a/{other}"));
    assert!(!two("/a/{id}", "/a/b"));
}
