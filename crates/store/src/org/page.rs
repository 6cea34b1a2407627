//! What a page of a workspace shows, read at once.

use std::collections::HashMap;

use sigma_core::ids::{ApiKeyId, OrgId, RoleId, UserId};
use sigma_core::org::Role;

use crate::org::api_key::{self, ApiKey, Maker, MakerId};
use crate::org::membership::{self, Belonging, Member};
use crate::org::pagination::Page;
use crate::org::role::{self, RoleSummary};
use crate::{StoreError, Tx};

/// The members of a workspace, with the names of its roles.
#[derive(Clone, Debug)]
pub struct People {
    /// Members; of a search, whom it found. The total is that of the workspace.
    pub members: Page<Member>,
    /// The names of the roles.
    pub roles: HashMap<RoleId, String>,
}

/// At most `limit` members after the first `offset`, or the one with the address `searched` (folded).
pub fn people(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    searched: Option<&str>,
    offset: u64,
    limit: u32,
) -> Result<People, StoreError> {
    let roles = role::all_summaries(tx, org_id)?.into_iter().map(|role| (role.id, role.name)).collect();
    let mut members = membership::list(tx, org_id, offset, limit)?;
    if let Some(folded) = searched {
        members.items = membership::find_by_email(tx, org_id, folded)?.into_iter().collect();
    }
    Ok(People { members, roles })
}

/// A member, and what an admin can change about them.
#[derive(Clone, Debug)]
pub struct MemberDetails {
    /// The member.
    pub member: Member,
    /// Their role.
    pub role: Option<Role>,
    /// All roles.
    pub roles: Vec<RoleSummary>,
    /// How many active API keys they created.
    pub api_keys: u64,
}

/// The member of that id, or of the invitation of that id.
pub fn member(tx: &mut dyn Tx, org_id: &OrgId, user_id: &UserId) -> Result<Option<MemberDetails>, StoreError> {
    let Some(member) = membership::find_accepted(tx, org_id, user_id)? else { return Ok(None) };
    let role = role::find(tx, org_id, &member.role_id)?;
    let api_keys = api_key::count_made_by(tx, org_id, &member.user_id)?;
    Ok(Some(MemberDetails { member, role, roles: role::all_summaries(tx, org_id)?, api_keys }))
}

/// An API key and its creator.
#[derive(Clone, Debug)]
pub struct ApiKeyDetails {
    /// The key.
    pub key: ApiKey,
    /// Whether a member created it who is no longer one.
    pub maker_has_left: bool,
}

/// The API key of that id.
pub fn api_key(tx: &mut dyn Tx, org_id: &OrgId, id: &ApiKeyId) -> Result<Option<ApiKeyDetails>, StoreError> {
    let Some(key) = api_key::find(tx, org_id, id)? else { return Ok(None) };
    let maker_has_left = match &key.made_by {
        Some(Maker { id: MakerId::User(user_id), .. }) => membership::find(tx, org_id, user_id)?.is_none(),
        _ => false,
    };
    Ok(Some(ApiKeyDetails { key, maker_has_left }))
}

/// The workspaces of a user, with the names of their roles.
pub fn workspaces(tx: &mut dyn Tx, user_id: &UserId) -> Result<Vec<(Belonging, String)>, StoreError> {
    let belongings = membership::of_person(tx, user_id)?;
    let with_role = |one: Belonging| {
        let role = role::find_name(tx, &one.org_id, &one.role_id)?;
        Ok((one, role.unwrap_or_default()))
    };
    belongings.into_iter().map(with_role).collect()
}
