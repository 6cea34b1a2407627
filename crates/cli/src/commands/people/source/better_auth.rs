//! The tables `user` and `account` of Better Auth, as JSON. A password is `salt:key` in hexadecimal digits, made by scrypt
//! with the digits of the salt as its salt.

use std::collections::BTreeMap;
use std::io::BufRead;

use serde::Deserialize;
use sigma_core::password::{ForeignHash, Recipe};
use sigma_core::people::{ImportedPerson, PersonLine};

use super::Found;
use crate::failure::Failure;

/// What Better Auth uses.
const SCRYPT: Recipe = Recipe::Scrypt { ln: 14, r: 16, p: 1 };

#[derive(Deserialize)]
struct Tables {
    user: Vec<User>,
    #[serde(default)]
    account: Vec<Account>,
}

#[derive(Deserialize)]
struct User {
    id: String,
    name: Option<String>,
    email: Option<String>,
    /// A number in databases without truth values.
    #[serde(default, alias = "emailVerified")]
    email_verified: serde_json::Value,
    #[serde(default)]
    banned: serde_json::Value,
}

#[derive(Deserialize)]
struct Account {
    #[serde(alias = "userId")]
    user_id: String,
    #[serde(alias = "providerId")]
    provider_id: String,
    password: Option<String>,
}

/// The people of the tables.
pub fn people(file: Box<dyn BufRead>) -> Result<Vec<Found>, Failure> {
    let tables: Tables = serde_json::from_reader(file)
        .map_err(|error| Failure::Failed(format!("these are not the tables of Better Auth: {error}")))?;
    let by_password = tables.account.into_iter().filter(|account| account.provider_id == "credential");
    let passwords: BTreeMap<String, String> =
        by_password.filter_map(|account| Some((account.user_id, account.password?))).collect();
    let person = |(place, user): (usize, User)| {
        let password = passwords.get(&user.id).map(String::as_str);
        (place.saturating_add(1), person(user, password))
    };
    Ok(tables.user.into_iter().enumerate().map(person).collect())
}

fn person(user: User, password: Option<&str>) -> Result<ImportedPerson, String> {
    let line = PersonLine {
        email: user.email.ok_or("the user has no email")?,
        email_verified: is_true(&user.email_verified),
        name: user.name,
        password_hash: password.map(hash).transpose()?,
        disabled: is_true(&user.banned),
    };
    ImportedPerson::of(&line).map_err(|problem| problem.to_string())
}

fn is_true(value: &serde_json::Value) -> bool {
    value.as_bool().or_else(|| value.as_i64().map(|number| number != 0)).unwrap_or_default()
}

fn hash(password: &str) -> Result<String, String> {
    // An app may have chosen another hash, such as bcrypt.
    if password.starts_with('$') {
        return Ok(password.to_owned());
    }
    let (salt, key) = password.split_once(':').ok_or("the password is in a form that is not known")?;
    let key = unhex(key).ok_or("the password is in a form that is not known")?;
    let hash = ForeignHash::new(SCRYPT, salt.as_bytes(), &key);
    hash.map(|hash| hash.as_str().to_owned()).map_err(|problem| problem.to_string())
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    if text.len().is_multiple_of(2) && text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        pairs.map(byte).collect()
    } else {
        None
    }
}
