//! Groups that directories provision.

use std::collections::BTreeSet;

use sigma_core::event::{Action, Details, Target};
use sigma_core::ids::{OrgId, RoleId, ScimGroupId, ScimUserId, UserId};
use sigma_core::org::text::folded;
use sigma_core::scim::{Document, Membership, Patch, Problem, ProblemKind, Resource, ResourceType};
use sigma_core::time::Timestamp;

use super::{Decision, Directory, mapping};
use crate::event::{self, NewEvent};
use crate::{Row, StoreError, Tx, cached, params};

/// Most members of a group.
pub const MOST_MEMBERS: u32 = 5_000;
/// Most members that one request adds or removes.
pub const MOST_CHANGES: usize = 500;

/// A group as stored.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) id: ScimGroupId,
    pub(super) name_folded: String,
    pub(super) document: Document,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    /// The size of the document, for the bound of searches.
    pub(super) bytes: usize,
}

impl Stored {
    pub(super) fn resource(&self, members: Option<Vec<Membership>>) -> Resource {
        Resource {
            of: ResourceType::Group,
            id: self.id.to_string(),
            document: self.document.clone(),
            related: members,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

/// The columns of a group, in the order of [`decode`].
macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT g.id, g.name_folded, g.attributes, g.created_at, g.updated_at FROM scim_groups g WHERE ", $rest)
    };
}
pub(super) use select;

pub(super) fn decode(row: &Row) -> Result<Stored, StoreError> {
    let attributes = row.text(2)?;
    Ok(Stored {
        id: ScimGroupId::from_text(row.text(0)?),
        name_folded: row.text(1)?,
        bytes: attributes.len(),
        document: Document::from_stored(&attributes)
            .map_err(|_| StoreError::Corrupt("the attributes of a group".to_owned()))?,
        created_at: row.timestamp(3)?,
        updated_at: row.timestamp(4)?,
    })
}

fn find(tx: &mut dyn Tx, directory: &Directory, id: &ScimGroupId) -> Result<Option<Stored>, StoreError> {
    let sql = select!("g.org_id = $1 AND g.id = $2");
    tx.query_opt(sql, params![&directory.org_id, id])?.map(|row| decode(&row)).transpose()
}

/// The members of a group. Their names are not shown, so nothing else is read of them.
pub(super) fn members(tx: &mut dyn Tx, directory: &Directory, id: &ScimGroupId) -> Result<Vec<Membership>, StoreError> {
    let ids = member_ids(tx, directory, id)?;
    Ok(ids.into_iter().map(|id| Membership { id, display: None }).collect())
}

/// The ids of the members of a group.
fn member_ids(tx: &mut dyn Tx, directory: &Directory, id: &ScimGroupId) -> Result<BTreeSet<String>, StoreError> {
    let sql = "SELECT user_id FROM scim_group_members WHERE org_id = $1 AND group_id = $2 ORDER BY user_id LIMIT $3";
    tx.query_all(sql, params![&directory.org_id, id, MOST_MEMBERS])?.iter().map(|row| row.text(0)).collect()
}

/// The group of that id; with its members only if they are wanted.
pub fn load(tx: &mut dyn Tx, directory: &Directory, id: &ScimGroupId, members: Members) -> Decision<Resource> {
    let stored = find(tx, directory, id)?.ok_or_else(Problem::not_found)?;
    let members = match members {
        Members::Read => Some(self::members(tx, directory, id)?),
        Members::Skipped => None,
    };
    Ok(stored.resource(members))
}

/// The names of the groups that a member of an org is in, by name: at most 500.
pub fn names_of_member(tx: &mut dyn Tx, org_id: &OrgId, user_id: &UserId) -> Result<Vec<String>, StoreError> {
    let rows = tx.query_all(
        "SELECT g.attributes FROM scim_users u
            JOIN scim_group_members gm ON gm.org_id = u.org_id AND gm.user_id = u.id
            JOIN scim_groups g ON g.org_id = gm.org_id AND g.id = gm.group_id
         WHERE u.org_id = $1 AND u.member_id = $2 ORDER BY g.name_folded, g.id LIMIT 500",
        params![org_id, user_id],
    )?;
    let mut names = Vec::with_capacity(rows.len());
    for row in &rows {
        let document = Document::from_stored(&row.text(0)?)
            .map_err(|_| StoreError::Corrupt("the attributes of a group".to_owned()))?;
        names.extend(document.text("displayName").map(str::to_owned));
    }
    Ok(names)
}

/// Whether the members of a group are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Members {
    /// They are.
    Read,
    /// They are not: nobody sees them.
    Skipped,
}

