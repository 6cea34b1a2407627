//! `/account/activity`: a user's recent actions, and those on their account, in plain words.

use std::collections::HashMap;

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use sigma_core::actor::Actor;
use sigma_core::event::{Action, Event};
use sigma_core::time::Timestamp;

use crate::i18n::Language;
use crate::pages::view::csp::ContentSecurityPolicy;
use crate::pages::view::{PageContext, device, moment, page};

/// A page of a user's recent activity.
#[derive(Clone, Debug)]
pub struct Activity {
    /// The events, newest first.
    pub lines: Vec<ActivityLine>,
    /// Path of the next page.
    pub older: Option<String>,
    /// Whether this is the first page.
    pub is_latest: bool,
}

/// One event.
#[derive(Clone, Debug)]
pub struct ActivityLine {
    /// Description.
    pub what: String,
    /// Whether it happened in an account that was merged into this one.
    pub merged: bool,
    /// How often it happened within a minute.
    pub times: u64,
    /// Time of the event.
    pub at: Timestamp,
    /// The actor's `User-Agent`, unmodified.
    pub user_agent: Option<String>,
    /// Their network address.
    pub address: Option<String>,
}

/// Names of apps and workspaces by id; `None` for removed ones.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Apps.
    pub apps: HashMap<String, Option<String>>,
    /// Workspaces.
    pub orgs: HashMap<String, Option<String>>,
}

impl ActivityLine {
    fn when(&self) -> String {
        moment::minute(self.at)
    }

    /// The origin, in a few words.
    fn origin(&self, language: Language) -> Option<String> {
        let device = self.user_agent.as_deref().map(|agent| device::name_in(language, agent));
        match (device, &self.address) {
            (Some(device), Some(address)) => Some(format!("{device}, {address}")),
            (Some(device), None) => Some(device),
            (None, Some(address)) => Some(address.clone()),
            (None, None) => None,
        }
    }
}

