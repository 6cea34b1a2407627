//! Single members of client metadata.

use serde_json::Value;
use url::Url;

use super::{MOST_URIS, RegistrationProblem, is_absent};
use crate::json::Members;
use crate::unicode::{is_blank, is_deceptive, is_unseen};

/// The longest URI, in bytes.
const LONGEST_URI: usize = 2_000;
/// The longest of other texts, in characters.
const LONGEST_TEXT: usize = 100;
/// The most entries of lists that are not URIs.
const MOST_TEXTS: usize = 10;

/// The value of `name`, unless it was left out.
pub(super) fn find<'m>(members: &'m Members, name: &str) -> Option<&'m Value> {
    members.get(name).filter(|value| !is_absent(value))
}

/// A text.
pub(super) fn text<'m>(members: &'m Members, name: &str) -> Result<Option<&'m str>, RegistrationProblem> {
    let Some(value) = find(members, name) else { return Ok(None) };
    value.as_str().map(Some).ok_or_else(|| RegistrationProblem::metadata(format!("{name} must be a string")))
}

/// A text that people read: 1 to 100 visible characters.
pub(super) fn words(members: &Members, name: &str) -> Result<Option<String>, RegistrationProblem> {
    let Some(words) = text(members, name)? else { return Ok(None) };
    if is_name(words) {
        return Ok(Some(words.to_owned()));
    }
    Err(RegistrationProblem::metadata(format!(
        "{name} must be 1 to {LONGEST_TEXT} characters without control or invisible characters"
    )))
}

/// Whether `text` can be the name of an app: 1 to 100 characters, some of them visible, none that controls, hides or changes the
/// direction of others: a name could make a host beside it read backwards, or look like another.
pub fn is_name(text: &str) -> bool {
    text.chars().count() <= LONGEST_TEXT
        && !text.chars().any(is_deceptive)
        && text.chars().any(|letter| !is_blank(letter) && !is_unseen(letter))
}

/// An https URL.
pub(super) fn web_uri(members: &Members, name: &str) -> Result<Option<String>, RegistrationProblem> {
    let Some(uri) = text(members, name)? else { return Ok(None) };
    if is_web_uri(uri) {
        return Ok(Some(uri.to_owned()));
    }
    Err(RegistrationProblem::metadata(format!("{name} must be an https URL of at most {LONGEST_URI} bytes")))
}

/// A list of https URLs, each once.
pub(super) fn web_uris(members: &Members, name: &str) -> Result<Vec<String>, RegistrationProblem> {
    let uris = list(members, name, MOST_URIS)?;
    if uris.iter().all(|uri| is_web_uri(uri)) {
        return Ok(uris);
    }
    Err(RegistrationProblem::metadata(format!("{name} must hold https URLs of at most {LONGEST_URI} bytes")))
}

/// Whether `text` is an https URL that an app may register for display.
pub(crate) fn is_web_uri(text: &str) -> bool {
    let is_plain = text.len() <= LONGEST_URI
        && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte));
    is_plain
        && Url::parse(text).is_ok_and(|url| {
            url.scheme() == "https" && url.host().is_some() && url.username().is_empty() && url.password().is_none()
        })
}

/// A list of short texts, each once.
pub(super) fn texts(members: &Members, name: &str) -> Result<Vec<String>, RegistrationProblem> {
    let texts = list(members, name, MOST_TEXTS)?;
    if texts.iter().all(|text| text.chars().count() <= LONGEST_TEXT && !text.contains(char::is_control)) {
        return Ok(texts);
    }
    Err(RegistrationProblem::metadata(format!("{name} must hold texts of at most {LONGEST_TEXT} characters")))
}

/// A list of at most `most` strings, each once.
pub(super) fn list(members: &Members, name: &str, most: usize) -> Result<Vec<String>, RegistrationProblem> {
    let Some(value) = find(members, name) else { return Ok(Vec::new()) };
    let wrong = || RegistrationProblem::metadata(format!("{name} must be an array of at most {most} strings"));
    let items = value.as_array().filter(|items| items.len() <= most).ok_or_else(wrong)?;
    let mut texts: Vec<String> = Vec::with_capacity(items.len());
    for item in items {
        let text = item.as_str().ok_or_else(wrong)?;
        if !texts.iter().any(|known| known == text) {
            texts.push(text.to_owned());
        }
    }
    Ok(texts)
}

/// A flag.
pub(super) fn flag(members: &Members, name: &str) -> Result<bool, RegistrationProblem> {
    let Some(value) = find(members, name) else { return Ok(false) };
    value.as_bool().ok_or_else(|| RegistrationProblem::metadata(format!("{name} must be true or false")))
}

/// A number of seconds.
pub(super) fn seconds(members: &Members, name: &str) -> Result<Option<u32>, RegistrationProblem> {
    let Some(value) = find(members, name) else { return Ok(None) };
    let seconds = value.as_u64().and_then(|seconds| u32::try_from(seconds).ok());
    seconds.map(Some).ok_or_else(|| RegistrationProblem::metadata(format!("{name} must be a number of seconds")))
}

/// One of several names.
pub(super) fn choice<T>(
    members: &Members,
    name: &str,
    parse: impl Fn(&str) -> Option<T>,
    known: &[&str],
) -> Result<Option<T>, RegistrationProblem> {
    let Some(text) = text(members, name)? else { return Ok(None) };
    let wrong = || RegistrationProblem::metadata(format!("{name} must be one of {}", known.join(", ")));
    parse(text).map(Some).ok_or_else(wrong)
}
