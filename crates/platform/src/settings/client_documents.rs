//! Apps that nobody registered here, and that describe themselves in a document whose address is their `client_id`.

use serde::{Deserialize, Serialize};
use sigma_core::client_document::DocumentHosts;

/// Client ID metadata documents: off unless a host is named.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClientDocuments {
    /// The hosts whose documents are read: `claude.ai`, `*.example.org`, or `*` for all.
    pub hosts: DocumentHosts,
}
