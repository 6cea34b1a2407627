//! A rotation of signing keys that a page or a program asked for.

use sigma_core::jose::{Algorithm, Promptness};

/// Which keys are rotated, and when the new ones sign.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Their algorithms.
    pub algorithms: Vec<Algorithm>,
    /// When.
    pub promptness: Promptness,
}

impl Asked {
    /// Of the algorithms with these names, or of all if none is named; `None` if there is none of a name.
    pub fn of<'n>(names: impl IntoIterator<Item = &'n str>, promptness: Promptness) -> Option<Self> {
        let mut algorithms: Vec<Algorithm> = names.into_iter().map(Algorithm::parse).collect::<Option<_>>()?;
        if algorithms.is_empty() {
            algorithms = Algorithm::ALL.to_vec();
        }
        algorithms.sort_unstable();
        algorithms.dedup();
        Some(Self { algorithms, promptness })
    }
}
