//! People whom directories provision.

use std::borrow::Cow;

use sigma_core::email::Email;
use sigma_core::event::{Action, Details, Target};
use sigma_core::ids::{MembershipId, ScimUserId, UserId};
use sigma_core::org::text::{self, folded};
use sigma_core::scim::{Document, Membership, Patch, Problem, ProblemKind, Resource, ResourceType};
use sigma_core::time::Timestamp;

use super::refusal::of_org;
use super::{Decision, Directory};
use crate::event::{self, NewEvent};
use crate::invitation::{self, Invite};
use crate::org::api_key::MadeKeys;
use crate::org::membership::{self, Change, Member, State};
use crate::outbox::MailedLink;
use crate::{Outage, Row, Stop, StoreError, Tx, cached, params};

/// Most characters of an invited name; a longer one is shortened.
const LONGEST_NAME: usize = 100;

/// A person as stored.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) id: ScimUserId,
    pub(super) member_id: Option<UserId>,
    /// As the directory wants it.
    pub(super) active: bool,
    /// The state of the membership, if it has one.
    pub(super) state: Option<String>,
    pub(super) document: Document,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    /// The size of the document, for the bound of searches.
    pub(super) bytes: usize,
}

impl Stored {
    /// Whether the person has, or may yet accept, what the org offers: administrators of the org can end that too.
    pub(super) fn is_active(&self) -> bool {
        let has_membership = self.state.as_deref().is_some_and(|state| state != State::Inactive.as_str());
        self.active && (self.member_id.is_none() || has_membership)
    }

    pub(super) fn resource(&self, related: Option<Vec<Membership>>) -> Resource {
        Resource {
            of: ResourceType::User,
            id: self.id.to_string(),
            document: self.document.clone().with_active(self.is_active()),
            related,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

/// The columns of a person, in the order of [`decode`].
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT s.id, s.member_id, s.active, m.state, s.attributes, s.created_at, s.updated_at
             FROM scim_users s LEFT JOIN memberships m ON m.org_id = s.org_id AND m.user_id = s.member_id WHERE ",
            $rest
        )
    };
}
pub(super) use select;

pub(super) fn decode(row: &Row) -> Result<Stored, StoreError> {
    let attributes = row.text(4)?;
    Ok(Stored {
        id: ScimUserId::from_text(row.text(0)?),
        member_id: row.opt_text(1)?.map(UserId::from_text),
        active: row.bool(2)?,
        state: row.opt_text(3)?,
        bytes: attributes.len(),
        document: Document::from_stored(&attributes)
            .map_err(|_| StoreError::Corrupt("the attributes of a provisioned person".to_owned()))?,
        created_at: row.timestamp(5)?,
        updated_at: row.timestamp(6)?,
    })
}

fn find(tx: &mut dyn Tx, directory: &Directory, id: &ScimUserId) -> Result<Option<Stored>, StoreError> {
    let sql = select!("s.org_id = $1 AND s.id = $2");
    tx.query_opt(sql, params![&directory.org_id, id])?.map(|row| decode(&row)).transpose()
}

/// The groups of a person, at most 500.
pub(super) fn groups(tx: &mut dyn Tx, directory: &Directory, id: &ScimUserId) -> Result<Vec<Membership>, StoreError> {
    tx.query_all(
        "SELECT g.id, g.attributes FROM scim_group_members gm
            JOIN scim_groups g ON g.org_id = gm.org_id AND g.id = gm.group_id
         WHERE gm.org_id = $1 AND gm.user_id = $2 ORDER BY gm.group_id LIMIT 500",
        params![&directory.org_id, id],
    )?
    .iter()
    .map(|row| {
        let document = Document::from_stored(&row.text(1)?)
            .map_err(|_| StoreError::Corrupt("the attributes of a group".to_owned()))?;
        Ok(Membership { id: row.text(0)?, display: document.text("displayName").map(str::to_owned) })
    })
    .collect()
}

/// The person of that id.
pub fn load(tx: &mut dyn Tx, directory: &Directory, id: &ScimUserId) -> Decision<Resource> {
    let stored = find(tx, directory, id)?.ok_or_else(Problem::not_found)?;
    let groups = groups(tx, directory, id)?;
    Ok(stored.resource(Some(groups)))
}

