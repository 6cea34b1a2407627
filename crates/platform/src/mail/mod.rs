//! Mails: written by [`Composer`], queued in the transaction of the event they report, and sent by the [`mailer`]
//! afterwards. Their links start with the configured issuer, never with a host from a request.

pub mod mailer;
mod message;
mod transport;

use std::time::Duration;

use sigma_core::digest::Digest;
use sigma_core::email::fold;
use sigma_core::ids::MailId;
use sigma_core::random::{Rng, alphanumeric};
use sigma_core::time::Timestamp;
use sigma_store::one_time_link::{NewLink, Purpose};
use sigma_store::outbox::{MailedLink, NewMail, seal_context};
use sigma_store::user::{self, User};
use sigma_store::{MasterKey, SealError, StoreError, Tx};

use crate::branding::Worn;
use crate::http::ApiError;
use crate::i18n::Language;
use crate::settings::Links;
use crate::state::AppState;
use message::samples::samples;
pub use message::{AccountChange, DirectoryNotice, MeritNotice, Message, WebhookNotice};
use message::{Draft, Writer};
pub use transport::{MailError, Transport};

/// Length of a link's secret: 256 bits.
const SECRET_LENGTH: usize = 43;
/// Delivery is given up after this time, or when the link in the mail expires.
const DELIVERY: Duration = Duration::from_hours(24);

/// Writes mails: holds everything that goes into one, and the key that seals it.
#[derive(Clone)]
pub struct Composer<'a> {
    /// The configured issuer, with which links start.
    pub issuer: &'a str,
    /// How long links work.
    pub links: &'a Links,
    /// The language of the texts.
    pub language: Language,
    /// What mails look like.
    pub look: Worn<'a>,
    /// Seals queued mails.
    pub master_key: &'a MasterKey,
    /// Randomness.
    pub rng: &'a dyn Rng,
    /// The current time.
    pub now: Timestamp,
}

/// A link, which works once it is stored.
#[derive(Debug)]
pub struct Link {
    /// What is stored.
    pub link: NewLink,
    /// The address to open.
    pub url: String,
}

impl Link {
    /// A link for `purpose`, to show, or to mail to `to`.
    pub fn new(issuer: &str, links: &Links, purpose: Purpose, to: &str, now: Timestamp, rng: &dyn Rng) -> Self {
        let secret = alphanumeric(rng, SECRET_LENGTH);
        let (path, life) = match purpose {
            Purpose::Invitation => ("/invitation", links.invitation()),
            Purpose::Reset => ("/password/reset", links.reset()),
        };
        Self {
            url: format!("{issuer}{path}?token={secret}"),
            link: NewLink { hash: Digest::of(&secret), purpose, email: fold(to), now, expires_at: now.plus(life) },
        }
    }
}

/// What is shown of a queued mail.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// The recipient.
    pub to: String,
    /// Its subject.
    pub subject: String,
}

