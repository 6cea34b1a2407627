//! Invitations to a workspace: the account if there is none, the membership, the link and the mail in one transaction; and
//! what the person makes of them (ruling 33).

use std::time::Duration;

use sigma_core::digest::Digest;
use sigma_core::email::Email;
use sigma_core::ids::{OrgId, RoleId, UserId};
use sigma_core::time::Timestamp;
use sigma_core::workspace::{Actor, Refusal, Right};

use crate::account::{self, EmailProof, User};
use crate::one_time_link::{self, Purpose};
use crate::outbox::MailedLink;
use crate::workspace::membership::{self, Member, NewMember, State};
use crate::workspace::{Decision, authority, granted, role, tenant};
use crate::{StoreError, Tx, failure, password};

/// Invitations that one person is sent within [`WINDOW`], by all workspaces together: more would be a nuisance.
const MOST_MAILS: i64 = 10;
/// The time in which they are counted.
const WINDOW: Duration = Duration::from_hours(1);
const TOO_MANY: Refusal = Refusal::Conflict("That person was sent many invitations within the hour: try again later");

/// Somebody is invited.
#[derive(Clone, Debug)]
pub struct Invite {
    /// The workspace.
    pub org_id: OrgId,
    /// Who invites.
    pub actor: Actor,
    /// The address of the person.
    pub email: Email,
    /// What they are called, checked; an account that is there keeps its own name.
    pub name: String,
    /// The id of their account, if one is made.
    pub new_user: UserId,
    /// Their role.
    pub role_id: RoleId,
    /// The mail with the link.
    pub mail: MailedLink,
}

/// Invites a person: they are a member, `invited`, once this commits, and the mail is promised.
pub fn invite(tx: &mut dyn Tx, invite: &Invite) -> Decision<Member> {
    let now = invite.mail.link.now;
    // Asked before an account is made: a refusal leaves none.
    let authority = granted!(authority::load(tx, &invite.org_id, &invite.actor, now)?);
    granted!(authority.require(Right::Users));
    let role = granted!(role::load(tx, &invite.org_id, &invite.role_id)?);
    granted!(authority.require_role(&role.permissions));
    let known = account::find_by_email(tx, invite.email.folded())?;
    if let Some(user) = &known
        && membership::find(tx, &invite.org_id, &user.id)?.is_none()
        && !may_mail(tx, &user.id, now)?
    {
        return Ok(Err(TOO_MANY));
    }
    let user_id = if let Some(user) = known {
        user.id
    } else {
        let (email, name) = (&invite.email, &invite.name);
        account::add_with_email(tx, &invite.new_user, email, EmailProof::Unverified, name, now)?;
        invite.new_user.clone()
    };
    let new = NewMember {
        user_id: user_id.clone(),
        role_id: invite.role_id.clone(),
        state: State::Invited,
        quick_login: false,
    };
    granted!(membership::add(tx, &invite.org_id, &invite.actor, &new, now)?);
    membership::show_as(tx, &invite.org_id, &user_id, &invite.name, invite.email.address())?;
    let member = granted!(membership::load(tx, &invite.org_id, &user_id)?);
    invite.mail.send(tx, &user_id, Some(&invite.org_id))?;
    Ok(Ok(member))
}

/// Sends the invitation of a member once more, by a mail that was made for the member's address. Earlier links stop
/// working.
pub fn send_again(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    actor: &Actor,
    user_id: &UserId,
    mail: &MailedLink,
) -> Decision<Member> {
    let authority = granted!(authority::load(tx, org_id, actor, mail.link.now)?);
    granted!(authority.require(Right::Users));
    let member = granted!(membership::load(tx, org_id, user_id)?);
    let role = granted!(role::load(tx, org_id, &member.role_id)?);
    granted!(authority.require_role(&role.permissions));
    if member.state != State::Invited {
        return Ok(Err(Refusal::Conflict("The invitation has been accepted already")));
    }
    if !may_mail(tx, user_id, mail.link.now)? {
        return Ok(Err(TOO_MANY));
    }
    one_time_link::void_invitations(tx, user_id, org_id)?;
    mail.send(tx, user_id, Some(org_id))?;
    Ok(Ok(member))
}

/// Counts one more mail to that person; whether it is not one too many.
fn may_mail(tx: &mut dyn Tx, user_id: &UserId, now: Timestamp) -> Result<bool, StoreError> {
    Ok(failure::tally(tx, &format!("invited:{user_id}"), now, WINDOW)? <= MOST_MAILS)
}

/// An invitation that its person looks at.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// The workspace.
    pub org_id: OrgId,
    /// Its name.
    pub workspace: String,
    /// Whom it was sent to.
    pub user: User,
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

fn read(tx: &mut dyn Tx, org_id: &OrgId, user_id: &UserId) -> Result<Option<Invitation>, StoreError> {
    let member = membership::find(tx, org_id, user_id)?;
    let user = account::find_user(tx, user_id)?.filter(|user| !user.disabled);
    let workspace = tenant::find(tx, org_id)?;
    let (Some(member), Some(user), Some(workspace)) = (member, user, workspace) else { return Ok(None) };
    if member.state != State::Invited {
        return Ok(None);
    }
    let acceptance = match account::has_credential(tx, user_id)? {
        false => Acceptance::SetPassword,
        true if user.email_verified => Acceptance::Agree,
        true => Acceptance::SignInFirst,
    };
    Ok(Some(Invitation { org_id: org_id.clone(), workspace: workspace.name, user, acceptance }))
}

/// What the person sends to accept.
#[derive(Clone, Debug)]
pub struct Accept {
    /// The link's secret.
    pub link: Digest,
    /// Name, and hash of a password, where they set both.
    pub chosen: Option<(String, String)>,
    /// Who is signed in.
    pub signed_in: Option<UserId>,
    /// The network that they come from.
    pub network: String,
    /// Now.
    pub now: Timestamp,
}

/// What accepting comes to.
#[derive(Clone, Debug)]
pub enum Accepted {
    /// They are a member; whether they set a password on the way, and so proved who they are.
    Accepted {
        /// What was accepted.
        invitation: Box<Invitation>,
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
    let Some(invitation) = find(tx, &accept.link, accept.now)? else { return Ok(Accepted::Gone) };
    let user_id = &invitation.user.id;
    let set = match (invitation.acceptance, &accept.chosen) {
        (Acceptance::SetPassword, Some(chosen)) => Some(chosen),
        (Acceptance::Agree, _) => None,
        (Acceptance::SignInFirst, _) if accept.signed_in.as_ref() == Some(user_id) => None,
        (missing, _) => return Ok(Accepted::Incomplete(missing)),
    };
    if one_time_link::spend(tx, &accept.link, Purpose::Invitation, accept.now)?.is_none() {
        return Ok(Accepted::Gone);
    }
    if let Some((name, hash)) = set {
        account::rename(tx, user_id, name, accept.now)?;
        password::set(tx, user_id, hash, &accept.network, accept.now)?;
    }
    account::verify_email(tx, user_id, accept.now)?;
    membership::accept(tx, &invitation.org_id, user_id, accept.now)?;
    let with_password = set.is_some();
    Ok(Accepted::Accepted { invitation: Box::new(invitation), with_password })
}
