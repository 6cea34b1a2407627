//! A body of lines, of which never more than one and the piece that just arrived are held.

use sigma_core::people::{ImportedPerson, LONGEST_LINE};

/// The lines of the pieces that were pushed.
#[derive(Debug, Default)]
pub struct Lines {
    held: Vec<u8>,
    /// Where the next line begins in `held`.
    at: usize,
    /// Whether the rest of a line that is too long is skipped.
    is_skipping: bool,
    number: u64,
}

/// A line that is not empty: a person, or why they cannot be taken.
#[derive(Debug)]
pub struct Line {
    /// From 1.
    pub number: u64,
    /// Its length in bytes.
    pub length: usize,
    pub person: Result<ImportedPerson, String>,
}

impl Lines {
    /// Lines so far.
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// Adds a piece. The lines before it have been taken.
    pub fn push(&mut self, piece: &[u8]) {
        self.held.drain(..self.at);
        self.at = 0;
        self.held.extend_from_slice(piece);
    }

    /// Ends the last line. Returns whether there was one without a line break.
    pub fn finish(&mut self) -> bool {
        let is_open = self.at < self.held.len() || self.is_skipping;
        if is_open {
            self.held.push(b'\n');
        }
        is_open
    }

    /// The next line; `None` if more has to be pushed first. Empty ones are counted and skipped.
    pub fn take(&mut self) -> Option<Line> {
        loop {
            let rest = self.held.get(self.at..).unwrap_or_default();
            let Some(length) = rest.iter().position(|byte| *byte == b'\n') else {
                if rest.len() > LONGEST_LINE && !self.is_skipping {
                    self.is_skipping = true;
                    self.held.clear();
                    self.at = 0;
                    return Some(self.too_long());
                }
                if self.is_skipping {
                    self.held.clear();
                    self.at = 0;
                }
                return None;
            };
            let line = rest.get(..length).unwrap_or_default();
            self.at += length + 1;
            if std::mem::take(&mut self.is_skipping) {
                self.number += 1;
                continue;
            }
            if length > LONGEST_LINE {
                let line = self.too_long();
                self.number += 1;
                return Some(line);
            }
            self.number += 1;
            let Ok(text) = std::str::from_utf8(line) else {
                let person = Err("the line is not UTF-8".to_owned());
                return Some(Line { number: self.number, length, person });
            };
            let text = text.trim_start_matches('\u{feff}').trim();
            if !text.is_empty() {
                let person = ImportedPerson::parse(text).map_err(|problem| problem.to_string());
                return Some(Line { number: self.number, length, person });
            }
        }
    }

    /// The line that is being read.
    fn too_long(&self) -> Line {
        let person = Err(format!("the line is longer than {LONGEST_LINE} bytes"));
        Line { number: self.number + 1, length: 0, person }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers of the lines, and whether each is a person.
    fn read(pieces: &[&[u8]]) -> (Vec<(u64, bool)>, u64) {
        let (mut lines, mut found) = (Lines::default(), Vec::new());
        let mut take = |lines: &mut Lines| {
            while let Some(line) = lines.take() {
                found.push((line.number, line.person.is_ok()));
            }
        };
        for piece in pieces {
            lines.push(piece);
            take(&mut lines);
            assert!(lines.held.len() <= LONGEST_LINE + piece.len());
        }
        if lines.finish() {
            take(&mut lines);
        }
        (found, lines.number())
    }

    #[test]
    fn lines_are_read_however_they_arrive() {
        let text = b"\xef\xbb\xbf{\"email\":\"a@b.example\"}\n\n  \nno\n\xff\n{\"email\":\"c@d.example\"}";
        let expected = (vec![(1, true), (4, false), (5, false), (6, true)], 6);
        assert_eq!(read(&[text]), expected);
        let bytes: Vec<&[u8]> = text.chunks(1).collect();
        assert_eq!(read(&bytes), expected);
        assert_eq!(read(&[]), (vec![], 0));
    }

    #[test]
    fn a_line_that_is_too_long_is_told_once_and_not_held() {
        let (long, good) = (vec![b'x'; LONGEST_LINE], b"\n{\"email\":\"a@b.example\"}\n".as_slice());
        assert_eq!(read(&[&long, &long, &long, good]), (vec![(1, false), (2, true)], 2));
        let whole = [&long, &long, good].concat();
        assert_eq!(read(&[&whole]), (vec![(1, false), (2, true)], 2));
        assert_eq!(read(&[&long, &long]), (vec![(1, false)], 1));
    }
}
