//! `sigma app`: the apps that people sign in to.

pub mod documents;
pub mod draft;
pub mod invite;
pub mod view;

use std::path::Path;
use std::time::Duration;

use sigma_core::app::{App, AppReason, AppSettings, new_secret};
use sigma_core::digest::Digest;
use sigma_core::ids::{AppId, AppRef};
use sigma_core::signer_origin::SignerOrigin;
use sigma_store::app::manage::{self, Fresh, Managed};
use sigma_store::branding::Branded;
use sigma_store::{app, logout, signer_origin, token_count};

use self::view::{AppView, LogoutView};
use super::branding::{BrandingView, Change};
use super::{Listed, named, one_more};
use crate::args::{AddApp, AppFields, ListApps, RotateSecret, SetApp};
use crate::confirm::confirm;
use crate::failure::Failure;
use crate::opened::Opened;
use crate::output::{Output, table};

/// Ends of sessions that are shown.
const LOGOUTS: u32 = 20;

/// Registers an app and prints it, with its new secret if its method has one.
pub fn add(file: Option<&Path>, output: Output, args: &AddApp) -> Result<(), Failure> {
    let settings = AppSettings { client_id: args.client_id.clone(), ..draft::settings(&args.fields)? };
    let opened = Opened::open(file)?;
    let (secret, fresh) = fresh(&opened);
    let id = AppId::new(fresh.now, opened.rng.as_ref());
    let made = opened.decide(move |tx| manage::add(tx, &id, &settings, &fresh))?;
    print(output, made, secret)
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
    let settings = draft::changes(args)?;
    let opened = Opened::open(file)?;
    let (named, (secret, fresh)) = (named(&opened, &args.id)?, fresh(&opened));
    let changed = opened.decide(move |tx| manage::change(tx, &named, None, &settings, &fresh))?;
    if let Some(branding) = branding {
        branding.apply(&opened, branded(&changed.app))?;
    }
    print(output, changed, secret)
}

/// The owner of an app's branding.
fn branded(app: &App) -> Branded {
    Branded::App(app.id.clone(), app.org_id.clone())
}

/// Replaces the secret of an app after confirmation; the old one stops working at once, or after the overlap.
pub fn rotate_secret(file: Option<&Path>, output: Output, args: &RotateSecret) -> Result<(), Failure> {
    let id = args.id.as_str();
    let opened = Opened::open(file)?;
    let app = named::app(&opened, id)?;
    if !app.auth_method.has_secret() {
        return Err(AppReason::NoSecret(app.auth_method).of("client_secret").into());
    }
    confirm(args.sure.yes, &consequence(args))?;
    let (named, (secret, fresh)) = (AppRef::Id(app.id), fresh(&opened));
    let overlap = Duration::from_hours(u64::from(args.overlap));
    let renewed = opened.decide(move |tx| manage::renew_secret(tx, &named, overlap, &fresh))?;
    print(output, renewed, secret)
}

/// What becomes of the present secret.
pub fn consequence(args: &RotateSecret) -> String {
    match args.overlap {
        0 => format!("the current secret of {} stops working immediately", args.id),
        hours => format!("the current secret of {} stops working in {hours} hours, and one before it now", args.id),
    }
}

/// Ends the secret that was replaced, after confirmation.
pub fn end_secret(file: Option<&Path>, output: Output, id: &str, yes: bool) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    let named = named(&opened, id)?;
    confirm(yes, &format!("the earlier secret of {id} stops working immediately"))?;
    let now = opened.now();
    let app = opened.decide(move |tx| manage::end_former_secret(tx, &named, now))?;
    output.answer(&AppView::of(&app), |_| format!("The earlier secret of {id} has ended."))
}

/// Removes an app permanently after confirmation.
pub fn remove(file: Option<&Path>, output: Output, id: &str, yes: bool) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    let named = named(&opened, id)?;
    let consequence = format!(
        "removing {id} revokes all its tokens, and its client id is never reused (`sigma app set {id} --disable` \
         disables it)"
    );
    confirm(yes, &consequence)?;
    let now = opened.now();
    let removed = opened.decide(move |tx| manage::remove(tx, &named, now))?;
    output.answer(&serde_json::json!({ "removed": removed.client_id }), |_| format!("{id} was removed."))
}

/// The id of the app called `name`, which may lose that name before it is changed.
fn named(opened: &Opened, name: &str) -> Result<AppRef, Failure> {
    named::app(opened, name).map(|app| AppRef::Id(app.id))
}

/// A secret that nobody has, and what the store is told of it.
fn fresh(opened: &Opened) -> (String, Fresh) {
    let secret = new_secret(opened.rng.as_ref());
    let fresh = Fresh { secret: Digest::of(&secret), now: opened.now() };
    (secret, fresh)
}

fn signer_origins(opened: &Opened, app: &App) -> Result<Vec<SignerOrigin>, Failure> {
    let app_id = app.id.clone();
    opened.read(move |tx| signer_origin::of_app(tx, &app_id))
}

fn print(output: Output, managed: Managed, secret: String) -> Result<(), Failure> {
    let mut view = AppView::of(&managed.app);
    view.client_secret = managed.took_secret.then_some(secret);
    view.signer_origins = managed.signer_origins;
    output.answer(&view, AppView::text)
}
