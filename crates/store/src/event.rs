//! The audit trail: events are written in the transaction that they describe, so that both happen or neither.
//!
//! Actor, origin and request come from [`Tx::initiator`]. The database sets an event's time.

mod follower;

use std::hash::{BuildHasher as _, RandomState};
use std::sync::LazyLock;

use sigma_core::actor::Actor;
use sigma_core::digest::Digest;
use sigma_core::event::{Action, Details, Event, Target};
use sigma_core::ids::{AppId, EventId, OrgId, UserId};
use sigma_core::time::Timestamp;

use crate::stamped::{Stamped, stamped};
use crate::{Row, StoreError, Tx, merged_account, params};

pub use follower::Follower;

/// Most rows for repeated events with the same account, minute and cause, however many addresses they come from.
pub const MOST_SHARED_ROWS: u8 = 64;

/// Most rows for a user's events of the same action and minute, before further ones share rows.
pub const MOST_SINGLE_ROWS: u8 = 20;

/// Nobody can tell which networks share a row: with a public hash, whoever has two could hide both.
static NETWORKS: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// Deletes a batch of events at or before `$1`.
pub(crate) const SWEEP: &str =
    "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE at <= $1 ORDER BY at LIMIT 500)";

/// Adds an event; an existing id is counted further, and loses its address if the networks differ, and its browser if
/// those differ.
static INSERT: Stamped = stamped!(
    "evt_",
    "INSERT INTO events (id, at, action, actor_kind, actor_id, user_id, org_id, target_kind, target_id, address,
        user_agent, request_id, count, details, network)
     VALUES ($1, COALESCE(CAST($2 AS BIGINT), ",
    "), $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $15, $13, $14)
     ON CONFLICT (id) DO UPDATE SET count = events.count + excluded.count, at = excluded.at, request_id = excluded.request_id,
        address = CASE WHEN events.network = excluded.network THEN events.address END,
        network = CASE WHEN events.network = excluded.network THEN events.network END,
        user_agent = CASE WHEN events.user_agent = excluded.user_agent THEN events.user_agent END"
);

/// An event to be recorded.
#[derive(Clone, Debug)]
pub struct NewEvent {
    action: Action,
    actor: Option<Actor>,
    about: Option<UserId>,
    shown_to: Option<UserId>,
    org_id: Option<OrgId>,
    target: Option<Target>,
    details: Details,
    times: i64,
}

impl NewEvent {
    /// `action`, by the transaction's initiator.
    pub fn new(action: Action) -> Self {
        Self {
            action,
            actor: None,
            about: None,
            shown_to: None,
            org_id: None,
            target: None,
            details: Details::default(),
            times: 1,
        }
    }

    /// Sets how often it happened in this transaction, if not once.
    #[must_use]
    pub fn times(self, count: usize) -> Self {
        Self { times: i64::try_from(count).unwrap_or(i64::MAX), ..self }
    }

    /// Sets the actor that the initiator turned out to be in this transaction.
    #[must_use]
    pub fn by(self, actor: Actor) -> Self {
        Self { actor: Some(actor), ..self }
    }

    /// Sets the user whose account is affected, in whose recent activity it appears. A user's own actions need no call.
    #[must_use]
    pub fn about(self, user_id: &UserId) -> Self {
        Self { about: Some(user_id.clone()), ..self }
    }

    /// Sets the user in whose recent activity it appears although another user did it.
    #[must_use]
    pub fn shown_to(self, user_id: &UserId) -> Self {
        Self { shown_to: Some(user_id.clone()), ..self }
    }

    /// Sets the org.
    #[must_use]
    pub fn within(self, org_id: &OrgId) -> Self {
        Self { org_id: Some(org_id.clone()), ..self }
    }

    /// Sets the target.
    #[must_use]
    pub fn to(self, target: Target) -> Self {
        Self { target: Some(target), ..self }
    }

    /// Sets further facts.
    #[must_use]
    pub fn with(self, details: Details) -> Self {
        Self { details, ..self }
    }

    /// Without what differs between repetitions.
    fn repeated(self) -> Self {
        let Details { method, reason, app, .. } = self.details;
        let target = self.target.filter(|target| !matches!(target, Target::Session(_) | Target::Grant(_)));
        Self { target, details: Details { method, reason, app, ..Details::default() }, ..self }
    }

    /// Sets the sign-in method, or the kind of credential.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        self.details.method = Some(method.to_owned());
        self
    }
}

