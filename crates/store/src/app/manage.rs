//! What the operator does with apps: one operation each for commands, the management API and the console. What may be refused comes
//! first, because a refusal commits.

use std::time::Duration;

use sigma_core::app::{App, AppProblem, AppReason, AppSettings, FormerSecret};
use sigma_core::digest::Digest;
use sigma_core::ids::{AppId, AppRef, OrgId};
use sigma_core::signer_origin::SignerOrigin;
use sigma_core::time::Timestamp;

use super::Added;
use crate::{Owner, Stop, StoreError, Tx, app, org, registration, resource, signer_origin};

/// The outcome of an operation that settings may forbid.
pub type Judged<T> = Result<T, Stop<AppProblem>>;

impl From<AppProblem> for Stop<AppProblem> {
    fn from(problem: AppProblem) -> Self {
        Self::Refused(problem)
    }
}

/// An app as it was left.
#[derive(Clone, Debug)]
pub struct Managed {
    /// The app.
    pub app: App,
    /// The origins whose pages may embed the signer.
    pub signer_origins: Vec<SignerOrigin>,
    /// Whether it has the secret that was offered.
    pub took_secret: bool,
    /// The name of this state of its settings.
    pub version: String,
}

/// What is made for a change before it begins.
#[derive(Clone, Debug)]
pub struct Fresh {
    /// The digest of a secret, for an app whose method needs one and that has none.
    pub secret: Digest,
    /// The time of the change.
    pub now: Timestamp,
}

/// Registers an app, for the operator's org unless the settings name another.
pub fn add(tx: &mut dyn Tx, id: &AppId, settings: &AppSettings, fresh: &Fresh) -> Judged<Managed> {
    tx.lock(Owner::Installation)?;
    let operator = org::load_operator(tx, fresh.now)?;
    let owner = match owner(tx, settings)? {
        Some(owner) => owner,
        None => operator,
    };
    let mut app = settings.new_app(id.clone(), owner, fresh.now)?;
    check_resources(tx, settings)?;
    let origins = settings.declared_origins()?;
    let took_secret = set_secret(&mut app, fresh);
    if app::add(tx, &app)? == Added::ClientIdTaken {
        return Err(AppReason::ClientIdTaken(app.client_id.to_string()).of("client_id").into());
    }
    declare(tx, app, origins, took_secret)
}

/// Changes the app of that name, if `expected` is its version. Repeating it changes nothing.
pub fn change(
    tx: &mut dyn Tx,
    named: &AppRef,
    expected: Option<&str>,
    settings: &AppSettings,
    fresh: &Fresh,
) -> Judged<Managed> {
    tx.lock(Owner::Installation)?;
    let before = load(tx, named)?;
    if let Some(expected) = expected
        && app::version(&before, &signer_origin::of_app(tx, &before.id)?)? != expected
    {
        return Err(AppReason::Stale.of("version").into());
    }
    if settings.client_id.as_ref().is_some_and(|wanted| *wanted != before.client_id.as_str()) {
        return Err(AppReason::ClientIdFixed.of("client_id").into());
    }
    let owner = owner(tx, settings)?;
    let mut app = settings.applied_to(before.clone(), fresh.now)?;
    app.org_id = owner.unwrap_or(app.org_id);
    check_resources(tx, settings)?;
    let origins = settings.declared_origins()?;
    let took_secret = set_secret(&mut app, fresh);
    if app::differs(&before, &app)? {
        app::update(tx, &app)?;
    } else {
        app = before.clone();
    }
    if settings.unverified == Some(false) {
        registration::keep(tx, &app.id)?;
    }
    declare(tx, app, origins, took_secret)
}

/// Gives an app another secret. The present one stays valid for `overlap`; one that was replaced before ends.
pub fn renew_secret(tx: &mut dyn Tx, named: &AppRef, overlap: Duration, fresh: &Fresh) -> Judged<Managed> {
    tx.lock(Owner::Installation)?;
    let app = load(tx, named)?;
    if !app.auth_method.has_secret() {
        return Err(AppReason::NoSecret(app.auth_method).of("client_secret").into());
    }
    let ends_at = fresh.now.plus(overlap);
    let former = app.secret.filter(|_| !overlap.is_zero()).map(|digest| FormerSecret { digest, ends_at });
    let app = App { secret: Some(fresh.secret), former_secret: former, updated_at: fresh.now, ..app };
    app::update(tx, &app)?;
    Ok(Managed { took_secret: true, ..with_origins(tx, app)? })
}

/// Ends the secret that was replaced, while it is still valid.
pub fn end_former_secret(tx: &mut dyn Tx, named: &AppRef, now: Timestamp) -> Judged<App> {
    tx.lock(Owner::Installation)?;
    let app = load(tx, named)?;
    if app.former_secret.is_none_or(|former| former.ends_at <= now) {
        return Err(AppReason::NoFormerSecret.of("client_secret").into());
    }
    let app = App { former_secret: None, updated_at: now, ..app };
    app::update(tx, &app)?;
    Ok(app)
}

/// Removes an app; returns what it was.
pub fn remove(tx: &mut dyn Tx, named: &AppRef, now: Timestamp) -> Judged<App> {
    tx.lock(Owner::Installation)?;
    let app = load(tx, named)?;
    app::remove(tx, &app.id, now)?;
    Ok(app)
}

fn load(tx: &mut dyn Tx, named: &AppRef) -> Judged<App> {
    Ok(app::find_named(tx, named)?.ok_or(AppReason::NoApp.of("client_id"))?)
}

/// The org that the settings name.
fn owner(tx: &mut dyn Tx, settings: &AppSettings) -> Judged<Option<OrgId>> {
    let Some(name) = &settings.org else { return Ok(None) };
    let found = org::find_named(tx, name)?;
    Ok(Some(found.ok_or_else(|| AppReason::NoOrg(name.clone()).of("org"))?))
}

/// A misspelt API would silently have no effect.
fn check_resources(tx: &mut dyn Tx, settings: &AppSettings) -> Judged<()> {
    for uri in settings.resources.iter().flatten().filter(|uri| !uri.is_empty()) {
        if resource::find(tx, uri)?.is_none() {
            return Err(AppReason::NoResource(uri.clone()).of("resources").into());
        }
    }
    Ok(())
}

/// Whether the app takes the offered secret: its method needs one and it has none.
fn set_secret(app: &mut App, fresh: &Fresh) -> bool {
    if !app.auth_method.has_secret() {
        (app.secret, app.former_secret) = (None, None);
        return false;
    }
    let takes = app.secret.is_none();
    app.secret = app.secret.or(Some(fresh.secret));
    takes
}

/// Writes the origins, if any were given.
fn declare(tx: &mut dyn Tx, app: App, origins: Option<Vec<SignerOrigin>>, took_secret: bool) -> Judged<Managed> {
    if let Some(origins) = origins {
        signer_origin::declare(tx, &app.id, &app.org_id, &origins)?;
    }
    Ok(Managed { took_secret, ..with_origins(tx, app)? })
}

/// The app as it is, with what belongs to it.
pub fn with_origins(tx: &mut dyn Tx, app: App) -> Result<Managed, StoreError> {
    let signer_origins = signer_origin::of_app(tx, &app.id)?;
    let version = app::version(&app, &signer_origins)?;
    Ok(Managed { app, signer_origins, took_secret: false, version })
}
