//! The server's log on standard error: readable lines, or JSON.
//!
//! Lines are written by a separate thread, so that logging neither waits for a reader nor fails with the disk. Lines
//! that cannot be written are dropped and counted.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::json;
use sigma_server::settings::{self, LogFormat};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::failure::Failure;
use crate::style;

/// The most bytes that wait to be written.
const WAITING: usize = 1 << 20;
/// How long to gather lines after a write: under load many are written at once.
const GATHER: Duration = Duration::from_millis(5);
/// How long shutdown waits for a log that does not accept the last lines.
const PATIENCE: Duration = Duration::from_secs(1);

/// The log, flushed when this is dropped.
#[must_use]
pub struct Log {
    lines: Arc<Lines>,
    filter: Box<dyn Fn(EnvFilter) -> Result<(), String> + Send + Sync>,
}

impl Log {
    /// Logs to standard error from now on, including panics.
    pub fn to_stderr(settings: &settings::Log) -> Result<Self, Failure> {
        let lines = Arc::new(Lines::default());
        let (writer, waiting, format) = (Handed(Arc::clone(&lines)), Arc::clone(&lines), settings.format);
        std::thread::Builder::new()
            .name("sigma-log".to_owned())
            .spawn(move || waiting.write_out(&mut io::stderr(), format))
            .map_err(|error| Failure::Failed(format!("the log cannot be written: {error}")))?;
        let builder = tracing_subscriber::fmt()
            .with_env_filter(filter(settings)?)
            // Its own fallback prints errors, and panics when printing fails.
            .log_internal_errors(false)
            .with_writer(writer);
        let failed = |error| Failure::Failed(format!("logging was set up twice: {error}"));
        let filter: Box<dyn Fn(EnvFilter) -> Result<(), String> + Send + Sync> = match settings.format {
            LogFormat::Text => {
                let builder = builder.with_ansi(style::is_coloured(&io::stderr())).with_filter_reloading();
                let handle = builder.reload_handle();
                builder.try_init().map_err(failed)?;
                Box::new(move |filter| handle.reload(filter).map_err(|error| error.to_string()))
            }
            LogFormat::Json => {
                let builder = builder.json().flatten_event(true).with_ansi(false).with_filter_reloading();
                let handle = builder.reload_handle();
                builder.try_init().map_err(failed)?;
                Box::new(move |filter| handle.reload(filter).map_err(|error| error.to_string()))
            }
        };
        std::panic::set_hook(Box::new(|panic| {
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            let message = panic.payload_as_str().unwrap_or_default();
            tracing::error!(place, message, "a thread panicked");
        }));
        Ok(Self { lines, filter })
    }

    /// Replaces the log filter.
    pub fn set_filter(&self, settings: &settings::Log) -> Result<(), Failure> {
        (self.filter)(filter(settings)?).map_err(Failure::Failed)
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.lines.end();
    }
}

fn filter(settings: &settings::Log) -> Result<EnvFilter, Failure> {
    EnvFilter::try_new(&settings.filter).map_err(|error| Failure::Config(format!("log.filter: {error}")))
}

/// Lines on their way to the writer thread.
#[derive(Default)]
struct Lines {
    waiting: Mutex<Waiting>,
    /// Notified when there are lines to write.
    filled: Condvar,
    /// Notified when the last line is written.
    finished: Condvar,
}

#[derive(Default)]
struct Waiting {
    bytes: Vec<u8>,
    lost: u64,
    ending: bool,
    finished: bool,
}

