//! Accounts created by e-mail: name, address and password wait until a mailed link or code proves the address; only
//! then is the account created. The browser that started it is signed in; another one in which the link is opened only
//! proves the address.

use std::time::Duration;

use sigma_core::actor::Actor;
use sigma_core::authentication::Authentication;
use sigma_core::digest::Digest;
use sigma_core::email::Email;
use sigma_core::event::Action;
use sigma_core::ids::UserId;
use sigma_core::time::Timestamp;

use crate::email::{self, EmailProof};
use crate::event::{self, NewEvent};
use crate::outbox::{self, NewMail};
use crate::session::{BrowserSession, NewSession};
use crate::tx::acting_as;
use crate::user;
use crate::{Owner, Row, StoreError, Tx, params, password, quota, sign_in};

/// Attempts at the code of one sign-up. The link works beyond them.
pub const MOST_GUESSES: i64 = 5;
/// Mails to one address within [`WINDOW`]: more would be a nuisance, and allow more attempts at codes.
const MOST_MAILS: i64 = 10;
/// Of those, what one network can cause, so that a stranger there leaves mails to the user.
const MOST_MAILS_OF_NETWORK: i64 = 3;
/// The time in which they are counted.
const WINDOW: Duration = Duration::from_hours(1);

/// A new sign-up.
#[derive(Clone, Debug)]
pub struct NewEmailSignUp {
    /// The digest of the secret that its browser holds.
    pub browser: Digest,
    /// The digest of the secret that it held for an earlier sign-up, which this one replaces.
    pub replaces: Option<Digest>,
    /// The digest of the secret in the mailed link.
    pub link: Digest,
    /// The keyed digest of the mailed code.
    pub code: Digest,
    /// The address.
    pub email: Email,
    /// The user's name, validated.
    pub name: String,
    /// The hash of the password.
    pub password_hash: String,
    /// The interaction that they came with.
    pub interaction: Option<String>,
    /// Pseudonym of the address for counting mails; it cannot be resolved without a secret of the server.
    pub counted_as: String,
    /// The same of the address together with the client's network.
    pub counted_here_as: String,
    /// The mail with link and code.
    pub confirmation: NewMail,
    /// The mail for an address that has an account.
    pub known: NewMail,
    /// Now.
    pub now: Timestamp,
    /// When link and code expire.
    pub expires_at: Timestamp,
}

/// A pending sign-up.
#[derive(Clone, Debug)]
pub struct EmailSignUp {
    /// The digest of the secret that its browser holds.
    pub browser: Digest,
    /// The address as entered.
    pub email: String,
    /// The user's name.
    pub name: String,
    /// The interaction that they came with.
    pub interaction: Option<String>,
    /// Wrong codes so far.
    pub guesses: i64,
    /// The account, once the address was proven.
    pub user_id: Option<UserId>,
    password_hash: String,
    code: Digest,
    proven_at: Option<Timestamp>,
}

/// Begins a sign-up and queues its mail: link and code, or a notice that the address has an account. Whether a mail was
/// queued concerns only the mailer; the response is always the same.
pub fn begin(tx: &mut dyn Tx, new: &NewEmailSignUp) -> Result<bool, StoreError> {
    if let Some(replaced) = &new.replaces {
        // Its browser could not continue it any more, and its link would set the earlier password.
        tx.execute("DELETE FROM email_sign_ups WHERE browser_hash = $1 AND user_id IS NULL", params![replaced])?;
    }
    let may_mail = may_mail(tx, new)?;
    let known = user::find_by_proven_email(tx, new.email.folded())?;
    let mail = match &known {
        _ if !may_mail => None,
        Some(user) if user.disabled => None,
        Some(_) => Some(&new.known),
        None => Some(&new.confirmation),
    };
    if let Some(mail) = mail {
        outbox::add(tx, mail)?;
    }
    // A code that was not mailed must not be guessed: in its place stands a digest that no code has.
    let code = if may_mail && known.is_none() { new.code } else { new.link };
    tx.execute(
        "INSERT INTO email_sign_ups (browser_hash, link_hash, code_hash, email, name, password_hash, interaction, guesses,
            user_id, proven_at, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 0, NULL, NULL, $8, $9)",
        params![
            new.browser,
            new.link,
            code,
            new.email.address(),
            &new.name,
            &new.password_hash,
            new.interaction.as_deref(),
            new.now,
            new.expires_at
        ],
    )?;
    Ok(mail.is_some())
}

