//! The names of workloads.

/// A code from the authorization endpoint, for a signed-in user with consent.
pub const AUTHORIZE: &str = "authorization, signed in and agreed";
/// A code for an access token and an ID token, app without secret.
pub const EXCHANGE_PUBLIC: &str = "code exchange, none + PKCE";
/// The same, app with a secret.
pub const EXCHANGE_BASIC: &str = "code exchange, client_secret_basic";
/// The same, with a signing app.
pub const EXCHANGE_BITCOIN: &str = "code exchange, sigma_bitcoin_auth";
/// The same, app without secret whose ID tokens are signed with RS256, the algorithm that every library knows.
pub const EXCHANGE_RSA: &str = "code exchange, RS256 ID token";
/// [`EXCHANGE_PUBLIC`] at half its rate.
pub const EXCHANGE_HALF: &str = "code exchange, at half load";
/// A request that its app pushes, with a proof of its key.
pub const PUSH: &str = "pushed request, DPoP";
/// A code for a pushed request.
pub const AUTHORIZE_PUSHED: &str = "authorization, pushed";
/// Its exchange, with a proof.
pub const EXCHANGE_BOUND: &str = "code exchange, none + PKCE + DPoP";
/// Who signed in, by a token that is bound to a key: each token once, so that its signature is verified too.
pub const USERINFO_BOUND: &str = "userinfo, DPoP, new tokens";
/// The same by bearer tokens.
pub const USERINFO_NEW: &str = "userinfo, new tokens";
/// A token for the app itself.
pub const CLIENT_CREDENTIALS: &str = "client credentials";
/// Less for an access token (RFC 8693).
pub const TOKEN_EXCHANGE: &str = "token exchange";
/// Who signed in.
pub const USERINFO: &str = "userinfo";
/// The same for people who filled in every field of their profile.
pub const USERINFO_PROFILE: &str = "userinfo, profile filled in";
/// The profile, for an app.
pub const PROFILE: &str = "profile, by access token";
/// The profile, for its user.
pub const PROFILE_SESSION: &str = "profile, by session";
/// Whether a signed-in user has an encrypted backup.
pub const BACKUP_STATUS: &str = "backup status, by session";
/// Introspection.
pub const INTROSPECTION: &str = "introspection";
/// Discovery.
pub const DISCOVERY: &str = "discovery";
/// The keys.
pub const JWKS: &str = "JWKS";
/// A session for a signature.
pub const SIGN_IN: &str = "Bitcoin sign-in";
/// A session for the proof of a passkey.
pub const PASSKEY: &str = "passkey sign-in";
/// A session for a code of an upstream provider.
pub const CALLBACK: &str = "provider callback";
/// A service verifies a workspace's token.
pub const VERIFY_TOKEN: &str = "workspace JWT verify";
/// A service verifies an API key.
pub const VERIFY_KEY: &str = "API-key verify";
/// A proxy asks about a call with a token.
pub const FORWARD_TOKEN: &str = "forward auth, JWT";
/// A proxy asks about a call with a key.
pub const FORWARD_KEY: &str = "forward auth, API key";
/// A new token for an old one.
pub const REFRESH: &str = "workspace refresh";
/// A session for a password.
pub const LOGIN: &str = "password login";
/// The same while userinfo is requested 200 times a second.
pub const LOGIN_BESIDE: &str = "password login, beside userinfo";
/// Userinfo 200 times a second during logins.
pub const USERINFO_BESIDE: &str = "userinfo, 200/s beside password logins";
/// 50 members of a workspace of 100, the only one.
pub const PAGE_ALONE: &str = "page of people, 100 in one workspace";
/// The same with many workspaces.
pub const PAGE_AMONG: &str = "page of people, 100 among many workspaces";
/// 50 members of a large workspace, from row 10.
pub const PAGE_START: &str = "page of people, large workspace, row 10";
/// The same, from the 60th row before the end.
pub const PAGE_END: &str = "page of people, large workspace, near the end";
/// A merit sent to an address.
pub const MERIT_SEND: &str = "merit sent";
/// A merit to a line of a CSV file, all of them at once.
pub const MERITS_CSV: &str = "merit sent by CSV";
/// A token of "Login with Sigma" for the id of its member.
pub const MEMBER_ID: &str = "member id";
/// The first page of a member's merits, for an app.
pub const MEMBER_MERITS: &str = "merits of a member";
/// A session for a signature, by few connections.
pub const SIGN_IN_ALONE: &str = "sign-in, without a webhook";
/// The same while the receiver of a webhook hangs.
pub const SIGN_IN_HANGING: &str = "sign-in, beside a webhook that hangs";
/// Every page and list of the console; only when asked for.
pub const CONSOLE: &str = "console";
/// People with verified addresses and bcrypt hashes, by the management API.
pub const IMPORT_API: &str = "import by the management API";
/// The same by the command, beside the server.
pub const IMPORT_COMMAND: &str = "import by sigma people import";
/// 50 of 10,000 merits of a member, from the tenth.
pub const MEMBER_MERITS_START: &str = "merits of a member, row 10";
/// The same, from the 60th before the end.
pub const MEMBER_MERITS_END: &str = "merits of a member, near the end";
/// 50 merits of an org with many, from the tenth.
pub const ORG_MERITS: &str = "merits of an org, row 10";
/// The same, from the 60th before the end.
pub const ORG_MERITS_END: &str = "merits of an org, near the end";
/// A device that waits asks whether it was let in.
pub const DEVICE_POLL: &str = "poll of a waiting device";
/// All of it, in realistic proportions.
pub const MIX: &str = "mix without passwords";
