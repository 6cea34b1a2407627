//! The workspace itself: an org, with its name and settings.

use std::time::Duration;

use sigma_core::actor::Actor;
use sigma_core::event::{Action, Details, Target};
use sigma_core::ids::{OrgId, RoleId};
use sigma_core::random::Rng;
use sigma_core::time::Timestamp;
use sigma_core::workspace::{Refusal, Right, RoleDraft, RolePermissions};

use crate::event::{self, NewEvent};
use crate::workspace::{Decision, authority, granted, role, secret};
use crate::{MasterKey, Owner, Row, SealError, StoreError, Tx, org, params};

/// The kind of a workspace in the change feed; the key is its id. Its secrets change with it.
pub const CHANGED: &str = "workspace";

/// A workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    /// `workspaceId` in the API.
    pub id: OrgId,
    /// Display name.
    pub name: String,
    /// Members marked for it may use quick login, where the server allows it.
    pub quick_logins: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// The fields of a new workspace.
#[derive(Clone, Debug)]
pub struct NewWorkspace {
    /// Its id.
    pub id: OrgId,
    /// Its name, checked.
    pub name: String,
    /// The id of its role `Admin`, which has all permissions.
    pub admin_role: RoleId,
    /// The id of its role `Member`, which manages nothing.
    pub member_role: RoleId,
    /// The name of its secret.
    pub kid: String,
    /// Its secret, sealed.
    pub secret: Vec<u8>,
    /// The current time.
    pub now: Timestamp,
}

impl NewWorkspace {
    /// A workspace of that id and name, with roles and a secret of its own.
    ///
    /// # Errors
    /// The secret cannot be sealed.
    pub fn new(
        id: OrgId,
        name: String,
        master_key: &MasterKey,
        now: Timestamp,
        rng: &dyn Rng,
    ) -> Result<Self, SealError> {
        let (kid, secret) = secret::make(&id, master_key, rng)?;
        // Lists are ordered by id, and Admin comes first.
        let (admin_role, member_role) = (RoleId::new(now, rng), RoleId::new(now.plus(Duration::from_millis(1)), rng));
        Ok(Self { id, name, admin_role, member_role, kid, secret, now })
    }
}

/// Creates a workspace with its two initial roles. An id that is or ever was taken is refused.
pub fn add(tx: &mut dyn Tx, new: &NewWorkspace) -> Decision<Workspace> {
    tx.lock(Owner::Installation)?;
    if tx.query_opt("SELECT 1 FROM retired_org_ids WHERE org_id = $1", params![&new.id])?.is_some() {
        return Ok(Err(Refusal::Conflict("This workspace id was used before")));
    }
    let added = tx.query_opt(
        "INSERT INTO orgs (id, name, created_at, quick_logins, updated_at, removed_at) VALUES ($1, $2, $3, 0, $3, NULL)
         ON CONFLICT (id) DO NOTHING RETURNING id",
        params![&new.id, &new.name, new.now],
    )?;
    if added.is_none() {
        return Ok(Err(Refusal::Conflict("A workspace with this id already exists")));
    }
    secret::insert(tx, &new.id, &new.kid, &new.secret, new.now)?;
    let builtin = [
        (&new.admin_role, "Admin", "Full access", RolePermissions::admin()),
        (&new.member_role, "Member", "Read access to everything, manages nothing", RolePermissions::default()),
    ];
    for (id, name, description, permissions) in builtin {
        let draft = RoleDraft::new(name, description, permissions)
            .map_err(|problem| StoreError::Failed(format!("a built-in role: {problem}")))?;
        role::insert(tx, &new.id, id, &draft, new.now)?;
    }
    event::append(tx, recorded(Action::WorkspaceCreate, &new.id))?;
    Ok(Ok(Workspace {
        id: new.id.clone(),
        name: new.name.clone(),
        quick_logins: false,
        created_at: new.now,
        updated_at: new.now,
    }))
}

pub(super) fn recorded(action: Action, org_id: &OrgId) -> NewEvent {
    NewEvent::new(action).within(org_id).to(Target::Workspace(org_id.clone()))
}

