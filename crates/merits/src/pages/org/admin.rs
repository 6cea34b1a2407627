//! The session of an org's admin at its pages. Everyone else gets 404.

use axum::extract::{FromRequestParts, Path};
use axum::response::Response;
use http::StatusCode;
use http::request::Parts;
use serde::Deserialize;
use sigma_core::actor::Actor;
use sigma_core::authentication::Acr;
use sigma_core::ids::{OrgId, OrgRef, UserId};
use sigma_core::interaction::Continuation;
use sigma_core::merits::MeritProblem;
use sigma_core::org::Refusal;
use sigma_platform::branding::Brand;
use sigma_platform::extract::{Browser, SignedIn};
use sigma_platform::http::{RequestContext, Rule};
use sigma_platform::i18n::Language;
use sigma_platform::interaction::{begin, sign_in_first, with_cookie};
use sigma_platform::pages::not_found;
use sigma_platform::pages::view::{ErrorPage, Link, PageContext};
use sigma_platform::paths::switch_url;
use sigma_platform::quick::find_member;
use sigma_platform::state::AppState;
use sigma_store::merits::Decision;
use sigma_store::merits::issuer::{self, Issuer};
use sigma_store::org::active_member::{self, ActiveMember};
use sigma_store::org::membership::{self, Belonging};
use sigma_store::org::role;
use sigma_store::session::BrowserSession;
use sigma_store::{Stop, Store, StoreError, Tx, org};

use crate::pages::outcome::PageError;
use crate::pages::view::{Frame, Notice, OrgLink, Tab};
use crate::pages::words;

/// Orgs that the switcher lists; the chooser has them all.
const MOST_OTHERS: usize = 20;

/// An admin at the pages of their org.
pub struct OrgAdmin {
    /// The org.
    pub org: Issuer,
    /// The admin.
    pub user_id: UserId,
    /// The language of the pages.
    pub language: Language,
    person: String,
    role: String,
    others: Vec<OrgLink>,
    brand: Brand,
    context: RequestContext,
    /// Their browser.
    pub browser: Browser,
}

/// The path parameter of every page.
#[derive(Deserialize)]
struct Place {
    org: String,
}

/// The orgs that a session may administer, with the name of the role that allows it.
///
/// # Errors
/// The database fails.
pub fn administered(tx: &mut dyn Tx, session: &BrowserSession) -> Result<Vec<(Issuer, String)>, StoreError> {
    let mut found = Vec::new();
    for belonging in membership::of_person(tx, &session.user_id)? {
        found.extend(administered_by(tx, &belonging, session)?);
    }
    Ok(found)
}

fn administered_by(
    tx: &mut dyn Tx,
    belonging: &Belonging,
    session: &BrowserSession,
) -> Result<Option<(Issuer, String)>, StoreError> {
    let Some(role) = role::find(tx, &belonging.org_id, &belonging.role_id)? else { return Ok(None) };
    if !role.permissions.manages_workspace() || lacks_factor(tx, &belonging.org_id, session)? {
        return Ok(None);
    }
    Ok(issuer::find(tx, &belonging.org_id)?.map(|org| (org, role.name)))
}

/// Whether the org requires a second factor that the session lacks.
fn lacks_factor(tx: &mut dyn Tx, org_id: &OrgId, session: &BrowserSession) -> Result<bool, StoreError> {
    if session.methods.acr() >= Acr::Two {
        return Ok(false);
    }
    Ok(sigma_store::org::find(tx, org_id)?.is_some_and(|org| org.require_second_factor))
}

/// Everything that the frame shows.
struct Loaded {
    active: ActiveMember,
    org: Issuer,
    others: Vec<OrgLink>,
}

impl OrgAdmin {
    /// What a page knows of its server, with the look of this org.
    pub fn page<'a>(&'a self, sigma: &'a AppState) -> PageContext<'a> {
        sigma.page_in(self.language).with_look(&self.brand.look)
    }

    /// The admin as an actor for the store.
    pub fn actor(&self) -> Actor {
        Actor::User(self.user_id.clone())
    }

    /// The path of a page of this org.
    pub fn path(&self, below: &str) -> String {
        format!("/org/{}/{below}", self.org.id)
    }

    /// A text of the catalogue.
    pub fn text(&self, key: &'static str) -> String {
        self.language.text(key).to_string()
    }

    /// The frame around a page.
    pub fn frame(&self, current: Tab, notice: Option<Notice>) -> Frame {
        Frame {
            id: self.org.id.to_string(),
            org: words::party(&self.org),
            others: self.others.clone(),
            person: self.person.clone(),
            role: self.role.clone(),
            tabs: &Tab::ALL,
            current,
            notice,
        }
    }

    /// Waits for its turn among the requests of the org, for a body that the page takes from the connection by itself.
    ///
    /// # Errors
    /// The org has as many requests in progress as it may.
    pub async fn take_turn(&self) -> Result<(), PageError> {
        self.context.take_owed_turn().await.map_err(PageError::of)
    }

    /// The store, on behalf of the admin.
    pub fn store(&self, sigma: &AppState) -> Store {
        sigma.store_for(&self.context, self.actor())
    }

    /// Runs a write; a refusal is for the page to show.
    ///
    /// # Errors
    /// The store does not answer, or the object does not exist.
    pub async fn act<T, F>(&self, sigma: &AppState, act: F) -> Result<Result<T, MeritProblem>, PageError>
    where
        T: Send + 'static,
        F: Fn(&mut dyn Tx) -> Decision<T> + Send + 'static,
    {
        match self.store(sigma).decide(act).await {
            Ok(done) => Ok(Ok(done)),
            Err(Stop::Refused(MeritProblem::NotFound)) => Err(not_found().into()),
            Err(Stop::Refused(problem)) => Ok(Err(problem)),
            Err(Stop::Failed(error)) => Err(error.into()),
        }
    }

