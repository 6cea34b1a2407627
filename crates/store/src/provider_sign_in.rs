//! Sign-in with an account at an upstream provider, and linking one: a transaction each. The provider's word counts for
//! its own account alone. No e-mail address leads from it to a user here.

use sigma_core::actor::Actor;
use sigma_core::authentication::Authentication;
use sigma_core::email::Email;
use sigma_core::event::{Action, Details, Target};
use sigma_core::ids::UserId;
use sigma_core::time::Timestamp;

use crate::email::{self, EmailProof, Rank};
use crate::event::{self, NewEvent};
use crate::org::provider_member::{self, Assignment};
use crate::outbox::{self, NewMail};
use crate::provider_account::{self, MOST, Vouched};
use crate::session::{BrowserSession, NewSession};
use crate::user;
use crate::{Outage, Owner, StoreError, Tx, sign_in};

/// A sign-in that a provider vouched for.
#[derive(Clone, Debug)]
pub struct ProviderSignIn {
    /// The account there.
    pub vouched: Vouched,
    /// When the user authenticated there.
    pub auth_time: Timestamp,
    /// What happens if nobody has linked it.
    pub unlinked: Unlinked,
    /// The role that its groups give, where that is configured.
    pub assignment: Option<Assignment>,
    /// The session that begins.
    pub session: NewSession,
}

/// What happens with an account that nobody has linked.
#[derive(Clone, Debug)]
pub enum Unlinked {
    /// Nobody is signed in.
    Refuse,
    /// An account is created for it.
    Create(NewUser),
}

/// The account that is created.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Its id.
    pub id: UserId,
    /// Its name.
    pub name: String,
    /// Its address, if the operator takes this provider's word for it.
    pub email: Option<Email>,
}

/// The outcome of a sign-in.
#[derive(Clone, Debug)]
pub enum ProviderSignedIn {
    /// A session began.
    SignedIn {
        /// The session.
        session: Box<BrowserSession>,
        /// Whether the account was just created.
        is_new: bool,
    },
    /// Nobody has linked the account.
    NotLinked,
    /// It was linked at another issuer.
    OtherIssuer,
    /// The account here is disabled.
    Disabled,
}

/// Signs in whoever linked the account. A refusal is recorded as a failure to sign in.
pub fn sign_in(tx: &mut dyn Tx, request: &ProviderSignIn) -> Result<ProviderSignedIn, StoreError> {
    let (vouched, now) = (&request.vouched, request.session.now);
    let known = provider_account::find(tx, vouched.provider_id.as_str(), vouched.subject.as_str())?;
    let (user_id, is_new) = match (&known, &request.unlinked) {
        (Some(account), _) if account.issuer != vouched.issuer => {
            return refuse(tx, vouched, Some(&account.user_id), ProviderSignedIn::OtherIssuer, now);
        }
        (Some(account), _) => (account.user_id.clone(), false),
        (None, Unlinked::Refuse) => return refuse(tx, vouched, None, ProviderSignedIn::NotLinked, now),
        (None, Unlinked::Create(new)) => {
            create(tx, vouched, new, now)?;
            (new.id.clone(), true)
        }
    };
    if let Some(assignment) = &request.assignment {
        // The lock of the org comes before that of the user.
        provider_member::assign(tx, &user_id, assignment, now)?;
    }
    tx.lock(Owner::User(&user_id))?;
    let authentication = Authentication::by_provider(user_id.clone(), vouched.credential(), request.auth_time);
    let Some(session) = sign_in::begin(tx, &authentication, None, &request.session)? else {
        // An account that was unlinked after it was read is nobody's now, as the next run sees.
        let still = provider_account::find(tx, vouched.provider_id.as_str(), vouched.subject.as_str())?;
        if still.is_none() {
            return Err(Outage::Contended.into());
        }
        return refuse(tx, vouched, Some(&user_id), ProviderSignedIn::Disabled, now);
    };
    if let Some(account) = &known {
        provider_account::update_email(tx, account, vouched.email.as_deref(), now)?;
    }
    Ok(ProviderSignedIn::SignedIn { session: Box::new(session), is_new })
}

