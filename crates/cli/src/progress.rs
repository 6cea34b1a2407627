//! Progress of long work on a terminal; nothing in a pipe.

use std::io::{self, IsTerminal as _};

use sigma_store::transfer::Progress;

use crate::terminal;

/// Characters of the bar.
const WIDTH: usize = 30;

/// A bar on the last line of standard error, gone when it is dropped.
pub struct Bar {
    what: &'static str,
    is_shown: bool,
    shown: Option<u64>,
}

impl Bar {
    /// For work that is called `what`, such as "Backing up". Machines that read JSON see no bar.
    pub fn new(what: &'static str, json: bool) -> Self {
        Self { what, is_shown: !json && io::stderr().is_terminal(), shown: None }
    }

    /// Shows how far it is. More than a hundred steps are not drawn.
    pub fn show(&mut self, progress: Progress<'_>) {
        let percent = progress.done.min(progress.all).saturating_mul(100).checked_div(progress.all).unwrap_or(100);
        if !self.is_shown || self.shown == Some(percent) {
            return;
        }
        self.shown = Some(percent);
        let filled = usize::try_from(percent).unwrap_or(0) * WIDTH / 100;
        let (full, rest) = ("█".repeat(filled), "░".repeat(WIDTH - filled));
        terminal::rewrite(&format!("{} {full}{rest} {percent:>3} %  {}", self.what, progress.table));
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if self.shown.is_some() {
            terminal::rewrite("");
        }
    }
}