/// Counts one more mail to the address; returns whether it is within the limits. What exceeds the limit of its network
/// does not count against the address.
fn may_mail(tx: &mut dyn Tx, new: &NewEmailSignUp) -> Result<bool, StoreError> {
    let here = quota::tally(tx, quota::Purpose::SignUpFromNetwork, &new.counted_here_as, new.now, WINDOW)?;
    if here > MOST_MAILS_OF_NETWORK {
        return Ok(false);
    }
    Ok(quota::tally(tx, quota::Purpose::SignUp, &new.counted_as, new.now, WINDOW)? <= MOST_MAILS)
}

/// The sign-up that a browser started, unless it expired.
pub fn find(tx: &mut dyn Tx, browser: &Digest, now: Timestamp) -> Result<Option<EmailSignUp>, StoreError> {
    tx.query_opt(
        "SELECT browser_hash, email, name, interaction, guesses, user_id, password_hash, code_hash, proven_at
         FROM email_sign_ups WHERE browser_hash = $1 AND expires_at > $2",
        params![browser, now],
    )?
    .map(|row| decode(&row))
    .transpose()
}

/// The sign-up of a mailed link that is still valid. Viewing changes nothing.
pub fn find_by_link(tx: &mut dyn Tx, link: &Digest, now: Timestamp) -> Result<Option<EmailSignUp>, StoreError> {
    tx.query_opt(
        "SELECT browser_hash, email, name, interaction, guesses, user_id, password_hash, code_hash, proven_at
         FROM email_sign_ups WHERE link_hash = $1 AND expires_at > $2 AND user_id IS NULL",
        params![link, now],
    )?
    .map(|row| decode(&row))
    .transpose()
}

/// The facts that accompany a proof of the address.
#[derive(Clone, Debug)]
pub struct Proving {
    /// The digest of the secret that the browser holds, if any.
    pub browser: Option<Digest>,
    /// The id of the account to create.
    pub new_user: UserId,
    /// The user's network.
    pub network: String,
    /// The session that begins, if this browser started the sign-up.
    pub session: NewSession,
}

/// The outcome of proving the address.
#[derive(Clone, Debug)]
pub enum Proven {
    /// The account was created, and its user signed in.
    SignedIn(Box<SignedUp>),
    /// The account was created. The browser that started the sign-up continues by itself.
    Elsewhere,
    /// The address got another account meanwhile.
    Taken,
    /// The code is wrong; with the remaining attempts.
    WrongCode(i64),
    /// It was proven before, has expired, had too many attempts, or never existed.
    Gone,
}

/// A new user who is signed in.
#[derive(Clone, Debug)]
pub struct SignedUp {
    /// The session.
    pub session: BrowserSession,
    /// The address.
    pub email: String,
    /// The interaction that they came with.
    pub interaction: Option<String>,
}

/// Proves the address by the mailed link.
pub fn prove_by_link(tx: &mut dyn Tx, link: &Digest, proving: &Proving) -> Result<Proven, StoreError> {
    let Some(sign_up) = find_by_link(tx, link, proving.session.now)? else { return Ok(Proven::Gone) };
    prove(tx, &sign_up, proving)
}

/// Proves the address by the mailed code, accepted only from the browser that started the sign-up. Every attempt
/// counts, including the right one.
pub fn prove_by_code(tx: &mut dyn Tx, code: &Digest, proving: &Proving) -> Result<Proven, StoreError> {
    let Some(browser) = &proving.browser else { return Ok(Proven::Gone) };
    let counted = tx.query_opt(
        "UPDATE email_sign_ups SET guesses = guesses + 1
         WHERE browser_hash = $1 AND expires_at > $2 AND user_id IS NULL AND guesses < $3
         RETURNING browser_hash, email, name, interaction, guesses, user_id, password_hash, code_hash, proven_at",
        params![browser, proving.session.now, MOST_GUESSES],
    )?;
    let Some(sign_up) = counted.map(|row| decode(&row)).transpose()? else { return Ok(Proven::Gone) };
    if sign_up.code != *code {
        return Ok(Proven::WrongCode(MOST_GUESSES - sign_up.guesses));
    }
    prove(tx, &sign_up, proving)
}

