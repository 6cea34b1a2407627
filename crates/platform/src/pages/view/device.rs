//! Names of browsers.

use crate::i18n::Language;

/// The browser and system of a `User-Agent` in a few words: "Chrome on Android".
pub fn name(agent: &str) -> String {
    name_in(Language::English, agent)
}

/// The same in that language.
pub fn name_in(language: Language, agent: &str) -> String {
    let first =
        |names: &[(&str, &'static str)]| names.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name);
    // Order matters: every browser also claims to be its predecessors.
    let browser = first(&[
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ]);
    let system = first(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => {
            language.text("device-name").with("browser", browser).with("system", system).to_string()
        }
        (Some(only), None) | (None, Some(only)) => only.to_owned(),
        (None, None) => language.text("device-name-unknown").to_string(),
    }
}
