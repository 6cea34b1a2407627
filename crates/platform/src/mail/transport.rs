//! Mail delivery: by SMTP, always encrypted, or into a folder if no server is configured.

use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use lettre::address::Envelope;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Category;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use percent_encoding::percent_decode_str;
use secrecy::ExposeSecret as _;
use sigma_core::email::Email;
use sigma_core::ids::MailId;
use sigma_core::time::Timestamp;
use url::{Host, Url};

use super::Message;
use crate::settings::Mail;

/// The timeout for each response of the mail server.
const PATIENCE: Duration = Duration::from_secs(20);

/// A means of delivery.
pub enum Transport {
    /// To a mail server.
    Smtp(Box<AsyncSmtpTransport<Tokio1Executor>>),
    /// Into a folder, one file each.
    Folder(PathBuf),
}

/// Why delivery failed.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The settings are unusable.
    #[error("{0}")]
    Settings(String),
    /// Permanent: the server rejects this mail or recipient, or the address is invalid.
    #[error("{0}")]
    Refused(String),
    /// Transient.
    #[error("{0}")]
    Failed(String),
}

impl Transport {
    /// The means that the settings choose.
    ///
    /// # Errors
    /// [`MailError::Settings`]
    pub fn new(settings: &Mail, issuer: &str) -> Result<Self, MailError> {
        let Some(address) = &settings.smtp else { return Ok(Self::Folder(settings.folder.clone())) };
        let unusable = |why: &str| MailError::Settings(format!("mail.smtp {why}"));
        let url = Url::parse(address.expose_secret()).map_err(|error| unusable(&format!("is not a URL ({error})")))?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| unusable("names no server"))?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let mut tls = TlsParameters::builder(host.to_owned());
        if let Some(path) = &settings.certificate_authority {
            let failed = |error: &dyn std::fmt::Display| {
                MailError::Settings(format!("mail.certificate_authority {}: {error}", path.display()))
            };
            let pem = std::fs::read(path).map_err(|error| failed(&error))?;
            tls = tls.add_root_certificate(Certificate::from_pem(&pem).map_err(|error| failed(&error))?);
        }
        let tls = tls.build().map_err(|error| MailError::Settings(format!("TLS to the mail server: {error}")))?;
        let (tls, port) = match url.scheme() {
            "smtps" => (Tls::Wrapper(tls), 465),
            "smtp" => (Tls::Required(tls), 587),
            _ => return Err(unusable("must begin with smtps:// or smtp://")),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(url.port().unwrap_or(port))
            .tls(tls)
            .hello_name(hello(issuer))
            .timeout(Some(PATIENCE));
        if !url.username().is_empty() {
            let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
            let password = decoded(url.password().unwrap_or_default());
            builder = builder.credentials(Credentials::new(decoded(url.username()), password));
        }
        Ok(Self::Smtp(Box::new(builder.build())))
    }

    /// Connects to the mail server, greets it and logs in without sending anything; or checks that the folder is
    /// writable, leaving nothing behind.
    ///
    /// # Errors
    /// [`MailError::Failed`]
    pub async fn probe(&self) -> Result<(), MailError> {
        let server = match self {
            Self::Smtp(server) => server,
            Self::Folder(folder) => return try_folder(folder).map_err(|error| unwritable(folder, &error)),
        };
        match server.test_connection().await {
            Ok(true) => Ok(()),
            Ok(false) => Err(MailError::Failed("the connection was closed".to_owned())),
            Err(error) => Err(MailError::Failed(chain(&error))),
        }
    }

    /// Delivers a mail; returns the file, if it went into a folder.
    ///
    /// # Errors
    /// [`MailError`]
    pub async fn send(&self, id: &MailId, message: &lettre::Message) -> Result<Option<PathBuf>, MailError> {
        match self {
            Self::Smtp(server) => match server.send(message.clone()).await {
                Ok(_) => Ok(None),
                Err(error) => {
                    // 55x concerns this mail and recipient; a wrong password (535) concerns the settings.
                    let about_mailbox =
                        error.status().is_some_and(|code| matches!(code.category, Category::MailSystem));
                    let reported = chain(&error);
                    Err(if error.is_permanent() && about_mailbox {
                        MailError::Refused(reported)
                    } else {
                        MailError::Failed(reported)
                    })
                }
            },
            Self::Folder(folder) => {
                let (to, id, bytes) = (folder.clone(), id.clone(), message.formatted());
                let written = tokio::task::spawn_blocking(move || write(&to, &id, &bytes)).await;
                let written = written.map_err(|error| MailError::Failed(error.to_string()))?;
                written.map(Some).map_err(|error| unwritable(folder, &error))
            }
        }
    }
}

