//! What a file points to, on the machine of whoever applies it: secrets in files and in the environment, and logos.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};
use sigma_server::declarations::{Declarations, LONGEST_SECRET, Logos, SecretSource, from_data_url};
use sigma_server::objects::Logo;

use super::file::Places;
use crate::commands::branding::LARGEST_LOGO;
use crate::config::environment;
use crate::failure::Failure;

/// Fetches the secrets into the document, and the logos beside it.
///
/// # Errors
/// What cannot be read, in words that repeat no secret.
pub fn fetch(document: &mut Declarations, places: &Places) -> Result<Logos, Failure> {
    let (mut logos, mut problems) = (Logos::new(), Vec::new());
    for (at, source) in document.secrets() {
        if let Err(words) = fetch_secret(source, |path| places.resolve(&at, path)) {
            problems.push(at.tell(format!("client_secret: {words}")));
        }
    }
    for (at, path) in document.logos() {
        match read_logo(path, &places.resolve(&at, &*path)) {
            Ok(logo) => drop(logos.insert(at.pointer().to_owned(), logo)),
            Err(words) => problems.push(at.tell(format!("branding: logo {path}: {words}"))),
        }
    }
    if problems.is_empty() { Ok(logos) } else { Err(places.failure(&problems)) }
}

/// The logo in a file, or in a `data:` URL.
fn read_logo(text: &str, path: &Path) -> Result<Logo, String> {
    let file = match from_data_url(text) {
        Some(content) => content,
        None => read(path, LARGEST_LOGO).map_err(|error| error.to_string())?,
    };
    Logo::read(&file).map_err(|error| error.to_string())
}

fn fetch_secret(source: &mut SecretSource, resolve: impl Fn(&str) -> PathBuf) -> Result<(), String> {
    let (text, from) = match (source.file.take(), source.env.take(), &source.value) {
        (Some(path), None, None) => {
            let longest = u64::try_from(LONGEST_SECRET).unwrap_or(u64::MAX).saturating_add(3);
            let text = read(&resolve(&path), longest).map_err(|error| format!("{path} cannot be read: {error}"))?;
            let text = String::from_utf8(text).map_err(|_| format!("{path} is not text"))?;
            (text, format!("from the file {path}"))
        }
        (None, Some(name), None) => {
            let text = environment::variable(&name)
                .ok_or_else(|| format!("the environment has no variable {name} that is text"))?;
            (text, format!("from the variable {name}"))
        }
        _ => return Err("names either a file or a variable (env)".to_owned()),
    };
    let text = SecretString::from(text);
    source.value = Some(SecretString::from(text.expose_secret().trim_end_matches(['\r', '\n'])));
    source.from = Some(from);
    Ok(())
}

/// The content of a file, as far as it can be of use: a device may have no end.
fn read(path: &Path, longest: u64) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    File::open(path)?.take(longest).read_to_end(&mut content)?;
    Ok(content)
}
