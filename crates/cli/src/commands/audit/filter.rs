//! Filters of events.

use std::time::Duration;

use sigma_core::actor::Actor;
use sigma_core::event::{Action, Event, belongs};
use sigma_core::ids::UserId;
use sigma_core::slug::Slug;
use sigma_core::time::Timestamp;
use sigma_store::event::{self, Place, Trail};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::BATCH;
use crate::args::AuditArgs;
use crate::commands::named;
use crate::failure::Failure;
use crate::opened::Opened;

/// The requested filters.
pub struct Filter {
    actor: Option<String>,
    actions: Vec<String>,
    user: Option<Trail>,
    since: Option<Timestamp>,
    trail: Trail,
}

impl Filter {
    /// The filter of these arguments.
    pub fn of(opened: &Opened, args: &AuditArgs) -> Result<Self, Failure> {
        let now = opened.now();
        let is_known = |name: &String| Action::ALL.iter().any(|action| belongs(action.as_str(), name));
        if let Some(unknown) = args.actions.iter().find(|name| !is_known(name)) {
            let names: Vec<&str> = Action::ALL.iter().map(|action| action.as_str()).collect();
            return Err(Failure::Usage(format!(
                "--action: there is no action or group \"{unknown}\"; there are {}",
                names.join(", ")
            )));
        }
        let user_id = |user: &str| UserId::parse(user).unwrap_or_else(|| UserId::from_text(user));
        let user = args.user.as_deref().map(|user| Trail::Concerning(user_id(user)));
        let by = args.actor.as_deref().map(|actor| actor_id(opened, actor)).transpose()?;
        // A user's actions are in their own trail.
        let actor = by.as_deref().filter(|actor| actor.starts_with("user_"));
        let actor = actor.map(|actor| Trail::User(UserId::from_text(actor)));
        let org = args.org.as_deref().map(|org| named::org_id(opened, org).map(Trail::Org)).transpose()?;
        let trail = org.or(actor).or_else(|| user.clone()).unwrap_or(Trail::All);
        let since = args.since.as_deref().map(|text| moment("--since", text, now)).transpose()?;
        Ok(Self { actor: by, actions: args.actions.clone(), user, since, trail })
    }

    /// Whether the event matches.
    pub fn takes(&self, event: &Event) -> bool {
        let is_by = |wanted: &String| event.actor.id().unwrap_or(event.actor.kind()) == wanted;
        self.trail.takes(event)
            && self.actor.as_ref().is_none_or(is_by)
            && (self.actions.is_empty() || self.actions.iter().any(|name| belongs(&event.action, name)))
            && self.user.as_ref().is_none_or(|user| user.takes(event))
            && self.since.is_none_or(|since| event.at >= since)
    }

    /// At most `limit` events before `place`, newest first.
    pub fn read(&self, opened: &Opened, mut place: Place, limit: u32) -> Result<Vec<Event>, Failure> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut found = Vec::new();
        loop {
            let (trail, from) = (self.trail.clone(), place.clone());
            let batch = opened.read(move |tx| event::list_before(tx, &trail, &from, BATCH))?;
            let is_last = batch.len() < usize::try_from(BATCH).unwrap_or(usize::MAX);
            let is_over = batch.last().is_some_and(|last| self.since.is_some_and(|since| last.at < since));
            if let Some(last) = batch.last() {
                place = Place::of(last);
            }
            found.extend(batch.into_iter().filter(|event| self.takes(event)));
            if is_last || is_over || found.len() >= limit {
                found.truncate(limit);
                return Ok(found);
            }
        }
    }
}

/// The id of the actor called `name`, or the kind. An app may be called by its client id.
fn actor_id(opened: &Opened, name: &str) -> Result<String, Failure> {
    if Actor::KINDS.contains(&name) || Slug::parse(name).is_none() {
        return Ok(name.to_owned());
    }
    Ok(named::app(opened, name)?.id.to_string())
}

/// The time given for `option`.
pub fn moment(option: &str, text: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    let parsed = ago(text).map(|span| now.minus(span)).or_else(|| date(text));
    parsed.ok_or_else(|| {
        Failure::Usage(format!(
            "{option}: \"{text}\" is not a time; write 2026-11-26, 2026-11-26T06:00:00Z, 90m, 24h or 7d"
        ))
    })
}

fn ago(text: &str) -> Option<Duration> {
    let units = [('s', 1), ('m', 60), ('h', 3_600), ('d', 86_400)];
    let (number, seconds) = units.into_iter().find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, seconds)))?;
    let number: u64 = number.parse().ok()?;
    Some(Duration::from_secs(number.saturating_mul(seconds)))
}

fn date(text: &str) -> Option<Timestamp> {
    let whole = if text.contains('T') { text.to_owned() } else { format!("{text}T00:00:00Z") };
    let nanos = OffsetDateTime::parse(&whole, &Rfc3339).ok()?.unix_timestamp_nanos();
    i64::try_from(nanos / 1_000).ok().map(Timestamp::from_micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_dates_timestamps_or_durations() {
        let now = Timestamp::from_seconds(1_772_366_400);
        let read = |text: &str| moment("--since", text, now).map(|at| at.to_string()).ok();
        for (text, expected) in [
            ("90m", "2026-03-01T10:30:00.000Z"),
            ("24h", "2026-02-28T12:00:00.000Z"),
            ("7d", "2026-02-22T12:00:00.000Z"),
            ("30s", "2026-03-01T11:59:30.000Z"),
            ("2026-02-01", "2026-02-01T00:00:00.000Z"),
            ("2026-02-01T10:00:00+01:00", "2026-02-01T09:00:00.000Z"),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
        for text in ["", "d", "-1d", "7", "7w", "yesterday", "2026-02-30", "7é", "99999999999999999999d"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn actions_match_by_name_or_group() {
        assert!(belongs("app.create", "app.create") && belongs("app.create", "app"));
        assert!(!belongs("app.create", "ap") && !belongs("api_key.create", "api") && !belongs("app.create", "create"));
    }
}
