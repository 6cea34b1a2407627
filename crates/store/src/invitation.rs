//! Invitations to a workspace, and what the person makes of them.
//!
//! Whoever invites learns nothing of the address: the membership waits under an id of its own, the answer is the same
//! whether or not there is an account, and mails are counted by the address. The account is found, or made, when the
//! invitation is accepted.

use std::time::Duration;

use sigma_core::actor::Actor;
use sigma_core::digest::Digest;
use sigma_core::email::Email;
use sigma_core::event::{Action, Details, Target};
use sigma_core::ids::{MembershipId, OrgId, RoleId, UserId};
use sigma_core::time::Timestamp;
use sigma_core::workspace::{Refusal, Right};

use crate::account::{self, EmailProof, User};
use crate::event::{self, NewEvent};
use crate::one_time_link::{self, Purpose};
use crate::outbox::MailedLink;
use crate::tx::acting_as;
use crate::workspace::membership::{self, Invited, Member, State};
use crate::workspace::{Decision, authority, granted, role, tenant};
use crate::{Outage, Owner, Row, StoreError, Tx, params, password, quota};

/// Invitations that one address is sent within [`WINDOW`], by all workspaces together: more would be a nuisance.
const MOST_MAILS: i64 = 10;
/// The time in which they are counted.
const WINDOW: Duration = Duration::from_hours(1);
/// There is nothing left to send again.
pub const ACCEPTED_ALREADY: Refusal = Refusal::Conflict("The invitation has already been accepted");
const TOO_MANY: Refusal =
    Refusal::Conflict("This address has received too many invitations within the hour. Try again later");

/// Somebody is invited.
#[derive(Clone, Debug)]
pub struct Invite {
    /// The workspace.
    pub org_id: OrgId,
    /// The inviter.
    pub actor: Actor,
    /// What the membership is called until they accept.
    pub id: MembershipId,
    /// The address of the person.
    pub email: Email,
    /// What they are called, checked; an account that is there keeps its own name.
    pub name: String,
    /// Their role.
    pub role_id: RoleId,
    /// Stands for the address where mails to it are counted; without a secret of the server nobody can tell whose it is.
    pub counted_as: String,
    /// The mail with the link.
    pub mail: MailedLink,
}

/// Invites a person: their membership waits once this commits, and the mail is promised. A mail that was sent counts, also
/// when the invitation is taken back.
pub fn invite(tx: &mut dyn Tx, invite: &Invite) -> Decision<Member> {
    let now = invite.mail.link.now;
    let authority = granted!(authority::lock(tx, &invite.org_id, &invite.actor, now)?);
    granted!(authority.require(Right::Users));
    let role = granted!(role::load(tx, &invite.org_id, &invite.role_id)?);
    granted!(authority.require_role(&role.permissions));
    let invited = Invited { id: &invite.id, email: &invite.email, name: &invite.name, role_id: &invite.role_id };
    // Asked before anything is written: who is there already is sent no mail.
    if membership::find_by_email(tx, &invite.org_id, invite.email.folded())?.is_some() {
        return Ok(Err(membership::MEMBER_ALREADY));
    }
    if !may_mail(tx, &invite.counted_as, now)? {
        return Ok(Err(TOO_MANY));
    }
    let member = granted!(membership::invite(tx, &invite.org_id, &invited, now)?);
    invite.mail.send(tx, &member.user_id, Some(&invite.org_id))?;
    let details = Details { role: Some(invite.role_id.clone()), ..Details::default() };
    let event = recorded(Action::InvitationSend, &invite.org_id, &member.user_id).by(invite.actor.clone());
    event::append(tx, event.with(details))?;
    Ok(Ok(member))
}

fn recorded(action: Action, org_id: &OrgId, invited: &UserId) -> NewEvent {
    NewEvent::new(action).within(org_id).to(Target::User(invited.clone()))
}

