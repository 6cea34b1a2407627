//! Invitations to a workspace, and their acceptance.
//!
//! The inviter learns nothing about the address: the membership is pending under an id of its own, the response is the
//! same whether or not there is an account, and mails are counted by address. The account is looked up, or created, on
//! acceptance.

use std::time::Duration;

use sigma_core::actor::Actor;
use sigma_core::authentication::Authentication;
use sigma_core::digest::Digest;
use sigma_core::email::{Email, fold};
use sigma_core::event::{Action, Details, Target};
use sigma_core::ids::{AppId, MembershipId, OrgId, RoleId, UserId};
use sigma_core::org::{Reason, Refusal, Right};
use sigma_core::time::Timestamp;

use crate::email::{self, EmailProof};
use crate::event::{self, NewEvent};
use crate::one_time_link::{self, Purpose};
use crate::org::membership::{self, Invited, Member, State};
use crate::org::{self, Decision, authority, role};
use crate::outbox::MailedLink;
use crate::session::NewSession;
use crate::tx::acting_as;
use crate::user::{self, User};
use crate::{Outage, Owner, Row, StoreError, Tx, credential, params, password, quota, sign_in};

/// Invitations to one address within [`WINDOW`], across all workspaces: more would be a nuisance.
const MOST_MAILS: i64 = 10;
/// The time in which they are counted.
const WINDOW: Duration = Duration::from_hours(1);
/// There is nothing to resend.
pub const ACCEPTED_ALREADY: Refusal = Refusal::Conflict(Reason::Accepted);
pub(crate) const TOO_MANY: Refusal = Refusal::Conflict(Reason::ManyMails);

/// A new invitation.
#[derive(Clone, Debug)]
pub struct Invite {
    /// The workspace.
    pub org_id: OrgId,
    /// The inviter.
    pub actor: Actor,
    /// The id of the membership until they accept.
    pub id: MembershipId,
    /// The invited address.
    pub email: Email,
    /// Their name, validated; an existing account keeps its own name.
    pub name: String,
    /// Their role.
    pub role_id: RoleId,
    /// The app to which they are led once they have accepted.
    pub app_id: Option<AppId>,
    /// Pseudonym of the address for counting mails; it cannot be resolved without a secret of the server.
    pub counted_as: String,
    /// The mail with the link.
    pub mail: MailedLink,
    /// The address on the mail.
    pub mailed_to: String,
}

/// The outcome of an invitation.
#[derive(Clone, Debug)]
pub enum Invitee {
    /// Invited, with a pending membership.
    Invited(Box<Member>),
    /// An account has taken the address since the mail was written, spelt like this: nobody was invited.
    Misaddressed(String),
}

/// Checks that `actor` may invite, before a mail is written; returns the spelling of the address (folded) by its account,
/// if it has one.
pub fn prepare(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    actor: &Actor,
    folded: &str,
    now: Timestamp,
) -> Decision<Option<String>> {
    authority::load(tx, org_id, actor, now)?.require(Right::Users)?;
    Ok(email::find_spelling(tx, folded)?)
}

/// [`prepare`] for an invitation that is sent again; returns the invited address, its spelling by its account, if it has one, and
/// the app that it leads to.
pub fn prepare_again(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    actor: &Actor,
    user_id: &UserId,
    now: Timestamp,
) -> Decision<(String, Option<String>, Option<AppId>)> {
    authority::load(tx, org_id, actor, now)?.require(Right::Users)?;
    let member = membership::load(tx, org_id, user_id)?;
    if member.state != State::Invited {
        return Err(ACCEPTED_ALREADY.into());
    }
    let invited = member.email.unwrap_or_default();
    let spelling = email::find_spelling(tx, &fold(&invited))?;
    let sql = "SELECT invited_app FROM memberships WHERE org_id = $1 AND user_id = $2";
    let app_id = tx.query_opt(sql, params![org_id, user_id])?.map(|row| row.opt_text(0)).transpose()?.flatten();
    Ok((invited, spelling, app_id.map(AppId::from_text)))
}

