//! What every endpoint of workspaces has in common, written into the OpenAPI document: the body of an error, when to come
//! back, and that something can go wrong here.

use serde::Serialize;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{OpenApi, PathItem, Ref, RefOr, Response};
use utoipa::{PartialSchema as _, ToSchema};

/// An error: always two strings.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceError)]
struct ErrorBody {
    /// `VALIDATION_ERROR`, `UNAUTHORIZED`, `PERMISSION_DENIED`, `NOT_FOUND`, `CONFLICT`, `RATE_LIMITED`, `INTERNAL_ERROR`
    /// or `UNAVAILABLE`. Stable.
    error: String,
    /// For people. Not stable.
    message: String,
}

/// Completes what the handlers say of their errors.
pub fn complete(document: &mut OpenApi) {
    let components = document.components.get_or_insert_with(Default::default);
    components.schemas.insert("WorkspaceError".to_owned(), ErrorBody::schema());
    let paths = document.paths.paths.iter_mut().filter(|(path, _)| path.starts_with("/api/v1/"));
    for operation in paths.flat_map(|(_, item)| operations(item)) {
        let responses = &mut operation.responses.responses;
        let internal = Response::new("Something went wrong here; the message names the request to ask about");
        responses.entry("500".to_owned()).or_insert(RefOr::T(internal));
        for (status, response) in responses.iter_mut().filter(|(status, _)| status.starts_with(['4', '5'])) {
            let RefOr::T(response) = response else { continue };
            let body = ContentBuilder::new().schema(Some(Ref::from_schema_name("WorkspaceError"))).build();
            response.content.insert("application/json".to_owned(), RefOr::T(body));
            if ["429", "503"].contains(&status.as_str()) {
                let seconds = ObjectBuilder::new().schema_type(Type::Integer);
                let header = HeaderBuilder::new().schema(Some(seconds)).description(Some("Seconds")).build();
                response.headers.insert("Retry-After".to_owned(), RefOr::T(header));
            }
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    #[test]
    fn every_error_of_workspaces_has_the_same_body_in_the_document() {
        let document: Value = serde_json::from_str(&crate::openapi()).unwrap();
        let mut errors = 0;
        for (path, item) in document["paths"].as_object().unwrap() {
            let ours = path.starts_with("/api/v1/");
            for (status, response) in item
                .as_object()
                .unwrap()
                .values()
                .flat_map(|operation| operation["responses"].as_object().into_iter().flatten())
            {
                if ours && (status.starts_with('4') || status.starts_with('5')) {
                    let schema = &response["content"]["application/json"]["schema"]["$ref"];
                    assert_eq!(schema, "#/components/schemas/WorkspaceError", "{path} {status}");
                    errors += 1;
                }
            }
        }
        assert!(errors > 100, "{errors}");
    }

    #[test]
    fn people_of_workspaces_and_people_who_sign_in_are_described_apart() {
        let document: Value = serde_json::from_str(&crate::openapi()).unwrap();
        let of = |name: &str| document["components"]["schemas"][name]["properties"].clone();
        assert!(of("WorkspaceUser")["roleId"].is_object() && of("UserView")["emailVerified"].is_object());
    }
}
