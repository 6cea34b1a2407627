//! Checks mail delivery: whether the mail server accepts the login, or the folder is writable.

use sigma_server::mail::Transport;
use sigma_server::settings::Settings;

use super::Finding;

/// Connects to the mail server, if one is configured, without sending anything; otherwise checks the folder.
pub fn mail(settings: &Settings) -> Finding {
    const CHECK: &str = "mail";
    let transport = match Transport::new(&settings.mail, &settings.issuer) {
        Ok(transport) => transport,
        Err(error) => return Finding::wrong(CHECK, error.to_string(), "Change it in the file or the environment."),
    };
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return Finding::note(CHECK, "mail delivery could not be checked", "Run this again.");
    };
    let probed = runtime.block_on(transport.probe());
    if let Transport::Folder(folder) = &transport {
        if let Err(error) = probed {
            let mend = "Set mail.smtp to deliver mails, or mail.folder to a folder that this user can write to.";
            return Finding::wrong(CHECK, error.to_string(), mend);
        }
        return Finding::note(
            CHECK,
            format!(
                "no mail server is configured: invitations and links are written to the folder {}",
                folder.display()
            ),
            "Set mail.smtp, for example smtps://user:password@mail.example.org, to deliver them.",
        );
    }
    match probed {
        Ok(()) => Finding::fine(CHECK, "the mail server accepts the login"),
        Err(error) => Finding::wrong(
            CHECK,
            format!("the mail server rejects the login: {error}"),
            "Check mail.smtp: host, port, user and password; TLS is required. For a private CA set \
             mail.certificate_authority.",
        ),
    }
}