/// Invites a user: their membership is pending once this commits, and the mail is queued. A sent mail counts, even if
/// the invitation is cancelled.
pub fn invite(tx: &mut dyn Tx, invite: &Invite) -> Decision<Invitee> {
    let now = invite.mail.link.now;
    let authority = authority::lock(tx, &invite.org_id, &invite.actor, now)?;
    authority.require(Right::Users)?;
    let role = role::load(tx, &invite.org_id, &invite.role_id)?;
    authority.require_role(&role.permissions)?;
    if let Some(app_id) = &invite.app_id
        && !leads_to(tx, &invite.org_id, app_id)?
    {
        return Err(Refusal::not_found("App", app_id.as_str()).into());
    }
    let invited = Invited {
        id: &invite.id,
        email: &invite.email,
        name: &invite.name,
        role_id: &invite.role_id,
        app_id: invite.app_id.as_ref(),
    };
    // Checked before anything is written: existing members get no mail.
    if membership::find_by_email(tx, &invite.org_id, invite.email.folded())?.is_some() {
        return Err(membership::MEMBER_ALREADY.into());
    }
    let spelling = email::find_spelling(tx, invite.email.folded())?;
    if let Some(own) = spelling.filter(|own| *own != invite.mailed_to) {
        return Ok(Invitee::Misaddressed(own));
    }
    membership::require_room(tx, &invite.org_id)?;
    if !may_mail(tx, &invite.counted_as, now)? {
        return Err(TOO_MANY.into());
    }
    let member = membership::invite(tx, &invite.org_id, &invited, now)?;
    invite.mail.send(tx, &member.user_id, Some(&invite.org_id))?;
    let details = Details { role: Some(invite.role_id.clone()), app: invite.app_id.clone(), ..Details::default() };
    let event = recorded(Action::InvitationSend, &invite.org_id, &member.user_id).by(invite.actor.clone());
    event::append(tx, event.with(details))?;
    Ok(Invitee::Invited(Box::new(member)))
}

fn recorded(action: Action, org_id: &OrgId, invited: &UserId) -> NewEvent {
    NewEvent::new(action).within(org_id).to(Target::User(invited.clone()))
}

/// The apps to which an org may lead the people whom it invites: its own, and those that it is linked with. In the order of their ids, at
/// most 100.
pub fn list_apps(tx: &mut dyn Tx, org_id: &OrgId) -> Result<Vec<AppId>, StoreError> {
    let rows = tx.query_all(
        "SELECT id FROM apps WHERE disabled = 0
            AND (org_id = $1 OR id IN (SELECT app_id FROM merit_links WHERE org_id = $1)) ORDER BY id LIMIT 100",
        params![org_id],
    )?;
    rows.iter().map(|row| Ok(AppId::from_text(row.text(0)?))).collect()
}

/// Whether an app is one of those.
fn leads_to(tx: &mut dyn Tx, org_id: &OrgId, app_id: &AppId) -> Result<bool, StoreError> {
    let row = tx.query_opt(
        "SELECT 1 FROM apps WHERE id = $2 AND disabled = 0
            AND (org_id = $1 OR id IN (SELECT app_id FROM merit_links WHERE org_id = $1))",
        params![org_id, app_id],
    )?;
    Ok(row.is_some())
}

/// Resends the invitation of a member, with a mail made for the invited address. Earlier links stop working.
pub fn send_again(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    actor: &Actor,
    user_id: &UserId,
    counted_as: &str,
    mail: &MailedLink,
) -> Decision<Member> {
    let authority = authority::lock(tx, org_id, actor, mail.link.now)?;
    authority.require(Right::Users)?;
    let member = membership::load(tx, org_id, user_id)?;
    let role = role::load(tx, org_id, &member.role_id)?;
    authority.require_role(&role.permissions)?;
    if member.state != State::Invited {
        return Err(ACCEPTED_ALREADY.into());
    }
    if !may_mail(tx, counted_as, mail.link.now)? {
        return Err(TOO_MANY.into());
    }
    one_time_link::void_invitations(tx, user_id, org_id)?;
    mail.send(tx, user_id, Some(org_id))?;
    event::append(tx, recorded(Action::InvitationResend, org_id, &member.user_id).by(actor.clone()))?;
    Ok(member)
}