/// What a directory wants of a group.
#[derive(Clone, Debug)]
pub enum Wish {
    /// Create it, under a new id.
    Create(ScimGroupId, Document),
    /// Be as this says.
    Replace(ScimGroupId, Document),
    /// Change like this.
    Patch(ScimGroupId, Patch),
}

/// Creates or changes a group.
pub fn save(
    tx: &mut dyn Tx,
    directory: &Directory,
    wish: &Wish,
    if_match: Option<&str>,
    now: Timestamp,
) -> Decision<Resource> {
    directory.lock(tx, now)?;
    let (Wish::Create(id, _) | Wish::Replace(id, _) | Wish::Patch(id, _)) = wish;
    let before = match wish {
        Wish::Create(..) => None,
        Wish::Replace(..) | Wish::Patch(..) => Some(find(tx, directory, id)?.ok_or_else(Problem::not_found)?),
    };
    if let Some(before) = &before
        && if_match.is_some()
    {
        let members = members(tx, directory, id)?;
        before.resource(Some(members)).version().require(if_match)?;
    }
    let held = if before.is_some() { member_ids(tx, directory, id)? } else { BTreeSet::new() };
    let after = match (wish, &before) {
        (Wish::Create(_, document) | Wish::Replace(_, document), _) => document.clone(),
        (Wish::Patch(_, patch), Some(before)) => {
            patch.apply(&before.document.clone().with_members(held.iter().map(String::as_str)))?
        }
        (Wish::Patch(..), None) => return Err(Problem::not_found().into()),
    };
    let wanted: BTreeSet<String> = after.members().into_iter().map(str::to_owned).collect();
    let name_folded = folded(after.text("displayName").unwrap_or_default());
    let change = Change { directory, id, now, held: &held, wanted: &wanted, name_folded: &name_folded };
    let roles = change.check(tx, before.as_ref())?;
    let document = after.without("members");
    let is_same = before.as_ref().is_some_and(|before| before.document == document && held == wanted);
    if !is_same {
        tx.execute(
            "INSERT INTO scim_groups (org_id, id, name_folded, external_id, attributes, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $6)
             ON CONFLICT (org_id, id) DO UPDATE SET name_folded = excluded.name_folded, external_id = excluded.external_id,
                attributes = excluded.attributes, updated_at = excluded.updated_at",
            params![
                &directory.org_id,
                id,
                &name_folded,
                document.text("externalId"),
                document.to_stored(),
                now
            ],
        )?;
        change.write(tx, &roles)?;
        tx.changed(cached::ORG_GROUPS, directory.org_id.as_str())?;
        let action = if before.is_some() { Action::ScimGroupChange } else { Action::ScimGroupCreate };
        let details = Details::changed([
            ("attributes", before.is_some_and(|before| before.document != document)),
            ("members", held != wanted),
        ]);
        event::append(tx, recorded(action, directory, id).with(details))?;
    }
    load(tx, directory, id, Members::Read)
}

fn recorded(action: Action, directory: &Directory, id: &ScimGroupId) -> NewEvent {
    NewEvent::new(action).by(directory.actor()).within(&directory.org_id).to(Target::ScimGroup(id.clone()))
}

/// The roles that a group gave and gives.
struct Roles {
    before: Option<RoleId>,
    after: Option<RoleId>,
}

/// A change of a group.
struct Change<'c> {
    directory: &'c Directory,
    id: &'c ScimGroupId,
    now: Timestamp,
    held: &'c BTreeSet<String>,
    wanted: &'c BTreeSet<String>,
    name_folded: &'c str,
}

