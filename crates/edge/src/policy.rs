//! How the middleware treats the requests of one endpoint. Each endpoint states its policy, most of them by changing a
//! field of the one that its surface shares.

use crate::api_error::ErrorFormat;
use crate::limits::Rule;

/// How an endpoint's requests are counted per address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Probes: no limit, and no budget either.
    Unlimited,
    /// Not here: the endpoint knows better whom to count (the app, the user).
    Elsewhere,
    /// Each request.
    Each(Rule),
    /// Only failures, once they have happened: they block nothing else.
    Failures(Rule),
    /// Each request, and failures once more under a stricter rule.
    EachAndFailures(Rule, Rule),
}

/// Which origins may read the responses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CorsPolicy {
    /// Any, without credentials.
    Anyone,
    /// Our own and the trusted ones, with credentials.
    Trusted,
}

/// How cookies are handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cookies {
    /// They authenticate, so a request that changes something must come from a trusted origin.
    Guarded,
    /// Like `Guarded`, and pages of other sites may not send requests even without cookies: they could sign their
    /// visitors in as somebody else.
    SignIn,
    /// A form of our own pages: only they may send it, with or without a cookie. Programs do not use it, so a request
    /// that does not declare such an origin is refused.
    OwnForm,
    /// They are removed.
    Ignored,
    /// All but those of these names are removed. They must not authenticate: the request may come from anywhere.
    Only(&'static [&'static str]),
    /// The request may come from anywhere: it changes nothing.
    FromAnywhere,
}

/// The limit of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyLimit {
    /// As `http.body_bytes` says.
    Small,
    /// 1 MiB, or `http.body_bytes` if that is more. Bodies above `http.body_bytes` are read only after the sender has
    /// authenticated.
    Large,
    /// Likewise, but so many KiB.
    Kibibytes(u16),
    /// So many MiB, which the handler takes from the connection piece by piece: they are never held as a whole.
    Streamed(u16),
}

/// Whether caches may keep successful responses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caching {
    /// Never.
    NoStore,
    /// As this `Cache-Control` says (RFC 9111 §5.2).
    Allowed(&'static str),
}

/// Whether other pages may show the response in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// No page may.
    Denied,
    /// Those that the `frame-ancestors` of its own `Content-Security-Policy` names; `X-Frame-Options` could not say so.
    ByItsPolicy,
}

/// Whether errors are shown as pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorPages {
    /// No: programs call this endpoint, and get every error in the surface's format.
    Never,
    /// To browsers that want something to show; programs get the surface's format.
    ForBrowsers,
}

/// The policy of an endpoint.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// How requests are counted.
    pub limit: Limit,
    /// Who may read responses from another origin.
    pub cors: CorsPolicy,
    /// Which cookies it accepts, and from where.
    pub cookies: Cookies,
    /// How large its bodies may be.
    pub body: BodyLimit,
    /// Whether caches may keep its responses.
    pub caching: Caching,
    /// Whether it may be framed.
    pub framing: Framing,
    /// Whether its errors are shown as pages.
    pub error_pages: ErrorPages,
    /// How they are written otherwise.
    pub errors: &'static ErrorFormat,
}

impl Policy {
    /// The strictest policy that fits an API used with cookies from our own and trusted pages.
    pub const fn new(errors: &'static ErrorFormat) -> Self {
        Self {
            limit: Limit::Each(Rule::Other),
            cors: CorsPolicy::Trusted,
            cookies: Cookies::Guarded,
            body: BodyLimit::Small,
            caching: Caching::NoStore,
            framing: Framing::Denied,
            error_pages: ErrorPages::Never,
            errors,
        }
    }
}
