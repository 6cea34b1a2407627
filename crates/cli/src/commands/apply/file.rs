//! Files of declarations: YAML, of which JSON is a part.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_saphyr::{Options, Spanned};
use sigma_server::declarations::{BRANDING, Declarations, Place as At, Problem, pointer, role_pointer};

use crate::failure::Failure;

/// The longest file, in bytes: some ten thousand apps.
const LONGEST: u64 = 4 * 1_024 * 1_024;
/// Values of a file, aliases included.
const MOST_NODES: usize = 200_000;
/// Values that aliases (`*name`) may stand for, in all.
const MOST_REPEATED: usize = 20_000;

/// Where an entry stands in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    file: String,
    line: u64,
    /// The directory of the file.
    base: PathBuf,
}

/// Where the entries of a document stand in files, by where they stand in the document.
#[derive(Debug, Default)]
pub struct Places(BTreeMap<String, Place>);

impl Places {
    /// A problem, and where it is.
    pub fn tell(&self, problem: &Problem) -> String {
        match self.0.get(&problem.pointer) {
            Some(Place { file, line, .. }) => format!("{file}:{line}: {}", problem.detail),
            None => problem.detail.clone(),
        }
    }

    /// Problems, as the failure of the command.
    pub fn failure(&self, problems: &[Problem]) -> Failure {
        let lines: Vec<_> = problems.iter().map(|problem| self.tell(problem)).collect();
        Failure::Refused(lines.join("\n"))
    }

    /// A path, from the file of that entry.
    pub fn resolve(&self, at: &At, path: impl AsRef<Path>) -> PathBuf {
        self.0.get(at.pointer()).map_or_else(|| path.as_ref().to_owned(), |place| place.base.join(&path))
    }
}

/// The lines on which the entries of a document stand.
#[derive(Deserialize)]
struct Lines {
    #[serde(default)]
    orgs: Vec<Spanned<OrgLines>>,
    #[serde(default)]
    apps: Vec<Spanned<IgnoredAny>>,
    #[serde(default)]
    resources: Vec<Spanned<IgnoredAny>>,
    #[serde(default)]
    providers: Vec<Spanned<IgnoredAny>>,
    branding: Option<Spanned<IgnoredAny>>,
}

/// The lines of the roles of an org.
#[derive(Deserialize)]
struct OrgLines {
    #[serde(default)]
    roles: Vec<Spanned<IgnoredAny>>,
}

/// Reads files, as one document; a file named `-` is the standard input.
///
/// # Errors
/// One cannot be read, or is not such a file.
pub fn read_all(paths: &[PathBuf]) -> Result<(Declarations, Places), Failure> {
    let (mut all, mut places) = (Declarations::default(), Places::default());
    for path in paths {
        let (name, base) = if path == Path::new("-") {
            ("standard input".to_owned(), PathBuf::new())
        } else {
            (path.display().to_string(), path.parent().map(Path::to_owned).unwrap_or_default())
        };
        let text = read(path, &name)?;
        for (document, lines) in parse(&name, &text)? {
            let place = |line: u64| Place { file: name.clone(), line, base: base.clone() };
            if let Some(branding) = &lines.branding
                && all.branding.is_some()
            {
                let line = branding.referenced.line();
                return Err(Failure::Refused(format!("{name}:{line}: branding: is declared more than once")));
            }
            places.note(&all, &lines, place);
            all.append(document);
        }
    }
    Ok((all, places))
}

impl Places {
    /// Notes where the entries of a document stand that comes after others.
    fn note(&mut self, before: &Declarations, lines: &Lines, place: impl Fn(u64) -> Place) {
        for (index, org) in lines.orgs.iter().enumerate() {
            let here = pointer("orgs", before.orgs.len() + index);
            for (index, role) in org.value.roles.iter().enumerate() {
                self.0.insert(role_pointer(&here, index), place(role.referenced.line()));
            }
            self.0.insert(here, place(org.referenced.line()));
        }
        let lists = [
            ("apps", before.apps.len(), &lines.apps),
            ("resources", before.resources.len(), &lines.resources),
            ("providers", before.providers.len(), &lines.providers),
        ];
        for (list, first, entries) in lists {
            for (index, entry) in entries.iter().enumerate() {
                self.0.insert(pointer(list, first + index), place(entry.referenced.line()));
            }
        }
        if let Some(branding) = &lines.branding {
            self.0.insert(BRANDING.to_owned(), place(branding.referenced.line()));
        }
    }
}

