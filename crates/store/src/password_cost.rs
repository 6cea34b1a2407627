//! How many passwords have a hash of which cost. When the cost of new hashes changes, old hashes stay until their users
//! sign in, so that a wrong password takes longer for some accounts than for others. An address without an account must
//! take as long as one of them, picked by these counts.

use sigma_core::password::cost_of;

use crate::{Row, StoreError, Tx, params};

/// A cost ([`cost_of`]), and how many hashes have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CostCount {
    /// `m=19456,t=2,p=1`
    pub cost: String,
    /// At least one.
    pub passwords: i64,
}

/// The costs in use, in a fixed order.
pub fn list(tx: &mut dyn Tx) -> Result<Vec<CostCount>, StoreError> {
    let rows = tx.query_all("SELECT cost, passwords FROM password_costs WHERE passwords > 0 ORDER BY cost", &[])?;
    rows.iter().map(|row: &Row| Ok(CostCount { cost: row.text(0)?, passwords: row.int(1)? })).collect()
}

/// Records that one hash replaces another.
pub(crate) fn replace(tx: &mut dyn Tx, old: Option<&str>, new: &str) -> Result<(), StoreError> {
    let (old, new) = (old.map(cost_of), cost_of(new));
    if old == Some(new) {
        return Ok(());
    }
    let mut changes: Vec<(&str, i64)> = old.into_iter().map(|old| (old, -1)).collect();
    changes.push((new, 1));
    // In a fixed order: two opposite replacements do not wait for each other's row.
    changes.sort_unstable();
    changes.into_iter().try_for_each(|(cost, change)| add(tx, cost, change))
}

/// Records that there are so many more hashes of a cost.
pub(crate) fn add(tx: &mut dyn Tx, cost: &str, passwords: i64) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO password_costs (cost, passwords) VALUES ($1, $2)
         ON CONFLICT (cost) DO UPDATE SET passwords = password_costs.passwords + $2",
        params![cost, passwords],
    )?;
    Ok(())
}

/// Records that a hash is gone.
pub(crate) fn remove(tx: &mut dyn Tx, old: &str) -> Result<(), StoreError> {
    tx.execute("UPDATE password_costs SET passwords = passwords - 1 WHERE cost = $1", params![cost_of(old)])?;
    Ok(())
}