/// Counts one more mail to an address; returns whether it is within the limit.
fn may_mail(tx: &mut dyn Tx, counted_as: &str, now: Timestamp) -> Result<bool, StoreError> {
    Ok(quota::tally(tx, quota::Purpose::Invitation, counted_as, now, WINDOW)? <= MOST_MAILS)
}

/// An invitation as its recipient views it.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// The workspace.
    pub org_id: OrgId,
    /// The workspace.
    pub workspace: String,
    /// The pending membership.
    pub invited: UserId,
    /// The invited address, or the account's own spelling of it.
    pub email: String,
    /// The user's name: that of their account, or as entered by the inviter.
    pub name: String,
    /// The account of that address, if any.
    pub user: Option<User>,
    /// The app to which they are led, while the org may.
    pub app_id: Option<AppId>,
    /// What acceptance requires.
    pub acceptance: Acceptance,
}

/// How an invitation is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acceptance {
    /// The account has no credential: the user sets name and password. The link proves that the address is theirs.
    SetPassword,
    /// The account has a credential: its user must be signed in.
    SignInFirst,
}

/// The invitation of that link, if it still works. Viewing changes nothing.
pub fn find(tx: &mut dyn Tx, link: &Digest, now: Timestamp) -> Result<Option<Invitation>, StoreError> {
    let Some(link) = one_time_link::find(tx, link, now)?.filter(|link| link.purpose == Purpose::Invitation) else {
        return Ok(None);
    };
    let Some(org_id) = link.org_id else { return Ok(None) };
    read(tx, &org_id, &link.user_id)
}

fn read(tx: &mut dyn Tx, org_id: &OrgId, invited: &UserId) -> Result<Option<Invitation>, StoreError> {
    let waiting = tx.query_opt(
        "SELECT invited_name, invited_email, invited_folded, invited_app FROM memberships
         WHERE org_id = $1 AND user_id = $2 AND state = 'invited'",
        params![org_id, invited],
    )?;
    let (Some(waiting), Some(workspace)) = (waiting, org::find(tx, org_id)?) else { return Ok(None) };
    let text = |row: &Row, column| Ok::<_, StoreError>(row.opt_text(column)?.unwrap_or_default());
    let (name, email, folded) = (text(&waiting, 0)?, text(&waiting, 1)?, text(&waiting, 2)?);
    let app_id = match waiting.opt_text(3)?.map(AppId::from_text) {
        Some(app_id) if leads_to(tx, org_id, &app_id)? => Some(app_id),
        _ => None,
    };
    let (user, own) = (user::find_by_email(tx, &folded)?, email::find(tx, &folded)?);
    let acceptance = match &user {
        // Users who are disabled, or became members meanwhile, cannot accept.
        Some(user) if user.disabled || membership::find(tx, org_id, &user.id)?.is_some() => return Ok(None),
        Some(user) if !credential::can_sign_in(tx, &user.id)? => Acceptance::SetPassword,
        // The link shows that the address is theirs, not that nobody else knows the credentials of the account.
        Some(_) => Acceptance::SignInFirst,
        None => Acceptance::SetPassword,
    };
    let name = user.as_ref().map_or(name, |user| user.name.clone());
    let email = own.map_or(email, |own| own.address);
    let (org_id, invited, workspace) = (org_id.clone(), invited.clone(), workspace.name);
    Ok(Some(Invitation { org_id, workspace, invited, email, name, user, app_id, acceptance }))
}

