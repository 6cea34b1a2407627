//! The session of an active member at the pages of a workspace. Everyone else gets 404.

use axum::extract::{FromRequestParts, Path};
use axum::response::Response;
use http::StatusCode;
use http::request::Parts;
use serde::Deserialize;
use sigma_core::actor::Actor;
use sigma_core::authentication::Acr;
use sigma_core::ids::OrgId;
use sigma_core::interaction::{Continuation, WorkspacePage};
use sigma_core::org::{Authority, Right, Role};
use sigma_core::params::Params;
use sigma_store::org::Decision;
use sigma_store::org::Org;
use sigma_store::org::active_member::{self, ActiveMember};
use sigma_store::org::membership::{Belonging, Member};
use sigma_store::{Stop, Tx};

use super::outcome::{Done, PageError, Refused};
use crate::pages::view::{Frame, Notice, Tab, WorkspaceLink};
use sigma_platform::branding::{Brand, logo_url};
use sigma_platform::extract::{Browser, SignedIn};
use sigma_platform::http::{RequestContext, Rule};
use sigma_platform::i18n::{Language, Phrase};
use sigma_platform::interaction::{begin, sign_in_first, with_cookie};
use sigma_platform::pages::not_found;
use sigma_platform::pages::view::{ErrorPage, Link, PageContext};
use sigma_platform::paths::switch_url;
use sigma_platform::quick::find_member;
use sigma_platform::state::AppState;

/// Workspaces that the switcher lists; the chooser has them all.
const MOST_OTHERS: usize = 20;

/// An active member at the pages of their workspace.
pub struct MemberSession {
    /// The workspace.
    pub workspace: Org,
    /// The member.
    pub member: Member,
    /// The member's role.
    pub role: Role,
    /// The language of the pages.
    pub language: Language,
    others: Vec<Belonging>,
    brand: Brand,
    context: RequestContext,
}

/// The path parameter of every page.
#[derive(Deserialize)]
struct Place {
    workspace: String,
}

impl MemberSession {
    async fn of(sigma: &AppState, active: ActiveMember, language: Language, context: &RequestContext) -> Self {
        let ActiveMember { workspace, member, role, others } = active;
        let brand = sigma.org_brand(&workspace.id).await;
        Self { workspace, member, role, language, others, brand, context: context.clone() }
    }

    /// What a page knows of its server, with the look of this workspace.
    pub fn page<'a>(&'a self, sigma: &'a AppState) -> PageContext<'a> {
        sigma.page_in(self.language).with_look(&self.brand.look)
    }

