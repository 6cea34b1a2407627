//! The demo's merits: the bakery and the library issue them, and an app of the library acts for both.

use serde::Serialize;
use sigma_core::actor::Actor;
use sigma_core::app::{App, AuthMethod, new_secret};
use sigma_core::digest::Digest;
use sigma_core::email::Email;
use sigma_core::ids::{FieldId, MeritId, MeritTemplateId, OrgId, OrgRef};
use sigma_core::merits::{
    FieldType, MeritProblem, OrgPermission, OrgPermissions, PageRequest, PersonName, SettingChange, SiteUrl, Standing,
};
use sigma_core::time::Timestamp;
use sigma_store::merits::field::{self, NewField};
use sigma_store::merits::send::{self, Manner, Recipient, Sending, To};
use sigma_store::merits::template::{self, NewTemplate};
use sigma_store::merits::{Decision, issuer, link};
use sigma_store::{Stop, StoreError, Tx, app, org};

use super::apps::base;
use crate::failure::Failure;
use crate::opened::Opened;

/// The id that the app chose.
const CLIENT_ID: &str = "playground-merits";
/// Merits that an org may send while it is prepared.
const BUDGET: u32 = 1_000;

/// The app and its orgs, as described to the Playground.
#[derive(Clone, Debug, Serialize)]
pub struct DemoMerits {
    app: BadgesApp,
    orgs: Vec<Issuer>,
}

#[derive(Clone, Debug, Serialize)]
struct BadgesApp {
    id: String,
    name: &'static str,
    secret: String,
}

#[derive(Clone, Debug, Serialize)]
struct Issuer {
    id: String,
    name: &'static str,
    about: &'static str,
}

/// What an org issues.
struct Catalogue {
    slug: &'static str,
    templates: &'static [(&'static str, &'static str)],
    /// The field of every template.
    field: (&'static str, &'static str, FieldType),
    /// Who gets the first one, from the start.
    recipients: &'static [(&'static str, &'static str, &'static str)],
}

static CATALOGUES: [Catalogue; 2] = [
    Catalogue {
        slug: "harbour-bakery",
        templates: &[
            ("Sourdough course", "Completed our two-day course on sourdough bread"),
            ("Baker of the month", "Chosen by the whole team"),
        ],
        field: ("Grade", "How well it went", FieldType::ShortText),
        recipients: &[("cleo@bakery.example", "Cleo", "Marsh"), ("ben@bakery.example", "Ben", "Okafor")],
    },
    Catalogue {
        slug: "night-library",
        templates: &[("Reader of the year", "Read more than a hundred books within a year")],
        field: ("Books", "How many", FieldType::ShortText),
        recipients: &[("ada@example.org", "Ada", "Weaver")],
    },
];

/// Ids and times of what is created, made before the transaction.
struct New {
    now: Timestamp,
    template_ids: Vec<MeritTemplateId>,
    field_id: FieldId,
    merit_ids: Vec<MeritId>,
}