impl AppState {
    /// The composer of this server.
    pub fn composer(&self) -> Composer<'_> {
        Composer {
            issuer: self.issuer(),
            links: &self.settings.links,
            language: self.settings.languages.default,
            look: self.brands.look().into(),
            master_key: &self.master_key,
            rng: &*self.rng,
            now: self.now(),
        }
    }

    /// The composer of mails to a user, in their language.
    pub fn composer_for(&self, user: &User) -> Composer<'_> {
        self.composer().in_language(self.mail_language(user))
    }

    /// The composer of mails to the address that folds to `folded`: in the language of whoever proved it to be theirs, and in
    /// `otherwise` to others.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn composer_to(&self, folded: &str, otherwise: Language) -> Result<Composer<'_>, StoreError> {
        let (sigma, folded) = (self.clone(), folded.to_owned());
        let language = self.store.read(move |tx| sigma.language_at(tx, &folded, otherwise)).await?;
        Ok(self.composer().in_language(language))
    }

    /// The language for whoever reads mail at the address that folds to `folded`: the one that they chose, or else `otherwise`.
    pub fn language_at(&self, tx: &mut dyn Tx, folded: &str, otherwise: Language) -> Result<Language, StoreError> {
        let owner = user::find_by_proven_email(tx, folded)?.filter(|owner| owner.language.is_some());
        Ok(owner.map_or(otherwise, |owner| self.mail_language(&owner)))
    }

    /// The mails that report a change of an account to its user: one, if an address is known to be theirs.
    ///
    /// # Errors
    /// Sealing fails.
    pub fn notices(&self, user: &User, change: AccountChange) -> Result<Vec<NewMail>, ApiError> {
        self.notices_also_to(user, change, None)
    }

    /// The same, and one to the address that the change concerns.
    ///
    /// # Errors
    /// Sealing fails.
    pub fn notices_also_to(
        &self,
        user: &User,
        change: AccountChange,
        concerned: Option<&str>,
    ) -> Result<Vec<NewMail>, ApiError> {
        let (composer, own) = (self.composer_for(user), user.proven_email());
        let others = concerned.filter(|concerned| own != Some(*concerned));
        let mails = own.into_iter().chain(others).map(|to| composer.account_changed(to, change));
        mails.collect::<Result<_, _>>().map_err(ApiError::internal)
    }

    /// To whom and about what a queued mail is, never what it says; `None` if it cannot be read.
    pub fn envelope(&self, id: &MailId, sealed: &[u8]) -> Option<Envelope> {
        let opened = self.master_key.open(&seal_context(id), sealed).ok()?;
        let Message { to, subject, .. } = Message::from_bytes(&opened)?;
        Some(Envelope { to, subject })
    }

    /// The mails that there are, each with the name of its preview and the subject that it could have.
    pub fn mail_templates(&self, language: Language) -> Vec<(&'static str, String)> {
        let composer = self.composer().in_language(language);
        composer.samples().into_iter().map(|(name, draft)| (name, draft.subject().to_owned())).collect()
    }

    /// A mail as it could be, in the branding in force; `None` if there is none of that name.
    pub fn mail_preview(&self, name: &str, language: Language) -> Option<Message> {
        let composer = self.composer().in_language(language);
        let (_, draft) = composer.samples().into_iter().find(|(known, _)| *known == name)?;
        draft.message("ada@example.org")
    }

    /// Wakes the mailer. Mails queued without a call to this are found within seconds.
    pub fn mail_was_promised(&self) {
        self.mail_waits.notify_one();
    }
}

