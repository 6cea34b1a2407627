//! What is cached: the kinds of rows that [`Tx::changed`](crate::Tx::changed) reports, and their keys. One list, so that an
//! operation can report a change to another aggregate's row without knowing that aggregate.

use sigma_core::ids::{AppId, OrgId, UserId};

/// An app, by its id.
pub const APP: &str = "app";
/// An app that a document describes, by its id.
pub const CLIENT_DOCUMENT: &str = "client document";
/// An account with its addresses, identities and kinds of credentials, by the user's id.
pub const ACCOUNT: &str = "account";
/// The versions of a user's encrypted backups, without their content, by the user's id.
pub const BACKUPS: &str = "backups";
/// A browser session, by its id.
pub const SESSION: &str = "session";
/// A grant, by its id.
pub const GRANT: &str = "grant";
/// An access token without a grant, by its `jti`.
pub const TOKEN: &str = "token";
/// A resource, by its URI.
pub const RESOURCE: &str = "resource";
/// The signing keys, under [`ALL`]: the set changes as a whole.
pub const SIGNING_KEYS: &str = "signing keys";
/// An org with its secrets, by its id.
pub const ORG: &str = "org";
/// A membership, by [`key_in`] with the user's id.
pub const MEMBERSHIP: &str = "membership";
/// Who is in which group of a directory, by the org's id: the groups of an org change as a whole.
pub const ORG_GROUPS: &str = "org groups";
/// A role, by [`key_in`].
pub const ROLE: &str = "role";
/// A session in an org, by [`key_in`] with its `jti`.
pub const ORG_SESSION: &str = "org session";
/// An API key, by the base64url of its digest.
pub const API_KEY: &str = "api key";
/// The branding of an app or org, by [`Branded::key`](crate::branding::Branded::key).
pub const BRANDING: &str = "branding";

/// Declared providers, under [`ALL`]: they are followed as a whole.
pub const PROVIDERS: &str = "providers";

/// An app's link to an org, by [`key_in`] with the app's id.
pub const MERIT_LINK: &str = "merit link";
/// What a member lets an app see on behalf of an org, by [`access_key`].
pub const MERIT_ACCESS: &str = "merit access";

/// The accepted merits of a member, by the user's id: not cached one by one, but pages that show them are.
pub const MEMBER_MERITS: &str = "member merits";
/// What many merits of an org have in common, such as the titles of its templates, by its id.
pub const ORG_MERITS: &str = "org merits";

/// Ends of sessions that an app has to be told of, by the app's id: not cached, but whoever tells them is woken.
pub const LOGOUT: &str = "logout";
/// Webhooks, by [`key_in`]: not cached, but whoever follows the audit trail for them is woken.
pub const WEBHOOK: &str = "webhook";
/// What a webhook has to be told of, by [`key_in`]: not cached, but whoever delivers it is woken.
pub const WEBHOOK_DELIVERY: &str = "webhook delivery";
/// Queued jobs, by their kind: not cached, but whoever works on them is woken.
pub const JOB: &str = "job";

/// The one key of a kind that changes as a whole.
pub const ALL: &str = "all";

/// The key of a member's access merit.
pub fn access_key(org_id: &OrgId, app_id: &AppId, user_id: &UserId) -> String {
    format!("{org_id}/{app_id}/{user_id}")
}

/// The key of an org's object `id`.
pub fn key_in(org_id: &OrgId, id: &str) -> String {
    format!("{org_id}/{id}")
}
