//! Access Merits: a member's consent that an app sees merits, on behalf of an org. At most one for each of these is Accepted;
//! it lasts exactly as long as it is.

use sigma_core::actor::Actor;
use sigma_core::digest::Digest;
use sigma_core::event::Action;
use sigma_core::ids::{AppId, MeritId, MeritTemplateId, OrgId, UserId};
use sigma_core::merits::{FieldValues, MemberPermissions, MeritProblem, OrgPermission, PersonName, Standing, Status};
use sigma_core::time::Timestamp;

use super::decision::Decision;
use super::merit::{Merit, decode, select};
use super::send::{self, To};
use super::template::{self, Template};
use super::{acting, member, request};
use crate::{Outage, Owner, StoreError, Tx, cached, params, user};

/// What a member lets an app see; cached as [`cached::MERIT_ACCESS`] by [`cached::access_key`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// The Access Merit.
    pub merit_id: MeritId,
    /// What may be seen.
    pub permissions: MemberPermissions,
}

/// The access of an app on behalf of an org, if the member granted it. Accounts that are disabled are found too.
pub fn find(tx: &mut dyn Tx, org_id: &OrgId, app_id: &AppId, user_id: &UserId) -> Result<Option<Access>, StoreError> {
    tx.query_opt(
        "SELECT id, permissions FROM merits
         WHERE org_id = $1 AND user_id = $2 AND app_id = $3 AND access = 1 AND status = 'Accepted'",
        params![org_id, user_id, app_id],
    )?
    .map(|row| {
        Ok(Access {
            merit_id: MeritId::from_text(row.text(0)?),
            permissions: row.parsed(1, "permissions", MemberPermissions::from_stored)?,
        })
    })
    .transpose()
}

/// The member whose consent that Access Merit is, while it is Accepted.
pub fn find_member(tx: &mut dyn Tx, org_id: &OrgId, id: &MeritId) -> Result<Option<UserId>, StoreError> {
    let sql = "SELECT user_id FROM merits WHERE org_id = $1 AND id = $2 AND access = 1 AND status = 'Accepted'";
    let found = tx.query_opt(sql, params![org_id, id])?.map(|row| row.opt_text(0)).transpose()?;
    Ok(found.flatten().map(UserId::from_text))
}

/// The Access Merit of an app on behalf of an org, while it is Accepted.
pub fn find_merit(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    app_id: &AppId,
    user_id: &UserId,
) -> Result<Option<Merit>, StoreError> {
    let sql = concat!(
        select!(),
        " WHERE m.org_id = $1 AND m.user_id = $2 AND m.app_id = $3 AND m.access = 1 AND m.status = 'Accepted'"
    );
    tx.query_opt(sql, params![org_id, user_id, app_id])?.map(|row| decode(&row)).transpose()
}

/// Whether an app may ask people for access on behalf of the org: the org sends what they agree to, and is verified.
pub fn may_ask(tx: &mut dyn Tx, org_id: &OrgId, app_id: &AppId) -> Result<bool, StoreError> {
    let is_verified = acting::standing(tx, org_id)? == Some(Standing::Verified);
    Ok(is_verified && acting::permissions_of_app(tx, org_id, app_id)?.allows(OrgPermission::Send))
}

/// A member's agreement to a request.
#[derive(Clone, Debug)]
pub struct Agreement {
    /// The digest of the request's token.
    pub request: Digest,
    /// The member.
    pub user_id: UserId,
    /// The id of the new merit.
    pub merit_id: MeritId,
    /// The id of the org's Access template, if it has none yet.
    pub template_id: MeritTemplateId,
    /// The name of the member.
    pub name: PersonName,
    /// The current time.
    pub now: Timestamp,
}

