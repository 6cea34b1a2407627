//! What members do with their merits.

use sigma_core::event::{Action, Details, Target};
use sigma_core::ids::{MeritId, OrgId, UserId};
use sigma_core::merits::{MeritProblem, Move, Standing, Status};
use sigma_core::time::Timestamp;

use super::decision::Decision;
use super::merit::{self, Merit};
use super::step::expect_one;
use super::{access, acting};
use crate::event::{self, NewEvent};
use crate::{Owner, StoreError, Tx, params};

/// A merit of that member.
pub fn find(tx: &mut dyn Tx, user_id: &UserId, org_id: &OrgId, id: &MeritId) -> Result<Option<Merit>, StoreError> {
    Ok(merit::find(tx, org_id, id)?.filter(|merit| merit.user_id.as_ref() == Some(user_id)))
}

/// Accepts, rejects, reports or forfeits a merit.
pub fn answer(
    tx: &mut dyn Tx,
    user_id: &UserId,
    (org_id, id): (&OrgId, &MeritId),
    step: Move,
    now: Timestamp,
) -> Decision<Merit> {
    if !matches!(step, Move::Accept | Move::Reject | Move::Report | Move::Forfeit) {
        return Err(MeritProblem::InvalidStatusTransition.into());
    }
    tx.lock(Owner::Org(org_id))?;
    tx.lock(Owner::User(user_id))?;
    let before = find(tx, user_id, org_id, id)?.ok_or(MeritProblem::NotFound)?;
    let standing = acting::standing(tx, org_id)?.unwrap_or(Standing::Unverified);
    let status = before.status.after(step, standing)?;
    if status == Status::Accepted && holds_another(tx, user_id, &before)? {
        return Err(MeritProblem::TemplateAlreadySent.into());
    }
    if before.access && status == Status::Accepted {
        access::replace(tx, &before, now)?;
    }
    let changed = tx.execute(
        "UPDATE merits SET status = $3, notify_at = NULL, updated_at = $4
         WHERE org_id = $1 AND id = $2 AND user_id = $5 AND status = $6",
        params![org_id, id, status.as_str(), now, user_id, before.status.as_str()],
    )?;
    expect_one(changed)?;
    if before.access {
        access::ended(tx, &before)?;
    }
    merit::changed(tx, &before)?;
    let action = match (before.access, step) {
        (true, Move::Accept) => Action::MeritAccessGive,
        (true, Move::Forfeit) => Action::MeritAccessEnd,
        _ => Action::MeritAnswer,
    };
    record(tx, action, user_id, &before, status.as_str(), now)?;
    Ok(Merit { status, updated_at: now, ..before })
}

/// Whether the member has another accepted merit of a template that each recipient gets once: it reached them by another address.
fn holds_another(tx: &mut dyn Tx, user_id: &UserId, merit: &Merit) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM merits m JOIN merit_templates t ON t.org_id = m.org_id AND t.id = m.template_id
         WHERE m.user_id = $1 AND m.template_id = $2 AND m.org_id = $3 AND m.status = 'Accepted' AND t.once = 1 AND m.id <> $4
         LIMIT 1";
    Ok(tx.query_opt(sql, params![user_id, &merit.template_id, &merit.org_id, &merit.id])?.is_some())
}

/// Shows or hides a merit on its verification page.
pub fn set_public(
    tx: &mut dyn Tx,
    user_id: &UserId,
    (org_id, id): (&OrgId, &MeritId),
    is_public: bool,
    now: Timestamp,
) -> Decision<Merit> {
    tx.lock(Owner::Org(org_id))?;
    tx.lock(Owner::User(user_id))?;
    let before = find(tx, user_id, org_id, id)?.ok_or(MeritProblem::NotFound)?;
    if before.access {
        return Err(MeritProblem::InvalidStatusTransition.into());
    }
    tx.execute(
        "UPDATE merits SET is_public = $3, updated_at = $4 WHERE org_id = $1 AND id = $2 AND user_id = $5",
        params![org_id, id, is_public, now, user_id],
    )?;
    record(tx, Action::MeritAnswer, user_id, &before, if is_public { "Public" } else { "Hidden" }, now)?;
    Ok(Merit { is_public, updated_at: now, ..before })
}

pub(super) fn record(
    tx: &mut dyn Tx,
    action: Action,
    user_id: &UserId,
    merit: &Merit,
    reason: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let details = Details {
        reason: Some(reason.to_owned()),
        app: merit.app_id.clone(),
        scope: merit.permissions.as_ref().map(ToString::to_string),
        ..Details::default()
    };
    let event = NewEvent::new(action).about(user_id).within(&merit.org_id).to(Target::Merit(merit.id.clone()));
    event::append_bounded(tx, event.with(details), user_id, now)
}
