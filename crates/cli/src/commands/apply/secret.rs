//! Secrets that stand outside the file: in another one, or in the environment.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use secrecy::{ExposeSecret as _, SecretString};
use sigma_core::digest::Digest;

use super::declared::SecretSource;
use crate::config::environment;

/// The shortest secret: 128 bits of hexadecimal digits.
const SHORTEST: usize = 32;
const LONGEST: usize = 200;

/// A secret by its digest, and where it came from.
pub struct Given {
    pub digest: Digest,
    /// In words, for the changes that are shown.
    pub from: String,
}

/// Reads a secret.
///
/// # Errors
/// In words that do not repeat it.
pub fn read(source: &SecretSource, base: &Path) -> Result<Given, String> {
    let (secret, from) = read_text(source, base, SHORTEST)?;
    Ok(Given { digest: Digest::of(secret.expose_secret()), from })
}

/// Reads the text of a secret of at least `shortest` characters, and says where it came from.
///
/// # Errors
/// In words that do not repeat it.
pub fn read_text(source: &SecretSource, base: &Path, shortest: usize) -> Result<(SecretString, String), String> {
    let (text, from) = match (&source.file, &source.env) {
        (Some(path), None) => {
            let text = read_file(&base.join(path))
                .map_err(|error| format!("client_secret: {} cannot be read: {error}", path.display()))?;
            (text, format!("from the file {}", path.display()))
        }
        (None, Some(name)) => {
            let text = environment::variable(name)
                .ok_or_else(|| format!("client_secret: the environment has no variable {name} that is text"))?;
            (text, format!("from the variable {name}"))
        }
        _ => return Err("client_secret: names either a file or a variable (env)".to_owned()),
    };
    let text = SecretString::from(text);
    let secret = text.expose_secret().trim_end_matches(['\r', '\n']);
    let visible = secret.bytes().all(|byte| byte.is_ascii_graphic());
    if !visible || !(shortest..=LONGEST).contains(&secret.len()) {
        return Err(format!("client_secret: {shortest} to {LONGEST} visible ASCII characters"));
    }
    Ok((SecretString::from(secret), from))
}

/// The text of a file, as far as it can be a secret: a device may have no end.
fn read_file(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(u64::try_from(LONGEST).unwrap_or(u64::MAX).saturating_add(3)).read_to_string(&mut text)?;
    Ok(text)
}
