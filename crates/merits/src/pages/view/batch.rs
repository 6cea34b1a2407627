//! `/org/{org}/import`: sending to many, by a list.

use super::{Choice, Notice, StatusWord};

/// The form for a file, and earlier files. It posts `template` and `file`.
#[derive(Clone, Debug, Default)]
pub struct ImportPage {
    /// The templates to choose from.
    pub templates: Vec<Choice>,
    /// The most lines of a file.
    pub most_lines: usize,
    /// Earlier files.
    pub batches: Vec<BatchLine>,
}

/// An earlier file.
#[derive(Clone, Debug)]
pub struct BatchLine {
    /// Its id.
    pub id: String,
    /// The name of the file.
    pub file: String,
    /// How far it is.
    pub words: String,
    /// Its state.
    pub state: StatusWord,
}

/// The choice of columns. It posts the file again, as `text`, and the chosen columns.
#[derive(Clone, Debug, Default)]
pub struct MapPage {
    /// The id of the template.
    pub template: String,
    /// The name of the file.
    pub file: String,
    /// The file.
    pub text: String,
    /// How many lines it has.
    pub lines: usize,
    /// What columns are chosen for.
    pub targets: Vec<MapTarget>,
    /// The names of the columns.
    pub headers: Vec<String>,
    /// The first lines.
    pub rows: Vec<PreviewRow>,
}

/// What a column is chosen for.
#[derive(Clone, Debug)]
pub struct MapTarget {
    /// The name of the input.
    pub name_attr: String,
    /// What it is.
    pub label: String,
    /// Whether a column must be chosen.
    pub required: bool,
    /// The columns.
    pub columns: Vec<Choice>,
}

/// One of the first lines.
#[derive(Clone, Debug)]
pub struct PreviewRow {
    /// Its number in the file.
    pub number: u64,
    /// Its cells.
    pub cells: Vec<String>,
}

/// The progress of a list.
#[derive(Clone, Debug, Default)]
pub struct BatchPage {
    /// Its id.
    pub id: String,
    /// The name of the file.
    pub file: String,
    /// The title of the template.
    pub template: String,
    /// Its state.
    pub state: StatusWord,
    /// How many lines it has.
    pub lines: u64,
    /// How many have an outcome.
    pub done: u64,
    /// How many failed.
    pub failed: u64,
    /// Whether it was not started.
    pub may_start: bool,
    /// Whether it was stopped.
    pub may_resume: bool,
    /// Whether it runs.
    pub running: bool,
    /// Lines and their outcomes.
    pub outcomes: Vec<LineOutcome>,
    /// Path of the page with failed lines alone.
    pub only_failed_url: Option<String>,
    /// Path of the page with all lines.
    pub all_url: Option<String>,
    /// Path of the page with the next lines.
    pub next_url: Option<String>,
}

/// A line and its outcome.
#[derive(Clone, Debug)]
pub struct LineOutcome {
    /// Its number in the file.
    pub number: u64,
    /// The address.
    pub email: String,
    /// The outcome.
    pub outcome: String,
    /// Whether it was sent.
    pub sent: bool,
    /// Whether it failed.
    pub failed: bool,
}

impl BatchPage {
    /// How many lines have no outcome yet.
    fn left(&self) -> u64 {
        self.lines.saturating_sub(self.done)
    }
}

framed! {
    ImportPage as ImportTemplate, "org/import.html";
    MapPage as MapTemplate, "org/import-map.html";
    BatchPage as BatchTemplate, "org/batch.html";
}
