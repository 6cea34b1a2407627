//! The page.

use std::collections::BTreeMap;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use sigma_core::ids::{AppId, FieldId, OrgId, UserId};
use sigma_core::interaction::{AccountPage, Continuation};
use sigma_core::merits::{Cursor, PageRequest, Scope, Status};
use sigma_core::params::Params;
use sigma_platform::branding::logo_url;
use sigma_platform::extract::{Browser, SignedIn};
use sigma_platform::http::Endpoint;
use sigma_platform::i18n::Language;
use sigma_platform::interaction::sign_in_first;
use sigma_platform::pages::policy::PAGE;
use sigma_platform::state::AppState;
use sigma_store::merits::issuer::{self, Issuer};
use sigma_store::merits::waiting::{self, Claim};
use sigma_store::merits::{Merit, Slice, list, template};
use sigma_store::{StoreError, Tx};

use super::{PATH, key};
use crate::pages::cover_url;
use crate::pages::outcome::{Done, PageError};
use crate::pages::view::{AccessLine, ClaimLine, HeldMerit, HolderPage, Party, Value};
use crate::pages::words::{self, OrgNames};

/// Merits of each list.
const LIMIT: u32 = 20;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::get(PAGE, PATH, show)
}

/// Everything of the page that is in the store.
struct Loaded {
    pending: Vec<(Merit, FieldNames, Described)>,
    asked: Vec<Merit>,
    accepted: Slice<Merit>,
    values: Vec<(FieldNames, Described)>,
    accesses: Vec<Merit>,
    orgs: BTreeMap<OrgId, Issuer>,
    claims: Vec<Claim>,
}

async fn show(
    State(sigma): State<AppState>,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let Some(signed_in) = SignedIn::find(&sigma, &browser).await? else {
        let continuation = Continuation::Account { page: AccountPage::Merits };
        return sign_in_first(&sigma, &browser, continuation).map_err(PageError::of);
    };
    let query = Params::parse(query.as_deref().unwrap_or_default());
    let language = sigma.language_of(&signed_in.account.user, &browser, None);
    let (user_id, now) = (signed_in.account.user.id.clone(), sigma.now());
    let scope = Scope::of(&["held", user_id.as_str()]);
    let page = PageRequest::parse(None, query.get("after"), None, scope)
        .map_or_else(|_| PageRequest::first(LIMIT), |page| PageRequest { limit: LIMIT, ..page });
    let is_first = page.from.is_none();
    // What was sent while an address was being proven, and what exceeded one batch then. A look at the page writes nothing else.
    let holder = user_id.clone();
    if sigma.store.read(move |tx| waiting::is_any_waiting(tx, &holder)).await? {
        let holder = user_id.clone();
        sigma.store.write(move |tx| waiting::attach_all(tx, &holder, now)).await?;
    }
    let loaded = sigma.store.read(move |tx| load(tx, &user_id, &page, now)).await?;
    let held = |merit: &Merit, values: Vec<Value>, described: Described| HeldMerit {
        id: key(merit),
        page_url: merit.is_public.then(|| page_of(merit)),
        credential_url: format!("{PATH}/{}/{}/credential", merit.org_id.digits(), merit.id.digits()),
        title: merit.template_title.clone(),
        description: described.text,
        cover_url: described.cover_url,
        org: org(&loaded.orgs, &merit.org_id),
        values,
        email: merit.email.clone(),
        sees: Vec::new(),
        sent_at: merit.sent_at,
        public: merit.is_public,
    };
    let mut view = HolderPage { notice: Done::reported_by(&query, language), ..HolderPage::default() };
    if is_first {
        for (merit, values, described) in &loaded.pending {
            view.pending.push(held(merit, values_of(&sigma, language, merit, values), described.clone()));
        }
        for merit in &loaded.asked {
            let access = access(&sigma, language, merit, &loaded.orgs).await?;
            let title = language.text("merits-asks").with("app", access.app.name.as_str()).to_string();
            let sees = access.sees;
            view.pending.push(HeldMerit { title, sees, ..held(merit, Vec::new(), Described::default()) });
        }
        for merit in &loaded.accesses {
            view.apps.push(access(&sigma, language, merit, &loaded.orgs).await?);
        }
    }
    view.accepted = loaded
        .accepted
        .items
        .iter()
        .zip(loaded.values)
        .map(|(merit, (names, described))| {
            // What it says in general was read before it was accepted.
            let described = Described { text: String::new(), ..described };
            held(merit, values_of(&sigma, language, merit, &names), described)
        })
        .collect();
    view.more_url = loaded
        .accepted
        .items
        .last()
        .filter(|_| loaded.accepted.has_next)
        .map(|last| format!("{PATH}?after={}", Cursor::of(last.id.digits()).encode(scope)));
    view.claims = loaded.claims.into_iter().map(|claim| ClaimLine { email: claim.folded }).collect();
    Ok(view.render(&sigma.page_in(language)))
}

