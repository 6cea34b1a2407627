//! Lists as CSV (RFC 4180): read as people's programs write them, and written so that no program runs what is in a cell.

mod read;

pub use read::{CsvProblem, MOST_COLUMNS, MOST_LINES, Row, Table, read};
pub use sigma_platform::csv::{Writer, csv_response};
