//! No text stands outside the catalogues, neither in a template nor in the code of a page, and no style supposes that people
//! read from left to right.

use std::fs;
use std::path::{Path, PathBuf};

/// What people read in a template, although it is the same in every language: names, units, and the start of an address.
const SAME_EVERYWHERE: [&str; 5] = ["Entra ID", "https://", "ms", "Ed25519", "HMAC-SHA256"];

/// The attributes that people read, or hear.
const READ: [&str; 5] = ["aria-label", "aria-description", "title", "placeholder", "alt"];

/// The rooms whose code makes pages; elsewhere there are messages of the API, which are English.
const ROOMS: [&str; 10] = [
    "platform/src/interaction/stopped.rs",
    "platform/src/pages",
    "workspace/src/pages",
    "merits/src/pages",
    "console/src/pages",
    "server/src/account",
    "server/src/backup/pages",
    "server/src/developers/pages.rs",
    "server/src/oauth/view",
    "server/src/front_door",
];

/// Files of these rooms whose sentences no page shows: they answer a script, describe the API, or name systems.
const ANSWER_SCRIPTS: [&str; 5] =
    ["account/key.rs", "provider/callback.rs", "merits/src/pages/form.rs", "org/send_files.rs", "pages/view/device.rs"];

/// The answer if a page cannot be rendered.
const WITHOUT_PAGE: &str = "The page could not be made.";

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The files below a path that end in `extension`.
fn files(path: &Path, extension: &str, all: &mut Vec<PathBuf>) {
    if path.is_file() {
        all.extend(path.extension().is_some_and(|it| it == extension).then(|| path.to_owned()));
        return;
    }
    for entry in fs::read_dir(path).into_iter().flatten() {
        files(&entry.unwrap().path(), extension, all);
    }
}

/// `source` without what lies between `start` and `end`, which is returned too.
fn split_out(source: &str, start: &str, end: &str) -> (String, Vec<String>) {
    let (mut rest, mut kept, mut cut) = (source, String::new(), Vec::new());
    while let Some((before, inner)) = rest.split_once(start) {
        kept.push_str(before);
        let (inner, after) = inner.split_once(end).unwrap_or((inner, ""));
        cut.push(inner.to_owned());
        rest = after;
    }
    kept.push_str(rest);
    (kept, cut)
}

/// Whether it is something to read, once the names that are the same everywhere are gone.
fn is_text(text: &str) -> bool {
    let text = SAME_EVERYWHERE.into_iter().fold(text.to_owned(), |text, name| text.replace(name, ""));
    // A single letter, as the icon of a person, is none.
    text.split(|letter: char| !letter.is_alphabetic()).any(|word| word.chars().count() > 1)
}

/// The string literals of code that begin as a sentence or a heading does.
fn literals(code: &str) -> Vec<String> {
    let (_, literals) = split_out(code, "\"", "\"");
    let begins = |text: &String| {
        let mut letters = text.chars();
        letters.next().is_some_and(char::is_uppercase) && letters.next().is_some_and(char::is_lowercase)
    };
    literals.into_iter().filter(begins).collect()
}

/// What a template says by itself.
fn said(template: &str) -> Vec<String> {
    let (source, _) = split_out(template, "{#", "#}");
    let (source, _) = split_out(&source, "{% block body_class %}", "{% endblock %}");
    let (source, tags) = split_out(&source, "{%", "%}");
    let (source, expressions) = split_out(&source, "{{", "}}");
    let (source, _) = split_out(&source, "<pre", "</pre>");
    let (source, _) = split_out(&source, "<code", "</code>");
    let mut all: Vec<String> = tags.iter().chain(&expressions).flat_map(|code| literals(code)).collect();
    let (_, markup) = split_out(&source, "<", ">");
    all.extend(source.split('>').filter_map(|after| after.split('<').next()).map(str::trim).map(str::to_owned));
    for tag in markup {
        let is_button = tag.contains("type=\"submit\"") && tag.starts_with("input");
        for attribute in READ.into_iter().chain(is_button.then_some("value")) {
            let value = tag.split_once(&format!(" {attribute}=\"")).and_then(|(_, rest)| rest.split('"').next());
            all.extend(value.map(str::to_owned));
        }
    }
    all.retain(|text| is_text(text));
    all
}