/// The workspace of that id, unless it was removed.
pub fn find(tx: &mut dyn Tx, org_id: &OrgId) -> Result<Option<Workspace>, StoreError> {
    tx.query_opt(
        "SELECT id, name, quick_logins, created_at, updated_at FROM orgs WHERE id = $1 AND removed_at IS NULL",
        params![org_id],
    )?
    .map(|row| decode(&row))
    .transpose()
}

/// At most `limit` workspaces, ordered by id, after the one called `after`.
pub fn list(tx: &mut dyn Tx, after: &str, limit: u32) -> Result<Vec<Workspace>, StoreError> {
    tx.query_all(
        "SELECT id, name, quick_logins, created_at, updated_at FROM orgs
         WHERE id > $1 AND removed_at IS NULL ORDER BY id LIMIT $2",
        params![after, limit],
    )?
    .iter()
    .map(decode)
    .collect()
}

/// Changes to a workspace; `None` leaves a field unchanged.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// Its name, checked.
    pub name: Option<String>,
    /// Quick logins.
    pub quick_logins: Option<bool>,
}

/// Changes a workspace.
pub fn change(tx: &mut dyn Tx, org_id: &OrgId, actor: &Actor, change: &Change, now: Timestamp) -> Decision<Workspace> {
    let authority = granted!(authority::lock(tx, org_id, actor, now)?);
    granted!(authority.require(Right::Workspace));
    let Some(before) = find(tx, org_id)? else {
        return Ok(Err(Refusal::not_found("Workspace", org_id.as_str())));
    };
    let (name, quick_logins) = (before.name.clone(), before.quick_logins);
    let after = Workspace {
        name: change.name.clone().unwrap_or(before.name),
        quick_logins: change.quick_logins.unwrap_or(before.quick_logins),
        updated_at: now,
        ..before
    };
    tx.execute(
        "UPDATE orgs SET name = $2, quick_logins = $3, updated_at = $4 WHERE id = $1",
        params![org_id, &after.name, after.quick_logins, now],
    )?;
    tx.changed(CHANGED, org_id.as_str())?;
    let fields = [("name", name != after.name), ("quick_logins", quick_logins != after.quick_logins)];
    let details = Details::changed(fields);
    event::append(tx, recorded(Action::WorkspaceChange, org_id).by(actor.clone()).with(details))?;
    Ok(Ok(after))
}

/// Removes a workspace: it disappears at once, and the background task deletes everything that belongs to it. The
/// operator's own org, and any that owns apps or resources, cannot be removed.
pub fn remove(tx: &mut dyn Tx, org_id: &OrgId, now: Timestamp) -> Decision<()> {
    tx.lock(Owner::Installation)?;
    tx.lock(Owner::Org(org_id))?;
    if find(tx, org_id)?.is_none() {
        return Ok(Err(Refusal::not_found("Workspace", org_id.as_str())));
    }
    if org_id.as_str() == org::OPERATOR {
        return Ok(Err(Refusal::Conflict("The operator's own org cannot be removed")));
    }
    let owns = tx.query_opt(
        "SELECT 1 FROM apps WHERE org_id = $1 UNION ALL SELECT 1 FROM resources WHERE org_id = $1 LIMIT 1",
        params![org_id],
    )?;
    if owns.is_some() {
        return Ok(Err(Refusal::Conflict("Apps or resources belong to the org: remove them first")));
    }
    tx.execute("UPDATE orgs SET removed_at = $2, quick_logins = 0 WHERE id = $1", params![org_id, now])?;
    tx.execute("INSERT INTO retired_org_ids (org_id, retired_at) VALUES ($1, $2)", params![org_id, now])?;
    tx.changed(CHANGED, org_id.as_str())?;
    event::append(tx, recorded(Action::WorkspaceRemove, org_id))?;
    Ok(Ok(()))
}

fn decode(row: &Row) -> Result<Workspace, StoreError> {
    Ok(Workspace {
        id: OrgId::from_text(row.text(0)?),
        name: row.text(1)?,
        quick_logins: row.bool(2)?,
        created_at: row.timestamp(3)?,
        updated_at: row.timestamp(4)?,
    })
}
