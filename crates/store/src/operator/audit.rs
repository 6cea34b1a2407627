//! The audit trail as the console and the management API see it.

use sigma_core::event::{Action, Event, belongs};
use sigma_core::ids::{AppId, OrgId, UserId};
use sigma_core::operator::OperatorRight;
use sigma_core::time::Timestamp;

use super::Decision;
use super::authority::{Caller, require};
use crate::Tx;
use crate::event::{self, Place, Trail};

/// Events that are read at once, and how often: what a rare combination of filters costs at most.
const BATCH: u32 = 200;
const MOST_BATCHES: u32 = 10;

/// Which events are wanted; all of it applies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// What a person did, or what happened to them.
    pub person: Option<UserId>,
    /// What happened to an app.
    pub app: Option<AppId>,
    /// What happened in an org.
    pub org: Option<OrgId>,
    /// Events of one of these actions, or groups of them such as `user`; of all if there are none.
    pub actions: Vec<String>,
    /// What somebody did: an id, or the kind of an actor without one.
    pub actor: Option<String>,
    /// Not before that time.
    pub since: Option<Timestamp>,
}

impl Filter {
    /// Each of the conditions as a trail, the rarest first: that one is read by its index.
    fn trails(&self) -> Vec<Trail> {
        let person = self.person.clone().map(Trail::Concerning);
        let app = self.app.clone().map(Trail::App);
        let org = self.org.clone().map(Trail::Org);
        let actor = self.actor.as_deref().and_then(UserId::parse).map(Trail::User);
        let action = match &self.actions[..] {
            [one] => Action::parse(one).map(Trail::Of),
            _ => None,
        };
        [person, app, org, actor, action].into_iter().flatten().collect()
    }

    /// Whether it wants the event, apart from what its trails say.
    fn takes(&self, event: &Event) -> bool {
        let is_by = |wanted: &String| event.actor.id().unwrap_or(event.actor.kind()) == wanted;
        let is_one = |name: &String| belongs(&event.action, name);
        self.actor.as_ref().is_none_or(is_by) && (self.actions.is_empty() || self.actions.iter().any(is_one))
    }
}

/// Some events, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Events {
    /// The events. There may be fewer than asked for although there are more: a search ends after so many that do not match.
    pub found: Vec<Event>,
    /// Where to read on, if there is more to read.
    pub next: Option<Place>,
}

/// At most `limit` of the wanted events before `place`. The cost depends neither on the place nor on the filter.
pub fn list(tx: &mut dyn Tx, caller: &Caller, filter: &Filter, place: &Place, limit: u32) -> Decision<Events> {
    require(tx, caller, OperatorRight::ReadAudit)?;
    let trails = filter.trails();
    let (driving, others) = trails.split_first().map_or((&Trail::All, &[][..]), |(first, others)| (first, others));
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let (mut found, mut place) = (Vec::new(), place.clone());
    for _ in 0..MOST_BATCHES {
        let batch = event::list_before(tx, driving, &place, BATCH)?;
        let is_last = batch.len() < usize::try_from(BATCH).unwrap_or(usize::MAX);
        for event in batch {
            if filter.since.is_some_and(|since| event.at < since) {
                return Ok(Events { found, next: None });
            }
            if found.len() == limit {
                return Ok(Events { found, next: Some(place) });
            }
            place = Place::of(&event);
            if filter.takes(&event) && others.iter().all(|trail| trail.takes(&event)) {
                found.push(event);
            }
        }
        if is_last {
            return Ok(Events { found, next: None });
        }
    }
    Ok(Events { found, next: Some(place) })
}
