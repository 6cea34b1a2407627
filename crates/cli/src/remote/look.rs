//! How a workspace, an app or the server itself looks, on a server elsewhere.

use serde_json::{Map, Value, json};
use sigma_core::branding::Part;

use super::client::Client;
use super::{Members as _, text};
use crate::args::{BrandingFields, SetBranding};
use crate::commands::branding::read_logo;
use crate::failure::Failure;
use crate::output::{Output, fields};

/// Where the look of the server is, and the last segment of others.
const SERVER: &str = "branding";

/// What is to change of a look.
pub struct LookChange {
    texts: Map<String, Value>,
    logo: Part<Vec<u8>>,
}

impl LookChange {
    /// Whether nothing is.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty() && matches!(self.logo, Part::Kept)
    }
}

/// What is to change of the look of what is at `path`. Words of welcome are replaced as a whole there, so those that stay are sent
/// again. A logo is read and checked here, and sent as it is.
pub fn changes(client: &Client, path: &str, asked: &BrandingFields) -> Result<LookChange, Failure> {
    let logo = Part::of_text(asked.logo.as_deref(), |file| read_logo(file).map(|(file, _)| file))?;
    let mut look = Map::new();
    let texts = [
        ("accent", &asked.accent),
        ("terms_url", &asked.terms_url),
        ("privacy_url", &asked.privacy_url),
        ("support_url", &asked.support_url),
    ];
    look.extend(texts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value.as_ref()?)))));
    if !asked.welcome.is_empty() {
        let now = client.get(&address(path), &[])?;
        let mut words = now.at("welcome").as_object().cloned().unwrap_or_default();
        for given in &asked.welcome {
            let usage = || Failure::Usage(format!("--welcome \"{given}\" is not of the form en=Welcome"));
            let (language, said) = given.split_once('=').ok_or_else(usage)?;
            words.insert(language.to_owned(), json!(said));
        }
        look.insert("welcome".to_owned(), Value::Object(words));
    }
    Ok(LookChange { texts: look, logo })
}

/// Changes the look of what is at `path`, unless nothing is to change.
pub fn send(client: &Client, path: &str, look: LookChange) -> Result<(), Failure> {
    let LookChange { texts, logo } = look;
    if !texts.is_empty() {
        client.patch(&address(path), &Value::Object(texts))?;
    }
    let place = format!("{}/logo", address(path));
    match logo {
        Part::Kept => {}
        Part::Gone => drop(client.delete(&place)?),
        Part::Set(file) => drop(client.put_file(&place, file)?),
    }
    Ok(())
}

/// Shows how the server looks.
pub fn show(client: &Client, output: Output) -> Result<(), Failure> {
    output.answer(&client.get(SERVER, &[])?, |look| {
        let welcome = look.at("welcome").as_object().into_iter().flatten();
        let welcome: Vec<String> = welcome.map(|(tag, words)| format!("{tag}: {}", text(words))).collect();
        fields(&[
            ("name", text(look.at("name"))),
            ("logo", text(look.at("logo"))),
            ("accent", text(look.at("accent"))),
            ("terms", text(look.at("terms_url"))),
            ("privacy", text(look.at("privacy_url"))),
            ("support", text(look.at("support_url"))),
            ("welcome", welcome.join("\n")),
            ("set", text(look.at("set"))),
        ])
    })
}

/// Changes how the server looks.
pub fn set(client: &Client, output: Output, asked: &SetBranding) -> Result<(), Failure> {
    let mut look = changes(client, "", &asked.branding)?;
    look.texts.extend(asked.name.iter().map(|name| ("name".to_owned(), json!(name))));
    send(client, "", look)?;
    show(client, output)
}

/// The address of the look of what is at `path`, of the server if that is empty.
fn address(path: &str) -> String {
    if path.is_empty() { SERVER.to_owned() } else { format!("{path}/{SERVER}") }
}
