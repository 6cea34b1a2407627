//! The policies that pages share. Errors are shown as pages to browsers, and programs get them as JSON.

use crate::error::API;
use crate::http::Policy;
use crate::http::policy::{Cookies, ErrorPages, Limit};

/// A page.
pub const PAGE: Policy = Policy { error_pages: ErrorPages::ForBrowsers, ..API };
/// A form that signs in or changes something: only our own pages may send it. Those that act by a mailed link, which
/// cannot be guessed, do not count their failures.
pub const FORM: Policy = Policy { cookies: Cookies::OwnForm, ..PAGE };
/// Takes a password, which the handler counts.
pub const PASSWORD_FORM: Policy = Policy { limit: Limit::Elsewhere, ..FORM };
