//! Sending and proposing merits: many of one template in one operation.

use std::time::Duration;

use serde_json::Value as Json;
use sigma_core::actor::Actor;
use sigma_core::email::Email;
use sigma_core::event::{Action, Target};
use sigma_core::ids::{FieldId, MeritId, MeritTemplateId, OrgId, UserId};
use sigma_core::merits::{
    AttachmentKind, FieldValue, FieldValues, MeritProblem, OrgPermission, PersonName, RequestFault, Standing, Status,
    global_field,
};
use sigma_core::org::OrgQuota;
use sigma_core::time::Timestamp;

use super::decision::Decision;
use super::merit::{self, Merit};
use super::template::{self, Template, TemplateField};
use super::{acting, attachment};
use crate::event::{self, NewEvent};
use crate::org::quotas;
use crate::{Stop, StoreError, Tx, email, params, quota};

/// Most recipients of one operation.
pub const MOST_RECIPIENTS: usize = 500;
/// Merits that wait for the verification of their org.
const MOST_UNVERIFIED: i64 = 250;
/// The time in which an org's merits are counted.
pub(super) const DAY: Duration = Duration::from_hours(24);

/// Merits to be sent.
#[derive(Clone, Debug)]
pub struct Sending {
    /// The issuer.
    pub org_id: OrgId,
    /// Who sends.
    pub actor: Actor,
    /// What is sent.
    pub template_id: MeritTemplateId,
    /// Whether it is sent or proposed.
    pub manner: Manner,
    /// To whom, at most [`MOST_RECIPIENTS`].
    pub recipients: Vec<Recipient>,
    /// How many merits an org without a quota of its own may send a day.
    pub daily_budget: u32,
    /// The current time.
    pub now: Timestamp,
}

/// Whether merits are sent or proposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Manner {
    /// The recipient gets it.
    Send,
    /// The org has to approve it.
    Propose,
}

/// One recipient.
#[derive(Clone, Debug)]
pub struct Recipient {
    /// The id of the new merit.
    pub merit_id: MeritId,
    /// Who.
    pub to: To,
    /// Their name.
    pub name: PersonName,
    /// The values of the fields, as they were sent.
    pub values: Vec<(FieldId, Json)>,
}

/// Who gets a merit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum To {
    /// Whoever proves that address.
    Email(Email),
    /// A member who has a merit of the org.
    Member(UserId),
}

impl To {
    /// The address; empty for a member, whom the org may know without knowing their address.
    pub(super) fn address(&self) -> (&str, &str) {
        match self {
            Self::Email(email) => (email.address(), email.folded()),
            Self::Member(_) => ("", ""),
        }
    }

    /// The account that it reaches now. Without the lock of that account, the address may pass to another one.
    pub(super) fn member(&self, tx: &mut dyn Tx) -> Result<Option<UserId>, StoreError> {
        match self {
            Self::Email(email) => email::find_holder(tx, email.folded()),
            Self::Member(user_id) => Ok(Some(user_id.clone())),
        }
    }
}

/// The refusal of what may be done again at `until`.
pub(super) fn rate_limit(until: Timestamp, now: Timestamp) -> MeritProblem {
    MeritProblem::RateLimit(u32::try_from(until.since(now).as_secs()).unwrap_or(u32::MAX).max(1))
}

/// Sends or proposes a merit to one recipient.
pub fn one(tx: &mut dyn Tx, sending: &Sending) -> Decision<Merit> {
    match many(tx, sending)?.pop() {
        Some(Ok(merit)) => Ok(merit),
        Some(Err(problem)) => Err(problem.into()),
        None => Err(RequestFault::Recipient.into()),
    }
}

