//! Encrypted backups of keys (`docs/spec/backups.md`). The server stores text that it cannot decrypt: it checks the shape,
//! and nothing else can be checked without the password.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

use crate::digest::Digest;
use crate::time::Timestamp;

/// Characters of the longest backup.
pub const LONGEST: usize = 256 * 1024;
/// Bytes of the shortest: a salt of 16, an initialization vector of 12, a tag of 16, and the shortest JSON object.
const SHORTEST: usize = 16 + 12 + 16 + 2;

/// The latest distinct versions that are kept of each backup.
pub const LATEST_KEPT: usize = 5;
/// How old the version is that is kept beyond those: a bad overwrite that goes unnoticed can be undone for this long.
pub const OLD: Duration = Duration::from_hours(30 * 24);

/// A backup: salt, initialization vector, AES-256-GCM ciphertext and tag in canonical base64. `Debug` does not print it.
#[derive(Clone, PartialEq, Eq)]
pub struct EncryptedBackup(Vec<u8>);

/// Why a text is not a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BackupError {
    /// It is longer than [`LONGEST`].
    #[error("encryptedBackup is longer than 262144 characters")]
    TooLong,
    /// It is not canonical base64 with padding, in the standard alphabet.
    #[error("encryptedBackup must be base64")]
    NotBase64,
    /// It is too short to hold anything encrypted.
    #[error("encryptedBackup is too short")]
    TooShort,
}

impl EncryptedBackup {
    /// Parses a backup as clients send it. White space, missing padding and the URL-safe alphabet are refused, so that one
    /// backup has one text.
    ///
    /// # Errors
    /// [`BackupError`]
    pub fn parse(text: &str) -> Result<Self, BackupError> {
        if text.len() > LONGEST {
            return Err(BackupError::TooLong);
        }
        let bytes = STANDARD.decode(text).map_err(|_| BackupError::NotBase64)?;
        if bytes.len() < SHORTEST {
            return Err(BackupError::TooShort);
        }
        Ok(Self(bytes))
    }

    /// The backup that the store holds as bytes.
    pub const fn from_stored(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text that [`EncryptedBackup::parse`] read.
    pub fn text(&self) -> String {
        STANDARD.encode(&self.0)
    }

    /// SHA-256 of the text: wallets compare it with their own copy.
    pub fn digest(&self) -> Digest {
        Digest::of(self.text())
    }

    /// Characters of the text.
    pub fn text_length(&self) -> usize {
        self.0.len().div_ceil(3) * 4
    }
}

impl fmt::Debug for EncryptedBackup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EncryptedBackup({} bytes)", self.0.len())
    }
}

/// When a version of a backup was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The first time.
    pub first: Timestamp,
    /// The last time: storing an earlier version again makes it the current one.
    pub last: Timestamp,
}

