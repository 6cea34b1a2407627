//! What the pages of webhooks have in common, in the console and in an org: forms, and what is shown.

use axum::response::{IntoResponse as _, Redirect, Response};
use sigma_core::callback_url::CallbackUrl;
use sigma_core::ids::{EventId, OrgId, WebhookId};
use sigma_core::params::Params;
use sigma_core::time::Timestamp;
use sigma_core::webhook::{EventFilter, LONGEST_DESCRIPTION, SecretKind};
use sigma_store::webhook::delivery::{DeliveryLine, LogPlace};
use sigma_store::webhook::{Act, Change, DisabledFor, NewWebhook, StoredSecret, Webhook};
use zeroize::Zeroizing;

use super::secrets::{make, to_verify};
use crate::http::ApiError;
use crate::pages::FormVersion;
use crate::pages::days::beginning_of;
use crate::pages::view::moment;
use crate::state::AppState;

/// Deliveries on one page.
pub const LENGTH: usize = 50;

/// Why a form is refused: a key of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FormProblem(pub &'static str);

macro_rules! outcomes {
    ($($(#[$doc:meta])* $done:ident = $name:literal, $key:literal;)*) => {
        /// What was done with a webhook.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Done {
            $($(#[$doc])* $done,)*
        }

        impl Done {
            const ALL: &[Self] = &[$(Self::$done),*];

            const fn name(self) -> &'static str {
                match self { $(Self::$done => $name),* }
            }

            /// What a page says of it: a key of the catalogue.
            pub const fn key(self) -> &'static str {
                match self { $(Self::$done => $key),* }
            }
        }
    };
}

outcomes! {
    /// It was created.
    Created = "created", "webhooks-done-created";
    /// Its settings were changed.
    Saved = "saved", "webhooks-done-saved";
    /// It was switched on.
    Enabled = "enabled", "webhooks-done-enabled";
    /// It was switched off.
    Disabled = "disabled", "webhooks-done-disabled";
    /// It was removed.
    Removed = "removed", "webhooks-done-removed";
    /// A test was sent.
    Tested = "tested", "webhooks-done-tested";
    /// Its secret was replaced.
    Rotated = "rotated", "webhooks-done-rotated";
    /// Deliveries are repeated.
    Replayed = "replayed", "webhooks-done-replayed";
}

impl Done {
    /// What a page's address reports.
    pub fn reported_by(query: &Params) -> Option<Self> {
        let name = query.get("done")?;
        Self::ALL.iter().copied().find(|done| done.name() == name)
    }

    /// Redirects to the page that reports it, so that reloading repeats nothing.
    pub fn at(self, path: &str) -> Response {
        Redirect::to(&format!("{path}?done={}", self.name())).into_response()
    }
}

/// A text of a form, trimmed.
fn field(form: &Params, name: &str) -> String {
    form.raw(name).unwrap_or_default().trim().to_owned()
}

/// What the forms say of a webhook, as it was entered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entered {
    /// Where events are posted to.
    pub url: String,
    /// What it is for.
    pub description: String,
    /// Names of actions and groups, separated by spaces or lines.
    pub events: String,
    /// How requests are signed.
    pub ed25519: bool,
    /// The version of the settings that the form was drawn from.
    pub version: FormVersion,
}

impl Entered {
    /// The fields of a submitted form.
    pub fn of(form: &Params) -> Self {
        let ed25519 = field(form, "signature") == SecretKind::Ed25519.as_str();
        Self {
            url: field(form, "url"),
            description: field(form, "description"),
            events: field(form, "events"),
            ed25519,
            version: FormVersion::sent(form),
        }
    }

    /// As it is stored, from which the version of a form is made.
    pub fn stored(webhook: &Webhook) -> Self {
        Self {
            url: webhook.url.as_str().to_owned(),
            description: webhook.description.clone(),
            events: webhook.events.names().join("\n"),
            ed25519: webhook.secret_kind == SecretKind::Ed25519,
            version: FormVersion::default(),
        }
    }

