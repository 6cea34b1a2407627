//! Mails to the recipients of merits. Sending a merit only marks it; the mails follow here, so that a list of thousands is sent
//! without writing thousands of mails in between.

use std::time::Duration;

use sigma_core::email;
use sigma_core::time::Timestamp;
use sigma_platform::i18n::Language;
use sigma_platform::mail::MeritNotice;
use sigma_platform::state::AppState;
use sigma_store::merits::notice::{self, Notice};
use sigma_store::merits::{Merit, issuer};
use sigma_store::{StoreError, Tx};
use tokio::time::sleep;

use crate::pages::unsubscribe;

/// How often it looks for merits to tell of.
const ROUND: Duration = Duration::from_secs(3);
/// Merits of one step.
const STEP: u32 = 100;

/// Writes mails for as long as the server runs.
pub async fn run(sigma: AppState) {
    loop {
        match deliver_due(&sigma).await {
            Ok(0) => sleep(ROUND).await,
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, "mails about merits could not be queued");
                sleep(ROUND).await;
            }
        }
    }
}

/// Queues the mails of a few merits; returns of how many.
///
/// # Errors
/// The store does not answer.
pub async fn deliver_due(sigma: &AppState) -> Result<usize, StoreError> {
    let now = sigma.now();
    let reader = sigma.clone();
    let due = sigma.store.read(move |tx| {
        let mut found = Vec::new();
        for merit in notice::due(tx, now, STEP)? {
            let to = match notice::address(tx, &merit)? {
                Some(address) => Recipient::of(tx, &reader, &merit, address, now)?,
                None => None,
            };
            let org = issuer::find(tx, &merit.org_id)?.map(|org| org.name);
            found.push((merit, to, org.unwrap_or_default()));
        }
        Ok(found)
    });
    let due = due.await?;
    let notices: Vec<Notice> = due.into_iter().map(|(merit, to, org)| write(sigma, &merit, to, &org)).collect();
    let count = notices.len();
    if count == 0 {
        return Ok(0);
    }
    let queued = sigma.store.write(move |tx| {
        let mut queued = 0_usize;
        for notice in &notices {
            queued += usize::from(notice::send(tx, notice, now)?);
        }
        Ok(queued)
    });
    if queued.await? > 0 {
        sigma.mail_was_promised();
    }
    Ok(count)
}

/// Who can be told of a merit.
struct Recipient {
    address: String,
    mac: String,
    /// The one that they chose.
    language: Language,
}

impl Recipient {
    /// Whoever reads mail at `address`; `None` if they want no mail of that org, or got enough of it.
    fn of(
        tx: &mut dyn Tx,
        sigma: &AppState,
        merit: &Merit,
        address: String,
        now: Timestamp,
    ) -> Result<Option<Self>, StoreError> {
        let mac = unsubscribe::address_mac(sigma, &address);
        let is_open = notice::is_open(tx, &merit.org_id, (mac.as_bytes(), &mac), now)?;
        let language = sigma.language_at(tx, &email::fold(&address), sigma.settings.languages.default)?;
        Ok(is_open.then_some(Self { address, mac, language }))
    }
}

/// The mail of a merit; none if nobody can be told, or it cannot be written, which is reported once.
fn write(sigma: &AppState, merit: &Merit, to: Option<Recipient>, org: &str) -> Notice {
    let mail = to.as_ref().and_then(|Recipient { address, language, .. }| {
        let unsubscribe_url = unsubscribe::url(sigma, &merit.org_id, address).ok()?;
        let about =
            MeritNotice { org, title: (!merit.access).then_some(merit.template_title.as_str()), unsubscribe_url };
        let mail = sigma.composer().in_language(*language).merit_sent(address, &about);
        mail.inspect_err(|error| tracing::error!(%error, merit = %merit.id, "a mail could not be written")).ok()
    });
    let counted_as = to.map(|to| to.mac).unwrap_or_default();
    Notice {
        org_id: merit.org_id.clone(),
        merit_id: merit.id.clone(),
        mail,
        address_mac: counted_as.clone().into_bytes(),
        counted_as,
    }
}
