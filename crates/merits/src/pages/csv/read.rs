//! Reading: with or without a byte order mark, separated by commas, semicolons or tabs, quoted or not, any line ends.

use csv::{ByteRecord, ReaderBuilder};

/// The most lines of a list, without the one that names the columns.
pub const MOST_LINES: usize = 20_000;
/// The most columns.
pub const MOST_COLUMNS: usize = 60;
/// The most characters of a cell that are kept: more than any field takes, so that what is too long is refused as such.
const LONGEST_CELL: usize = 6_000;
/// The most characters of a column's name that are kept: a page repeats it for every field, and no field has a longer one.
const LONGEST_HEADER: usize = 100;

/// A list: the names of its columns, and its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The names of the columns.
    pub headers: Vec<String>,
    /// The lines, each with its number in the file.
    pub rows: Vec<Row>,
}

/// A line of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The line of the file on which it begins, from 1.
    pub line: u64,
    cells: Vec<String>,
}

impl Row {
    /// The cell of a column; empty if the line is too short.
    pub fn cell(&self, column: usize) -> &str {
        self.cells.get(column).map_or("", String::as_str)
    }
}

/// Why a file is no list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CsvProblem {
    /// It is empty.
    Empty,
    /// It has a line of names and nothing else.
    NoRows,
    /// It is not UTF-8, or holds a NUL.
    NotText,
    /// It has more than [`MOST_LINES`].
    TooManyLines,
    /// It has more than [`MOST_COLUMNS`].
    TooManyColumns,
    /// A quotation mark does not end, or something follows it.
    Broken {
        /// The line.
        line: u64,
    },
}

/// The list in a file.
///
/// # Errors
/// [`CsvProblem`]
pub fn read(file: &[u8]) -> Result<Table, CsvProblem> {
    let text = std::str::from_utf8(file).map_err(|_| CsvProblem::NotText)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.contains('\0') {
        return Err(CsvProblem::NotText);
    }
    if text.trim().is_empty() {
        return Err(CsvProblem::Empty);
    }
    if let Some(line) = unfinished_quote(text) {
        return Err(CsvProblem::Broken { line });
    }
    let mut reader =
        ReaderBuilder::new().has_headers(false).flexible(true).delimiter(separator(text)).from_reader(text.as_bytes());
    let mut headers: Option<Vec<String>> = None;
    let mut rows = Vec::new();
    let mut record = ByteRecord::new();
    let mut lines = Lines::new(text);
    loop {
        let is_there = reader.read_byte_record(&mut record);
        if !is_there.map_err(|_| CsvProblem::Broken { line: reader.position().line() })? {
            break;
        }
        if record.len() > MOST_COLUMNS {
            return Err(CsvProblem::TooManyColumns);
        }
        let longest = if headers.is_some() { LONGEST_CELL } else { LONGEST_HEADER };
        let cells: Vec<String> = record.iter().map(|bytes| cell(bytes, longest)).collect();
        // Programs leave lines of separators at the end.
        if cells.iter().all(String::is_empty) {
            continue;
        }
        if headers.is_none() {
            headers = Some(cells);
            continue;
        }
        if rows.len() == MOST_LINES {
            return Err(CsvProblem::TooManyLines);
        }
        let begins_at = record.position().map_or(0, csv::Position::byte);
        rows.push(Row { line: lines.of(usize::try_from(begins_at).unwrap_or(usize::MAX)), cells });
    }
    let headers = headers.ok_or(CsvProblem::Empty)?;
    if rows.is_empty() { Err(CsvProblem::NoRows) } else { Ok(Table { headers, rows }) }
}

/// Counts lines, whatever ends them. The reader does so as well, but puts a record behind CRLF on the line before.
struct Lines<'a> {
    rest: &'a [u8],
    passed: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    const fn new(text: &'a str) -> Self {
        Self { rest: text.as_bytes(), passed: 0, line: 1 }
    }

    /// The line of the first character at or after `offset` that ends none. Offsets only grow.
    fn of(&mut self, offset: usize) -> u64 {
        while let Some((byte, rest)) = self.rest.split_first() {
            let ends_line = *byte == b'\n' || (*byte == b'\r' && rest.first() != Some(&b'\n'));
            if self.passed >= offset && !matches!(byte, b'\r' | b'\n') {
                break;
            }
            self.line += u64::from(ends_line);
            self.passed += 1;
            self.rest = rest;
        }
        self.line
    }
}

fn cell(bytes: &[u8], longest: usize) -> String {
    String::from_utf8_lossy(bytes).trim().chars().take(longest).collect()
}