    /// How requests are signed.
    pub const fn kind(&self) -> SecretKind {
        if self.ed25519 { SecretKind::Ed25519 } else { SecretKind::Hmac }
    }

    /// The parts as they are stored.
    ///
    /// # Errors
    /// One of them is malformed, or the address is out of reach.
    pub fn change(&self, sigma: &AppState, org_id: &OrgId) -> Result<Change, FormProblem> {
        let url = CallbackUrl::register(&self.url).map_err(|_| FormProblem("webhooks-problem-url"))?;
        let fetcher = sigma.webhook_fetcher(*org_id == OrgId::operator());
        fetcher.admit(url.as_str()).map_err(|_| FormProblem("webhooks-problem-reach"))?;
        let is_line = !self.description.chars().any(char::is_control);
        if !is_line || self.description.chars().count() > LONGEST_DESCRIPTION {
            return Err(FormProblem("webhooks-problem-description"));
        }
        let events =
            EventFilter::parse(self.events.split([' ', ',', '\r', '\n', '\t']).filter(|name| !name.is_empty()));
        let events = events.map_err(|_| FormProblem("webhooks-problem-events"))?;
        Ok(Change { url: Some(url), description: Some(self.description.clone()), events: Some(events), enabled: None })
    }
}

/// A webhook to be created, and what its receiver verifies with.
pub struct Created {
    /// What is stored.
    pub new: NewWebhook,
    /// Shown once.
    pub secret: Zeroizing<String>,
}

/// What the form of a new webhook asks for.
///
/// # Errors
/// A part is malformed; or the secret cannot be sealed.
pub fn create(sigma: &AppState, org_id: &OrgId, entered: &Entered) -> Result<Result<Created, FormProblem>, ApiError> {
    let change = match entered.change(sigma, org_id) {
        Ok(change) => change,
        Err(problem) => return Ok(Err(problem)),
    };
    let (Some(url), Some(events)) = (change.url, change.events) else {
        return Ok(Err(FormProblem("webhooks-problem-url")));
    };
    let now = sigma.now();
    let id = WebhookId::new(now, &*sigma.rng);
    let made = make(sigma, org_id, &id, entered.kind())?;
    let new = NewWebhook {
        org_id: org_id.clone(),
        id,
        url,
        description: entered.description.clone(),
        events,
        secret_kind: entered.kind(),
        secret: made.stored,
        active_from: sigma.store.database_now(),
        now,
    };
    Ok(Ok(Created { new, secret: made.to_verify }))
}

/// What a form does with a webhook, and a new secret to show.
pub struct Asked {
    /// What is done.
    pub act: Act,
    /// What is reported of it.
    pub done: Done,
    /// What the receiver verifies with from now on.
    pub secret: Option<Zeroizing<String>>,
}

/// What the form on the page of a webhook asks for.
///
/// # Errors
/// A part is malformed; or a secret cannot be sealed.
pub fn ask(
    sigma: &AppState,
    org_id: &OrgId,
    webhook: &Webhook,
    form: &Params,
) -> Result<Result<Asked, FormProblem>, ApiError> {
    let (mut secret, switch) = (None, |enabled| Act::Change(Change { enabled: Some(enabled), ..Change::default() }));
    let (act, done) = match form.raw("do").unwrap_or_default() {
        "save" => match Entered::of(form).change(sigma, org_id) {
            Ok(change) => (Act::Change(change), Done::Saved),
            Err(problem) => return Ok(Err(problem)),
        },
        "enable" => (switch(true), Done::Enabled),
        "disable" => (switch(false), Done::Disabled),
        "remove" => (Act::Remove, Done::Removed),
        "test" => (Act::Test(EventId::new(sigma.now(), &*sigma.rng)), Done::Tested),
        "rotate" => {
            let made = make(sigma, org_id, &webhook.id, webhook.secret_kind)?;
            secret = Some(made.to_verify);
            (Act::Rotate(made.stored, sigma.settings.webhooks.overlap()), Done::Rotated)
        }
        "replay" => match EventId::parse(&field(form, "event")) {
            Some(event_id) => (Act::Replay(event_id), Done::Replayed),
            None => return Ok(Err(FormProblem("webhooks-problem-unknown"))),
        },
        "replay-failed" => match beginning_of(&field(form, "since")) {
            Some(since) => (Act::ReplayFailed { since, before: sigma.store.database_now() }, Done::Replayed),
            None => return Ok(Err(FormProblem("webhooks-problem-since"))),
        },
        _ => return Ok(Err(FormProblem("webhooks-problem-unknown"))),
    };
    Ok(Ok(Asked { act, done, secret }))
}

