//! Apps, and the client ids that are never reused.

pub mod manage;

use std::fmt::{self, Write as _};

use sigma_core::app::{App, ApplicationType, AuthMethod, FormerSecret, GrantType};
use sigma_core::backchannel::{BackchannelLogout, LogoutUri};
use sigma_core::client_metadata::ClientMetadata;
use sigma_core::digest::Digest;
use sigma_core::event::{Action, Details, Target};
use sigma_core::ids::{AppId, AppRef, ClientId, OrgId};
use sigma_core::jose::Algorithm;
use sigma_core::merits::SiteUrl;
use sigma_core::redirect::{RedirectUri, RegisteredRedirectUris};
use sigma_core::scope::Scopes;
use sigma_core::security::AppSecurity;
use sigma_core::signer_origin::SignerOrigin;
use sigma_core::time::Timestamp;

use crate::branding::{self, Branded};
use crate::event::{self, NewEvent};
use crate::logout;
use crate::merits::link;
use crate::redirect_refusal;
use crate::{Owner, Row, StoreError, Tx, Value, cached, params};

/// The outcome of adding an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// It is registered.
    Added,
    /// The client id belongs, or once belonged, to an app: it is never reused.
    ClientIdTaken,
}

/// Registers `app`.
pub fn add(tx: &mut dyn Tx, app: &App) -> Result<Added, StoreError> {
    add_with(tx, app, Details::default())
}

/// Registers `app`, with further facts for the audit trail.
pub(crate) fn add_with(tx: &mut dyn Tx, app: &App, details: Details) -> Result<Added, StoreError> {
    tx.lock(Owner::Installation)?;
    tx.lock(Owner::Org(&app.org_id))?;
    insert(tx, app, details)
}

/// [`add_with`] for those who hold the locks of the installation and of the app's org.
pub(crate) fn insert(tx: &mut dyn Tx, app: &App, details: Details) -> Result<Added, StoreError> {
    let retired = "SELECT client_id FROM retired_client_ids WHERE client_id = $1";
    if tx.query_opt(retired, params![&app.client_id])?.is_some() {
        return Ok(Added::ClientIdTaken);
    }
    let inserted = tx.execute(
        "INSERT INTO apps (client_id, org_id, created_at, name, application_type, auth_method, secret_hash, pubkey, jwks,
            jwks_uri, redirect_uris, post_logout_redirect_uris, grant_types, scopes, require_pkce, id_token_alg,
            access_seconds, placeholder_email, dynamic, disabled, client_uri, updated_at, resources, id_token_claims,
            require_second_factor, site_url, metadata, security, backchannel_logout_uri,
            backchannel_logout_session_required, former_secret_hash, former_secret_ends_at, id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
            $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33)
         ON CONFLICT (client_id) DO NOTHING",
        &[
            vec![(&app.client_id).into(), (&app.org_id).into(), app.created_at.into()],
            columns(app)?,
            vec![(&app.id).into()],
        ]
        .concat(),
    )?;
    if inserted == 0 {
        return Ok(Added::ClientIdTaken);
    }
    tx.changed(cached::APP, app.id.as_str())?;
    event::append(tx, recorded(Action::AppCreate, app).with(details))?;
    Ok(Added::Added)
}

fn recorded(action: Action, app: &App) -> NewEvent {
    NewEvent::new(action).within(&app.org_id).to(Target::App(app.id.clone()))
}

