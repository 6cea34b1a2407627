//! The org that the user of a request acts for.

use sigma_core::authorize::{AskedOrg, AuthorizationRequest, Consents, Interaction, OrgStanding, choose_org};
use sigma_core::ids::{OrgId, UserId};
use sigma_store::org::membership::{self, Belonging};
use sigma_store::{StoreError, org};

use crate::state::AppState;

/// Where a user stands among the orgs that a request asks for.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// The orgs of theirs to choose from.
    pub orgs: Vec<Belonging>,
    /// The org that they act for, or what is missing.
    pub standing: OrgStanding,
}

impl Standing {
    /// The org that they act for.
    pub fn acts_for(&self) -> Option<&Belonging> {
        let org_id = self.standing.org_id()?;
        self.orgs.iter().find(|belonging| belonging.org_id == *org_id)
    }
}

/// The standing of `user_id` for `request`.
///
/// # Errors
/// The store does not answer.
pub async fn standing(
    sigma: &AppState,
    request: &AuthorizationRequest,
    state: &Interaction,
    user_id: &UserId,
    consents: &Consents,
) -> Result<Standing, StoreError> {
    let Some(asked) = request.org.clone() else { return Ok(Standing::default()) };
    let user = user_id.clone();
    let orgs = sigma.store.read(move |tx| match &asked {
        AskedOrg::Any => membership::of_person(tx, &user),
        AskedOrg::Named(None) => Ok(Vec::new()),
        AskedOrg::Named(Some(named)) => match org::resolve(tx, named)? {
            Some(org_id) => Ok(membership::of_person_in(tx, &user, &org_id)?.into_iter().collect()),
            None => Ok(Vec::new()),
        },
    });
    let orgs = orgs.await?;
    let candidates: Vec<OrgId> = orgs.iter().map(|belonging| belonging.org_id.clone()).collect();
    let standing = choose_org(&candidates, state, request, user_id, consents);
    Ok(Standing { orgs, standing })
}
