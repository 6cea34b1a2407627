//! What an org does with its merits: approve, revoke, transfer.

use sigma_core::actor::Actor;
use sigma_core::event::{Action, Target};
use sigma_core::ids::{MeritId, OrgId};
use sigma_core::merits::{MeritProblem, Move, OrgPermission, Standing, Status};
use sigma_core::time::Timestamp;

use super::decision::Decision;
use super::merit::{self, Merit};
use super::send::{self, NewMerit, To};
use super::{access, acting, attachment, template};
use crate::event::{self, NewEvent};
use crate::{Outage, Tx, params};

/// Approves a proposed merit: it is sent.
pub fn approve(tx: &mut dyn Tx, org_id: &OrgId, actor: &Actor, id: &MeritId, now: Timestamp) -> Decision<Merit> {
    let (standing, before) = load(tx, org_id, actor, id, now)?;
    let status = before.status.after(Move::Approve, standing)?;
    let tell = (status == Status::Pending).then_some(now);
    let changed = tx.execute(
        "UPDATE merits SET status = $3, notify_at = $4, sent_at = $5, updated_at = $5
         WHERE org_id = $1 AND id = $2 AND status = $6",
        params![org_id, id, status.as_str(), tell, now, before.status.as_str()],
    )?;
    expect_one(changed)?;
    record(tx, Action::MeritApprove, org_id, actor, id)?;
    Ok(Merit { status, sent_at: now, updated_at: now, ..before })
}

/// Revokes a merit.
pub fn revoke(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    actor: &Actor,
    id: &MeritId,
    reason: &str,
    now: Timestamp,
) -> Decision<Merit> {
    let (standing, before) = load(tx, org_id, actor, id, now)?;
    let status = before.status.after(Move::Revoke, standing)?;
    let reason = (!reason.is_empty()).then(|| reason.to_owned());
    let changed = tx.execute(
        "UPDATE merits SET status = $3, reason = $4, notify_at = NULL, updated_at = $5
         WHERE org_id = $1 AND id = $2 AND status = $6",
        params![org_id, id, status.as_str(), reason.as_deref(), now, before.status.as_str()],
    )?;
    expect_one(changed)?;
    if before.access {
        access::ended(tx, &before)?;
    }
    merit::changed(tx, &before)?;
    record(tx, Action::MeritRevoke, org_id, actor, id)?;
    Ok(Merit { status, reason, updated_at: now, ..before })
}

/// A merit to be sent to another address instead.
#[derive(Clone, Debug)]
pub struct Transfer {
    /// The org.
    pub org_id: OrgId,
    /// Who asks.
    pub actor: Actor,
    /// The merit.
    pub id: MeritId,
    /// The id of the new one.
    pub new_id: MeritId,
    /// Who gets it.
    pub to: To,
    /// How many merits the org may send a day.
    pub daily_budget: u32,
    /// The current time.
    pub now: Timestamp,
}

/// Transfers a merit; returns the new one, with the same name and values.
pub fn transfer(tx: &mut dyn Tx, wanted: &Transfer) -> Decision<Merit> {
    let Transfer { org_id, actor, id, now, .. } = wanted;
    let (standing, before) = load(tx, org_id, actor, id, *now)?;
    if before.access {
        // A consent is its member's own.
        return Err(MeritProblem::InvalidStatusTransition.into());
    }
    let status = before.status.after(Move::Transfer, standing)?;
    let template = template::find(tx, org_id, &before.template_id)?.ok_or(MeritProblem::NotFound)?;
    if template.once {
        send::once(tx, org_id, &template.id, &wanted.to, Some(id))?;
    }
    send::charge(tx, org_id, 1, wanted.daily_budget, *now)?;
    let changed = tx.execute(
        "UPDATE merits SET status = $3, successor_id = $4, notify_at = NULL, updated_at = $5
         WHERE org_id = $1 AND id = $2 AND status = $6",
        params![org_id, id, status.as_str(), &wanted.new_id, *now, before.status.as_str()],
    )?;
    expect_one(changed)?;
    merit::changed(tx, &before)?;
    let sent = Status::sent(standing);
    let new = NewMerit {
        org_id,
        id: &wanted.new_id,
        template: &template,
        status: sent,
        to: &wanted.to,
        name: &before.name,
        values: before.values.clone(),
        tell: sent == Status::Pending,
        now: *now,
    };
    let new = send::insert(tx, new)?;
    attachment::keep(tx, org_id, &new.id, &new.values)?;
    record(tx, Action::MeritTransfer, org_id, actor, id)?;
    Ok(new)
}

fn load(tx: &mut dyn Tx, org_id: &OrgId, actor: &Actor, id: &MeritId, now: Timestamp) -> Decision<(Standing, Merit)> {
    let standing = acting::lock(tx, org_id, actor, OrgPermission::Send, now)?;
    let merit = merit::find(tx, org_id, id)?.ok_or(MeritProblem::NotFound)?;
    Ok((standing, merit))
}

/// A member answered in between: the operation runs again.
pub(super) fn expect_one(changed: u64) -> Decision<()> {
    if changed == 1 { Ok(()) } else { Err(Outage::Contended.into()) }
}

fn record(tx: &mut dyn Tx, action: Action, org_id: &OrgId, actor: &Actor, id: &MeritId) -> Decision<()> {
    let event = NewEvent::new(action).within(org_id).to(Target::Merit(id.clone()));
    Ok(event::append(tx, event.by(actor.clone()))?)
}
