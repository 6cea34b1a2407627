//! People as they are moved between servers: one JSON object for each.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::email::Email;
use crate::org::text;
use crate::password::{ForeignHash, HashProblem};

/// The longest line of a file of people, in bytes.
pub const LONGEST_LINE: usize = 16 * 1_024;

/// A line of a file of people, as it is written.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PersonLine {
    /// The address that they sign in with.
    pub email: String,
    /// Whether somebody proved that it is theirs. Nobody signs in with an address that is not.
    #[serde(default)]
    pub email_verified: bool,
    /// Their name; by default the part of the address before the @.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The hash of their password: bcrypt (`$2b$…`), or scrypt, PBKDF2 or argon2 as a PHC string.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_hash: Option<String>,
    /// Whether the account is disabled.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
}

/// A person who is moved here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedPerson {
    /// The address that they sign in with.
    pub email: Email,
    /// Whether it is proven to be theirs.
    pub email_verified: bool,
    /// Their name.
    pub name: String,
    /// Their password.
    pub password_hash: Option<StoredPassword>,
    /// Whether the account is disabled.
    pub disabled: bool,
}

/// A password hash that can be checked: `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredPassword(String);

impl StoredPassword {
    /// Reads a hash.
    ///
    /// # Errors
    /// [`HashProblem`]
    pub fn parse(text: &str) -> Result<Self, HashProblem> {
        ForeignHash::parse(text).map(|hash| Self(hash.as_str().to_owned()))
    }

    /// A hash that is in use here. What ours may cost is the operator's choice, so it is not judged.
    pub fn in_use(text: String) -> Self {
        Self(text)
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for StoredPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StoredPassword")
    }
}

/// Why a person is not taken, in words for whoever sent them.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PersonProblem {
    /// The line is no such JSON object.
    #[error("{0}")]
    Json(String),
    /// The address is none.
    #[error("email is not a valid address")]
    Email,
    /// The name cannot be shown.
    #[error("name {0}")]
    Name(String),
    /// The hash is not taken.
    #[error("password_hash: {0}")]
    Hash(#[from] HashProblem),
}

impl ImportedPerson {
    /// Reads a line of JSON.
    ///
    /// # Errors
    /// [`PersonProblem`]
    pub fn parse(line: &str) -> Result<Self, PersonProblem> {
        // The parser would take the values of the members in an array.
        if !line.trim_start().starts_with('{') {
            return Err(PersonProblem::Json("the line is no JSON object".to_owned()));
        }
        Self::of(&serde_json::from_str(line).map_err(|error| PersonProblem::Json(words(&error)))?)
    }

    /// Checks a line.
    ///
    /// # Errors
    /// [`PersonProblem`]
    pub fn of(line: &PersonLine) -> Result<Self, PersonProblem> {
        let email = Email::parse(&line.email).map_err(|_| PersonProblem::Email)?;
        let local = email.address().split('@').next().unwrap_or_default();
        let name = line.name.as_deref().map(str::trim).filter(|name| !name.is_empty()).unwrap_or(local);
        let name = text::name(name).map_err(|problem| PersonProblem::Name(problem.to_string()))?;
        let password_hash = line.password_hash.as_deref().map(StoredPassword::parse).transpose()?;
        Ok(Self { email, email_verified: line.email_verified, name, password_hash, disabled: line.disabled })
    }

    /// Their line, with the hash of the password only if `with_hash`.
    pub fn line(&self, with_hash: bool) -> PersonLine {
        let hash = self.password_hash.as_ref().filter(|_| with_hash);
        PersonLine {
            email: self.email.address().to_owned(),
            email_verified: self.email_verified,
            name: Some(self.name.clone()),
            password_hash: hash.map(|hash| hash.as_str().to_owned()),
            disabled: self.disabled,
        }
    }
}

/// What is wrong with a line, with none of its content, which may be a hash in the wrong place, but for the names of members.
fn words(error: &serde_json::Error) -> String {
    let words = error.to_string();
    if words.starts_with("invalid type") || words.starts_with("invalid value") {
        return format!("a member has a value of another type, at column {}", error.column());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_and_written() {
        let line = r#"{"email":"ada@example.org","email_verified":true,"name":"Ada","password_hash":"$2b$10$nOUIs5kJ7naTuTFkBy1veuK0kSxUFXfuaOKdOKf9xYT0KKIGSJwFa"}"#;
        let ada = ImportedPerson::parse(line).unwrap();
        assert_eq!(serde_json::to_string(&ada.line(true)).unwrap(), line);
        assert!(!serde_json::to_string(&ada.line(false)).unwrap().contains("hash"));
        assert!(!format!("{ada:?}").contains("nOUI"));
        let bare = ImportedPerson::parse(r#"{"email":" Grace@Example.org "}"#).unwrap();
        assert_eq!((bare.name.as_str(), bare.email_verified, bare.disabled), ("Grace", false, false));
    }

    #[test]
    fn what_cannot_be_an_account_is_refused_without_repeating_it() {
        for (line, problem) in [
            (r#"{"email":"nobody"}"#, "email is not a valid address"),
            (r#"["ada@example.org",true,"Ada",null,false]"#, "the line is no JSON object"),
            (
                r#"{"email":"ada@example.org","email_verified":"$2b$10$secret"}"#,
                "a member has a value of another type, at column ",
            ),
            (r#"{"email":"a@b.example","name":"a\u0007"}"#, "name "),
            (r#"{"email":"a@b.example","password_hash":"secret"}"#, "password_hash: "),
            (
                r#"{"email":"a@b.example","password_hash":"$2b$31$nOUIs5kJ7naTuTFkBy1veuK0kSxUFXfuaOKdOKf9xYT0KKIGSJwFa"}"#,
                "password_hash: the password hash costs",
            ),
            (r#"{"email":"a@b.example","admin":true}"#, "unknown field `admin`"),
            (r#"{"name":"Ada"}"#, "missing field `email`"),
            ("[]", "the line is no JSON object"),
            ("", "the line is no JSON object"),
        ] {
            let said = ImportedPerson::parse(line).unwrap_err().to_string();
            assert!(said.starts_with(problem) && !said.contains("secret"), "{line}: {said}");
        }
    }
}