/// Writes every field of `app` except its ids and creation time; returns whether the app exists.
pub fn update(tx: &mut dyn Tx, app: &App) -> Result<bool, StoreError> {
    let Some(before) = find(tx, &app.id)? else { return Ok(false) };
    let updated = tx.execute(
        "UPDATE apps SET name = $2, application_type = $3, auth_method = $4, secret_hash = $5, pubkey = $6, jwks = $7,
            jwks_uri = $8, redirect_uris = $9, post_logout_redirect_uris = $10, grant_types = $11, scopes = $12,
            require_pkce = $13, id_token_alg = $14, access_seconds = $15, placeholder_email = $16, dynamic = $17,
            disabled = $18, client_uri = $19, updated_at = $20, resources = $21, id_token_claims = $22,
            require_second_factor = $23, site_url = $24, metadata = $25, security = $26, backchannel_logout_uri = $27,
            backchannel_logout_session_required = $28, former_secret_hash = $29, former_secret_ends_at = $30,
            org_id = $31
         WHERE id = $1",
        &[vec![(&app.id).into()], columns(app)?, vec![(&app.org_id).into()]].concat(),
    )?;
    tx.changed(cached::APP, app.id.as_str())?;
    let changed = changed(&before, app)?;
    event::append(tx, recorded(Action::AppChange, app).with(Details { changed, ..Details::default() }))?;
    Ok(updated == 1)
}

/// Whether [`update`] would change anything but the time of the last change.
pub fn differs(before: &App, after: &App) -> Result<bool, StoreError> {
    Ok(!changed(before, after)?.is_empty())
}

/// A name for the settings of an app as they are, with its signer origins: another one after each change that [`differs`] or that
/// changes those.
pub fn version(app: &App, origins: &[SignerOrigin]) -> Result<String, StoreError> {
    let mut text = app.org_id.to_string();
    for origin in origins {
        let _ = write!(text, "\0{origin}");
    }
    for (column, value) in COLUMNS.into_iter().zip(columns(app)?) {
        if column != "updated_at" {
            let _ = write!(text, "\0{column}={}", Written(&value));
        }
    }
    Ok(Digest::of(text).base64url())
}

/// A column as text, for [`version`].
struct Written<'v>(&'v Value);

impl fmt::Display for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Null => Ok(()),
            Value::Int(number) => write!(f, "{number}"),
            Value::Real(number) => write!(f, "{number}"),
            Value::Text(text) => f.write_str(text),
            Value::Bytes(bytes) => write!(f, "{}", Digest::of(bytes).base64url()),
        }
    }
}

/// The names of what differs, apart from the time of the last change.
fn changed(before: &App, after: &App) -> Result<Vec<String>, StoreError> {
    let columns = columns(before)?.into_iter().zip(columns(after)?).zip(COLUMNS);
    let mut changed: Vec<String> =
        columns.filter(|((before, after), _)| before != after).map(|(_, column)| column.to_owned()).collect();
    changed.retain(|column| column != "updated_at");
    if before.org_id != after.org_id {
        changed.push("org_id".to_owned());
    }
    Ok(changed)
}

/// Removes an app; its tokens become invalid with it, and its client id is never reused.
pub fn remove(tx: &mut dyn Tx, id: &AppId, now: Timestamp) -> Result<bool, StoreError> {
    remove_with(tx, id, Details::default(), now)
}

/// Removes an app, with further facts for the audit trail.
pub(crate) fn remove_with(tx: &mut dyn Tx, id: &AppId, details: Details, now: Timestamp) -> Result<bool, StoreError> {
    tx.lock(Owner::Installation)?;
    let Some(app) = find(tx, id)? else { return Ok(false) };
    tx.execute("DELETE FROM apps WHERE id = $1", params![id])?;
    branding::remove(tx, &Branded::App(id.clone(), app.org_id.clone()))?;
    tx.execute("DELETE FROM signer_origins WHERE app_id = $1", params![id])?;
    tx.execute("DELETE FROM registrations WHERE app_id = $1", params![id])?;
    tx.execute("DELETE FROM agents WHERE app_id = $1", params![id])?;
    link::remove_all_of(tx, id)?;
    redirect_refusal::remove_all_of(tx, id)?;
    logout::remove_all_of(tx, id)?;
    tx.execute(
        "INSERT INTO retired_client_ids (client_id, retired_at) VALUES ($1, $2) ON CONFLICT (client_id) DO NOTHING",
        params![&app.client_id, now],
    )?;
    tx.changed(cached::APP, id.as_str())?;
    event::append(tx, recorded(Action::AppRemove, &app).with(details))?;
    Ok(true)
}