/// The input for acceptance.
#[derive(Clone, Debug)]
pub struct Accept {
    /// The link's secret.
    pub link: Digest,
    /// The id of their account, if one is created.
    pub new_user: UserId,
    /// Name, and hash of a password, where they set both.
    pub chosen: Option<(String, String)>,
    /// The signed-in user.
    pub signed_in: Option<UserId>,
    /// The network that they come from.
    pub network: String,
    /// The session that begins if they set a password.
    pub session: NewSession,
}

/// The outcome of acceptance.
#[derive(Clone, Debug)]
pub enum Accepted {
    /// They are a member; with whether they set a password in the process, and so are signed in.
    Accepted {
        /// Their account.
        user_id: UserId,
        /// Whether they set a password.
        with_password: bool,
    },
    /// The link was used, has expired, or was revoked.
    Gone,
    /// Something required is missing; the link still works.
    Incomplete(Acceptance),
}

/// Accepts an invitation and consumes its link. Users who set a password are signed in.
pub fn accept(tx: &mut dyn Tx, accept: &Accept) -> Result<Accepted, StoreError> {
    let now = accept.session.now;
    if let Some(org_id) = one_time_link::find(tx, &accept.link, now)?.and_then(|link| link.org_id) {
        tx.lock(Owner::Org(&org_id))?;
    }
    let Some(seen) = find(tx, &accept.link, now)? else { return Ok(Accepted::Gone) };
    if let Some(user) = &seen.user {
        tx.lock(Owner::User(&user.id))?;
    }
    let Some(invitation) = find(tx, &accept.link, now)? else { return Ok(Accepted::Gone) };
    let known = invitation.user.as_ref().map(|user| &user.id);
    let set = match (invitation.acceptance, &accept.chosen) {
        (Acceptance::SetPassword, Some(chosen)) => Some(chosen),
        (Acceptance::SignInFirst, _) if known.is_some() && accept.signed_in.as_ref() == known => None,
        (missing, _) => return Ok(Accepted::Incomplete(missing)),
    };
    if one_time_link::spend(tx, &accept.link, Purpose::Invitation, now)?.is_none() {
        return Ok(Accepted::Gone);
    }
    let user_id = account_of(tx, &invitation, accept, set)?;
    email::prove(tx, &user_id, &fold(&invitation.email), now)?;
    membership::accept(tx, &invitation.org_id, &invitation.invited, &user_id, now)?;
    let event = recorded(Action::InvitationAccept, &invitation.org_id, &invitation.invited);
    event::append(tx, event.by(Actor::User(user_id.clone())))?;
    if set.is_some() {
        let authentication = Authentication::by_password(user_id.clone(), now);
        sign_in::begin(tx, &authentication, None, &accept.session)?;
    }
    Ok(Accepted::Accepted { user_id, with_password: set.is_some() })
}

/// The accepting account: that of the address, or a new one; with the name and password that were chosen.
fn account_of(
    tx: &mut dyn Tx,
    invitation: &Invitation,
    accept: &Accept,
    chosen: Option<&(String, String)>,
) -> Result<UserId, StoreError> {
    let now = accept.session.now;
    let user_id = if let Some(user) = &invitation.user {
        user.id.clone()
    } else {
        let email = Email::parse(&invitation.email)
            .map_err(|_| StoreError::Corrupt("the address of an invitation".to_owned()))?;
        let (id, proof) = (&accept.new_user, EmailProof::Verified);
        let added = user::add_with_email(tx, id, &email, proof, &invitation.name, now)?;
        // They accept another invitation concurrently, which was first: judged anew, there is an account.
        let id = added.ok_or(Outage::Contended)?.id;
        event::append(tx, NewEvent::new(Action::UserSignUp).by(Actor::User(id.clone())).method("invitation"))?;
        id
    };
    if let Some((name, hash)) = chosen {
        user::rename(tx, &user_id, name, now)?;
        let actor = Actor::User(user_id.clone());
        acting_as(tx, actor, |tx| password::set(tx, &user_id, hash, &accept.network, now))?;
    }
    Ok(user_id)
}
