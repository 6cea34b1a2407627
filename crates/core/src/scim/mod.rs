//! SCIM 2.0 (RFC 7643, RFC 7644): the schemas of users and groups, attribute paths, filters, PATCH and what of a resource an
//! answer shows. All of it works on JSON and is bounded (`docs/spec/scim.md#limits`); it knows no connection and no database.

mod attribute;
mod described;
mod document;
mod filter;
mod matching;
mod patch;
mod path;
mod problem;
mod projection;
mod resource;
mod schema;
mod sort;
mod token;

pub use attribute::{Attribute, Kind, Mutability, Returned};
pub use described::{resource_type, resource_types, schema, schemas, service_provider};
pub use document::Document;
pub use filter::{Comparison, Filter, Literal, MOST_TERMS};
pub use patch::{MOST_OPERATIONS, Patch};
pub use path::{AttributePath, PatchPath};
pub use problem::{Problem, ProblemKind};
pub use projection::Projection;
pub use resource::{Membership, Resource, Version};
pub use schema::{ENTERPRISE, ERROR, LIST, PATCH, ResourceType, SEARCH};
pub use sort::Sort;
pub use token::ScimToken;

/// The schema of a bulk request (RFC 7644 §3.7).
pub const BULK_REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
/// The schema of the answer to one.
pub const BULK_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";
/// Most operations of a bulk request.
pub const MOST_BULK_OPERATIONS: usize = 100;
/// Most bytes of a bulk request.
pub const MOST_BULK_BYTES: usize = 1024 * 1024;
/// Most resources of a page.
pub const MOST_RESULTS: u32 = 200;
/// Resources of a page, unless the caller wants another number.
pub const DEFAULT_RESULTS: u32 = 100;

#[cfg(test)]
mod tests;
