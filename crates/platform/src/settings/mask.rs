//! Secrets in output: that there is one, never what it is.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Serialize, Serializer};
use url::Url;

/// The placeholder of a secret.
const MASK: &str = "***";

/// Shows that a secret is set, without its value.
#[expect(clippy::ref_option, reason = "serde passes a reference to the field")]
pub(super) fn masked<S: Serializer>(secret: &Option<SecretString>, serializer: S) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(|_| MASK).serialize(serializer)
}

/// Shows that there is a secret.
pub(super) fn masked_secret<S: Serializer>(_: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    MASK.serialize(serializer)
}

/// Shows the names, and that each has a value.
pub(super) fn masked_values<S: Serializer>(
    secrets: &BTreeMap<String, SecretString>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(secrets.keys().map(|name| (name, MASK)))
}

/// The URL of a mail server without its password.
#[expect(clippy::ref_option, reason = "serde passes a reference to the field")]
pub(super) fn masked_address<S: Serializer>(url: &Option<SecretString>, serializer: S) -> Result<S::Ok, S::Error> {
    match url {
        Some(url) => masked_url(url, serializer),
        None => serializer.serialize_none(),
    }
}

/// A store's URL without its password; an unparsable one is masked entirely, for it may hold a password anywhere.
pub(super) fn masked_url<S: Serializer>(url: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    let url = url.expose_secret();
    if url.starts_with("sqlite:") {
        return url.serialize(serializer);
    }
    let Ok(mut parsed) = Url::parse(url) else { return MASK.serialize(serializer) };
    if parsed.password().is_some() && parsed.set_password(Some(MASK)).is_err() {
        return MASK.serialize(serializer);
    }
    if parsed.query().is_some() {
        // libpq also accepts `?password=…`.
        parsed.set_query(Some(MASK));
    }
    parsed.as_str().serialize(serializer)
}