/// The list of webhooks.
#[derive(Clone, Debug, Default)]
pub struct HooksView {
    /// The path of the list.
    pub base: String,
    /// The webhooks.
    pub hooks: Vec<HookLine>,
    /// What was entered for a new one.
    pub entered: Entered,
    /// Whether the viewer may create one.
    pub may_change: bool,
    /// Where the viewer confirms who they are first.
    pub confirm_url: Option<String>,
    /// The groups of events.
    pub groups: String,
}

/// A webhook in the list.
#[derive(Clone, Debug)]
pub struct HookLine {
    /// Its id.
    pub id: String,
    /// Where events are posted to.
    pub url: String,
    /// What it is for.
    pub description: String,
    /// Its state.
    pub state: State,
}

/// Whether a webhook works.
#[derive(Clone, Copy, Debug)]
pub struct State {
    /// A key of the catalogue.
    pub label: &'static str,
    /// The class of its mark.
    pub class: &'static str,
}

impl State {
    fn of(webhook: &Webhook) -> Self {
        match (webhook.disabled, webhook.failing_since) {
            (Some((_, DisabledFor::Choice)), _) => Self { label: "webhooks-off", class: "off" },
            (Some((_, DisabledFor::Failures)), _) => Self { label: "webhooks-off-failures", class: "off" },
            (Some((_, DisabledFor::Gone)), _) => Self { label: "webhooks-off-gone", class: "off" },
            (None, Some(_)) => Self { label: "webhooks-failing", class: "waiting" },
            (None, None) => Self { label: "webhooks-on", class: "good" },
        }
    }
}

impl HooksView {
    /// The list at `base`.
    pub fn of(base: String, webhooks: &[Webhook]) -> Self {
        let line = |webhook: &Webhook| HookLine {
            id: webhook.id.to_string(),
            url: webhook.url.as_str().to_owned(),
            description: webhook.description.clone(),
            state: State::of(webhook),
        };
        let groups = EventFilter::groups().map(|group| format!("{group}.*")).collect::<Vec<_>>().join(" ");
        Self { base, hooks: webhooks.iter().map(line).collect(), groups, ..Self::default() }
    }
}

/// One webhook with its log.
#[derive(Clone, Debug)]
pub struct HookView {
    /// The path of the list.
    pub base: String,
    /// Its id.
    pub id: String,
    /// What its settings are, or what was entered for them.
    pub entered: Entered,
    /// Whether it is switched on.
    pub is_enabled: bool,
    /// Its state.
    pub state: State,
    /// Since when no delivery succeeded.
    pub failing_since: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
    /// What signs, the newest first.
    pub secrets: Vec<SecretLine>,
    /// A secret that is shown this once.
    pub fresh: Option<String>,
    /// The deliveries.
    pub deliveries: Vec<DeliveryRow>,
    /// Whether only those that failed are shown.
    pub only_failed: bool,
    /// Earlier ones.
    pub older: Option<String>,
    /// The first page, on others.
    pub first: Option<String>,
    /// Whether the viewer may change it.
    pub may_change: bool,
    /// Where the viewer confirms who they are first.
    pub confirm_url: Option<String>,
    /// The groups of events.
    pub groups: String,
}

/// A secret that signs.
#[derive(Clone, Debug)]
pub struct SecretLine {
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it signs, if it was replaced.
    pub expires_at: Option<Timestamp>,
    /// The public key.
    pub public_key: Option<String>,
}

impl SecretLine {
    /// When it was made, in words.
    pub fn since(&self) -> String {
        moment::minute(self.created_at)
    }

