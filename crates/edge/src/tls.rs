//! TLS with rustls; the certificate is reloaded when its files change and on SIGHUP.

use std::fs;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use metrics::gauge;
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::signal::unix::{SignalKind, signal};

use crate::certificate::{self, TlsError};
use crate::settings::Tls;

/// How often the files are checked.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The current certificate.
#[derive(Debug)]
pub(super) struct Certificates {
    files: Tls,
    provider: Arc<CryptoProvider>,
    current: Mutex<Loaded>,
}

#[derive(Debug)]
struct Loaded {
    key: Arc<CertifiedKey>,
    stamp: Stamp,
}

/// Why the files are reloaded.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reason {
    /// Perhaps they changed.
    Look,
    /// Somebody said so.
    Asked,
}

/// Modification times and lengths of the two files; unreadable files have none.
type Stamp = [Option<(SystemTime, u64)>; 2];

impl Certificates {
    pub(super) fn load(files: &Tls) -> Result<Arc<Self>, TlsError> {
        let provider = Arc::new(default_provider());
        let stamp = stamp(files);
        let key = certificate::load(files, &provider)?;
        note_expiry(&key);
        Ok(Arc::new(Self { files: files.clone(), provider, current: Mutex::new(Loaded { key, stamp }) }))
    }

    /// The listener's configuration: HTTP/2 and HTTP/1.1, TLS 1.2 and 1.3.
    pub(super) fn server_config(self: &Arc<Self>) -> Result<Arc<ServerConfig>, TlsError> {
        let mut config = ServerConfig::builder_with_provider(self.provider.clone())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(self.clone());
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    /// Reloads the files if they changed or if requested. If they do not match (a renewal is half written), the current
    /// certificate stays in use, and they are tried again at the next change.
    fn reload(&self, reason: Reason) {
        let now = stamp(&self.files);
        if reason == Reason::Look && now == self.current.lock().unwrap_or_else(PoisonError::into_inner).stamp {
            return;
        }
        let loaded = certificate::load(&self.files, &self.provider);
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        current.stamp = now;
        match loaded {
            Ok(key) => {
                note_expiry(&key);
                current.key = key;
                tracing::info!(target: "sigma::http", "the TLS certificate was reloaded");
            }
            Err(error) => {
                tracing::error!(target: "sigma::http", %error, "the new TLS certificate is not used; the old one stays");
            }
        }
    }

    /// Checks the files for as long as it is polled, and reloads them on SIGHUP.
    pub(super) async fn watch(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut hangups = signal(SignalKind::hangup()).ok();
        loop {
            let hangup = async {
                match &mut hangups {
                    Some(hangups) => hangups.recv().await,
                    None => std::future::pending().await,
                }
            };
            let reason = tokio::select! {
                _ = ticks.tick() => Reason::Look,
                _ = hangup => Reason::Asked,
            };
            let certificates = self.clone();
            // The files may be on a slow disk.
            let _ = tokio::task::spawn_blocking(move || certificates.reload(reason)).await;
        }
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.lock().unwrap_or_else(PoisonError::into_inner).key.clone())
    }
}

/// Shows when the certificate expires, so that somebody is told before.
fn note_expiry(key: &CertifiedKey) {
    if let Some(at) = key.end_entity_cert().ok().and_then(certificate::expires_at) {
        gauge!("sigma_tls_certificate_expiry_timestamp_seconds").set(at.as_secs_f64());
    }
}

fn stamp(files: &Tls) -> Stamp {
    [&files.certificate, &files.key].map(|file| {
        let metadata = fs::metadata(file).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    })
}
