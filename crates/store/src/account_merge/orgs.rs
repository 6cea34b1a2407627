//! What becomes of memberships in a merge: where only the account that goes is a member, the one that stays takes its place; where both are, its
//! own role stays.

use sigma_core::event::{Action, Details, Target};
use sigma_core::ids::{OrgId, UserId};
use sigma_core::merge::MergeRefusal;
use sigma_core::org::KeyPermissions;
use sigma_core::time::Timestamp;

use super::Decision;
use crate::event::{self, NewEvent};
use crate::org::membership::{self, Member, State};
use crate::org::merging;
use crate::{StoreError, Tx, cached, params};

/// An org of the account that goes.
pub(super) struct Shared {
    org_id: OrgId,
    gone: Member,
    /// The membership of the account that stays.
    kept: Option<Member>,
}

/// The orgs in which one account can take the place of the other. Their locks are held.
pub(super) fn check(tx: &mut dyn Tx, orgs: &[OrgId], gone: &UserId, kept: &UserId) -> Decision<Vec<Shared>> {
    let mut shared = Vec::new();
    for org_id in orgs {
        let Some(going) = membership::find(tx, org_id, gone)? else { continue };
        let staying = membership::find(tx, org_id, kept)?;
        if staying.is_some() {
            let managed = "SELECT 1 FROM scim_users WHERE org_id = $1 AND member_id = $2";
            if tx.query_opt(managed, params![org_id, gone])?.is_some() {
                return Err(MergeRefusal::Directory.into());
            }
            if merging::is_only_administrator(tx, org_id, &going)? {
                return Err(MergeRefusal::OnlyAdministrator.into());
            }
        }
        shared.push(Shared { org_id: org_id.clone(), gone: going, kept: staying });
    }
    Ok(shared)
}

/// Moves the memberships, and the API keys that were created by them.
pub(super) fn move_all(
    tx: &mut dyn Tx,
    shared: &[Shared],
    gone: &UserId,
    kept: &UserId,
    now: Timestamp,
) -> Result<(), StoreError> {
    for Shared { org_id, gone: going, kept: staying } in shared {
        let keys = match staying {
            None => {
                merging::replace(tx, org_id, going, kept, now)?;
                let sql = "UPDATE scim_users SET member_id = $3 WHERE org_id = $1 AND member_id = $2";
                tx.execute(sql, params![org_id, gone, kept])?;
                tx.changed(cached::ORG_GROUPS, org_id.as_str())?;
                0
            }
            Some(member) => {
                // What the account created may do no more than the role that is left.
                let may = match member.state {
                    State::Active => merging::key_permissions(tx, org_id, member)?,
                    State::Invited | State::Inactive => KeyPermissions::NONE,
                };
                merging::absorb(tx, org_id, going, may)?
            }
        };
        let sql = "UPDATE api_keys SET made_by_user = $3 WHERE org_id = $1 AND made_by_user = $2";
        tx.execute(sql, params![org_id, gone, kept])?;
        for one in [gone, kept] {
            tx.changed(cached::MEMBERSHIP, &cached::key_in(org_id, one.as_str()))?;
        }
        let details = Details { api_keys: (keys > 0).then_some(keys), ..Details::default() };
        let event = NewEvent::new(Action::UserMerge).within(org_id).about(kept).to(Target::User(gone.clone()));
        event::append(tx, event.with(details))?;
    }
    // Of those that were left before.
    tx.execute("UPDATE api_keys SET made_by_user = $2 WHERE made_by_user = $1", params![gone, kept])?;
    Ok(())
}