impl Change<'_> {
    /// Checks everything that may be refused, before anything is written.
    fn check(&self, tx: &mut dyn Tx, before: Option<&Stored>) -> Decision<Roles> {
        let org_id = &self.directory.org_id;
        let sql = "SELECT 1 FROM scim_groups WHERE org_id = $1 AND name_folded = $2 AND id <> $3";
        if tx.query_opt(sql, params![org_id, self.name_folded, self.id])?.is_some() {
            return Err(Problem::new(ProblemKind::Uniqueness, "Another group has this displayName").into());
        }
        let roles = Roles {
            before: match before {
                Some(before) => mapping::role_called(tx, self.directory, &before.name_folded)?,
                None => None,
            },
            after: mapping::role_called(tx, self.directory, self.name_folded)?,
        };
        let is_renamed = roles.before != roles.after;
        let changes = self.held.symmetric_difference(self.wanted).count();
        let reached = if is_renamed { self.held.union(self.wanted).count() } else { changes };
        if reached > MOST_CHANGES {
            let words = "One request changes at most 500 members of a group";
            return Err(Problem::new(ProblemKind::TooMany, words).into());
        }
        if u32::try_from(self.wanted.len()).unwrap_or(u32::MAX) > MOST_MEMBERS {
            return Err(Problem::new(ProblemKind::TooMany, "A group has at most 5,000 members").into());
        }
        for added in self.wanted.difference(self.held) {
            let sql = "SELECT 1 FROM scim_users WHERE org_id = $1 AND id = $2";
            if tx.query_opt(sql, params![org_id, added])?.is_none() {
                return Err(Problem::value("A member is no user of this service").into());
            }
        }
        Ok(roles)
    }

    fn write(&self, tx: &mut dyn Tx, roles: &Roles) -> Result<(), StoreError> {
        let org_id = &self.directory.org_id;
        for removed in self.held.difference(self.wanted) {
            let sql = "DELETE FROM scim_group_members WHERE org_id = $1 AND group_id = $2 AND user_id = $3";
            tx.execute(sql, params![org_id, self.id, removed])?;
        }
        for added in self.wanted.difference(self.held) {
            let sql = "INSERT INTO scim_group_members (org_id, group_id, user_id) VALUES ($1, $2, $3)";
            tx.execute(sql, params![org_id, self.id, added])?;
        }
        if roles.before.is_none() && roles.after.is_none() {
            return Ok(());
        }
        let is_renamed = roles.before != roles.after;
        for user in self.held.union(self.wanted) {
            if is_renamed || self.held.contains(user) != self.wanted.contains(user) {
                let user_id = ScimUserId::from_text(user.as_str());
                mapping::assign(tx, self.directory, &user_id, roles.before.as_ref(), self.now)?;
            }
        }
        Ok(())
    }
}

/// Deletes a group. Who was in it loses the role that it gave.
pub fn remove(
    tx: &mut dyn Tx,
    directory: &Directory,
    id: &ScimGroupId,
    if_match: Option<&str>,
    now: Timestamp,
) -> Decision<()> {
    directory.lock(tx, now)?;
    let stored = find(tx, directory, id)?.ok_or_else(Problem::not_found)?;
    if if_match.is_some() {
        let members = members(tx, directory, id)?;
        stored.resource(Some(members)).version().require(if_match)?;
    }
    let given = mapping::role_called(tx, directory, &stored.name_folded)?;
    let held = member_ids(tx, directory, id)?;
    if given.is_some() && held.len() > MOST_CHANGES {
        let words = "The group gives a role to more than 500 members: remove some of them first";
        return Err(Problem::new(ProblemKind::TooMany, words).into());
    }
    tx.execute("DELETE FROM scim_group_members WHERE org_id = $1 AND group_id = $2", params![&directory.org_id, id])?;
    tx.execute("DELETE FROM scim_groups WHERE org_id = $1 AND id = $2", params![&directory.org_id, id])?;
    tx.changed(cached::ORG_GROUPS, directory.org_id.as_str())?;
    if given.is_some() {
        for user in &held {
            mapping::assign(tx, directory, &ScimUserId::from_text(user.as_str()), given.as_ref(), now)?;
        }
    }
    event::append(tx, recorded(Action::ScimGroupRemove, directory, id))?;
    Ok(())
}