/// Sends or proposes merits to many; what each recipient got, in their order.
pub fn many(tx: &mut dyn Tx, sending: &Sending) -> Decision<Vec<Result<Merit, MeritProblem>>> {
    let needed = match sending.manner {
        Manner::Send => OrgPermission::Send,
        Manner::Propose => OrgPermission::Propose,
    };
    let standing = acting::lock(tx, &sending.org_id, &sending.actor, needed, sending.now)?;
    let template = template::find(tx, &sending.org_id, &sending.template_id)?.ok_or(MeritProblem::NotFound)?;
    if template.access {
        return Err(RequestFault::AccessTemplate.into());
    }
    if template.archived {
        return Err(RequestFault::Archived.into());
    }
    let count = sending.recipients.len();
    if count == 0 || count > MOST_RECIPIENTS {
        return Err(RequestFault::Recipient.into());
    }
    if standing == Standing::Unverified
        && unverified(tx, &sending.org_id)? + i64::try_from(count).unwrap_or(i64::MAX) > MOST_UNVERIFIED
    {
        return Err(RequestFault::TooMany.into());
    }
    charge(tx, &sending.org_id, count, sending.daily_budget, sending.now)?;
    let mut fields = template::stored_fields(tx, &sending.org_id, &sending.template_id)?;
    fields.retain(|field| field.setting.enabled);
    let before = fields.clone();
    let status = match sending.manner {
        Manner::Send => Status::sent(standing),
        Manner::Propose => Status::proposed(standing),
    };
    let mut sent = Vec::with_capacity(count);
    for recipient in &sending.recipients {
        sent.push(match deliver(tx, sending, &template, &mut fields, status, recipient) {
            Ok(merit) => Ok(merit),
            Err(Stop::Refused(problem)) => Err(problem),
            Err(Stop::Failed(error)) => return Err(Stop::Failed(error)),
        });
    }
    for (field, _) in fields.iter().zip(&before).filter(|(after, before)| after.setting != before.setting) {
        template::write_setting(tx, &sending.org_id, &sending.template_id, &field.setting, sending.now)?;
    }
    let delivered = sent.iter().filter(|outcome| outcome.is_ok()).count();
    record(tx, (&sending.org_id, &sending.template_id), &sending.actor, delivered, sending.now)?;
    Ok(sent)
}

/// Records that so many merits of a template were sent.
pub(super) fn record(
    tx: &mut dyn Tx,
    (org_id, template_id): (&OrgId, &MeritTemplateId),
    actor: &Actor,
    count: usize,
    now: Timestamp,
) -> Result<(), StoreError> {
    if count == 0 {
        return Ok(());
    }
    let event = NewEvent::new(Action::MeritSend)
        .times(count)
        .within(org_id)
        .to(Target::MeritTemplate(template_id.clone()))
        .by(actor.clone());
    event::count_repeated(tx, event, now)
}

/// Takes merits from the budget of the org.
pub(super) fn charge(tx: &mut dyn Tx, org_id: &OrgId, count: usize, daily_budget: u32, now: Timestamp) -> Decision<()> {
    let wanted = i64::try_from(count).unwrap_or(i64::MAX);
    let most = quotas::most(tx, org_id, OrgQuota::MeritsPerDay, daily_budget)?;
    let org = (quota::Purpose::MeritsOfOrg, org_id.as_str());
    match quota::take(tx, org, (wanted, most), now, DAY)? {
        Ok(()) => Ok(()),
        Err(until) => Err(rate_limit(until, now).into()),
    }
}

fn unverified(tx: &mut dyn Tx, org_id: &OrgId) -> Result<i64, StoreError> {
    let row = tx.query_opt(
        "SELECT count(*) FROM merits WHERE org_id = $1 AND status IN ('Unverified', 'UnapprovedUnverified')",
        params![org_id],
    )?;
    row.map_or(Ok(0), |row| row.int(0))
}

fn deliver(
    tx: &mut dyn Tx,
    sending: &Sending,
    template: &Template,
    fields: &mut [TemplateField],
    status: Status,
    recipient: &Recipient,
) -> Decision<Merit> {
    let values = values(tx, &sending.org_id, fields, &recipient.values, sending.now)?;
    if recipient.name.is_empty() {
        return Err(MeritProblem::InvalidFullName.into());
    }
    may_receive(tx, &sending.org_id, &recipient.to)?;
    if template.once {
        once(tx, &sending.org_id, &template.id, &recipient.to, None)?;
    }
    let new = NewMerit {
        org_id: &sending.org_id,
        id: &recipient.merit_id,
        template,
        status,
        to: &recipient.to,
        name: &recipient.name,
        values,
        tell: status == Status::Pending,
        now: sending.now,
    };
    let merit = insert(tx, new)?;
    for field in fields {
        field.setting = field.setting.used(merit.values.get(&field.setting.field_id));
    }
    attachment::keep(tx, &sending.org_id, &merit.id, &merit.values)?;
    Ok(merit)
}

/// The values of a merit, by the fields of its template.
fn values(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    fields: &[TemplateField],
    given: &[(FieldId, Json)],
    now: Timestamp,
) -> Decision<FieldValues> {
    for (field_id, value) in given {
        match global_field(field_id) {
            // It comes as recipientName; here it is only checked.
            Some(global) if global.is_recipient_name() => {
                FieldValue::of_json(global.kind, value)?;
            }
            _ if fields.iter().any(|field| field.setting.field_id == *field_id) => {}
            _ => return Err(RequestFault::Field.into()),
        }
    }
    let mut values = FieldValues::new();
    for field in fields {
        // The last of several values for one field counts.
        let sent = given.iter().rev().find(|(id, _)| *id == field.setting.field_id);
        let parsed = match sent {
            Some((_, value)) => FieldValue::of_json(field.kind, value)?,
            None => None,
        };
        if let Some(value) = field.setting.value(parsed)? {
            if let Some(kind) = AttachmentKind::of_field(field.kind) {
                attachment::check(tx, org_id, kind, &value, now)?;
            }
            values.insert(field.setting.field_id.clone(), value);
        }
    }
    Ok(values)
}

