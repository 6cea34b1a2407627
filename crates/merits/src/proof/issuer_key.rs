//! The keys with which orgs sign credentials: made at the first credential, sealed as all keys are, and replaced by the operator.

use sigma_core::ids::OrgId;
use sigma_core::jose::SigningKey;
use sigma_core::merits::MeritProblem;
use sigma_platform::http::ApiError;
use sigma_platform::state::AppState;
use sigma_store::Stop;
use sigma_store::merits::credential::{self, ALGORITHM, IssuerKey, seal_context};

/// The key that signs for an org, made if there is none.
pub async fn load_or_make(sigma: &AppState, org_id: &OrgId) -> Result<SigningKey, ApiError> {
    if let Some(key) = find(sigma, org_id).await? {
        return Ok(key);
    }
    let fresh = IssuerKey::make(org_id, &sigma.master_key, &*sigma.rng, sigma.now())?;
    let org = org_id.clone();
    match sigma.store.decide(move |tx| credential::load_or_add_key(tx, &org, &fresh)).await {
        Ok(key) => open(sigma, org_id, &key),
        Err(Stop::Refused(MeritProblem::NotFound)) => Err(ApiError::not_found()),
        Err(Stop::Refused(problem)) => Err(ApiError::internal(problem)),
        Err(Stop::Failed(error)) => Err(error.into()),
    }
}

/// The key that signs for an org, if it ever signed.
pub async fn find(sigma: &AppState, org_id: &OrgId) -> Result<Option<SigningKey>, ApiError> {
    let org = org_id.clone();
    let keys = sigma.store.read(move |tx| credential::keys(tx, &org)).await?;
    credential::signing(keys, sigma.now()).map(|key| open(sigma, org_id, &key)).transpose()
}

fn open(sigma: &AppState, org_id: &OrgId, key: &IssuerKey) -> Result<SigningKey, ApiError> {
    let private = sigma.master_key.open(&seal_context(org_id, &key.kid), &key.sealed_private);
    SigningKey::from_pkcs8(ALGORITHM, &private.map_err(ApiError::internal)?).map_err(ApiError::internal)
}