/// The columns of an app, in the order of [`decode`].
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT client_id, org_id, created_at, name, application_type, auth_method, secret_hash, pubkey, jwks, jwks_uri,
                redirect_uris, post_logout_redirect_uris, grant_types, scopes, require_pkce, id_token_alg, access_seconds,
                placeholder_email, dynamic, disabled, client_uri, updated_at, resources, id_token_claims, id,
                require_second_factor, site_url, metadata, security, backchannel_logout_uri,
                backchannel_logout_session_required, former_secret_hash, former_secret_ends_at
             FROM apps WHERE ",
            $rest
        )
    };
}

/// The app with that id.
pub fn find(tx: &mut dyn Tx, id: &AppId) -> Result<Option<App>, StoreError> {
    tx.query_opt(select!("id = $1"), params![id])?.map(|row| decode(&row)).transpose()
}

/// The app that a caller named.
pub fn find_named(tx: &mut dyn Tx, app: &AppRef) -> Result<Option<App>, StoreError> {
    match app {
        AppRef::Id(id) => find(tx, id),
        AppRef::Chosen(client_id) => {
            let row = tx.query_opt(select!("client_id = $1"), params![client_id.as_str()])?;
            row.map(|row| decode(&row)).transpose()
        }
    }
}

/// At most `limit` apps, oldest first, after the one with the id `after`.
pub fn list(tx: &mut dyn Tx, after: &str, limit: u32) -> Result<Vec<App>, StoreError> {
    tx.query_all(select!("id > $1 ORDER BY id LIMIT $2"), params![after, limit])?.iter().map(decode).collect()
}

/// The same of those that are verified, or of those that are not; without agents, which users make for themselves.
pub fn list_verified(tx: &mut dyn Tx, verified: bool, after: &str, limit: u32) -> Result<Vec<App>, StoreError> {
    let sql = select!(
        "dynamic = $1 AND id > $2 AND NOT EXISTS (SELECT 1 FROM agents WHERE agents.app_id = apps.id) ORDER BY id LIMIT $3"
    );
    tx.query_all(sql, params![!verified, after, limit])?.iter().map(decode).collect()
}

/// The names of [`columns`].
const COLUMNS: [&str; 29] = [
    "name",
    "application_type",
    "auth_method",
    "secret",
    "pubkey",
    "jwks",
    "jwks_uri",
    "redirect_uris",
    "post_logout_redirect_uris",
    "grant_types",
    "scopes",
    "require_pkce",
    "id_token_alg",
    "access_seconds",
    "placeholder_email",
    "dynamic",
    "disabled",
    "client_uri",
    "updated_at",
    "resources",
    "id_token_claims",
    "require_second_factor",
    "site_url",
    "metadata",
    "security",
    "backchannel_logout_uri",
    "backchannel_logout_session_required",
    "former_secret",
    "former_secret_ends_at",
];