/// What a directory wants of a person.
#[derive(Clone, Debug)]
pub enum Wish {
    /// Provision them, under a new id.
    Create(ScimUserId, Document),
    /// Be as this says.
    Replace(ScimUserId, Document),
    /// Change like this.
    Patch(ScimUserId, Patch),
}

/// A request to save a person.
#[derive(Clone, Debug)]
pub struct Save {
    /// The directory.
    pub directory: Directory,
    /// What it wants.
    pub wish: Wish,
    /// The version that it must be of.
    pub if_match: Option<String>,
    /// The mail that invites them, if it was found that one is needed.
    pub mail: Option<Invitation>,
    /// The current time.
    pub now: Timestamp,
}

/// An invitation that was written for an address.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// The id of the membership until they accept.
    pub id: MembershipId,
    /// The mail.
    pub mail: MailedLink,
    /// The address on it.
    pub mailed_to: String,
    /// Pseudonym of the address for counting mails.
    pub counted_as: String,
}

/// The outcome of saving a person.
#[derive(Clone, Debug)]
pub enum Saved {
    /// As they are now.
    Done(Box<Resource>),
    /// Nothing was changed: an invitation to this address is to be written first.
    NeedsMail(Email, Cow<'static, str>),
}

/// Provisions or changes a person.
///
/// Somebody who becomes active is invited, or becomes who already is a member by that address. Somebody who becomes inactive loses
/// what the org gave them: their membership with its sessions and API keys, and the tokens of the org's apps.
pub fn save(tx: &mut dyn Tx, save: &Save) -> Decision<Saved> {
    let (directory, now) = (&save.directory, save.now);
    directory.lock(tx, now)?;
    let (before, after) = wanted(tx, save)?;
    let id = match (&save.wish, &before) {
        (_, Some(before)) => before.id.clone(),
        (Wish::Create(id, _) | Wish::Replace(id, _) | Wish::Patch(id, _), None) => id.clone(),
    };
    let user_name = folded(after.text("userName").unwrap_or_default());
    let sql = "SELECT 1 FROM scim_users WHERE org_id = $1 AND user_name_folded = $2 AND id <> $3";
    if tx.query_opt(sql, params![&directory.org_id, &user_name, &id])?.is_some() {
        return Err(Problem::new(ProblemKind::Uniqueness, "Another user has this userName").into());
    }
    // What the org may refuse comes first: a refusal commits.
    let step = Step { save, id: &id, before: before.as_ref(), after: &after };
    let (member_id, ended) = match step.membership(tx)? {
        Settled::As(member_id) => (member_id, false),
        Settled::Ended(member_id) => (member_id, true),
        Settled::NeedsMail(email) => {
            let spelling = crate::email::find_spelling(tx, email.folded())?;
            let spelling = spelling.unwrap_or_else(|| email.address().to_owned());
            return Ok(Saved::NeedsMail(email, spelling.into()));
        }
    };
    let action = match (&before, ended) {
        (_, true) => Action::ScimUserDeprovision,
        (None, false) => Action::ScimUserProvision,
        (Some(_), false) => Action::ScimUserChange,
    };
    let document = after.clone().without("active");
    let is_changed = before.as_ref().is_none_or(|before| {
        before.document != document || before.active != after.active() || before.member_id != member_id
    });
    if is_changed {
        tx.execute(
            "INSERT INTO scim_users (org_id, id, user_name_folded, external_id, member_id, active, attributes, created_at,
                updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
             ON CONFLICT (org_id, id) DO UPDATE SET user_name_folded = excluded.user_name_folded,
                external_id = excluded.external_id, member_id = excluded.member_id, active = excluded.active,
                attributes = excluded.attributes, updated_at = excluded.updated_at",
            params![
                &directory.org_id,
                &id,
                user_name,
                document.text("externalId"),
                member_id.as_ref(),
                after.active(),
                document.to_stored(),
                now
            ],
        )?;
        if before.is_some_and(|before| before.member_id != member_id) {
            tx.changed(cached::ORG_GROUPS, directory.org_id.as_str())?;
        }
        event::append(tx, recorded(action, directory, &id))?;
    }
    load(tx, directory, &id).map(|resource| Saved::Done(Box::new(resource)))
}

fn recorded(action: Action, directory: &Directory, id: &ScimUserId) -> NewEvent {
    NewEvent::new(action).by(directory.actor()).within(&directory.org_id).to(Target::ScimUser(id.clone()))
}

/// The person before, and the document after.
fn wanted(tx: &mut dyn Tx, save: &Save) -> Decision<(Option<Stored>, Document)> {
    let id = match &save.wish {
        Wish::Create(_, document) => return Ok((None, document.clone())),
        Wish::Replace(id, _) | Wish::Patch(id, _) => id,
    };
    let before = find(tx, &save.directory, id)?.ok_or_else(Problem::not_found)?;
    if save.if_match.is_some() {
        let groups = groups(tx, &save.directory, id)?;
        before.resource(Some(groups)).version().require(save.if_match.as_deref())?;
    }
    let after = match &save.wish {
        // A PUT that does not mention it leaves it as it is: a directory that forgets it must not reactivate anybody.
        Wish::Replace(_, document) if !document.has("active") => document.clone().with_active(before.active),
        Wish::Create(_, document) | Wish::Replace(_, document) => document.clone(),
        Wish::Patch(_, patch) => patch.apply(&before.document.clone().with_active(before.active))?,
    };
    Ok((Some(before), after))
}

/// What became of the membership.
enum Settled {
    /// It is this one, or there is none.
    As(Option<UserId>),
    /// The same, and access has ended.
    Ended(Option<UserId>),
    /// An invitation to this address is needed. Nothing was changed.
    NeedsMail(Email),
}

/// A person who is being saved.
struct Step<'s> {
    save: &'s Save,
    id: &'s ScimUserId,
    before: Option<&'s Stored>,
    after: &'s Document,
}

