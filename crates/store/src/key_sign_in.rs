//! Sign-in and sign-up with a key: one transaction each (`docs/spec/keys.md`).

use sigma_bitcoin::{BapId, PublicKey};
use sigma_core::actor::Actor;
use sigma_core::authentication::{Authentication, Credential};
use sigma_core::event::{Action, Details, Target};
use sigma_core::ids::UserId;
use sigma_core::person::{Identity, IdentityProof};
use sigma_core::time::Timestamp;

use crate::event::{self, NewEvent};
use crate::identity::{self, Claim};
use crate::replay_guard::{self, Once};
use crate::session::{BrowserSession, NewSession};
use crate::user::{self, User};
use crate::{Outage, Owner, StoreError, Tx, credential, sign_in, signature_throttle};

/// A verified signature, and what it asks for.
#[derive(Clone, Debug)]
pub struct KeySignIn {
    /// The key.
    pub pubkey: PublicKey,
    /// Its P2PKH address: the name of a nameless account.
    pub address: String,
    /// The signed messages, each single-use.
    pub once: Vec<Once>,
    /// The named identity, and whether it is proven.
    pub identity: Option<NamedIdentity>,
    /// The id of the account, if one is created.
    pub new_user: UserId,
    /// What to do with an unknown key.
    pub unknown: UnknownKey,
    /// Whether the message named our origin.
    pub origin_bound: bool,
    /// Whether every account's messages must name our origin.
    pub require_origin_bound: bool,
    /// The session that begins.
    pub session: NewSession,
}

/// An identity that somebody who signs in acts as, or claims.
#[derive(Clone, Debug)]
pub struct NamedIdentity {
    /// Its id.
    pub bap_id: BapId,
    /// What the signatures prove about it.
    pub proof: IdentityProof,
    /// The address that its id is the hash of, if they show it.
    pub root_address: Option<String>,
    /// Another key that signed for it.
    pub key: Option<PublicKey>,
}

/// What to do with a key that no account holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownKey {
    /// Refuse it: no account is created.
    Refuse,
    /// Create an account with the identity that it names. An existing account claims nothing new by signing in.
    Welcome,
    /// Create an account; the named identity must become the account's, even if the account already exists.
    SignUp,
}

/// A user who just signed in.
#[derive(Clone, Debug)]
pub struct NewlySignedIn {
    /// The user.
    pub user: User,
    /// The session.
    pub session: BrowserSession,
    /// Whether the account was just created.
    pub is_new: bool,
}

/// The outcome of signing in.
#[derive(Clone, Debug)]
pub enum KeySignedIn {
    /// A session began.
    SignedIn(Box<NewlySignedIn>),
    /// No account holds the key.
    UnknownKey,
    /// The message was used before.
    Replayed,
    /// The account is disabled.
    Disabled,
    /// The named identity belongs to another account.
    NotTheirs,
    /// The account holds as many identities as it may.
    TooMany,
    /// This account requires origin-bound messages.
    OriginRequired,
}

/// Signs the key in. A refusal is recorded as a failure to sign in.
pub fn sign_in(tx: &mut dyn Tx, request: &KeySignIn) -> Result<KeySignedIn, StoreError> {
    let outcome = attempt(tx, request)?;
    let reason = match &outcome {
        KeySignedIn::SignedIn(_) => return Ok(outcome),
        KeySignedIn::UnknownKey => "unknown_key",
        KeySignedIn::Replayed => "replayed",
        KeySignedIn::Disabled => "disabled",
        KeySignedIn::NotTheirs => "identity_of_another",
        KeySignedIn::TooMany => "too_many_identities",
        KeySignedIn::OriginRequired => "origin_required",
    };
    let details = Details { reason: Some(reason.to_owned()), ..Details::default() };
    let mut failed = NewEvent::new(Action::UserSignInFailed).with(details).method("key");
    if let Some(user) = user::find_by_pubkey(tx, &request.pubkey)? {
        failed = failed.about(&user.id);
    }
    event::count_repeated(tx, failed, request.session.now)?;
    Ok(outcome)
}

/// Records an invalid signature from `network`; returns until when that network is delayed, if it is. What happens during
/// a delay is not recorded.
pub fn reject_signature(tx: &mut dyn Tx, network: &str, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
    let delayed_until = signature_throttle::fail(tx, network, now)?;
    if delayed_until.is_none() {
        record_bad_signature(tx, now)?;
    }
    Ok(delayed_until)
}

/// [`reject_signature`] where failures cause no delays.
pub fn record_bad_signature(tx: &mut dyn Tx, now: Timestamp) -> Result<(), StoreError> {
    let details = Details { reason: Some("bad_signature".to_owned()), ..Details::default() };
    event::count_repeated(tx, NewEvent::new(Action::UserSignInFailed).with(details).method("key"), now)
}

