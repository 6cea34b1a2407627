//! What a person can be in the middle of on our pages.

use serde::{Deserialize, Serialize};

/// What an interaction is about. Each kind holds what it takes to begin it anew, and where its failures go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An app's authorization request, as a query string. Its failures go to the app.
    Authorization {
        /// The parameters, form-encoded.
        query: String,
    },
}
