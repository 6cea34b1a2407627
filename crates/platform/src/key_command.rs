//! The master key that a command prints: of a key management service, or of a secret store.

use std::io::Read as _;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use sigma_store::{MasterKey, SealError};
use zeroize::Zeroizing;

/// How long the command may take.
const LIMIT: Duration = Duration::from_secs(10);
/// The most that is read of its output.
const LONGEST: u64 = 1_024;

/// Runs `command`, a program and its arguments, without a shell, and takes the key from its standard output: base64 of 32 bytes. Its
/// standard error is that of this process. It is killed if it takes longer than ten seconds.
///
/// # Errors
/// It cannot be run, fails, takes too long, or prints something else.
pub fn run(command: &[String]) -> Result<MasterKey, SealError> {
    run_within(command, LIMIT)
}

fn run_within(command: &[String], limit: Duration) -> Result<MasterKey, SealError> {
    let failed = |reason: String| SealError::Command { command: command.first().cloned().unwrap_or_default(), reason };
    let (program, arguments) = command.split_first().ok_or_else(|| failed("it is empty".to_owned()))?;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| failed(format!("it cannot be run: {error}")))?;
    let output = child.stdout.take();
    let (sent, received) = mpsc::channel();
    // A process that the command left behind may keep the output open: this thread then outlives the timeout.
    std::thread::spawn(move || {
        let mut text = Zeroizing::new(String::with_capacity(1_024));
        let read = output.map_or(Ok(0), |output| output.take(LONGEST).read_to_string(&mut text));
        drop(sent.send(read.map(|_| text)));
    });
    let Ok(read) = received.recv_timeout(limit) else {
        drop(child.kill());
        drop(child.wait());
        return Err(failed(format!("it did not print the key within {} seconds", limit.as_secs())));
    };
    let text = read.map_err(|error| failed(format!("its output cannot be read: {error}")))?;
    // Its output closes a moment before it has ended; whoever goes on without it is not waited for.
    let mut status = child.try_wait();
    for _ in 0..40 {
        if !matches!(status, Ok(None)) {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
        status = child.try_wait();
    }
    match status {
        Ok(Some(status)) if status.success() => MasterKey::from_base64(&text),
        Ok(Some(status)) => Err(failed(format!("it failed: {status}"))),
        Ok(None) => {
            drop(child.kill());
            drop(child.wait());
            Err(failed("it does not end".to_owned()))
        }
        Err(error) => Err(failed(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(command: &[&str], limit: Duration) -> String {
        let command: Vec<String> = command.iter().map(|&word| word.to_owned()).collect();
        run_within(&command, limit).map_or_else(|error| error.to_string(), |_| "a key".to_owned())
    }

    #[test]
    fn the_key_is_what_the_command_prints() {
        let key = "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=";
        assert_eq!(said(&["echo", key], LIMIT), "a key");
        // Without a shell: nothing in it is interpreted.
        assert!(said(&["echo", "$(cat key)"], LIMIT).contains("not base64"));
        assert!(said(&["true"], LIMIT).contains("is empty"));
        assert!(said(&["false"], LIMIT).contains("it failed"));
        assert!(said(&["/nowhere/kms"], LIMIT).contains("cannot be run"));
        assert!(said(&["sleep", "60"], Duration::from_millis(50)).contains("did not print the key"));
    }
}