fn refuse(
    tx: &mut dyn Tx,
    vouched: &Vouched,
    user_id: Option<&UserId>,
    outcome: ProviderSignedIn,
    now: Timestamp,
) -> Result<ProviderSignedIn, StoreError> {
    let reason = match &outcome {
        ProviderSignedIn::NotLinked => "not_linked",
        ProviderSignedIn::OtherIssuer => "issuer_mismatch",
        ProviderSignedIn::Disabled | ProviderSignedIn::SignedIn { .. } => "disabled",
    };
    let failed = failure(vouched.provider_id.as_str(), reason);
    let failed = match user_id {
        Some(user_id) => failed.about(user_id),
        None => failed,
    };
    event::count_repeated(tx, failed, now)?;
    Ok(outcome)
}

/// Records that a provider's answer signed nobody in, with the error code that the browser was shown.
pub fn record_failure(tx: &mut dyn Tx, provider_id: &str, reason: &str, now: Timestamp) -> Result<(), StoreError> {
    event::count_repeated(tx, failure(provider_id, reason), now)
}

fn failure(provider_id: &str, reason: &str) -> NewEvent {
    let details =
        Details { provider: Some(provider_id.to_owned()), reason: Some(reason.to_owned()), ..Details::default() };
    NewEvent::new(Action::UserSignInFailed).with(details).method("provider")
}

/// Creates the account of a user who came by a provider.
fn create(tx: &mut dyn Tx, vouched: &Vouched, new: &NewUser, now: Timestamp) -> Result<(), StoreError> {
    user::add_without_credential(tx, &new.id, &new.name, now)?;
    if !provider_account::add(tx, &new.id, vouched, now)? {
        // Somebody linked it after it was looked up. Nothing of this run is kept.
        return Err(Outage::Contended.into());
    }
    if let Some(address) = &new.email {
        email::release_unproven(tx, address.folded())?;
        // An address that another account has proven stays there: who has it is not decided by a provider.
        email::insert(tx, &new.id, address, EmailProof::Verified, Rank::Primary, now)?;
    }
    let actor = Actor::User(new.id.clone());
    event::append(tx, recorded(Action::UserSignUp, vouched).by(actor.clone()))?;
    event::append(tx, recorded(Action::CredentialAdd, vouched).by(actor).to(Target::User(new.id.clone())))
}

fn recorded(action: Action, vouched: &Vouched) -> NewEvent {
    let details = Details { provider: Some(vouched.provider_id.to_string()), ..Details::default() };
    NewEvent::new(action).with(details).method("provider")
}

/// An account that a signed-in user links.
#[derive(Clone, Debug)]
pub struct Link {
    /// The user.
    pub user_id: UserId,
    /// The account.
    pub vouched: Vouched,
    /// The mails that report it.
    pub notices: Vec<NewMail>,
    /// The current time.
    pub now: Timestamp,
}

/// The outcome of linking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linked {
    /// It is theirs now.
    Linked,
    /// It was theirs before.
    AlreadyTheirs,
    /// It is somebody else's.
    OfAnother,
    /// The user has linked as many as they can.
    TooMany,
    /// The account here is disabled.
    Disabled,
}

/// Links the account to the user. It stays with whoever linked it first.
pub fn link(tx: &mut dyn Tx, link: &Link) -> Result<Linked, StoreError> {
    let (vouched, now) = (&link.vouched, link.now);
    tx.lock(Owner::User(&link.user_id))?;
    if user::find(tx, &link.user_id)?.is_none_or(|user| user.disabled) {
        return Ok(Linked::Disabled);
    }
    if let Some(known) = provider_account::find(tx, vouched.provider_id.as_str(), vouched.subject.as_str())? {
        let is_theirs = known.user_id == link.user_id && known.issuer == vouched.issuer;
        return Ok(if is_theirs { Linked::AlreadyTheirs } else { Linked::OfAnother });
    }
    if provider_account::list(tx, &link.user_id)?.len() >= MOST {
        return Ok(Linked::TooMany);
    }
    if !provider_account::add(tx, &link.user_id, vouched, now)? {
        return Err(Outage::Contended.into());
    }
    let event = recorded(Action::CredentialAdd, vouched).about(&link.user_id);
    event::append(tx, event.to(Target::User(link.user_id.clone())))?;
    link.notices.iter().try_for_each(|notice| outbox::add(tx, notice))?;
    Ok(Linked::Linked)
}
