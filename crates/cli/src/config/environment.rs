//! The environment file: variables that a service manager gives the server, read by the commands that an operator runs beside
//! it.
//!
//! The grammar is that of systemd's `EnvironmentFile=` (`systemd.exec(5)`), so that one file serves both.

use std::io::Read as _;
use std::iter::Peekable;
use std::path::{Path, PathBuf};
use std::str::Chars;
use std::sync::OnceLock;

use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};

use crate::failure::Failure;

/// The longest file, in bytes.
const LONGEST: u64 = 1024 * 1024;

/// The file that belongs to the configuration of this machine.
pub const SYSTEM: &str = "/etc/sigma/env";

/// What was read. It extends the environment of the process, so it is read once, as that is.
static READ: OnceLock<File> = OnceLock::new();

/// What becomes of a file of the machine that this user cannot read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// The server does without: its service manager read the file for it.
    Passed,
    /// A command reports it.
    Reported,
}

/// The variables of a file.
#[derive(Debug)]
struct File {
    path: PathBuf,
    variables: Vec<(String, String)>,
}

/// Reads the file that is named, which must exist.
///
/// # Errors
/// It cannot be read, or a line of it is no assignment.
pub fn read(path: &Path) -> Result<(), Failure> {
    let text = bounded(path)
        .map_err(|error| Failure::Config(format!("the environment file {} cannot be read: {error}", path.display())))?;
    keep(path, &text)
}

/// Reads the file of the machine, if there is one.
///
/// # Errors
/// It cannot be read, or a line of it is no assignment.
pub fn read_system(unreadable: Unreadable) -> Result<(), Failure> {
    let path = Path::new(SYSTEM);
    match bounded(path) {
        Ok(text) => keep(path, &text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(_) if unreadable == Unreadable::Passed => Ok(()),
        Err(error) => Err(Failure::Config(format!(
            "the environment file {SYSTEM} cannot be read: {error}: run this as root or as the user of the server (sudo -u sigma \
             …), or name another file with --env-file"
        ))),
    }
}

fn bounded(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    let read = std::fs::File::open(path)?.take(LONGEST + 1).read_to_string(&mut text)?;
    if u64::try_from(read).is_ok_and(|read| read > LONGEST) {
        return Err(std::io::Error::new(std::io::ErrorKind::FileTooLarge, "it is longer than 1 MiB"));
    }
    Ok(text)
}

fn keep(path: &Path, text: &str) -> Result<(), Failure> {
    let variables =
        parse(text).map_err(|line| Failure::Config(format!("line {line} of {} is not NAME=value", path.display())))?;
    let _ = READ.set(File { path: path.to_owned(), variables });
    Ok(())
}

/// The value of a variable: of the process, or else of the file.
pub fn variable(name: &str) -> Option<String> {
    let in_file = || {
        let variables = &READ.get()?.variables;
        variables.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    };
    std::env::var(name).ok().or_else(in_file)
}

/// Adds the settings of the file.
pub fn merge(figment: Figment, prefix: &str) -> Figment {
    let Some(file) = READ.get() else { return figment };
    let settings = file.variables.iter().filter_map(|(name, value)| {
        let key = name.strip_prefix(prefix)?.to_lowercase().replace("__", ".");
        Some(Setting { path: &file.path, key, value })
    });
    settings.fold(figment, Figment::merge)
}

/// One setting, as figment takes them.
struct Setting<'a> {
    path: &'a Path,
    key: String,
    value: &'a str,
}

impl Provider for Setting<'_> {
    fn metadata(&self) -> Metadata {
        Metadata::from("environment file", self.path)
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let Ok(value) = self.value.parse::<Value>();
        let nested = figment::util::nest(&self.key, value);
        Ok(nested.into_dict().map(|dict| Profile::Default.collect(dict)).unwrap_or_default())
    }
}

