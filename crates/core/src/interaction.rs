//! What an interaction can be about.

use serde::{Deserialize, Serialize};

/// The subject of an interaction. Each kind holds what it takes to start over, and where its errors go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An app's authorization request, as a query string. Its errors go to the app.
    Authorization {
        /// The parameters, form-encoded.
        query: String,
    },
}
