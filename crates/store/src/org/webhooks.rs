//! The webhooks of an org, for those who manage it.

use sigma_core::actor::Actor;
use sigma_core::ids::{OrgId, WebhookId};
use sigma_core::org::{Refusal, Right};

use crate::Tx;
use crate::org::authority;
use crate::org::decision::Decision;
use crate::webhook::{self, Act, NewWebhook, Now, Webhook};

/// Creates a webhook; `None` if the org has `most` already.
pub fn add(tx: &mut dyn Tx, actor: &Actor, new: &NewWebhook, most: u32) -> Decision<Option<Webhook>> {
    authority::lock(tx, &new.org_id, actor, new.now)?.require(Right::Workspace)?;
    Ok(webhook::add(tx, new, most)?)
}

/// Does something with a webhook; returns how much of it, 0 of a batch if nothing is left.
pub fn act(tx: &mut dyn Tx, (org_id, id): (&OrgId, &WebhookId), actor: &Actor, act: &Act, now: Now) -> Decision<u64> {
    authority::lock(tx, org_id, actor, now.here)?.require(Right::Workspace)?;
    let done = webhook::act(tx, (org_id, id), act, now)?;
    Ok(done.ok_or_else(|| Refusal::not_found("Webhook", id.as_str()))?)
}