impl Step<'_> {
    fn membership(&self, tx: &mut dyn Tx) -> Decision<Settled> {
        let org_id = &self.save.directory.org_id;
        let member = match self.before.and_then(|before| before.member_id.as_ref()) {
            Some(id) => membership::find(tx, org_id, id)?,
            None => None,
        };
        let was_active = self.before.is_none_or(|before| before.active);
        match (self.after.active(), member) {
            (false, Some(member)) if was_active => self.end(tx, &member).map(Settled::Ended),
            (false, member) => Ok(Settled::As(member.map(|member| member.user_id))),
            (true, None) => self.join(tx),
            (true, Some(member)) if member.state == State::Invited => self.invite_elsewhere(tx, &member),
            (true, Some(member)) => {
                if member.state == State::Inactive && !was_active {
                    let change = Change { active: Some(true), ..Change::default() };
                    let (actor, now) = (self.save.directory.actor(), self.save.now);
                    membership::change(tx, org_id, &actor, &member.user_id, &change, now).map_err(of_org)?;
                }
                Ok(Settled::As(Some(member.user_id)))
            }
        }
    }

    /// Ends what the person has in the org.
    fn end(&self, tx: &mut dyn Tx, member: &Member) -> Decision<Option<UserId>> {
        end_membership(tx, &self.save.directory, member, Leaving::Deactivated, self.save.now)?;
        Ok((member.state != State::Invited).then(|| member.user_id.clone()))
    }

    /// Makes the person a member: who is one by that address already, or by an invitation.
    fn join(&self, tx: &mut dyn Tx) -> Decision<Settled> {
        let org_id = &self.save.directory.org_id;
        if self.before.is_some_and(|before| before.member_id.is_some() && before.active) {
            // An administrator of the org removed them, and the directory has not asked for them again.
            return Ok(Settled::As(self.before.and_then(|before| before.member_id.clone())));
        }
        let Some(email) = self.after.email() else { return Ok(Settled::As(None)) };
        if let Some(member) = membership::find_by_certain_email(tx, org_id, email.folded())? {
            let sql = "SELECT 1 FROM scim_users WHERE org_id = $1 AND member_id = $2 AND id <> $3";
            if tx.query_opt(sql, params![org_id, &member.user_id, self.id])?.is_some() {
                return Err(Problem::new(ProblemKind::Uniqueness, "Another user has this e-mail address").into());
            }
            return Ok(Settled::As(Some(member.user_id)));
        }
        self.invite(tx, email)
    }

    /// Invites a person who has not accepted yet to another address, if the directory changed it.
    fn invite_elsewhere(&self, tx: &mut dyn Tx, member: &Member) -> Decision<Settled> {
        let invited = member.email.as_deref().map(sigma_core::email::fold);
        let Some(email) = self.after.email().filter(|email| invited.as_deref() != Some(email.folded())) else {
            return Ok(Settled::As(Some(member.user_id.clone())));
        };
        let invited_now = self.invite(tx, email)?;
        if let Settled::As(_) = &invited_now {
            end_membership(tx, &self.save.directory, member, Leaving::Deactivated, self.save.now)?;
        }
        Ok(invited_now)
    }

    fn invite(&self, tx: &mut dyn Tx, email: Email) -> Decision<Settled> {
        let Some(written) = &self.save.mail else { return Ok(Settled::NeedsMail(email)) };
        let spelling = crate::email::find_spelling(tx, email.folded())?;
        if spelling.as_deref().unwrap_or(email.address()) != written.mailed_to {
            // The account of that address was created or removed since.
            return Ok(Settled::NeedsMail(email));
        }
        let name: String = self.after.person_name().unwrap_or_default().chars().take(LONGEST_NAME).collect();
        let invite = Invite {
            org_id: self.save.directory.org_id.clone(),
            actor: self.save.directory.actor(),
            id: written.id.clone(),
            email,
            name: text::name(&name).unwrap_or_else(|_| self.id.to_string()),
            role_id: self.save.directory.role_id.clone(),
            app_id: None,
            counted_as: written.counted_as.clone(),
            mail: written.mail.clone(),
            mailed_to: written.mailed_to.clone(),
        };
        match invitation::invite(tx, &invite) {
            Ok(invitation::Invitee::Invited(member)) => Ok(Settled::As(Some(member.user_id))),
            Ok(invitation::Invitee::Misaddressed(_)) => Err(Outage::Contended.into()),
            Err(Stop::Refused(refusal)) if refusal == invitation::TOO_MANY => {
                Err(Problem::new(ProblemKind::TooManyMails, refusal.to_string()).into())
            }
            Err(stop) => Err(of_org(stop)),
        }
    }
}

