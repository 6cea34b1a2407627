//! The file of age identities that decrypt a backup.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use sigma_store::transfer::Identity;

use crate::args::BackupFile;
use crate::failure::Failure;

/// The longest file of age identities.
const LONGEST: u64 = 64 * 1024;
/// How long whoever writes into a pipe may take: a password manager may ask first.
const PATIENCE: Duration = Duration::from_mins(1);

/// The identities of `--identity`.
pub fn identities(file: &BackupFile) -> Result<Vec<Identity>, Failure> {
    let Some(path) = &file.identity else { return Ok(Vec::new()) };
    let text = read(path, PATIENCE).map_err(|error| Failure::Failed(format!("{}: {error}", path.display())))?;
    Identity::parse_file(&text).map_err(|error| Failure::Failed(format!("{}: {error}", path.display())))
}

/// Reads a file, or a pipe into which somebody writes within `patience`.
fn read(path: &Path, patience: Duration) -> Result<String, String> {
    let (sender, received) = channel();
    let path = PathBuf::from(path);
    // Opening a pipe waits for whoever writes into it, and nothing interrupts that.
    let reader = thread::Builder::new().name("sigma-identity".to_owned()).spawn(move || drop(sender.send(load(&path))));
    reader.map_err(|error| error.to_string())?;
    match received.recv_timeout(patience) {
        Ok(Ok(text)) if u64::try_from(text.len()).unwrap_or(u64::MAX) > LONGEST => {
            Err(format!("it is longer than {LONGEST} bytes, and no file of age identities"))
        }
        Ok(read) => read.map_err(|error| format!("it cannot be read: {error}")),
        Err(_) => Err(format!("it is a pipe into which nobody wrote within {} seconds", patience.as_secs())),
    }
}

fn load(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(LONGEST + 1).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_is_read_if_somebody_writes_and_given_up_otherwise() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let writing = thread::spawn({
            let pipe = pipe.clone();
            move || std::fs::write(pipe, "AGE-SECRET-KEY-1\n")
        });
        assert_eq!(read(&pipe, PATIENCE).unwrap(), "AGE-SECRET-KEY-1\n");
        writing.join().unwrap().unwrap();
        assert!(read(&pipe, Duration::ZERO).unwrap_err().contains("nobody wrote"));
        assert!(read(folder.path(), PATIENCE).unwrap_err().contains("cannot be read"));
        let long = folder.path().join("long");
        std::fs::write(&long, "x".repeat(70_000)).unwrap();
        assert!(read(&long, PATIENCE).unwrap_err().contains("longer"));
    }
}
