//! `/org/{org}/directories`: the directories that provision the people of the org, and connecting one.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use secrecy::SecretString;
use sigma_core::ids::{RoleId, ScimConnectionId};
use sigma_core::interaction::OrgSection;
use sigma_core::org::text;
use sigma_core::params::Params;
use sigma_core::scim::ScimToken;
use sigma_platform::http::Endpoint;
use sigma_platform::pages::policy::{FORM, PAGE};
use sigma_platform::paths::SCIM_PATH;
use sigma_platform::state::AppState;
use sigma_store::org::role;
use sigma_store::scim::connection::{self, Connection, NewConnection, OldToken};
use sigma_store::scim::maker::{self, Maker};

use super::OrgAdmin;
use super::recent::{Confirmation, require};
use crate::pages::form::Form;
use crate::pages::outcome::{Done, PageError};
use crate::pages::view::{Choice, ConnectionLine, DirectoriesPage, Notice, Tab, TokenPage};

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::get(PAGE, "/org/{org}/directories", show), Endpoint::post(FORM, "/org/{org}/directories", add)]
}

/// A connection as entered.
#[derive(Default)]
struct Entered {
    name: String,
    role: Option<RoleId>,
    maps_roles: bool,
}

async fn show(
    State(sigma): State<AppState>,
    admin: OrgAdmin,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = Params::parse(query.as_deref().unwrap_or_default());
    let notice = Done::reported_by(&query, admin.language);
    page(&sigma, &admin, Entered::default(), StatusCode::OK, notice).await
}

async fn add(State(sigma): State<AppState>, admin: OrgAdmin, form: Form) -> Result<Response, PageError> {
    require(&sigma, &admin, OrgSection::Directories).await?;
    let role = form.0.get("role").map(RoleId::from_text);
    let entered = Entered { name: form.text("name"), role, maps_roles: form.is_checked("maps_roles") };
    let (Ok(name), Some(role_id)) = (text::name(&entered.name), entered.role.clone()) else {
        let notice = Notice::Refused(admin.text("scim-name-refused"));
        return page(&sigma, &admin, entered, StatusCode::BAD_REQUEST, Some(notice)).await;
    };
    let now = sigma.now();
    let token = ScimToken::generate(&*sigma.rng);
    let new = NewConnection {
        id: ScimConnectionId::new(now, &*sigma.rng),
        name,
        role_id,
        maps_roles: entered.maps_roles,
        hash: token.digest(),
    };
    let (org_id, actor) = (admin.org.id.clone(), admin.actor());
    let made = admin.manage(&sigma, move |tx| connection::add(tx, &org_id, &actor, &new, now)).await?;
    if let Ok(made) = made {
        return Ok(token_page(&sigma, &admin, made.name, &token, None));
    }
    let notice = Notice::Refused(admin.text("scim-refused"));
    page(&sigma, &admin, entered, StatusCode::CONFLICT, Some(notice)).await
}

/// The page that shows a token, only this once.
pub fn token_page(
    sigma: &AppState,
    admin: &OrgAdmin,
    name: String,
    token: &ScimToken,
    old: Option<OldToken>,
) -> Response {
    let view = TokenPage { url: url(sigma), name, token: SecretString::from(token.expose()), old };
    view.render(StatusCode::OK, &admin.frame(Tab::Directories, None), &admin.page(sigma))
}

/// The address of the service.
pub fn url(sigma: &AppState) -> String {
    format!("{}{SCIM_PATH}", sigma.settings.issuer)
}

/// A connection, as pages show it.
pub fn line(connection: &Connection, maker: Option<Maker>, role: Option<String>) -> ConnectionLine {
    ConnectionLine {
        id: connection.id.to_string(),
        name: connection.name.clone(),
        role: role.unwrap_or_default(),
        maps_roles: connection.maps_roles,
        created_at: connection.created_at,
        last_used_at: connection.last_used_at,
        maker,
    }
}

async fn page(
    sigma: &AppState,
    admin: &OrgAdmin,
    entered: Entered,
    status: StatusCode,
    notice: Option<Notice>,
) -> Result<Response, PageError> {
    let org_id = admin.org.id.clone();
    let read = move |tx: &mut dyn sigma_store::Tx| {
        let mut connections = Vec::new();
        for connection in connection::list(tx, &org_id)? {
            let maker = maker::find(tx, &connection)?;
            connections.push((connection, maker));
        }
        Ok((connections, role::all_summaries(tx, &org_id)?))
    };
    let (connections, roles) = sigma.store.read(read).await?;
    let name_of = |id: &RoleId| roles.iter().find(|role| role.id == *id).map(|role| role.name.clone());
    let connections = connections.iter().map(|(one, maker)| line(one, maker.clone(), name_of(&one.role_id))).collect();
    // The role with the fewest permissions is preselected.
    let weakest = roles.iter().find(|role| !role.switches.manage_anything()).map(|role| &role.id);
    let chosen = entered.role.as_ref().or(weakest);
    let options = roles.iter().map(|role| Choice {
        value: role.id.to_string(),
        label: role.name.clone(),
        selected: Some(&role.id) == chosen,
    });
    let confirmation = Confirmation::of(sigma, admin, OrgSection::Directories).await?;
    let view = DirectoriesPage {
        url: url(sigma),
        connections,
        name: entered.name,
        roles: options.collect(),
        maps_roles: entered.maps_roles,
        confirm_url: confirmation.url(),
    };
    let page = view.render(status, &admin.frame(Tab::Directories, notice), &admin.page(sigma));
    Ok(confirmation.with(page))
}