/// Records an event.
pub fn append(tx: &mut dyn Tx, event: NewEvent) -> Result<(), StoreError> {
    insert(tx, None, event)
}

/// Records an event under an id that was made for it.
pub fn append_as(tx: &mut dyn Tx, id: &EventId, event: NewEvent) -> Result<(), StoreError> {
    insert(tx, Some(id.as_str()), event)
}

/// Records a failure, or counts one more of the same action, account, cause, network and minute. Networks share
/// [`MOST_SHARED_ROWS`] rows, so that nobody can fill the table. A row keeps its first address, unless two networks share
/// it: then it names neither.
pub fn count_repeated(tx: &mut dyn Tx, event: NewEvent, now: Timestamp) -> Result<(), StoreError> {
    let network = tx.initiator().network().unwrap_or_default();
    let actor = event.actor.as_ref().unwrap_or(&tx.initiator().actor);
    let account = event.about.as_ref().map(UserId::as_str).unwrap_or_default();
    let target = event.target.as_ref().map(|target| (target.kind(), target.id()));
    let (org, details) = (event.org_id.as_ref().map(OrgId::as_str), &event.details);
    let minute = now.seconds().div_euclid(60);
    let key = format!(
        "{}/{}/{:?}/{account}/{org:?}/{target:?}/{:?}/{:?}/{:?}/{minute}",
        event.action.as_str(),
        actor.kind(),
        actor.id(),
        details.method,
        details.reason,
        details.app.as_ref().map(AppId::as_str)
    );
    let row = NETWORKS.hash_one((&network, &key)) % u64::from(MOST_SHARED_ROWS);
    let id = format!("evt_{:024x}", number_of(&format!("{key}/{row}")) >> 32);
    insert(tx, Some(&id), event)
}

/// Records what a user can do as often as they like: the first [`MOST_SINGLE_ROWS`] of an action in a minute have rows of
/// their own, and further ones are counted as by [`count_repeated`], without the session or grant and without numbers.
/// Callers hold the lock of `whose`, or may exceed the bound a little.
pub fn append_bounded(tx: &mut dyn Tx, event: NewEvent, whose: &UserId, now: Timestamp) -> Result<(), StoreError> {
    let minute = now.seconds().div_euclid(60);
    let number = number_of(&format!("{}/{whose}/{minute}", event.action.as_str())) >> 64;
    let id = |suffix: u128| format!("evt_{number:016x}{suffix:08x}");
    let sql = "SELECT COUNT(*) FROM events WHERE id >= $1 AND id <= $2";
    let counted = tx.query_opt(sql, params![&id(0), &id(u128::from(u32::MAX))])?;
    let rows = counted.map_or(Ok(0), |row| row.int(0))?;
    if rows >= i64::from(MOST_SINGLE_ROWS) {
        return count_repeated(tx, event.repeated(), now);
    }
    // Even without the lock, no two events have the same suffix: they would be counted as one.
    let target = event.target.as_ref().map(Target::id);
    let suffix = number_of(&format!("{rows}/{target:?}/{:?}", tx.initiator().request_id)) >> 96;
    insert(tx, Some(&id(suffix)), event)
}

fn number_of(key: &str) -> u128 {
    Digest::of(key).as_bytes().first_chunk().map_or(0, |bytes| u128::from_be_bytes(*bytes))
}

fn insert(tx: &mut dyn Tx, id: Option<&str>, event: NewEvent) -> Result<(), StoreError> {
    let initiator = tx.initiator();
    let NewEvent { action, actor, about, shown_to, org_id, target, details, times } = event;
    let actor = actor.as_ref().unwrap_or(&initiator.actor);
    let details = serde_json::to_string(&details).map_err(|error| StoreError::Failed(format!("an event: {error}")))?;
    let columns = params![
        action.as_str(),
        actor.kind(),
        actor.id(),
        shown_to.as_ref().or(actor.user()).or(about.as_ref()),
        org_id.as_ref(),
        target.as_ref().map(Target::kind),
        target.as_ref().map(Target::id),
        initiator.address.as_deref(),
        initiator.user_agent.as_deref(),
        initiator.request_id.as_deref(),
        details,
        id.and_then(|_| initiator.network()).as_deref(),
        times
    ]
    .to_vec();
    tx.insert_stamped(&INSERT, id, columns).map(drop)
}

