//! The policy of the middleware for each path, in one table.

use crate::http::api_error::RenderError;
use crate::http::limits::Rule;

/// How a path's requests are counted per address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    /// Not here: probes, and endpoints that know better whom to count (the app, the user).
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
pub(super) enum CorsPolicy {
    /// Any, without credentials.
    Anyone,
    /// Our own and the trusted ones, with credentials.
    Trusted,
}

/// How cookies are handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cookies {
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
    /// Only the device cookie is kept; all others are removed.
    Device,
    /// The request may come from anywhere: it changes nothing.
    FromAnywhere,
}

/// The format of errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ErrorFormat {
    /// That of OAuth and Better Auth.
    OAuth,
    /// That of workspaces: only `error` and `message`.
    Workspace,
}

impl ErrorFormat {
    /// Writes errors in this format.
    pub(super) fn renderer(self) -> RenderError {
        match self {
            Self::OAuth => crate::error::render,
            Self::Workspace => crate::workspace::error::render,
        }
    }
}

/// The limit of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyLimit {
    /// As `http.body_bytes` says.
    Small,
    /// 1 MiB, or `http.body_bytes` if that is more: roles name the attributes of many schemas. Bodies above
    /// `http.body_bytes` are read only after the sender has authenticated.
    Large,
}

/// The policy of one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Policy {
    pub(super) limit: Limit,
    pub(super) cors: CorsPolicy,
    pub(super) cookies: Cookies,
    pub(super) errors: ErrorFormat,
    pub(super) body: BodyLimit,
}

/// The policy of unlisted paths: pages, static files, Sigma's own APIs.
const DEFAULT: Policy = Policy {
    limit: Limit::Each(Rule::Other),
    cors: CorsPolicy::Trusted,
    cookies: Cookies::Guarded,
    errors: ErrorFormat::OAuth,
    body: BodyLimit::Small,
};

pub(super) const PROBE: Policy = Policy { limit: Limit::Elsewhere, ..DEFAULT };
const DISCOVERY: Policy = Policy { limit: Limit::Each(Rule::Discovery), cors: CorsPolicy::Anyone, ..DEFAULT };
const AUTHORIZE: Policy = Policy { limit: Limit::Each(Rule::Authorize), cookies: Cookies::FromAnywhere, ..DEFAULT };
/// A form of an app posts its user's ID token here, which authenticates; without one the user is asked.
const END_SESSION: Policy = Policy { cookies: Cookies::FromAnywhere, ..DEFAULT };
/// The extractor counts: an authenticated app by its id, everyone else by address.
const TOKEN: Policy =
    Policy { limit: Limit::Elsewhere, cors: CorsPolicy::Anyone, cookies: Cookies::Ignored, ..DEFAULT };
const INTROSPECT: Policy = Policy { cors: CorsPolicy::Trusted, ..TOKEN };
/// The extractor counts by user.
const USERINFO: Policy = TOKEN;
const DEVICE: Policy = Policy { cors: CorsPolicy::Anyone, cookies: Cookies::Ignored, ..DEFAULT };
/// The handler counts: it knows whether a signature was invalid, or a password wrong, which takes a hash to find out.
const SIGN_IN: Policy = Policy { limit: Limit::Elsewhere, cookies: Cookies::SignIn, ..DEFAULT };
/// The form of a role has a line for each attribute of many schemas.
const ROLE_FORM: Policy = Policy { body: BodyLimit::Large, ..PAGE_FORM };
/// A form that signs in or changes something: only from our own pages. Those that act by a mailed link, which cannot be
/// guessed, do not count their failures.
pub(super) const PAGE_FORM: Policy = Policy { cookies: Cookies::OwnForm, ..DEFAULT };
/// Takes a password, which the handler counts.
const PASSWORD_FORM: Policy = Policy { limit: Limit::Elsewhere, ..PAGE_FORM };
/// Begins sessions without any credential, so successes count too.
const QUICK_FORM: Policy = Policy { limit: Limit::EachAndFailures(Rule::Other, Rule::SignIn), ..PAGE_FORM };
/// Called from browsers of other origins with a Bearer token.
const READ_BY_APPS: Policy = Policy { cors: CorsPolicy::Anyone, ..DEFAULT };

