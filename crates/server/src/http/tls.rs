//! TLS by rustls, with the certificate read again when its files change.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::settings::Tls;

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file is missing, unreadable, or not PEM.
    #[error("{file} cannot be read as PEM: {cause}")]
    File {
        /// The file.
        file: String,
        /// What the reader said.
        cause: rustls::pki_types::pem::Error,
    },
    /// Certificate and key do not belong together, or rustls does not take them.
    #[error("certificate and key cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
}

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The certificate in use.
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

/// When the two files were last changed and how long they are; unreadable files have none.
type Stamp = [Option<(SystemTime, u64)>; 2];

impl Certificates {
    pub(super) fn load(files: &Tls) -> Result<Arc<Self>, TlsError> {
        let provider = Arc::new(default_provider());
        let stamp = stamp(files);
        let key = certified_key(files, &provider)?;
        Ok(Arc::new(Self { files: files.clone(), provider, current: Mutex::new(Loaded { key, stamp }) }))
    }

    /// What a listener needs: HTTP/2 and HTTP/1.1, TLS 1.2 and 1.3.
    pub(super) fn server_config(self: &Arc<Self>) -> Result<Arc<ServerConfig>, TlsError> {
        let mut config = ServerConfig::builder_with_provider(self.provider.clone())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(self.clone());
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    /// Reads the files again if they changed. Files that do not fit each other (half of a renewal is written) leave the
    /// certificate that is in use, and are tried again when they change once more.
    fn reload_if_changed(&self) {
        let now = stamp(&self.files);
        if now == self.current.lock().unwrap_or_else(PoisonError::into_inner).stamp {
            return;
        }
        let loaded = certified_key(&self.files, &self.provider);
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        current.stamp = now;
        match loaded {
            Ok(key) => {
                current.key = key;
                tracing::info!(target: "sigma::http", "the TLS certificate was read again");
            }
            Err(error) => {
                tracing::error!(target: "sigma::http", %error, "the new TLS certificate is not used; the old one stays");
            }
        }
    }

    /// Looks at the files for as long as anyone polls it.
    pub(super) async fn watch(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let certificates = self.clone();
            // Files may lie on a slow disk.
            let _ = tokio::task::spawn_blocking(move || certificates.reload_if_changed()).await;
        }
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.lock().unwrap_or_else(PoisonError::into_inner).key.clone())
    }
}

fn stamp(files: &Tls) -> Stamp {
    [&files.certificate, &files.key].map(|file| {
        let metadata = fs::metadata(file).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    })
}

fn certified_key(files: &Tls, provider: &CryptoProvider) -> Result<Arc<CertifiedKey>, TlsError> {
    let named = |file: &Path| {
        let file = file.display().to_string();
        move |cause| TlsError::File { file, cause }
    };
    let chain = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(named(&files.certificate))?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(named(&files.key))?;
    Ok(Arc::new(CertifiedKey::from_der(chain, key, provider)?))
}
