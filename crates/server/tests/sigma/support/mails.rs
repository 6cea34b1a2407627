//! The queued mails of a server, read from the outbox.

use sigma_core::ids::MailId;
use sigma_server::mail::Message;
use sigma_store::outbox::{self, seal_context};

use super::World;

/// A mail, and the link in it.
#[derive(Debug)]
pub struct Mail {
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
    /// The path and query of its link.
    pub link: Option<String>,
}

impl World {
    /// The queued mails, oldest first; removes them from the queue.
    pub async fn mails(&self) -> Vec<Mail> {
        let waiting = self.sigma.store.write(|tx| {
            let rows = tx.query_all("SELECT id, sealed FROM mails ORDER BY created_at, id", &[])?;
            let mut waiting = Vec::new();
            for row in rows {
                let id = MailId::from_text(row.text(0)?);
                outbox::remove(tx, &id)?;
                waiting.push((id, row.bytes(1)?));
            }
            Ok(waiting)
        });
        let waiting = waiting.await.unwrap();
        waiting.iter().map(|(id, sealed)| self.open_mail(id, sealed)).collect()
    }

    fn open_mail(&self, id: &MailId, sealed: &[u8]) -> Mail {
        let opened = self.sigma.master_key.open(&seal_context(id), sealed).unwrap();
        let Message { to, subject, text, html, .. } = serde_json::from_slice(&opened).unwrap();
        let issuer = self.sigma.issuer();
        let found = text.lines().find(|line| line.starts_with(issuer) && line.contains("token="));
        let link = found.map(|line| line.trim_start_matches(issuer).to_owned());
        Mail { to, subject, text, html, link }
    }

    /// The only queued mail.
    pub async fn mail(&self) -> Mail {
        let mut mails = self.mails().await;
        assert_eq!(mails.len(), 1, "{mails:#?}");
        mails.remove(0)
    }
}