    /// Until when it signs, in words.
    pub fn until(&self) -> Option<String> {
        self.expires_at.map(moment::minute)
    }
}

/// A delivery in the log.
#[derive(Clone, Debug)]
pub struct DeliveryRow {
    /// What was recorded.
    pub line: DeliveryLine,
    /// Its state: a key of the catalogue.
    pub label: &'static str,
    /// The class of its mark.
    pub class: &'static str,
}

impl DeliveryRow {
    fn of(line: DeliveryLine) -> Self {
        let (label, class) = match line.delivered {
            None => ("webhooks-waiting", "waiting"),
            Some(true) => ("webhooks-delivered", "good"),
            Some(false) => ("webhooks-failed", "off"),
        };
        Self { line, label, class }
    }

    /// When it was queued, in words.
    pub fn when(&self) -> String {
        moment::minute(self.line.created_at)
    }

    /// When it is tried next, in words.
    pub fn next(&self) -> Option<String> {
        self.line.next_at.filter(|_| self.line.attempts > 0).map(moment::minute)
    }
}

/// Where a page of the log begins, and what of it is wanted, as the address says.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Whether only those that failed are shown.
    pub only_failed: bool,
    /// Where it begins.
    pub place: LogPlace,
    is_first: bool,
}

impl Wanted {
    /// The page that a query asks for.
    pub fn of(query: &Params) -> Self {
        let before = query.get("before").and_then(LogPlace::parse);
        Self {
            only_failed: query.get("state") == Some("failed"),
            is_first: before.is_none(),
            place: before.unwrap_or_else(LogPlace::end),
        }
    }

    /// One more than a page shows.
    pub fn limit() -> u32 {
        u32::try_from(LENGTH + 1).unwrap_or(u32::MAX)
    }
}

impl HookView {
    /// The page of a webhook below `base`.
    ///
    /// # Errors
    /// A secret cannot be opened.
    pub fn of(
        sigma: &AppState,
        base: String,
        (webhook, stored): (&Webhook, &[StoredSecret]),
        mut log: Vec<DeliveryLine>,
        wanted: &Wanted,
    ) -> Result<Self, ApiError> {
        let is_more = log.len() > LENGTH;
        log.truncate(LENGTH);
        let state = if wanted.only_failed { "state=failed" } else { "" };
        let path = format!("{base}/{}", webhook.id);
        let with = |query: String| if query.is_empty() { path.clone() } else { format!("{path}?{query}") };
        let older = log.last().filter(|_| is_more).map(LogPlace::of);
        let older = older.map(|place| with(format!("before={place}&{state}").trim_end_matches('&').to_owned()));
        let mut secrets = Vec::with_capacity(stored.len());
        for one in stored {
            secrets.push(SecretLine {
                created_at: one.created_at,
                expires_at: one.expires_at,
                public_key: to_verify(sigma, &webhook.org_id, &webhook.id, one)?,
            });
        }
        Ok(Self {
            id: webhook.id.to_string(),
            entered: Entered { version: FormVersion::of(&Entered::stored(webhook)), ..Entered::stored(webhook) },
            is_enabled: webhook.disabled.is_none(),
            state: State::of(webhook),
            failing_since: webhook.failing_since,
            created_at: webhook.created_at,
            secrets,
            fresh: None,
            deliveries: log.into_iter().map(DeliveryRow::of).collect(),
            only_failed: wanted.only_failed,
            older,
            first: (!wanted.is_first).then(|| with(state.to_owned())),
            may_change: false,
            confirm_url: None,
            groups: HooksView::of(String::new(), &[]).groups,
            base,
        })
    }

    /// The path of the webhook.
    pub fn path(&self) -> String {
        format!("{}/{}", self.base, self.id)
    }

    /// Since when it is there, in words.
    pub fn since(&self) -> String {
        moment::day(self.created_at)
    }

    /// Since when no delivery succeeded, in words.
    pub fn failing(&self) -> Option<String> {
        self.failing_since.map(moment::minute)
    }
}
