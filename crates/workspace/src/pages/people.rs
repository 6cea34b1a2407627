//! `/workspace/{id}/people`: the members of the workspace.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use sigma_core::email;
use sigma_core::org::Right;
use sigma_core::params::Params;
use sigma_store::org::membership::{Member, State as MemberState};
use sigma_store::org::page;

use super::member_session::MemberSession;
use super::outcome::{Done, PageError};
use crate::pages::view::{MemberLine, MemberStatus, Paging, People, Tab};
use sigma_platform::http::Endpoint;
use sigma_platform::pages::policy::PAGE;
use sigma_platform::state::AppState;

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
    let found = sigma.store.read(move |tx| page::people(tx, &org_id, folded.as_deref(), offset, LIMIT)).await?;
    let line = |member: &Member| MemberLine {
        user_id: member.user_id.to_string(),
        name: member.name.clone(),
        email: member.email.clone(),
        role: found.roles.get(&member.role_id).cloned().unwrap_or_default(),
        status: status(member.state),
        quick_login: member.quick_login,
        is_self: member.user_id == session.member.user_id,
        created_at: member.created_at,
    };
    let view = People {
        search,
        people: found.members.items.iter().map(line).collect(),
        paging: Paging { offset, limit: u64::from(LIMIT), total: found.members.total },
    };
    Ok(view.render(&session.frame(Tab::People, Done::reported_by(&query, session.language)), &session.page(&sigma)))
}

/// The state of a membership, as pages show it.
pub const fn status(state: MemberState) -> MemberStatus {
    match state {
        MemberState::Invited => MemberStatus::Invited,
        MemberState::Active => MemberStatus::Active,
        MemberState::Inactive => MemberStatus::Inactive,
    }
}
