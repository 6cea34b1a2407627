//! `sigma audit --follow`.

use std::time::Duration;

use sigma_core::event::Event;
use sigma_store::event::{self, Follower, Place, Trail};

use super::filter::Filter;
use super::{BATCH, EventView};
use crate::failure::Failure;
use crate::opened::Opened;
use crate::output::{Output, print_on};

/// How often it polls.
const INTERVAL: Duration = Duration::from_millis(500);

/// Prints the latest events and then new ones, until the output is closed.
pub fn follow(opened: &Opened, output: Output, filter: &Filter, limit: u32) -> Result<(), Failure> {
    let newest = opened.read(|tx| event::list_before(tx, &Trail::All, &Place::end(), 1))?;
    let mut follower = Follower::after(newest.first());
    // Existing events are printed now or not at all.
    follower.take(read(opened, &follower)?);
    let mut latest = filter.read(opened, Place::end(), limit)?;
    latest.reverse();
    follower.take(latest.clone());
    loop {
        for event in latest.iter().filter(|event| filter.takes(event)) {
            if !print_on(&line(event, output)?)? {
                return Ok(());
            }
        }
        std::thread::sleep(INTERVAL);
        latest = follower.take(read(opened, &follower)?);
    }
}

/// The events from the follower's position on.
fn read(opened: &Opened, follower: &Follower) -> Result<Vec<Event>, Failure> {
    let mut place = follower.place();
    let mut events = Vec::new();
    loop {
        let from = place.clone();
        let batch = opened.read(move |tx| event::list_after(tx, &from, BATCH))?;
        let is_last = batch.len() < usize::try_from(BATCH).unwrap_or(usize::MAX);
        if let Some(last) = batch.last() {
            place = Place::of(last);
        }
        events.extend(batch);
        if is_last {
            return Ok(events);
        }
    }
}

fn line(event: &Event, output: Output) -> Result<String, Failure> {
    let view = EventView::of(event);
    if output.json {
        serde_json::to_string(&view).map_err(|error| Failure::Failed(error.to_string()))
    } else {
        Ok(view.line())
    }
}
