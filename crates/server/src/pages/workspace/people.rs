//! `/workspace/{id}/people`: the members of the workspace.

use std::collections::HashMap;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use sigma_core::email;
use sigma_core::ids::RoleId;
use sigma_core::params::Params;
use sigma_core::workspace::Right;
use sigma_store::workspace::membership::{self, Member, State as MemberState};
use sigma_store::workspace::{Page, role};

use super::member_session::MemberSession;
use super::outcome::{Done, PageError};
use crate::http::Endpoint;
use crate::pages::policy::PAGE;
use crate::pages::view::PageContext;
use crate::pages::view::workspace::{MemberLine, MemberStatus, Paging, People, Tab};
use crate::state::AppState;

/// Members per page.
const LIMIT: u32 = 50;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::get(PAGE, "/workspace/{workspace}/people", people)
}

async fn people(
    State(sigma): State<AppState>,
    session: MemberSession,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    session.require(&sigma, Right::Users)?;
    let query = Params::parse(query.as_deref().unwrap_or_default());
    let search = query.get("email").map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let offset = query.get("offset").and_then(|text| text.parse().ok()).unwrap_or(0);
    let (org_id, folded) = (session.org_id(), search.as_deref().map(email::fold));
    let load = sigma.store.read(move |tx| {
        let roles = role::all_summaries(tx, &org_id)?;
        let roles: HashMap<RoleId, String> = roles.into_iter().map(|role| (role.id, role.name)).collect();
        let page = membership::list(tx, &org_id, offset, LIMIT)?;
        let page = match &folded {
            Some(folded) => {
                let found = membership::find_by_email(tx, &org_id, folded)?;
                Page { items: found.into_iter().collect(), total: page.total }
            }
            None => page,
        };
        Ok((roles, page))
    });
    let (roles, page) = load.await?;
    let line = |member: &Member| MemberLine {
        user_id: member.user_id.to_string(),
        name: member.name.clone(),
        email: member.email.clone(),
        role: roles.get(&member.role_id).cloned().unwrap_or_default(),
        status: status(member.state),
        quick_login: member.quick_login,
        is_self: member.user_id == session.member.user_id,
        created_at: member.created_at,
    };
    let view = People {
        search,
        people: page.items.iter().map(line).collect(),
        paging: Paging { offset, limit: u64::from(LIMIT), total: page.total },
    };
    Ok(view.render(&session.frame(Tab::People, Done::told_by(&query)), &PageContext { issuer: sigma.issuer() }))
}

/// The state of a membership, as pages show it.
pub const fn status(state: MemberState) -> MemberStatus {
    match state {
        MemberState::Invited => MemberStatus::Invited,
        MemberState::Active => MemberStatus::Active,
        MemberState::Inactive => MemberStatus::Inactive,
    }
}
