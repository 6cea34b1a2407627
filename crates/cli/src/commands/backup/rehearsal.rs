//! `sigma verify-backup`: a backup is restored beside the real database, and a server signs an app in on it.

use std::fs;
use std::path::Path;
use std::time::Duration;

use secrecy::SecretString;
use serde::Serialize;
use serde_json::Value;
use sigma_core::app::{AppSettings, new_secret};
use sigma_core::digest::Digest;
use sigma_core::ids::AppId;
use sigma_core::time::Clock as _;
use sigma_server::settings::{Objects, Settings};
use sigma_store::app::manage::{self, Fresh};
use sigma_store::transfer;
use tokio::sync::watch;

use super::{HeaderView, identities, open};
use crate::args::BackupFile;
use crate::config;
use crate::failure::Failure;
use crate::opened::{master_key, options};
use crate::output::{Output, fields};
use crate::progress::Bar;
use crate::serve::{could_not, install_tls, runtime, start, until};
use crate::signals::clear_when_stopped;
use crate::system::{SystemClock, SystemRng};

/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often a folder is removed until it is gone.
const ATTEMPTS: usize = 100;

/// The result as printed.
#[derive(Serialize)]
struct Answer {
    file: String,
    encrypted: bool,
    #[serde(flatten)]
    backup: HeaderView,
    checked: [&'static str; 4],
}

/// Restores a backup into a temporary file and signs in on it.
pub fn verify(file: Option<&Path>, output: Output, args: &BackupFile) -> Result<(), Failure> {
    let settings = config::load_checked(file)?;
    let (identities, key) = (identities(args)?, master_key(&settings, &SystemRng)?);
    let backup = open(&args.file, output.json)?;
    let folder =
        tempfile::tempdir().map_err(|error| Failure::Failed(format!("there is no temporary folder: {error}")))?;
    let copy = folder.path().to_owned();
    clear_when_stopped(move || remove(&copy))?;
    let there = elsewhere(&settings, folder.path());
    let mut bar = Bar::new("Restoring", output.json);
    let order = transfer::Order {
        file: &backup,
        name: &args.file,
        identities: &identities,
        master_key: Some(&key),
        revoke_since: None,
        now: SystemClock.now(),
    };
    let restored = transfer::restore(&order, &options(&there), &SystemRng, &mut |progress| bar.show(progress));
    drop(bar);
    let backup = restored?.backup;
    install_tls()?;
    runtime()?.block_on(sign_in(there))?;
    let answer = Answer {
        file: args.file.display().to_string(),
        encrypted: backup.is_encrypted,
        backup: HeaderView::of(&backup.header),
        checked: [
            "every row and checksum",
            "the master key opens it",
            "a server starts on it",
            "an app signs in and its token is valid",
        ],
    };
    output.answer(&answer, |answer| {
        let mut shown = vec![("backup", answer.file.clone())];
        shown.extend(answer.backup.fields());
        shown.push(("good", answer.checked.join("\n")));
        fields(&shown)
    })
}

/// Removes the folder, in which this process may be making files.
fn remove(folder: &Path) {
    for _ in 0..ATTEMPTS {
        if fs::remove_dir_all(folder).is_ok() {
            return;
        }
    }
}

/// The settings for a server in `folder` that nobody else can reach, and that reaches nobody.
fn elsewhere(settings: &Settings, folder: &Path) -> Settings {
    let mut settings = settings.clone();
    settings.store.url = SecretString::from(format!("sqlite:{}", folder.join("sigma.sqlite").display()));
    settings.listen = ([127, 0, 0, 1], 0).into();
    settings.tls = None;
    settings.metrics.listen = None;
    settings.objects = Objects { folder: folder.join("objects"), s3: None };
    settings
}

/// Starts a server without its background work, and signs a new app in.
async fn sign_in(settings: Settings) -> Result<(), Failure> {
    let issuer = settings.issuer.clone();
    let server = start(settings).await.map_err(|error| could_not(&error))?;
    let address = server.local_addr().map_err(|error| Failure::Failed(error.to_string()))?;
    let sigma = server.state().clone();
    let secret = new_secret(&SystemRng);
    let (id, now) = (AppId::new(SystemClock.now(), &SystemRng), SystemClock.now());
    let wanted = AppSettings {
        client_name: Some("Rehearsal".to_owned()),
        grant_types: Some(vec!["client_credentials".to_owned()]),
        ..AppSettings::default()
    };
    let fresh = Fresh { secret: Digest::of(&secret), now };
    let made = sigma.store.decide(move |tx| manage::add(tx, &id, &wanted, &fresh)).await;
    let app = made.map_err(|error| Failure::Failed(format!("no app can be registered on the backup: {error}")))?.app;
    let (stop, stopped) = watch::channel(());
    let asked = async {
        let outcome = ask(&format!("http://{address}"), &issuer, app.client_id.as_str(), &secret).await;
        drop(stop);
        outcome
    };
    let (ended, answered) = tokio::join!(server.rehearse(until(stopped)), asked);
    ended.map_err(|error| could_not(&error))?;
    answered
}

/// Gets a token for the app, and asks whether it is valid.
#[expect(clippy::disallowed_methods, reason = "it asks the server of this process")]
async fn ask(server: &str, issuer: &str, client_id: &str, secret: &str) -> Result<(), Failure> {
    let failed = |error: reqwest::Error| Failure::Failed(format!("the server on the backup does not answer: {error}"));
    let http = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build().map_err(failed)?;
    let post = async |path: &str, form: &[(&str, &str)]| {
        let body: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = http.post(format!("{server}{path}")).basic_auth(client_id, Some(secret)).body(body);
        let answer = request.header("Content-Type", "application/x-www-form-urlencoded").send().await?;
        let status = answer.status();
        Ok::<_, reqwest::Error>((status, answer.json::<Value>().await?))
    };
    let (status, token) =
        post("/api/auth/oauth2/token", &[("grant_type", "client_credentials")]).await.map_err(failed)?;
    let Some(token) = token.get("access_token").and_then(Value::as_str) else {
        return Err(Failure::Failed(format!("an app cannot sign in on the backup: {status} {token}")));
    };
    let (status, said) = post("/api/auth/oauth2/introspect", &[("token", token)]).await.map_err(failed)?;
    let is_good =
        said.get("active") == Some(&Value::Bool(true)) && said.get("iss").and_then(Value::as_str) == Some(issuer);
    if is_good {
        return Ok(());
    }
    Err(Failure::Failed(format!("a token that was issued on the backup is not valid: {status} {said}")))
}
