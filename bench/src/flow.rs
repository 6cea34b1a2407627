//! The requests of a sign-in: authorization, code exchange, and uses of the token.

use bytes::Bytes;

use crate::http::{Answer, form, get, post_body, post_form};
use crate::people::{Timestamps, sign};
use crate::sigma::{App, Proof, REDIRECT_URI};
use crate::system::Failure;

/// The scope that every app requests.
pub const SCOPE: &str = "openid profile email";

/// The verifier of every request: 43 characters; its randomness does not matter here.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// Its challenge (RFC 7636, appendix B).
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// The paths that the bench requests.
pub mod path {
    /// Tokens.
    pub const TOKEN: &str = "/api/auth/oauth2/token";
    /// Pushed requests.
    pub const PAR: &str = "/api/auth/oauth2/par";
    /// Who signed in.
    pub const USERINFO: &str = "/api/auth/oauth2/userinfo";
    /// What a user says about themselves.
    pub const PROFILE: &str = "/api/profile";
    /// Whether there is an encrypted backup.
    pub const BACKUP_STATUS: &str = "/api/backup/status";
    /// Codes of a device.
    pub const DEVICE_CODE: &str = "/api/auth/device/code";
    /// Introspection.
    pub const INTROSPECT: &str = "/api/auth/oauth2/introspect";
    /// Discovery.
    pub const DISCOVERY: &str = "/.well-known/openid-configuration";
    /// The key set.
    pub const JWKS: &str = "/.well-known/jwks.json";
}

/// The authorization request of `app`. An app with a secret uses no PKCE, like that of the peer.
pub fn authorize_path(app: &App) -> String {
    let mut fields = vec![
        ("client_id", app.client_id.as_str()),
        ("redirect_uri", REDIRECT_URI),
        ("response_type", "code"),
        ("state", "af0ifjsldkj"),
        ("nonce", "n-0S6_WzA2Mj"),
        ("scope", SCOPE),
    ];
    if uses_pkce(app) {
        fields.extend([("code_challenge", CHALLENGE), ("code_challenge_method", "S256")]);
    }
    format!("/oauth2/authorize?{}", form(&fields))
}

fn uses_pkce(app: &App) -> bool {
    !matches!(app.proof, Proof::Basic(_))
}

/// The code in a redirect to the app.
pub fn code_of(answer: &Answer<'_>) -> Option<String> {
    let location = answer.header("location")?;
    let (_, rest) = location.split_once("code=")?;
    rest.split('&').next().map(str::to_owned)
}

/// The request that exchanges `code`, with the fields of the published plugin, in its order.
pub fn exchange(app: &App, code: &str, timestamps: &mut Timestamps) -> Result<Bytes, Failure> {
    exchange_with(app, code, timestamps, &[])
}

/// As [`exchange`], with further headers.
pub fn exchange_with(
    app: &App,
    code: &str,
    timestamps: &mut Timestamps,
    headers: &[(&str, &str)],
) -> Result<Bytes, Failure> {
    let mut fields = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", REDIRECT_URI),
        ("client_id", app.client_id.as_str()),
    ];
    if uses_pkce(app) {
        fields.push(("code_verifier", VERIFIER));
    }
    let body = form(&fields);
    let request = match &app.proof {
        Proof::Nothing => post_body(path::TOKEN, headers, &body),
        Proof::Basic(basic) => post_body(path::TOKEN, &[("Authorization", basic)], &body),
        Proof::Bitcoin(key) => {
            let token = sign(key, path::TOKEN, &timestamps.next(), &body)?;
            post_body(path::TOKEN, &[("X-Auth-Token", &token)], &body)
        }
    };
    Ok(request.into())
}

/// Requests a token for the app itself.
pub fn client_credentials(path: &str, basic: &str) -> Bytes {
    post_form(path, &[("Authorization", basic)], &[("grant_type", "client_credentials")]).into()
}

/// Exchanges a token for one that says who the user is and no more.
pub fn exchange_token(path: &str, basic: &str, token: &str) -> Bytes {
    let fields = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token", token),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
        ("scope", "openid"),
    ];
    post_form(path, &[("Authorization", basic)], &fields).into()
}

/// Requests userinfo.
pub fn userinfo(path: &str, token: &str) -> Bytes {
    get(path, &[("Authorization", &format!("Bearer {token}"))]).into()
}

/// Requests the codes of a device.
pub fn device_code(client_id: &str) -> Bytes {
    post_form(path::DEVICE_CODE, &[], &[("client_id", client_id), ("scope", SCOPE)]).into()
}

/// Asks whether the device with that code was let in.
pub fn device_poll(client_id: &str, code: &str) -> Bytes {
    let grant_type = "urn:ietf:params:oauth:grant-type:device_code";
    post_form(path::TOKEN, &[], &[("grant_type", grant_type), ("client_id", client_id), ("device_code", code)]).into()
}

/// Introspects a token.
pub fn introspect(path: &str, basic: &str, token: &str) -> Bytes {
    post_form(path, &[("Authorization", basic)], &[("token", token)]).into()
}