/// Whose events.
#[derive(Clone, Debug)]
pub enum Trail {
    /// Everybody's.
    All,
    /// The events in a user's recent activity.
    User(UserId),
    /// Those, and what others did to the user, such as to their memberships.
    Concerning(UserId),
    /// The events of an org.
    Org(OrgId),
    /// What was done to an app.
    App(AppId),
    /// The events of one action.
    Of(Action),
}

impl Trail {
    /// Whether the event belongs to it.
    pub fn takes(&self, event: &Event) -> bool {
        let is_of = |user: &UserId| event.user_id.as_ref() == Some(user);
        let is_target =
            |user: &UserId| event.target.as_ref().is_some_and(|(kind, id)| kind == "user" && id == user.as_str());
        match self {
            Self::All => true,
            Self::User(user) => is_of(user),
            Self::Concerning(user) => is_of(user) || is_target(user),
            Self::Org(org) => event.org_id.as_ref() == Some(org),
            Self::App(app) => event.target.as_ref().is_some_and(|(kind, id)| kind == "app" && id == app.as_str()),
            Self::Of(action) => event.action == action.as_str(),
        }
    }
}

/// A position in the trail, between two events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    at: Timestamp,
    id: String,
}

impl Place {
    /// Before every event of that time.
    pub fn at(at: Timestamp) -> Self {
        Self { at, id: String::new() }
    }

    /// After every event.
    pub fn end() -> Self {
        Self::at(Timestamp::from_micros(i64::MAX))
    }

    /// The position of an event.
    pub fn of(event: &Event) -> Self {
        Self { at: event.at, id: event.id.as_str().to_owned() }
    }

    /// The later of both.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        if (other.at, &other.id) > (self.at, &self.id) { other } else { self }
    }

    /// Its time, and the id of the event before it.
    pub(crate) fn parts(&self) -> (Timestamp, &str) {
        (self.at, &self.id)
    }

    /// After the event of that id and time.
    pub(crate) fn from_parts(at: Timestamp, id: String) -> Self {
        Self { at, id }
    }

    /// Parses the `Display` form.
    pub fn parse(text: &str) -> Option<Self> {
        let (at, id) = text.split_once('-')?;
        let hex = id.strip_prefix("evt_")?;
        let is_id = hex.len() == 24 && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let at = at.parse().ok().filter(|_| is_id)?;
        Some(Self { at: Timestamp::from_micros(at), id: id.to_owned() })
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.at.micros(), self.id)
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, at, action, actor_kind, actor_id, user_id, org_id, target_kind, target_id, address, user_agent,
                request_id, count, details
             FROM events WHERE ",
            $rest
        )
    };
}

/// At most `limit` events of a trail before `place`, newest first. The cost does not depend on the position.
pub fn list_before(tx: &mut dyn Tx, trail: &Trail, place: &Place, limit: u32) -> Result<Vec<Event>, StoreError> {
    let rows = match trail {
        Trail::All => tx.query_all(
            select!("(at, id) < ($1, $2) ORDER BY at DESC, id DESC LIMIT $3"),
            params![place.at, &place.id, limit],
        ),
        Trail::User(user_id) => tx.query_all(
            select!("user_id = $1 AND (at, id) < ($2, $3) ORDER BY at DESC, id DESC LIMIT $4"),
            params![user_id, place.at, &place.id, limit],
        ),
        Trail::Concerning(user_id) => return list_concerning(tx, user_id, place, limit),
        Trail::Org(org_id) => tx.query_all(
            select!("org_id = $1 AND (at, id) < ($2, $3) ORDER BY at DESC, id DESC LIMIT $4"),
            params![org_id, place.at, &place.id, limit],
        ),
        Trail::App(app_id) => tx.query_all(
            select!(
                "target_kind = 'app' AND target_id = $1 AND (at, id) < ($2, $3) ORDER BY at DESC, id DESC LIMIT $4"
            ),
            params![app_id, place.at, &place.id, limit],
        ),
        Trail::Of(action) => tx.query_all(
            select!("action = $1 AND (at, id) < ($2, $3) ORDER BY at DESC, id DESC LIMIT $4"),
            params![action.as_str(), place.at, &place.id, limit],
        ),
    };
    rows?.iter().map(decode).collect()
}

