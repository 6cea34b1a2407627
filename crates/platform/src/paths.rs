//! The paths that more than one room names.

/// The authorization endpoint in discovery, to which apps redirect users.
pub const GATE_PATH: &str = "/oauth2/authorize";
/// An alias, and the path to which our own pages return.
pub const INNER_PATH: &str = "/api/auth/oauth2/authorize";
/// The token endpoint; signing apps sign it.
pub const TOKEN_PATH: &str = "/api/auth/oauth2/token";
/// Its older paths.
pub const TOKEN_ALIASES: [&str; 3] = ["/oauth2/token", "/token", "/api/oauth/token"];
/// Pushed authorization requests.
pub const PAR_PATH: &str = "/api/auth/oauth2/par";
/// Revocation.
pub const REVOKE_PATH: &str = "/api/auth/oauth2/revoke";
/// Introspection.
pub const INTROSPECT_PATH: &str = "/api/auth/oauth2/introspect";
/// Forward authentication by access token.
pub const FORWARD_PATH: &str = "/api/auth/oauth2/forward";
/// Userinfo.
pub const USERINFO_PATH: &str = "/api/auth/oauth2/userinfo";
/// Dynamic client registration.
pub const REGISTER_PATH: &str = "/api/auth/oauth2/register";
/// Logout requested by an app.
pub const END_SESSION_PATH: &str = "/api/auth/oauth2/end-session";
/// Device authorization (RFC 8628 §3.1).
pub const DEVICE_CODE_PATH: &str = "/api/auth/device/code";
/// The page on which people let a device in.
pub const DEVICE_PATH: &str = "/device";
/// The sign-in page.
pub const LOGIN_PATH: &str = "/login";
/// The page that restores a key on a device where nobody is signed in.
pub const RESTORE_PATH: &str = "/oauth-restore";
/// "Login with Sigma": an app asks a person to see their merits.
pub const MERIT_LOGIN_PATH: &str = "/login-with-sigma";
/// "Link App": an app asks an admin to act for their org.
pub const LINK_APP_PATH: &str = "/link-app";
/// Where directories provision the people of an org (SCIM 2.0).
pub const SCIM_PATH: &str = "/scim/v2";
/// The console of the operator.
pub const CONSOLE_PATH: &str = "/console";
/// The page of the console that begins and shows test sign-ins.
pub const CONSOLE_PROVIDERS_PATH: &str = "/console/providers";
/// The page that makes its visitor the first owner of the installation.
pub const FIRST_OWNER_PATH: &str = "/console/first-owner";
/// The page on which users delete their account, and keep it after all.
pub const ACCOUNT_DELETION_PATH: &str = "/account/delete";
/// Path of the page on which a user merges two accounts of theirs.
pub const ACCOUNT_MERGE_PATH: &str = "/account/merge";
/// The page on which people sign up by e-mail.
pub const EMAIL_SIGN_UP_PATH: &str = "/signup/email";
/// Adds an authenticator app to the signed-in account.
pub const ADD_TOTP_PATH: &str = "/account/authenticator";
/// Adds a passkey to the signed-in account.
pub const PASSKEYS_PATH: &str = "/account/passkeys";

/// The path to which a page of ours returns once the user is done.
pub fn resume_url(interaction: &str) -> String {
    format!("{INNER_PATH}?interaction={interaction}")
}

/// The sign-in page for an interaction.
pub fn login_url(interaction: &str) -> String {
    format!("{LOGIN_PATH}?interaction={interaction}")
}

/// The page that restores a key for an interaction.
pub fn restore_url(interaction: &str) -> String {
    format!("{RESTORE_PATH}?interaction={interaction}")
}

/// The sign-in page for a signed-in user who wants to sign in as another account.
pub fn switch_url(interaction: &str) -> String {
    format!("{LOGIN_PATH}?interaction={interaction}&switch=1")
}

/// The page that lets in the device which shows `user_code` (`verification_uri_complete`, RFC 8628 §3.2).
pub fn device_url(user_code: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("user_code", user_code).finish();
    format!("{DEVICE_PATH}?{query}")
}
