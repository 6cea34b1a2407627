//! The operator's webhooks as the console and the management API see them.

use sigma_core::ids::{OrgId, WebhookId};
use sigma_core::operator::{OperatorRefusal, OperatorRight};
use sigma_core::time::Timestamp;
use sigma_core::webhook::SecretKind;

use super::Decision;
use super::authority::{Caller, require};
use crate::webhook::delivery::{self, DeliveryLine, LogPlace};
use crate::webhook::{self, Act, NewWebhook, Now, StoredSecret, Webhook};
use crate::{Tx, org};

/// At most `limit` webhooks, oldest first, after the one with the id `after`.
pub fn list(tx: &mut dyn Tx, caller: &Caller, after: &str, limit: u32) -> Decision<Vec<Webhook>> {
    require(tx, caller, OperatorRight::ReadWebhooks)?;
    Ok(webhook::list(tx, &OrgId::operator(), after, limit)?)
}

/// A webhook with the secrets that sign.
pub fn find(
    tx: &mut dyn Tx,
    caller: &Caller,
    id: &WebhookId,
    now: Timestamp,
) -> Decision<(Webhook, Vec<StoredSecret>)> {
    require(tx, caller, OperatorRight::ReadWebhooks)?;
    let found = webhook::find(tx, &OrgId::operator(), id)?.ok_or(OperatorRefusal::NotFound)?;
    Ok((found, webhook::secrets(tx, &OrgId::operator(), id, now)?))
}

/// Creates a webhook; `None` if there are `most` already.
pub fn add(tx: &mut dyn Tx, caller: &Caller, new: &NewWebhook, most: u32) -> Decision<Option<Webhook>> {
    require(tx, caller, OperatorRight::ManageWebhooks)?;
    org::load_operator(tx, new.now)?;
    Ok(webhook::add(tx, new, most)?)
}

/// How the requests of a webhook are signed, for whoever may give it another secret.
pub fn secret_kind(tx: &mut dyn Tx, caller: &Caller, id: &WebhookId) -> Decision<SecretKind> {
    require(tx, caller, OperatorRight::ManageWebhooks)?;
    let found = webhook::find(tx, &OrgId::operator(), id)?.ok_or(OperatorRefusal::NotFound)?;
    Ok(found.secret_kind)
}

/// Does something with a webhook; returns how much of it, 0 of a batch if nothing is left.
pub fn act(tx: &mut dyn Tx, caller: &Caller, id: &WebhookId, act: &Act, now: Now) -> Decision<u64> {
    require(tx, caller, OperatorRight::ManageWebhooks)?;
    Ok(webhook::act(tx, (&OrgId::operator(), id), act, now)?.ok_or(OperatorRefusal::NotFound)?)
}

/// The log of a webhook, the latest first.
pub fn log(
    tx: &mut dyn Tx,
    caller: &Caller,
    id: &WebhookId,
    only_failed: bool,
    place: &LogPlace,
    limit: u32,
) -> Decision<Vec<DeliveryLine>> {
    require(tx, caller, OperatorRight::ReadWebhooks)?;
    let org_id = OrgId::operator();
    webhook::find(tx, &org_id, id)?.ok_or(OperatorRefusal::NotFound)?;
    Ok(delivery::log(tx, (&org_id, id), only_failed, place, limit)?)
}
