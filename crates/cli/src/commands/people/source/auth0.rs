//! Lines that Auth0 exports: a user each, with `passwordHash` (bcrypt) if its support was asked for it.

use serde::Deserialize;
use sigma_core::people::{ImportedPerson, PersonLine};

/// What is read of a user.
#[derive(Deserialize)]
struct User {
    email: Option<String>,
    #[serde(default)]
    email_verified: bool,
    name: Option<String>,
    nickname: Option<String>,
    #[serde(alias = "passwordHash")]
    password_hash: Option<String>,
    #[serde(default)]
    blocked: bool,
}

/// The person on a line.
pub fn person(line: &str) -> Result<ImportedPerson, String> {
    let user: User = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let line = PersonLine {
        email: user.email.ok_or("the user has no email")?,
        email_verified: user.email_verified,
        // Auth0 fills in the address where there is no name.
        name: [user.name, user.nickname].into_iter().flatten().find(|name| !name.contains('@')),
        password_hash: user.password_hash,
        disabled: user.blocked,
    };
    ImportedPerson::of(&line).map_err(|problem| problem.to_string())
}