fn attempt(tx: &mut dyn Tx, request: &KeySignIn) -> Result<KeySignedIn, StoreError> {
    let now = request.session.now;
    tx.lock(Owner::UserOfKey(&request.pubkey))?;
    let known = user::find_by_pubkey(tx, &request.pubkey)?;
    let is_new = known.is_none();
    match &known {
        None if request.unknown == UnknownKey::Refuse => return Ok(KeySignedIn::UnknownKey),
        Some(user) if user.disabled => return Ok(KeySignedIn::Disabled),
        Some(user) if (user.origin_bound || request.require_origin_bound) && !request.origin_bound => {
            return Ok(KeySignedIn::OriginRequired);
        }
        None if request.require_origin_bound && !request.origin_bound => return Ok(KeySignedIn::OriginRequired),
        _ => {}
    }
    // A retired key belongs to nobody, and can never be used again.
    if is_new && credential::find(tx, &Credential::key(&request.pubkey))?.is_some_and(|key| key.retired_at.is_some()) {
        return Ok(KeySignedIn::UnknownKey);
    }
    if let Some(refusal) = refuse_identity(tx, request, known.as_ref())? {
        // An unknown key has no owner to lock: it, or the identity, may have got an account since it was looked up.
        if is_new && user::find_by_pubkey(tx, &request.pubkey)?.is_some() {
            return Err(Outage::Contended.into());
        }
        return Ok(refusal);
    }
    for once in &request.once {
        if !replay_guard::spend(tx, once)? {
            return Ok(KeySignedIn::Replayed);
        }
    }
    let user = match known {
        Some(user) => user,
        None => create(tx, request, now)?,
    };
    tx.lock(Owner::User(&user.id))?;
    let bap_id = match claim(tx, request, &user)? {
        None => None,
        Some((bap_id, Claim::Theirs)) => Some(bap_id),
        // Somebody claimed it after it was looked up. Nothing of this run is kept: the next one refuses it.
        Some((_, Claim::Taken)) => return Err(Outage::Contended.into()),
        Some((_, Claim::TooMany)) => return Ok(KeySignedIn::TooMany),
    };
    if request.origin_bound && !user.origin_bound {
        user::require_origin_bound(tx, &user.id, now)?;
    }
    let authentication = Authentication::by_key(user.id.clone(), &request.pubkey, now);
    match sign_in::begin(tx, &authentication, bap_id.as_ref(), &request.session)? {
        Some(session) => Ok(KeySignedIn::SignedIn(Box::new(NewlySignedIn { user, session, is_new }))),
        // The key was retired, or the account disabled, after both were read.
        None => Err(Outage::Contended.into()),
    }
}

/// Creates the account of an unknown key.
fn create(tx: &mut dyn Tx, request: &KeySignIn, now: Timestamp) -> Result<User, StoreError> {
    let user = user::add_with_pubkey(tx, &request.new_user, &request.pubkey, &request.address, now)?;
    let actor = Actor::User(user.id.clone());
    event::append(tx, NewEvent::new(Action::UserSignUp).by(actor.clone()).method("key"))?;
    let added = NewEvent::new(Action::CredentialAdd).by(actor).to(Target::User(user.id.clone()));
    event::append(tx, added.method("key"))?;
    Ok(user)
}

/// Checks before anything is written whether the named identity can be this account's.
fn refuse_identity(
    tx: &mut dyn Tx,
    request: &KeySignIn,
    known: Option<&User>,
) -> Result<Option<KeySignedIn>, StoreError> {
    let Some(NamedIdentity { bap_id, proof, key, .. }) = &request.identity else { return Ok(None) };
    if let Some(key) = key
        && let Some(other) = credential::find(tx, &Credential::key(key))?
        && (other.retired_at.is_some() || known.is_none_or(|user| user.id != other.user_id))
    {
        // A retired key proves nothing, and one of another account proves nothing for this one.
        return Ok(Some(KeySignedIn::NotTheirs));
    }
    let held = identity::find(tx, bap_id)?;
    let allowed = match held {
        Some(held) => {
            known.is_some_and(|user| user.id == held.user_id) || (proof.is_proven() && !held.proof.is_proven())
        }
        // Nobody holds it: signing up claims it; signing in may only name what the key itself proves.
        None => {
            proof.is_proven()
                || match request.unknown {
                    UnknownKey::Refuse => false,
                    UnknownKey::Welcome => known.is_none(),
                    UnknownKey::SignUp => true,
                }
        }
    };
    Ok((!allowed).then_some(KeySignedIn::NotTheirs))
}

/// Claims the named identity, which the session will act as.
fn claim(tx: &mut dyn Tx, request: &KeySignIn, user: &User) -> Result<Option<(BapId, Claim)>, StoreError> {
    let Some(NamedIdentity { bap_id, proof, root_address, .. }) = &request.identity else { return Ok(None) };
    let is_first = identity::list(tx, &user.id)?.is_empty();
    let identity = Identity {
        bap_id: bap_id.clone(),
        user_id: user.id.clone(),
        pubkey: Some(request.pubkey),
        name: request.address.clone(),
        image: None,
        proof: *proof,
        root_address: root_address.clone(),
        current_address: None,
        profile: None,
        resolved_at: None,
        is_primary: is_first,
    };
    let claimed = identity::claim(tx, &identity, request.session.now)?;
    Ok(Some((bap_id.clone(), claimed)))
}
