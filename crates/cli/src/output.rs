//! Command output: text, or one JSON value on standard output with `--json`.

use std::io;

use serde::Serialize;

use crate::failure::Failure;
use crate::style::Style;
use crate::terminal::{self, one_line};

/// The destination and format of output.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// One JSON value instead of text.
    pub json: bool,
}

impl Output {
    /// Prints `value` as JSON, or as the text made by `text`.
    pub fn answer<T: Serialize>(self, value: &T, text: impl FnOnce(&T) -> String) -> Result<(), Failure> {
        if self.json {
            let json = serde_json::to_string_pretty(value).map_err(|error| Failure::Failed(error.to_string()))?;
            return print(&json);
        }
        print(text(value).trim_end())
    }
}

/// Prints one or more lines. A closed pipe (`sigma app list | head -1`) is not a failure.
pub fn print(text: &str) -> Result<(), Failure> {
    print_on(text).map(drop)
}

/// Prints one line or more; whether anybody still reads.
pub fn print_on(text: &str) -> Result<bool, Failure> {
    match terminal::write_out(text) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Failure::Failed(format!("cannot write to standard output: {error}"))),
    }
}

/// Aligns rows in columns; the last column is not padded.
pub fn table<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> String {
    let rows: Vec<[String; N]> =
        rows.iter().map(|row| row.each_ref().map(|cell| one_line(cell).into_owned())).collect();
    let mut widths = head.map(|title| title.chars().count());
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: &[String; N]| {
        let padded: Vec<String> = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        padded.join("  ").trim_end().to_owned()
    };
    let mut lines = vec![Style::Bold.on(&line(&head.map(str::to_owned)))];
    lines.extend(rows.iter().map(line));
    lines.join("\n")
}

/// Names and values, one per line, the values aligned. Empty values are omitted.
pub fn fields(entries: &[(&str, String)]) -> String {
    let shown = || entries.iter().filter(|(_, value)| !value.is_empty());
    let width = shown().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    let indent = format!("\n{:width$}  ", "");
    let lines: Vec<String> =
        shown().map(|(name, value)| format!("{name:width$}  {}", value.replace('\n', &indent))).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::style;

    #[test]
    fn a_table_pads_every_column_but_the_last() {
        let rows = [["a".to_owned(), "1".to_owned()], ["longer".to_owned(), "2".to_owned()]];
        assert_eq!(style::shown(&table(["ID", "N"], &rows), false), "ID      N\na       1\nlonger  2");
    }

    #[test]
    fn a_cell_cannot_forge_a_line() {
        let rows = [["a\n2026 user.sign_in".to_owned(), "1\u{1b}c".to_owned()]];
        let shown = table(["ID", "N"], &rows);
        assert_eq!(shown.lines().count(), 2, "{shown}");
        assert!(shown.chars().all(|char| char == '\n' || !char.is_control()), "{shown}");
    }

    #[test]
    fn fields_without_a_value_are_left_out_and_long_ones_hang() {
        let entries = [("id", "x".to_owned()), ("none", String::new()), ("uris", "a\nb".to_owned())];
        assert_eq!(fields(&entries), "id    x\nuris  a\n      b");
    }
}