/// Signs in the user of a sign-up that was proven elsewhere, once, in the browser that started it; `None` if it was not
/// proven, was finished before, or the password was changed since.
pub fn finish(tx: &mut dyn Tx, browser: &Digest, session: &NewSession) -> Result<Option<SignedUp>, StoreError> {
    let proven = tx.query_opt(
        "DELETE FROM email_sign_ups WHERE browser_hash = $1 AND expires_at > $2 AND user_id IS NOT NULL
         RETURNING browser_hash, email, name, interaction, guesses, user_id, password_hash, code_hash, proven_at",
        params![browser, session.now],
    )?;
    let Some(sign_up) = proven.map(|row| decode(&row)).transpose()? else { return Ok(None) };
    let (Some(user_id), Some(proven_at)) = (sign_up.user_id.clone(), sign_up.proven_at) else { return Ok(None) };
    tx.lock(Owner::User(&user_id))?;
    // A user who reset the password because of a sign-up that was not theirs has locked out whoever started it.
    if password::find(tx, &user_id)?.is_none_or(|stored| stored.chosen_at != proven_at) {
        return Ok(None);
    }
    // The proof of the address is all that was proven, however much later this browser continues.
    let authentication = Authentication::by_password(user_id, proven_at);
    let session = sign_in::begin(tx, &authentication, None, session)?;
    Ok(session.map(|session| SignedUp { session, email: sign_up.email, interaction: sign_up.interaction }))
}

/// Creates the account, whose address is proven, and signs its user in if this browser started the sign-up.
fn prove(tx: &mut dyn Tx, sign_up: &EmailSignUp, proving: &Proving) -> Result<Proven, StoreError> {
    let (user_id, now) = (&proving.new_user, proving.session.now);
    let claimed = tx.execute(
        "UPDATE email_sign_ups SET user_id = $2, proven_at = $3 WHERE browser_hash = $1 AND user_id IS NULL",
        params![sign_up.browser, user_id, now],
    )?;
    if claimed == 0 {
        return Ok(Proven::Gone);
    }
    let email = Email::parse(&sign_up.email).map_err(|_| StoreError::Corrupt("the address of a sign-up".to_owned()))?;
    email::release_unproven(tx, email.folded())?;
    if user::add_with_email(tx, user_id, &email, EmailProof::Verified, &sign_up.name, now)?.is_none() {
        tx.execute("DELETE FROM email_sign_ups WHERE browser_hash = $1", params![sign_up.browser])?;
        return Ok(Proven::Taken);
    }
    let actor = Actor::User(user_id.clone());
    event::append(tx, NewEvent::new(Action::UserSignUp).by(actor.clone()).method("email"))?;
    acting_as(tx, actor, |tx| password::set(tx, user_id, &sign_up.password_hash, &proving.network, now))?;
    if proving.browser != Some(sign_up.browser) {
        return Ok(Proven::Elsewhere);
    }
    match finish(tx, &sign_up.browser, &proving.session)? {
        Some(signed_up) => Ok(Proven::SignedIn(Box::new(signed_up))),
        None => Err(StoreError::Corrupt("a sign-up that was proven is not there".to_owned())),
    }
}

fn decode(row: &Row) -> Result<EmailSignUp, StoreError> {
    Ok(EmailSignUp {
        browser: row.digest(0)?,
        email: row.text(1)?,
        name: row.text(2)?,
        interaction: row.opt_text(3)?,
        guesses: row.int(4)?,
        user_id: row.opt_text(5)?.map(UserId::from_text),
        password_hash: row.text(6)?,
        code: row.digest(7)?,
        proven_at: row.opt_timestamp(8)?,
    })
}