    /// A text of the catalogue.
    pub const fn text<'a>(&self, key: &'static str) -> Phrase<'a> {
        self.language.text(key)
    }

    /// The action that the address of a page reports.
    pub fn reported(&self, query: Option<&str>) -> Option<Notice> {
        Done::reported_by(&Params::parse(query.unwrap_or_default()), self.language)
    }

    /// The member's permissions.
    pub fn authority(&self) -> Authority {
        Authority::Person(self.role.permissions.clone())
    }

    /// The member as an actor for the store.
    pub fn actor(&self) -> Actor {
        Actor::User(self.member.user_id.clone())
    }

    /// The workspace acted in.
    pub fn org_id(&self) -> OrgId {
        self.workspace.id.clone()
    }

    /// The path of this workspace's pages.
    pub fn path(&self, below: &str) -> String {
        format!("/workspace/{}/{below}", self.workspace.id)
    }

    /// The frame around a page.
    pub fn frame(&self, current: Tab, notice: Option<Notice>) -> Frame {
        let may = |right| self.authority().may(right);
        let tabs = [(Tab::People, may(Right::Users)), (Tab::Roles, true), (Tab::Keys, may(Right::ApiKeys))];
        let tabs = tabs.into_iter().chain([(Tab::Settings, true)]);
        let link = |id: &OrgId, name: &str| WorkspaceLink { id: id.to_string(), name: name.to_owned() };
        Frame {
            workspace: link(&self.workspace.id, &self.workspace.name),
            logo_url: self.brand.branding.logo.as_deref().map(logo_url),
            others: self.others.iter().take(MOST_OTHERS).map(|other| link(&other.org_id, &other.name)).collect(),
            person: self.member.name.clone(),
            role: self.role.name.clone(),
            issues_merits: may(Right::Workspace),
            tabs: tabs.filter_map(|(tab, shown)| shown.then_some(tab)).collect(),
            current,
            notice,
        }
    }

    /// Requires that the member may manage something.
    ///
    /// # Errors
    /// The page that says the permission is missing.
    pub fn require(&self, sigma: &AppState, right: Right) -> Result<(), PageError> {
        if self.authority().may(right) {
            return Ok(());
        }
        let page = ErrorPage {
            status: StatusCode::FORBIDDEN,
            title: self.text("workspace-forbidden").to_string(),
            code: None,
            description: self
                .text("workspace-forbidden-text")
                .with("role", self.role.name.clone())
                .with("workspace", self.workspace.name.clone())
                .to_string(),
            request_id: None,
            links: vec![Link { href: self.path("roles"), label: self.text("workspace-back").to_string() }],
        };
        Err(page.render(&self.page(sigma)).into())
    }

    /// Runs a write; a refusal is for the page to show.
    ///
    /// # Errors
    /// The store does not answer, the object does not exist, or the membership has ended.
    pub async fn act<T, F>(&self, sigma: &AppState, act: F) -> Result<Result<T, Refused>, PageError>
    where
        T: Send + 'static,
        F: Fn(&mut dyn Tx) -> Decision<T> + Send + 'static,
    {
        match sigma.store_for(&self.context, self.actor()).decide(act).await {
            Ok(done) => Ok(Ok(done)),
            Err(Stop::Refused(refusal)) => Refused::of(self.language, &refusal).map(Err),
            Err(Stop::Failed(error)) => Err(error.into()),
        }
    }

    async fn find(
        sigma: &AppState,
        context: &RequestContext,
        browser: &Browser,
        name: &str,
        page: WorkspacePage,
    ) -> Result<Self, PageError> {
        let org_id = sigma.org_named(name).await?;
        let quick = find_member(sigma, context, browser, &org_id).await?;
        if let Some(active) = quick {
            let account = sigma.find_account(&active.member.user_id).await?;
            let language = account.map_or_else(
                || sigma.language_for(browser, None),
                |account| sigma.language_of(&account.user, browser, None),
            );
            return Ok(Self::of(sigma, active, language, context).await);
        }
        let signed_in = SignedIn::find(sigma, browser).await.map_err(PageError::of)?;
        let Some(signed_in) = signed_in else {
            let came_for = Continuation::workspace(name, page);
            return Err(PageError::of(sign_in_first(sigma, browser, came_for)));
        };
        let user_id = signed_in.account.user.id.clone();
        let language = sigma.language_of(&signed_in.account.user, browser, None);
        match sigma.store.read(move |tx| active_member::find(tx, &org_id, &user_id)).await? {
            // The sign-in page asks for it, and comes back here.
            Some(active) if active.workspace.require_second_factor && signed_in.session.methods.acr() < Acr::Two => {
                Err(PageError::of(sign_in_first(sigma, browser, Continuation::workspace(name, page))))
            }
            Some(active) => Ok(Self::of(sigma, active, language, context).await),
            None => Err(no_access(sigma, browser, language, &signed_in, Continuation::workspace(name, page))?.into()),
        }
    }
}

/// The page for a user who is not a member: it does not tell whether there is such a workspace.
fn no_access(
    sigma: &AppState,
    browser: &Browser,
    language: Language,
    signed_in: &SignedIn,
    came_for: Continuation,
) -> Result<Response, PageError> {
    let begun = begin(sigma, browser, came_for, sigma.now())?;
    let name = &signed_in.account.user.name;
    let page = ErrorPage {
        status: StatusCode::NOT_FOUND,
        title: language.text("workspace-no-access").to_string(),
        code: None,
        description: language.text("workspace-no-access-text").with("name", name.as_str()).to_string(),
        request_id: None,
        links: vec![
            Link { href: "/workspace".to_owned(), label: language.text("workspace-chooser").to_string() },
            Link { href: switch_url(&begun.name), label: language.text("login-use-another-account").to_string() },
        ],
    };
    let page = page.render(&sigma.page_in(language));
    Ok(with_cookie(page, begun.set_cookie.as_deref()))
}

impl FromRequestParts<AppState> for MemberSession {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, sigma: &AppState) -> Result<Self, PageError> {
        let place = Path::<Place>::from_request_parts(parts, sigma).await;
        let Path(Place { workspace }) = place.map_err(|_| PageError::of(not_found()))?;
        let context = RequestContext::from_request_parts(parts, sigma).await.map_err(PageError::of)?;
        let page = WorkspacePage::of_segment(parts.uri.path().split('/').nth(3).unwrap_or_default());
        let browser = Browser::of(&parts.headers);
        let session = Self::find(sigma, &context, &browser, &workspace, page).await?;
        context.charge(Rule::Workspace, session.workspace.id.as_str()).map_err(PageError::of)?;
        context.take_turn_of(&session.workspace.id, parts).await.map_err(PageError::of)?;
        Ok(session)
    }
}
