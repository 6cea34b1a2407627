//! `/workspace/{id}/people/invite`: inviting somebody; `/workspace/{id}/people/{user}/invitation`: resending it.

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use sigma_core::email::Email;
use sigma_core::ids::RoleId;
use sigma_core::org::{Right, text};
use sigma_store::org::role;
use sigma_store::{Tx, invitation};

use super::form::Form;
use super::member_session::MemberSession;
use super::outcome::{Done, PageError, Refused, text_problem};
use super::person::{Named, reported, role_options};
use crate::error::WorkspaceError;
use crate::invitations::{self, Invitee};
use crate::pages::view::{InviteForm, Notice, RoleOption, Tab};
use sigma_platform::http::{Endpoint, RequestContext};
use sigma_platform::i18n::Language;
use sigma_platform::pages::policy::{FORM, PAGE};
use sigma_platform::state::AppState;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 3] {
    [
        Endpoint::get(PAGE, "/workspace/{workspace}/people/invite", show),
        Endpoint::post(FORM, "/workspace/{workspace}/people/invite", invite),
        Endpoint::post(FORM, "/workspace/{workspace}/people/{user}/invitation", send_again),
    ]
}

/// An invitation as entered.
#[derive(Default)]
struct Entered {
    email: String,
    name: String,
    role: Option<RoleId>,
    app: String,
}

impl Entered {
    /// What is wrong with it, in words.
    fn problem(&self, language: Language) -> Option<String> {
        if Email::parse(&self.email).is_err() {
            return Some(language.text("workspace-invite-bad-email").to_string());
        }
        text::name(&self.name).err().map(|problem| text_problem(language, "name", problem).to_string())
    }
}

async fn show(State(sigma): State<AppState>, session: MemberSession) -> Result<Response, PageError> {
    session.require(&sigma, Right::Users)?;
    page(&sigma, &session, Entered::default(), StatusCode::OK, None).await
}

async fn invite(
    State(sigma): State<AppState>,
    context: RequestContext,
    session: MemberSession,
    form: Form,
) -> Result<Response, PageError> {
    session.require(&sigma, Right::Users)?;
    let role = form.0.get("role").map(RoleId::from_text);
    let entered = Entered { email: form.text("email"), name: form.text("name"), role, app: form.text("app") };
    let refused = match (entered.problem(session.language), &entered.role) {
        (Some(words), _) => unsent(&session, words),
        (None, None) => unsent(&session, session.text("workspace-invite-no-role").to_string()),
        (None, Some(role_id)) => {
            let app = Some(entered.app.as_str()).filter(|app| !app.is_empty());
            let invitee = Invitee { email: &entered.email, name: &entered.name, role_id: role_id.clone(), app };
            match invitations::invite(&sigma, &context, &session.org_id(), session.actor(), invitee).await {
                Ok(_) => return Ok(Done::Invited.at(&session.path("people"))),
                Err(error) => refusal(&session, error)?,
            }
        }
    };
    page(&sigma, &session, entered, refused.status, Some(refused.notice)).await
}

async fn send_again(
    State(sigma): State<AppState>,
    context: RequestContext,
    session: MemberSession,
    Path(named): Path<Named>,
) -> Result<Response, PageError> {
    match invitations::send_again(&sigma, &context, &session.org_id(), session.actor(), named.id()).await {
        Ok(()) => Ok(Done::Invited.at(&session.path(&format!("people/{}", named.id())))),
        Err(error) => reported(&sigma, &session, &named.id(), refusal(&session, error)?).await,
    }
}

/// The page's text for an error; transient errors are answered as they are.
fn refusal(session: &MemberSession, error: WorkspaceError) -> Result<Refused, PageError> {
    match error {
        WorkspaceError::Invalid(words) => Ok(unsent(session, words.into_owned())),
        WorkspaceError::Refused(refusal) => Refused::of(session.language, &refusal),
        error => Err(PageError::of(error)),
    }
}

fn unsent(session: &MemberSession, words: String) -> Refused {
    Refused::invalid(&session.text("workspace-invite-refused").with("reason", words))
}

async fn page(
    sigma: &AppState,
    session: &MemberSession,
    entered: Entered,
    status: StatusCode,
    notice: Option<Notice>,
) -> Result<Response, PageError> {
    let org_id = session.org_id();
    let read = move |tx: &mut dyn Tx| Ok((role::all_summaries(tx, &org_id)?, invitation::list_apps(tx, &org_id)?));
    let (roles, app_ids) = sigma.store.read(read).await?;
    let mut apps = Vec::new();
    for id in app_ids {
        if let Some(app) = sigma.find_app(&id).await?.filter(|app| app.start_url(sigma.issuer()).is_some()) {
            let selected = entered.app == app.id.as_str();
            apps.push(RoleOption { id: app.id.to_string(), name: app.name.clone(), selected });
        }
    }
    // The role with the fewest permissions is preselected.
    let weakest = roles.iter().find(|role| !role.switches.manage_anything()).map(|role| &role.id);
    let roles = role_options(session, &roles, entered.role.as_ref().or(weakest));
    let view = InviteForm { email: entered.email, name: entered.name, roles, apps };
    Ok(view.render(status, &session.frame(Tab::People, notice), &session.page(sigma)))
}