#[test]
fn a_template_says_nothing_by_itself() {
    let (mut templates, mut found) = (Vec::new(), Vec::new());
    files(&crates(), "html", &mut templates);
    templates.retain(|path| path.components().any(|part| part.as_os_str() == "templates"));
    assert!(templates.len() > 50, "{templates:?}");
    for path in templates {
        let template = fs::read_to_string(&path).unwrap();
        found.extend(said(&template).into_iter().map(|text| format!("{}: {text}", path.display())));
    }
    assert!(found.is_empty(), "{} texts are outside of the catalogues:\n{}", found.len(), found.join("\n"));
}

#[test]
fn the_code_of_a_page_says_nothing_by_itself() {
    let mut found = Vec::new();
    for room in ROOMS {
        let mut sources = Vec::new();
        files(&crates().join(room), "rs", &mut sources);
        assert!(!sources.is_empty(), "there is no {room}");
        sources.retain(|path| !path.ends_with("tests.rs") && !ANSWER_SCRIPTS.iter().any(|other| path.ends_with(other)));
        for path in sources {
            let source = fs::read_to_string(&path).unwrap();
            let code = source.split("#[cfg(test)]").next().unwrap();
            let lines = code.lines().map(str::trim).filter(|line| {
                // Comments and attributes; what is logged, or answered to a script; a message of the API that has a key.
                !["//", "#[", "tracing::"].iter().any(|start| line.starts_with(start))
                    && !["ApiError::", "internal(", "reason =", "\" => \""].iter().any(|part| line.contains(part))
            });
            let said = lines.flat_map(literals);
            let said = said.filter(|text| text.trim_end_matches('\\').trim().contains(' ') && text != WITHOUT_PAGE);
            found.extend(said.map(|text| format!("{}: {text}", path.display())));
        }
    }
    assert!(found.is_empty(), "{} texts are outside of the catalogues:\n{}", found.len(), found.join("\n"));
}

#[test]
fn the_search_finds_what_people_read() {
    let texts = |template| said(template).join("|");
    assert_eq!(
        texts("<p class=\"lede\">Hello {{ name }}</p><b>{{ context.text(\"its-key\") }}</b> · <i>A</i>"),
        "Hello"
    );
    assert_eq!(texts("{# Why #}<input placeholder=\"Full address\" name=\"email\">"), "Full address");
    assert_eq!(texts("<nav aria-label=\"{{ context.text(\"pages\") }}\"><pre>curl it</pre></nav>"), "");
    assert_eq!(texts("{% if a > b %}{% call field(\"name\", \"Your name\") %}{% endcall %}{% endif %}"), "Your name");
    assert_eq!(texts("<input type=\"submit\" value=\"Save\"><input type=\"hidden\" value=\"save\">"), "Save");
}

#[test]
fn styles_name_no_side_that_another_direction_of_writing_swaps() {
    /// What is written there belongs to one direction.
    const ONE_DIRECTION: &str = "direction.css";
    let sides = ["left", "right"].map(|side| {
        let properties = ["", "margin-", "padding-", "border-"].map(|start| format!("{start}{side}:"));
        let values = ["text-align", "float", "clear"].map(|property| format!("{property}: {side}"));
        properties.into_iter().chain(values).chain([format!("border-{side}-"), format!("-{side}-radius")])
    });
    let sides: Vec<_> = sides.into_iter().flatten().collect();
    let (mut styles, mut found) = (Vec::new(), Vec::new());
    files(&crates().join("../web/style"), "css", &mut styles);
    assert!(styles.len() > 10, "{styles:?}");
    for path in styles.into_iter().filter(|path| !path.ends_with(ONE_DIRECTION)) {
        let style = fs::read_to_string(&path).unwrap();
        let lines = style.lines().filter(|line| {
            let line = line.trim();
            sides
                .iter()
                .any(|side| line.starts_with(side.as_str()) || (side.ends_with("-radius") && line.contains(side)))
        });
        found.extend(lines.map(|line| format!("{}: {}", path.display(), line.trim())));
        // Four values: those of the right and the left differ.
        let boxes = style.lines().map(str::trim).filter_map(|line| line.split_once(": "));
        let boxes = boxes.filter(|(property, _)| ["margin", "padding", "inset"].contains(property));
        let uneven = boxes.filter(|(_, value)| {
            let values: Vec<_> = value.trim_end_matches(';').split(' ').collect();
            values.len() == 4 && values.get(1) != values.get(3)
        });
        found.extend(uneven.map(|(property, value)| format!("{}: {property}: {value}", path.display())));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
