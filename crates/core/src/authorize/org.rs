//! Organisations at sign-in: which org the user acts for (`docs/spec/oidc.md#organisations`).

use crate::authorize::{AuthorizationRequest, AuthorizeError, Consents, ErrorResponse, Interaction, PromptValue};
use crate::ids::{OrgId, OrgRef, UserId};
use crate::params::Params;
use crate::scope::{ORG, Scopes};

/// What an app asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AskedOrg {
    /// Any org of the user: they choose, if they have several.
    Any,
    /// This one, if it is one of theirs. `None` names nothing that could be an org.
    Named(Option<OrgRef>),
}

/// Where the user stands, as far as the request asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum OrgStanding {
    /// It does not ask.
    #[default]
    NotAsked,
    /// They act for this org.
    Acts(OrgId),
    /// They have several and have not chosen yet.
    Open,
    /// They are an active member of none that was asked for.
    NoMember,
}

impl OrgStanding {
    /// The org that the user acts for.
    pub fn org_id(&self) -> Option<&OrgId> {
        match self {
            Self::Acts(org_id) => Some(org_id),
            _ => None,
        }
    }
}

/// The org that the request asks for: named by `org`, and Auth0's `organization`, or any if only the scope is asked for. Naming
/// one adds the scope.
///
/// # Errors
/// The app may not ask for an org: it would take a token without one for a token of the org. Or both names are sent.
pub(super) fn asked(params: &Params, askable: &Scopes, scope: &mut Scopes) -> Result<Option<AskedOrg>, ErrorResponse> {
    let (org, organization) = (params.get("org"), params.get("organization"));
    if org.is_some() && organization.is_some() {
        let description = "only one of org and organization may be sent";
        return Err(ErrorResponse::new(AuthorizeError::InvalidRequest, description));
    }
    let named = org.or(organization);
    if named.is_some() && !askable.contains(ORG) {
        let description = "the client may not ask for an organization";
        return Err(ErrorResponse::new(AuthorizeError::UnauthorizedClient, description));
    }
    Ok(match named {
        Some(named) => {
            scope.insert(ORG);
            Some(AskedOrg::Named(OrgRef::parse(named)))
        }
        None => scope.contains(ORG).then_some(AskedOrg::Any),
    })
}

/// The org that `user_id` acts for. `candidates` are the orgs asked for of which they are an active member.
///
/// A silent request goes on with the only org that the app has seen them act for, because nobody can be asked.
pub fn choose_org(
    candidates: &[OrgId],
    interaction: &Interaction,
    request: &AuthorizationRequest,
    user_id: &UserId,
    consents: &Consents,
) -> OrgStanding {
    if request.org.is_none() {
        return OrgStanding::NotAsked;
    }
    let is_theirs = interaction.user_id.as_ref() == Some(user_id);
    let chosen = interaction.org_id.as_ref().filter(|_| is_theirs);
    if let Some(chosen) = candidates.iter().find(|candidate| Some(*candidate) == chosen) {
        return OrgStanding::Acts(chosen.clone());
    }
    match candidates {
        [] => OrgStanding::NoMember,
        [only] => OrgStanding::Acts(only.clone()),
        several if request.prompt.asks(PromptValue::None) => {
            let seen = consents.orgs();
            let mut seen = several.iter().filter(|candidate| seen.contains(candidate));
            match (seen.next(), seen.next()) {
                (Some(only), None) => OrgStanding::Acts(only.clone()),
                _ => OrgStanding::Open,
            }
        }
        _ => OrgStanding::Open,
    }
}
