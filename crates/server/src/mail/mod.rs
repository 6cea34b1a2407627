//! Mails: written by [`Composer`], queued in the transaction of the event they report, and sent by the [`mailer`]
//! afterwards. Their links start with the configured issuer, never with a host from a request.

pub mod mailer;
mod message;
mod transport;

use std::time::Duration;

use sigma_core::digest::Digest;
use sigma_core::ids::MailId;
use sigma_core::random::{Rng, alphanumeric};
use sigma_core::time::Timestamp;
use sigma_store::one_time_link::{self, NewLink, Purpose};
use sigma_store::outbox::{MailedLink, NewMail, seal_context};
use sigma_store::{MasterKey, SealError};

use crate::state::AppState;
pub use message::Message;
use message::{Changed, Invited, MessageTemplate, Reset};
pub use transport::{MailError, Transport};

/// Length of a link's secret: 256 bits.
const SECRET_LENGTH: usize = 43;
/// How long a mail without a link is worth sending.
const NOTICE_LIFETIME: Duration = Duration::from_hours(24);

/// Writes mails: holds everything that goes into one, and the key that seals it.
#[derive(Clone, Copy)]
pub struct Composer<'a> {
    /// The configured issuer, with which links start.
    pub issuer: &'a str,
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
    /// A link for `purpose`, to show or to mail.
    pub fn new(issuer: &str, purpose: Purpose, now: Timestamp, rng: &dyn Rng) -> Self {
        let secret = alphanumeric(rng, SECRET_LENGTH);
        let path = match purpose {
            Purpose::Invitation => "/invitation",
            Purpose::Reset => "/password/reset",
        };
        Self {
            url: format!("{issuer}{path}?token={secret}"),
            link: NewLink { hash: Digest::of(&secret), purpose, now },
        }
    }
}

impl AppState {
    /// The composer of this server.
    pub fn composer(&self) -> Composer<'_> {
        Composer { issuer: self.issuer(), master_key: &self.master_key, rng: &*self.rng, now: self.now() }
    }

    /// Wakes the mailer. Mails queued without a call to this are found within seconds.
    pub fn mail_was_promised(&self) {
        self.mail_waits.notify_one();
    }
}

impl Composer<'_> {
    /// The invitation of `to` to the named workspace by `inviter`, for [`sigma_store::invitation::invite`] and
    /// [`send_again`](sigma_store::invitation::send_again); call [`AppState::mail_was_promised`] afterwards.
    ///
    /// # Errors
    /// Sealing fails.
    pub fn invitation(&self, to: &str, workspace: &str, inviter: Option<&str>) -> Result<MailedLink, SealError> {
        let Link { link, url } = Link::new(self.issuer, Purpose::Invitation, self.now, self.rng);
        let words = Invited::new(self.issuer, workspace, inviter, &url);
        let mail = self.seal(to, &words, self.now.plus(one_time_link::LIFETIME))?;
        Ok(MailedLink { link, mail })
    }

    /// A link for setting a new password, mailed to `to`.
    ///
    /// # Errors
    /// Sealing fails.
    pub fn reset(&self, to: &str) -> Result<MailedLink, SealError> {
        let Link { link, url } = Link::new(self.issuer, Purpose::Reset, self.now, self.rng);
        let mail = self.seal(to, &Reset::new(self.issuer, &url), self.now.plus(one_time_link::LIFETIME))?;
        Ok(MailedLink { link, mail })
    }

    /// Notifies `to` that their password was changed.
    ///
    /// # Errors
    /// Sealing fails.
    pub fn password_changed(&self, to: &str) -> Result<NewMail, SealError> {
        self.seal(to, &Changed::new(self.issuer, self.now), self.now.plus(NOTICE_LIFETIME))
    }

    fn seal(&self, to: &str, words: &impl MessageTemplate, expires_at: Timestamp) -> Result<NewMail, SealError> {
        let id = MailId::new(self.now, self.rng);
        let message = words.message(to).ok_or(SealError::Unsealed)?;
        let sealed = self.master_key.seal(&seal_context(&id), &message.to_bytes(), self.rng)?;
        Ok(NewMail { id, sealed, now: self.now, expires_at })
    }
}
