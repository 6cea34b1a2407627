//! What is around the pages about one matter of an org.

/// The org of a page below its own.
#[derive(Clone, Debug)]
pub struct OrgPart {
    /// Its name.
    pub name: String,
    /// Its page.
    pub back: String,
    /// The path of the page, to which its forms post.
    pub path: String,
    /// Whether forms are shown.
    pub may_change: bool,
    /// Where the viewer proves first who they are, unless they just did.
    pub confirm_url: Option<String>,
}