/// [`list_before`] of [`Trail::Concerning`]: two trails, each read by its index.
fn list_concerning(tx: &mut dyn Tx, user_id: &UserId, place: &Place, limit: u32) -> Result<Vec<Event>, StoreError> {
    let mut events = list_before(tx, &Trail::User(user_id.clone()), place, limit)?;
    let others = tx.query_all(
        select!(
            "target_kind = 'user' AND target_id = $1 AND (user_id IS NULL OR user_id <> $1) AND (at, id) < ($2, $3)
             ORDER BY at DESC, id DESC LIMIT $4"
        ),
        params![user_id, place.at, &place.id, limit],
    )?;
    for row in &others {
        events.push(decode(row)?);
    }
    latest(&mut events, limit);
    Ok(events)
}

/// [`list_before`] of a user's recent activity and that of the accounts that were merged into theirs: each trail is read by its index.
pub fn list_with_merged(
    tx: &mut dyn Tx,
    user_id: &UserId,
    place: &Place,
    limit: u32,
) -> Result<Vec<Event>, StoreError> {
    let mut events = list_before(tx, &Trail::User(user_id.clone()), place, limit)?;
    for gone in merged_account::list(tx, user_id)? {
        events.extend(list_before(tx, &Trail::User(gone), place, limit)?);
        latest(&mut events, limit);
    }
    Ok(events)
}

/// Sorts events, newest first, and keeps at most `limit`.
fn latest(events: &mut Vec<Event>, limit: u32) {
    events.sort_by(|one, next| (next.at, next.id.as_str()).cmp(&(one.at, one.id.as_str())));
    events.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
}

/// The event of that id.
pub fn find(tx: &mut dyn Tx, id: &EventId) -> Result<Option<Event>, StoreError> {
    tx.query_opt(select!("id = $1"), params![id])?.map(|row| decode(&row)).transpose()
}

/// At most `limit` events of all trails after `place`, oldest first.
pub fn list_after(tx: &mut dyn Tx, place: &Place, limit: u32) -> Result<Vec<Event>, StoreError> {
    let rows =
        tx.query_all(select!("(at, id) > ($1, $2) ORDER BY at, id LIMIT $3"), params![place.at, &place.id, limit])?;
    rows.iter().map(decode).collect()
}

/// Replaces a user by `pseudonym`, and removes address, browser and BAP identity from their own events: in at most 500
/// events; returns how many. 0 means that none are left.
pub fn pseudonymise(tx: &mut dyn Tx, user_id: &UserId, pseudonym: &UserId) -> Result<u64, StoreError> {
    let own = tx.execute(
        "UPDATE events SET user_id = $2, address = NULL, network = NULL, user_agent = NULL,
            actor_id = CASE WHEN actor_id = $1 THEN $2 ELSE actor_id END,
            target_id = CASE WHEN target_kind = 'identity' THEN NULL
                WHEN target_kind = 'user' AND target_id = $1 THEN $2 ELSE target_id END
         WHERE id IN (SELECT id FROM events WHERE user_id = $1 LIMIT 500)",
        params![user_id, pseudonym],
    )?;
    if own > 0 {
        return Ok(own);
    }
    tx.execute(
        "UPDATE events SET target_id = $2
         WHERE id IN (SELECT id FROM events WHERE target_kind = 'user' AND target_id = $1 LIMIT 500)",
        params![user_id, pseudonym],
    )
}

fn decode(row: &Row) -> Result<Event, StoreError> {
    let corrupt = |what: &str| StoreError::Corrupt(format!("the {what} of an event"));
    Ok(Event {
        id: EventId::from_text(row.text(0)?),
        at: row.timestamp(1)?,
        action: row.text(2)?,
        actor: Actor::from_stored(&row.text(3)?, row.opt_text(4)?).ok_or_else(|| corrupt("actor"))?,
        user_id: row.opt_text(5)?.map(UserId::from_text),
        org_id: row.opt_text(6)?.map(OrgId::from_text),
        target: row.opt_text(7)?.zip(row.opt_text(8)?),
        address: row.opt_text(9)?,
        user_agent: row.opt_text(10)?,
        request_id: row.opt_text(11)?,
        count: u64::try_from(row.int(12)?).map_err(|_| corrupt("count"))?,
        details: serde_json::from_str(&row.text(13)?).map_err(|_| corrupt("details"))?,
    })
}
