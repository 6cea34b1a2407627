//! `/console/audit`, and as a file `/console/audit.csv` and `.ndjson`: the audit trail, newest first, filtered.

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::StatusCode;
use sigma_core::event::{Action, Event};
use sigma_core::ids::{AppId, UserId};
use sigma_core::params::Params;
use sigma_platform::csv::{Writer, csv_response};
use sigma_platform::http::Endpoint;
use sigma_platform::pages::days::beginning_of;
use sigma_platform::pages::policy::PAGE;
use sigma_platform::state::AppState;
use sigma_store::event::Place;
use sigma_store::operator::Caller;
use sigma_store::operator::audit::{self, Events, Filter};
use sigma_store::{Stop, StoreError};

use super::{field, with_query};
use crate::operator::Operator;
use crate::outcome::PageError;
use crate::trail::ndjson;
use crate::view::{AuditPage, EventRow, Tab};

const PATH: &str = "/console/audit";
/// Events on one page.
const LENGTH: u32 = 50;
/// Events that are read at once for a file, and the most of one file; the filters select others.
const PIECE: u32 = 200;
const MOST_IN_FILE: usize = 20_000;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 3] {
    [
        Endpoint::get(PAGE, PATH, show),
        Endpoint::get(PAGE, "/console/audit.csv", export),
        Endpoint::get(PAGE, "/console/audit.ndjson", export_lines),
    ]
}

/// The filters as they were entered.
#[derive(Clone, Debug, Default)]
struct Entered {
    person: String,
    app: String,
    org: String,
    action: String,
    since: String,
    until: String,
}

impl Entered {
    fn of(query: &Params) -> Self {
        let field = |name| field(query, name);
        Self {
            person: field("person"),
            app: field("app"),
            org: field("org"),
            action: field("action"),
            since: field("since"),
            until: field("until"),
        }
    }

