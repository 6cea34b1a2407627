//! `sigma top`: how a server does, live, from its metrics.

mod page;
mod summary;
mod view;

use std::io::{self, IsTerminal as _};
use std::path::Path;
use std::time::Duration;

use rustix::termios::tcgetwinsize;
use sigma_core::time::{Clock as _, Timestamp};

use self::page::Page;
use self::summary::Summary;
use crate::args::TopArgs;
use crate::config;
use crate::failure::Failure;
use crate::output::Output;
use crate::serve::runtime;
use crate::signals::Stops;
use crate::system::SystemClock;
use crate::terminal::Screen;

/// Shows the server of `--metrics`, or of the configuration, until Ctrl-C; once without a terminal.
pub fn top(file: Option<&Path>, output: Output, args: &TopArgs) -> Result<(), Failure> {
    let address = match &args.metrics {
        Some(address) => address.clone(),
        None => config::load_checked(file)?.metrics.listen.map(|address| address.to_string()).ok_or_else(|| {
            Failure::Config(
                "the server shows no metrics: set metrics.listen, or name an address with --metrics".to_owned(),
            )
        })?,
    };
    // Also where it is given as for a browser.
    let address = address.trim_start_matches("http://").trim_end_matches("/metrics").trim_end_matches('/').to_owned();
    let every = Duration::from_secs(args.seconds.into());
    if output.json || args.once || !io::stdout().is_terminal() {
        let before = if every.is_zero() { None } else { Some((Page::of(&address)?, SystemClock.now())) };
        std::thread::sleep(every);
        let summary = summarize(before.as_ref(), &Page::of(&address)?, SystemClock.now());
        return output.answer(&summary, |summary| view::lines(&address, summary).join("\n"));
    }
    let every = every.max(Duration::from_secs(1));
    runtime()?.block_on(live(&address, every))
}

/// Draws anew every so often, until a signal ends it.
async fn live(address: &str, every: Duration) -> Result<(), Failure> {
    let mut stops = Stops::listen()?;
    let mut before: Option<(Page, Timestamp)> = None;
    let failed = |error: io::Error| Failure::Failed(format!("cannot write to standard output: {error}"));
    let screen = Screen::open().map_err(failed)?;
    loop {
        let asked = address.to_owned();
        let page = tokio::task::spawn_blocking(move || Page::of(&asked)).await;
        let lines = match page.map_err(|error| Failure::Failed(error.to_string()))? {
            Ok(page) => {
                let now = SystemClock.now();
                let lines = view::lines(address, &summarize(before.as_ref(), &page, now));
                before = Some((page, now));
                lines
            }
            // It may be restarting.
            Err(failure) => {
                before = None;
                failure.to_string().lines().map(str::to_owned).collect()
            }
        };
        screen.show(&lines, size()).map_err(failed)?;
        tokio::select! {
            _ = stops.next() => return Ok(()),
            () = tokio::time::sleep(every) => {}
        }
    }
}

/// What a page says, compared with an earlier one: a server that is slow to answer makes the time between them longer.
fn summarize(before: Option<&(Page, Timestamp)>, after: &Page, now: Timestamp) -> Summary {
    let between = before.map_or(Duration::ZERO, |(_, then)| now.since(*then));
    let seconds = u32::try_from(now.seconds()).unwrap_or(u32::MAX);
    Summary::new(before.map(|(page, _)| page), after, between.as_secs_f64(), f64::from(seconds))
}

/// The rows and columns of the terminal.
fn size() -> (usize, usize) {
    tcgetwinsize(io::stdout())
        .map_or((24, 80), |size| (usize::from(size.ws_row).max(2), usize::from(size.ws_col).max(20)))
}
