//! A realm as Keycloak exports it: `{"users": [{"username", "email", "credentials": […]}]}`. What a credential is made of stands in
//! two texts of JSON.

use std::collections::BTreeMap;
use std::io::BufRead;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use sigma_core::password::{Argon2Variant, ForeignHash, Pbkdf2Digest, Recipe};
use sigma_core::people::{ImportedPerson, PersonLine};

use super::Found;
use crate::failure::Failure;

#[derive(Deserialize)]
struct Realm {
    #[serde(default)]
    users: Vec<User>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct User {
    username: Option<String>,
    email: Option<String>,
    #[serde(default)]
    email_verified: bool,
    first_name: Option<String>,
    last_name: Option<String>,
    #[serde(default)]
    enabled: bool,
    /// The name of the client whose account this is: no person.
    service_account_client_id: Option<String>,
    #[serde(default)]
    credentials: Vec<Credential>,
}

#[derive(Deserialize)]
struct Credential {
    r#type: String,
    #[serde(rename = "secretData")]
    secret: Option<String>,
    #[serde(rename = "credentialData")]
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Secret {
    value: String,
    #[serde(default)]
    salt: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kind {
    algorithm: String,
    hash_iterations: u32,
    #[serde(default)]
    additional_parameters: BTreeMap<String, Vec<String>>,
}

/// The people of a realm.
pub fn people(file: Box<dyn BufRead>) -> Result<Vec<Found>, Failure> {
    let realm: Realm = serde_json::from_reader(file)
        .map_err(|error| Failure::Failed(format!("this is no realm that Keycloak exported: {error}")))?;
    let people = realm.users.into_iter().enumerate().filter(|(_, user)| user.service_account_client_id.is_none());
    Ok(people.map(|(place, user)| (place.saturating_add(1), person(user))).collect())
}

fn person(user: User) -> Result<ImportedPerson, String> {
    // Realms may use addresses as user names.
    let email = user.email.or_else(|| user.username.filter(|name| name.contains('@')));
    let names: Vec<String> = [user.first_name, user.last_name].into_iter().flatten().collect();
    let password = user.credentials.iter().find(|credential| credential.r#type == "password");
    let line = PersonLine {
        email: email.ok_or("the user has no email")?,
        email_verified: user.email_verified,
        name: Some(names.join(" ")),
        password_hash: password.map(hash).transpose()?,
        disabled: !user.enabled,
    };
    ImportedPerson::of(&line).map_err(|problem| problem.to_string())
}

fn hash(credential: &Credential) -> Result<String, String> {
    let unreadable = || "the password is in a form that is not known".to_owned();
    let secret: Secret =
        credential.secret.as_deref().and_then(|text| serde_json::from_str(text).ok()).ok_or_else(unreadable)?;
    let kind: Kind =
        credential.kind.as_deref().and_then(|text| serde_json::from_str(text).ok()).ok_or_else(unreadable)?;
    let recipe =
        recipe(&kind).ok_or_else(|| format!("the password is hashed by {}, which is not known", kind.algorithm))?;
    let bytes = |text: &str| STANDARD.decode(text).map_err(|_| unreadable());
    let hash = ForeignHash::new(recipe, &bytes(&secret.salt)?, &bytes(&secret.value)?);
    hash.map(|hash| hash.as_str().to_owned()).map_err(|problem| problem.to_string())
}

fn recipe(kind: &Kind) -> Option<Recipe> {
    let digest = match kind.algorithm.as_str() {
        "pbkdf2" => Pbkdf2Digest::Sha1,
        "pbkdf2-sha256" => Pbkdf2Digest::Sha256,
        "pbkdf2-sha512" => Pbkdf2Digest::Sha512,
        "argon2" => return argon2(kind),
        _ => return None,
    };
    Some(Recipe::Pbkdf2 { digest, rounds: kind.hash_iterations })
}

fn argon2(kind: &Kind) -> Option<Recipe> {
    let parameter = |name: &str| kind.additional_parameters.get(name)?.first();
    Some(Recipe::Argon2 {
        variant: Argon2Variant::named(&format!("argon2{}", parameter("type")?))?,
        version: if parameter("version").is_some_and(|version| version == "1.0") { 16 } else { 19 },
        memory: parameter("memory")?.parse().ok()?,
        passes: kind.hash_iterations,
        lanes: parameter("parallelism")?.parse().ok()?,
    })
}
