//! `/console/orgs/{id}/directories`: the directories that provision the people of an org, and connecting one.

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use secrecy::SecretString;
use sigma_core::ids::OrgId;
use sigma_core::interaction::OrgAccess;
use sigma_core::operator::OperatorRefusal;
use sigma_core::org::text;
use sigma_core::params::Params;
use sigma_platform::http::Endpoint;
use sigma_platform::pages::policy::{FORM, PAGE};
use sigma_platform::state::AppState;
use sigma_store::Tx;
use sigma_store::operator::directories::{self, DirectoryLine};
use sigma_store::operator::orgs;
use sigma_store::org::role::{self, RoleSummary};

use super::org_part::{changed, org, part};
use super::{apart, field};
use crate::operator::Operator;
use crate::org_access::{new_directory, scim_url};
use crate::outcome::{Notice, PageError};
use crate::view::{DirectoryEntered, DirectoryRow, OrgDirectoriesPage, Tab, Wrong};

const ACCESS: OrgAccess = OrgAccess::Directories;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [
        Endpoint::get(PAGE, "/console/orgs/{id}/directories", show),
        Endpoint::post(FORM, "/console/orgs/{id}/directories", connect),
    ]
}

/// What the page shows beside the directories.
#[derive(Default)]
struct Beside {
    notice: Option<Notice>,
    wrong: Wrong,
    entered: Entered,
    fresh: Option<SecretString>,
}

/// A directory as entered.
#[derive(Default)]
struct Entered {
    name: String,
    role: String,
    maps_roles: bool,
}

async fn show(
    State(sigma): State<AppState>,
    operator: Operator,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let notice = operator.reported(query.as_deref());
    draw(&sigma, &operator, &org(&id)?, StatusCode::OK, Beside { notice, ..Beside::default() }).await
}

async fn draw(
    sigma: &AppState,
    operator: &Operator,
    id: &OrgId,
    status: StatusCode,
    beside: Beside,
) -> Result<Response, PageError> {
    let (caller, wanted) = (operator.caller(), id.clone());
    let read = operator.read(sigma, move |tx| {
        let org = orgs::find(tx, &caller, &wanted)?;
        Ok((org, directories::list(tx, &caller, &wanted)?, role::all_summaries(tx, &wanted)?))
    });
    let (org, found, roles) = read.await?;
    let (part, confirmation) = part(sigma, operator, &org, ACCESS)?;
    let Entered { name, role, maps_roles } = beside.entered;
    let view = OrgDirectoriesPage {
        part,
        url: scim_url(sigma),
        directories: found.iter().map(|line| row(line, name_of(&roles, line))).collect(),
        is_provisioned: *id != OrgId::operator(),
        entered: DirectoryEntered { name, roles: choices(&roles, &role), maps_roles },
        wrong: beside.wrong,
        fresh: beside.fresh,
    };
    let page = view.render(status, &operator.frame(Tab::Orgs, beside.notice), &operator.page(sigma));
    Ok(confirmation.with(page))
}

fn name_of(roles: &[RoleSummary], line: &DirectoryLine) -> String {
    let found = roles.iter().find(|role| role.id == line.connection.role_id);
    found.map(|role| role.name.clone()).unwrap_or_default()
}

/// The roles to choose from; the one that manages nothing, if none was chosen.
fn choices(roles: &[RoleSummary], chosen: &str) -> Vec<(String, String, bool)> {
    let usual = roles.iter().find(|role| !role.switches.manage_anything()).map(|role| role.id.as_str());
    let chosen = Some(chosen).filter(|chosen| !chosen.is_empty()).or(usual);
    let choice = |role: &RoleSummary| (role.id.to_string(), role.name.clone(), Some(role.id.as_str()) == chosen);
    roles.iter().map(choice).collect()
}

/// A directory, as the pages show it; `role` is the name of its role.
pub fn row(line: &DirectoryLine, role: String) -> DirectoryRow {
    let connection = &line.connection;
    DirectoryRow {
        id: connection.id.to_string(),
        name: connection.name.clone(),
        role,
        maps_roles: connection.maps_roles,
        created_at: connection.created_at,
        rotated_at: connection.rotated_at,
        used_at: connection.last_used_at,
        maker: line.maker.as_ref().map(|maker| maker.name.clone()),
        maker_left: line.maker.as_ref().is_some_and(|maker| !maker.may_still),
    }
}

async fn connect(
    State(sigma): State<AppState>,
    operator: Operator,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, PageError> {
    let id = changed(&sigma, &operator, &id, ACCESS)?;
    let form = Params::parse_form(&body);
    let entered = Entered {
        name: field(&form, "name"),
        role: field(&form, "role"),
        maps_roles: form.get("maps_roles").is_some(),
    };
    let refused = async |status, wrong: Wrong, notice, entered| {
        draw(&sigma, &operator, &id, status, Beside { notice, wrong, entered, fresh: None }).await
    };
    let Ok(name) = text::name(&entered.name) else {
        let wrong = Wrong::at("name", operator.text("console-problem-name"));
        return refused(StatusCode::BAD_REQUEST, wrong.clone(), wrong.notice(), entered).await;
    };
    let (new, token) = new_directory(&sigma, name, entered.maps_roles);
    let (caller, org_id, role, now) = (operator.caller(), id.clone(), entered.role.clone(), sigma.now());
    let add = move |tx: &mut dyn Tx| {
        apart(directories::add(tx, &caller, &org_id, (new.clone(), &role), now), &[OperatorRefusal::NoRole])
    };
    match operator.act(&sigma, add).await? {
        Ok(Ok(_)) => {
            let beside = Beside { fresh: Some(token.expose().into()), ..Beside::default() };
            draw(&sigma, &operator, &id, StatusCode::CREATED, beside).await
        }
        Ok(Err(_)) => {
            let wrong = Wrong::at("role", operator.text("console-refused-no-role"));
            refused(StatusCode::CONFLICT, wrong.clone(), wrong.notice(), entered).await
        }
        Err(notice) => refused(StatusCode::CONFLICT, Wrong::default(), Some(notice), entered).await,
    }
}
