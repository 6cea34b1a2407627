//! Lists that are paged by key: one more than the page is read, to learn whether there is a next one.

/// Entries on one page, unless a caller of the API wants another number.
pub const LENGTH: u32 = 50;

/// How many are read for a page of `length`.
pub const fn one_more(length: u32) -> u32 {
    length.saturating_add(1)
}

/// The page of what was found, and the key of its last entry if there is a next one.
pub fn page_of<T>(mut found: Vec<T>, length: u32, key: impl Fn(&T) -> String) -> (Vec<T>, Option<String>) {
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let is_more = found.len() > length;
    found.truncate(length);
    let next = found.last().filter(|_| is_more).map(key);
    (found, next)
}
