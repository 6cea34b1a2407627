//! The audit trail: what is recorded of everything that matters for security.
//!
//! An event names people, apps and keys by their ids, and nothing by what somebody typed: no names, no e-mail addresses, no
//! passwords, no secrets.

use serde::{Deserialize, Serialize};

use crate::actor::Actor;
use crate::ids::{ApiKeyId, ClientId, EventId, GrantId, OrgId, RoleId, SessionId, UserId};
use crate::time::Timestamp;

macro_rules! actions {
    ($($(#[$doc:meta])* $action:ident = $name:literal,)+) => {
        /// What was done. The names are stable: scripts and filters rely on them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Action {
            $($(#[$doc])* $action,)+
        }

        impl Action {
            /// Every action, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$action,)+];

            /// The name, `group.verb`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$action => $name,)+ }
            }
        }
    };
}

actions! {
    /// A person signed in.
    UserSignIn = "user.sign_in",
    /// Somebody failed to sign in: one event per account, address and minute, with a count.
    UserSignInFailed = "user.sign_in_failed",
    /// A person made an account.
    UserSignUp = "user.sign_up",
    /// The operator made an account.
    UserCreate = "user.create",
    /// An account was switched off.
    UserDisable = "user.disable",
    /// An account was switched on again.
    UserEnable = "user.enable",
    /// A browser was signed out.
    SessionEnd = "session.end",
    /// Several browsers of a person were signed out at once.
    SessionEndAll = "session.end_all",
    /// An account got a credential.
    CredentialAdd = "credential.add",
    /// A credential was replaced by another.
    CredentialChange = "credential.change",
    /// A credential was removed.
    CredentialRemove = "credential.remove",
    /// A link to set a password was made.
    CredentialResetLink = "credential.reset_link",
    /// A BAP identity became an account's.
    IdentityClaim = "identity.claim",
    /// A BAP identity passed to another account, which proved to hold its key.
    IdentityLose = "identity.lose",
    /// A person agreed to what an app asked for.
    ConsentGive = "consent.give",
    /// A person took back what they had agreed to.
    ConsentWithdraw = "consent.withdraw",
    /// A grant ended, with all its tokens.
    GrantRevoke = "grant.revoke",
    /// An access token without a grant was revoked.
    TokenRevoke = "token.revoke",
    /// An app was registered.
    AppCreate = "app.create",
    /// An app was changed.
    AppChange = "app.change",
    /// An app was removed.
    AppRemove = "app.remove",
    /// An API was registered.
    ResourceCreate = "resource.create",
    /// An API was changed.
    ResourceChange = "resource.change",
    /// An API was removed.
    ResourceRemove = "resource.remove",
    /// A key to sign tokens with was made.
    SigningKeyCreate = "signing_key.create",
    /// A key ceased to sign.
    SigningKeyRetire = "signing_key.retire",
    /// A key was removed: what it signed counts no more.
    SigningKeyRemove = "signing_key.remove",
    /// A workspace was made.
    WorkspaceCreate = "workspace.create",
    /// The name or the settings of a workspace were changed.
    WorkspaceChange = "workspace.change",
    /// A workspace was removed.
    WorkspaceRemove = "workspace.remove",
    /// The secret that signs the tokens of a workspace was replaced.
    WorkspaceRotateSecret = "workspace.rotate_secret",
    /// A person began a session in a workspace.
    WorkspaceSignIn = "workspace.sign_in",
    /// A person ended their session in a workspace.
    WorkspaceSignOut = "workspace.sign_out",
    /// A person was made a member of a workspace.
    MemberAdd = "member.add",
    /// A membership was changed.
    MemberChange = "member.change",
    /// A membership ended, or an invitation was taken back.
    MemberRemove = "member.remove",
    /// Somebody was invited to a workspace.
    InvitationSend = "invitation.send",
    /// An invitation was sent once more.
    InvitationResend = "invitation.resend",
    /// An invitation was accepted.
    InvitationAccept = "invitation.accept",
    /// A role was made.
    RoleCreate = "role.create",
    /// A role was changed.
    RoleChange = "role.change",
    /// A role was removed.
    RoleRemove = "role.remove",
    /// An API key was made.
    ApiKeyCreate = "api_key.create",
    /// An API key was switched off for good.
    ApiKeyDeactivate = "api_key.deactivate",
    /// An API key was removed.
    ApiKeyRemove = "api_key.remove",
}

impl Action {
    /// The action of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| action.as_str() == name)
    }
}

/// What an action was done to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// An account, or a membership that waits for its person.
    User(UserId),
    /// A signed-in browser.
    Session(SessionId),
    /// A BAP identity.
    Identity(String),
    /// An app.
    App(ClientId),
    /// What a person lets an app do.
    Grant(GrantId),
    /// An access token, by its `jti`.
    Token(String),
    /// An API, by its URI.
    Resource(String),
    /// A key that signs tokens, by its `kid`.
    SigningKey(String),
    /// A workspace.
    Workspace(OrgId),
    /// A role of a workspace.
    Role(RoleId),
    /// An API key of a workspace.
    ApiKey(ApiKeyId),
}

