//! The mailer: takes mails from the outbox and sends them, with retries until they expire.

use std::time::Duration;

use sigma_store::StoreError;
use sigma_store::outbox::{self, Taken, seal_context};
use sigma_telemetry::Stopwatch;
use sigma_telemetry::trace::{self, Recording, SpanKind};
use tokio::time::sleep;

use super::transport::{sender, to_mime};
use super::{MailError, Message, Transport};
use crate::state::AppState;

/// How often it polls: another process may have queued a mail.
const ROUND: Duration = Duration::from_secs(5);
/// Mails claimed at once: they must be sent before another process may claim them again.
const BATCH: u32 = 5;
/// The delay after the first failure; it doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_secs(15);
/// The longest delay.
const LONGEST_WAIT: Duration = Duration::from_mins(10);

/// Sends mails for as long as the server runs.
pub async fn run(sigma: AppState) {
    announce(&sigma).await;
    loop {
        match deliver_due(&sigma).await {
            Ok(0) => tokio::select! {
                () = sigma.mail_waits.notified() => {}
                () = sleep(ROUND) => {}
            },
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, "mails could not be taken from the store");
                sleep(ROUND).await;
            }
        }
    }
}

/// Logs at start how mails are delivered.
async fn announce(sigma: &AppState) {
    let settings = &sigma.settings.mail;
    if settings.smtp.is_some() {
        tracing::info!("mails are sent by the server of mail.smtp");
        return;
    }
    let folder = std::path::absolute(&settings.folder).unwrap_or_else(|_| settings.folder.clone());
    tracing::info!(
        folder = %folder.display(),
        "no mail server is configured (mail.smtp): mails are written to a folder instead of being sent"
    );
    if let Err(error) = Transport::Folder(folder).probe().await {
        tracing::error!(%error, "mails cannot be delivered: set mail.smtp, or mail.folder to a folder of this user");
    }
}

/// Claims a few due mails and sends them; returns how many it claimed.
///
/// # Errors
/// The store does not answer.
pub async fn deliver_due(sigma: &AppState) -> Result<usize, StoreError> {
    // A claim is a lease: all processes judge it by the clock of the database.
    let now = sigma.store.database_now();
    // An idle poll writes nothing.
    if !sigma.store.read(move |tx| outbox::is_due(tx, now)).await? {
        return Ok(0);
    }
    let taken = sigma.store.write(move |tx| outbox::take(tx, now, BATCH)).await?;
    let transport = Transport::new(&sigma.settings.mail, sigma.issuer());
    for mail in &taken {
        let span = trace::background("send a mail", SpanKind::Client);
        trace::within(span.as_ref().map(Recording::context), deliver(sigma, &transport, mail, span)).await?;
    }
    Ok(taken.len())
}

/// Sends one mail and records the outcome.
async fn deliver(
    sigma: &AppState,
    transport: &Result<Transport, MailError>,
    mail: &Taken,
    mut span: Option<Recording>,
) -> Result<(), StoreError> {
    let id = mail.id.clone();
    let watch = Stopwatch::start();
    let sent = send(sigma, transport, mail).await;
    metrics::histogram!("sigma_mail_send_seconds").record(watch.elapsed());
    let outcome = match &sent {
        Ok(_) => "sent",
        Err(MailError::Refused(_)) => "refused",
        Err(_) => "failed",
    };
    metrics::counter!("sigma_mails_total", "outcome" => outcome).increment(1);
    if let Some(span) = &mut span {
        span.set("sigma.outcome", outcome);
        if sent.is_err() {
            span.fail();
        }
    }
    match sent {
        Ok(file) => {
            if let Some(file) = file {
                tracing::info!(mail = %id, file = %file.display(), "a mail was written to the folder");
            }
            sigma.store.write(move |tx| outbox::remove(tx, &id)).await
        }
        Err(MailError::Refused(why)) => {
            tracing::error!(mail = %id, why, "a mail cannot be sent and was given up");
            sigma.store.write(move |tx| outbox::give_up(tx, &id, &why)).await
        }
        Err(error) => {
            let again = sigma.store.database_now().plus(wait(mail.attempts));
            let last = again >= mail.expires_at;
            tracing::warn!(mail = %id, attempts = mail.attempts, last, %error, "a mail could not be sent");
            let why = error.to_string();
            sigma.store.write(move |tx| outbox::postpone(tx, &id, again, &why)).await
        }
    }
}

async fn send(
    sigma: &AppState,
    transport: &Result<Transport, MailError>,
    mail: &Taken,
) -> Result<Option<std::path::PathBuf>, MailError> {
    let opened = sigma.master_key.open(&seal_context(&mail.id), &mail.sealed);
    let opened = opened.map_err(|error| MailError::Refused(error.to_string()))?;
    let message = Message::from_bytes(&opened).ok_or_else(|| MailError::Refused("it cannot be read".to_owned()))?;
    let transport = transport.as_ref().map_err(|error| MailError::Settings(error.to_string()))?;
    let (settings, look) = (&sigma.settings.mail, sigma.brands.look());
    let mime = to_mime(settings, &look.name, sigma.issuer(), &mail.id, &message, sigma.now())?;
    transport.send(&mail.id, &mime).await
}

/// The delay after `attempts` failed attempts.
fn wait(attempts: i64) -> Duration {
    let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(0).min(16);
    FIRST_WAIT.saturating_mul(1 << doublings).min(LONGEST_WAIT)
}

/// What is wrong with the mail settings, in words for the operator.
///
/// # Errors
/// [`MailError::Settings`]
pub fn check(settings: &crate::settings::Settings) -> Result<(), MailError> {
    sender(&settings.mail, &settings.branding.name, &settings.issuer)?;
    Transport::new(&settings.mail, &settings.issuer).map(drop)
}
