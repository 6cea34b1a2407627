//! The demo's console: its admin is the owner of the installation, with a password that is no secret on this machine.

use secrecy::SecretString;
use sigma_core::operator::OperatorRole;
use sigma_core::password::NewPassword;
use sigma_store::operator::role::{self, Workspace};
use sigma_store::{StoreError, credential, password, user};

use crate::commands::admin;
use crate::commands::user::hash;
use crate::failure::Failure;
use crate::opened::Opened;

/// Whom the demo makes the owner.
pub const OWNER: &str = "ada@example.org";
/// Their password.
pub const PASSWORD: &str = "console of the demo";

/// The address of the console.
pub fn address(issuer: &str) -> String {
    format!("{issuer}/console")
}

/// Makes the demo's admin the owner, unless an earlier demo did: it may have been changed since.
pub fn appoint(opened: &Opened) -> Result<(), Failure> {
    if opened.read(role::has_owner)? {
        return Ok(());
    }
    let owner = opened.read(|tx| user::find_by_email(tx, OWNER))?;
    let owner = owner.ok_or_else(|| Failure::Failed(format!("the demo has no {OWNER}")))?;
    let workspace = Workspace::new(&opened.new_master_key()?, opened.rng.as_ref())
        .map_err(|error| Failure::Failed(error.to_string()))?;
    let password =
        NewPassword::parse(SecretString::from(PASSWORD)).map_err(|error| Failure::Failed(error.to_string()))?;
    let (hash, user_id, now) = (hash(opened, password)?, owner.id.clone(), opened.now());
    opened.write(move |tx| {
        if credential::can_sign_in(tx, &user_id)? {
            return Ok::<_, StoreError>(());
        }
        password::set(tx, &user_id, &hash, "", now)
    })?;
    admin::make(opened, &owner.id, OperatorRole::Owner, workspace)
}
