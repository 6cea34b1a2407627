//! The Playground's files, embedded by the build script from `web/dist/playground`.

/// One file of the Playground.
#[derive(Clone, Copy, Debug)]
pub struct Embedded {
    /// Its name, `app.js`.
    pub name: &'static str,
    /// Its media type.
    pub content_type: &'static str,
    /// The content.
    pub bytes: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/playground.rs"));

/// The file of that name.
pub fn find(name: &str) -> Option<&'static Embedded> {
    FILES.iter().find(|file| file.name == name)
}
