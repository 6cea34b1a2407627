//! `/workspace/{id}/roles/new` and `/workspace/{id}/roles/{role}`: creating, changing and deleting a role.

use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use sigma_core::ids::RoleId;
use sigma_core::org::{Right, Role, RolePermissions};
use sigma_store::org::api_key::MadeKeys;
use sigma_store::org::role;

use super::form::Form;
use super::member_session::MemberSession;
use super::outcome::{Done, PageError, Refused};
use super::role_form::Entered;
use super::switch_lines;
use crate::pages::view::{Editing, Notice, RoleForm, Tab};
use sigma_platform::http::policy::BodyLimit;
use sigma_platform::http::{Endpoint, Policy};
use sigma_platform::pages::not_found;
use sigma_platform::pages::policy::{FORM, PAGE};
use sigma_platform::state::AppState;

/// Most rules of a role that its page shows. The API has no such limit except the size of a role.
const MOST_LINES: usize = 1_000;

/// The form has a line for each attribute of many schemas.
const ROLE_FORM: Policy = Policy { body: BodyLimit::Large, ..FORM };

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 5] {
    [
        Endpoint::get(PAGE, "/workspace/{workspace}/roles/new", new),
        Endpoint::post(ROLE_FORM, "/workspace/{workspace}/roles/new", add),
        Endpoint::get(PAGE, "/workspace/{workspace}/roles/{role}", show),
        Endpoint::post(ROLE_FORM, "/workspace/{workspace}/roles/{role}", replace),
        Endpoint::post(FORM, "/workspace/{workspace}/roles/{role}/delete", delete),
    ]
}

#[derive(Deserialize)]
struct Named {
    role: String,
}

impl Named {
    fn id(&self) -> RoleId {
        RoleId::from_text(self.role.as_str())
    }
}

/// What the form does.
#[derive(Clone, Copy)]
enum Subject<'r> {
    New,
    Known(&'r Role),
}

async fn new(State(sigma): State<AppState>, session: MemberSession) -> Result<Response, PageError> {
    session.require(&sigma, Right::Roles)?;
    let page = Page { subject: Subject::New, status: StatusCode::OK, notice: None, more: 0 };
    Ok(page.render(&sigma, &session, Entered::default()))
}

async fn add(State(sigma): State<AppState>, session: MemberSession, form: Form) -> Result<Response, PageError> {
    session.require(&sigma, Right::Roles)?;
    let (entered, subject) = (Entered::read(&form), Subject::New);
    if wants_more_lines(&form) {
        return Ok(Page { subject, status: StatusCode::OK, notice: None, more: 3 }.render(&sigma, &session, entered));
    }
    let draft = match entered.draft(session.language) {
        Ok(draft) => draft,
        Err(words) => return Ok(Page::refused(subject, unsaved(&session, words)).render(&sigma, &session, entered)),
    };
    let (org_id, actor, now) = (session.org_id(), session.actor(), sigma.now());
    let id = RoleId::new(now, &*sigma.rng);
    match session.act(&sigma, move |tx| role::add(tx, &org_id, &actor, &id, &draft, now)).await? {
        Ok(_) => Ok(Done::RoleMade.at(&session.path("roles"))),
        Err(refused) => Ok(Page::refused(subject, refused).render(&sigma, &session, entered)),
    }
}

async fn show(
    State(sigma): State<AppState>,
    session: MemberSession,
    Path(named): Path<Named>,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let notice = session.reported(query.as_deref());
    let role = load(&sigma, &session, named.id()).await?;
    let page = Page { subject: Subject::Known(&role), status: StatusCode::OK, notice, more: 0 };
    Ok(page.render(&sigma, &session, Entered::of(&role)))
}

