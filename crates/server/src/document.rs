//! The authentication schemes of the OpenAPI document.

use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};

/// Adds the schemes that the endpoints' descriptions name.
pub fn add_security_schemes(document: &mut OpenApi) {
    let components = document.components.get_or_insert_with(Default::default);
    let http = |scheme| SecurityScheme::Http(Http::new(scheme));
    let api_key = SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("X-Sigma-ApiKey")));
    components.add_security_scheme("access_token", http(HttpAuthScheme::Bearer));
    components.add_security_scheme("registration_token", http(HttpAuthScheme::Bearer));
    components.add_security_scheme("org_access_token", http(HttpAuthScheme::Bearer));
    components.add_security_scheme("scim_token", http(HttpAuthScheme::Bearer));
    components.add_security_scheme("client_secret_basic", http(HttpAuthScheme::Basic));
    components.add_security_scheme("workspace_token", http(HttpAuthScheme::Bearer));
    components.add_security_scheme("api_key", api_key);
    let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new("__Secure-better-auth.session_token")));
    components.add_security_scheme("session", cookie);
    let signature = SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("X-Auth-Token")));
    components.add_security_scheme("key", signature);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    fn document() -> Value {
        serde_json::from_str(crate::openapi()).unwrap()
    }

    /// Every operation: its method, path and description.
    fn operations(document: &Value) -> Vec<(String, &Value)> {
        let of_path = |(path, item): (&String, &'_ Value)| {
            item.as_object().unwrap().keys().map(|method| (method.clone(), path.clone())).collect::<Vec<_>>()
        };
        let paths = document["paths"].as_object().unwrap();
        let named = paths.iter().flat_map(of_path);
        named.map(|(method, path)| (format!("{method} {path}"), &document["paths"][&path][&method])).collect()
    }

    #[test]
    fn operation_ids_are_unique_camel_case_names() {
        let document = document();
        let mut seen = BTreeSet::new();
        for (operation, described) in operations(&document) {
            let id = described["operationId"].as_str().unwrap_or_else(|| panic!("{operation} has no operation id"));
            let is_camel_case = id.starts_with(|first: char| first.is_ascii_lowercase())
                && id.chars().all(|character| character.is_ascii_alphanumeric());
            assert!(is_camel_case, "{operation}: {id}");
            // Generators name files after operation ids, and some file systems ignore case.
            assert!(seen.insert(id.to_lowercase()), "{operation}: {id} is taken");
        }
        assert!(seen.len() > 50, "{}", seen.len());
    }

    #[test]
    fn every_operation_has_a_summary_and_a_tag_that_is_described() {
        let document = document();
        let tags: Vec<_> = document["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
        for (operation, described) in operations(&document) {
            assert!(described["summary"].as_str().is_some_and(|summary| summary.len() > 5), "{operation}");
            let of_operation = described["tags"].as_array().unwrap();
            assert!(of_operation.len() == 1 && tags.contains(&&of_operation[0]), "{operation}: {of_operation:?}");
        }
    }

    #[test]
    fn every_status_that_has_a_body_has_a_schema() {
        // These answer 200 with headers only, with an empty body, or with a media type that generators of clients refuse.
        let bare = [
            "get /api/v1/auth/forward",
            "get /api/auth/oauth2/forward",
            "post /api/auth/oauth2/revoke",
            "get /orgs/{org}/status/{list}",
        ];
        let document = document();
        for (operation, described) in operations(&document) {
            for (status, response) in described["responses"].as_object().unwrap() {
                let is_bare = status == "202" && response["content"].is_null();
                let has_body = !status.starts_with('3') && status != "204" && !is_bare;
                if !has_body || (status == "200" && bare.contains(&operation.as_str())) {
                    assert_eq!(response["content"], Value::Null, "{operation} {status}");
                    continue;
                }
                let content = response["content"].as_object().unwrap_or_else(|| panic!("{operation} {status}"));
                let mut schemas = content.values().map(|content| &content["schema"]);
                assert!(
                    schemas.all(|schema| schema.as_object().is_some_and(|it| !it.is_empty())),
                    "{operation} {status}"
                );
            }
        }
    }

    #[test]
    fn every_error_of_a_surface_has_the_same_body() {
        let document = document();
        let mut errors = 0;
        for (operation, described) in operations(&document) {
            let (name, media_type) = match operation.split_once(' ') {
                Some((_, path)) if path.starts_with("/api/v1/") => ("WorkspaceError", "application/json"),
                Some((_, path)) if path.starts_with("/api/admin/") => ("Problem", "application/problem+json"),
                Some((_, path)) if path.starts_with("/scim/") => ("ScimError", "application/scim+json"),
                Some((_, path)) if path.starts_with("/v2/") || path.starts_with("/attachments/") => {
                    ("MeritsError", "application/json")
                }
                _ => ("Error", "application/json"),
            };
            let responses = described["responses"].as_object().unwrap();
            assert!(responses.contains_key("500"), "{operation}");
            for (status, response) in responses.iter().filter(|(status, _)| status.starts_with(['4', '5'])) {
                let schema = &response["content"][media_type]["schema"]["$ref"];
                assert_eq!(schema, &format!("#/components/schemas/{name}"), "{operation} {status}");
                errors += 1;
            }
        }
        assert!(errors > 200, "{errors}");
    }

    #[test]
    fn common_statuses_are_described_at_every_endpoint() {
        let document = document();
        for (operation, described) in operations(&document) {
            let responses = described["responses"].as_object().unwrap();
            let is_probe = ["/livez", "/readyz"].iter().any(|probe| operation.ends_with(probe));
            let expected = ["429", "503"].into_iter().chain((!operation.starts_with("get ")).then_some("413"));
            for status in expected.filter(|_| !is_probe) {
                assert!(responses.contains_key(status), "{operation} {status}");
            }
        }
    }

    #[test]
    fn every_security_scheme_that_an_operation_names_is_described() {
        let document = document();
        let schemes = document["components"]["securitySchemes"].as_object().unwrap();
        for (operation, described) in operations(&document) {
            for requirement in described["security"].as_array().into_iter().flatten() {
                for scheme in requirement.as_object().unwrap().keys() {
                    assert!(schemes.contains_key(scheme), "{operation}: {scheme}");
                }
            }
        }
    }

    #[test]
    fn members_and_users_have_separate_schemas() {
        let document = document();
        let of = |name: &str| document["components"]["schemas"][name]["properties"].clone();
        assert!(of("WorkspaceUser")["roleId"].is_object() && of("UserView")["emailVerified"].is_object());
    }
}
