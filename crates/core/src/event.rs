//! The audit trail: records of security-relevant actions.
//!
//! An event names users, apps and keys by id, and contains no user input: no names, e-mail addresses, passwords or
//! secrets.

use serde::{Deserialize, Serialize};
use sigma_bitcoin::BapId;

use crate::actor::Actor;
use crate::domain::Domain;
use crate::ids::{
    ApiKeyId, AppId, AppInvitationId, EventId, FieldId, GrantId, MailId, MeritId, MeritTemplateId, OrgId, RoleId,
    ScimConnectionId, ScimGroupId, ScimUserId, SessionId, UserId, WebhookId,
};
use crate::time::Timestamp;

macro_rules! actions {
    ($($(#[$doc:meta])* $action:ident = $name:literal,)+) => {
        /// The action. The names are stable: scripts and filters rely on them.
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
    /// A user signed in.
    UserSignIn = "user.sign_in",
    /// A sign-in failed: one event per account, network and minute, with a count.
    UserSignInFailed = "user.sign_in_failed",
    /// A user created an account.
    UserSignUp = "user.sign_up",
    /// The operator created an account.
    UserCreate = "user.create",
    /// An account was disabled.
    UserDisable = "user.disable",
    /// An account was enabled again.
    UserEnable = "user.enable",
    /// An account was changed by the operator.
    UserChange = "user.change",
    /// The operator took a copy of everything stored about an account.
    UserExport = "user.export",
    /// The deletion of an account was requested.
    UserRequestDeletion = "user.request_deletion",
    /// A requested deletion was cancelled.
    UserCancelDeletion = "user.cancel_deletion",
    /// An account was deleted.
    UserDelete = "user.delete",
    /// An operator proposed to the owner of two accounts to merge them.
    UserProposeMerge = "user.propose_merge",
    /// An account was merged into another.
    UserMerge = "user.merge",
    /// Everybody was exported by the management API.
    PeopleExport = "people.export",
    /// A test mail was queued, to an address of whoever asked for it.
    MailTest = "mail.test",
    /// A queued mail was sent again before it was due.
    MailResend = "mail.resend",
    /// A queued mail was deleted unsent.
    MailDrop = "mail.drop",
    /// Whoever runs the server began a test sign-in with a provider.
    ProviderTest = "provider.test",
    /// A provider was declared, or what is declared of it was changed.
    ProviderChange = "provider.change",
    /// A declared provider was removed.
    ProviderRemove = "provider.remove",
    /// How the server looks was changed.
    ServerChange = "server.change",
    /// A session ended.
    SessionEnd = "session.end",
    /// Several sessions of a user ended at once.
    SessionEndAll = "session.end_all",
    /// An account got a credential.
    CredentialAdd = "credential.add",
    /// A credential was replaced.
    CredentialChange = "credential.change",
    /// A credential was removed.
    CredentialRemove = "credential.remove",
    /// A password reset link was created.
    CredentialResetLink = "credential.reset_link",
    /// An account got an e-mail address.
    EmailAdd = "email.add",
    /// Another address of an account became its primary one.
    EmailMakePrimary = "email.make_primary",
    /// An account lost an e-mail address.
    EmailRemove = "email.remove",
    /// An account claimed a BAP identity.
    IdentityClaim = "identity.claim",
    /// A BAP identity passed to another account, which proved possession of its key.
    IdentityLose = "identity.lose",
    /// A version of an encrypted backup was stored, or became the current one again.
    BackupStore = "backup.store",
    /// An encrypted backup was handed out.
    BackupRetrieve = "backup.retrieve",
    /// An encrypted backup was removed, with all its versions.
    BackupRemove = "backup.remove",
    /// A provider account was linked to the backup of an identity.
    BackupLink = "backup.link",
    /// A user filled in or changed a profile.
    ProfileChange = "profile.change",
    /// A user deleted a profile.
    ProfileRemove = "profile.remove",
    /// A user connected a wallet.
    WalletConnect = "wallet.connect",
    /// A user disconnected a wallet.
    WalletDisconnect = "wallet.disconnect",
    /// A user consented to an app's request.
    ConsentGive = "consent.give",
    /// An app's access to an account was taken back: its consent was forgotten, and its grants ended.
    ConsentRemove = "consent.remove",
    /// A grant ended, with all its tokens.
    GrantRevoke = "grant.revoke",
    /// An access token without a grant was revoked.
    TokenRevoke = "token.revoke",
    /// A user was allowed to act as others.
    ImpersonationAllow = "impersonation.allow",
    /// A user may no longer act as others.
    ImpersonationDeny = "impersonation.deny",
    /// A user began to act as another.
    ImpersonationBegin = "impersonation.begin",
    /// That was ended before its time.
    ImpersonationEnd = "impersonation.end",
    /// An app got access by the assertion of another server.
    AssertionAccept = "assertion.accept",
    /// A user made an agent, an app that acts for them.
    AgentCreate = "agent.create",
    /// A user stopped an agent.
    AgentStop = "agent.stop",
    /// The operator blocked a host or a document that describes apps.
    ClientDocumentBlock = "client_document.block",
    /// The operator took such a block back.
    ClientDocumentUnblock = "client_document.unblock",
    /// An app was registered.
    AppCreate = "app.create",
    /// An app was changed.
    AppChange = "app.change",
    /// An app was removed.
    AppRemove = "app.remove",
    /// The operator made an initial access token, with which apps can register themselves.
    AppInvite = "app.invite",
    /// An initial access token was removed.
    AppUninvite = "app.uninvite",
    /// An API was registered.
    ResourceCreate = "resource.create",
    /// An API was changed.
    ResourceChange = "resource.change",
    /// An API was removed.
    ResourceRemove = "resource.remove",
    /// A signing key was created.
    SigningKeyCreate = "signing_key.create",
    /// A key stopped signing.
    SigningKeyRetire = "signing_key.retire",
    /// A key was removed: its signatures are no longer valid.
    SigningKeyRemove = "signing_key.remove",
    /// A workspace was created.
    WorkspaceCreate = "workspace.create",
    /// The name or the settings of a workspace were changed.
    WorkspaceChange = "workspace.change",
    /// A workspace was removed.
    WorkspaceRemove = "workspace.remove",
    /// A workspace's token secret was rotated.
    WorkspaceRotateSecret = "workspace.rotate_secret",
    /// A user began a session in a workspace.
    WorkspaceSignIn = "workspace.sign_in",
    /// A user ended their session in a workspace.
    WorkspaceSignOut = "workspace.sign_out",
    /// A user became a member of a workspace.
    MemberAdd = "member.add",
    /// A membership was changed.
    MemberChange = "member.change",
    /// A membership ended, or an invitation was cancelled.
    MemberRemove = "member.remove",
    /// A user was invited to a workspace.
    InvitationSend = "invitation.send",
    /// An invitation was resent.
    InvitationResend = "invitation.resend",
    /// An invitation was accepted.
    InvitationAccept = "invitation.accept",
    /// A role was created.
    RoleCreate = "role.create",
    /// A role was changed.
    RoleChange = "role.change",
    /// A role was removed.
    RoleRemove = "role.remove",
    /// An API key was created.
    ApiKeyCreate = "api_key.create",
    /// An API key was deactivated permanently.
    ApiKeyDeactivate = "api_key.deactivate",
    /// An API key was removed.
    ApiKeyRemove = "api_key.remove",
    /// A webhook was created.
    WebhookCreate = "webhook.create",
    /// A webhook was changed, switched off or switched on.
    WebhookChange = "webhook.change",
    /// A webhook was removed.
    WebhookRemove = "webhook.remove",
    /// A webhook got a new secret.
    WebhookRotateSecret = "webhook.rotate_secret",
    /// A webhook was tested: this event was sent to it.
    WebhookTest = "webhook.test",
    /// Deliveries of a webhook were repeated.
    WebhookReplay = "webhook.replay",
    /// A webhook was switched off because its receiver failed for too long, or wants nothing any more.
    WebhookDisable = "webhook.disable",
    /// An org let an app act for it.
    MeritAppLink = "merit.app_link",
    /// An org ended an app's link.
    MeritAppUnlink = "merit.app_unlink",
    /// A template or field of merits was created or changed.
    MeritTemplateChange = "merit.template_change",
    /// Merits of a template were sent or proposed: one event per template and minute, with a count.
    MeritSend = "merit.send",
    /// A proposed merit was approved.
    MeritApprove = "merit.approve",
    /// A merit was edited.
    MeritEdit = "merit.edit",
    /// A merit was revoked by its org.
    MeritRevoke = "merit.revoke",
    /// A merit was sent to another address instead.
    MeritTransfer = "merit.transfer",
    /// A member accepted, rejected, reported, forfeited, showed or hid a merit, or handed merits over.
    MeritAnswer = "merit.answer",
    /// A member let an app see merits.
    MeritAccessGive = "merit.access_give",
    /// A member's access for an app ended.
    MeritAccessEnd = "merit.access_end",
    /// An org got a new key for its credentials.
    MeritRotateKey = "merit.rotate_key",
    /// An org claimed a domain.
    DomainAdd = "domain.add",
    /// A record in the DNS proved that a domain is the org's.
    DomainProve = "domain.prove",
    /// Another provider, or none, signs in the people of a domain.
    DomainChange = "domain.change",
    /// The record of a proven domain was gone for days, or another org proved it.
    DomainLose = "domain.lose",
    /// An org gave up a domain.
    DomainRemove = "domain.remove",
    /// A connection was made, by which a directory provisions the people of an org.
    ScimConnectionCreate = "scim_connection.create",
    /// A connection got another token.
    ScimConnectionRotate = "scim_connection.rotate",
    /// A connection was removed.
    ScimConnectionRemove = "scim_connection.remove",
    /// A directory provisioned a person.
    ScimUserProvision = "scim_user.provision",
    /// A directory changed a person.
    ScimUserChange = "scim_user.change",
    /// A directory deactivated or deleted a person, which ends their access to the org.
    ScimUserDeprovision = "scim_user.deprovision",
    /// A directory created a group.
    ScimGroupCreate = "scim_group.create",
    /// A directory changed a group or its members.
    ScimGroupChange = "scim_group.change",
    /// A directory deleted a group.
    ScimGroupRemove = "scim_group.remove",
}

/// Whether an action has that name, or belongs to the group of that name: the part before its first dot.
pub fn belongs(action: &str, name: &str) -> bool {
    action == name || action.split_once('.').is_some_and(|(group, _)| group == name)
}

impl Action {
    /// The action of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| action.as_str() == name)
    }
}

/// The target of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// An account, or a pending membership.
    User(UserId),
    /// A browser session.
    Session(SessionId),
    /// A BAP identity.
    Identity(BapId),
    /// An app.
    App(AppId),
    /// An invitation to register apps.
    AppInvitation(AppInvitationId),
    /// A grant of a user to an app.
    Grant(GrantId),
    /// An access token, by its `jti`.
    Token(String),
    /// An API, by its URI.
    Resource(String),
    /// A signing key, by its `kid`.
    SigningKey(String),
    /// A workspace.
    Workspace(OrgId),
    /// A role of a workspace.
    Role(RoleId),
    /// An API key of a workspace.
    ApiKey(ApiKeyId),
    /// A merit.
    Merit(MeritId),
    /// A template of merits.
    MeritTemplate(MeritTemplateId),
    /// A field of merits.
    MeritField(FieldId),
    /// A webhook.
    Webhook(WebhookId),
    /// A domain of an org.
    Domain(Domain),
    /// A connection of a directory.
    ScimConnection(ScimConnectionId),
    /// A person whom a directory provisions.
    ScimUser(ScimUserId),
    /// A group that a directory provisions.
    ScimGroup(ScimGroupId),
    /// A queued mail.
    Mail(MailId),
    /// A host, or the address of a document that describes an app.
    ClientDocument(String),
}

impl Target {
    /// The kind, as stored.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::Session(_) => "session",
            Self::Identity(_) => "identity",
            Self::App(_) => "app",
            Self::AppInvitation(_) => "app_invitation",
            Self::Grant(_) => "grant",
            Self::Token(_) => "token",
            Self::Resource(_) => "resource",
            Self::SigningKey(_) => "signing_key",
            Self::Workspace(_) => "workspace",
            Self::Role(_) => "role",
            Self::ApiKey(_) => "api_key",
            Self::Merit(_) => "merit",
            Self::MeritTemplate(_) => "merit_template",
            Self::MeritField(_) => "merit_field",
            Self::Webhook(_) => "webhook",
            Self::Domain(_) => "domain",
            Self::ScimConnection(_) => "scim_connection",
            Self::ScimUser(_) => "scim_user",
            Self::ScimGroup(_) => "scim_group",
            Self::Mail(_) => "mail",
            Self::ClientDocument(_) => "client_document",
        }
    }

    /// The id.
    pub fn id(&self) -> &str {
        match self {
            Self::User(id) => id.as_str(),
            Self::Session(id) => id.as_str(),
            Self::App(id) => id.as_str(),
            Self::AppInvitation(id) => id.as_str(),
            Self::Grant(id) => id.as_str(),
            Self::Workspace(id) => id.as_str(),
            Self::Role(id) => id.as_str(),
            Self::ApiKey(id) => id.as_str(),
            Self::Merit(id) => id.as_str(),
            Self::MeritTemplate(id) => id.as_str(),
            Self::MeritField(id) => id.as_str(),
            Self::Webhook(id) => id.as_str(),
            Self::Domain(domain) => domain.as_str(),
            Self::ScimConnection(id) => id.as_str(),
            Self::ScimUser(id) => id.as_str(),
            Self::ScimGroup(id) => id.as_str(),
            Self::Mail(id) => id.as_str(),
            Self::Identity(id) => id.as_str(),
            Self::Token(id) | Self::Resource(id) | Self::SigningKey(id) | Self::ClientDocument(id) => id,
        }
    }
}