    fn pairs(&self) -> [(&'static str, &str); 6] {
        [
            ("person", &self.person),
            ("app", &self.app),
            ("org", &self.org),
            ("action", &self.action),
            ("since", &self.since),
            ("until", &self.until),
        ]
    }

    /// The filter, and the place where the newest of its events may be. A name that is nobody's finds nothing.
    async fn filter(&self, sigma: &AppState) -> Result<(Filter, Place), PageError> {
        let person = (!self.person.is_empty())
            .then(|| UserId::parse(&self.person).unwrap_or_else(|| UserId::from_text(self.person.as_str())));
        let app = match self.app.as_str() {
            "" => None,
            name => {
                let app = sigma.find_named_app(name).await?;
                Some(app.map_or_else(|| AppId::from_text(name), |app| app.id.clone()))
            }
        };
        let org = if self.org.is_empty() { None } else { Some(sigma.org_named(&self.org).await?) };
        let filter = Filter {
            person,
            app,
            org,
            actions: Action::parse(&self.action).map(|action| action.as_str().to_owned()).into_iter().collect(),
            actor: None,
            since: beginning_of(&self.since),
        };
        // All of the last day belongs to it.
        let until = beginning_of(&self.until).map(|day| day.plus(std::time::Duration::from_hours(24)));
        Ok((filter, until.map_or_else(Place::end, Place::at)))
    }
}

async fn show(
    State(sigma): State<AppState>,
    operator: Operator,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = Params::parse(query.as_deref().unwrap_or_default());
    let entered = Entered::of(&query);
    let (filter, newest) = entered.filter(&sigma).await?;
    let before = query.get("before").and_then(Place::parse);
    let (caller, place) = (operator.caller(), before.clone().unwrap_or(newest));
    let Events { found, next } =
        operator.read(&sigma, move |tx| audit::list(tx, &caller, &filter, &place, LENGTH)).await?;
    let address = |path: &str, before: &str| {
        let pairs: Vec<_> = entered.pairs().into_iter().chain([("before", before)]).collect();
        with_query(path, &pairs)
    };
    // What is older does not change.
    let is_first = before.is_none();
    let live = |on: &str| {
        let pairs: Vec<_> = entered.pairs().into_iter().chain([("live", on)]).collect();
        with_query(PATH, &pairs)
    };
    let is_live = is_first && query.get("live").is_some();
    let view = AuditPage {
        live: is_live.then(|| live("1")),
        switch: is_first.then(|| live(if is_live { "" } else { "1" })),
        ndjson: address("/console/audit.ndjson", ""),
        older: next.map(|place| address(PATH, &place.to_string())),
        first: before.map(|_| address(PATH, "")),
        csv: address("/console/audit.csv", ""),
        events: found.iter().map(EventRow::of).collect(),
        actions: Action::ALL.iter().map(|action| action.as_str()).collect(),
        is_filtered: entered.pairs().iter().any(|(_, value)| !value.is_empty()),
        person: entered.person,
        app: entered.app,
        org: entered.org,
        action: entered.action,
        since: entered.since,
        until: entered.until,
    };
    Ok(view.render(StatusCode::OK, &operator.frame(Tab::Audit, None), &operator.page(&sigma)))
}

/// The columns of a file.
const COLUMNS: [&str; 14] = [
    "id",
    "at",
    "action",
    "actor_kind",
    "actor_id",
    "user",
    "org",
    "target_kind",
    "target_id",
    "address",
    "user_agent",
    "request_id",
    "count",
    "details",
];

async fn export(
    State(sigma): State<AppState>,
    operator: Operator,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let entered = Entered::of(&Params::parse(query.as_deref().unwrap_or_default()));
    let (filter, newest) = entered.filter(&sigma).await?;
    let caller = operator.caller();
    // Read before the answer begins: a store that does not answer, and a role that does not reach, are error pages.
    let (asking, wanted, place) = (caller.clone(), filter.clone(), newest);
    let first = operator.read(&sigma, move |tx| audit::list(tx, &asking, &wanted, &place, PIECE)).await?;
    let mut file = Export { sigma, caller, filter, writer: Writer::new(&COLUMNS), next: None, written: 0 };
    let begun = file.take(first);
    let others = stream::try_unfold(file, |mut file| async move {
        let piece = file.piece().await?;
        Ok::<_, StoreError>(piece.map(|piece| (piece, file)))
    });
    Ok(csv_response("audit.csv", Body::from_stream(stream::iter([Ok(begun)]).chain(others))))
}

/// Lines of JSON, of any number.
async fn export_lines(
    State(sigma): State<AppState>,
    operator: Operator,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let entered = Entered::of(&Params::parse(query.as_deref().unwrap_or_default()));
    let (filter, newest) = entered.filter(&sigma).await?;
    ndjson(sigma.clone(), operator.caller(), filter, newest).await.map_err(|stop| operator.stopped(&sigma, stop))
}

/// A file that is made while it is sent.
struct Export {
    sigma: AppState,
    caller: Caller,
    filter: Filter,
    writer: Writer,
    next: Option<Place>,
    written: usize,
}

impl Export {
    /// The next lines; `None` at the end.
    async fn piece(&mut self) -> Result<Option<Bytes>, StoreError> {
        let Some(place) = self.next.take() else { return Ok(None) };
        let (caller, filter) = (self.caller.clone(), self.filter.clone());
        let read = self.sigma.store.look_up(move |tx| audit::list(tx, &caller, &filter, &place, PIECE)).await;
        match read {
            Ok(events) => Ok(Some(self.take(events))),
            Err(Stop::Failed(error)) => Err(error),
            // The role was taken away meanwhile: the file ends here.
            Err(Stop::Refused(refusal)) => Err(StoreError::Failed(refusal.to_string())),
        }
    }

    fn take(&mut self, events: Events) -> Bytes {
        for event in &events.found {
            self.line(event);
        }
        self.written += events.found.len();
        self.next = events.next.filter(|_| self.written < MOST_IN_FILE);
        Bytes::from(self.writer.take())
    }

    fn line(&mut self, event: &Event) {
        let (kind, id) = event.target.as_ref().map_or(("", ""), |(kind, id)| (kind.as_str(), id.as_str()));
        let (at, count, details) = (event.at.iso8601(), event.count.to_string(), event.details.words().join("; "));
        self.writer.line([
            event.id.as_str(),
            at.as_str(),
            &event.action,
            event.actor.kind(),
            event.actor.id().unwrap_or_default(),
            event.user_id.as_ref().map(UserId::as_str).unwrap_or_default(),
            event.org_id.as_ref().map(sigma_core::ids::OrgId::as_str).unwrap_or_default(),
            kind,
            id,
            event.address.as_deref().unwrap_or_default(),
            event.user_agent.as_deref().unwrap_or_default(),
            event.request_id.as_deref().unwrap_or_default(),
            &count,
            &details,
        ]);
    }
}
