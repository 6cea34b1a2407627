//! What the service says of itself (RFC 7644 §4).

use serde_json::{Value, json};

use super::attribute::{Attribute, Kind};
use super::schema::{ENTERPRISE, ResourceType};
use super::{MOST_BULK_BYTES, MOST_BULK_OPERATIONS, MOST_RESULTS};

/// The schema of schemas.
const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Schema";

/// `ServiceProviderConfig` (RFC 7643 §5).
pub fn service_provider(base: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": {"supported": true},
        "bulk": {"supported": true, "maxOperations": MOST_BULK_OPERATIONS, "maxPayloadSize": MOST_BULK_BYTES},
        "filter": {"supported": true, "maxResults": MOST_RESULTS},
        "changePassword": {"supported": false},
        "sort": {"supported": true},
        "etag": {"supported": true},
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "Bearer token",
            "description": "The token of a connection, in the header Authorization",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
            "primary": true,
        }],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": format!("{base}/ServiceProviderConfig"),
        },
    })
}

/// The type of that name (RFC 7643 §6).
pub fn resource_type(name: &str, base: &str) -> Option<Value> {
    let of = ResourceType::ALL.into_iter().find(|of| of.name() == name)?;
    let mut described = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
        "id": of.name(),
        "name": of.name(),
        "description": of.description(),
        "endpoint": of.endpoint(),
        "schema": of.schema(),
        "meta": {
            "resourceType": "ResourceType",
            "location": format!("{base}/ResourceTypes/{}", of.name()),
        },
    });
    if let (Some(urn), Some(members)) = (of.extension(), described.as_object_mut()) {
        members.insert("schemaExtensions".to_owned(), json!([{"schema": urn, "required": false}]));
    }
    Some(described)
}

/// All types.
pub fn resource_types(base: &str) -> Vec<Value> {
    ResourceType::ALL.into_iter().filter_map(|of| resource_type(of.name(), base)).collect()
}

/// The schema of that URN (RFC 7643 §7).
pub fn schema(urn: &str, base: &str) -> Option<Value> {
    let (name, description, attributes) = if urn.eq_ignore_ascii_case(ENTERPRISE) {
        ("EnterpriseUser", "What companies add to a person", ResourceType::User.extended())
    } else {
        let of = ResourceType::ALL.into_iter().find(|of| urn.eq_ignore_ascii_case(of.schema()))?;
        (of.name(), of.description(), of.attributes())
    };
    let id = if urn.eq_ignore_ascii_case(ENTERPRISE) {
        ENTERPRISE
    } else {
        ResourceType::ALL.into_iter().find(|of| urn.eq_ignore_ascii_case(of.schema()))?.schema()
    };
    Some(json!({
        "schemas": [SCHEMA],
        "id": id,
        "name": name,
        "description": description,
        "attributes": attributes.iter().map(described).collect::<Vec<_>>(),
        "meta": {"resourceType": "Schema", "location": format!("{base}/Schemas/{id}")},
    }))
}

/// All schemas.
pub fn schemas(base: &str) -> Vec<Value> {
    let urns = [ResourceType::User.schema(), ResourceType::Group.schema(), ENTERPRISE];
    urns.into_iter().filter_map(|urn| schema(urn, base)).collect()
}

fn described(attribute: &Attribute) -> Value {
    let mut described = json!({
        "name": attribute.name,
        "type": attribute.kind.as_str(),
        "multiValued": attribute.multi_valued,
        "description": attribute.description,
        "required": attribute.required,
        "mutability": attribute.mutability.as_str(),
        "returned": attribute.returned.as_str(),
        "uniqueness": if attribute.unique { "server" } else { "none" },
    });
    let Some(members) = described.as_object_mut() else { return described };
    if attribute.kind == Kind::Complex {
        let sub: Vec<Value> = attribute.sub.iter().map(self::described).collect();
        members.insert("subAttributes".to_owned(), Value::Array(sub));
    } else if attribute.kind != Kind::Boolean {
        members.insert("caseExact".to_owned(), Value::Bool(attribute.case_exact));
    }
    if !attribute.canonical.is_empty() {
        members.insert("canonicalValues".to_owned(), json!(attribute.canonical));
    }
    if !attribute.references.is_empty() {
        members.insert("referenceTypes".to_owned(), json!(attribute.references));
    }
    described
}
