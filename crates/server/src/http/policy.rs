//! What the middleware does at each path: one table to read and to change.

use crate::http::limits::Rule;

/// How a path's requests are counted per address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    /// Not here: probes, and endpoints that know better whom to count (the app, the user).
    Elsewhere,
    /// Each request.
    Each(Rule),
    /// Those that fail, once they have: nothing else is refused for them.
    Failures(Rule),
}

/// Which origins may read the answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CorsPolicy {
    /// Any, without credentials.
    Anyone,
    /// Our own and the trusted ones, with credentials.
    Trusted,
}

/// What a cookie counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cookies {
    /// It authenticates, so a request that changes something must come from a trusted origin.
    Guarded,
    /// As `Guarded`, and a foreign page may not send one without cookies either: it would sign its visitor in as
    /// somebody else.
    SignIn,
    /// A form of our own pages: they alone may send it, with a cookie or without. No program has a use for it, so what does
    /// not say that it comes from one of them is refused.
    OwnForm,
    /// Nothing: it is removed.
    Ignored,
    /// Only that the browser is known: all others are removed.
    Device,
    /// It may come from anywhere: the request changes nothing.
    FromAnywhere,
}

/// In which words errors are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ErrorFormat {
    /// Those of OAuth and Better Auth.
    OAuth,
    /// Those of workspaces: `error` and `message` alone.
    Workspace,
}

/// How large a body may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyLimit {
    /// As `http.body_bytes` says.
    Small,
    /// 1 MiB, or what `http.body_bytes` says if that is more: roles name the attributes of many schemas. More than
    /// `http.body_bytes` is read once whoever sends it has proven who they are.
    Large,
}

/// What holds for one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Policy {
    pub(super) limit: Limit,
    pub(super) cors: CorsPolicy,
    pub(super) cookies: Cookies,
    pub(super) errors: ErrorFormat,
    pub(super) body: BodyLimit,
}

/// What holds where the table says nothing else: pages, static files, Sigma's own APIs.
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
/// A form of an app posts its user's id token here, which is what counts; without one the person is asked.
const END_SESSION: Policy = Policy { cookies: Cookies::FromAnywhere, ..DEFAULT };
/// The extractor counts: an app that authenticated by its id, everyone else by address.
const TOKEN: Policy =
    Policy { limit: Limit::Elsewhere, cors: CorsPolicy::Anyone, cookies: Cookies::Ignored, ..DEFAULT };
const INTROSPECT: Policy = Policy { cors: CorsPolicy::Trusted, ..TOKEN };
/// The extractor counts the user.
const USERINFO: Policy = TOKEN;
const DEVICE: Policy = Policy { cors: CorsPolicy::Anyone, cookies: Cookies::Ignored, ..DEFAULT };
/// The handler knows what failed: a signature that does not hold, or a password, which costs a hash before that is known.
const SIGN_IN: Policy = Policy { limit: Limit::Elsewhere, cookies: Cookies::SignIn, ..DEFAULT };
/// The form of a role has a line for each attribute of many schemas.
const ROLE_FORM: Policy = Policy { body: BodyLimit::Large, ..PAGE_FORM };
/// A form that signs somebody in or changes something: from our own page alone. Among them those that act by a link that
/// was mailed, which cannot be guessed, so their failures are not counted.
pub(super) const PAGE_FORM: Policy = Policy { cookies: Cookies::OwnForm, ..DEFAULT };
/// Takes a password, which the handler counts.
const PASSWORD_FORM: Policy = Policy { limit: Limit::Elsewhere, ..PAGE_FORM };
const QUICK_FORM: Policy = Policy { limit: Limit::Failures(Rule::SignIn), ..PAGE_FORM };
/// Called from browsers of other origins with a Bearer token.
const READ_BY_APPS: Policy = Policy { cors: CorsPolicy::Anyone, ..DEFAULT };

/// Everything under `/api/v1`, which other software calls from servers and from pages of its own with a token or a key. A
/// proxy asks for all its visitors, so only what fails counts.
const WORKSPACE: Policy = Policy {
    limit: Limit::Failures(Rule::Other),
    cors: CorsPolicy::Anyone,
    cookies: Cookies::Ignored,
    errors: ErrorFormat::Workspace,
    body: BodyLimit::Small,
};
/// Where roles are written.
const WORKSPACE_ROLES: Policy = Policy { body: BodyLimit::Large, ..WORKSPACE };
/// Asked for every request that a proxy or a service gets, and with what it gets. The extractor counts bad credentials.
const WORKSPACE_CHECK: Policy = Policy { limit: Limit::Elsewhere, ..WORKSPACE };
/// The handler counts, see [`SIGN_IN`].
const WORKSPACE_LOGIN: Policy = Policy { limit: Limit::Elsewhere, cookies: Cookies::Device, ..WORKSPACE };

/// Nobody proves who they are here, so the page that asks counts: ours, or one that the operator trusts.
const QUICK_LOGIN: Policy =
    Policy { limit: Limit::Failures(Rule::SignIn), cors: CorsPolicy::Trusted, cookies: Cookies::SignIn, ..WORKSPACE };
const QUICK_LOGINS: Policy = Policy { limit: Limit::Each(Rule::Other), ..QUICK_LOGIN };

/// Every path with rules of its own. Aliases are served by the same handler, so they stand under the same policy.
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

/// What holds for a path or pattern of the router that the table does not name by itself.
pub(super) fn of(pattern: &str) -> Policy {
    match pattern {
        "/api/v1/roles" | "/api/v1/roles/{id}" => WORKSPACE_ROLES,
        _ if pattern.starts_with("/api/v1/") => WORKSPACE,
        _ => DEFAULT,
    }
}

/// Whether the forms of the pages below `path`, which have no line in the table, are under [`PAGE_FORM`].
pub(super) fn is_page_form(path: &str) -> bool {
    path.starts_with("/workspace/")
}

/// Paths that programs call: what goes wrong there is told in JSON.
pub(super) fn is_api(path: &str) -> bool {
    const PREFIXES: [&str; 4] = ["/api/", "/.well-known/", "/sigma/", "/v2/"];
    /// Pages whose forms have rules of their own.
    const PAGES_WITH_FORMS: [&str; 7] =
        ["/login/", "/workspace/", "/password/", "/account/password", "/invitation", "/sign-out", "/sessions/revoke"];
    const PAGES: [&str; 3] = ["/api/auth/reference", "/api/auth/error", "/api/auth/oauth2/authorize"];
    let called = PREFIXES.iter().any(|prefix| path.starts_with(prefix)) && !PAGES.contains(&path);
    let page = PAGES_WITH_FORMS.iter().any(|prefix| path.starts_with(prefix));
    called || (!page && TABLE.iter().any(|(known, policy)| *known == path && policy.limit != AUTHORIZE.limit))
}

/// Paths that people come to by a link or a form of ours: what goes wrong there is told by a page to a browser.
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
        // Such answers are sent with `Access-Control-Allow-Origin: *`, which browsers refuse for requests with cookies;
        // the endpoints that change something must in addition not act on one.
        let changing = ["/api/auth/oauth2/token", "/api/auth/oauth2/revoke", "/api/auth/device/code"];
        let changing = |path: &str| path.starts_with("/api/v1") && !path.contains("quick") || changing.contains(&path);
        for (path, policy) in TABLE.iter().filter(|(path, _)| changing(path)) {
            // What the login reads of cookies signs nobody in.
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
