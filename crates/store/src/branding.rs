//! How apps and orgs look on pages.

use sigma_core::branding::{Accent, Branding, BrandingChange, Welcome};
use sigma_core::event::{Action, Details, Target};
use sigma_core::ids::{AppId, OrgId};
use sigma_core::time::Timestamp;

use crate::event::{self, NewEvent};
use crate::{Row, StoreError, Tx, cached, logo, params};

/// Whose branding it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Branded {
    /// An app, and the org that owns it.
    App(AppId, OrgId),
    /// An org.
    Org(OrgId),
    /// The server itself, beside its settings.
    Server,
}

impl Branded {
    const fn kind(&self) -> &'static str {
        match self {
            Self::App(..) => "app",
            Self::Org(_) => "org",
            Self::Server => "server",
        }
    }

    fn id(&self) -> &str {
        match self {
            Self::App(app_id, _) => app_id.as_str(),
            Self::Org(org_id) => org_id.as_str(),
            Self::Server => "server",
        }
    }

    /// Its key in caches.
    pub fn key(&self) -> String {
        format!("{}/{}", self.kind(), self.id())
    }
}

/// What was set of the branding of an app, an org or the server.
pub fn find(tx: &mut dyn Tx, whose: &Branded) -> Result<Branding, StoreError> {
    if *whose == Branded::Server {
        let row = tx.query_opt(
            "SELECT logo, accent, terms_url, privacy_url, support_url, welcome, name FROM server_branding WHERE id = 'server'",
            params![],
        )?;
        let Some(row) = row else { return Ok(Branding::default()) };
        return Ok(Branding { name: row.opt_text(6)?, ..decode(&row)? });
    }
    let row = tx.query_opt(
        "SELECT logo, accent, terms_url, privacy_url, support_url, welcome FROM brandings
         WHERE owner_kind = $1 AND owner_id = $2",
        params![whose.kind(), whose.id()],
    )?;
    row.map_or_else(|| Ok(Branding::default()), |row| decode(&row))
}

/// Changes the branding of an app or org that exists, whose org is locked, or that of the server, for which the installation is; returns
/// it. What changes nothing is not recorded.
pub fn change(
    tx: &mut dyn Tx,
    whose: &Branded,
    change: &BrandingChange,
    now: Timestamp,
) -> Result<Branding, StoreError> {
    let before = find(tx, whose)?;
    let after = change.of(&before);
    if after != before {
        set(tx, whose, &after, now)?;
    }
    Ok(after)
}

/// Sets the branding of an app or org that exists, or of the server.
pub fn set(tx: &mut dyn Tx, whose: &Branded, new: &Branding, now: Timestamp) -> Result<(), StoreError> {
    let before = find(tx, whose)?;
    let accent = new.accent.map(|accent| accent.to_string());
    let welcome = (!new.welcome.is_empty()).then(|| serde_json::to_string(&new.welcome).unwrap_or_default());
    match whose {
        Branded::Server => tx.execute(
            "INSERT INTO server_branding (id, name, logo, accent, terms_url, privacy_url, support_url, updated_at, welcome)
             VALUES ('server', $1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (id) DO UPDATE SET name = excluded.name, logo = excluded.logo, accent = excluded.accent,
                terms_url = excluded.terms_url, privacy_url = excluded.privacy_url, support_url = excluded.support_url,
                updated_at = excluded.updated_at, welcome = excluded.welcome",
            params![
                new.name.as_deref(),
                new.logo.as_deref(),
                accent,
                new.terms_url.as_deref(),
                new.privacy_url.as_deref(),
                new.support_url.as_deref(),
                now,
                welcome
            ],
        )?,
        Branded::App(..) | Branded::Org(_) => tx.execute(
        "INSERT INTO brandings (owner_kind, owner_id, logo, accent, terms_url, privacy_url, support_url, updated_at, welcome)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (owner_kind, owner_id) DO UPDATE SET logo = excluded.logo, accent = excluded.accent,
            terms_url = excluded.terms_url, privacy_url = excluded.privacy_url, support_url = excluded.support_url,
            updated_at = excluded.updated_at, welcome = excluded.welcome",
        params![
            whose.kind(),
            whose.id(),
            new.logo.as_deref(),
            accent,
            new.terms_url.as_deref(),
            new.privacy_url.as_deref(),
            new.support_url.as_deref(),
            now,
            welcome
        ],
    )?,
    };
    tx.changed(cached::BRANDING, &whose.key())?;
    logo::replace(tx, before.logo.as_deref(), new.logo.as_deref(), now)?;
    let details = Details::changed([
        ("name", before.name != new.name),
        ("logo", before.logo != new.logo),
        ("accent", before.accent != new.accent),
        ("terms_url", before.terms_url != new.terms_url),
        ("privacy_url", before.privacy_url != new.privacy_url),
        ("support_url", before.support_url != new.support_url),
        ("welcome", before.welcome != new.welcome),
    ]);
    let event = match whose {
        Branded::App(app_id, org_id) => NewEvent::new(Action::AppChange).within(org_id).to(Target::App(app_id.clone())),
        Branded::Org(org_id) => {
            NewEvent::new(Action::WorkspaceChange).within(org_id).to(Target::Workspace(org_id.clone()))
        }
        Branded::Server => NewEvent::new(Action::ServerChange),
    };
    event::append(tx, event.with(details))
}

/// Deletes the branding of an app or org that is removed.
pub(crate) fn remove(tx: &mut dyn Tx, whose: &Branded) -> Result<(), StoreError> {
    let before = find(tx, whose)?;
    let sql = "DELETE FROM brandings WHERE owner_kind = $1 AND owner_id = $2";
    if tx.execute(sql, params![whose.kind(), whose.id()])? > 0 {
        tx.changed(cached::BRANDING, &whose.key())?;
        return before.logo.map_or(Ok(()), |before| logo::look_up(tx, &before));
    }
    Ok(())
}

fn decode(row: &Row) -> Result<Branding, StoreError> {
    Ok(Branding {
        name: None,
        logo: row.opt_text(0)?,
        accent: match row.opt_text(1)? {
            None => None,
            Some(_) => Some(row.parsed(1, "a colour", Accent::parse)?),
        },
        terms_url: row.opt_text(2)?,
        privacy_url: row.opt_text(3)?,
        support_url: row.opt_text(4)?,
        welcome: match row.opt_text(5)? {
            None => Welcome::NONE,
            Some(words) => {
                serde_json::from_str(&words).map_err(|_| StoreError::Corrupt("words of welcome".to_owned()))?
            }
        },
    })
}
