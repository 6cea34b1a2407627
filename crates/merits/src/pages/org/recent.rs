//! The recent sign-in that changes ask for which show a secret, or what others recognise the org by: a session that was left open, or stolen,
//! does not get that far.

use axum::response::Response;
use sigma_core::ids::OrgRef;
use sigma_core::interaction::{Continuation, OrgSection};
use sigma_platform::extract::SignedIn;
use sigma_platform::interaction::{begin, sign_in_first, with_cookie};
use sigma_platform::pages::not_found;
use sigma_platform::paths::login_url;
use sigma_platform::state::AppState;

use super::OrgAdmin;
use crate::pages::outcome::PageError;

/// What an admin has to prove before a change.
pub struct Confirmation {
    url: Option<String>,
    set_cookie: Option<String>,
}

impl Confirmation {
    /// What this admin has to prove.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn of(sigma: &AppState, admin: &OrgAdmin, section: OrgSection) -> Result<Self, PageError> {
        if is_recent(sigma, admin).await? {
            return Ok(Self { url: None, set_cookie: None });
        }
        let begun = begin(sigma, &admin.browser, way_back(admin, section)?, sigma.now())?;
        Ok(Self { url: Some(login_url(&begun.name)), set_cookie: begun.set_cookie })
    }

    /// Where they prove it, if they have to.
    pub fn url(&self) -> Option<String> {
        self.url.clone()
    }

    /// The page, with the cookie for that.
    pub fn with(self, page: Response) -> Response {
        with_cookie(page, self.set_cookie.as_deref())
    }
}

/// Sends an admin to the sign-in page unless they signed in a short time ago.
///
/// # Errors
/// They did not, or the store does not answer.
pub async fn require(sigma: &AppState, admin: &OrgAdmin, section: OrgSection) -> Result<(), PageError> {
    if is_recent(sigma, admin).await? {
        return Ok(());
    }
    Err(PageError::of(sign_in_first(sigma, &admin.browser, way_back(admin, section)?)))
}

/// Quick logins prove who somebody is to their org only, and never again: the person has to be signed in to the account as well.
async fn is_recent(sigma: &AppState, admin: &OrgAdmin) -> Result<bool, PageError> {
    let signed_in = SignedIn::find(sigma, &admin.browser).await?;
    Ok(signed_in.is_some_and(|one| one.account.user.id == admin.user_id && one.may_change_credentials(sigma)))
}

fn way_back(admin: &OrgAdmin, section: OrgSection) -> Result<Continuation, PageError> {
    let org = OrgRef::parse(admin.org.id.as_str()).ok_or_else(|| PageError::of(not_found()))?;
    Ok(Continuation::OrgChange { org, section })
}
