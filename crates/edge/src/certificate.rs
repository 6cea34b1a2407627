//! Reads certificate and key files, with errors that say how to fix them.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::verify_server_name;
use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, InconsistentKeys};
use sigma_core::time::Timestamp;
use url::Url;
use x509_cert::Certificate;
use x509_cert::der::Decode as _;

use crate::settings::Tls;

/// Why a certificate is unusable, or rejected by clients.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file is missing or unreadable.
    #[error("{file} cannot be read: {cause}")]
    File {
        /// The file.
        file: String,
        /// The cause from the system.
        cause: std::io::Error,
    },
    /// A file is empty.
    #[error("{0} is empty")]
    Empty(String),
    /// A file contains a byte order mark, at its start or where two files were joined.
    #[error("{0} holds a byte order mark, as some editors write; save it without: PEM is plain ASCII")]
    ByteOrderMark(String),
    /// A file is not PEM, or contains something else.
    #[error("{file} holds no {wanted}, but {found}")]
    Missing {
        /// The file.
        file: String,
        /// `certificate` or `private key`.
        wanted: &'static str,
        /// What the file contains instead.
        found: String,
    },
    /// The key is encrypted.
    #[error("the key in {0} is encrypted with a password; write it without one: openssl pkey -in OLD -out NEW")]
    Encrypted(String),
    /// The content of a PEM section is not base64.
    #[error("{file} is not well-formed PEM: {cause}")]
    Malformed {
        /// The file.
        file: String,
        /// The cause from the parser.
        cause: pem::Error,
    },
    /// Certificate and key do not match.
    #[error("{key} is not the key of the first certificate in {certificate}; a server's own certificate stands first")]
    Mismatch {
        /// The certificate file.
        certificate: String,
        /// The file of the key.
        key: String,
    },
    /// Rustls rejects them.
    #[error("certificate and key cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
    /// The certificate has expired.
    #[error("certificate {number} in {file} expired at {at}")]
    Expired {
        /// The file.
        file: String,
        /// Its position in the chain; the server's own is 1.
        number: usize,
        /// The time.
        at: Timestamp,
    },
    /// The certificate is not yet valid.
    #[error("certificate {number} in {file} is valid from {at} on; is the clock of this machine right?")]
    NotYetValid {
        /// The file.
        file: String,
        /// Its position in the chain; the server's own is 1.
        number: usize,
        /// The time.
        at: Timestamp,
    },
    /// The certificate is for other hosts.
    #[error("the certificate in {file} is not for {host}, but for {names}")]
    OtherHost {
        /// The file.
        file: String,
        /// The host of the issuer.
        host: String,
        /// The names in the certificate.
        names: String,
    },
}

/// Loads the certificate and key of `files` for a listener.
///
/// # Errors
/// A file is unreadable, or rustls rejects its content. Certificates that only clients would reject are accepted.
pub fn load(files: &Tls, provider: &CryptoProvider) -> Result<Arc<CertifiedKey>, TlsError> {
    let (chain, key) = (read_chain(&files.certificate)?, read_key(&files.key)?);
    let certified = CertifiedKey::from_der(chain, key, provider).map_err(|error| match error {
        rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
            TlsError::Mismatch { certificate: name(&files.certificate), key: name(&files.key) }
        }
        other => TlsError::Unusable(other),
    })?;
    Ok(Arc::new(certified))
}

/// Checks whether a listener can use `files`.
///
/// # Errors
/// See [`load`].
pub fn check(files: &Tls) -> Result<(), TlsError> {
    load(files, &default_provider()).map(|_| ())
}

/// The remaining validity of the certificates in `files` at `now`.
///
/// # Errors
/// One is not valid now. Unreadable ones have no dates and are no error here: see [`check`].
pub fn validity(files: &Tls, now: Timestamp) -> Result<Duration, TlsError> {
    let chain = read_chain(&files.certificate)?;
    let mut left = Duration::MAX;
    for (index, certificate) in chain.iter().enumerate() {
        let Ok(certificate) = Certificate::from_der(certificate) else { continue };
        let (file, number) = (name(&files.certificate), index.saturating_add(1));
        let dates = certificate.tbs_certificate.validity;
        let [from, to] =
            [dates.not_before, dates.not_after].map(|date| Timestamp::default().plus(date.to_unix_duration()));
        if now < from {
            return Err(TlsError::NotYetValid { file, number, at: from });
        }
        if now > to {
            return Err(TlsError::Expired { file, number, at: to });
        }
        left = left.min(to.since(now));
    }
    Ok(left)
}