    /// Runs a write of the org itself; a refusal is for the page to show.
    ///
    /// # Errors
    /// The store does not answer, or the object does not exist.
    pub async fn manage<T, F>(&self, sigma: &AppState, act: F) -> Result<Result<T, Refusal>, PageError>
    where
        T: Send + 'static,
        F: Fn(&mut dyn Tx) -> org::Decision<T> + Send + 'static,
    {
        match sigma.store_for(&self.context, self.actor()).decide(act).await {
            Ok(done) => Ok(Ok(done)),
            Err(Stop::Refused(Refusal::NotFound { .. } | Refusal::Unauthorized)) => Err(not_found().into()),
            Err(Stop::Refused(refusal)) => Ok(Err(refusal)),
            Err(Stop::Failed(error)) => Err(error.into()),
        }
    }

    async fn find(
        sigma: &AppState,
        context: &RequestContext,
        browser: &Browser,
        name: &str,
    ) -> Result<Self, PageError> {
        let came_for = Continuation::MeritOrg { org: OrgRef::parse(name) };
        let org_id = sigma.org_named(name).await?;
        // Its own pages are all that a quick login opens.
        let quick = find_member(sigma, context, browser, &org_id).await?;
        if let Some(active) = quick.filter(|active| active.role.permissions.manages_workspace()) {
            let wanted = org_id.clone();
            if let Some(org) = sigma.store.read(move |tx| issuer::find(tx, &wanted)).await? {
                let account = sigma.find_account(&active.member.user_id).await?;
                let language = account.map_or_else(
                    || sigma.language_for(browser, None),
                    |account| sigma.language_of(&account.user, browser, None),
                );
                let loaded = Loaded { active, org, others: Vec::new() };
                return Ok(Self::of(sigma, (context, browser), language, loaded).await);
            }
        }
        let Some(signed_in) = SignedIn::find(sigma, browser).await? else {
            return Err(PageError::of(sign_in_first(sigma, browser, came_for)));
        };
        let language = sigma.language_of(&signed_in.account.user, browser, None);
        let session = signed_in.session.clone();
        let loaded = sigma.store.read(move |tx| load(tx, &org_id, &session)).await?;
        let Some(loaded) = loaded else {
            return Err(no_access(sigma, browser, language, came_for)?.into());
        };
        if loaded.active.workspace.require_second_factor && signed_in.session.methods.acr() < Acr::Two {
            // The sign-in page asks for it, and comes back here.
            return Err(PageError::of(sign_in_first(sigma, browser, came_for)));
        }
        Ok(Self::of(sigma, (context, browser), language, loaded).await)
    }

    async fn of(
        sigma: &AppState,
        (context, browser): (&RequestContext, &Browser),
        language: Language,
        loaded: Loaded,
    ) -> Self {
        let Loaded { active, org, others } = loaded;
        let brand = sigma.org_brand(&org.id).await;
        Self {
            org,
            user_id: active.member.user_id,
            language,
            person: active.member.name,
            role: active.role.name,
            others,
            brand,
            context: context.clone(),
            browser: browser.clone(),
        }
    }
}

fn load(tx: &mut dyn Tx, org_id: &OrgId, session: &BrowserSession) -> Result<Option<Loaded>, StoreError> {
    let active = active_member::find(tx, org_id, &session.user_id)?;
    let Some(active) = active.filter(|active| active.role.permissions.manages_workspace()) else { return Ok(None) };
    let Some(org) = issuer::find(tx, org_id)? else { return Ok(None) };
    let mut others = Vec::new();
    for belonging in &active.others {
        if others.len() == MOST_OTHERS {
            break;
        }
        let other = administered_by(tx, belonging, session)?;
        others.extend(other.map(|(other, _)| OrgLink { id: other.id.to_string(), name: other.name }));
    }
    Ok(Some(Loaded { active, org, others }))
}

/// The page for everyone else: it does not tell whether there is such an org.
fn no_access(
    sigma: &AppState,
    browser: &Browser,
    language: Language,
    came_for: Continuation,
) -> Result<Response, PageError> {
    let begun = begin(sigma, browser, came_for, sigma.now())?;
    let page = ErrorPage {
        status: StatusCode::NOT_FOUND,
        title: language.text("merits-org-no-access").to_string(),
        code: None,
        description: language.text("merits-org-no-access-about").to_string(),
        request_id: None,
        links: vec![
            Link { href: "/org".to_owned(), label: language.text("merits-chooser-title").to_string() },
            Link { href: switch_url(&begun.name), label: language.text("merits-org-use-another").to_string() },
        ],
    };
    Ok(with_cookie(page.render(&sigma.page_in(language)), begun.set_cookie.as_deref()))
}

impl FromRequestParts<AppState> for OrgAdmin {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, sigma: &AppState) -> Result<Self, PageError> {
        let place = Path::<Place>::from_request_parts(parts, sigma).await;
        let Path(Place { org }) = place.map_err(|_| PageError::of(not_found()))?;
        let context = RequestContext::from_request_parts(parts, sigma).await.map_err(PageError::of)?;
        let browser = Browser::of(&parts.headers);
        let admin = Self::find(sigma, &context, &browser, &org).await?;
        context.charge(Rule::Workspace, admin.org.id.as_str()).map_err(PageError::of)?;
        context.take_turn_of(&admin.org.id, parts).await.map_err(PageError::of)?;
        Ok(admin)
    }
}
