//! How a workspace or app looks, on a server elsewhere.

use serde_json::{Map, Value, json};

use super::client::Client;
use super::{Members as _, no_api};
use crate::args::BrandingFields;
use crate::failure::Failure;

/// What is to change of the look of what is at `path`. Words of welcome are replaced as a whole there, so those that stay are sent
/// again. A logo is a file here, which the command on the database takes.
pub fn changes(client: &Client, path: &str, asked: &BrandingFields) -> Result<Map<String, Value>, Failure> {
    if asked.logo.is_some() {
        return Err(no_api());
    }
    let mut look = Map::new();
    let texts = [
        ("accent", &asked.accent),
        ("terms_url", &asked.terms_url),
        ("privacy_url", &asked.privacy_url),
        ("support_url", &asked.support_url),
    ];
    look.extend(texts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value.as_ref()?)))));
    if !asked.welcome.is_empty() {
        let now = client.get(&format!("{path}/branding"), &[])?;
        let mut words = now.at("welcome").as_object().cloned().unwrap_or_default();
        for given in &asked.welcome {
            let usage = || Failure::Usage(format!("--welcome \"{given}\" is not of the form en=Welcome"));
            let (language, said) = given.split_once('=').ok_or_else(usage)?;
            words.insert(language.to_owned(), json!(said));
        }
        look.insert("welcome".to_owned(), Value::Object(words));
    }
    Ok(look)
}

/// Changes the look of what is at `path`, unless nothing is to change.
pub fn send(client: &Client, path: &str, look: Map<String, Value>) -> Result<(), Failure> {
    if !look.is_empty() {
        client.patch(&format!("{path}/branding"), &Value::Object(look))?;
    }
    Ok(())
}
