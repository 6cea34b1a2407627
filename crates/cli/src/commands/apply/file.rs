//! Files of declarations: YAML, of which JSON is a part.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde_saphyr::{Options, Spanned};

use super::declared::{AppEntry, BrandingEntry, Document, OrgEntry, ProviderEntry, ResourceEntry};
use crate::failure::Failure;

/// The longest file, in bytes: some ten thousand apps.
const LONGEST: u64 = 4 * 1_024 * 1_024;
/// Values of a file, aliases included.
const MOST_NODES: usize = 200_000;
/// Values that aliases (`*name`) may stand for, in all.
const MOST_REPEATED: usize = 20_000;

/// Where an entry stands, for messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    file: String,
    line: u64,
    /// The name of the list, and what the entry names there.
    entry: String,
}

impl Place {
    /// `problem`, and where it is.
    pub fn tell(&self, problem: &str) -> String {
        format!("{}:{}: {}: {problem}", self.file, self.line, self.entry)
    }
}

/// An entry, and where it stands.
pub struct Entry<T> {
    pub at: Place,
    pub value: T,
    /// The directory of its file.
    pub base: PathBuf,
}

/// The entries of all files.
#[derive(Default)]
pub struct Declared {
    pub orgs: Vec<Entry<OrgEntry>>,
    pub providers: Vec<Entry<ProviderEntry>>,
    pub apps: Vec<Entry<AppEntry>>,
    pub resources: Vec<Entry<ResourceEntry>>,
    /// How the server looks: one, if all is well.
    pub branding: Vec<Entry<BrandingEntry>>,
}

/// Reads files; a file named `-` is the standard input.
///
/// # Errors
/// One cannot be read, or is not such a file.
pub fn read_all(paths: &[PathBuf]) -> Result<Declared, Failure> {
    let mut declared = Declared::default();
    for path in paths {
        let (name, base) = if path == Path::new("-") {
            ("standard input".to_owned(), PathBuf::new())
        } else {
            (path.display().to_string(), path.parent().map(Path::to_owned).unwrap_or_default())
        };
        let text = read(path, &name)?;
        declared.add(&name, &base, parse(&name, &text)?);
    }
    Ok(declared)
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

fn parse(name: &str, text: &str) -> Result<Vec<Document>, Failure> {
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

impl Declared {
    fn add(&mut self, file: &str, base: &Path, documents: Vec<Document>) {
        for document in documents {
            let entry = |list: &str, name: &str| format!("{list} {name}");
            let list = |list, name: &str, line| Place { file: file.to_owned(), line, entry: entry(list, name) };
            self.orgs.extend(document.orgs.into_iter().map(|Spanned { value, referenced, .. }| Entry {
                at: list("org", &value.org, referenced.line()),
                value,
                base: base.to_owned(),
            }));
            self.branding.extend(document.branding.into_iter().map(|Spanned { value, referenced, .. }| Entry {
                at: Place { file: file.to_owned(), line: referenced.line(), entry: "branding".to_owned() },
                value,
                base: base.to_owned(),
            }));
            self.apps.extend(document.apps.into_iter().map(|Spanned { value, referenced, .. }| Entry {
                at: list("app", &value.client_id, referenced.line()),
                value,
                base: base.to_owned(),
            }));
            self.providers.extend(document.providers.into_iter().map(|Spanned { value, referenced, .. }| Entry {
                at: list("provider", &value.id, referenced.line()),
                value,
                base: base.to_owned(),
            }));
            self.resources.extend(document.resources.into_iter().map(|Spanned { value, referenced, .. }| Entry {
                at: list("resource", &value.uri, referenced.line()),
                value,
                base: base.to_owned(),
            }));
        }
    }
}

impl Place {
    /// The place of a role, below that of its workspace.
    pub fn of_role(&self, name: &str, line: u64) -> Self {
        Self { line, entry: format!("{}, role {name}", self.entry), ..self.clone() }
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
        assert_eq!((documents[0].apps[0].referenced.line(), documents[1].orgs[0].referenced.line()), (2, 6));
        assert_eq!(documents[1].orgs[0].value.roles[0].referenced.line(), 8);
        let json = "{\n\t\"apps\": [\n\t\t{\"client_id\": \"shop\", \"require_pkce\": true, \"jwks\": {\"keys\": []}}\n\t]\n}\n";
        let document = &parse("f", json).unwrap()[0];
        assert_eq!((document.apps[0].value.require_pkce, document.apps[0].referenced.line()), (Some(true), 3));
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
