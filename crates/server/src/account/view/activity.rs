//! `/account/activity`: a user's recent actions, and those on their account, in plain words.

use std::collections::HashMap;

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use sigma_core::actor::Actor;
use sigma_core::event::{Action, Event};
use sigma_core::time::Timestamp;

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
    fn origin(&self) -> Option<String> {
        let device = self.user_agent.as_deref().map(device::name);
        match (device, &self.address) {
            (Some(device), Some(address)) => Some(format!("{device}, {address}")),
            (Some(device), None) => Some(device),
            (None, Some(address)) => Some(address.clone()),
            (None, None) => None,
        }
    }
}

impl Names {
    fn app(&self, event: &Event) -> String {
        let target = event.target.as_ref().map(|(_, id)| id.as_str());
        let id = event.details.app.as_ref().map(sigma_core::ids::AppId::as_str).or(target).unwrap_or_default();
        self.apps.get(id).cloned().flatten().unwrap_or_else(|| "a removed app".to_owned())
    }

    fn workspace(&self, event: &Event) -> String {
        let id = event.org_id.as_ref().map(sigma_core::ids::OrgId::as_str).unwrap_or_default();
        self.orgs.get(id).cloned().flatten().unwrap_or_else(|| "a removed workspace".to_owned())
    }

    /// The text for the user.
    pub fn words(&self, event: &Event) -> String {
        let Some(action) = Action::parse(&event.action) else { return event.action.clone() };
        let by_operator = event.actor == Actor::Operator;
        let method = event.details.method.as_deref().unwrap_or_default();
        let reason = event.details.reason.as_deref().unwrap_or_default();
        let credential = match method {
            "key" => "key",
            "passkey" => "passkey",
            "totp" => "authenticator app",
            "recovery" => "list of recovery codes",
            "provider" => "linked account",
            _ => "password",
        };
        let article = if credential.starts_with('a') { "an" } else { "a" };
        let operator_or = |operator: &str, person: &str| (if by_operator { operator } else { person }).to_owned();
        match action {
            Action::UserSignIn if method == "password" => "You signed in with your password".to_owned(),
            Action::UserSignIn if method == "key" => "You signed in with your key".to_owned(),
            Action::UserSignIn if method == "verified-passkey" || method == "passkey" => {
                "You signed in with a passkey".to_owned()
            }
            Action::UserSignIn if method.contains(' ') => "You confirmed a sign-in with a second factor".to_owned(),
            Action::UserSignInFailed if reason == "cloned_passkey" => {
                "A copy of one of your passkeys tried to sign in".to_owned()
            }
            Action::UserSignInFailed if reason == "wrong_code" => "Somebody entered a wrong second factor".to_owned(),
            Action::UserSignIn => "You signed in".to_owned(),
            Action::UserSignInFailed => "Failed sign-in to your account".to_owned(),
            Action::UserSignUp => "You created this account".to_owned(),
            Action::UserCreate => "The operator created this account".to_owned(),
            Action::UserDisable => "The operator disabled your account".to_owned(),
            Action::UserEnable => "The operator enabled your account".to_owned(),
            Action::UserChange => "The operator changed your account".to_owned(),
            Action::UserRequestDeletion => operator_or(
                "The operator requested the deletion of your account",
                "You requested the deletion of your account",
            ),
            Action::UserCancelDeletion => "You kept your account".to_owned(),
            Action::UserDelete => "The account was deleted".to_owned(),
            Action::SessionEnd if reason == "replaced" => {
                "A session ended because another account signed in there".to_owned()
            }
            Action::SessionEnd if reason == "room" => "Your oldest session ended because you have too many".to_owned(),
            Action::SessionEnd => operator_or("The operator ended one of your sessions", "You signed out"),
            Action::SessionEndAll => {
                operator_or("The operator ended all your sessions", "You ended your other sessions")
            }
            Action::CredentialAdd => operator_or(
                &format!("The operator set {article} {credential}"),
                &format!("You added {article} {credential}"),
            ),
            Action::CredentialChange => operator_or(
                &format!("The operator changed your {credential}"),
                &format!("You changed your {credential}"),
            ),
            Action::CredentialRemove => operator_or(
                &format!("The operator removed {article} {credential}"),
                &format!("You removed {article} {credential}"),
            ),
            Action::CredentialResetLink => {
                operator_or("The operator created a password reset link", "A password reset link was requested")
            }
            Action::EmailAdd => "You added an e-mail address".to_owned(),
            Action::EmailMakePrimary => "You changed your primary e-mail address".to_owned(),
            Action::EmailRemove => "You removed an e-mail address".to_owned(),
            Action::IdentityClaim => "You added an identity".to_owned(),
            Action::IdentityLose => "Another account proved ownership of one of your identities".to_owned(),
            Action::BackupStore if reason == "restored" => "You went back to an earlier encrypted backup".to_owned(),
            Action::BackupStore => "An encrypted backup of your key was stored".to_owned(),
            Action::BackupRetrieve if method == "provider" => {
                "Your encrypted backup was retrieved by way of a linked account".to_owned()
            }
            Action::BackupRetrieve => "Your encrypted backup was retrieved".to_owned(),
            Action::BackupRemove => "You removed an encrypted backup".to_owned(),
            Action::BackupLink => "You linked an account that restores your encrypted backup".to_owned(),
            Action::ProfileChange => "You changed your profile".to_owned(),
            Action::ProfileRemove => "You deleted your profile".to_owned(),
            Action::WalletConnect => "You connected a wallet".to_owned(),
            Action::WalletDisconnect => "You disconnected a wallet".to_owned(),
            Action::ConsentGive => format!("You allowed {} to access your account", self.app(event)),
            Action::ConsentRemove => format!("You removed the access of {}", self.app(event)),
            Action::ImpersonationBegin => format!("Somebody began to act as you in {}", self.app(event)),
            Action::ImpersonationEnd => format!("The impersonation of you in {} was ended", self.app(event)),
            Action::AgentCreate => "You made an agent that acts for you".to_owned(),
            Action::AgentStop => "You stopped an agent that acted for you".to_owned(),
            Action::GrantRevoke if reason == "requested" => format!("{} ended its access", self.app(event)),
            Action::GrantRevoke => {
                format!("The access of {} ended because one of its tokens was reused", self.app(event))
            }
            other => self.workspace_words(other, event),
        }
    }

