//! Folders and buckets of backups: how they are named, and which are kept.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
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

/// Whether `name` is the name of a backup from before `made`, which is another's. What says that it was made later was made by a clock
/// that was ahead: it does not count and stays.
pub fn is_older(name: &str, made: &str) -> bool {
    is_backup(name) && time_of(name) <= time_of(made) && name != made
}

/// Those of `names` that are not among the newest `keep` backups, of which `made` is one.
pub fn superseded(names: Vec<String>, made: &str, keep: u32) -> Vec<String> {
    let mut names: Vec<_> = names.into_iter().filter(|name| is_older(name, made)).collect();
    names.sort_unstable_by(|one, other| other.cmp(one));
    let others = usize::try_from(keep).unwrap_or(usize::MAX).saturating_sub(1);
    names.split_off(names.len().min(others))
}

/// Deletes all but the newest `keep` backups in `folder`, of which `made` is one; returns the names of those that are gone. Several names
/// of one file are one backup. Links to files elsewhere do not count and stay: whoever made them keeps those files.
///
/// # Errors
/// The folder cannot be read, or a backup not be deleted.
pub fn keep(folder: &Path, made: &str, keep: u32) -> Result<Vec<String>, Failure> {
    let failed = |error: std::io::Error| {
        Failure::Failed(format!("the backup was made; older ones in {} cannot be deleted: {error}", folder.display()))
    };
    let file = |name: &str| fs::symlink_metadata(folder.join(name)).map(|file| (file.dev(), file.ino()));
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let is_file = entry.file_type().map_err(failed)?.is_file();
        names.extend(entry.file_name().into_string().ok().filter(|name| is_file && is_older(name, made)));
    }
    names.sort_unstable_by(|one, other| other.cmp(one));
    let keep = usize::try_from(keep).unwrap_or(usize::MAX);
    let (mut kept, mut gone) = (BTreeSet::from([file(made).map_err(failed)?]), Vec::new());
    for name in names {
        let file = file(&name).map_err(failed)?;
        if kept.contains(&file) || kept.len() < keep {
            kept.insert(file);
        } else {
            fs::remove_file(folder.join(&name)).map_err(failed)?;
            gone.push(name);
        }
    }
    Ok(gone)
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

    #[test]
    fn names_of_one_file_are_one_backup_and_links_to_files_elsewhere_stay() {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let at = |day: u32| format!("sigma-202611{day}T000000Z.backup");
        let path = |day: u32| folder.path().join(at(day));
        for day in [20, 22, 24, 26] {
            fs::write(path(day), "x").unwrap();
        }
        fs::hard_link(path(24), path(23)).unwrap();
        fs::hard_link(path(20), elsewhere.path().join("weekly")).unwrap();
        fs::write(elsewhere.path().join("old"), "x").unwrap();
        std::os::unix::fs::symlink(elsewhere.path().join("old"), path(21)).unwrap();
        std::os::unix::fs::symlink("gone", path(25)).unwrap();
        // The 26th, and the one of the 24th under both of its names; what has a name elsewhere stays there.
        assert_eq!(keep(folder.path(), &at(26), 2).unwrap(), [at(22), at(20)]);
        assert!(path(23).exists() && path(24).exists() && path(21).exists() && path(25).is_symlink());
        assert!(elsewhere.path().join("weekly").exists());
    }

    #[test]
    fn the_oldest_in_a_bucket_are_superseded() {
        let names = ["sigma-20261126T000000Z.backup", "sigma-20261124T000000Z.backup.age", "notes"].map(str::to_owned);
        let made = "sigma-20261127T000000Z.backup";
        assert_eq!(superseded(names.to_vec(), made, 2), ["sigma-20261124T000000Z.backup.age"]);
        assert_eq!(superseded(names.to_vec(), made, 3), [""; 0]);
    }
}