/// Only people who have something of the org are reached by their id: others are not found.
fn may_receive(tx: &mut dyn Tx, org_id: &OrgId, to: &To) -> Decision<()> {
    let To::Member(user_id) = to else { return Ok(()) };
    // Merits first: looking for the account first would take longer for one that exists.
    let known = tx.query_opt(
        "SELECT (SELECT 1 FROM users u WHERE u.id = m.user_id AND u.disabled = 0)
         FROM merits m WHERE m.user_id = $1 AND m.org_id = $2 LIMIT 1",
        params![user_id, org_id],
    )?;
    let is_known = known.map(|row| row.opt_int(0)).transpose()?.flatten().is_some();
    if is_known { Ok(()) } else { Err(MeritProblem::NotFound.into()) }
}

/// Refuses a second merit of a template that is sent once, besides the one called `except`. Recipients are compared by the name
/// that the org uses, their address or their id: a refusal must not tell whose other addresses are. That a member has one
/// of them is checked when they accept. Callers hold the lock of the org.
pub(super) fn once(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    template_id: &MeritTemplateId,
    to: &To,
    except: Option<&MeritId>,
) -> Decision<()> {
    let except = except.map_or("", MeritId::as_str);
    let (_, folded) = to.address();
    let by_address = "SELECT 1 FROM merits WHERE org_id = $1 AND email_folded = $2 AND template_id = $3 AND email_folded <> '' AND id <> $4
        AND status IN ('Pending', 'Accepted', 'Unapproved', 'Unverified', 'UnapprovedUnverified') LIMIT 1";
    let by_member = "SELECT 1 FROM merits WHERE user_id = $2 AND template_id = $3 AND org_id = $1 AND id <> $4
        AND (email_folded = '' OR status = 'Accepted') AND status IN ('Pending', 'Accepted', 'Unapproved', 'Unverified', 'UnapprovedUnverified') LIMIT 1";
    let taken = match to {
        To::Email(_) => tx.query_opt(by_address, params![org_id, folded, template_id, except])?,
        To::Member(member) => tx.query_opt(by_member, params![org_id, member, template_id, except])?,
    };
    if taken.is_some() { Err(MeritProblem::TemplateAlreadySent.into()) } else { Ok(()) }
}

/// A merit about to be written.
pub(super) struct NewMerit<'a> {
    pub(super) org_id: &'a OrgId,
    pub(super) id: &'a MeritId,
    pub(super) template: &'a Template,
    pub(super) status: Status,
    pub(super) to: &'a To,
    pub(super) name: &'a PersonName,
    pub(super) values: FieldValues,
    /// Whether its recipient gets a mail.
    pub(super) tell: bool,
    pub(super) now: Timestamp,
}

/// Writes a merit; it belongs to the account that has proven its address, at once.
pub(super) fn insert(tx: &mut dyn Tx, new: NewMerit<'_>) -> Result<Merit, StoreError> {
    let (address, folded) = new.to.address();
    let member = if let To::Member(user_id) = new.to { Some(user_id) } else { None };
    let row = tx.query_opt(
        "INSERT INTO merits (org_id, id, template_id, access, status, email, email_folded, user_id, first_name, last_name,
            field_values, is_public, notify_at, sent_at, updated_at)
         VALUES ($1, $2, $3, 0, $4, $5, $6,
            COALESCE(CAST($7 AS TEXT), (SELECT user_id FROM emails WHERE folded = $6 AND proven_at IS NOT NULL)),
            $8, $9, $10, 1, $11, $12, $12)
         RETURNING user_id",
        params![
            new.org_id,
            new.id,
            &new.template.id,
            new.status.as_str(),
            address,
            folded,
            member,
            &new.name.first_name,
            &new.name.last_name,
            merit::values_to_text(&new.values)?,
            new.tell.then_some(new.now),
            new.now
        ],
    )?;
    Ok(Merit {
        org_id: new.org_id.clone(),
        id: new.id.clone(),
        template_id: new.template.id.clone(),
        template_title: new.template.title.clone(),
        access: false,
        status: new.status,
        email: address.to_owned(),
        user_id: row.map(|row| row.opt_text(0)).transpose()?.flatten().map(UserId::from_text),
        name: new.name.clone(),
        values: new.values,
        app_id: None,
        permissions: None,
        is_public: true,
        reason: None,
        successor_id: None,
        sent_at: new.now,
        updated_at: new.now,
    })
}