/// Verifies the orgs, fills them unless an earlier demo did, and registers the app.
pub fn register(opened: &Opened, origin: &str) -> Result<DemoMerits, Failure> {
    let now = opened.now();
    let mut ids = Vec::new();
    for catalogue in &CATALOGUES {
        let org_id = opened.read(move |tx| org_of(tx, catalogue))?;
        let rng = opened.rng.as_ref();
        let new = New {
            now,
            template_ids: catalogue.templates.iter().map(|_| MeritTemplateId::new(now, rng)).collect(),
            field_id: FieldId::new(now, rng),
            merit_ids: catalogue.recipients.iter().map(|_| MeritId::new(now, rng)).collect(),
        };
        let org = org_id.clone();
        opened.write(move |tx| whole(fill(tx, &org, catalogue, &new)))?;
        ids.push(org_id);
    }
    let [bakery, library] = ids.as_slice() else {
        return Err(Failure::Failed("the demo's orgs are missing".to_owned()));
    };
    let secret = new_secret(opened.rng.as_ref());
    let site = SiteUrl::parse(&format!("{origin}/")).map_err(|problem| Failure::Failed(problem.to_string()))?;
    let badges = App {
        auth_method: AuthMethod::ClientSecretBasic,
        secret: Some(Digest::of(&secret)),
        site_url: Some(site),
        ..base(opened, CLIENT_ID, "Badges", library, origin)?
    };
    let (app_id, linked) = (badges.id.clone(), bakery.clone());
    opened.write(move |tx| {
        match app::find(tx, &badges.id)? {
            Some(_) => app::update(tx, &badges).map(drop)?,
            None => app::add(tx, &badges).map(drop)?,
        }
        let permissions: OrgPermissions = [OrgPermission::ManageTemplates, OrgPermission::Send].into_iter().collect();
        whole(link::put(tx, &linked, &badges.id, permissions, &Actor::Operator, now).map(drop))
    })?;
    let issuer = |org_id: &OrgId, name, about| Issuer { id: org_id.digits().to_owned(), name, about };
    Ok(DemoMerits {
        app: BadgesApp { id: app_id.digits().to_owned(), name: "Badges", secret },
        orgs: vec![
            issuer(bakery, "Harbour Bakery", "linked the app"),
            issuer(library, "Night Library", "owns the app"),
        ],
    })
}

fn org_of(tx: &mut dyn Tx, catalogue: &Catalogue) -> Result<OrgId, StoreError> {
    let found = OrgRef::parse(catalogue.slug).map_or(Ok(None), |wanted| org::resolve(tx, &wanted))?;
    found.ok_or_else(|| StoreError::Failed(format!("the demo's org {} is missing", catalogue.slug)))
}

/// A refusal would keep what was written before it.
fn whole<T>(decision: Decision<T>) -> Result<T, StoreError> {
    decision.map_err(|stop| match stop {
        Stop::Refused(problem) => StoreError::Failed(format!("the demo's merits: {problem}")),
        Stop::Failed(error) => error,
    })
}

/// An org that issues something already is left alone.
fn fill(tx: &mut dyn Tx, org_id: &OrgId, catalogue: &Catalogue, new: &New) -> Decision<()> {
    let (actor, now) = (Actor::Operator, new.now);
    issuer::set_standing(tx, org_id, Standing::Verified, now)?;
    if !template::list(tx, org_id, &PageRequest::first(1))?.items.is_empty() {
        return Ok(());
    }
    let (name, description, kind) = catalogue.field;
    let field = NewField { id: new.field_id.clone(), name: name.to_owned(), description: description.to_owned(), kind };
    field::add(tx, org_id, &actor, &field, now)?;
    for (id, (title, description)) in new.template_ids.iter().zip(catalogue.templates) {
        let draft = NewTemplate {
            id: id.clone(),
            title: (*title).to_owned(),
            description: (*description).to_owned(),
            once: false,
            cover: None,
        };
        template::add(tx, org_id, &actor, &draft, now)?;
        let change = |_| Ok(SettingChange { enabled: true, required: false, value_for_all: None });
        template::set_field(tx, org_id, &actor, (id, &new.field_id), change, now)?;
    }
    let Some(template_id) = new.template_ids.first() else { return Ok(()) };
    for (merit_id, (email, first, last)) in new.merit_ids.iter().zip(catalogue.recipients) {
        let email = Email::parse(email).map_err(|error| StoreError::Failed(error.to_string()))?;
        let sending = Sending {
            org_id: org_id.clone(),
            actor: actor.clone(),
            template_id: template_id.clone(),
            manner: Manner::Send,
            recipients: vec![Recipient {
                merit_id: merit_id.clone(),
                to: To::Email(email),
                name: PersonName::new(first, last)?,
                values: vec![(new.field_id.clone(), serde_json::Value::String("Very good".to_owned()))],
            }],
            daily_budget: BUDGET,
            now,
        };
        send::one(tx, &sending)?;
    }
    Ok::<_, Stop<MeritProblem>>(())
}
