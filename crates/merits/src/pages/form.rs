//! Submitted forms.

use axum::extract::{FromRequest, Request};
use axum::response::Response;
use sigma_core::params::Params;
pub use sigma_platform::extract::Upload;
use sigma_platform::state::AppState;

/// The fields of a form, in order. A NUL, which no text of ours may hold, becomes the replacement character.
pub struct Form(pub Params);

impl Form {
    /// The text of a field, trimmed; empty if it is missing.
    pub fn text(&self, name: &str) -> String {
        self.0.raw(name).unwrap_or_default().trim().to_owned()
    }

    /// Whether a checkbox is checked, or a button was pressed whose value is `true`.
    pub fn is_checked(&self, name: &str) -> bool {
        self.0.raw(name) == Some("true")
    }
}

impl FromRequest<AppState> for Form {
    type Rejection = Response;

    async fn from_request(request: Request, _: &AppState) -> Result<Self, Response> {
        let body = sigma_platform::extract::body(request).await?;
        Ok(Self(Params::parse_form(&body)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_counts_only_with_its_own_value_and_a_text_is_trimmed() {
        let form = Form(Params::parse("a=true&b=on&c=&name=+Ada+"));
        assert!(form.is_checked("a") && !form.is_checked("b") && !form.is_checked("c") && !form.is_checked("d"));
        assert_eq!((form.text("name").as_str(), form.text("none").as_str()), ("Ada", ""));
    }
}
