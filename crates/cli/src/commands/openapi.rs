//! `sigma openapi`: the description of every endpoint, made from the handlers.

use crate::failure::Failure;
use crate::output::print as print_text;

/// Prints the document; it is JSON with or without `--json`.
pub fn print() -> Result<(), Failure> {
    print_text(sigma_server::openapi())
}
