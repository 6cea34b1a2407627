//! `sigma app`: the apps that people sign in to.

pub mod documents;
pub mod draft;
pub mod invite;
mod security;
pub mod view;

use std::path::Path;
use std::time::Duration;

use sigma_core::app::App;
use sigma_core::digest::Digest;
use sigma_core::ids::{AppId, ClientId};
use sigma_core::random::{Rng, alphanumeric};
use sigma_core::signer_origin::SignerOrigin;
use sigma_store::app::{self, Added};
use sigma_store::branding::Branded;
use sigma_store::{logout, org, registration, resource, signer_origin, token_count};

use self::view::{AppView, LogoutView};
use super::branding::{BrandingView, Change};
use super::{Listed, named, one_more};
use crate::args::{AddApp, AppFields, ListApps, SetApp};
use crate::confirm::confirm;
use crate::failure::Failure;
use crate::opened::Opened;
use crate::output::{Output, table};

/// Length of a secret in letters and digits: 256 bits, and no characters that clients escape differently.
const SECRET_LENGTH: usize = 43;

/// A secret that nobody has.
pub fn new_secret(rng: &dyn Rng) -> String {
    alphanumeric(rng, SECRET_LENGTH)
}

/// Ends of sessions that are shown.
const LOGOUTS: u32 = 20;

/// Registers an app and prints it, with its new secret if its method has one.
pub fn add(file: Option<&Path>, output: Output, args: &AddApp) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    let now = opened.now();
    let id = AppId::new(now, opened.rng.as_ref());
    let client_id = match &args.client_id {
        Some(chosen) => draft::chosen(chosen)?,
        None => ClientId::of(&id),
    };
    let org_id = opened.write(move |tx| org::load_operator(tx, now))?;
    let mut app = draft::new((id, client_id), org_id, &args.fields, now)?;
    check_named(&opened, &args.fields, &mut app)?;
    let signer_origins = draft::signer_origins(&args.fields)?;
    let secret = fresh_secret(&mut app, opened.rng.as_ref());
    let stored = app.clone();
    match opened.write(move |tx| app::add(tx, &stored))? {
        Added::Added => {
            declare(&opened, &app, signer_origins)?;
            print(&opened, output, &app, secret)
        }
        Added::ClientIdTaken => Err(Failure::Refused(format!(
            "the client id {} is or was an app's; client ids are never reused",
            app.client_id
        ))),
    }
}

/// Lists a page of apps, oldest first.
pub fn list(file: Option<&Path>, output: Output, list: &ListApps) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    let ListApps { unverified, page } = list;
    let (verified, after, limit) = (!unverified, page.after.clone(), one_more(page.limit));
    let apps = opened.read(move |tx| app::list_verified(tx, verified, &after, limit))?;
    let views = apps.iter().map(AppView::of).collect();
    Listed::new(views, page.limit, |view: &AppView| view.id.clone()).print(
        output,
        if *unverified { "sigma app list --unverified" } else { "sigma app list" },
        if *unverified {
            "There are no unverified apps."
        } else {
            "There are no apps yet. `sigma app add --help` shows how to register one."
        },
        |views| table(["CLIENT ID", "NAME", "AUTHENTICATION", ""], &views.iter().map(AppView::row).collect::<Vec<_>>()),
    )
}

/// Shows one app, never its secret, and how many tokens it was issued within a day.
pub fn show(file: Option<&Path>, output: Output, id: &str) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    let app = named::app(&opened, id)?;
    let (app_id, since) = (app.id.clone(), opened.now().minus(Duration::from_hours(24)));
    let totals = opened.read(move |tx| token_count::totals(tx, &app_id, since))?;
    let mut view = AppView::of(&app);
    view.branding = Some(BrandingView::find(&opened, &branded(&app))?);
    view.signer_origins = signer_origins(&opened, &app)?;
    let app_id = app.id.clone();
    let logouts = opened.read(move |tx| logout::log(tx, &app_id, LOGOUTS))?;
    view.logouts = app.backchannel_logout.as_ref().map(|_| logouts.iter().map(LogoutView::of).collect());
    view.tokens_last_day = Some(totals.into_iter().map(|(grant, tokens)| (grant.as_str(), tokens)).collect());
    output.answer(&view, AppView::text)
}

