//! What is wrong with the installation, as the instance that answers sees it: what `sigma doctor` judges, put in words of the
//! catalogue.

use sigma_core::time::Timestamp;
use sigma_platform::doctor::{Connections, Disk, Jobs, MOST_JOBS, Proxy, Status};
use sigma_platform::http::certificate;
use sigma_platform::i18n::Language;
use sigma_platform::mail::Transport;
use sigma_platform::pages::view::moment;
use sigma_platform::state::AppState;
use sigma_store::{StoreError, job_queue};

/// Remaining validity of a certificate at which to warn, in days: automatic renewal happens a month before expiry.
const SOON: u64 = 14;

/// A check and its result.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What was checked: its name in the management API.
    pub check: &'static str,
    /// How bad it is.
    pub status: Status,
    /// The result, in words.
    pub message: String,
}

/// Examines the installation. Nothing is changed.
///
/// # Errors
/// The store does not answer reads.
pub async fn examine(sigma: &AppState, language: Language) -> Result<Vec<Finding>, StoreError> {
    let now = sigma.now();
    let jobs = sigma.store.read(|tx| job_queue::list(tx, MOST_JOBS)).await?;
    let room = if sigma.store.is_file() { None } else { sigma.store.read(Connections::room).await? };
    let mut findings = vec![store(sigma, language).await];
    findings.extend(Proxy::of(&sigma.settings).map(|proxy| self::proxy(proxy, language)));
    findings.extend(self::certificate(sigma, language, now));
    findings.extend(Disk::of(&sigma.settings).map(|disk| self::disk(&disk, language)));
    findings.extend(Connections::of(&sigma.settings, room).map(|connections| self::connections(connections, language)));
    findings.push(mail(sigma, language).await);
    findings.extend(sigma.limiter.is_shared().map(|shared| limits(shared, language)));
    findings.push(self::jobs(Jobs::of(&jobs, now), language));
    Ok(findings)
}

async fn store(sigma: &AppState, language: Language) -> Finding {
    // This changes nothing, but succeeds only if the store is writable.
    let written = sigma.store.write(|tx| tx.execute("UPDATE orgs SET name = name WHERE id = ''", &[])).await;
    let (status, message) = match written {
        Ok(_) => (Status::Fine, language.text("console-doctor-store").to_string()),
        Err(error) => {
            let words = language.text("console-doctor-store-failed").with("error", error.to_string());
            (Status::Wrong, words.to_string())
        }
    };
    Finding { check: "store", status, message }
}

fn proxy(proxy: Proxy, language: Language) -> Finding {
    let message = match proxy {
        Proxy::PlainHttp => language.text("console-doctor-http").to_string(),
        Proxy::Own => language.text("console-doctor-own-tls").to_string(),
        Proxy::Untrusted => language.text("console-doctor-untrusted").to_string(),
        Proxy::Trusted(count) => language.text("console-doctor-trusted").with("count", count.to_string()).to_string(),
    };
    Finding { check: "proxy", status: proxy.status(), message }
}

fn certificate(sigma: &AppState, language: Language, now: Timestamp) -> Option<Finding> {
    let (status, message) = match certificate::validity(sigma.settings.tls.as_ref()?, now) {
        Ok(left) => {
            let days = left.as_secs() / 86_400;
            let words = language.text("console-doctor-certificate").with("days", days.to_string());
            (if days < SOON { Status::Note } else { Status::Fine }, words.to_string())
        }
        Err(error) => {
            let words = language.text("console-doctor-certificate-failed").with("error", error.to_string());
            (Status::Wrong, words.to_string())
        }
    };
    Some(Finding { check: "certificate", status, message })
}

fn disk(disk: &Disk, language: Language) -> Finding {
    let directory = disk.directory.display().to_string();
    let message = match &disk.space {
        Ok(space) => {
            let free = (space / (1024 * 1024)).to_string();
            language.text("console-doctor-disk").with("free", free).with("directory", directory).to_string()
        }
        Err(error) => {
            let words = language.text("console-doctor-disk-failed").with("error", error.to_string());
            words.with("directory", directory).to_string()
        }
    };
    Finding { check: "disk", status: disk.status(), message }
}

fn connections(connections: Connections, language: Language) -> Finding {
    let message = match connections {
        Connections::Pooled(each) => language.text("console-doctor-pooled").with("each", each.to_string()).to_string(),
        Connections::Unknown => language.text("console-doctor-connections-unknown").to_string(),
        Connections::Counted { each, room } => {
            let words = language.text("console-doctor-connections").with("each", each.to_string());
            let instances = connections.instances().unwrap_or_default().max(0).to_string();
            words.with("room", room.to_string()).with("instances", instances).to_string()
        }
    };
    Finding { check: "connections", status: connections.status(), message }
}

async fn mail(sigma: &AppState, language: Language) -> Finding {
    let settings = &sigma.settings.mail;
    let probed = match Transport::new(settings, sigma.issuer()) {
        Ok(transport) => transport.probe().await,
        Err(error) => Err(error),
    };
    let (status, message) = match probed {
        Err(error) => {
            let words = language.text("console-doctor-mail-failed").with("error", error.to_string());
            (Status::Wrong, words.to_string())
        }
        Ok(()) if settings.smtp.is_some() => (Status::Fine, language.text("console-doctor-mail").to_string()),
        Ok(()) => {
            let folder = settings.folder.display().to_string();
            (Status::Note, language.text("console-doctor-mail-folder").with("folder", folder).to_string())
        }
    };
    Finding { check: "mail", status, message }
}

fn limits(shared: bool, language: Language) -> Finding {
    let (status, message) = if shared {
        (Status::Fine, language.text("console-doctor-limits"))
    } else {
        (Status::Wrong, language.text("console-doctor-limits-failed"))
    };
    Finding { check: "limits", status, message: message.to_string() }
}

fn jobs(jobs: Jobs<'_>, language: Language) -> Finding {
    let error = |job: &job_queue::JobRow| job.error.clone().unwrap_or_else(|| "-".to_owned());
    let message = match jobs {
        Jobs::None => language.text("console-doctor-jobs-none").to_string(),
        Jobs::Failing(job) => {
            let words = language.text("console-doctor-jobs-failing").with("job", job.id.to_string());
            words.with("attempts", job.attempts.to_string()).with("error", error(job)).to_string()
        }
        Jobs::GivenUp(job) => {
            let words = language.text("console-doctor-jobs-given-up").with("job", job.id.to_string());
            words.with("error", error(job)).to_string()
        }
        Jobs::Late(job) => {
            let words = language.text("console-doctor-jobs-late").with("job", job.id.to_string());
            words.with("when", job.next_at.map(moment::minute).unwrap_or_default()).to_string()
        }
        Jobs::Fine(count) => language.text("console-doctor-jobs").with("count", count.to_string()).to_string(),
    };
    Finding { check: "jobs", status: jobs.status(), message }
}