/// Sends the invitation of a member once more, by a mail that was made for the address that was invited. Earlier links stop
/// working.
pub fn send_again(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    actor: &Actor,
    user_id: &UserId,
    counted_as: &str,
    mail: &MailedLink,
) -> Decision<Member> {
    let authority = granted!(authority::lock(tx, org_id, actor, mail.link.now)?);
    granted!(authority.require(Right::Users));
    let member = granted!(membership::load(tx, org_id, user_id)?);
    let role = granted!(role::load(tx, org_id, &member.role_id)?);
    granted!(authority.require_role(&role.permissions));
    if member.state != State::Invited {
        return Ok(Err(ACCEPTED_ALREADY));
    }
    if !may_mail(tx, counted_as, mail.link.now)? {
        return Ok(Err(TOO_MANY));
    }
    one_time_link::void_invitations(tx, user_id, org_id)?;
    mail.send(tx, user_id, Some(org_id))?;
    event::append(tx, recorded(Action::InvitationResend, org_id, &member.user_id).by(actor.clone()))?;
    Ok(Ok(member))
}

/// Counts one more mail to an address; whether it is not one too many.
fn may_mail(tx: &mut dyn Tx, counted_as: &str, now: Timestamp) -> Result<bool, StoreError> {
    Ok(quota::tally(tx, &format!("invited:{counted_as}"), now, WINDOW)? <= MOST_MAILS)
}

/// An invitation that its person looks at.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// The workspace.
    pub org_id: OrgId,
    /// The workspace.
    pub workspace: String,
    /// The membership that waits.
    pub invited: UserId,
    /// The address that was invited, or the account's own spelling of it.
    pub email: String,
    /// What the person is called: as their account says, or whoever invited them.
    pub name: String,
    /// The account of that address, if there is one.
    pub user: Option<User>,
    /// What the person has to do to accept.
    pub acceptance: Acceptance,
}

/// How an invitation is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acceptance {
    /// The account has no credential: the person sets name and password. The link shows that the address is theirs.
    SetPassword,
    /// The address is known to be the account's: who opens the link may accept.
    Agree,
    /// Somebody signs in to the account who never showed that they read its mail: it must be they who open the link.
    SignInFirst,
}

/// The invitation of that link, if it still works. Looking changes nothing.
pub fn find(tx: &mut dyn Tx, link: &Digest, now: Timestamp) -> Result<Option<Invitation>, StoreError> {
    let Some(link) = one_time_link::find(tx, link, now)?.filter(|link| link.purpose == Purpose::Invitation) else {
        return Ok(None);
    };
    let Some(org_id) = link.org_id else { return Ok(None) };
    read(tx, &org_id, &link.user_id)
}

fn read(tx: &mut dyn Tx, org_id: &OrgId, invited: &UserId) -> Result<Option<Invitation>, StoreError> {
    let waiting = tx.query_opt(
        "SELECT invited_name, invited_email, invited_folded FROM memberships
         WHERE org_id = $1 AND user_id = $2 AND state = 'invited'",
        params![org_id, invited],
    )?;
    let (Some(waiting), Some(workspace)) = (waiting, tenant::find(tx, org_id)?) else { return Ok(None) };
    let text = |row: &Row, column| Ok::<_, StoreError>(row.opt_text(column)?.unwrap_or_default());
    let (name, email, folded) = (text(&waiting, 0)?, text(&waiting, 1)?, text(&waiting, 2)?);
    let user = account::find_by_email(tx, &folded)?;
    let acceptance = match &user {
        // Somebody who is off accepts nothing, nor somebody who became a member meanwhile.
        Some(user) if user.disabled || membership::find(tx, org_id, &user.id)?.is_some() => return Ok(None),
        Some(user) if !account::has_credential(tx, &user.id)? => Acceptance::SetPassword,
        Some(user) if user.email_verified => Acceptance::Agree,
        Some(_) => Acceptance::SignInFirst,
        None => Acceptance::SetPassword,
    };
    let own = user.as_ref().map(|user| (user.name.clone(), user.email.clone().unwrap_or_default()));
    let (name, email) = own.unwrap_or((name, email));
    let (org_id, invited, workspace) = (org_id.clone(), invited.clone(), workspace.name);
    Ok(Some(Invitation { org_id, workspace, invited, email, name, user, acceptance }))
}

