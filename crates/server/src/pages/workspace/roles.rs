//! `/workspace/{id}/roles`: what each role may.

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::routing::get;
use sigma_core::authorize::Params;
use sigma_core::workspace::{Right, Role};
use sigma_store::workspace::role;

use super::outcome::{Done, Instead};
use super::switch_lines;
use super::visit::{Visit, failed};
use crate::pages::view::PageContext;
use crate::pages::view::workspace::{RoleLine, Roles, Tab};
use crate::state::Sigma;

/// The routes of this page.
pub fn router() -> Router<Sigma> {
    Router::new().route("/workspace/{workspace}/roles", get(roles))
}

async fn roles(State(sigma): State<Sigma>, visit: Visit, RawQuery(query): RawQuery) -> Result<Response, Instead> {
    let notice = Done::told_by(&Params::parse(query.as_deref().unwrap_or_default()));
    let org_id = visit.org_id();
    let roles = sigma.store.read(move |tx| role::list(tx, &org_id)).await.map_err(failed)?;
    let view = Roles { roles: roles.into_iter().map(line).collect(), may_make: visit.authority().may(Right::Roles) };
    Ok(view.render(&visit.frame(Tab::Roles, notice), &PageContext { issuer: sigma.issuer() }))
}

fn line(role: Role) -> RoleLine {
    RoleLine {
        id: role.id.to_string(),
        name: role.name,
        description: role.description,
        switches: switch_lines(&role.permissions, None),
        schemas: role.permissions.schemas.len(),
        catalogs: role.permissions.catalogs.len(),
    }
}
