//! Files for spreadsheets (RFC 4180), which would run a cell that begins like a formula.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use csv::{QuoteStyle, Terminator, WriterBuilder};
use http::header;

/// A file to be downloaded.
pub fn csv_response(name: &str, content: impl Into<Body>) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, disposition.as_str()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
    ];
    (headers, content.into()).into_response()
}

/// Writes a file, line by line. It begins with a byte order mark, without which spreadsheets do not read UTF-8.
pub struct Writer(csv::Writer<Vec<u8>>);

impl Writer {
    /// A file whose columns have these names.
    pub fn new(headers: &[&str]) -> Self {
        let mut writer = Self(
            WriterBuilder::new()
                .flexible(true)
                .terminator(Terminator::CRLF)
                .quote_style(QuoteStyle::Necessary)
                .from_writer("\u{feff}".as_bytes().to_vec()),
        );
        writer.line(headers.iter().copied());
        writer
    }

    /// Adds a line. What would be a formula becomes text.
    pub fn line<'a>(&mut self, cells: impl IntoIterator<Item = &'a str>) {
        // Writing to memory does not fail.
        let written = self.0.write_record(cells.into_iter().map(neutral));
        debug_assert!(written.is_ok());
    }

    /// What was written since the last call.
    pub fn take(&mut self) -> Vec<u8> {
        let flushed = self.0.flush();
        debug_assert!(flushed.is_ok());
        let empty = WriterBuilder::new()
            .flexible(true)
            .terminator(Terminator::CRLF)
            .quote_style(QuoteStyle::Necessary)
            .from_writer(Vec::new());
        std::mem::replace(&mut self.0, empty).into_inner().unwrap_or_default()
    }

    /// The rest of the file.
    pub fn finish(mut self) -> Vec<u8> {
        self.take()
    }
}

/// The cell as text: a spreadsheet takes what begins with one of these for a formula, and an apostrophe says that it is none.
/// One whose lists are separated otherwise, as in most of Europe, does not see our quotation marks, and begins cells within
/// this one: what follows a separator or a line break is a beginning too.
fn neutral(cell: &str) -> String {
    let mut neutral = String::with_capacity(cell.len() + 1);
    // The rest of the cell after a beginning: spaces and quotation marks do not hide a formula.
    let begins_formula =
        |rest: &str| rest.trim_start_matches([' ', '"']).starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    if begins_formula(cell) || cell.trim_start_matches(' ').starts_with(['\t', '\r', '\n']) {
        neutral.push('\'');
    }
    for (at, letter) in cell.char_indices() {
        neutral.push(letter);
        let rest = cell.get(at..).and_then(|rest| rest.get(letter.len_utf8()..)).unwrap_or_default();
        if matches!(letter, ';' | ',' | '|' | '\t' | '\r' | '\n') && begins_formula(rest) {
            neutral.push('\'');
        }
    }
    neutral
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_become_text() {
        let mut writer = Writer::new(&["name", "value"]);
        for formula in ["=1+1", "+49 30", "-2", "@SUM(A1)", "\t=1", " =cmd|' /C calc'!A0", "＝1"] {
            writer.line([formula, "plain = text"]);
        }
        let text = String::from_utf8(writer.finish()).unwrap();
        let expected = "\u{feff}name,value\r\n'=1+1,plain = text\r\n'+49 30,plain = text\r\n'-2,plain = text\r\n\
                        '@SUM(A1),plain = text\r\n'\t'=1,plain = text\r\n' =cmd|' /C calc'!A0,plain = text\r\n'＝1,plain = text\r\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_formula_behind_a_separator_or_a_line_break_becomes_text() {
        for (cell, expected) in [
            ("x;=cmd|' /C calc'!A0", "x;'=cmd|' /C calc'!A0"),
            ("x; \"@SUM(A1)", "x;' \"@SUM(A1)"),
            ("one\n=1+1", "one\n'=1+1"),
            ("one\r\n+1", "one\r\n'+1"),
            ("a\t-1;b", "a\t'-1;b"),
            ("\"=1", "'\"=1"),
            ("a, b; c = d", "a, b; c = d"),
            ("ä;ö", "ä;ö"),
        ] {
            assert_eq!(neutral(cell), expected);
        }
    }

    #[test]
    fn a_file_can_be_taken_in_pieces() {
        let mut writer = Writer::new(&["a"]);
        let mut whole = writer.take();
        writer.line(["one, two"]);
        whole.extend(writer.take());
        writer.line(["\"three\""]);
        whole.extend(writer.finish());
        assert_eq!(String::from_utf8(whole).unwrap(), "\u{feff}a\r\n\"one, two\"\r\n\"\"\"three\"\"\"\r\n");
    }
}