impl Composer<'_> {
    /// The same for somebody who reads another language.
    #[must_use]
    pub fn in_language(self, language: Language) -> Self {
        Self { language, ..self }
    }

    /// The invitation of `to` to the named workspace by `inviter`, and to `app`, for [`sigma_store::invitation::invite`] and
    /// [`send_again`](sigma_store::invitation::send_again); call [`AppState::mail_was_promised`] afterwards.
    ///
    /// # Errors
    /// Sealing fails.
    pub fn invitation(
        &self,
        to: &str,
        workspace: &str,
        inviter: Option<&str>,
        app: Option<&str>,
    ) -> Result<MailedLink, SealError> {
        let Link { link, url } = self.link(Purpose::Invitation, to);
        let draft = self.writer().invitation(workspace, inviter, app, &url, self.links.invitation());
        let mail = self.seal(to, &draft, link.expires_at)?;
        Ok(MailedLink { link, mail })
    }

    /// A link for setting a new password, mailed to `to`.
    ///
    /// # Errors
    /// Sealing fails.
    pub fn reset(&self, to: &str) -> Result<MailedLink, SealError> {
        let Link { link, url } = self.link(Purpose::Reset, to);
        let mail = self.seal(to, &self.writer().reset(&url, self.links.reset()), link.expires_at)?;
        Ok(MailedLink { link, mail })
    }

    /// A link for setting the first password of an account that was created for `to`, mailed to them.
    ///
    /// # Errors
    /// Sealing fails.
    pub fn created(&self, to: &str) -> Result<MailedLink, SealError> {
        let Link { link, url } = self.link(Purpose::Reset, to);
        let mail = self.seal(to, &self.writer().created(&url, self.links.reset()), link.expires_at)?;
        Ok(MailedLink { link, mail })
    }

    /// Notifies `to` of a merit, or of a request for access, that waits for them.
    ///
    /// # Errors
    /// Sealing fails.
    pub fn merit_sent(&self, to: &str, about: &MeritNotice<'_>) -> Result<NewMail, SealError> {
        self.seal(to, &self.writer().merit_sent(about), self.now.plus(DELIVERY))
    }

    /// Notifies `to` that a webhook was switched off.
    ///
    /// # Errors
    /// Sealing fails.
    pub fn webhook_disabled(&self, to: &str, about: &WebhookNotice<'_>, at: Timestamp) -> Result<NewMail, SealError> {
        self.seal(to, &self.writer().webhook_disabled(about, at), self.now.plus(DELIVERY))
    }

    /// Notifies `to` that whoever connected a directory does not administer its org any more.
    ///
    /// # Errors
    /// Sealing fails.
    pub fn directory_left(&self, to: &str, about: &DirectoryNotice<'_>) -> Result<NewMail, SealError> {
        self.seal(to, &self.writer().directory_left(about), self.now.plus(DELIVERY))
    }

    /// Notifies `to` that their password was changed.
    ///
    /// # Errors
    /// Sealing fails.
    pub fn password_changed(&self, to: &str) -> Result<NewMail, SealError> {
        self.seal(to, &self.writer().password_changed(self.now), self.now.plus(DELIVERY))
    }

    /// The mail with link and `code` that confirms `to` as the address of a new account, and the digest of the link's secret.
    ///
    /// # Errors
    /// Sealing fails.
    pub fn confirm_address(&self, to: &str, code: &str) -> Result<(Digest, NewMail), SealError> {
        let secret = alphanumeric(self.rng, SECRET_LENGTH);
        let url = format!("{}/signup/email/confirm?token={secret}", self.issuer);
        let life = self.links.sign_up();
        let mail = self.seal(to, &self.writer().confirm_address(&url, code, life), self.now.plus(life))?;
        Ok((Digest::of(&secret), mail))
    }

    /// Notifies `to` of an attempt to sign up with their address, which already has an account.
    ///
    /// # Errors
    /// Sealing fails.
    pub fn account_exists(&self, to: &str) -> Result<NewMail, SealError> {
        self.seal(to, &self.writer().account_exists(), self.now.plus(self.links.sign_up()))
    }

    /// The mail with the `code` that adds `to` to an account.
    ///
    /// # Errors
    /// Sealing fails.
    pub fn confirm_new_address(&self, to: &str, code: &str) -> Result<NewMail, SealError> {
        let life = self.links.sign_up();
        self.seal(to, &self.writer().confirm_new_address(code, life), self.now.plus(life))
    }

    /// Notifies `to` of an attempt to add their address to another account.
    ///
    /// # Errors
    /// Sealing fails.
    pub fn address_taken(&self, to: &str) -> Result<NewMail, SealError> {
        self.seal(to, &self.writer().address_taken(), self.now.plus(self.links.sign_up()))
    }

    /// Notifies `to` that their account was changed.
    ///
    /// # Errors
    /// Sealing fails.
    pub fn account_changed(&self, to: &str, change: AccountChange) -> Result<NewMail, SealError> {
        self.seal(to, &self.writer().account_changed(change, self.now), self.now.plus(DELIVERY))
    }

    /// Notifies `to` of a sign-in from a device that the account was not used from before.
    ///
    /// # Errors
    /// Sealing fails.
    pub fn new_device(&self, to: &str, device: &str, address: &str, at: Timestamp) -> Result<NewMail, SealError> {
        self.seal(to, &self.writer().new_device(device, address, at), self.now.plus(DELIVERY))
    }

    /// Reminds `to` that the account depends on a single key.
    ///
    /// # Errors
    /// Sealing fails.
    pub fn single_key(&self, to: &str) -> Result<NewMail, SealError> {
        self.seal(to, &self.writer().single_key(), self.now.plus(DELIVERY))
    }

    /// A mail to `to` that shows that mails arrive.
    ///
    /// # Errors
    /// Sealing fails.
    pub fn test(&self, to: &str) -> Result<NewMail, SealError> {
        self.seal(to, &self.writer().test(self.now), self.now.plus(DELIVERY))
    }

    fn samples(&self) -> Vec<(&'static str, Draft)> {
        samples(&self.writer(), &format!("{}/…", self.issuer)).into()
    }

    fn writer(&self) -> Writer<'_> {
        Writer { language: self.language, issuer: self.issuer, look: &self.look }
    }

    fn link(&self, purpose: Purpose, to: &str) -> Link {
        Link::new(self.issuer, self.links, purpose, to, self.now, self.rng)
    }

    /// Seals a mail that is dropped at `expires_at`, or after [`DELIVERY`].
    fn seal(&self, to: &str, draft: &Draft, expires_at: Timestamp) -> Result<NewMail, SealError> {
        let expires_at = expires_at.min(self.now.plus(DELIVERY));
        let id = MailId::new(self.now, self.rng);
        let message = draft.message(to).ok_or(SealError::Unsealed)?;
        let sealed = self.master_key.seal(&seal_context(&id), &message.to_bytes(), self.rng)?;
        Ok(NewMail { id, sealed, now: self.now, expires_at })
    }
}
