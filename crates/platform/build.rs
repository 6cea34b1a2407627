//! Embeds what `web/` builds: reads `web/dist/manifest.json` and writes one constant per asset that templates name, and
//! the table of them all by hashed file name, compressed.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufReader, copy};
use std::path::{Path, PathBuf};
use std::{env, fs};

use flate2::Compression;
use flate2::write::GzEncoder;

fn main() -> Result<(), Box<dyn Error>> {
    let dist = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../../web/dist");
    let manifest = dist.join("manifest.json");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={}", manifest.display());
    let Ok(text) = fs::read_to_string(&manifest) else {
        println!(
            "cargo::error=The pages' styles and scripts are not built (web/dist is missing): run `make web` first."
        );
        return Ok(());
    };
    let files: BTreeMap<String, String> = serde_json::from_str(&text)?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("assets.rs"), generate(&dist, &out, &files)?)?;
    Ok(())
}

/// The Rust source: `STYLE_CSS` and its like hold paths to link to, `ASSETS` the bytes. Chunks that only other
/// scripts load have no constant: their name is their key in the manifest.
fn generate(dist: &Path, out: &Path, files: &BTreeMap<String, String>) -> Result<String, Box<dyn Error>> {
    let mut source = String::new();
    for (name, file) in files.iter().filter(|(name, file)| name != file) {
        let constant = name.to_uppercase().replace(['-', '.'], "_");
        writeln!(source, "/// Where `{name}` is served.\npub const {constant}: &str = \"/assets/{file}\";")?;
    }
    writeln!(source, "\nstatic ASSETS: &[Asset] = &[")?;
    for file in files.values() {
        let content_type = content_type(file).ok_or_else(|| format!("no content type is known for {file}"))?;
        let compressed = out.join(format!("{file}.gz"));
        let mut gzip = GzEncoder::new(File::create(&compressed)?, Compression::best());
        copy(&mut BufReader::new(File::open(dist.join(file))?), &mut gzip)?;
        gzip.finish()?;
        let path = compressed.to_str().ok_or("the path of the build is not UTF-8")?;
        writeln!(
            source,
            "    Asset {{ file: {file:?}, content_type: {content_type:?}, gzip: include_bytes!({path:?}) }},"
        )?;
    }
    writeln!(source, "];")?;
    Ok(source)
}

fn content_type(file: &str) -> Option<&'static str> {
    match Path::new(file).extension()?.to_str()? {
        "css" => Some("text/css; charset=utf-8"),
        "js" => Some("text/javascript; charset=utf-8"),
        "svg" => Some("image/svg+xml"),
        "txt" => Some("text/plain; charset=utf-8"),
        _ => None,
    }
}