/// Further facts about an event. Only applicable ones are set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Details {
    /// The sign-in method, or the kind of credential.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The upstream provider concerned, by its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The reason, for actions with several causes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The app concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app: Option<AppId>,
    /// The scopes, space-separated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The assigned role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<RoleId>,
    /// The names of changed fields; never their values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<String>,
    /// How many sessions ended along with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sessions: Option<u64>,
    /// How many further API keys were deactivated along with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_keys: Option<u64>,
    /// How many people were handed out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub people: Option<u64>,
}

impl Details {
    /// Those of `fields` that changed.
    pub fn changed<const N: usize>(fields: [(&str, bool); N]) -> Self {
        let changed = fields.into_iter().filter(|(_, changed)| *changed).map(|(field, _)| field.to_owned()).collect();
        Self { changed, ..Self::default() }
    }

    /// The details that are set, as names of the API and values: `reason disabled`, `changed name, logo`.
    pub fn words(&self) -> Vec<String> {
        let text = |value: Option<&str>| value.map(str::to_owned);
        let number = |value: Option<u64>| value.map(|number| number.to_string());
        let changed = (!self.changed.is_empty()).then(|| self.changed.join(", "));
        let parts = [
            ("method", text(self.method.as_deref())),
            ("provider", text(self.provider.as_deref())),
            ("reason", text(self.reason.as_deref())),
            ("app", text(self.app.as_ref().map(AppId::as_str))),
            ("scope", text(self.scope.as_deref())),
            ("role", text(self.role.as_ref().map(RoleId::as_str))),
            ("changed", changed),
            ("sessions", number(self.sessions)),
            ("api_keys", number(self.api_keys)),
            ("people", number(self.people)),
        ];
        parts.into_iter().filter_map(|(name, value)| Some(format!("{name} {}", value?))).collect()
    }
}

/// A recorded event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its id, which stays the same when its count grows.
    pub id: EventId,
    /// When it was recorded, or last counted, by the clock of the database.
    pub at: Timestamp,
    /// The name of the [`Action`]. A newer Sigma on the same database may have more of them.
    pub action: String,
    /// The actor.
    pub actor: Actor,
    /// The user in whose recent activity it appears.
    pub user_id: Option<UserId>,
    /// The org in which it happened.
    pub org_id: Option<OrgId>,
    /// The target: kind and id.
    pub target: Option<(String, String)>,
    /// The network address of the actor.
    pub address: Option<String>,
    /// Their `User-Agent`.
    pub user_agent: Option<String>,
    /// The id of the request.
    pub request_id: Option<String>,
    /// How often it happened: above 1 only for what was repeated within one minute.
    pub count: u64,
    /// Further facts.
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
        // Fields of newer versions are ignored.
        assert_eq!(serde_json::from_str::<Details>(r#"{"method":"password","device":"x"}"#).unwrap(), details);
    }
}