/// What the person sends to accept.
#[derive(Clone, Debug)]
pub struct Accept {
    /// The link's secret.
    pub link: Digest,
    /// The id of their account, if one is made.
    pub new_user: UserId,
    /// Name, and hash of a password, where they set both.
    pub chosen: Option<(String, String)>,
    /// Who is signed in.
    pub signed_in: Option<UserId>,
    /// The network that they come from.
    pub network: String,
    /// The current time.
    pub now: Timestamp,
}

/// What accepting comes to.
#[derive(Clone, Debug)]
pub enum Accepted {
    /// They are a member; whether they set a password on the way, and so proved who they are.
    Accepted {
        /// Whose account it is.
        user_id: UserId,
        /// By setting a password.
        with_password: bool,
    },
    /// The link was used, is too old, or was taken back.
    Gone,
    /// They did not send what accepting takes; the link still works.
    Incomplete(Acceptance),
}

/// Accepts an invitation and uses its link up.
pub fn accept(tx: &mut dyn Tx, accept: &Accept) -> Result<Accepted, StoreError> {
    if let Some(org_id) = one_time_link::find(tx, &accept.link, accept.now)?.and_then(|link| link.org_id) {
        tx.lock(Owner::Org(&org_id))?;
    }
    let Some(seen) = find(tx, &accept.link, accept.now)? else { return Ok(Accepted::Gone) };
    if let Some(user) = &seen.user {
        tx.lock(Owner::User(&user.id))?;
    }
    let Some(invitation) = find(tx, &accept.link, accept.now)? else { return Ok(Accepted::Gone) };
    let known = invitation.user.as_ref().map(|user| &user.id);
    let set = match (invitation.acceptance, &accept.chosen) {
        (Acceptance::SetPassword, Some(chosen)) => Some(chosen),
        (Acceptance::Agree, _) => None,
        (Acceptance::SignInFirst, _) if known.is_some() && accept.signed_in.as_ref() == known => None,
        (missing, _) => return Ok(Accepted::Incomplete(missing)),
    };
    if one_time_link::spend(tx, &accept.link, Purpose::Invitation, accept.now)?.is_none() {
        return Ok(Accepted::Gone);
    }
    let user_id = account_of(tx, &invitation, accept, set)?;
    account::verify_email(tx, &user_id, accept.now)?;
    membership::accept(tx, &invitation.org_id, &invitation.invited, &user_id, accept.now)?;
    let event = recorded(Action::InvitationAccept, &invitation.org_id, &invitation.invited);
    event::append(tx, event.by(Actor::User(user_id.clone())))?;
    Ok(Accepted::Accepted { user_id, with_password: set.is_some() })
}

/// The account that accepts: the one of the address, or a new one; with the name and password that were chosen.
fn account_of(
    tx: &mut dyn Tx,
    invitation: &Invitation,
    accept: &Accept,
    chosen: Option<&(String, String)>,
) -> Result<UserId, StoreError> {
    let now = accept.now;
    let user_id = if let Some(user) = &invitation.user {
        user.id.clone()
    } else {
        let email = Email::parse(&invitation.email)
            .map_err(|_| StoreError::Corrupt("the address of an invitation".to_owned()))?;
        let (id, proof) = (&accept.new_user, EmailProof::Verified);
        let added = account::add_with_email(tx, id, &email, proof, &invitation.name, now)?;
        // They accept another invitation at the same moment, and that was first: judged anew, there is an account.
        let id = added.ok_or(Outage::Contended)?.id;
        event::append(tx, NewEvent::new(Action::UserSignUp).by(Actor::User(id.clone())).method("invitation"))?;
        id
    };
    if let Some((name, hash)) = chosen {
        account::rename(tx, &user_id, name, now)?;
        let actor = Actor::User(user_id.clone());
        acting_as(tx, actor, |tx| password::set(tx, &user_id, hash, &accept.network, now))?;
    }
    Ok(user_id)
}