/// Grants what the request asked for: exactly that, in place of an earlier grant. The request is used up.
pub fn agree(tx: &mut dyn Tx, new: &Agreement) -> Decision<Merit> {
    let found = request::find(tx, &new.request, new.now)?.ok_or(MeritProblem::NotFound)?;
    let (org_id, permissions) = found.request.member_permissions()?;
    tx.lock(Owner::Org(org_id))?;
    tx.lock(Owner::User(&new.user_id))?;
    if acting::standing(tx, org_id)?.ok_or(MeritProblem::NotFound)? != Standing::Verified {
        return Err(MeritProblem::Forbidden.into());
    }
    // The org sends the Access Merit.
    if !acting::permissions_of_app(tx, org_id, &found.request.app_id)?.allows(OrgPermission::Send) {
        return Err(MeritProblem::Forbidden.into());
    }
    if !user::is_active(tx, &new.user_id)? {
        return Err(MeritProblem::Forbidden.into());
    }
    request::consume(tx, &new.request, new.now)?.ok_or(MeritProblem::NotFound)?;
    let granted = grant(
        tx,
        &New {
            org_id,
            app_id: &found.request.app_id,
            to: &To::Member(new.user_id.clone()),
            member: Some(&new.user_id),
            merit_id: &new.merit_id,
            template_id: &new.template_id,
            name: &new.name,
            permissions,
            now: new.now,
        },
        Status::Accepted,
    )?;
    member::record(tx, Action::MeritAccessGive, &new.user_id, &granted, "Accepted", new.now)?;
    Ok(granted)
}

/// An Access Merit that an app sends (`POST /merits/send_access`).
#[derive(Clone, Debug)]
pub struct SendAccess {
    /// The org.
    pub org_id: OrgId,
    /// The app.
    pub app_id: AppId,
    /// To whom.
    pub to: To,
    /// What the app wants to see.
    pub permissions: MemberPermissions,
    /// The id of the new merit.
    pub merit_id: MeritId,
    /// The id of the org's Access template, if it has none yet.
    pub template_id: MeritTemplateId,
    /// How many merits the org may send a day.
    pub daily_budget: u32,
    /// The current time.
    pub now: Timestamp,
}

/// Sends an Access Merit: Accepted if this app has as much or more of that member already, otherwise it waits until they agree. One
/// that is sent to an address is Accepted only if the app may know that it is that member's: the answer must not tell whose
/// other addresses are.
pub fn send(tx: &mut dyn Tx, new: &SendAccess) -> Decision<Merit> {
    let actor = Actor::App(new.app_id.clone());
    let standing = acting::lock(tx, &new.org_id, &actor, OrgPermission::Send, new.now)?;
    if standing != Standing::Verified {
        // It deals with nobody outside.
        return Err(MeritProblem::Forbidden.into());
    }
    let member = new.to.member(tx)?;
    if let Some(user_id) = &member {
        tx.lock(Owner::User(user_id))?;
        if new.to.member(tx)? != member {
            // The address passed to another account before its holder was locked: nobody agrees for that one.
            return Err(Outage::Contended.into());
        }
    }
    send::charge(tx, &new.org_id, 1, new.daily_budget, new.now)?;
    let held = match &member {
        Some(user_id) => find_merit(tx, &new.org_id, &new.app_id, user_id)?,
        None => None,
    };
    // Ids of people who granted nothing are not confirmed.
    if matches!(new.to, To::Member(_)) && held.is_none() {
        return Err(MeritProblem::NotFound.into());
    }
    let covered = held.as_ref().and_then(|held| held.permissions.as_ref());
    let status = match covered {
        Some(held) if held.covers(&new.permissions) && is_known(tx, &new.to, held)? => Status::Accepted,
        _ => Status::Pending,
    };
    let name = held.as_ref().map(|held| held.name.clone()).unwrap_or_default();
    let wanted = New {
        org_id: &new.org_id,
        app_id: &new.app_id,
        to: &new.to,
        member: member.as_ref(),
        merit_id: &new.merit_id,
        template_id: &new.template_id,
        name: &name,
        permissions: &new.permissions,
        now: new.now,
    };
    let sent = grant(tx, &wanted, status)?;
    send::record(tx, (&new.org_id, &sent.template_id), &actor, 1, new.now)?;
    // What waits was given by nobody. It also writes as much for an address that has an account as for one that has none.
    if let Some(user_id) = member.as_ref().filter(|_| status == Status::Accepted) {
        member::record(tx, Action::MeritAccessGive, user_id, &sent, status.as_str(), new.now)?;
    }
    Ok(sent)
}

/// Whether an app that was granted `held` may know whom `to` reaches.
fn is_known(tx: &mut dyn Tx, to: &To, held: &MemberPermissions) -> Result<bool, StoreError> {
    let To::Email(email) = to else { return Ok(true) };
    let sql = "SELECT 1 FROM emails WHERE folded = $1 AND is_primary = 1 AND proven_at IS NOT NULL";
    Ok(held.profile && tx.query_opt(sql, params![email.folded()])?.is_some())
}

