//! The content security policy of pages: nothing but our own files, no `unsafe-*`, never framed.

use http::HeaderValue;

/// What one page may load and where its forms may end up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ContentSecurityPolicy {
    /// Forms stay on this origin.
    Strict,
    /// The page's form leads out of here, to an app. `form-action` is left out: Chromium holds every redirect that follows a
    /// form against it, and only the app knows where its callback leads on to. The forms of these pages have fixed actions
    /// and no script of a stranger runs here, so the directive protects nothing else.
    Leaving,
}

impl ContentSecurityPolicy {
    pub(super) const fn header(self) -> HeaderValue {
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