async fn replace(
    State(sigma): State<AppState>,
    session: MemberSession,
    Path(named): Path<Named>,
    form: Form,
) -> Result<Response, PageError> {
    let role = load(&sigma, &session, named.id()).await?;
    let (entered, subject) = (Entered::read(&form), Subject::Known(&role));
    if wants_more_lines(&form) {
        return Ok(Page { subject, status: StatusCode::OK, notice: None, more: 3 }.render(&sigma, &session, entered));
    }
    let draft = match entered.draft(session.language) {
        Ok(draft) => draft,
        Err(words) => return Ok(Page::refused(subject, unsaved(&session, words)).render(&sigma, &session, entered)),
    };
    let keys = if form.is_checked("keep_keys") { MadeKeys::Keep } else { MadeKeys::Deactivate };
    let (org_id, actor, id, now) = (session.org_id(), session.actor(), named.id(), sigma.now());
    match session.act(&sigma, move |tx| role::replace(tx, &org_id, &actor, &id, &draft, keys, now)).await? {
        Ok(_) => Ok(Done::Saved.at(&session.path("roles"))),
        Err(refused) => Ok(Page::refused(subject, refused).render(&sigma, &session, entered)),
    }
}

async fn delete(
    State(sigma): State<AppState>,
    session: MemberSession,
    Path(named): Path<Named>,
) -> Result<Response, PageError> {
    let (org_id, actor, id, now) = (session.org_id(), session.actor(), named.id(), sigma.now());
    match session.act(&sigma, move |tx| role::remove(tx, &org_id, &actor, &id, now)).await? {
        Ok(()) => Ok(Done::Deleted.at(&session.path("roles"))),
        Err(refused) => {
            let role = load(&sigma, &session, named.id()).await?;
            Ok(Page::refused(Subject::Known(&role), refused).render(&sigma, &session, Entered::of(&role)))
        }
    }
}

async fn load(sigma: &AppState, session: &MemberSession, id: RoleId) -> Result<Role, PageError> {
    let org_id = session.org_id();
    let role = sigma.store.read(move |tx| role::find(tx, &org_id, &id)).await?;
    role.ok_or_else(|| not_found().into())
}

fn wants_more_lines(form: &Form) -> bool {
    form.0.get("then") == Some("more")
}

fn unsaved(session: &MemberSession, words: String) -> Refused {
    Refused::invalid(&session.text("workspace-role-refused").with("reason", words))
}

/// The form, and the outcome of submitting it.
struct Page<'r> {
    subject: Subject<'r>,
    status: StatusCode,
    notice: Option<Notice>,
    /// Further empty lines.
    more: usize,
}

impl<'r> Page<'r> {
    fn refused(subject: Subject<'r>, refused: Refused) -> Self {
        Self { subject, status: refused.status, notice: Some(refused.notice), more: 0 }
    }

    fn render(self, sigma: &AppState, session: &MemberSession, mut entered: Entered) -> Response {
        let own = &session.role.permissions;
        let fits = entered.lines() <= MOST_LINES;
        if !fits {
            (entered.schemas, entered.catalogs) = (Vec::new(), Vec::new());
        }
        let editing = match self.subject {
            _ if !session.authority().may(Right::Roles) => {
                Editing::Locked(session.text("workspace-role-locked").to_string())
            }
            Subject::Known(role) if !own.covers(&role.permissions) => {
                Editing::Locked(session.text("workspace-role-beyond").to_string())
            }
            _ if !fits => Editing::Locked(session.text("workspace-role-too-long").to_string()),
            _ => Editing::Open,
        };
        let switches = RolePermissions { switches: entered.switches, ..RolePermissions::default() };
        let form = RoleForm {
            id: if let Subject::Known(role) = self.subject { Some(role.id.to_string()) } else { None },
            name: entered.name,
            description: entered.description,
            switches: switch_lines(&switches, Some(own)),
            schemas: entered.schemas,
            catalogs: entered.catalogs,
            names: entered.names,
            editing: editing.clone(),
        };
        let form = if matches!(editing, Editing::Open) { form.with_empty_lines(self.more) } else { form };
        form.render(self.status, &session.frame(Tab::Roles, self.notice), &session.page(sigma))
    }
}
