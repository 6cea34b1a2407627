//! `/account/activity`: what a person did lately, and what was done to their account, in plain words.

use std::collections::HashMap;

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use sigma_core::actor::Actor;
use sigma_core::event::{Action, Event};
use sigma_core::time::Timestamp;

use super::csp::ContentSecurityPolicy;
use super::{PageContext, device, moment, page};

/// A page of a person's recent activity.
#[derive(Clone, Debug)]
pub struct Activity {
    /// What happened, the newest first.
    pub lines: Vec<ActivityLine>,
    /// Where the next page is.
    pub older: Option<String>,
    /// It is the first page.
    pub is_latest: bool,
}

/// Something that happened.
#[derive(Clone, Debug)]
pub struct ActivityLine {
    /// What, in words.
    pub what: String,
    /// How often within a minute.
    pub times: u64,
    /// When.
    pub at: Timestamp,
    /// The browser of whoever did it, as it came.
    pub user_agent: Option<String>,
    /// Their network address.
    pub address: Option<String>,
}

/// What apps and workspaces are called, by their ids; nothing for those that are gone.
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

    /// From where, in a few words.
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
        let id = event.details.app.as_ref().map(sigma_core::ids::ClientId::as_str).or(target).unwrap_or_default();
        self.apps.get(id).cloned().flatten().unwrap_or_else(|| id.to_owned())
    }

    fn workspace(&self, event: &Event) -> String {
        let id = event.org_id.as_ref().map(sigma_core::ids::OrgId::as_str).unwrap_or_default();
        self.orgs.get(id).cloned().flatten().unwrap_or_else(|| "a workspace that was removed".to_owned())
    }

    /// What happened, as its person reads it.
    pub fn words(&self, event: &Event) -> String {
        let Some(action) = Action::parse(&event.action) else { return event.action.clone() };
        let by_operator = event.actor == Actor::Operator;
        let method = event.details.method.as_deref().unwrap_or_default();
        let reason = event.details.reason.as_deref().unwrap_or_default();
        let credential = if method == "key" { "key" } else { "password" };
        let operator_or = |operator: &str, person: &str| (if by_operator { operator } else { person }).to_owned();
        match action {
            Action::UserSignIn if method == "password" => "You signed in with your password".to_owned(),
            Action::UserSignIn if method == "key" => "You signed in with your key".to_owned(),
            Action::UserSignIn => "You signed in".to_owned(),
            Action::UserSignInFailed => "Somebody failed to sign in to your account".to_owned(),
            Action::UserSignUp => "You created this account".to_owned(),
            Action::UserCreate => "The operator of this server created this account".to_owned(),
            Action::UserDisable => "The operator of this server switched your account off".to_owned(),
            Action::UserEnable => "The operator of this server switched your account on".to_owned(),
            Action::SessionEnd if reason == "replaced" => {
                "A browser was signed out because somebody else signed in there".to_owned()
            }
            Action::SessionEnd => operator_or("The operator of this server signed out a browser", "You signed out"),
            Action::SessionEndAll => operator_or(
                "The operator of this server signed you out everywhere",
                "You signed out your other browsers",
            ),
            Action::CredentialAdd => operator_or(
                &format!("The operator of this server set a {credential}"),
                &format!("You added a {credential}"),
            ),
            Action::CredentialChange => operator_or(
                &format!("The operator of this server changed your {credential}"),
                &format!("You changed your {credential}"),
            ),
            Action::CredentialRemove => operator_or(
                &format!("The operator of this server removed a {credential}"),
                &format!("You removed a {credential}"),
            ),
            Action::CredentialResetLink => operator_or(
                "The operator of this server made a link to set a new password",
                "Somebody asked for a link to set a new password",
            ),
            Action::IdentityClaim => "You added an identity".to_owned(),
            Action::IdentityLose => "Another account proved that it holds one of your identities".to_owned(),
            Action::ConsentGive => format!("You allowed {} to use your account", self.app(event)),
            Action::ConsentWithdraw => format!("You took back what you had allowed {}", self.app(event)),
            Action::GrantRevoke if reason == "requested" => format!("{} gave back its access", self.app(event)),
            Action::GrantRevoke => {
                format!("The access of {} was ended because one of its tokens was used twice", self.app(event))
            }
            Action::WorkspaceSignIn => format!("You signed in to {}", self.workspace(event)),
            Action::WorkspaceSignOut => format!("You signed out of {}", self.workspace(event)),
            Action::WorkspaceChange => format!("You changed the settings of {}", self.workspace(event)),
            Action::WorkspaceRotateSecret => format!("You replaced the secret of {}", self.workspace(event)),
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
            Action::ApiKeyDeactivate => format!("You switched off an API key of {}", self.workspace(event)),
            Action::ApiKeyRemove => format!("You removed an API key of {}", self.workspace(event)),
            // The operator's alone, or an app's.
            Action::TokenRevoke
            | Action::AppCreate
            | Action::AppChange
            | Action::AppRemove
            | Action::ResourceCreate
            | Action::ResourceChange
            | Action::ResourceRemove
            | Action::SigningKeyCreate
            | Action::SigningKeyRetire
            | Action::SigningKeyRemove
            | Action::WorkspaceCreate
            | Action::WorkspaceRemove => event.action.clone(),
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