impl Lines {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, line: &[u8]) {
        let mut waiting = self.lock();
        if waiting.bytes.len() + line.len() > WAITING {
            waiting.lost += 1;
            count_lost(1);
            return;
        }
        waiting.bytes.extend_from_slice(line);
        let first = waiting.bytes.len() == line.len();
        drop(waiting);
        if first {
            self.filled.notify_one();
        }
    }

    /// Writes lines to `log` until the end.
    fn write_out(&self, log: &mut dyn Write, format: LogFormat) {
        let mut batch = Vec::new();
        loop {
            let mut waiting = self.lock();
            while waiting.bytes.is_empty() && !waiting.ending {
                waiting = self.filled.wait(waiting).unwrap_or_else(PoisonError::into_inner);
            }
            if waiting.bytes.is_empty() {
                waiting.finished = true;
                self.finished.notify_all();
                return;
            }
            std::mem::swap(&mut waiting.bytes, &mut batch);
            let (lost, ending) = (std::mem::take(&mut waiting.lost), waiting.ending);
            drop(waiting);
            let written = reported(lost, format)
                .and_then(|reported| log.write_all(&reported))
                .and_then(|()| log.write_all(&batch));
            if written.and_then(|()| log.flush()).is_err() {
                let lines = batch.split(|byte| *byte == b'\n').count() - 1;
                let lines = u64::try_from(lines).unwrap_or(u64::MAX);
                self.lock().lost += lost + lines;
                count_lost(lines);
            }
            batch.clear();
            if !ending {
                std::thread::sleep(GATHER);
            }
        }
    }

    /// Waits until everything is written, but not for a blocked reader.
    fn end(&self) {
        let mut waiting = self.lock();
        waiting.ending = true;
        self.filled.notify_one();
        let unfinished = |waiting: &mut Waiting| !waiting.finished;
        drop(self.finished.wait_timeout_while(waiting, PATIENCE, unfinished));
    }
}

fn count_lost(lines: u64) {
    metrics::counter!("sigma_log_lost_lines_total").increment(lines);
}

/// The line that replaces lost ones; its leading break ends a partially written line.
fn reported(lost: u64, format: LogFormat) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    match format {
        _ if lost == 0 => {}
        LogFormat::Text => writeln!(line, "\n WARN sigma::log: {lost} log lines could not be written")?,
        LogFormat::Json => {
            let event = json!({ "level": "WARN", "message": "log lines could not be written", "lost": lost });
            writeln!(line, "\n{event}")?;
        }
    }
    Ok(line)
}

/// Hands over complete lines.
struct Handed(Arc<Lines>);

impl<'a> MakeWriter<'a> for Handed {
    type Writer = &'a Lines;

    fn make_writer(&'a self) -> &'a Lines {
        &self.0
    }
}

impl Write for &Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A log on a disk that is full at first.
    struct Disk {
        full: bool,
        text: Vec<u8>,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if std::mem::take(&mut self.full) {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.text.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn written(lines: &Lines, full: bool) -> String {
        let mut disk = Disk { full, text: Vec::new() };
        lines.lock().ending = true;
        lines.write_out(&mut disk, LogFormat::Text);
        String::from_utf8(disk.text).unwrap()
    }

    #[test]
    fn lines_are_written_in_their_order() {
        let lines = Lines::default();
        lines.push(b"one\n");
        lines.push(b"two\n");
        assert_eq!(written(&lines, false), "one\ntwo\n");
    }

    #[test]
    fn lines_that_could_not_be_written_are_counted_in_a_later_one() {
        let lines = Lines::default();
        lines.push(b"one\n");
        lines.push(b"two\n");
        assert_eq!(written(&lines, true), "");
        lines.push(b"three\n");
        let text = written(&lines, false);
        assert_eq!(text, "\n WARN sigma::log: 2 log lines could not be written\nthree\n");
    }

    #[test]
    fn an_unread_log_uses_bounded_memory() {
        let lines = Lines::default();
        for _ in 0..3 * WAITING / 1_000 {
            lines.push(&[b'x'; 1_000]);
        }
        let waiting = lines.lock();
        assert!(waiting.bytes.len() <= WAITING);
        assert!(waiting.lost > 0);
    }

    #[test]
    fn shutdown_does_not_wait_for_a_blocked_log() {
        let lines = Lines::default();
        lines.push(b"one\n");
        lines.end();
        assert!(!lines.lock().finished);
    }
}