/// The mutable fields, in the order of both statements that write them.
fn columns(app: &App) -> Result<Vec<Value>, StoreError> {
    let former = app.former_secret.filter(|_| app.auth_method.has_secret());
    let grant_types: Vec<&str> = app.grant_types.iter().map(|grant| grant.as_str()).collect();
    Ok(vec![
        app.name.as_str().into(),
        app.application_type.as_str().into(),
        app.auth_method.as_str().into(),
        app.secret.into(),
        app.pubkey.map(|key| key.to_hex()).into(),
        app.jwks.as_deref().into(),
        app.jwks_uri.as_deref().into(),
        texts(app.redirect_uris.iter().map(RedirectUri::as_str))?.into(),
        texts(app.post_logout_redirect_uris.iter().map(RedirectUri::as_str))?.into(),
        grant_types.join(" ").into(),
        app.scopes.to_string().into(),
        app.require_pkce.into(),
        app.id_token_alg.as_str().into(),
        app.access_seconds.into(),
        app.placeholder_email.into(),
        app.dynamic.into(),
        app.disabled.into(),
        app.client_uri.as_deref().into(),
        app.updated_at.into(),
        texts(app.resources.iter().map(String::as_str))?.into(),
        app.id_token_claims.into(),
        app.require_second_factor.into(),
        app.site_url.as_ref().map(SiteUrl::as_str).into(),
        serde_json::to_string(&app.metadata).map_err(|error| StoreError::Failed(error.to_string()))?.into(),
        app.security.to_json().into(),
        app.backchannel_logout.as_ref().map(|logout| logout.uri.as_str()).into(),
        app.backchannel_logout.as_ref().is_some_and(|logout| logout.session_required).into(),
        former.map(|former| former.digest).into(),
        former.map(|former| former.ends_at).into(),
    ])
}

fn decode(row: &Row) -> Result<App, StoreError> {
    Ok(App {
        id: AppId::from_text(row.text(24)?),
        client_id: ClientId::from_text(row.text(0)?),
        org_id: OrgId::from_text(row.text(1)?),
        created_at: row.timestamp(2)?,
        name: row.text(3)?,
        application_type: row.parsed(4, "an application type", ApplicationType::parse)?,
        auth_method: row.parsed(5, "an authentication method", AuthMethod::parse)?,
        secret: row.opt_digest(6)?,
        pubkey: row.opt_public_key(7)?,
        jwks: row.opt_text(8)?,
        jwks_uri: row.opt_text(9)?,
        redirect_uris: RegisteredRedirectUris::from_stored(from_texts(row, 10)?),
        post_logout_redirect_uris: RegisteredRedirectUris::from_stored(from_texts(row, 11)?),
        grant_types: row.text(12)?.split(' ').filter_map(GrantType::parse).collect(),
        scopes: Scopes::parse(&row.text(13)?),
        require_pkce: row.bool(14)?,
        id_token_alg: row.parsed(15, "an algorithm", Algorithm::parse)?,
        access_seconds: row.opt_int(16)?.and_then(|seconds| u32::try_from(seconds).ok()),
        placeholder_email: row.bool(17)?,
        dynamic: row.bool(18)?,
        disabled: row.bool(19)?,
        client_uri: row.opt_text(20)?,
        updated_at: row.timestamp(21)?,
        resources: from_texts(row, 22)?,
        id_token_claims: row.bool(23)?,
        require_second_factor: row.bool(25)?,
        backchannel_logout: match row.opt_text(29)? {
            None => None,
            Some(uri) => Some(BackchannelLogout { uri: LogoutUri::from_stored(uri), session_required: row.bool(30)? }),
        },
        site_url: match row.opt_text(26)? {
            None => None,
            Some(_) => Some(row.parsed(26, "the site of an app", |text| SiteUrl::parse(text).ok())?),
        },
        metadata: row.parsed(27, "the metadata of an app", |text| serde_json::from_str::<ClientMetadata>(text).ok())?,
        security: row.parsed(28, "the security of an app", AppSecurity::from_json)?,
        former_secret: match (row.opt_digest(31)?, row.opt_timestamp(32)?) {
            (Some(digest), Some(ends_at)) => Some(FormerSecret { digest, ends_at }),
            _ => None,
        },
    })
}

/// A list of strings in one column: JSON.
pub(crate) fn texts<'a>(texts: impl Iterator<Item = &'a str>) -> Result<String, StoreError> {
    let texts: Vec<&str> = texts.collect();
    serde_json::to_string(&texts).map_err(|error| StoreError::Failed(error.to_string()))
}

/// The list of strings in a column.
pub(crate) fn from_texts(row: &Row, column: usize) -> Result<Vec<String>, StoreError> {
    row.parsed(column, "a list of texts", |text| serde_json::from_str(text).ok())
}
