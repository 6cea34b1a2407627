//! `sigma audit`: who did what.

mod filter;
mod follow;

use std::path::Path;

use serde::Serialize;
use sigma_core::event::{Details, Event};
use sigma_store::event::Place;

use self::filter::Filter;
pub use self::filter::moment;
use self::follow::follow;
use super::{Listed, one_more};
use crate::args::AuditArgs;
use crate::failure::Failure;
use crate::opened::Opened;
use crate::output::{Output, table};
use crate::terminal::one_line;

/// Events per read of the store.
const BATCH: u32 = 500;

/// An event as the command line shows it.
#[derive(Debug, Serialize)]
struct EventView {
    id: String,
    at: String,
    action: String,
    count: u64,
    actor: Named,
    user_id: Option<String>,
    org_id: Option<String>,
    target: Option<Named>,
    address: Option<String>,
    user_agent: Option<String>,
    request_id: Option<String>,
    details: Details,
    /// Where the next page begins.
    #[serde(skip)]
    place: String,
}

/// An actor or target, by kind and id.
#[derive(Debug, Serialize)]
struct Named {
    kind: String,
    id: Option<String>,
}

impl EventView {
    fn of(event: &Event) -> Self {
        Self {
            id: event.id.to_string(),
            at: event.at.to_string(),
            action: event.action.clone(),
            count: event.count,
            actor: Named { kind: event.actor.kind().to_owned(), id: event.actor.id().map(str::to_owned) },
            user_id: event.user_id.as_ref().map(ToString::to_string),
            org_id: event.org_id.as_ref().map(ToString::to_string),
            target: event.target.clone().map(|(kind, id)| Named { kind, id: Some(id) }),
            address: event.address.clone(),
            user_agent: event.user_agent.clone(),
            request_id: event.request_id.clone(),
            details: event.details.clone(),
            place: Place::of(event).to_string(),
        }
    }

    fn cells(&self) -> [String; 6] {
        let times = if self.count > 1 { format!(" ({} times)", self.count) } else { String::new() };
        let actor = self.actor.id.clone().unwrap_or_else(|| self.actor.kind.clone());
        let target = self.target.as_ref().and_then(|target| target.id.clone());
        let action = format!("{}{times}", self.action);
        let (target, org) = (target.or_else(|| self.user_id.clone()).unwrap_or_default(), self.org_id.clone());
        [self.at.clone(), action, actor, target, org.unwrap_or_default(), self.address.clone().unwrap_or_default()]
    }

    fn line(&self) -> String {
        line(self.cells())
    }
}

/// One line for `--follow`, with columns of fixed width.
pub fn line(cells: [String; 6]) -> String {
    let [at, action, actor, target, org, address] = cells.map(|cell| one_line(&cell).into_owned());
    format!("{at}  {action:<24}  {actor:<29}  {target:<29}  {org:<28}  {address}").trim_end().to_owned()
}

/// Prints a page of the trail, or follows it.
pub fn audit(file: Option<&Path>, output: Output, args: &AuditArgs) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    let filter = Filter::of(&opened, args)?;
    if args.follow {
        return follow(&opened, output, &filter, args.limit);
    }
    let place = match (&args.after, &args.until) {
        (Some(text), _) => Place::parse(text)
            .ok_or_else(|| Failure::Usage(format!("--after: \"{text}\" is not a position in the audit trail")))?,
        (None, Some(text)) => Place::at(moment("--until", text, opened.now())?),
        (None, None) => Place::end(),
    };
    let found = filter.read(&opened, place, one_more(args.limit))?;
    let views = found.iter().map(EventView::of).collect();
    Listed::new(views, args.limit, |view: &EventView| view.place.clone()).print(
        output,
        "sigma audit",
        "No matching events.",
        |views| {
            let rows: Vec<_> = views.iter().map(EventView::cells).collect();
            table(["TIME", "ACTION", "BY", "TO", "WORKSPACE", "FROM"], &rows)
        },
    )
}

#[cfg(test)]
mod tests {
    use sigma_core::actor::Actor;
    use sigma_core::ids::{AppId, EventId};
    use sigma_core::time::Timestamp;

    use super::*;

    #[test]
    fn no_field_of_an_event_reaches_the_terminal_with_control_characters() {
        let nasty = || "x\u{1b}]0;x\u{7}\u{9b}2J\r\ny".to_owned();
        let event = Event {
            id: EventId::from_text(nasty()),
            at: Timestamp::from_micros(0),
            action: nasty(),
            actor: Actor::App(AppId::from_text(nasty())),
            user_id: None,
            org_id: None,
            target: Some((nasty(), nasty())),
            address: Some(nasty()),
            user_agent: Some(nasty()),
            request_id: Some(nasty()),
            count: 2,
            details: Details { method: Some(nasty()), scope: Some(nasty()), ..Details::default() },
        };
        let view = EventView::of(&event);
        let line = view.line();
        assert!(!line.chars().any(char::is_control), "{line}");
        let shown = table(["TIME", "ACTION", "BY", "TO", "WORKSPACE", "FROM"], &[view.cells()]);
        assert_eq!(shown.lines().count(), 2, "{shown}");
        assert!(shown.chars().all(|char| char == '\n' || !char.is_control()), "{shown}");
    }
}
