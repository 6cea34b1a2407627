//! Assertions of a provider that an app acts for one of its users here (`docs/spec/id-jag.md`).

use sigma_core::id_jag::{Accepted, IdJag, VerifiedIdJag};

use super::Provider;

impl Provider {
    /// Verifies an assertion with the keys that the provider publishes, all but whether it was used before.
    pub async fn verify_id_jag(&self, assertion: &IdJag<'_>, accepted: &Accepted<'_>) -> Option<VerifiedIdJag> {
        let metadata = self.metadata(accepted.now).await.ok()?;
        let (_, key_sets) = self.clients.to(&metadata.issuer, &metadata.jwks_uri);
        let keys = key_sets.find(&metadata.jwks_uri, accepted.now, |keys| assertion.names_key_of(keys)).await?;
        let refused = |problem: &dyn std::fmt::Display| {
            tracing::info!(provider = %self.id(), %problem, "an identity assertion was refused");
        };
        assertion.verify(&keys, accepted).inspect_err(|problem| refused(problem)).ok()
    }
}
