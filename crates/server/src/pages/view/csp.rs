//! The content security policy of pages: nothing but our own files, no `unsafe-*`, never framed.

use http::HeaderValue;
use url::{Host, Url};

/// What one page may load and where its forms may end up.
#[derive(Debug, Default)]
pub(super) struct ContentSecurityPolicy {
    form_action: Option<String>,
}

impl ContentSecurityPolicy {
    /// The policy of a page whose forms stay on this origin.
    pub(super) fn strict() -> Self {
        Self::default()
    }

    /// The policy of a page whose form may be redirected to `source`, an origin or a scheme with its colon (browsers apply
    /// `form-action` to redirects too). A source that could smuggle in another directive is left out.
    pub(super) fn with_form_action(source: Option<&str>) -> Self {
        let harmless = |source: &&str| {
            !source.is_empty()
                && source.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, ':' | '/' | '.' | '-' | '+' | '_'))
        };
        Self { form_action: source.filter(harmless).map(str::to_owned) }
    }

    pub(super) fn header(&self) -> HeaderValue {
        let source = self.form_action.as_deref().unwrap_or_default();
        let policy = format!(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
             form-action 'self'{separator}{source}; base-uri 'none'; frame-ancestors 'none'",
            separator = if source.is_empty() { "" } else { " " },
        );
        HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
    }
}

/// The CSP source that covers a redirect URI: its origin, or its scheme where CSP cannot name the origin (custom
/// schemes, and IPv6 addresses, which CSP's grammar lacks).
pub fn form_action_source(uri: &str) -> Option<String> {
    let url = Url::parse(uri).ok()?;
    match url.host() {
        Some(Host::Domain(_) | Host::Ipv4(_)) if matches!(url.scheme(), "http" | "https") => {
            Some(url.origin().ascii_serialization())
        }
        _ => Some(format!("{}:", url.scheme())),
    }
}
