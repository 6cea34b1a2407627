//! `/api/admin/v1/initial-access-tokens`: the tokens with which apps register themselves (RFC 7591 §3), as `sigma app invite` makes them.

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sigma_core::digest::Digest;
use sigma_core::ids::AppInvitationId;
use sigma_core::operator::OperatorRefusal;
use sigma_core::random::alphanumeric;
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::paths::REGISTER_PATH;
use sigma_platform::state::AppState;
use sigma_store::app_invitation::{AppInvitation, TOKEN_LENGTH, USUAL_DAYS};
use sigma_store::operator::app_invitations;
use utoipa::ToSchema;

use super::POLICY;
use super::body::Body;
use super::caller::{Admin, Reads, Writes};
use super::error::AdminError;
use super::list::{ListQuery, Listed};

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 3] {
    [
        Endpoint::new(POLICY, routes!(list)),
        Endpoint::new(POLICY, routes!(issue)),
        Endpoint::new(POLICY, routes!(revoke)),
    ]
}

/// An initial access token, without the token itself.
#[derive(Debug, Serialize, ToSchema)]
struct AdminInitialAccessToken {
    id: String,
    /// A note of whom it is for; may be empty.
    name: String,
    /// How many apps it lets register in all.
    uses: u32,
    /// How many of them are left.
    uses_left: u32,
    created_at: String,
    expires_at: String,
}

impl From<&AppInvitation> for AdminInitialAccessToken {
    fn from(invitation: &AppInvitation) -> Self {
        Self {
            id: invitation.id.to_string(),
            name: invitation.name.clone(),
            uses: invitation.uses,
            uses_left: invitation.uses_left,
            created_at: invitation.created_at.to_string(),
            expires_at: invitation.expires_at.to_string(),
        }
    }
}

/// An initial access token that was just issued.
#[derive(Debug, Serialize, ToSchema)]
struct IssuedInitialAccessToken {
    #[serde(flatten)]
    described: AdminInitialAccessToken,
    /// The token, shown this once.
    token: String,
    /// Where apps register with it.
    registration_endpoint: String,
    /// Whether apps can register at present (`registration.mode`).
    registration_is_on: bool,
}

/// Lists the initial access tokens, oldest first.
#[utoipa::path(
    get,
    path = "/api/admin/v1/initial-access-tokens",
    operation_id = "adminListInitialAccessTokens",
    tag = "Management",
    security(("access_token" = ["sigma:admin:read"]), ("access_token" = ["sigma:admin:apps:read"])),
    params(
        ("limit" = Option<u32>, Query, description = "Default 50, at most 200"),
        ("after" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses(
        (status = 200, description = "A page of tokens", body = Listed<AdminInitialAccessToken>),
        (status = 400, description = "A malformed parameter, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
    )
)]
async fn list(
    State(sigma): State<AppState>,
    admin: Admin<Reads>,
    query: ListQuery,
) -> Result<Json<Listed<AdminInitialAccessToken>>, AdminError> {
    let (caller, after, limit) = (admin.caller, query.after_id(AppInvitationId::parse)?, query.one_more());
    let found = sigma.store.look_up(move |tx| app_invitations::list(tx, &caller, &after, limit)).await?;
    Ok(Json(query.listed(found, |invitation| invitation.id.to_string())))
}

/// What a new token lets its holder do.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewInitialAccessToken {
    /// A note of whom it is for, at most 100 characters.
    name: Option<String>,
    /// How many apps it lets register: 1 unless you say otherwise, at most 10000.
    uses: Option<u32>,
    /// How long it can be used: 7 days unless you say otherwise, at most 365.
    days: Option<u32>,
}

/// Issues an initial access token, which is shown this once.
#[utoipa::path(
    post,
    path = "/api/admin/v1/initial-access-tokens",
    operation_id = "adminIssueInitialAccessToken",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:apps:write"])),
    request_body = NewInitialAccessToken,
    responses(
        (status = 201, description = "The token", body = IssuedInitialAccessToken),
        (status = 400, description = "A malformed body, or a member that is refused: `field` names it"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
    )
)]
async fn issue(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    Body(body): Body<NewInitialAccessToken>,
) -> Result<(StatusCode, Json<IssuedInitialAccessToken>), AdminError> {
    let (now, token) = (sigma.now(), alphanumeric(&*sigma.rng, TOKEN_LENGTH));
    let (name, uses, days) = (body.name.unwrap_or_default(), body.uses.unwrap_or(1), body.days.unwrap_or(USUAL_DAYS));
    let invitation = AppInvitation::new(AppInvitationId::new(now, &*sigma.rng), &name, uses, days, now)
        .map_err(|problem| AdminError::Setting(problem.field(), problem.words()))?;
    let described = AdminInitialAccessToken::from(&invitation);
    let (caller, digest) = (admin.caller.clone(), Digest::of(&token));
    admin.store(&sigma).decide(move |tx| app_invitations::add(tx, &caller, &invitation, &digest)).await?;
    let issued = IssuedInitialAccessToken {
        described,
        token,
        registration_endpoint: format!("{}{REGISTER_PATH}", sigma.issuer()),
        registration_is_on: sigma.settings.registration.is_on(),
    };
    Ok((StatusCode::CREATED, Json(issued)))
}

/// Revokes an initial access token: no further app registers with it. Those that did stay.
#[utoipa::path(
    delete,
    path = "/api/admin/v1/initial-access-tokens/{token}",
    operation_id = "adminRevokeInitialAccessToken",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:apps:write"])),
    params(("token" = String, Path, description = "The id of the token")),
    responses(
        (status = 204, description = "It is revoked"),
        (status = 400, description = "A malformed parameter, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such token"),
    )
)]
async fn revoke(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    Path(id): Path<String>,
) -> Result<StatusCode, AdminError> {
    let id = AppInvitationId::parse(&id).ok_or(AdminError::Refused(OperatorRefusal::NotFound))?;
    let caller = admin.caller.clone();
    admin.store(&sigma).decide(move |tx| app_invitations::remove(tx, &caller, &id)).await?;
    Ok(StatusCode::NO_CONTENT)
}
