//! `/console/branding`: how the server looks, and `/console/branding/org/{id}` and `/app/{id}`: how an org or app does.

use axum::body::Bytes;
use axum::extract::{FromRequest as _, FromRequestParts, Path, RawQuery, Request, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use http::request::Parts;
use sigma_core::branding::{BrandingChange, Part};
use sigma_core::ids::{AppId, AppRef, OrgId, OrgRef};
use sigma_core::interaction::{BrandingOf, ConsolePage};
use sigma_core::operator::{OperatorRight, OperatorRole};
use sigma_core::params::Params;
use sigma_platform::branding::form::{BrandingView, Entered, settings};
use sigma_platform::branding::logo_url;
use sigma_platform::extract::Upload;
use sigma_platform::http::policy::BodyLimit;
use sigma_platform::http::{Endpoint, Policy};
use sigma_platform::pages::policy::{FORM, PAGE};
use sigma_platform::pages::{FormVersion, not_found};
use sigma_platform::state::AppState;
use sigma_store::operator::branding::{self, Found, Whose};
use sigma_store::operator::may;
use sigma_store::{Tx, app, org};

use super::{confirmation, field, may_change};
use crate::operator::{Operator, require_current};
use crate::outcome::{Done, Notice, PageError};
use crate::view::{BrandingPage, Fact, ServerBrandingPage, Tab};

/// The largest logo, with the form around it.
const LOGO: Policy = Policy { body: BodyLimit::Kibibytes(2_100), ..FORM };
const SERVER: &str = "/console/branding";
const ORG: &str = "/console/branding/org/{id}";
const APP: &str = "/console/branding/app/{id}";

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 9] {
    [
        Endpoint::get(PAGE, SERVER, server),
        Endpoint::post(FORM, SERVER, save),
        Endpoint::post(LOGO, "/console/branding/logo", set_logo),
        Endpoint::get(PAGE, ORG, show),
        Endpoint::post(FORM, ORG, save),
        Endpoint::post(LOGO, "/console/branding/org/{id}/logo", set_logo),
        Endpoint::get(PAGE, APP, show),
        Endpoint::post(FORM, APP, save),
        Endpoint::post(LOGO, "/console/branding/app/{id}/logo", set_logo),
    ]
}

/// Whose look an address names.
struct Named(BrandingOf);

impl Named {
    fn whose(&self) -> Whose {
        match &self.0 {
            BrandingOf::Server => Whose::Server,
            BrandingOf::Org(id) => Whose::Org(id.clone()),
            BrandingOf::App(id) => Whose::App(AppRef::Id(id.clone())),
        }
    }

    fn path(&self) -> String {
        match &self.0 {
            BrandingOf::Server => SERVER.to_owned(),
            BrandingOf::Org(id) => format!("/console/branding/org/{id}"),
            BrandingOf::App(id) => format!("/console/branding/app/{id}"),
        }
    }

    fn back(&self) -> String {
        match &self.0 {
            BrandingOf::Server => SERVER.to_owned(),
            BrandingOf::Org(id) => format!("/console/orgs/{id}"),
            BrandingOf::App(id) => format!("/console/apps/{id}"),
        }
    }

    const fn about(&self) -> &'static str {
        match &self.0 {
            BrandingOf::Org(_) => "branding-about",
            BrandingOf::App(_) => "branding-about-app",
            BrandingOf::Server => "console-branding-about",
        }
    }

    fn change(&self) -> ConsolePage {
        ConsolePage::BrandingChange(self.0.clone())
    }
}

impl FromRequestParts<AppState> for Named {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, sigma: &AppState) -> Result<Self, PageError> {
        if [SERVER, "/console/branding/logo"].contains(&parts.uri.path()) {
            return Ok(Self(BrandingOf::Server));
        }
        let is_app = parts.uri.path().starts_with("/console/branding/app/");
        let id = Path::<String>::from_request_parts(parts, sigma).await.ok();
        let of = id.and_then(|Path(id)| {
            if is_app { AppId::parse(&id).map(BrandingOf::App) } else { OrgId::parse(&id).map(BrandingOf::Org) }
        });
        Ok(Self(of.ok_or_else(not_found)?))
    }
}

