//! Finds files that other users of this machine can access.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use sigma_server::settings::Settings;

use crate::opened::sqlite_path;

/// A file or folder that other users can access.
#[derive(Debug, PartialEq, Eq)]
pub struct Exposed {
    /// Where it is.
    pub path: PathBuf,
    /// Its permission bits.
    pub mode: u32,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    MasterKey,
    Database,
    Mails,
}

impl Exposed {
    /// What it is.
    pub const fn name(&self) -> &'static str {
        match self.what {
            What::MasterKey => "master key",
            What::Database => "database",
            What::Mails => "mails",
        }
    }

    /// A description of the problem.
    pub fn reported(&self) -> String {
        let (path, mode) = (self.path.display(), self.mode);
        match self.what {
            What::MasterKey => format!(
                "{path} is accessible to other users (mode {mode:o}): anyone who can read it and the database can sign as \
                 this server"
            ),
            What::Database => {
                format!(
                    "{path} is accessible to other users (mode {mode:o}): it contains names, addresses and sessions"
                )
            }
            What::Mails => {
                format!("{path} is accessible to other users (mode {mode:o}): its mails contain password links")
            }
        }
    }

    /// The command that fixes it.
    pub fn mend(&self) -> String {
        let path = self.path.display();
        match self.what {
            What::MasterKey => format!("chmod 600 {path}; if others may have read it, rotate: sigma keys rotate --now"),
            What::Database => format!("chmod 600 {path}"),
            What::Mails => format!("chmod 700 {path}"),
        }
    }
}

/// All private files and folders of this installation that others can access: the master key, the database with its
/// log, the mail folder (which protects the mails in it). Missing files are not reported.
pub fn found(settings: &Settings) -> Vec<Exposed> {
    let mut files = Vec::new();
    files.extend(settings.master_key.key_file().map(|file| (What::MasterKey, file.to_owned())));
    if let Some(database) = sqlite_path(settings) {
        files.extend(["", "-wal", "-shm"].map(|end| (What::Database, beside(&database, end))));
    }
    if settings.mail.smtp.is_none() {
        files.push((What::Mails, settings.mail.folder.clone()));
    }
    files.into_iter().filter_map(|(what, path)| exposed(what, path)).collect()
}

fn exposed(what: What, path: PathBuf) -> Option<Exposed> {
    let mode = std::fs::metadata(&path).ok()?.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then_some(Exposed { path, mode, what })
}

fn beside(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}