/// The assignments of a file in order, or the number of the first line that is none.
fn parse(text: &str) -> Result<Vec<(String, String)>, usize> {
    let mut rest = text.chars().peekable();
    let mut variables = Vec::new();
    while let Some(first) = rest.peek().copied() {
        match first {
            ' ' | '\t' | '\r' | '\n' => {
                rest.next();
            }
            '#' | ';' => while rest.next_if(|char| *char != '\n').is_some() {},
            _ => {
                let start = rest.clone();
                let line = || text.lines().count() - start.clone().collect::<String>().lines().count() + 1;
                let name = read_name(&mut rest).ok_or_else(line)?;
                variables.push((name, read_value(&mut rest).ok_or_else(line)?));
            }
        }
    }
    Ok(variables)
}

fn read_name(rest: &mut Peekable<Chars<'_>>) -> Option<String> {
    let mut name = String::new();
    while let Some(char) = rest.next_if(|char| !matches!(char, '=' | '\n')) {
        name.push(char);
    }
    rest.next_if_eq(&'=')?;
    let name = name.trim();
    let is_name = name
        .chars()
        .enumerate()
        .all(|(index, char)| char == '_' || char.is_ascii_alphabetic() || (index > 0 && char.is_ascii_digit()));
    (is_name && !name.is_empty()).then(|| name.to_owned())
}

/// Reads up to the end of the line: plain text in which a backslash keeps the next character, and quoted parts. None if a
/// quotation does not end.
fn read_value(rest: &mut Peekable<Chars<'_>>) -> Option<String> {
    let mut value = String::new();
    // Blanks around plain text are dropped, those in quotation marks are not.
    let mut kept = 0;
    // Within plain text, quotation marks are letters.
    let mut is_plain = false;
    while rest.next_if(|char| matches!(char, ' ' | '\t')).is_some() {}
    while let Some(char) = rest.next() {
        match char {
            '\n' => break,
            '\r' if rest.peek().is_none_or(|next| *next == '\n') => continue,
            '\'' if !is_plain => loop {
                match rest.next()? {
                    '\'' => break,
                    char => value.push(char),
                }
            },
            '"' if !is_plain => loop {
                match rest.next()? {
                    '"' => break,
                    '\\' => match rest.next()? {
                        '\n' => {}
                        char @ ('"' | '\\' | '`' | '$') => value.push(char),
                        char => value.extend(['\\', char]),
                    },
                    char => value.push(char),
                }
            },
            '\\' => match rest.next() {
                Some('\n') | None => continue,
                Some(char) => value.push(char),
            },
            ' ' | '\t' => {
                value.push(char);
                continue;
            }
            char => {
                is_plain = true;
                value.push(char);
            }
        }
        kept = value.len();
    }
    value.truncate(kept);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<(String, String)> {
        parse(text).unwrap()
    }

    #[test]
    fn assignments_are_read_as_systemd_reads_them() {
        let text = "# a comment = 1\n; another\n\nA=plain text  \nB = ' kept '\nC=\"x\\\"y\\n\\$z\"\nD=a\\\nb\nE=\r\nF='it''s'\" fine\"\nG=a#b\nA=again";
        let expected = [
            ("A", "plain text"),
            ("B", " kept "),
            ("C", "x\"y\\n$z"),
            ("D", "ab"),
            ("E", ""),
            ("F", "its fine"),
            ("G", "a#b"),
            ("A", "again"),
        ];
        assert_eq!(values(text), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(values(""), []);
    }

    #[test]
    fn a_line_that_is_no_assignment_is_counted() {
        for (text, line) in
            [("A=1\nnonsense\n", 2), ("\n\n=x", 3), ("1A=x", 1), ("A=1\nB='open\nC=2", 2), ("export A=1", 1)]
        {
            assert_eq!(parse(text), Err(line), "{text}");
        }
    }

    #[test]
    fn a_setting_is_nested_and_keeps_the_name_of_its_file() {
        let setting = Setting { path: Path::new("/tmp/env"), key: "tokens.code_seconds".to_owned(), value: "30" };
        let figment = Figment::new().merge(setting);
        assert_eq!(figment.extract_inner::<u32>("tokens.code_seconds").unwrap(), 30);
        let source = figment.find_metadata("tokens.code_seconds").unwrap().source.clone().unwrap();
        assert_eq!(source.file_path(), Some(Path::new("/tmp/env")));
    }
}
