//! The Content Security Policy of pages: only our own files, no `unsafe-*`, never framed.

use http::HeaderValue;

/// What one page may load, and where its forms may be submitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentSecurityPolicy {
    /// Forms stay on this origin.
    Strict,
    /// The page's form leads to an app's callback. `form-action` is omitted: Chromium applies it to every redirect
    /// after a form, and only the app knows where its callback redirects to. These forms have fixed actions and no
    /// foreign script runs here, so the directive would protect nothing else.
    Leaving,
}

impl ContentSecurityPolicy {
    /// The header.
    pub const fn header(self) -> HeaderValue {
        match self {
            Self::Strict => HeaderValue::from_static(
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                 form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
            ),
            Self::Leaving => HeaderValue::from_static(
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                 base-uri 'none'; frame-ancestors 'none'",
            ),
        }
    }
}
