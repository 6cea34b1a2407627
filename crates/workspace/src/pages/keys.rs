//! `/workspace/{id}/keys`: the API keys of the workspace.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use sigma_core::org::Right;
use sigma_core::params::Params;
use sigma_core::time::Timestamp;
use sigma_store::org::api_key::{self, ApiKey};

use super::member_session::MemberSession;
use super::outcome::{Done, PageError};
use crate::pages::view::{KeyLine, KeyState, Keys, Paging, Tab};
use sigma_platform::http::Endpoint;
use sigma_platform::pages::policy::PAGE;
use sigma_platform::state::AppState;

/// Keys per page.
const LIMIT: u32 = 25;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::get(PAGE, "/workspace/{workspace}/keys", keys)
}

async fn keys(
    State(sigma): State<AppState>,
    session: MemberSession,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    session.require(&sigma, Right::ApiKeys)?;
    let query = Params::parse(query.as_deref().unwrap_or_default());
    let notice = Done::reported_by(&query, session.language);
    let offset = query.get("offset").and_then(|text| text.parse().ok()).unwrap_or(0);
    let (org_id, now) = (session.org_id(), sigma.now());
    let page = sigma.store.read(move |tx| api_key::page(tx, &org_id, offset, LIMIT)).await?;
    let view = Keys {
        keys: page.items.into_iter().map(|key| line(key, now)).collect(),
        paging: Paging { offset, limit: u64::from(LIMIT), total: page.total },
    };
    Ok(view.render(&session.frame(Tab::Keys, notice), &session.page(&sigma)))
}

/// A key, as pages show it.
pub fn line(key: ApiKey, now: Timestamp) -> KeyLine {
    let state = match key.active {
        true if key.works_at(now) => KeyState::Active,
        true => KeyState::Expired,
        false => KeyState::Deactivated,
    };
    KeyLine {
        id: key.id.to_string(),
        name: key.name,
        permissions: key.permissions.iter().map(|permission| permission.as_str().to_owned()).collect(),
        state,
        made_by: key.made_by.map(|maker| maker.name),
        created_at: key.created_at,
        last_used_at: key.last_used_at,
        expires_at: key.expires_at,
    }
}