/// What separates the cells: the candidate that occurs most often in the first line, outside of quotation marks.
fn separator(text: &str) -> u8 {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let mut counts = [(b',', 0_usize), (b';', 0), (b'\t', 0)];
    let mut quoted = false;
    for byte in first.bytes() {
        if byte == b'"' {
            quoted = !quoted;
        } else if !quoted {
            for (_, count) in counts.iter_mut().filter(|(candidate, _)| *candidate == byte) {
                *count += 1;
            }
        }
    }
    // Of equal counts the first one wins.
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(candidate, _)| *candidate)
}

/// The line of a quotation mark that does not end: all that follows would be one cell.
fn unfinished_quote(text: &str) -> Option<u64> {
    let (mut line, mut opened) = (1_u64, None);
    for letter in text.chars() {
        match letter {
            '"' => opened = if opened.is_some() { None } else { Some(line) },
            '\n' => line += 1,
            _ => {}
        }
    }
    opened
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rows(table: &Table) -> Vec<Vec<String>> {
        let columns = table.headers.len();
        table.rows.iter().map(|row| (0..columns).map(|column| row.cell(column).to_owned()).collect()).collect()
    }

    #[test]
    fn lists_are_read_as_programs_write_them() {
        let expected = vec![vec!["ada@example.org".to_owned(), "Ada, \"the\" first\nof her name".to_owned()]];
        for text in [
            "email,name\nada@example.org,\"Ada, \"\"the\"\" first\nof her name\"\n",
            "\u{feff}email,name\r\nada@example.org,\"Ada, \"\"the\"\" first\nof her name\"\r\n\r\n,\r\n",
            "email;name\n ada@example.org ;\"Ada, \"\"the\"\" first\nof her name\"",
            "email\tname\nada@example.org\t\"Ada, \"\"the\"\" first\nof her name\"",
        ] {
            let table = read(text.as_bytes()).unwrap();
            assert_eq!(
                (table.headers.as_slice(), rows(&table)),
                (["email", "name"].map(str::to_owned).as_slice(), expected.clone())
            );
        }
    }

    #[test]
    fn lines_keep_their_number_and_may_be_too_short_or_too_long() {
        let file = "a,b\n\n1\n2,3,4\n\"5\n6\",7\n8,9";
        for text in [file.to_owned(), file.replace('\n', "\r\n"), file.replace('\n', "\r")] {
            let table = read(text.as_bytes()).unwrap();
            assert_eq!(table.rows.iter().map(|row| row.line).collect::<Vec<_>>(), [3, 4, 5, 7], "{text:?}");
        }
        let table = read(file.as_bytes()).unwrap();
        let first = &table.rows[0];
        assert_eq!((first.cell(0), first.cell(1), first.cell(9)), ("1", "", ""));
        assert_eq!(table.rows[1].cell(2), "4");
    }

    #[test]
    fn what_is_no_list_is_told_apart() {
        for (file, problem) in [
            (&b""[..], CsvProblem::Empty),
            (b" \r\n", CsvProblem::Empty),
            (b"email,name\n", CsvProblem::NoRows),
            (b"email\n\xff\xfe\n", CsvProblem::NotText),
            (b"\xff\xfee\0m\0", CsvProblem::NotText),
            (b"PK\x03\x04\0", CsvProblem::NotText),
            (b"email,name\nada,\"Ada\nben,Ben\n", CsvProblem::Broken { line: 2 }),
        ] {
            assert_eq!(read(file), Err(problem), "{file:?}");
        }
        assert_eq!(read("a,".repeat(61).as_bytes()), Err(CsvProblem::TooManyColumns));
        assert_eq!(read(format!("a\n{}", "b\n".repeat(20_001)).as_bytes()), Err(CsvProblem::TooManyLines));
        assert!(read(format!("a\n{}", "b\n".repeat(20_000)).as_bytes()).is_ok());
    }

    #[test]
    fn names_of_columns_and_cells_are_cut() {
        let long = "x".repeat(10_000);
        let table = read(format!("{long},b\n{long},c").as_bytes()).unwrap();
        assert_eq!((table.headers[0].len(), table.rows[0].cell(0).len()), (LONGEST_HEADER, LONGEST_CELL));
    }

    proptest! {
        #[test]
        fn no_file_breaks_the_reader(file in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(table) = read(&file) {
                prop_assert!(!table.rows.is_empty() && table.headers.len() <= MOST_COLUMNS);
            }
        }

        #[test]
        fn what_we_write_is_read_back(cells in prop::collection::vec("([a-zA-Z,;\"äß][a-zA-Z ,;\"äß\n]{0,12})?", 2..5)) {
            let mut writer = super::super::Writer::new(&["one", "two"]);
            writer.line(cells.iter().map(String::as_str));
            let table = read(&writer.finish()).ok().filter(|_| cells.iter().any(|cell| !cell.trim().is_empty()));
            if let Some(table) = table {
                for (column, cell) in cells.iter().enumerate() {
                    prop_assert_eq!(table.rows[0].cell(column), cell.trim());
                }
            }
        }
    }
}
