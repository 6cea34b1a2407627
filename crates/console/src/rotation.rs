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
    /// Of one algorithm, or of all if none is named; `None` if there is none of that name.
    pub fn of(algorithm: Option<&str>, promptness: Promptness) -> Option<Self> {
        let algorithms = match algorithm {
            None | Some("") => Algorithm::ALL.to_vec(),
            Some(name) => vec![Algorithm::parse(name)?],
        };
        Some(Self { algorithms, promptness })
    }
}