/// Everything under `/api/v1`, which other software calls from servers and from its own pages with a token or key. A
/// proxy asks for all its visitors, so only failures count.
const WORKSPACE: Policy = Policy {
    limit: Limit::Failures(Rule::Other),
    cors: CorsPolicy::Anyone,
    cookies: Cookies::Ignored,
    errors: ErrorFormat::Workspace,
    body: BodyLimit::Small,
};
/// Where roles are written.
const WORKSPACE_ROLES: Policy = Policy { body: BodyLimit::Large, ..WORKSPACE };
/// Called for every request to a proxy or service, with its credential. The extractor counts bad credentials.
const WORKSPACE_CHECK: Policy = Policy { limit: Limit::Elsewhere, ..WORKSPACE };
/// The handler counts, see [`SIGN_IN`].
const WORKSPACE_LOGIN: Policy = Policy { limit: Limit::Elsewhere, cookies: Cookies::Device, ..WORKSPACE };

/// Nobody authenticates here, so the calling page matters: ours, or one that the operator trusts.
const QUICK_LOGIN: Policy =
    Policy { limit: QUICK_FORM.limit, cors: CorsPolicy::Trusted, cookies: Cookies::SignIn, ..WORKSPACE };
const QUICK_LOGINS: Policy = Policy { limit: Limit::Each(Rule::Other), ..QUICK_LOGIN };

/// Every path with a policy of its own. Aliases share a handler, and so a policy.
pub(super) const TABLE: &[(&str, Policy)] = &[
    ("/livez", PROBE),
    ("/readyz", PROBE),
    ("/healthz", PROBE),
    ("/health", PROBE),
    ("/.well-known/openid-configuration", DISCOVERY),
    ("/api/auth/.well-known/openid-configuration", DISCOVERY),
    ("/.well-known/oauth-authorization-server", DISCOVERY),
    ("/.well-known/oauth-authorization-server/api/auth", DISCOVERY),
    ("/api/auth/.well-known/oauth-authorization-server", DISCOVERY),
    ("/.well-known/jwks.json", DISCOVERY),
    ("/api/auth/jwks", DISCOVERY),
    ("/openapi.json", DISCOVERY),
    ("/oauth2/authorize", AUTHORIZE),
    ("/api/auth/oauth2/authorize", AUTHORIZE),
    ("/authorize", AUTHORIZE),
    ("/api/auth/oauth2/token", TOKEN),
    ("/oauth2/token", TOKEN),
    ("/token", TOKEN),
    ("/api/oauth/token", TOKEN),
    ("/api/auth/oauth2/revoke", TOKEN),
    ("/api/auth/oauth2/introspect", INTROSPECT),
    ("/api/auth/oauth2/userinfo", USERINFO),
    ("/oauth2/userinfo", USERINFO),
    ("/userinfo", USERINFO),
    ("/api/oauth/userinfo", USERINFO),
    ("/api/auth/oauth2/end-session", END_SESSION),
    ("/api/auth/oauth2/register", READ_BY_APPS),
    ("/api/auth/device/code", DEVICE),
    ("/api/auth/device/token", DEVICE),
    ("/api/auth/sign-in/sigma", SIGN_IN),
    ("/api/auth/sign-up/sigma", SIGN_IN),
    ("/api/auth/sign-in/email", SIGN_IN),
    ("/api/auth/sign-up/email", SIGN_IN),
    ("/password/forgot", PAGE_FORM),
    ("/password/reset", PAGE_FORM),
    ("/invitation", PAGE_FORM),
    ("/signup/email", PAGE_FORM),
    ("/signup/email/check", PAGE_FORM),
    ("/signup/email/confirm", PAGE_FORM),
    ("/account/password", PASSWORD_FORM),
    ("/sign-out", PAGE_FORM),
    ("/sessions/revoke", PAGE_FORM),
    ("/workspace/{workspace}/roles/{role}", ROLE_FORM),
    ("/login/password", PASSWORD_FORM),
    ("/login/quick", QUICK_FORM),
    ("/sigma/authorize", SIGN_IN),
    ("/api/subscription/status", READ_BY_APPS),
    ("/api/wallet/connect", READ_BY_APPS),
    ("/api/wallet/nfts", READ_BY_APPS),
    ("/api/bap/profile", READ_BY_APPS),
    ("/api/v1", WORKSPACE),
    ("/api/v1/", WORKSPACE),
    ("/api/v1/{*rest}", WORKSPACE),
    ("/api/v1/auth/login", WORKSPACE_LOGIN),
    ("/api/v1/auth/quick-login", QUICK_LOGIN),
    ("/api/v1/auth/quick-logins", QUICK_LOGINS),
    ("/api/v1/auth/verify", WORKSPACE_CHECK),
    ("/api/v1/auth/forward", WORKSPACE_CHECK),
];

