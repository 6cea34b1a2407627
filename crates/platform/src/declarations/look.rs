//! How workspaces and apps look.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sigma_core::branding::{Branding, BrandingChange, BrandingTexts, Part};
use sigma_core::time::Timestamp;
use sigma_store::Tx;
use sigma_store::branding::{self, Branded};

use super::document::BrandingEntry;
use super::step::{Judged, Kind, Members, Step};
use crate::branding::is_language;
use crate::objects::Logo;

/// The logos of a document, by where their entries stand.
pub type Logos = BTreeMap<String, Logo>;

/// A picture as a `data:` URL (RFC 2397).
pub fn to_data_url(picture: impl AsRef<[u8]>) -> String {
    format!("data:image/png;base64,{}", STANDARD.encode(picture))
}

/// The content of a `data:` URL, whatever its type says; `None` if it is none of base64.
pub fn from_data_url(url: &str) -> Option<Vec<u8>> {
    let (_, content) = url.strip_prefix("data:")?.split_once(";base64,")?;
    STANDARD.decode(content).ok()
}

/// Checks how an org or app is to look.
///
/// # Errors
/// What is wrong.
pub fn check(entry: &BrandingEntry, logo: Option<&Logo>) -> Result<BrandingChange, String> {
    if entry.name.is_some() {
        return Err("branding: only the server has a name there".to_owned());
    }
    check_server(entry, logo)
}

/// The same for the server, which has a name as well.
///
/// # Errors
/// What is wrong.
pub fn check_server(entry: &BrandingEntry, logo: Option<&Logo>) -> Result<BrandingChange, String> {
    let texts = BrandingTexts {
        name: entry.name.as_deref(),
        accent: entry.accent.as_deref(),
        terms_url: entry.terms_url.as_deref(),
        privacy_url: entry.privacy_url.as_deref(),
        support_url: entry.support_url.as_deref(),
        welcome: entry.welcome.as_ref(),
    };
    let mut change = texts.checked(is_language).map_err(|problem| format!("branding: {problem}"))?;
    change.logo = match (entry.logo.as_deref(), logo) {
        (None, _) => Part::Kept,
        (Some(""), _) => Part::Gone,
        (Some(_), Some(logo)) => Part::Set(logo.name.clone()),
        (Some(_), None) => {
            return Err("branding: logo: must be a data: URL of a PNG, JPEG, WebP or GIF file".to_owned());
        }
    };
    Ok(change)
}

/// Brings about how the server looks.
pub fn bring_server(tx: &mut dyn Tx, look: &BrandingChange, now: Timestamp) -> Judged<Option<Step>> {
    let view = |branding: &Branding| -> Members {
        let name = branding.name.as_deref().map_or(Value::Null, Value::from);
        std::iter::once(("branding.name".to_owned(), name)).chain(view(branding)).collect()
    };
    let before = view(&branding::find(tx, &Branded::Server)?);
    let after = view(&branding::change(tx, &Branded::Server, look, now)?);
    Ok(Step::between(Kind::Server, "itself", Some(before), after))
}

/// Brings the look about, and adds it to the members before, of something that exists, and after.
pub fn bring(
    tx: &mut dyn Tx,
    whose: &Branded,
    look: Option<&BrandingChange>,
    (before, after): (Option<&mut Members>, &mut Members),
    now: Timestamp,
) -> Judged<()> {
    let Some(look) = look else { return Ok(()) };
    if let Some(before) = before {
        before.extend(view(&branding::find(tx, whose)?));
    }
    after.extend(view(&branding::change(tx, whose, look, now)?));
    Ok(())
}

fn view(branding: &Branding) -> impl Iterator<Item = (String, Value)> {
    let text = |value: &Option<String>| value.as_deref().map_or(Value::Null, Value::from);
    let welcome = serde_json::to_value(&branding.welcome).unwrap_or_default();
    [
        ("branding.logo".to_owned(), text(&branding.logo)),
        ("branding.accent".to_owned(), branding.accent.map_or(Value::Null, |accent| accent.to_string().into())),
        ("branding.terms_url".to_owned(), text(&branding.terms_url)),
        ("branding.privacy_url".to_owned(), text(&branding.privacy_url)),
        ("branding.support_url".to_owned(), text(&branding.support_url)),
        ("branding.welcome".to_owned(), welcome),
    ]
    .into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_data_urls() {
        assert_eq!(from_data_url(&to_data_url(b"\x89PNG")), Some(b"\x89PNG".to_vec()));
        for bad in ["", "data:", "data:image/png,AAAA", "data:image/png;base64,%%%", "https://example.org/logo.png"] {
            assert_eq!(from_data_url(bad), None, "{bad}");
        }
    }
}
