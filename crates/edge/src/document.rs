//! What the middleware adds to an endpoint's OpenAPI description: the errors that it may return itself, and the body and
//! headers of all.

use http::Method;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Components, Ref, RefOr, Response};

use crate::api_error::ErrorFormat;
use crate::policy::{Limit, Policy};

/// A response that every endpoint may give: its status and description. An endpoint's own description takes precedence.
type Common = (&'static str, &'static str);

const TOO_LARGE: Common = ("413", "More than 64 KiB, or what `http.body_bytes` says");
const TOO_MANY: Common = ("429", "Too many requests, or too many of them that failed");
const INTERNAL: Common = ("500", "Something went wrong here; the error names the request to ask about");
const AWAY: Common = ("503", "The store does not answer, or the server has too much to do");

/// Adds the schema of a format's error body, and returns a reference to it.
pub(super) fn error_schema(components: &mut Components, errors: &ErrorFormat) -> Ref {
    let (name, schema) = (errors.schema)();
    let reference = Ref::from_schema_name(&name);
    components.schemas.insert(name, schema);
    reference
}

/// Completes the description of an endpoint with this method and policy.
pub(super) fn complete(operation: &mut Operation, method: &Method, policy: &Policy, error: &Ref) {
    if policy.limit != Limit::Unlimited {
        if *method != Method::GET {
            describe(operation, &TOO_LARGE);
        }
        describe(operation, &TOO_MANY);
        describe(operation, &AWAY);
    }
    describe(operation, &INTERNAL);
    complete_errors(operation, error, policy.errors.media_type);
}

fn describe(operation: &mut Operation, (status, description): &Common) {
    let response = || RefOr::T(Response::new(*description));
    operation.responses.responses.entry((*status).to_owned()).or_insert_with(response);
}

/// Gives every error its body and `Retry-After`.
fn complete_errors(operation: &mut Operation, error: &Ref, media_type: &str) {
    let responses = &mut operation.responses.responses;
    for (status, response) in responses.iter_mut().filter(|(status, _)| status.starts_with(['4', '5'])) {
        let RefOr::T(response) = response else { continue };
        let body = ContentBuilder::new().schema(Some(error.clone())).build();
        response.content.insert(media_type.to_owned(), RefOr::T(body));
        if ["429", "503"].contains(&status.as_str()) {
            let seconds = ObjectBuilder::new().schema_type(Type::Integer);
            let header = HeaderBuilder::new().schema(Some(seconds)).description(Some("Seconds")).build();
            response.headers.insert("Retry-After".to_owned(), RefOr::T(header));
        }
    }
}