/// The public page of a merit.
fn page_of(merit: &Merit) -> String {
    format!("/merits/{}/{}", merit.org_id.digits(), merit.id.digits())
}

fn load(
    tx: &mut dyn Tx,
    user_id: &UserId,
    page: &PageRequest,
    now: sigma_core::time::Timestamp,
) -> Result<Loaded, StoreError> {
    let pending = list::of_member(tx, user_id, Status::Pending, &PageRequest::first(LIMIT))?.items;
    let asked = list::asked_of_member(tx, user_id, &PageRequest::first(LIMIT))?.items;
    let accepted = list::of_member(tx, user_id, Status::Accepted, page)?;
    let accesses = list::accesses_of_member(tx, user_id, &PageRequest::first(100))?.items;
    let mut orgs = BTreeMap::new();
    for merit in pending.iter().chain(&asked).chain(&accepted.items).chain(&accesses) {
        let asked_for = merit.permissions.iter().flat_map(|permissions| &permissions.orgs);
        for org_id in std::iter::once(&merit.org_id).chain(asked_for) {
            if !orgs.contains_key(org_id)
                && let Some(issuer) = issuer::find(tx, org_id)?
            {
                orgs.insert(org_id.clone(), issuer);
            }
        }
    }
    let mut described = Vec::with_capacity(pending.len());
    for merit in pending {
        let (values, template) = (field_names(tx, &merit)?, Described::find(tx, &merit)?);
        described.push((merit, values, template));
    }
    let mut shown = Vec::with_capacity(accepted.items.len());
    for merit in &accepted.items {
        shown.push((field_names(tx, merit)?, Described::find(tx, merit)?));
    }
    let claims = waiting::claims(tx, user_id, now)?;
    Ok(Loaded { pending: described, asked, accepted, values: shown, accesses, orgs, claims })
}

/// What the template of a merit adds to it.
#[derive(Clone, Default)]
struct Described {
    text: String,
    cover_url: Option<String>,
}

impl Described {
    fn find(tx: &mut dyn Tx, merit: &Merit) -> Result<Self, StoreError> {
        let template = template::find(tx, &merit.org_id, &merit.template_id)?;
        Ok(template.map_or_else(Self::default, |template| Self {
            cover_url: cover_url(&template),
            text: template.description,
        }))
    }
}

/// The fields of a merit that have a value, in the order of its template.
type FieldNames = Vec<(FieldId, String)>;

fn field_names(tx: &mut dyn Tx, merit: &Merit) -> Result<FieldNames, StoreError> {
    if merit.values.is_empty() {
        return Ok(Vec::new());
    }
    let fields = template::fields(tx, &merit.org_id, &merit.template_id)?;
    let named = fields.into_iter().map(|field| (field.setting.field_id, field.name));
    Ok(named.filter(|(id, _)| merit.values.contains_key(id)).collect())
}

fn values_of(sigma: &AppState, language: Language, merit: &Merit, fields: &FieldNames) -> Vec<Value> {
    let shown = |(id, name): &(FieldId, String)| {
        let value = merit.values.get(id)?;
        Some(Value {
            name: name.clone(),
            text: words::value(language, value),
            files: words::files(sigma, language, &merit.org_id, value),
        })
    };
    fields.iter().filter_map(shown).collect()
}

fn org(orgs: &BTreeMap<OrgId, Issuer>, org_id: &OrgId) -> Party {
    orgs.get(org_id).map(words::party).unwrap_or_default()
}

/// The app that sees merits, or asks to.
async fn access(
    sigma: &AppState,
    language: Language,
    merit: &Merit,
    orgs: &BTreeMap<OrgId, Issuer>,
) -> Result<AccessLine, StoreError> {
    let app_id = merit.app_id.clone().unwrap_or_else(|| AppId::from_text(""));
    let app = sigma.find_app(&app_id).await?;
    let mut names: OrgNames = orgs.iter().map(|(org_id, org)| (org_id.clone(), org.name.clone())).collect();
    let mut owner = merit.org_id.clone();
    let mut party = Party::default();
    if let Some(app) = app {
        owner.clone_from(&app.org_id);
        let brand = sigma.app_brand(&app).await;
        party = Party {
            name: app.name.clone(),
            logo_url: brand.branding.logo.as_deref().map(logo_url),
            verified: !app.dynamic,
        };
        if !names.contains_key(&owner) {
            let wanted = owner.clone();
            let found = sigma.store.read(move |tx| issuer::find(tx, &wanted)).await?;
            names.extend(found.map(|org| (org.id, org.name)));
        }
    }
    let permissions = merit.permissions.clone().unwrap_or_default();
    Ok(AccessLine {
        merit_id: key(merit),
        app: party,
        org: names.get(&merit.org_id).cloned().unwrap_or_default(),
        sees: words::seen(language, &permissions, [&owner, &merit.org_id], &names),
        since: merit.sent_at,
    })
}
