//! The only place that writes to standard output and standard error, besides the log: what a name, a server or a database says
//! never commands the terminal that shows it.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write as _};

use crate::style;

/// What becomes of line breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Breaks {
    /// They are the output's own.
    Kept,
    /// They would forge lines.
    Escaped,
}

/// `text` without characters that a terminal would obey. They are escaped as in JSON, where `serde_json` leaves DEL, those
/// from U+0080 and the overrides of direction as they are (RFC 8259 §7).
pub fn harmless(text: &str) -> Cow<'_, str> {
    escaped(text, Breaks::Kept)
}

/// `text` on one line, and as harmless.
pub fn one_line(text: &str) -> Cow<'_, str> {
    escaped(text, Breaks::Escaped)
}

/// Writes one or more lines to standard output, in colour where it shows colours.
pub fn write_out(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{}", style::shown(&harmless(text), style::is_coloured(&io::stdout())))?;
    stdout.flush()
}

/// Writes one or more lines to standard error, in colour where it shows colours. A command that nobody listens to goes on.
pub fn write_err(text: &str) {
    let _ = writeln!(io::stderr(), "{}", style::shown(&harmless(text), style::is_coloured(&io::stderr())));
}

/// Writes a question to standard error and stays on its line.
pub fn ask(question: &str) -> io::Result<()> {
    let mut terminal = io::stderr().lock();
    write!(terminal, "{}", harmless(question))?;
    terminal.flush()
}

/// Ends the line of a question whose answer was not echoed.
pub fn answered() -> io::Result<()> {
    io::stderr().write_all(b"\n")
}

/// Replaces the last line of standard error, or clears it.
pub fn rewrite(line: &str) {
    let mut terminal = io::stderr().lock();
    // The work matters, not whether somebody sees it.
    drop(write!(terminal, "\r\x1b[K{}", one_line(line)).and_then(|()| terminal.flush()));
}

/// A screen of its own, which replaces that of the shell until it is dropped.
pub struct Screen(io::Stdout);

impl Screen {
    /// Opens it, without a cursor.
    pub fn open() -> io::Result<Self> {
        let screen = Self(io::stdout());
        screen.draw("\x1b[?1049h\x1b[?25l")?;
        Ok(screen)
    }

    /// Draws as many lines, and as much of each, as fit in `rows` and `columns`, and nothing below.
    pub fn show(&self, lines: &[String], (rows, columns): (usize, usize)) -> io::Result<()> {
        self.draw(&frame(lines, rows, columns))
    }

    fn draw(&self, sequences: &str) -> io::Result<()> {
        let mut stdout = self.0.lock();
        stdout.write_all(sequences.as_bytes())?;
        stdout.flush()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        drop(self.draw("\x1b[?25h\x1b[?1049l"));
    }
}

/// The sequences that show `lines` on a screen of this size.
fn frame(lines: &[String], rows: usize, columns: usize) -> String {
    let mut frame = "\x1b[H".to_owned();
    for line in lines.iter().take(rows.saturating_sub(1)) {
        // Escaped before it is cut: half an escape is as harmless as a whole one.
        let line = one_line(line);
        frame.extend(style::shown(&line, false).chars().take(columns));
        frame.push_str("\x1b[K\r\n");
    }
    frame.push_str("\x1b[J");
    frame
}

fn escaped(text: &str, breaks: Breaks) -> Cow<'_, str> {
    let is_kept = |char: char| match char {
        '\n' | '\t' => breaks == Breaks::Kept,
        _ => !char.is_control() && !turns_direction(char),
    };
    if text.chars().all(is_kept) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for char in text.chars() {
        if is_kept(char) {
            safe.push(char);
        } else {
            let _ = write!(safe, "\\u{:04x}", u32::from(char));
        }
    }
    Cow::Owned(safe)
}

/// Embeddings, overrides and isolates (UAX #9 §2), which show the text around them in another order.
const fn turns_direction(char: char) -> bool {
    matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::style::Style;

    const NASTY: &str = "a\u{1b}[2J\u{9b}31m\u{7f}\r\0\u{202e}\u{2066}b";

    fn obeyed(char: char) -> bool {
        char.is_control() || turns_direction(char)
    }

    #[test]
    fn no_control_character_of_a_name_or_a_server_reaches_the_terminal() {
        assert_eq!(harmless(NASTY), r"a\u001b[2J\u009b31m\u007f\u000d\u0000\u202e\u2066b");
        assert_eq!(harmless("one\n\ttwo é 東 שלום 👩‍👧"), "one\n\ttwo é 東 שלום 👩‍👧");
        assert_eq!(one_line("one\n\ttwo"), r"one\u000a\u0009two");
        for char in ('\0'..='\u{10ffff}').filter(|char| obeyed(*char)) {
            assert!(!one_line(&char.to_string()).contains(char), "{char:?}");
        }
    }

    #[test]
    fn json_says_the_same_after_escaping() {
        let value = serde_json::json!({"agent": NASTY, "n": 1});
        let printed = serde_json::to_string_pretty(&value).unwrap();
        let printed = harmless(&printed);
        assert!(!printed.chars().any(|char| char != '\n' && obeyed(char)), "{printed}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&printed).unwrap(), value);
    }

    #[test]
    fn a_screen_holds_no_sequence_but_its_own() {
        let lines = [Style::Bold.on("HEAD"), format!("x{NASTY}\n\u{1b}]0;title\u{7}"), "cut off".to_owned()];
        let shown = frame(&lines, 3, 60);
        let rest = shown.strip_prefix("\x1b[H").and_then(|rest| rest.strip_suffix("\x1b[J")).unwrap();
        let shown: Vec<&str> = rest.split("\x1b[K\r\n").collect();
        let nasty = r"xa\u001b[2J\u009b31m\u007f\u000d\u0000\u202e\u2066b\u000a\u001b]0;title\u0007";
        assert_eq!(shown, ["HEAD", &nasty[..60], ""]);
        // Narrow, or not even a row.
        assert_eq!(frame(&lines, 2, 1), "\x1b[HH\x1b[K\r\n\x1b[J");
        assert_eq!(frame(&lines, 0, 0), "\x1b[H\x1b[J");
    }

    #[test]
    fn nothing_else_writes_to_the_terminal() {
        fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
            for entry in fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    sources(&path, found);
                } else {
                    found.push(path);
                }
            }
        }
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut found = Vec::new();
        sources(&root, &mut found);
        for path in found {
            // The log's lines are escaped by what formats them.
            if ["terminal.rs", "log.rs"].iter().any(|name| path == root.join(name)) {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            for writes in
                ["io::stdout().lock()", "io::stderr().lock()", "write!(io::", "writeln!(io::", "print!(", "println!("]
            {
                assert!(!text.contains(writes), "{}: {writes}", path.display());
            }
        }
    }
}