/// How an action is described.
enum Words {
    /// By a text without arguments.
    Text(&'static str),
    /// By a text that names the app.
    App(&'static str),
    /// By a text that names the workspace.
    Workspace(&'static str),
    /// By a text that names the kind of credential.
    Credential(&'static str),
}

impl Names {
    fn app(&self, language: Language, event: &Event) -> String {
        let target = event.target.as_ref().map(|(_, id)| id.as_str());
        let id = event.details.app.as_ref().map(sigma_core::ids::AppId::as_str).or(target).unwrap_or_default();
        let name = self.apps.get(id).cloned().flatten();
        name.unwrap_or_else(|| language.text("activity-removed-app").to_string())
    }

    fn workspace(&self, language: Language, event: &Event) -> String {
        let id = event.org_id.as_ref().map(sigma_core::ids::OrgId::as_str).unwrap_or_default();
        let name = self.orgs.get(id).cloned().flatten();
        name.unwrap_or_else(|| language.text("activity-removed-workspace").to_string())
    }

    /// The text for the user.
    pub fn words(&self, language: Language, event: &Event) -> String {
        let Some(words) = Action::parse(&event.action).and_then(|action| words(action, event)) else {
            return event.action.clone();
        };
        match words {
            Words::Text(key) => language.text(key).to_string(),
            Words::App(key) => language.text(key).with("app", self.app(language, event)).to_string(),
            Words::Workspace(key) => language.text(key).with("workspace", self.workspace(language, event)).to_string(),
            Words::Credential(key) => {
                let known = ["key", "passkey", "totp", "recovery", "provider"];
                let method = event.details.method.as_deref();
                let kind = method.filter(|method| known.contains(method)).unwrap_or("password");
                language.text(key).with("kind", kind).to_string()
            }
        }
    }
}

/// Whether the operator did it to the user: by a command, by somebody at the console, or by an app that calls its API.
fn is_by_operator(action: Action, event: &Event) -> bool {
    match &event.actor {
        Actor::Operator => true,
        Actor::User(user_id) => event.user_id.as_ref().is_some_and(|shown_to| shown_to != user_id),
        Actor::App(_) => matches!(action, Action::SessionEndAll | Action::CredentialRemove),
        Actor::ApiKey(_) | Actor::ScimConnection(_) | Actor::System | Actor::Anonymous => false,
    }
}

/// How an action of a user, or on their account, is described. The others are only the operator's, or an app's.
fn words(action: Action, event: &Event) -> Option<Words> {
    let by_operator = is_by_operator(action, event);
    let method = event.details.method.as_deref().unwrap_or_default();
    let reason = event.details.reason.as_deref().unwrap_or_default();
    let operator_or = |operator: &'static str, person: &'static str| if by_operator { operator } else { person };
    Some(match action {
        Action::CredentialAdd => {
            Words::Credential(operator_or("activity-credential-set-operator", "activity-credential-add"))
        }
        Action::CredentialChange => {
            Words::Credential(operator_or("activity-credential-change-operator", "activity-credential-change"))
        }
        Action::CredentialRemove => {
            Words::Credential(operator_or("activity-credential-remove-operator", "activity-credential-remove"))
        }
        Action::ConsentGive => Words::App("activity-consent"),
        Action::ConsentRemove => Words::App("activity-consent-remove"),
        Action::ImpersonationBegin => Words::App("activity-impersonation"),
        Action::ImpersonationEnd => Words::App("activity-impersonation-end"),
        Action::AssertionAccept => Words::App("activity-assertion"),
        Action::GrantRevoke if reason == "requested" => Words::App("activity-grant-ended"),
        Action::GrantRevoke => Words::App("activity-grant-reused"),
        other => match own_words(other, (method, reason), by_operator) {
            Some(key) => Words::Text(key),
            None if other == Action::MeritAnswer && answer_words(reason).is_none() => {
                Words::Text("activity-handed-over")
            }
            None => Words::Workspace(workspace_words(other, reason)?),
        },
    })
}

/// The text of an action on the account itself.
fn own_words(action: Action, (method, reason): (&str, &str), by_operator: bool) -> Option<&'static str> {
    let operator_or = |operator: &'static str, person: &'static str| if by_operator { operator } else { person };
    Some(match action {
        Action::UserSignIn if method == "password" => "activity-sign-in-password",
        Action::UserSignIn if method == "key" => "activity-sign-in-key",
        Action::UserSignIn if method == "verified-passkey" || method == "passkey" => "activity-sign-in-passkey",
        Action::UserSignIn if method.contains(' ') => "activity-second-factor",
        Action::UserSignInFailed if reason == "cloned_passkey" => "activity-cloned-passkey",
        Action::UserSignInFailed if reason == "wrong_code" => "activity-wrong-code",
        Action::UserSignIn => "activity-sign-in",
        Action::UserSignInFailed => "activity-sign-in-failed",
        Action::UserSignUp => "activity-sign-up",
        Action::UserCreate => "activity-user-create",
        Action::UserDisable => "activity-user-disable",
        Action::UserEnable => "activity-user-enable",
        Action::UserChange => "activity-user-change",
        Action::UserExport => "activity-user-export",
        Action::UserRequestDeletion => operator_or("activity-deletion-operator", "activity-deletion"),
        Action::UserCancelDeletion => "activity-deletion-cancel",
        Action::UserDelete => "activity-deleted",
        Action::UserProposeMerge => "activity-merge-proposed",
        Action::UserMerge => "activity-merged",
        Action::SessionEnd if reason == "replaced" => "activity-session-replaced",
        Action::SessionEnd if reason == "room" => "activity-session-room",
        Action::SessionEnd => operator_or("activity-session-end-operator", "activity-session-end"),
        Action::SessionEndAll => operator_or("activity-sessions-end-operator", "activity-sessions-end"),
        Action::CredentialResetLink => operator_or("activity-reset-link-operator", "activity-reset-link"),
        Action::EmailAdd => "activity-email-add",
        Action::EmailMakePrimary => "activity-email-primary",
        Action::EmailRemove => "activity-email-remove",
        Action::IdentityClaim => "activity-identity-claim",
        Action::IdentityLose => "activity-identity-lose",
        Action::BackupStore if reason == "restored" => "activity-backup-restored",
        Action::BackupStore => "activity-backup-store",
        Action::BackupRetrieve if method == "provider" => "activity-backup-retrieve-provider",
        Action::BackupRetrieve => "activity-backup-retrieve",
        Action::BackupRemove => "activity-backup-remove",
        Action::BackupLink => "activity-backup-link",
        Action::ProfileChange => "activity-profile-change",
        Action::ProfileRemove => "activity-profile-remove",
        Action::WalletConnect => "activity-wallet-connect",
        Action::WalletDisconnect => "activity-wallet-disconnect",
        Action::AgentCreate => "activity-agent-create",
        Action::AgentStop => "activity-agent-stop",
        Action::PeopleExport => "activity-people-export",
        Action::MailTest => "activity-mail-test",
        Action::MailResend => "activity-mail-resend",
        Action::MailDrop => "activity-mail-drop",
        Action::ProviderTest => "activity-provider-test",
        Action::ProviderChange => "activity-provider-change",
        Action::ServerChange => "activity-server-change",
        Action::ProviderRemove => "activity-provider-remove",
        _ => return None,
    })
}

/// The text of an action in a workspace.
fn workspace_words(action: Action, reason: &str) -> Option<&'static str> {
    Some(match action {
        Action::WorkspaceSignIn => "activity-workspace-sign-in",
        Action::WorkspaceSignOut if reason == "room" => "activity-workspace-room",
        Action::WorkspaceSignOut => "activity-workspace-sign-out",
        Action::WorkspaceChange => "activity-workspace-change",
        Action::WorkspaceRotateSecret => "activity-workspace-secret",
        Action::MemberAdd => "activity-member-add",
        Action::MemberChange => "activity-member-change",
        Action::MemberRemove => "activity-member-remove",
        Action::InvitationSend | Action::InvitationResend => "activity-invite",
        Action::InvitationAccept => "activity-join",
        Action::RoleCreate => "activity-role-create",
        Action::RoleChange => "activity-role-change",
        Action::RoleRemove => "activity-role-remove",
        Action::ApiKeyCreate => "activity-api-key-create",
        Action::ApiKeyDeactivate => "activity-api-key-deactivate",
        Action::ApiKeyRemove => "activity-api-key-remove",
        Action::WebhookCreate => "activity-webhook-create",
        Action::WebhookChange => "activity-webhook-change",
        Action::WebhookRemove => "activity-webhook-remove",
        Action::WebhookRotateSecret => "activity-webhook-secret",
        Action::WebhookTest => "activity-webhook-test",
        Action::WebhookReplay => "activity-webhook-replay",
        Action::MeritAppLink => "activity-merit-link",
        Action::MeritAppUnlink => "activity-merit-unlink",
        Action::MeritTemplateChange => "activity-merit-template",
        Action::MeritSend => "activity-merit-send",
        Action::MeritApprove => "activity-merit-approve",
        Action::MeritEdit => "activity-merit-edit",
        Action::MeritRevoke => "activity-merit-revoke",
        Action::MeritTransfer => "activity-merit-transfer",
        Action::MeritAnswer => return answer_words(reason),
        Action::MeritRotateKey => "activity-merit-key",
        Action::MeritAccessGive => "activity-merit-access",
        Action::MeritAccessEnd => "activity-merit-access-end",
        _ => return None,
    })
}

/// The text of what somebody did with a merit.
fn answer_words(reason: &str) -> Option<&'static str> {
    Some(match reason {
        "Accepted" => "activity-merit-accept",
        "Rejected" => "activity-merit-reject",
        "Reported" => "activity-merit-report",
        "Forfeited" => "activity-merit-forfeit",
        "Public" => "activity-merit-public",
        "Hidden" => "activity-merit-hide",
        _ => return None,
    })
}

#[derive(Template)]
#[template(path = "activity.html")]
struct ActivityPage<'a> {
    context: &'a PageContext<'a>,
    view: &'a Activity,
}

impl Activity {
    /// The page.
    pub fn render(&self, context: &PageContext<'_>) -> Response {
        page(StatusCode::OK, &ActivityPage { context, view: self }, ContentSecurityPolicy::Strict)
    }
}
