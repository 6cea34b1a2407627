//! Bodies, as the OpenAPI document describes them. Their members follow from the schemas, at `/scim/v2/Schemas`.

use serde::Serialize;
use utoipa::ToSchema;

/// A person (RFC 7643 §4.1). All attributes: `/scim/v2/Schemas`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScimUser {
    schemas: Vec<String>,
    /// The id that this server gave.
    id: String,
    /// The id that the directory uses.
    external_id: Option<String>,
    user_name: String,
    /// Whether the person may use what the org offers.
    active: bool,
}

/// A group (RFC 7643 §4.2). All attributes: `/scim/v2/Schemas`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScimGroup {
    schemas: Vec<String>,
    /// The id that this server gave.
    id: String,
    /// The id that the directory uses.
    external_id: Option<String>,
    display_name: String,
}

/// A PATCH (RFC 7644 §3.5.2).
#[derive(Serialize, ToSchema)]
pub struct ScimPatch {
    schemas: Vec<String>,
    #[serde(rename = "Operations")]
    operations: Vec<ScimOperation>,
}

/// An operation of a PATCH.
#[derive(Serialize, ToSchema)]
pub struct ScimOperation {
    /// `add`, `replace` or `remove`.
    op: String,
    /// What it changes.
    path: Option<String>,
}

/// A list (RFC 7644 §3.4.2).
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScimList {
    schemas: Vec<String>,
    /// How many there are on all pages.
    total_results: u64,
    /// The first one of this page, counted from 1.
    start_index: u64,
    /// How many are on this page.
    items_per_page: u64,
}

/// A search (RFC 7644 §3.4.3).
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScimSearch {
    schemas: Vec<String>,
    filter: Option<String>,
    sort_by: Option<String>,
    /// `ascending` or `descending`.
    sort_order: Option<String>,
    start_index: Option<i64>,
    count: Option<i64>,
    attributes: Option<Vec<String>>,
    excluded_attributes: Option<Vec<String>>,
}

/// A bulk request (RFC 7644 §3.7).
#[derive(Serialize, ToSchema)]
pub struct ScimBulk {
    schemas: Vec<String>,
    /// After so many errors the rest is not tried.
    #[serde(rename = "failOnErrors")]
    fail_on_errors: Option<i64>,
}