/// The policy of a path, or of a router pattern that the table does not list itself.
pub(super) fn of(pattern: &str) -> Policy {
    match pattern {
        "/api/v1/roles" | "/api/v1/roles/{id}" => WORKSPACE_ROLES,
        _ if pattern.starts_with("/api/v1/") => WORKSPACE,
        _ => DEFAULT,
    }
}

/// Whether the forms of the pages below `path`, which are not in the table, are under [`PAGE_FORM`].
pub(super) fn is_page_form(path: &str) -> bool {
    path.starts_with("/workspace/")
}

/// Paths for programs: errors are JSON.
pub(super) fn is_api(path: &str) -> bool {
    const PREFIXES: [&str; 4] = ["/api/", "/.well-known/", "/sigma/", "/v2/"];
    /// Pages whose forms have policies of their own.
    const PAGES_WITH_FORMS: [&str; 8] = [
        "/login/",
        "/signup/email",
        "/workspace/",
        "/password/",
        "/account/password",
        "/invitation",
        "/sign-out",
        "/sessions/revoke",
    ];
    const PAGES: [&str; 3] = ["/api/auth/reference", "/api/auth/error", "/api/auth/oauth2/authorize"];
    let called = PREFIXES.iter().any(|prefix| path.starts_with(prefix)) && !PAGES.contains(&path);
    let page = PAGES_WITH_FORMS.iter().any(|prefix| path.starts_with(prefix));
    called || (!page && TABLE.iter().any(|(known, policy)| *known == path && policy.limit != AUTHORIZE.limit))
}

/// Paths that people reach by a link or a form of ours: browsers get errors as pages.
pub(super) fn is_page(path: &str) -> bool {
    const FORMS: [&str; 4] = [
        "/api/auth/oauth2/consent",
        "/api/auth/oauth2/continue",
        "/api/auth/oauth2/end-session",
        "/api/auth/oauth2/end-session/confirm",
    ];
    !is_api(path) || FORMS.contains(&path)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_path_has_two_policies() {
        let paths: HashSet<_> = TABLE.iter().map(|(path, _)| path).collect();
        assert_eq!(paths.len(), TABLE.len());
    }

    #[test]
    fn what_anyone_may_read_from_a_foreign_page_takes_no_cookie_from_it() {
        // Such responses have `Access-Control-Allow-Origin: *`, which browsers refuse for requests with cookies;
        // endpoints that change something must additionally ignore cookies.
        let changing = ["/api/auth/oauth2/token", "/api/auth/oauth2/revoke", "/api/auth/device/code"];
        let changing = |path: &str| path.starts_with("/api/v1") && !path.contains("quick") || changing.contains(&path);
        for (path, policy) in TABLE.iter().filter(|(path, _)| changing(path)) {
            // The cookies that login reads authenticate nobody.
            let cookies = if *path == "/api/v1/auth/login" { Cookies::Device } else { Cookies::Ignored };
            assert_eq!((policy.cors, policy.cookies), (CorsPolicy::Anyone, cookies), "{path}");
        }
    }

    #[test]
    fn every_route_under_api_v1_uses_the_workspace_error_format() {
        assert_eq!(of("/api/v1/users/{id}"), WORKSPACE);
        assert_eq!(of("/api/v1/roles/{id}"), WORKSPACE_ROLES);
        for (path, policy) in TABLE.iter().filter(|(path, _)| path.starts_with("/api/v1")) {
            assert_eq!(policy.errors, ErrorFormat::Workspace, "{path}");
        }
        assert_eq!(of("/api/v10/roles"), DEFAULT);
    }

    #[test]
    fn api_paths_answer_errors_as_json() {
        for path in ["/api/nothing", "/.well-known/nothing", "/token", "/userinfo", "/health", "/sigma/authorize"] {
            assert!(is_api(path), "{path}");
        }
        for path in ["/", "/login", "/oauth2/authorize", "/api/auth/oauth2/authorize", "/tokens", "/login/password"] {
            assert!(!is_api(path), "{path}");
        }
    }
}
