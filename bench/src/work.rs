//! The names of what is measured.

/// A code made by the authorization endpoint, the person signed in and agreed.
pub const AUTHORIZE: &str = "authorization, signed in and agreed";
/// A code for an access token and an id token, app without secret.
pub const EXCHANGE_PUBLIC: &str = "code exchange, none + PKCE";
/// The same, app with a secret.
pub const EXCHANGE_BASIC: &str = "code exchange, client_secret_basic";
/// The same, app that signs.
pub const EXCHANGE_BITCOIN: &str = "code exchange, sigma_bitcoin_auth";
/// A token of the app itself.
pub const CLIENT_CREDENTIALS: &str = "client credentials";
/// Who signed in.
pub const USERINFO: &str = "userinfo";
/// What a token says.
pub const INTROSPECTION: &str = "introspection";
/// What the server can do.
pub const DISCOVERY: &str = "discovery";
/// The keys.
pub const JWKS: &str = "JWKS";
/// A session for a signature.
pub const SIGN_IN: &str = "Bitcoin sign-in";
/// All of it, in the proportions of a day.
pub const MIX: &str = "mix without passwords";
