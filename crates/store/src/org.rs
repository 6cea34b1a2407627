//! Orgs: the owners of apps and resources.

use sigma_core::ids::OrgId;
use sigma_core::time::Timestamp;

use crate::{StoreError, Tx, params};

/// The org that owns whatever the administrator registers without naming another.
pub const OPERATOR: &str = "org_operator";

/// The operator's own org, created when first needed.
pub fn load_operator(tx: &mut dyn Tx, now: Timestamp) -> Result<OrgId, StoreError> {
    tx.execute(
        "INSERT INTO orgs (id, name, created_at) VALUES ($1, 'Operator', $2) ON CONFLICT (id) DO NOTHING",
        params![OPERATOR, now],
    )?;
    Ok(OrgId::from_text(OPERATOR))
}
