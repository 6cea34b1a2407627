//! The org itself: its name, slug and settings.

use std::time::Duration;

use sigma_core::actor::Actor;
use sigma_core::event::{Action, Details, Target};
use sigma_core::ids::{OrgId, RoleId};
use sigma_core::org::{Authority, Reason, Refusal, Right, RoleDraft, RolePermissions, text};
use sigma_core::random::Rng;
use sigma_core::slug::Slug;
use sigma_core::time::Timestamp;

use crate::event::{self, NewEvent};
use crate::org::decision::Decision;
use crate::org::secret::{self, StoredSecret};
use crate::org::{authority, named, removal, role};
use crate::{MasterKey, Owner, Row, SealError, StoreError, Tx, cached, params};

/// A workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Org {
    /// `workspaceId` in the API.
    pub id: OrgId,
    /// Its name in addresses and commands, if it has one.
    pub slug: Option<Slug>,
    /// Display name.
    pub name: String,
    /// Members marked for it may use quick login, where the server allows it.
    pub quick_logins: bool,
    /// Whether its members need a second factor.
    pub require_second_factor: bool,
    /// Whether the operator verified it: people outside can accept its merits.
    pub verified: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Org {
    /// Whether quick logins are possible: they are no factor at all, so not where two are required.
    pub const fn allows_quick_logins(&self) -> bool {
        self.quick_logins && !self.require_second_factor
    }
}

/// The fields of a new workspace.
#[derive(Clone, Debug)]
pub struct NewOrg {
    /// Its id.
    pub id: OrgId,
    /// Its slug.
    pub slug: Option<Slug>,
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

impl NewOrg {
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
        Ok(Self { id, slug: None, name, admin_role, member_role, kid, secret, now })
    }
}

/// Creates a workspace with its two initial roles. A slug that is or was another org's is refused.
pub fn add(tx: &mut dyn Tx, new: &NewOrg) -> Decision<Org> {
    tx.lock(Owner::Installation)?;
    if let Some(slug) = &new.slug
        && !named::is_free(tx, slug, &new.id)?
    {
        return Err(SLUG_TAKEN.into());
    }
    tx.execute(
        "INSERT INTO orgs (id, slug, name, created_at, quick_logins, updated_at, removed_at, name_folded)
         VALUES ($1, $2, $3, $4, 0, $4, NULL, $5)",
        params![&new.id, new.slug.as_ref().map(Slug::as_str), &new.name, new.now, text::folded(&new.name)],
    )?;
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
    Ok(Org {
        id: new.id.clone(),
        slug: new.slug.clone(),
        name: new.name.clone(),
        quick_logins: false,
        require_second_factor: false,
        verified: false,
        created_at: new.now,
        updated_at: new.now,
    })
}

/// Another org has or had the slug: see [`named::is_free`].
pub(crate) const SLUG_TAKEN: Refusal = Refusal::Conflict(Reason::SlugTaken);
/// It owns apps or resources.
pub(crate) const OWNS_APPS: Refusal = Refusal::Conflict(Reason::OwnsApps);

/// The event that something of an org changed.
pub(super) fn changed(org_id: &OrgId) -> NewEvent {
    recorded(Action::WorkspaceChange, org_id)
}

fn recorded(action: Action, org_id: &OrgId) -> NewEvent {
    NewEvent::new(action).within(org_id).to(Target::Workspace(org_id.clone()))
}

/// The workspace of that id, unless it was removed.
pub fn find(tx: &mut dyn Tx, org_id: &OrgId) -> Result<Option<Org>, StoreError> {
    tx.query_opt(
        "SELECT id, name, quick_logins, created_at, updated_at, slug, require_second_factor, verified_at
         FROM orgs
         WHERE id = $1 AND removed_at IS NULL",
        params![org_id],
    )?
    .map(|row| decode(&row))
    .transpose()
}

/// Like [`find`], with the secrets that verify its tokens at `now`.
pub fn find_with_secrets(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    now: Timestamp,
) -> Result<Option<(Org, Vec<StoredSecret>)>, StoreError> {
    let Some(workspace) = find(tx, org_id)? else { return Ok(None) };
    Ok(Some((workspace, secret::list(tx, org_id, now)?)))
}

/// At most `limit` workspaces, ordered by id, after the one called `after`.
pub fn list(tx: &mut dyn Tx, after: &str, limit: u32) -> Result<Vec<Org>, StoreError> {
    tx.query_all(
        "SELECT id, name, quick_logins, created_at, updated_at, slug, require_second_factor, verified_at
         FROM orgs
         WHERE id > $1 AND removed_at IS NULL ORDER BY id LIMIT $2",
        params![after, limit],
    )?
    .iter()
    .map(decode)
    .collect()
}

