//! `sigma provider remove`: ends what `sigma apply` declared.

use std::path::Path;

use sigma_core::provider::ProviderId;
use sigma_store::provider;

use crate::confirm::confirm;
use crate::failure::Failure;
use crate::opened::Opened;
use crate::output::Output;

/// What removing a declared provider means.
pub fn consequence(id: &str) -> String {
    format!("nobody signs in with {id} any more; linked accounts keep their other ways in")
}

/// Removes a declared provider after confirmation.
pub fn remove(file: Option<&Path>, output: Output, id: &str, yes: bool) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    let unknown =
        || Failure::NotFound(format!("no provider \"{id}\" is declared; those of the settings are removed there"));
    let id = ProviderId::parse(id).map_err(|_| unknown())?;
    let wanted = id.clone();
    if opened.read(move |tx| provider::find(tx, &wanted))?.is_none() {
        return Err(unknown());
    }
    confirm(yes, &consequence(id.as_str()))?;
    let wanted = id.clone();
    opened.write(move |tx| provider::remove(tx, &wanted))?;
    output.answer(&serde_json::json!({ "removed": id.as_str() }), |_| format!("{id} was removed."))
}
