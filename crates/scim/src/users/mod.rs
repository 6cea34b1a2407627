//! People.

mod create;
mod list;
mod patch;
mod remove;
mod replace;
mod search;
mod show;

pub use create::run as create;
pub use patch::run as patch;
pub use remove::run as remove;
pub use replace::run as replace;

use sigma_core::email::Email;
use sigma_core::ids::MembershipId;
use sigma_core::scim::Resource;
use sigma_platform::http::{Endpoint, Rule};
use sigma_platform::passwords::counted_as;
use sigma_platform::state::AppState;
use sigma_store::scim::user::{self, Invitation, Save, Saved, Wish};

use crate::caller::ScimCaller;
use crate::error::ScimError;

/// The endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 7] {
    [
        list::endpoint(),
        create::endpoint(),
        search::endpoint(),
        show::endpoint(),
        replace::endpoint(),
        patch::endpoint(),
        remove::endpoint(),
    ]
}

/// How often an invitation is rewritten when an account takes the address meanwhile.
const ATTEMPTS: usize = 3;

/// Saves a person, and invites them where that is needed.
async fn save(
    sigma: &AppState,
    caller: &ScimCaller,
    wish: Wish,
    if_match: Option<String>,
) -> Result<Resource, ScimError> {
    let (directory, now) = (caller.directory.clone(), sigma.now());
    let mut save = Save { directory, wish, if_match, mail: None, now };
    for attempt in 0..=ATTEMPTS {
        let asked = save.clone();
        match caller.store(sigma).decide(move |tx| user::save(tx, &asked)).await? {
            Saved::Done(resource) => {
                if save.mail.is_some() {
                    sigma.mail_was_promised();
                }
                return Ok(*resource);
            }
            Saved::NeedsMail(email, spelling) => {
                if attempt == 0 {
                    caller.context.charge(Rule::Invitation, caller.directory.org_id.as_str())?;
                }
                save.mail = Some(invitation(sigma, caller, &email, spelling.into_owned()).await?);
            }
        }
    }
    Err(ScimError::Internal("the address of an account changed again and again".to_owned()))
}

/// The invitation, in the name of the org.
async fn invitation(
    sigma: &AppState,
    caller: &ScimCaller,
    email: &Email,
    address: String,
) -> Result<Invitation, ScimError> {
    let org = sigma.find_org(&caller.directory.org_id).await?.ok_or(ScimError::Unauthorized)?;
    let composer = sigma.composer_to(email.folded(), sigma.settings.languages.default).await?;
    let mail = composer.invitation(&address, &org.org.name, None, None);
    Ok(Invitation {
        id: MembershipId::random(&*sigma.rng),
        mail: mail.map_err(|error| ScimError::Internal(error.to_string()))?,
        mailed_to: address,
        counted_as: counted_as(sigma, email.folded()),
    })
}
