//! Invitations, for the API and the pages: permission is checked first, so that nobody else uses up the workspace's
//! mail limit.

use sigma_core::actor::Actor;
use sigma_core::app::App;
use sigma_core::email::{self, Email};
use sigma_core::ids::{MembershipId, OrgId, RoleId, UserId};
use sigma_core::org::{Refusal, text};
use sigma_store::invitation::{self, Invite};
use sigma_store::org::membership::Member;
use sigma_store::outbox::MailedLink;

use crate::decide::{decide, look_up};
use crate::error::WorkspaceError;
use sigma_platform::http::{RequestContext, Rule};
use sigma_platform::passwords::counted_as;
use sigma_platform::state::AppState;

/// The invitee, as entered.
pub struct Invitee<'a> {
    /// E-mail address.
    pub email: &'a str,
    /// Their name, unless they already have an account.
    pub name: &'a str,
    /// The member's role.
    pub role_id: RoleId,
    /// The app to which they are led once they have accepted: its id or client id.
    pub app: Option<&'a str>,
}

/// Invites a user by mail. The membership is pending until they accept.
///
/// # Errors
/// The input is invalid, the workspace sent too many, it was refused, or the store does not answer.
pub async fn invite(
    sigma: &AppState,
    context: &RequestContext,
    org_id: &OrgId,
    actor: Actor,
    invitee: Invitee<'_>,
) -> Result<Member, WorkspaceError> {
    let email = Email::parse(invitee.email).map_err(|_| WorkspaceError::invalid("email must be an e-mail address"))?;
    let name = text::name(invitee.name).map_err(|problem| WorkspaceError::invalid(format!("name {problem}")))?;
    let app = match invitee.app {
        Some(named) => {
            let found = sigma.find_named_app(named).await?;
            Some(found.ok_or_else(|| Refusal::not_found("App", named))?)
        }
        None => None,
    };
    let now = sigma.now();
    let (org, asks, folded) = (org_id.clone(), actor.clone(), email.folded().to_owned());
    let found = look_up(sigma, move |tx| invitation::prepare(tx, &org, &asks, &folded, now));
    // Two spellings that fold to one address may be two mailboxes: the link goes to the account's.
    let mut address = found.await?.unwrap_or_else(|| email.address().to_owned());
    context.charge(Rule::Invitation, org_id.as_str())?;
    for _ in 0..ATTEMPTS {
        let mail = invitation_mail(sigma, org_id, &actor, &address, app.as_deref()).await?;
        let invite = Invite {
            org_id: org_id.clone(),
            actor: actor.clone(),
            id: MembershipId::random(&*sigma.rng),
            email: email.clone(),
            name: name.clone(),
            role_id: invitee.role_id.clone(),
            app_id: app.as_ref().map(|app| app.id.clone()),
            counted_as: counted_as(sigma, email.folded()),
            mail,
            mailed_to: address,
        };
        match decide(sigma, context, move |tx| invitation::invite(tx, &invite)).await? {
            invitation::Invitee::Invited(member) => {
                sigma.mail_was_promised();
                return Ok(*member);
            }
            invitation::Invitee::Misaddressed(own) => address = own,
        }
    }
    Err(WorkspaceError::Internal("the address of an account changed again and again".to_owned()))
}

/// How often a mail is rewritten when an account takes the address meanwhile.
const ATTEMPTS: usize = 3;

/// Resends an invitation. Earlier links stop working.
///
/// # Errors
/// As [`invite`].
pub async fn send_again(
    sigma: &AppState,
    context: &RequestContext,
    org_id: &OrgId,
    actor: Actor,
    user_id: UserId,
) -> Result<(), WorkspaceError> {
    let now = sigma.now();
    let (org, asks, who) = (org_id.clone(), actor.clone(), user_id.clone());
    let found = look_up(sigma, move |tx| invitation::prepare_again(tx, &org, &asks, &who, now));
    let (invited, own, app_id) = found.await?;
    let app = match app_id {
        Some(app_id) => sigma.find_app(&app_id).await?,
        None => None,
    };
    let (org, counted_as) = (org_id.clone(), counted_as(sigma, &email::fold(&invited)));
    context.charge(Rule::Invitation, org_id.as_str())?;
    let address = own.as_deref().unwrap_or(&invited);
    let mail = invitation_mail(sigma, org_id, &actor, address, app.as_deref()).await?;
    decide(sigma, context, move |tx| invitation::send_again(tx, &org, &actor, &user_id, &counted_as, &mail)).await?;
    sigma.mail_was_promised();
    Ok(())
}

/// The mail, in the name of the workspace and the inviter.
async fn invitation_mail(
    sigma: &AppState,
    org_id: &OrgId,
    actor: &Actor,
    address: &str,
    app: Option<&App>,
) -> Result<MailedLink, WorkspaceError> {
    let cached = sigma.find_org(org_id).await?.ok_or(Refusal::Unauthorized)?;
    let inviter = match actor {
        Actor::User(user_id) => sigma.find_account(user_id).await?,
        _ => None,
    };
    let inviter = inviter.as_ref().map(|account| account.user.name.as_str());
    let composer = sigma.composer_to(&email::fold(address), sigma.settings.languages.default).await?;
    let mail = composer.invitation(address, &cached.org.name, inviter, app.map(|app| app.name.as_str()));
    mail.map_err(|error| WorkspaceError::Internal(error.to_string()))
}
