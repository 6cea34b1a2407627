//! `sigma keys rekey`: another master key.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use serde::Serialize;
use sigma_core::time::{Clock as _, Timestamp};
use sigma_store::MasterKey;
use sigma_store::transfer::{self, TransferError};

use super::backup::stamp;
use crate::config;
use crate::confirm::confirm;
use crate::failure::Failure;
use crate::opened::{master_key, options};
use crate::output::{Output, fields};
use crate::progress::Bar;
use crate::system::{SystemClock, SystemRng};

/// The result as printed.
#[derive(Serialize)]
struct Answer {
    /// Values that were sealed anew.
    values: u64,
    /// Where the new key is.
    key: String,
    /// Where the old one is, if it was in a file.
    former: Option<String>,
}

/// Seals everything under a new master key, and puts it in the place of the old one if that is in a file.
pub fn rekey(file: Option<&Path>, output: Output, new_key: Option<&Path>, yes: bool) -> Result<(), Failure> {
    let settings = config::load_checked(file)?;
    let in_place = settings.master_key.key_file().filter(|_| new_key.is_none()).map(Path::to_owned);
    let new_file = match (new_key, &in_place) {
        (Some(path), _) => path.to_owned(),
        (None, Some(path)) => beside(path, ".new"),
        (None, None) => {
            let words = "the master key is not in a file: name the file for the new one with --new-key";
            return Err(Failure::Usage(words.to_owned()));
        }
    };
    let old = master_key(&settings, &SystemRng)?;
    confirm(yes, "everything is sealed under a new master key; backups made before need the old one")?;
    // A key that an interrupted attempt made is used again: the database may be sealed under it already.
    let new = MasterKey::load_or_create(&new_file, &SystemRng).map_err(|error| Failure::Config(error.to_string()))?.key;
    let mut bar = Bar::new("Sealing", output.json);
    let options = options(&settings);
    let sealed = transfer::rekey(&options, &old, &new, &SystemRng, &mut |progress| bar.show(progress));
    drop(bar);
    let values = match sealed {
        // The database may have been sealed before the attempt was interrupted.
        Err(TransferError::OtherMasterKey) => transfer::rekey(&options, &new, &new, &SystemRng, &mut |_| {})?,
        sealed => sealed?,
    };
    let former = in_place.as_deref().map(|path| take_place(path, &new_file, SystemClock.now())).transpose()?;
    let key = in_place.unwrap_or(new_file);
    let answer =
        Answer { values, key: key.display().to_string(), former: former.map(|path| path.display().to_string()) };
    output.answer(&answer, |answer| {
        let next = if answer.former.is_some() {
            "start the servers, and back the new key up"
        } else {
            "give the new key to master_key.value or to what master_key.command asks, then start the servers"
        };
        let mut shown = vec![("sealed", format!("{} values", answer.values)), ("new key", answer.key.clone())];
        shown.push(("old key", answer.former.clone().unwrap_or_default()));
        shown.push(("next", format!("{next}. Keep the old key as long as the backups that were made under it.")));
        fields(&shown)
    })
}

/// Puts the new key in the place of the old one, which stays beside it.
fn take_place(path: &Path, new: &Path, now: Timestamp) -> Result<PathBuf, Failure> {
    let former = beside(path, &format!(".before-{}", stamp(now)));
    let failed = |error: std::io::Error| {
        let (new, path) = (new.display(), path.display());
        Failure::Failed(format!(
            "everything is sealed under the key in {new}, which cannot be moved to {path}: {error}"
        ))
    };
    fs::hard_link(path, &former).map_err(failed)?;
    fs::rename(new, path).map_err(failed)?;
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
    // The server marks it again; without the mark only a lost database would go unnoticed.
    drop(MasterKey::mark_used(path));
    Ok(former)
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}
