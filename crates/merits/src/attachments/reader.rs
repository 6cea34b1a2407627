//! Who reads an attachment by its address. Nobody shows a credential there, so the address names the reader, and works for as long as
//! they may see the merit.

use std::fmt;

use sigma_core::ids::{AppId, AttachmentId, GrantId, MeritId, OrgId};
use sigma_platform::extract::load_live_grant;
use sigma_platform::state::AppState;
use sigma_store::StoreError;
use sigma_store::merits::acting::ActingApp;
use sigma_store::merits::{access, attachment};

/// A reader.
#[derive(Clone, Debug)]
pub enum Reader {
    /// A person in front of a page, or with a session or key of their own.
    Person,
    /// An app that acts for an org: the one that issued the merit, or one that a member lets see it by an Access Merit.
    App {
        /// The app.
        acting: ActingApp,
        /// The Access Merit.
        consent: Option<MeritId>,
    },
    /// An app with an access token of the member.
    Grant(GrantId),
}

impl Reader {
    /// The reader that an address names.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn named(sigma: &AppState, name: &str) -> Result<Option<Self>, StoreError> {
        let parts: Vec<&str> = name.split('.').collect();
        let (app, org, epoch, consent) = match parts.as_slice() {
            [""] => return Ok(Some(Self::Person)),
            [grant] => return Ok(Some(Self::Grant(GrantId::from_text(*grant)))),
            [app, org, epoch] => (app, org, epoch, None),
            [app, org, epoch, consent] => (app, org, epoch, Some(consent)),
            _ => return Ok(None),
        };
        let consent = consent.map(|consent| MeritId::parse(consent).ok_or(()));
        let (Some(app_id), Some(org_id), Ok(epoch), Ok(consent)) =
            (AppId::parse(app), OrgId::parse(org), epoch.parse(), consent.transpose())
        else {
            return Ok(None);
        };
        let Some(app) = sigma.find_app(&app_id).await? else { return Ok(None) };
        Ok(Some(Self::App { acting: ActingApp { org_id, app_id, epoch, secret: app.secret }, consent }))
    }

    /// What the signature of an address covers besides the name: an address ends with the secret of its app.
    pub fn secret(&self) -> String {
        let secret = if let Self::App { acting, .. } = self { acting.secret } else { None };
        secret.map(|secret| secret.base64url()).unwrap_or_default()
    }

    /// Whether they may still read the attachment.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn may_read(&self, sigma: &AppState, org_id: &OrgId, id: &AttachmentId) -> Result<bool, StoreError> {
        let user_id = match self {
            Self::Person => return Ok(true),
            Self::App { acting, consent } => {
                let (acting, consent) = (acting.clone(), consent.clone());
                let is_consent_asked = consent.is_some();
                let found = sigma.store.read(move |tx| {
                    let stands = acting.still_acts(tx)?;
                    let member = match &consent {
                        Some(consent) if stands => access::find_member(tx, &acting.org_id, consent)?,
                        _ => None,
                    };
                    Ok((stands, member))
                });
                match found.await? {
                    (true, None) if !is_consent_asked => return Ok(true),
                    (true, Some(member)) => member,
                    _ => return Ok(false),
                }
            }
            Self::Grant(grant_id) => match load_live_grant(sigma, grant_id).await? {
                Some((grant, _, _)) => grant.authorization.user_id.clone(),
                None => return Ok(false),
            },
        };
        let account = sigma.find_account(&user_id).await?;
        if account.is_none_or(|account| account.user.disabled || account.deletes_at.is_some()) {
            return Ok(false);
        }
        let (org_id, id) = (org_id.clone(), id.clone());
        sigma.store.read(move |tx| attachment::is_held_by(tx, &org_id, &id, &user_id)).await
    }
}

/// The name in an address; empty for a person.
impl fmt::Display for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person => Ok(()),
            Self::App { acting, consent } => {
                write!(f, "{}.{}.{}", acting.app_id.digits(), acting.org_id.digits(), acting.epoch)?;
                consent.as_ref().map_or(Ok(()), |consent| write!(f, ".{}", consent.digits()))
            }
            Self::Grant(grant_id) => f.write_str(grant_id.as_str()),
        }
    }
}