    /// The text of an action in a workspace; the others are only the operator's, or an app's.
    fn workspace_words(&self, action: Action, event: &Event) -> String {
        let reason = event.details.reason.as_deref().unwrap_or_default();
        match action {
            Action::WorkspaceSignIn => format!("You signed in to {}", self.workspace(event)),
            Action::WorkspaceSignOut if reason == "room" => {
                format!("Your oldest session in {} ended because you have too many", self.workspace(event))
            }
            Action::WorkspaceSignOut => format!("You signed out of {}", self.workspace(event)),
            Action::WorkspaceChange => format!("You changed the settings of {}", self.workspace(event)),
            Action::WorkspaceRotateSecret => format!("You rotated the secret of {}", self.workspace(event)),
            Action::MemberAdd => format!("You added a member to {}", self.workspace(event)),
            Action::MemberChange => format!("You changed a member of {}", self.workspace(event)),
            Action::MemberRemove => format!("You removed a member of {}", self.workspace(event)),
            Action::InvitationSend | Action::InvitationResend => {
                format!("You invited somebody to {}", self.workspace(event))
            }
            Action::InvitationAccept => format!("You joined {}", self.workspace(event)),
            Action::RoleCreate => format!("You created a role in {}", self.workspace(event)),
            Action::RoleChange => format!("You changed a role in {}", self.workspace(event)),
            Action::RoleRemove => format!("You removed a role of {}", self.workspace(event)),
            Action::ApiKeyCreate => format!("You created an API key in {}", self.workspace(event)),
            Action::ApiKeyDeactivate => format!("You deactivated an API key of {}", self.workspace(event)),
            Action::ApiKeyRemove => format!("You removed an API key of {}", self.workspace(event)),
            Action::MeritAppLink => format!("You let an app act for {}", self.workspace(event)),
            Action::MeritAppUnlink => format!("You ended the access of an app to {}", self.workspace(event)),
            Action::MeritTemplateChange => format!("You changed what {} issues", self.workspace(event)),
            Action::MeritSend => format!("You sent merits for {}", self.workspace(event)),
            Action::MeritApprove => format!("You approved a merit of {}", self.workspace(event)),
            Action::MeritEdit => format!("You edited a merit of {}", self.workspace(event)),
            Action::MeritRevoke => format!("You revoked a merit of {}", self.workspace(event)),
            Action::MeritTransfer => format!("You transferred a merit of {}", self.workspace(event)),
            Action::MeritAnswer => match reason {
                "Accepted" => format!("You accepted a merit of {}", self.workspace(event)),
                "Rejected" => format!("You rejected a merit of {}", self.workspace(event)),
                "Reported" => format!("You reported a merit of {}", self.workspace(event)),
                "Forfeited" => format!("You gave up a merit of {}", self.workspace(event)),
                "Public" => format!("You made a merit of {} public", self.workspace(event)),
                "Hidden" => format!("You hid a merit of {}", self.workspace(event)),
                _ => "You handed merits over to another account".to_owned(),
            },
            Action::MeritRotateKey => {
                format!("You changed the key that signs credentials of {}", self.workspace(event))
            }
            Action::MeritAccessGive => format!("You let an app of {} see merits", self.workspace(event)),
            Action::MeritAccessEnd => {
                format!("You ended the access of an app of {} to your merits", self.workspace(event))
            }
            _ => event.action.clone(),
        }
    }
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