/// Changes an app. Generates a secret if the new method needs one and there is none.
pub fn set(file: Option<&Path>, output: Output, args: &SetApp) -> Result<(), Failure> {
    let branding = Change::of(&args.branding)?;
    if !args.disable && !args.enable && !args.approve && args.fields == AppFields::default() && branding.is_none() {
        return Err(Failure::Usage("nothing to change; see `sigma app set --help`".to_owned()));
    }
    let opened = Opened::open(file)?;
    let mut app = draft::changed(named::app(&opened, &args.id)?, &args.fields, opened.now())?;
    check_named(&opened, &args.fields, &mut app)?;
    let signer_origins = draft::signer_origins(&args.fields)?;
    if args.disable || args.enable {
        app.disabled = args.disable;
    }
    app.dynamic &= !args.approve;
    let secret = fresh_secret(&mut app, opened.rng.as_ref());
    update(&opened, &app)?;
    if args.approve {
        let app_id = app.id.clone();
        opened.write(move |tx| registration::keep(tx, &app_id))?;
    }
    declare(&opened, &app, signer_origins)?;
    if let Some(branding) = branding {
        branding.apply(&opened, branded(&app))?;
    }
    print(&opened, output, &app, secret)
}

/// The owner of an app's branding.
fn branded(app: &App) -> Branded {
    Branded::App(app.id.clone(), app.org_id.clone())
}

/// Replaces the secret of an app after confirmation; the old one stops working.
pub fn rotate_secret(file: Option<&Path>, output: Output, id: &str, yes: bool) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    let mut app = named::app(&opened, id)?;
    app.secret = None;
    app.updated_at = opened.now();
    let Some(secret) = fresh_secret(&mut app, opened.rng.as_ref()) else {
        return Err(Failure::Refused(format!(
            "{id} has no secret: it authenticates with {}",
            app.auth_method.as_str()
        )));
    };
    confirm(yes, &format!("the current secret of {id} stops working immediately"))?;
    update(&opened, &app)?;
    print(&opened, output, &app, Some(secret))
}

/// Removes an app permanently after confirmation.
pub fn remove(file: Option<&Path>, output: Output, id: &str, yes: bool) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    let app = named::app(&opened, id)?;
    let consequence = format!(
        "removing {id} revokes all its tokens, and its client id is never reused (`sigma app set {id} --disable` \
         disables it)"
    );
    confirm(yes, &consequence)?;
    let now = opened.now();
    let app_id = app.id.clone();
    opened.write(move |tx| app::remove(tx, &app_id, now))?;
    output.answer(&serde_json::json!({ "removed": app.client_id }), |_| format!("{id} was removed."))
}

/// Sets the named workspace, and checks that it and the named resources exist, since a misspelt one would silently have no
/// effect.
fn check_named(opened: &Opened, fields: &AppFields, app: &mut App) -> Result<(), Failure> {
    for uri in draft::listed(&fields.resources) {
        let wanted = uri.clone();
        if opened.read(move |tx| resource::find(tx, &wanted))?.is_none() {
            return Err(Failure::NotFound(format!("there is no API {uri}; see `sigma resource list`")));
        }
    }
    let Some(workspace) = &fields.workspace else { return Ok(()) };
    app.org_id = named::org_id(opened, workspace)?;
    let wanted = app.org_id.clone();
    match opened.read(move |tx| org::find(tx, &wanted))? {
        Some(_) => Ok(()),
        None => Err(named::unknown_workspace(workspace)),
    }
}

fn update(opened: &Opened, app: &App) -> Result<(), Failure> {
    let stored = app.clone();
    if opened.write(move |tx| app::update(tx, &stored))? {
        return Ok(());
    }
    Err(Failure::NotFound(format!("the app {} has been removed meanwhile", app.client_id)))
}

/// Generates the secret if the app's method needs one and it has none. Only its digest is stored.
fn fresh_secret(app: &mut App, rng: &dyn Rng) -> Option<String> {
    if !app.auth_method.has_secret() {
        app.secret = None;
        return None;
    }
    if app.secret.is_some() {
        return None;
    }
    let secret = new_secret(rng);
    app.secret = Some(Digest::of(&secret));
    Some(secret)
}

/// Replaces the origins whose pages may embed the signer, if any were given.
fn declare(opened: &Opened, app: &App, origins: Option<Vec<SignerOrigin>>) -> Result<(), Failure> {
    let Some(origins) = origins else { return Ok(()) };
    let (app_id, org_id) = (app.id.clone(), app.org_id.clone());
    opened.write(move |tx| signer_origin::declare(tx, &app_id, &org_id, &origins))
}

fn signer_origins(opened: &Opened, app: &App) -> Result<Vec<SignerOrigin>, Failure> {
    let app_id = app.id.clone();
    opened.read(move |tx| signer_origin::of_app(tx, &app_id))
}

fn print(opened: &Opened, output: Output, app: &App, secret: Option<String>) -> Result<(), Failure> {
    let mut view = AppView::of(app);
    view.client_secret = secret;
    view.signer_origins = signer_origins(opened, app)?;
    output.answer(&view, AppView::text)
}