impl Target {
    /// The kind, as it is stored.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::Session(_) => "session",
            Self::Identity(_) => "identity",
            Self::App(_) => "app",
            Self::Grant(_) => "grant",
            Self::Token(_) => "token",
            Self::Resource(_) => "resource",
            Self::SigningKey(_) => "signing_key",
            Self::Workspace(_) => "workspace",
            Self::Role(_) => "role",
            Self::ApiKey(_) => "api_key",
        }
    }

    /// The id.
    pub fn id(&self) -> &str {
        match self {
            Self::User(id) => id.as_str(),
            Self::Session(id) => id.as_str(),
            Self::App(id) => id.as_str(),
            Self::Grant(id) => id.as_str(),
            Self::Workspace(id) => id.as_str(),
            Self::Role(id) => id.as_str(),
            Self::ApiKey(id) => id.as_str(),
            Self::Identity(id) | Self::Token(id) | Self::Resource(id) | Self::SigningKey(id) => id,
        }
    }
}

/// What else is worth knowing of an event. Only what applies is set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Details {
    /// By which means: the methods of a sign-in, or the kind of a credential.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Why, where an action has several causes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// For which app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app: Option<ClientId>,
    /// The scopes, space-separated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The role that was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<RoleId>,
    /// The names of the fields that changed; never their values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<String>,
    /// How many sessions ended with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sessions: Option<u64>,
    /// How many further API keys were switched off with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_keys: Option<u64>,
}

impl Details {
    /// Those of `fields` that changed.
    pub fn changed<const N: usize>(fields: [(&str, bool); N]) -> Self {
        let changed = fields.into_iter().filter(|(_, changed)| *changed).map(|(field, _)| field.to_owned()).collect();
        Self { changed, ..Self::default() }
    }
}

/// An event that was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its id. One whose count grows keeps it.
    pub id: EventId,
    /// When it was recorded, or last counted, by the clock of the database.
    pub at: Timestamp,
    /// The name of the [`Action`]. A newer Sigma on the same database may know more of them.
    pub action: String,
    /// Who did it.
    pub actor: Actor,
    /// The person whose recent activity shows it.
    pub user_id: Option<UserId>,
    /// The org that it happened in.
    pub org_id: Option<OrgId>,
    /// What it was done to: kind and id.
    pub target: Option<(String, String)>,
    /// The network address of the actor.
    pub address: Option<String>,
    /// Their `User-Agent`.
    pub user_agent: Option<String>,
    /// The id of the request.
    pub request_id: Option<String>,
    /// How often it happened: more than once for failures of the same minute alone.
    pub count: u64,
    /// What else is known.
    pub details: Details,
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn action_names_are_unique_and_round_trip() {
        let names: HashSet<_> = Action::ALL.iter().map(|action| action.as_str()).collect();
        assert_eq!(names.len(), Action::ALL.len());
        for action in Action::ALL {
            assert_eq!(Action::parse(action.as_str()), Some(*action));
            let (group, verb) = action.as_str().split_once('.').unwrap();
            let plain =
                |text: &str| !text.is_empty() && text.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase());
            assert!(plain(group) && plain(verb), "{}", action.as_str());
        }
        assert_eq!(Action::parse("user.dance"), None);
    }

    #[test]
    fn details_contain_only_applicable_fields() {
        assert_eq!(serde_json::to_string(&Details::default()).unwrap(), "{}");
        let details = Details { method: Some("password".to_owned()), ..Details::default() };
        assert_eq!(serde_json::to_string(&details).unwrap(), r#"{"method":"password"}"#);
        // What a newer version adds is passed over.
        assert_eq!(serde_json::from_str::<Details>(r#"{"method":"password","device":"x"}"#).unwrap(), details);
    }
}