/// Which of `versions`, latest first, are no longer kept: all but the latest [`LATEST_KEPT`], and the latest that was first
/// stored at least [`OLD`] ago. Until one is that old, the oldest stays, so that many writes at once do not displace it.
pub fn superseded(versions: &[Stored], now: Timestamp) -> Vec<usize> {
    let is_old = |version: &Stored| now.since(version.first) >= OLD;
    let oldest = || versions.iter().enumerate().min_by_key(|(_, version)| version.first).map(|(index, _)| index);
    let anchor = versions.iter().position(is_old).or_else(oldest);
    (LATEST_KEPT..versions.len()).filter(|index| Some(*index) != anchor).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    const VECTORS: &str = include_str!("../vectors/backup.json");

    fn vectors(list: &str) -> Vec<(String, String)> {
        let vectors: Value = serde_json::from_str(VECTORS).unwrap();
        let text = |vector: &Value, member: &str| vector[member].as_str().unwrap().to_owned();
        vectors[list].as_array().unwrap().iter().map(|it| (text(it, "id"), text(it, "blob"))).collect()
    }

    #[test]
    fn every_format_of_the_published_package_is_accepted() {
        let accepted = vectors("accept");
        assert!(accepted.len() >= 15);
        for (id, blob) in accepted {
            let backup = EncryptedBackup::parse(&blob).unwrap_or_else(|error| panic!("{id}: {error}"));
            assert_eq!(backup.text(), blob, "{id}");
            assert_eq!(backup.text_length(), blob.len(), "{id}");
        }
    }

    #[test]
    fn truncated_backups_and_other_formats_are_refused() {
        let refused: Vec<_> =
            vectors("reject").into_iter().map(|(id, blob)| (id, EncryptedBackup::parse(&blob).unwrap_err())).collect();
        insta::assert_debug_snapshot!(refused);
    }

    #[test]
    fn the_hash_is_that_of_the_text() {
        let vectors: Value = serde_json::from_str(VECTORS).unwrap();
        for vector in vectors["accept"].as_array().unwrap() {
            let backup = EncryptedBackup::parse(vector["blob"].as_str().unwrap()).unwrap();
            assert_eq!(backup.digest().hex(), vector["sha256OfBlobText"].as_str().unwrap(), "{}", vector["id"]);
        }
    }

    #[test]
    fn a_backup_has_one_text() {
        let text = STANDARD.encode([7; 46]);
        assert!(EncryptedBackup::parse(&text).is_ok());
        let unpadded = text.trim_end_matches('=');
        let wrapped = format!("{}\n{}", &text[..20], &text[20..]);
        let url_safe = STANDARD.encode([0xFF; 46]).replace('/', "_");
        // The last character has bits that no byte uses.
        let trailing = format!("{}9==", &text[..text.len() - 3]);
        for other in [unpadded, &wrapped, &format!(" {text}"), &format!("{text}\n"), &url_safe, &trailing] {
            assert_eq!(EncryptedBackup::parse(other), Err(BackupError::NotBase64), "{other}");
        }
    }

    #[test]
    fn backups_are_limited_in_both_directions() {
        assert_eq!(EncryptedBackup::parse(&STANDARD.encode([7; 45])), Err(BackupError::TooShort));
        assert_eq!(EncryptedBackup::parse(""), Err(BackupError::TooShort));
        assert!(EncryptedBackup::parse(&"A".repeat(LONGEST)).is_ok());
        assert_eq!(EncryptedBackup::parse(&"A".repeat(LONGEST + 4)), Err(BackupError::TooLong));
        assert_eq!(EncryptedBackup::parse(&"A".repeat(257 * 1024)), Err(BackupError::TooLong));
    }

    #[test]
    fn backups_are_not_printed() {
        let text = STANDARD.encode([7; 46]);
        let printed = format!("{:?}", EncryptedBackup::parse(&text).unwrap());
        assert_eq!(printed, "EncryptedBackup(46 bytes)");
    }

    fn day(day: i64) -> Timestamp {
        Timestamp::from_seconds(day * 24 * 3_600)
    }

    fn once(at: i64) -> Stored {
        Stored { first: day(at), last: day(at) }
    }

    #[test]
    fn the_latest_five_and_an_old_version_are_kept() {
        let versions: Vec<_> = [100, 99, 98, 97, 96, 95, 60, 50].map(once).to_vec();
        assert_eq!(superseded(&versions, day(100)), [5, 7], "the one of day 60 is the latest that is old");
        assert_eq!(superseded(&versions[..5], day(100)), Vec::<usize>::new());
        assert_eq!(superseded(&versions, day(130)), [5, 6, 7], "one of the latest five is old by now");
    }

    #[test]
    fn many_writes_at_once_do_not_displace_the_version_before_them() {
        let versions: Vec<_> = [100, 100, 100, 100, 100, 100, 90].map(once).to_vec();
        assert_eq!(superseded(&versions, day(100)), [5]);
    }

    #[test]
    fn storing_an_old_version_again_does_not_make_it_young() {
        let again = Stored { first: day(10), last: day(100) };
        let versions: Vec<_> = [[101; 5].map(once).to_vec(), vec![again, once(95)]].concat();
        assert_eq!(superseded(&versions, day(101)), [6]);
    }

    proptest! {
        #[test]
        fn whatever_is_accepted_reads_back_as_sent(text in "[A-Za-z0-9+/=\\n _-]{0,200}") {
            if let Ok(backup) = EncryptedBackup::parse(&text) {
                prop_assert_eq!(backup.text(), text);
            }
        }

        #[test]
        fn at_most_six_versions_are_kept_and_the_latest_always(
            ages in proptest::collection::vec((0_i64..100, 0_i64..100), 0..20),
        ) {
            let now = day(200);
            let mut versions: Vec<_> = ages
                .iter()
                .map(|(first, later)| Stored { first: day(200 - first - later), last: day(200 - first) })
                .collect();
            versions.sort_by_key(|version| std::cmp::Reverse(version.last));
            let gone = superseded(&versions, now);
            prop_assert!(versions.len() - gone.len() <= LATEST_KEPT + 1);
            prop_assert!(gone.iter().all(|index| *index >= LATEST_KEPT));
            let had_old = versions.iter().any(|version| now.since(version.first) >= OLD);
            let has_old = (0..versions.len())
                .filter(|index| !gone.contains(index))
                .any(|index| now.since(versions[index].first) >= OLD);
            prop_assert_eq!(had_old, has_old);
        }
    }
}