/// An Access Merit about to be written.
struct New<'a> {
    org_id: &'a OrgId,
    app_id: &'a AppId,
    to: &'a To,
    /// The account that `to` reaches, locked.
    member: Option<&'a UserId>,
    merit_id: &'a MeritId,
    template_id: &'a MeritTemplateId,
    name: &'a PersonName,
    permissions: &'a MemberPermissions,
    now: Timestamp,
}

fn grant(tx: &mut dyn Tx, new: &New<'_>, status: Status) -> Result<Merit, StoreError> {
    let template: Template = template::load_access(tx, new.org_id, new.template_id, new.now)?;
    let (address, folded) = new.to.address();
    let merit = Merit {
        org_id: new.org_id.clone(),
        id: new.merit_id.clone(),
        template_id: template.id,
        template_title: template.title,
        access: true,
        status,
        email: address.to_owned(),
        user_id: new.member.cloned(),
        name: new.name.clone(),
        values: FieldValues::new(),
        app_id: Some(new.app_id.clone()),
        permissions: Some(new.permissions.clone()),
        is_public: false,
        reason: None,
        successor_id: None,
        sent_at: new.now,
        updated_at: new.now,
    };
    drop_questions(tx, &merit, folded, new.now)?;
    if status == Status::Accepted {
        replace(tx, &merit, new.now)?;
    }
    tx.execute(
        "INSERT INTO merits (org_id, id, template_id, access, status, email, email_folded, user_id, first_name, last_name,
            field_values, app_id, permissions, is_public, notify_at, sent_at, updated_at)
         VALUES ($1, $2, $3, 1, $4, $5, $6, $7, $8, $9, '{}', $10, $11, 0, $12, $13, $13)",
        params![
            new.org_id,
            new.merit_id,
            &merit.template_id,
            status.as_str(),
            address,
            folded,
            merit.user_id.as_ref(),
            &new.name.first_name,
            &new.name.last_name,
            new.app_id,
            new.permissions.to_stored(),
            (status == Status::Pending).then_some(new.now),
            new.now
        ],
    )?;
    ended(tx, &merit)?;
    Ok(merit)
}

/// Revokes what waits for an answer to the same question, by the same name of its recipient: the last one counts. What was sent
/// to addresses of the member stays, or the org would learn whose they are.
fn drop_questions(tx: &mut dyn Tx, new: &Merit, folded: &str, now: Timestamp) -> Result<(), StoreError> {
    let app_id = new.app_id.as_ref();
    if !folded.is_empty() {
        tx.execute(
            "UPDATE merits SET status = 'Revoked', notify_at = NULL, updated_at = $5
             WHERE email_folded = $1 AND org_id = $2 AND access = 1 AND status = 'Pending' AND app_id = $3 AND id <> $4",
            params![folded, &new.org_id, app_id, &new.id, now],
        )?;
    } else if let Some(user_id) = &new.user_id {
        tx.execute(
            "UPDATE merits SET status = 'Revoked', notify_at = NULL, updated_at = $5
             WHERE user_id = $1 AND org_id = $2 AND access = 1 AND status = 'Pending' AND email_folded = ''
                AND app_id = $3 AND id <> $4",
            params![user_id, &new.org_id, app_id, &new.id, now],
        )?;
    }
    Ok(())
}

/// Revokes the Accepted merit that `new` replaces. Callers hold the locks of org and member.
pub(super) fn replace(tx: &mut dyn Tx, new: &Merit, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE merits SET status = 'Revoked', updated_at = $5
         WHERE org_id = $1 AND user_id = $2 AND app_id = $3 AND access = 1 AND status = 'Accepted' AND id <> $4",
        params![&new.org_id, new.user_id.as_ref(), new.app_id.as_ref(), &new.id, now],
    )?;
    ended(tx, new)
}

/// Reports that what the app of `merit` sees has changed.
pub(super) fn ended(tx: &mut dyn Tx, merit: &Merit) -> Result<(), StoreError> {
    match (&merit.app_id, &merit.user_id) {
        (Some(app_id), Some(user_id)) => {
            tx.changed(cached::MERIT_ACCESS, &cached::access_key(&merit.org_id, app_id, user_id))
        }
        _ => Ok(()),
    }
}
