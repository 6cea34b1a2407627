//! Embeds the Playground: every file of `web/dist/playground`. Without them the program builds, and `sigma demo` says
//! what to do.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let dist = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../../web/dist/playground");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={}", dist.display());
    let mut source = String::from("/// Every file, by name.\nconst FILES: &[Embedded] = &[\n");
    for path in files(&dist)? {
        let name = path.file_name().and_then(|name| name.to_str()).ok_or("a file name that is no text")?;
        let content_type = content_type(name).ok_or_else(|| format!("no content type is known for {name}"))?;
        writeln!(
            source,
            "    Embedded {{ name: {name:?}, content_type: {content_type:?}, bytes: include_bytes!({:?}) }},",
            path.to_str().ok_or("a path that is no text")?
        )?;
    }
    source.push_str("];\n");
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("playground.rs"), source)?;
    Ok(())
}

/// The files of the Playground in order; none if it was not built.
fn files(dist: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let Ok(dist) = dist.canonicalize() else { return Ok(Vec::new()) };
    let mut paths = fs::read_dir(dist)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?;
    paths.sort();
    Ok(paths)
}

fn content_type(name: &str) -> Option<&'static str> {
    match Path::new(name).extension()?.to_str()? {
        "html" => Some("text/html; charset=utf-8"),
        "css" => Some("text/css; charset=utf-8"),
        "js" => Some("text/javascript; charset=utf-8"),
        "svg" => Some("image/svg+xml"),
        "txt" => Some("text/plain; charset=utf-8"),
        _ => None,
    }
}
