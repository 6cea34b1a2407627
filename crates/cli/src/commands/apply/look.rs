//! How workspaces and apps look.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use serde_json::Value;
use sigma_core::branding::{Branding, BrandingChange, BrandingTexts, Part};
use sigma_core::time::Timestamp;
use sigma_server::branding::is_language;
use sigma_server::objects::Logo;
use sigma_store::branding::{self, Branded};
use sigma_store::{Stop, Tx};

use super::declared::BrandingEntry;
use super::step::{Judged, Members, Step};

/// The largest file of a logo, and a byte more, which is refused.
const LARGEST: u64 = 2 * 1024 * 1024 + 1;

/// A declared look, checked.
#[derive(Default)]
pub struct Look {
    change: BrandingChange,
    /// What has to be stored beside the database.
    pub logo: Option<Logo>,
}

/// Checks an entry and reads its logo, next to the file that names it.
///
/// # Errors
/// What is wrong.
pub fn read(entry: &BrandingEntry, base: &Path) -> Result<Look, String> {
    if entry.name.is_some() {
        return Err("branding: only the server has a name there".to_owned());
    }
    read_server(entry, base)
}

/// The same for the server, which has a name as well.
///
/// # Errors
/// What is wrong.
pub fn read_server(entry: &BrandingEntry, base: &Path) -> Result<Look, String> {
    let logo = match &entry.logo {
        None => Part::Kept,
        Some(path) if path.as_os_str().is_empty() => Part::Gone,
        Some(path) => Part::Set(read_logo(path, base)?),
    };
    let texts = BrandingTexts {
        name: entry.name.as_deref(),
        accent: entry.accent.as_deref(),
        terms_url: entry.terms_url.as_deref(),
        privacy_url: entry.privacy_url.as_deref(),
        support_url: entry.support_url.as_deref(),
        welcome: entry.welcome.as_ref(),
    };
    let mut change = texts.checked(is_language).map_err(|problem| format!("branding: {problem}"))?;
    change.logo = match &logo {
        Part::Kept => Part::Kept,
        Part::Gone => Part::Gone,
        Part::Set(logo) => Part::Set(logo.name.clone()),
    };
    let logo = if let Part::Set(logo) = logo { Some(logo) } else { None };
    Ok(Look { change, logo })
}

fn read_logo(path: &Path, base: &Path) -> Result<Logo, String> {
    let refused = |error: String| format!("branding: logo {}: {error}", path.display());
    let mut file = Vec::new();
    let opened = File::open(base.join(path)).map_err(|error| refused(error.to_string()))?;
    opened.take(LARGEST).read_to_end(&mut file).map_err(|error| refused(error.to_string()))?;
    Logo::read(&file).map_err(|error| refused(error.to_string()))
}

/// Brings about how the server looks.
pub fn bring_server(tx: &mut dyn Tx, look: &Look, now: Timestamp) -> Judged<Option<Step>> {
    let view = |branding: &Branding| -> Members {
        let name = branding.name.as_deref().map_or(Value::Null, Value::from);
        std::iter::once(("branding.name".to_owned(), name)).chain(view(branding)).collect()
    };
    let before = view(&branding::find(tx, &Branded::Server).map_err(Stop::Failed)?);
    let after = view(&branding::change(tx, &Branded::Server, &look.change, now).map_err(Stop::Failed)?);
    Ok(Step::between("server", "itself", Some(before), after))
}

/// Brings the look about, and adds it to the members before, of something that exists, and after.
pub fn bring(
    tx: &mut dyn Tx,
    whose: &Branded,
    look: Option<&Look>,
    (before, after): (Option<&mut Members>, &mut Members),
    now: Timestamp,
) -> Judged<()> {
    let Some(look) = look else { return Ok(()) };
    if let Some(before) = before {
        before.extend(view(&branding::find(tx, whose).map_err(Stop::Failed)?));
    }
    after.extend(view(&branding::change(tx, whose, &look.change, now).map_err(Stop::Failed)?));
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