/// The same of those whose name contains `part`, ignoring case.
pub fn list_named(tx: &mut dyn Tx, part: &str, after: &str, limit: u32) -> Result<Vec<Org>, StoreError> {
    let mut pattern = String::from("%");
    for letter in text::folded(part.trim()).chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    // Both sides are folded, so that it does not matter that LIKE ignores the case of letters on one engine only.
    tx.query_all(
        "SELECT id, name, quick_logins, created_at, updated_at, slug, require_second_factor, verified_at
         FROM orgs
         WHERE id > $1 AND removed_at IS NULL AND name_folded LIKE $2 ESCAPE '\\' ORDER BY id LIMIT $3",
        params![after, pattern, limit],
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
    /// Whether members need a second factor.
    pub require_second_factor: Option<bool>,
    /// Its slug; `Some(None)` for none.
    pub slug: Option<Option<Slug>>,
}

/// Changes a workspace.
pub fn change(tx: &mut dyn Tx, org_id: &OrgId, actor: &Actor, change: &Change, now: Timestamp) -> Decision<Org> {
    if change.slug.is_some() {
        // Slugs are unique among all orgs.
        tx.lock(Owner::Installation)?;
    }
    let authority = authority::lock(tx, org_id, actor, now)?;
    change_with(tx, org_id, (actor, &authority), change, now)
}

/// [`change`] by somebody whose authority is known. Callers hold the locks that it takes.
pub fn change_with(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    (actor, authority): (&Actor, &Authority),
    change: &Change,
    now: Timestamp,
) -> Decision<Org> {
    authority.require(Right::Workspace)?;
    apply(tx, org_id, actor, change, now)
}

/// Makes the change. Callers hold the lock of the org, that of the installation if there is another slug, and have decided that the
/// actor may.
pub(crate) fn apply(tx: &mut dyn Tx, org_id: &OrgId, actor: &Actor, change: &Change, now: Timestamp) -> Decision<Org> {
    let Some(before) = find(tx, org_id)? else {
        return Err(Refusal::not_found("Workspace", org_id.as_str()).into());
    };
    let (name, quick_logins, slug) = (before.name.clone(), before.quick_logins, before.slug.clone());
    let required = before.require_second_factor;
    let after = Org {
        name: change.name.clone().unwrap_or(before.name),
        quick_logins: change.quick_logins.unwrap_or(before.quick_logins),
        require_second_factor: change.require_second_factor.unwrap_or(required),
        slug: change.slug.clone().unwrap_or_else(|| before.slug.clone()),
        updated_at: now,
        ..before
    };
    if slug != after.slug {
        if let Some(new) = &after.slug
            && !named::is_free(tx, new, org_id)?
        {
            return Err(SLUG_TAKEN.into());
        }
        if let Some(old) = &slug {
            named::retire_slug(tx, old, org_id, now)?;
        }
    }
    tx.execute(
        "UPDATE orgs SET name = $2, quick_logins = $3, updated_at = $4, slug = $5,
            require_second_factor = $6, name_folded = $7
         WHERE id = $1",
        params![
            org_id,
            &after.name,
            after.quick_logins,
            now,
            after.slug.as_ref().map(Slug::as_str),
            after.require_second_factor,
            text::folded(&after.name)
        ],
    )?;
    tx.changed(cached::ORG, org_id.as_str())?;
    let fields = [
        ("name", name != after.name),
        ("quick_logins", quick_logins != after.quick_logins),
        ("slug", slug != after.slug),
        ("require_second_factor", required != after.require_second_factor),
    ];
    let details = Details::changed(fields);
    event::append(tx, recorded(Action::WorkspaceChange, org_id).by(actor.clone()).with(details))?;
    Ok(after)
}

/// Removes a workspace: it disappears at once, and a background job deletes everything that belongs to it. The
/// operator's own org, and any that owns apps or resources, cannot be removed.
pub fn remove(tx: &mut dyn Tx, org_id: &OrgId, now: Timestamp) -> Decision<()> {
    tx.lock(Owner::Installation)?;
    tx.lock(Owner::Org(org_id))?;
    let Some(workspace) = find(tx, org_id)? else {
        return Err(Refusal::not_found("Workspace", org_id.as_str()).into());
    };
    if *org_id == OrgId::operator() {
        return Err(Refusal::Conflict(Reason::OperatorStays).into());
    }
    let owns = tx.query_opt(
        "SELECT 1 FROM apps WHERE org_id = $1 UNION ALL SELECT 1 FROM resources WHERE org_id = $1 LIMIT 1",
        params![org_id],
    )?;
    if owns.is_some() {
        return Err(OWNS_APPS.into());
    }
    tx.execute("UPDATE orgs SET removed_at = $2, quick_logins = 0, slug = NULL WHERE id = $1", params![org_id, now])?;
    if let Some(slug) = &workspace.slug {
        named::retire_slug(tx, slug, org_id, now)?;
    }
    removal::enqueue(tx, org_id, now)?;
    tx.changed(cached::ORG, org_id.as_str())?;
    event::append(tx, recorded(Action::WorkspaceRemove, org_id))?;
    Ok(())
}

fn decode(row: &Row) -> Result<Org, StoreError> {
    Ok(Org {
        id: OrgId::from_text(row.text(0)?),
        name: row.text(1)?,
        quick_logins: row.bool(2)?,
        created_at: row.timestamp(3)?,
        updated_at: row.timestamp(4)?,
        slug: match row.opt_text(5)? {
            None => None,
            Some(_) => Some(row.parsed(5, "a slug", Slug::parse)?),
        },
        require_second_factor: row.bool(6)?,
        verified: row.opt_timestamp(7)?.is_some(),
    })
}
