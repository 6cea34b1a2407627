//! A new org, as pages and the management API make it.

use sigma_core::ids::OrgId;
use sigma_core::slug::Slug;
use sigma_platform::state::AppState;
use sigma_store::StoreError;
use sigma_store::org::NewOrg;

/// An org with that name, roles and a secret of its own.
///
/// # Errors
/// The secret cannot be sealed.
pub fn new_org(sigma: &AppState, name: String, slug: Option<Slug>) -> Result<NewOrg, StoreError> {
    let (now, rng) = (sigma.now(), &*sigma.rng);
    let new = NewOrg::new(OrgId::new(now, rng), name, &sigma.master_key, now, rng);
    Ok(NewOrg { slug, ..new.map_err(|error| StoreError::Failed(error.to_string()))? })
}
