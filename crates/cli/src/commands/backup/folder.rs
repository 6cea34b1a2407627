//! The folder of backups: how they are named, and which are kept.

use std::fs;
use std::path::Path;

use sigma_core::time::Timestamp;

use crate::failure::Failure;

const PREFIX: &str = "sigma-";
const PLAIN: &str = ".backup";
const ENCRYPTED: &str = ".backup.age";
/// Letters of the time in a name: `20261127T214346Z`.
const TIME: usize = 16;

/// `20261127T214346Z`: sorts by time.
pub fn stamp(at: Timestamp) -> String {
    let text = at.to_string();
    let kept = text.split('.').next().unwrap_or_default().chars().filter(|letter| !"-:".contains(*letter));
    kept.chain(['Z']).collect()
}

/// `sigma-20261127T214346Z.backup`: names sort by time.
pub fn name(at: Timestamp, is_encrypted: bool) -> String {
    format!("{PREFIX}{}{}", stamp(at), if is_encrypted { ENCRYPTED } else { PLAIN })
}

/// Whether `name` is the name of a backup. Nothing else is ever deleted.
fn is_backup(name: &str) -> bool {
    let middle = name.strip_prefix(PREFIX);
    let middle = middle.and_then(|rest| rest.strip_suffix(ENCRYPTED).or_else(|| rest.strip_suffix(PLAIN)));
    middle.is_some_and(|time| {
        let letters = [(8, b'T'), (15, b'Z')];
        let is_digit = |(place, byte): (usize, u8)| {
            letters.iter().find(|(at, _)| *at == place).map_or(byte.is_ascii_digit(), |(_, letter)| byte == *letter)
        };
        time.len() == TIME && time.bytes().enumerate().all(is_digit)
    })
}

/// The time in the name of a backup.
fn time_of(name: &str) -> &str {
    name.get(PREFIX.len()..PREFIX.len() + TIME).unwrap_or_default()
}

/// Deletes all but the newest `keep` backups in `folder`, of which `made` is one; returns the names of those that are gone. What says
/// that it was made later was made by a clock that was ahead: it does not count and stays.
///
/// # Errors
/// The folder cannot be read, or a backup not be deleted.
pub fn keep(folder: &Path, made: &str, keep: u32) -> Result<Vec<String>, Failure> {
    let failed = |error: std::io::Error| {
        Failure::Failed(format!("the backup was made; older ones in {} cannot be deleted: {error}", folder.display()))
    };
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let is_file = entry.file_type().map_err(failed)?.is_file();
        let is_older = |name: &String| is_backup(name) && time_of(name) <= time_of(made) && name != made;
        names.extend(entry.file_name().into_string().ok().filter(|name| is_file && is_older(name)));
    }
    names.sort_unstable_by(|one, other| other.cmp(one));
    let others = usize::try_from(keep).unwrap_or(usize::MAX).saturating_sub(1);
    let old = names.split_off(names.len().min(others));
    for name in &old {
        fs::remove_file(folder.join(name)).map_err(failed)?;
    }
    Ok(old)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_when() {
        let at = Timestamp::parse_rfc3339("2026-11-27T21:43:46.789Z").unwrap();
        assert_eq!(name(at, false), "sigma-20261127T214346Z.backup");
        assert!(is_backup(&name(at, false)) && is_backup(&name(at, true)));
    }

    #[test]
    fn only_backups_are_deleted_and_the_newest_stay() {
        let folder = tempfile::tempdir().unwrap();
        let others = ["sigma-important.backup", "sigma-20261127T214346Z.backup.txt", "sigma.sqlite", "notes"];
        let days =
            ["sigma-20261125T000000Z.backup", "sigma-20261126T000000Z.backup.age", "sigma-20261127T000000Z.backup"];
        for name in others.iter().chain(&days) {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        // A clock was ahead once; and what is no file is no backup.
        let ahead = "sigma-20991231T235959Z.backup";
        fs::write(folder.path().join(ahead), "x").unwrap();
        fs::create_dir(folder.path().join("sigma-20200101T000000Z.backup")).unwrap();
        assert_eq!(keep(folder.path(), days[2], 2).unwrap(), [days[0]]);
        assert_eq!(keep(folder.path(), days[2], 2).unwrap(), [""; 0]);
        assert_eq!(keep(folder.path(), days[2], 1).unwrap(), [days[1]]);
        assert_eq!(keep(folder.path(), days[2], 1).unwrap(), [""; 0]);
        for name in others.iter().chain(&days[2..]).chain([&ahead]) {
            assert!(folder.path().join(name).exists(), "{name}");
        }
    }
}