/// How somebody leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leaving {
    Deactivated,
    Removed,
}

/// Ends a membership, and with it sessions and API keys, and what the org's apps hold for the person.
fn end_membership(
    tx: &mut dyn Tx,
    directory: &Directory,
    member: &Member,
    leaving: Leaving,
    now: Timestamp,
) -> Decision<()> {
    let (org_id, actor) = (&directory.org_id, directory.actor());
    let user_id = &member.user_id;
    if member.state == State::Invited || leaving == Leaving::Removed {
        membership::remove(tx, org_id, &actor, user_id, MadeKeys::Deactivate, now).map_err(of_org)?;
    } else {
        let change = Change { active: Some(false), ..Change::default() };
        membership::change(tx, org_id, &actor, user_id, &change, now).map_err(of_org)?;
    }
    Ok(())
}

/// Deletes a person: their membership ends, and nothing of what the directory wrote is kept.
pub fn remove(
    tx: &mut dyn Tx,
    directory: &Directory,
    id: &ScimUserId,
    if_match: Option<&str>,
    now: Timestamp,
) -> Decision<()> {
    directory.lock(tx, now)?;
    let stored = find(tx, directory, id)?.ok_or_else(Problem::not_found)?;
    if if_match.is_some() {
        let groups = groups(tx, directory, id)?;
        stored.resource(Some(groups)).version().require(if_match)?;
    }
    let org_id = &directory.org_id;
    let member = match &stored.member_id {
        Some(member_id) => membership::find(tx, org_id, member_id)?,
        None => None,
    };
    if let Some(member) = &member {
        end_membership(tx, directory, member, Leaving::Removed, now)?;
    }
    tx.execute("DELETE FROM scim_group_members WHERE org_id = $1 AND user_id = $2", params![org_id, id])?;
    tx.execute("DELETE FROM scim_users WHERE org_id = $1 AND id = $2", params![org_id, id])?;
    tx.changed(cached::ORG_GROUPS, org_id.as_str())?;
    let details = Details { reason: Some("deleted".to_owned()), ..Details::default() };
    event::append(tx, recorded(Action::ScimUserDeprovision, directory, id).with(details))?;
    Ok(())
}