async fn server(
    State(sigma): State<AppState>,
    operator: Operator,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = Params::parse(query.as_deref().unwrap_or_default());
    let search = field(&query, "q");
    let mut notice = Done::reported_by(&query, operator.language);
    if !search.is_empty() {
        let caller = operator.caller();
        operator.read(&sigma, move |tx| may(tx, &caller, OperatorRight::ReadBranding)).await?;
        if let Some(path) = find(&sigma, &search).await? {
            return Ok(Redirect::to(&path).into_response());
        }
        notice = Some(Notice::Refused(operator.text("console-branding-none")));
    }
    draw_server(&sigma, &operator, StatusCode::OK, (notice, None), search).await
}

/// How the server looks, where that comes from, and the forms to change it.
async fn draw_server(
    sigma: &AppState,
    operator: &Operator,
    status: StatusCode,
    (notice, entered): (Option<Notice>, Option<Entered>),
    search: String,
) -> Result<Response, PageError> {
    let (caller, named) = (operator.caller(), Named(BrandingOf::Server));
    let set = operator.read(sigma, move |tx| branding::find(tx, &caller, &Whose::Server)).await?.branding;
    let confirmation = confirmation(sigma, operator, OperatorRight::ManageBranding, named.change())?;
    let in_force = sigma.server_branding_with(&set);
    let name = in_force.name.clone().unwrap_or_default();
    let mut view = BrandingView::of(named.path(), &name, &set, in_force.accent, operator.language);
    view.may_change = confirmation.may_change;
    view.confirm_url = confirmation.url.clone().filter(|_| view.may_change);
    view.entered = entered.unwrap_or_else(|| view.entered.of_server(&set));
    let fact = |label: &'static str, value: Option<String>, is_set: bool| {
        let origin = operator.text(if is_set { "console-setting-console" } else { "console-branding-settings" });
        value.map(|value| Fact { label, value: format!("{value}\n{origin}") })
    };
    let welcome: Vec<_> = in_force.welcome.iter().map(|(language, words)| format!("{language}: {words}")).collect();
    let welcome = (!welcome.is_empty()).then(|| welcome.join("\n"));
    let facts = [
        fact("console-name", Some(name), set.name.is_some()),
        fact("branding-logo", in_force.logo.as_deref().map(logo_url), set.logo.is_some()),
        fact("branding-accent", in_force.accent.map(|accent| accent.to_string()), set.accent.is_some()),
        fact("branding-terms", in_force.terms_url, set.terms_url.is_some()),
        fact("branding-privacy", in_force.privacy_url, set.privacy_url.is_some()),
        fact("branding-support", in_force.support_url, set.support_url.is_some()),
        fact("console-branding-welcome", welcome, !set.welcome.is_empty()),
    ];
    let view = ServerBrandingPage { facts: facts.into_iter().flatten().collect(), branding: view, search };
    let page = view.render(status, &operator.frame(Tab::Branding, notice), &operator.page(sigma));
    Ok(confirmation.with(page))
}

/// The page of the org or app of that name.
async fn find(sigma: &AppState, named: &str) -> Result<Option<String>, PageError> {
    let (org_ref, app_ref) = (OrgRef::parse(named), AppRef::parse(named));
    let found = sigma.store.read(move |tx| {
        let org_id = match &org_ref {
            Some(named) => org::resolve(tx, named)?,
            None => None,
        };
        if let Some(id) = org_id {
            return Ok(Some(Named(BrandingOf::Org(id))));
        }
        let app = match &app_ref {
            Some(named) => app::find_named(tx, named)?,
            None => None,
        };
        Ok(app.map(|app| Named(BrandingOf::App(app.id))))
    });
    Ok(found.await?.map(|named| named.path()))
}

async fn show(
    State(sigma): State<AppState>,
    operator: Operator,
    named: Named,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let notice = operator.reported(query.as_deref());
    draw(&sigma, &operator, &named, StatusCode::OK, (notice, None)).await
}