/// The sender of mails.
///
/// # Errors
/// `mail.from` is not a mailbox.
pub fn sender(settings: &Mail, name: &str, issuer: &str) -> Result<Mailbox, MailError> {
    let Some(from) = &settings.from else {
        let address = format!("sigma@{}", domain(issuer)).parse();
        let address =
            address.map_err(|error| MailError::Settings(format!("the issuer has no mail domain ({error})")))?;
        return Ok(Mailbox::new(Some(name.to_owned()), address));
    };
    from.parse().map_err(|error| {
        MailError::Settings(format!(
            "mail.from \"{from}\" is not a mailbox ({error}); use a form like Sigma <sigma@example.org>"
        ))
    })
}

/// The mail as it is transmitted.
///
/// # Errors
/// The recipient's or sender's address is invalid.
pub fn to_mime(
    settings: &Mail,
    name: &str,
    issuer: &str,
    id: &MailId,
    message: &Message,
    now: Timestamp,
) -> Result<lettre::Message, MailError> {
    let to = address(&message.to)?;
    let from = sender(settings, name, issuer)?;
    // Set here because lettre does not decode non-ASCII names from headers.
    let envelope = Envelope::new(Some(from.email.clone()), vec![to.clone()]);
    let written = UNIX_EPOCH + Duration::from_micros(u64::try_from(now.micros()).unwrap_or_default());
    let mut builder = lettre::Message::builder();
    if let Some(url) = &message.unsubscribe_url {
        builder = builder
            .raw_header(raw("List-Unsubscribe", format!("<{url}>")))
            .raw_header(raw("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()));
    }
    builder
        .envelope(envelope.map_err(|error| MailError::Refused(error.to_string()))?)
        .from(from)
        .to(Mailbox::new(None, to))
        .subject(&message.subject)
        .date(written)
        .message_id(Some(format!("<{id}@{}>", domain(issuer))))
        // Keeps vacation responders quiet (RFC 3834 §5).
        .raw_header(raw("Auto-Submitted", "auto-generated".to_owned()))
        .multipart(MultiPart::alternative_plain_html(message.text.clone(), message.html.clone()))
        .map_err(|error| MailError::Refused(error.to_string()))
}

/// A header of ASCII characters.
fn raw(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value)
}

/// An address that accounts accept. The library accepts fewer characters than RFC 6531: no combining marks.
fn address(text: &str) -> Result<Address, MailError> {
    let refused = || MailError::Refused("the address is none".to_owned());
    let email = Email::parse(text).map_err(|_| refused())?;
    let (user, domain) = email.mailbox().rsplit_once('@').ok_or_else(refused)?;
    Ok(Address::new_dangerous(user, domain))
}

/// The name for `EHLO`.
fn hello(issuer: &str) -> ClientId {
    match Url::parse(issuer).ok().and_then(|url| url.host().map(|host| host.to_owned())) {
        Some(Host::Domain(name)) => ClientId::Domain(name),
        Some(Host::Ipv4(address)) => ClientId::Ipv4(address),
        Some(Host::Ipv6(address)) => ClientId::Ipv6(address),
        None => ClientId::Domain("localhost".to_owned()),
    }
}

/// The domain of the sender's address.
fn domain(issuer: &str) -> String {
    match hello(issuer) {
        ClientId::Domain(name) => name,
        _ => "localhost".to_owned(),
    }
}

/// Creates and removes a file the way mails are written. If the folder does not exist yet, tries its nearest existing
/// parent.
fn try_folder(folder: &Path) -> std::io::Result<()> {
    let whole = std::path::absolute(folder)?;
    let nearest = whole.ancestors().find(|place| place.symlink_metadata().is_ok()).unwrap_or(&whole);
    let file = tempfile::Builder::new().prefix(".sigma-").tempfile_in(nearest)?;
    file.close()
}

fn unwritable(folder: &Path, error: &std::io::Error) -> MailError {
    let whole = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    MailError::Failed(format!("the mail folder {} cannot be written: {error}", whole.display()))
}

/// Writes a mail atomically, readable by its owner only.
fn write(folder: &Path, id: &MailId, bytes: &[u8]) -> std::io::Result<PathBuf> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let path = folder.join(format!("{id}.eml"));
    let draft = folder.join(format!(".{id}"));
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&draft, &path)?;
    Ok(path)
}