/// When `certificate` expires, since 1970; `None` if it is not well-formed.
pub(super) fn expires_at(certificate: &CertificateDer<'_>) -> Option<Duration> {
    let certificate = Certificate::from_der(certificate).ok()?;
    Some(certificate.tbs_certificate.validity.not_after.to_unix_duration())
}

/// Checks whether the certificate in `files` is for the host of `issuer`, as clients do (RFC 6125): by its subject
/// alternative names only.
///
/// # Errors
/// It is not.
pub fn names_host(files: &Tls, issuer: &str) -> Result<(), TlsError> {
    let chain = read_chain(&files.certificate)?;
    let url = Url::parse(issuer).ok();
    let host = url.as_ref().and_then(Url::host_str).map(|host| host.trim_start_matches('[').trim_end_matches(']'));
    let (Some(host), Some(own)) = (host, chain.first()) else { return Ok(()) };
    let Ok(server_name) = ServerName::try_from(host) else { return Ok(()) };
    let verdict = ParsedCertificate::try_from(own).and_then(|parsed| verify_server_name(&parsed, &server_name));
    let names = match verdict {
        Ok(()) => return Ok(()),
        Err(rustls::Error::InvalidCertificate(CertificateError::NotValidForNameContext { presented, .. })) => {
            presented.join(", ")
        }
        Err(_) => String::new(),
    };
    let names = if names.is_empty() { "nobody: it has no subject alternative name".to_owned() } else { names };
    Err(TlsError::OtherHost { file: name(&files.certificate), host: host.to_owned(), names })
}

fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let text = read(path)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let chain = chain.map_err(|cause| TlsError::Malformed { file: name(path), cause })?;
    if chain.is_empty() { Err(missing(path, "certificate", &text)) } else { Ok(chain) }
}

fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let text = read(path)?;
    // PKCS #8 encrypts with its own label, OpenSSL's older format with a header (RFC 1421 §4.6.1.1).
    if labels(&text).any(|label| label == "ENCRYPTED PRIVATE KEY") || contains(&text, b"Proc-Type: 4,ENCRYPTED") {
        return Err(TlsError::Encrypted(name(path)));
    }
    match PrivateKeyDer::from_pem_slice(&text) {
        Ok(key) => Ok(key),
        Err(pem::Error::NoItemsFound) => Err(missing(path, "private key", &text)),
        Err(cause) => Err(TlsError::Malformed { file: name(path), cause }),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    let text = fs::read(path).map_err(|cause| TlsError::File { file: name(path), cause })?;
    let utf_16 = text.starts_with(&[0xff, 0xfe]) || text.starts_with(&[0xfe, 0xff]);
    if utf_16 || contains(&text, "\u{feff}".as_bytes()) {
        return Err(TlsError::ByteOrderMark(name(path)));
    }
    if text.iter().all(u8::is_ascii_whitespace) { Err(TlsError::Empty(name(path))) } else { Ok(text) }
}

fn missing(path: &Path, wanted: &'static str, text: &[u8]) -> TlsError {
    let found: Vec<String> = labels(text).map(str::to_lowercase).collect();
    let found =
        if found.is_empty() { "no PEM at all (no line begins with -----BEGIN)".to_owned() } else { found.join(", ") };
    TlsError::Missing { file: name(path), wanted, found }
}

/// The labels of PEM sections: `CERTIFICATE`, `PRIVATE KEY`.
fn labels(text: &[u8]) -> impl Iterator<Item = &str> {
    let lines = text.split(|byte| matches!(byte, b'\n' | b'\r')).filter_map(|line| std::str::from_utf8(line).ok());
    lines.filter_map(|line| line.trim().strip_prefix("-----BEGIN ")?.strip_suffix("-----"))
}

fn contains(text: &[u8], wanted: &[u8]) -> bool {
    text.windows(wanted.len()).any(|window| window == wanted)
}

fn name(path: &Path) -> String {
    path.display().to_string()
}