async fn draw(
    sigma: &AppState,
    operator: &Operator,
    named: &Named,
    status: StatusCode,
    (notice, entered): (Option<Notice>, Option<Entered>),
) -> Result<Response, PageError> {
    if named.0 == BrandingOf::Server {
        return draw_server(sigma, operator, status, (notice, entered), String::new()).await;
    }
    let (caller, whose) = (operator.caller(), named.whose());
    let Found { name, org_id, branding, wider } =
        operator.read(sigma, move |tx| branding::find(tx, &caller, &whose)).await?;
    let confirmation = confirmation(sigma, operator, OperatorRight::ManageBranding, named.change())?;
    let is_own = matches!(&named.0, BrandingOf::Org(_)) && org_id == OrgId::operator();
    let mut view =
        BrandingView::of(named.path(), &name, &branding, wider.accent.or(sigma.brands.accent()), operator.language);
    view.may_change = confirmation.may_change && (!is_own || operator.role == OperatorRole::Owner);
    view.confirm_url = confirmation.url.clone().filter(|_| view.may_change);
    view.entered = entered.unwrap_or(view.entered);
    let view = BrandingPage { name, back: named.back(), about: named.about(), branding: view };
    let page = view.render(status, &operator.frame(Tab::Branding, notice), &operator.page(sigma));
    Ok(confirmation.with(page))
}

async fn save(
    State(sigma): State<AppState>,
    operator: Operator,
    named: Named,
    body: Bytes,
) -> Result<Response, PageError> {
    may_change(&sigma, &operator, OperatorRight::ManageBranding, named.change())?;
    let form = Params::parse_form(&body);
    let is_server = named.0 == BrandingOf::Server;
    let entered = if is_server { Entered::of_server_form(&form) } else { Entered::of_form(&form) };
    match entered.checked() {
        Ok(change) => apply(&sigma, &operator, &named, (change, entered.version.clone()), Some(entered)).await,
        Err(problem) => {
            let notice = Some(Notice::Refused(operator.text(problem.0)));
            draw(&sigma, &operator, &named, StatusCode::BAD_REQUEST, (notice, Some(entered))).await
        }
    }
}

async fn set_logo(
    State(sigma): State<AppState>,
    operator: Operator,
    named: Named,
    request: Request,
) -> Result<Response, PageError> {
    may_change(&sigma, &operator, OperatorRight::ManageBranding, named.change())?;
    let upload = Upload::from_request(request, &sigma).await.map_err(PageError::of)?;
    let logo = if upload.is_checked("remove") {
        None
    } else {
        let file = upload.content("logo").unwrap_or_default().to_vec();
        let kept = sigma.brands.keep_logo(file).await?;
        let Some(logo) = kept else {
            let notice = Some(Notice::Refused(operator.text("branding-problem-logo")));
            return draw(&sigma, &operator, &named, StatusCode::BAD_REQUEST, (notice, None)).await;
        };
        Some(logo)
    };
    let change = BrandingChange { logo: Part::of(logo), ..BrandingChange::default() };
    // A logo replaces no more than the one before.
    apply(&sigma, &operator, &named, (change, FormVersion::default()), None).await
}

async fn apply(
    sigma: &AppState,
    operator: &Operator,
    named: &Named,
    (change, sent): (BrandingChange, FormVersion),
    entered: Option<Entered>,
) -> Result<Response, PageError> {
    let (caller, whose, now) = (operator.caller(), named.whose(), sigma.now());
    let change = move |tx: &mut dyn Tx| {
        let branded = branding::resolve(tx, &caller, &whose)?;
        require_current(tx, &[branding::owner_of(&branded)], &sent, |tx| {
            Ok(settings(&branding::find(tx, &caller, &whose)?.branding))
        })?;
        branding::change(tx, &caller, &whose, &change, now)
    };
    match operator.act(sigma, change).await? {
        Ok(_) => {
            if named.0 == BrandingOf::Server {
                sigma.show_changed_branding().await;
            }
            Ok(Done::Saved.at(&named.path()))
        }
        Err(notice) => draw(sigma, operator, named, StatusCode::CONFLICT, (Some(notice), entered)).await,
    }
}
