//! The response to a request.

use http::{HeaderMap, StatusCode};
use serde_json::Value;
use sigma_core::params::Params;

/// A response, read in full.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{}: {}", self.status, self.body))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    pub fn location(&self) -> &str {
        self.header("location")
    }

    /// A parameter of the address that the response redirects to.
    pub fn param(&self, name: &str) -> Option<String> {
        let (_, query) = self.location().split_once('?')?;
        Params::parse(query).raw(name).map(str::to_owned)
    }

    /// Status and OAuth error, as one line.
    pub fn error(&self) -> String {
        let body = self.json();
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        format!("{} {}: {}", self.status.as_u16(), text("error"), text("error_description"))
    }

    /// The error returned to an app in the address.
    pub fn sent_error(&self) -> String {
        format!("{}: {}", self.param("error").unwrap_or_default(), self.param("error_description").unwrap_or_default())
    }
}

/// Where a response leads: to the app with a `code` or an error, or to the path of a page of ours.
pub fn leads(answer: &Answer) -> String {
    if answer.param("code").is_some() {
        return "code".to_owned();
    }
    if answer.location().starts_with('/') && answer.param("error").is_none() {
        return answer.location().split('?').next().unwrap().to_owned();
    }
    answer.sent_error()
}

/// The string `name` of a JSON object.
pub fn text<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer[name].as_str().unwrap_or_else(|| panic!("no {name} in {answer}"))
}