/// An error with its causes, on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut reported = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let inner = error.to_string();
        if !reported.contains(&inner) {
            reported = format!("{reported}: {inner}");
        }
        cause = error.source();
    }
    reported
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use secrecy::SecretString;

    use super::*;

    fn reported(change: impl FnOnce(&mut Mail)) -> String {
        let issuer = "https://id.example.org".to_owned();
        let mut settings = crate::settings::Settings { issuer, ..Default::default() };
        change(&mut settings.mail);
        super::super::mailer::check(&settings).map_or_else(|error| error.to_string(), |()| String::new())
    }

    #[test]
    fn invalid_mail_settings_are_reported_without_the_password() {
        assert_eq!(reported(|_| {}), "");
        for good in ["smtps://mail.example.org", "smtp://user:p%40ss@mail.example.org:2525", "smtps://[::1]:465"] {
            assert_eq!(reported(|mail| mail.smtp = Some(SecretString::from(good))), "", "{good}");
        }
        for bad in ["mail.example.org", "https://user:hunter2@mail.example.org", "smtp://", "smtp://user:hunter2@"] {
            let message = reported(|mail| mail.smtp = Some(SecretString::from(bad)));
            assert!(message.starts_with("mail.smtp ") && !message.contains("hunter2"), "{bad}: {message}");
        }
        assert!(reported(|mail| mail.from = Some("nobody".to_owned())).starts_with("mail.from \"nobody\""));
        let missing = reported(|mail| {
            mail.smtp = Some(SecretString::from("smtps://mail.example.org"));
            mail.certificate_authority = Some(PathBuf::from("/nowhere.pem"));
        });
        assert!(missing.starts_with("mail.certificate_authority /nowhere.pem: "), "{missing}");
    }

    #[test]
    fn a_server_without_a_name_sends_from_localhost() {
        for (issuer, from) in [
            ("https://id.example.org", "Sigma <sigma@id.example.org>"),
            ("http://localhost:8080", "Sigma <sigma@localhost>"),
            ("http://127.0.0.1:8080", "Sigma <sigma@localhost>"),
            ("http://[::1]:8080", "Sigma <sigma@localhost>"),
        ] {
            assert_eq!(sender(&Mail::default(), "Sigma", issuer).unwrap().to_string(), from);
        }
    }

    #[tokio::test]
    async fn checking_a_folder_leaves_nothing_and_names_an_unwritable_one() {
        let directory = tempfile::tempdir().unwrap();
        let at = |path: &str| Transport::Folder(directory.path().join(path));
        for good in ["", "mails", "a/b/mails"] {
            at(good).probe().await.unwrap();
        }
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
        std::fs::write(directory.path().join("file"), "").unwrap();
        std::os::unix::fs::symlink("/nowhere", directory.path().join("link")).unwrap();
        for bad in ["file", "file/mails", "link"] {
            let reported = at(bad).probe().await.unwrap_err().to_string();
            let named = format!("the mail folder {} cannot be written: ", directory.path().join(bad).display());
            assert!(reported.starts_with(&named), "{reported}");
        }
    }

    proptest! {
        #[test]
        fn what_an_account_takes_for_an_address_a_mail_can_be_sent_to(
            text in "[a-zA-Z0-9!#$%&'*+/=?^_`{|}~.é\u{e2a}\u{e39}\u{e49}स\u{902}\u{94d}-]{1,20}@[a-zA-Z0-9üस\u{902}.-]{1,30}",
        ) {
            if let Ok(email) = Email::parse(&text) {
                let message = Message {
                    to: email.mailbox().to_owned(),
                    subject: "x".to_owned(),
                    text: "x".to_owned(),
                    html: "x".to_owned(),
                    unsubscribe_url: None,
                };
                let id = MailId::from_text("mail_x");
                let written = to_mime(&Mail::default(), "Sigma", "https://id.example.org", &id, &message, Timestamp::from_seconds(0));
                prop_assert!(written.is_ok(), "{text}: {written:?}");
            }
        }
    }
}
