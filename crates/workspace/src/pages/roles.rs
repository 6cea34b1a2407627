//! `/workspace/{id}/roles`: the permissions of each role.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use sigma_core::org::{Right, RolePermissions};
use sigma_core::params::Params;
use sigma_store::org::role::{self, RoleSummary};

use super::member_session::MemberSession;
use super::outcome::{Done, PageError};
use super::switch_lines;
use crate::pages::view::{Paging, RoleLine, Roles, Tab};
use sigma_platform::http::Endpoint;
use sigma_platform::pages::policy::PAGE;
use sigma_platform::state::AppState;

/// Roles per page.
const LIMIT: u32 = 25;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::get(PAGE, "/workspace/{workspace}/roles", roles)
}

async fn roles(
    State(sigma): State<AppState>,
    session: MemberSession,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = Params::parse(query.as_deref().unwrap_or_default());
    let notice = Done::reported_by(&query, session.language);
    let offset = query.get("offset").and_then(|text| text.parse().ok()).unwrap_or(0);
    let org_id = session.org_id();
    let page = sigma.store.read(move |tx| role::summaries(tx, &org_id, offset, LIMIT)).await?;
    let view = Roles {
        roles: page.items.into_iter().map(line).collect(),
        paging: Paging { offset, limit: u64::from(LIMIT), total: page.total },
        may_make: session.authority().may(Right::Roles),
    };
    Ok(view.render(&session.frame(Tab::Roles, notice), &session.page(&sigma)))
}

fn line(role: RoleSummary) -> RoleLine {
    let permissions = RolePermissions { switches: role.switches, ..RolePermissions::default() };
    RoleLine {
        id: role.id.to_string(),
        name: role.name,
        description: role.description,
        switches: switch_lines(&permissions, None),
        schemas: role.schemas,
        catalogs: role.catalogs,
    }
}