fn read(path: &Path, name: &str) -> Result<String, Failure> {
    let source: Box<dyn Read> = if path == Path::new("-") {
        Box::new(io::stdin())
    } else {
        Box::new(File::open(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Failure::NotFound(format!("there is no file {name}")),
            _ => Failure::Failed(format!("{name} cannot be read: {error}")),
        })?)
    };
    let mut bytes = Vec::new();
    source
        .take(LONGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::Failed(format!("{name} cannot be read: {error}")))?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > LONGEST {
        return Err(Failure::Refused(format!("{name} is longer than {LONGEST} bytes")));
    }
    String::from_utf8(bytes).map_err(|_| Failure::Refused(format!("{name} is not UTF-8")))
}

/// The documents of a file, and the lines of their entries.
fn parse(name: &str, text: &str) -> Result<Vec<(Declarations, Lines)>, Failure> {
    let documents: Vec<Declarations> = parse_as(name, text)?;
    let lines: Vec<Lines> = parse_as(name, text)?;
    Ok(documents.into_iter().zip(lines).collect())
}

fn parse_as<T: DeserializeOwned>(name: &str, text: &str) -> Result<Vec<T>, Failure> {
    serde_saphyr::from_multiple_with_options(text, options()).map_err(|error| {
        // Without the lines around it, which may hold what is not to be printed.
        let at = error.location().map(|location| format!("{}: ", location.line())).unwrap_or_default();
        let words = error.without_snippet().to_string();
        // What the library tells programmers to set comes after a comma.
        let words = words.lines().next().unwrap_or_default();
        let words = words.split_once(", set DuplicateKeyPolicy").map_or(words, |(said, _)| said);
        Failure::Refused(format!("{name}:{at}{words}"))
    })
}

/// Small limits: a file of declarations needs few aliases, and bombs are made of them.
fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_nodes: MOST_NODES,
            max_events: MOST_NODES * 2,
            max_depth: 32,
            max_documents: 1_000,
            max_aliases: 1_000,
            max_anchors: 1_000,
            max_merge_keys: 1_000,
            max_recorded_anchor_events: MOST_REPEATED,
            max_inclusion_depth: 0,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: MOST_REPEATED,
            max_replay_stack_depth: 8,
        },
        with_snippet: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        match parse("f.yaml", text) {
            Ok(_) => panic!("{text} is accepted"),
            Err(failure) => failure.to_string(),
        }
    }

    #[test]
    fn yaml_and_json_say_the_same_and_documents_add_up() {
        let yaml = "apps:\n  - client_id: shop\n    grant_types: [client_credentials]\n---\norgs:\n- org: bakery\n  roles:\n  - name: Clerk\n";
        let documents = parse("f", yaml).unwrap();
        assert_eq!(documents.len(), 2);
        let (first, second) = (&documents[0].1, &documents[1].1);
        assert_eq!((first.apps[0].referenced.line(), second.orgs[0].referenced.line()), (2, 6));
        assert_eq!(second.orgs[0].value.roles[0].referenced.line(), 8);
        let json = "{\n\t\"apps\": [\n\t\t{\"client_id\": \"shop\", \"require_pkce\": true, \"jwks\": {\"keys\": []}}\n\t]\n}\n";
        let (document, lines) = &parse("f", json).unwrap()[0];
        assert_eq!((document.apps[0].require_pkce, lines.apps[0].referenced.line()), (Some(true), 3));
    }

    #[test]
    fn what_is_misspelt_is_refused_with_its_line_and_no_secret() {
        let said = refused("apps:\n  - client_id: shop\n    client_nme: Shop\n");
        assert!(said.starts_with("f.yaml:3:") && said.contains("client_nme"), "{said}");
        let said = refused("apps:\n  - client_id: shop\n    client_secret: hunter2hunter2\n");
        assert!(said.starts_with("f.yaml:3:") && !said.contains("hunter2"), "{said}");
        assert!(refused("apps: [\n").starts_with("f.yaml:"));
        assert!(refused("apps:\n- client_id: a\n  client_id: b\n").starts_with("f.yaml:3:"));
    }

    #[test]
    fn a_bomb_of_aliases_is_refused() {
        let level = |level: usize| {
            let inner = if level == 0 { "x".to_owned() } else { format!("*a{}", level - 1) };
            format!("  a{level}: &a{level} [{}]\n", vec![inner; 10].join(", "))
        };
        let bomb: String = (0..9).map(level).collect();
        refused(&format!("providers:\n{bomb}"));
        refused(&format!("providers: {}{}", "[".repeat(1_000), "]".repeat(1_000)));
    }
}
