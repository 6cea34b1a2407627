//! Checks the server by which instances share rate limits.

use sigma_server::http::shared::probe;
use sigma_server::settings::Settings;

use super::Finding;

/// Connects to it as `sigma serve` does, if one is configured.
pub fn limits(settings: &Settings) -> Option<Finding> {
    const CHECK: &str = "rate limits";
    let address = settings.limits.redis.as_ref()?;
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return Some(Finding::note(CHECK, "the server of shared rate limits could not be asked", "Run this again."));
    };
    let probed = runtime.block_on(probe(address, settings.limits.redis_certificate_authority.as_deref()));
    Some(match probed {
        Ok(()) => Finding::fine(CHECK, format!("all instances share them by {address}")),
        Err(error) => Finding::wrong(
            CHECK,
            format!("{address} cannot be used, so each instance counts alone: {error}"),
            "Check limits.redis: host, port, user and password; rediss:// for TLS. For a private CA set \
             limits.redis_certificate_authority. Callers get the quota once per instance until then.",
        ),
    })
}
