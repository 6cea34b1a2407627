//! `sigma migrate`: moves the database to another engine.

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;
use sigma_core::random::Rng;
use sigma_core::time::Clock;
use sigma_store::StoreOptions;
use sigma_store::transfer::{self, Move, Step};

use crate::args::MigrateArgs;
use crate::config;
use crate::confirm::confirm;
use crate::failure::Failure;
use crate::opened::options;
use crate::output::{Output, fields};
use crate::progress::Bar;
use crate::system::{SystemClock, SystemRng};

/// The result as printed.
#[derive(Serialize)]
struct Answer {
    tables: usize,
    rows: u64,
}

/// Moves the database of the settings to `--to`, or brings it back into use with `--cancel`.
pub fn migrate(file: Option<&Path>, output: Output, args: &MigrateArgs) -> Result<(), Failure> {
    let settings = config::load_checked(file)?;
    let (clock, rng): (Arc<dyn Clock>, Arc<dyn Rng>) = (Arc::new(SystemClock), Arc::new(SystemRng));
    let from = options(&settings);
    let Some(to) = args.to.as_ref().filter(|_| !args.cancel) else {
        confirm(args.sure.yes, "what was written to the other database meanwhile is not in this one")?;
        let was_moving = transfer::cancel(&from, &clock, &rng)?;
        return output.answer(&serde_json::json!({ "cancelled": was_moving }), |_| {
            let (back, nothing) = ("The database is in use again.", "The database is not being moved.");
            if was_moving { back } else { nothing }.to_owned()
        });
    };
    let to = StoreOptions { url: to.clone(), ..from.clone() };
    let this = Move::begin(&from, &to, clock, &rng)?;
    let bar = RefCell::new(None);
    let moved = this.run(
        &mut |step| {
            let what = match step {
                Step::Copying => "Copying",
                Step::Finishing => "Comparing, servers only read",
            };
            // The line of the former one is cleared first.
            drop(bar.take());
            *bar.borrow_mut() = Some(Bar::new(what, output.json));
        },
        &mut |progress| {
            if let Some(bar) = bar.borrow_mut().as_mut() {
                bar.show(progress);
            }
        },
    );
    drop(bar.take());
    let moved = moved?;
    let answer = Answer { tables: moved.sums.len(), rows: moved.sums.iter().map(|sum| sum.rows).sum() };
    output.answer(&answer, |answer| {
        let content = format!("{} rows of {} tables, the same checksums in both databases", answer.rows, answer.tables);
        let next = "name the new database in store.url, and restart every server; until then they only read.\n\
                    Keep the old one until you have a backup of the new one.";
        fields(&[("moved", content), ("next", next.to_owned())])
    })
}
