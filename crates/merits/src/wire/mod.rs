//! What this surface reads and writes: bodies, queries, ids, pages, and objects as clients see them.

pub mod body;
pub mod field;
pub mod ids;
pub mod issuer;
pub mod merit;
pub mod paging;
pub mod permission;
pub mod recipient;
pub mod template;
