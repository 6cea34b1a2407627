//! `/api/admin/v1/people/{id}`: one person, and what is done to their account.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use sigma_core::admin_scope::AdminArea;
use sigma_core::ids::{OrgId, UserId};
use sigma_core::operator::OperatorRefusal;
use sigma_core::time::Timestamp;
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;
use sigma_store::operator::people::{self, PersonDetails};
use sigma_store::operator::{Caller, Decision};
use sigma_store::org::api_key::MadeKeys;
use sigma_store::{Owner, Tx};
use utoipa::ToSchema;

use super::POLICY;
use super::body::Body;
use super::caller::{Admin, Reads, Writes};
use super::conditions::{Conditions, Tagged};
use super::error::AdminError;
use super::people::AdminPerson;

/// How often a batch of what a person is signed in with is ended.
const MOST_BATCHES: u32 = 100;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 4] {
    [
        Endpoint::new(POLICY, routes!(show)),
        Endpoint::new(POLICY, routes!(disable)),
        Endpoint::new(POLICY, routes!(enable)),
        Endpoint::new(POLICY, routes!(sign_out)),
    ]
}

/// A person in full.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdminPersonDetails {
    #[serde(flatten)]
    person: AdminPerson,
    /// Their role in the console: `owner`, `admin`, `support`, `auditor` or null.
    role: Option<&'static str>,
    emails: Vec<AdminEmail>,
    credentials: Vec<AdminCredential>,
    sessions: Vec<AdminSession>,
    /// The apps with access.
    apps: Vec<AdminAccess>,
    /// The ids of the workspaces that they are an active member of.
    workspaces: Vec<String>,
    /// When the account is deleted, if that was requested; RFC 3339.
    deletes_at: Option<String>,
}

/// An e-mail address.
#[derive(Debug, Serialize, ToSchema)]
struct AdminEmail {
    address: String,
    verified: bool,
    primary: bool,
}

/// A way to sign in.
#[derive(Debug, Serialize, ToSchema)]
struct AdminCredential {
    /// `key`, `password`, `passkey`, `provider`, `totp` or `recovery`.
    kind: &'static str,
    /// What names it among those of the kind.
    id: String,
    created_at: String,
    /// To the day.
    last_used_at: Option<String>,
    /// When it was retired.
    retired_at: Option<String>,
}

/// A signed-in browser.
#[derive(Debug, Serialize, ToSchema)]
struct AdminSession {
    id: String,
    address: String,
    user_agent: String,
    created_at: String,
    expires_at: String,
}

/// An app with access.
#[derive(Debug, Serialize, ToSchema)]
struct AdminAccess {
    app_id: String,
    scope: String,
    last_used_at: String,
}

/// What signing out ended.
#[derive(Debug, Serialize, ToSchema)]
struct SignedOut {
    /// Sessions and grants.
    ended: u64,
}

impl AdminPersonDetails {
    fn of(found: &PersonDetails) -> Self {
        let emails = found.emails.iter().map(|email| AdminEmail {
            address: email.address.clone(),
            verified: email.is_proven(),
            primary: email.is_primary,
        });
        let credentials = found.credentials.iter().map(|stored| AdminCredential {
            kind: stored.credential.kind.as_str(),
            id: stored.credential.id.clone(),
            created_at: stored.created_at.to_string(),
            last_used_at: stored.last_used_at.map(|at| at.to_string()),
            retired_at: stored.retired_at.map(|at| at.to_string()),
        });
        let sessions = found.sessions.iter().map(|session| AdminSession {
            id: session.id.to_string(),
            address: session.address.clone(),
            user_agent: session.user_agent.clone(),
            created_at: session.created_at.to_string(),
            expires_at: session.expires_at.to_string(),
        });
        let apps = found.apps.iter().map(|access| AdminAccess {
            app_id: access.app_id.to_string(),
            scope: access.scope.to_string(),
            last_used_at: access.last_used_at.to_string(),
        });
        Self {
            person: AdminPerson::from(&found.user),
            role: found.role.map(sigma_core::operator::OperatorRole::as_str),
            emails: emails.collect(),
            credentials: credentials.collect(),
            sessions: sessions.collect(),
            apps: apps.collect(),
            workspaces: found.workspaces.iter().map(|one| one.org_id.to_string()).collect(),
            deletes_at: found.deletes_at.map(|at| at.to_string()),
        }
    }
}

/// One person, and who asks for them.
#[derive(Clone)]
pub struct Wanted {
    /// Who asks.
    pub caller: Caller,
    /// The person.
    pub user_id: UserId,
    /// Now.
    pub now: Timestamp,
}

impl Wanted {
    /// The person whose id a path names.
    pub fn new(sigma: &AppState, caller: &Caller, id: &str) -> Result<Self, AdminError> {
        Ok(Self { caller: caller.clone(), user_id: parse(id)?, now: sigma.now() })
    }

    /// The person, as they are shown.
    pub fn read(&self, tx: &mut dyn Tx) -> Decision<AdminPersonDetails> {
        Ok(AdminPersonDetails::of(&people::details(tx, &self.caller, &self.user_id, self.now)?))
    }

    /// Refuses a change of a version that the request does not name.
    pub fn require(&self, tx: &mut dyn Tx, conditions: &Conditions) -> Decision<()> {
        let operators = OrgId::operator();
        conditions.require(tx, &[Owner::Org(&operators), Owner::User(&self.user_id)], |tx| self.read(tx))
    }
}

fn parse(id: &str) -> Result<UserId, AdminError> {
    UserId::parse(id).ok_or(AdminError::Refused(OperatorRefusal::NotFound))
}

/// Returns a person with their credentials, sessions and apps.
#[utoipa::path(
    get,
    path = "/api/admin/v1/people/{id}",
    operation_id = "adminShowPerson",
    tag = "Management",
    security(("access_token" = ["sigma:admin:read"]), ("access_token" = ["sigma:admin:people:read"])),
    params(
        ("id" = String, Path, description = "The id of the person"),
        ("If-None-Match" = Option<String>, Header, description = "Tags of versions that the caller has"),
    ),
    responses(
        (status = 200, description = "The person", body = AdminPersonDetails,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 304, description = "They are of a version that `If-None-Match` names"),
        (status = 400, description = "Two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such person"),
    )
)]
async fn show(
    State(sigma): State<AppState>,
    admin: Admin<Reads>,
    conditions: Conditions,
    Path(id): Path<String>,
) -> Result<Response, AdminError> {
    let (user_id, caller, now) = (parse(&id)?, admin.caller, sigma.now());
    let found = sigma.store.look_up(move |tx| people::details(tx, &caller, &user_id, now)).await?;
    Ok(conditions.show(AdminPersonDetails::of(&found)))
}

/// What becomes of the rest when an account is disabled.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Disabling {
    /// What happens to the API keys that the person created in orgs: `keep`, which is the default, or `deactivate`, for good and with the
    /// keys that these created.
    keys: Option<String>,
}

/// Disables an account: nothing that was issued to it works. Repeating it changes nothing. Deactivating API keys also needs
/// `sigma:admin:orgs:write`.
#[utoipa::path(
    post,
    path = "/api/admin/v1/people/{id}/disable",
    operation_id = "adminDisablePerson",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:people:write"])),
    params(
        ("id" = String, Path, description = "The id of the person"),
        ("If-Match" = Option<String>, Header, description = "Tags of the versions that may be changed"),
    ),
    request_body = Disabling,
    responses(
        (status = 200, description = "The person, disabled", body = AdminPersonDetails,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 412, description = "They are of another version than `If-Match` names"),
        (status = 400, description = "A malformed body, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such person"),
    )
)]
async fn disable(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    conditions: Conditions,
    Path(id): Path<String>,
    Body(body): Body<Disabling>,
) -> Result<Tagged<AdminPersonDetails>, AdminError> {
    let keys = body.keys.as_deref().map(MadeKeys::parse);
    let keys = keys.unwrap_or(Some(MadeKeys::Keep)).ok_or(AdminError::Invalid("keys must be keep or deactivate"))?;
    if keys == MadeKeys::Keep {
        return set_disabled(&sigma, &admin, conditions, &id, true).await;
    }
    if !admin.reach().may_write(AdminArea::Orgs) {
        return Err(AdminError::Forbidden("API keys of orgs need a token with the scope sigma:admin:orgs:write"));
    }
    // First the account, so that it makes no more keys.
    let disabled = set_disabled(&sigma, &admin, conditions, &id, true).await?;
    let (wanted, store) = (Wanted::new(&sigma, &admin.caller, &id)?, admin.store(&sigma));
    loop {
        let wanted = wanted.clone();
        if !store.decide(move |tx| people::deactivate_keys(tx, &wanted.caller, &wanted.user_id)).await? {
            return Ok(disabled);
        }
    }
}

/// Enables an account again. Repeating it changes nothing.
#[utoipa::path(
    post,
    path = "/api/admin/v1/people/{id}/enable",
    operation_id = "adminEnablePerson",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:people:write"])),
    params(
        ("id" = String, Path, description = "The id of the person"),
        ("If-Match" = Option<String>, Header, description = "Tags of the versions that may be changed"),
    ),
    responses(
        (status = 200, description = "The person, enabled", body = AdminPersonDetails,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 412, description = "They are of another version than `If-Match` names"),
        (status = 400, description = "Two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such person"),
    )
)]
async fn enable(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    conditions: Conditions,
    Path(id): Path<String>,
) -> Result<Tagged<AdminPersonDetails>, AdminError> {
    set_disabled(&sigma, &admin, conditions, &id, false).await
}

async fn set_disabled(
    sigma: &AppState,
    admin: &Admin<Writes>,
    conditions: Conditions,
    id: &str,
    disabled: bool,
) -> Result<Tagged<AdminPersonDetails>, AdminError> {
    let wanted = Wanted::new(sigma, &admin.caller, id)?;
    let set = move |tx: &mut dyn Tx| {
        wanted.require(tx, &conditions)?;
        people::set_disabled(tx, &wanted.caller, &wanted.user_id, disabled, wanted.now)?;
        wanted.read(tx)
    };
    Ok(Tagged(admin.store(sigma).decide(set).await?))
}

/// Ends the browser sessions of a person, their sessions in workspaces, and what apps hold for them. Repeating it ends what began
/// since.
#[utoipa::path(
    post,
    path = "/api/admin/v1/people/{id}/sign-out",
    operation_id = "adminSignOutPerson",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:people:write"])),
    params(
        ("id" = String, Path, description = "The id of the person"),
        ("If-Match" = Option<String>, Header, description = "Tags of the versions that may be changed"),
    ),
    responses(
        (status = 200, description = "How much has ended", body = SignedOut),
        (status = 412, description = "They are of another version than `If-Match` names"),
        (status = 400, description = "Two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such person"),
    )
)]
async fn sign_out(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    conditions: Conditions,
    Path(id): Path<String>,
) -> Result<Json<SignedOut>, AdminError> {
    let (wanted, store, mut ended) = (Wanted::new(&sigma, &admin.caller, &id)?, admin.store(&sigma), 0_u64);
    for batch in 0..MOST_BATCHES {
        let (wanted, conditions) = (wanted.clone(), conditions.clone());
        let sign_out = move |tx: &mut dyn Tx| {
            if batch == 0 {
                wanted.require(tx, &conditions)?;
            }
            people::sign_out(tx, &wanted.caller, &wanted.user_id, wanted.now)
        };
        match store.decide(sign_out).await? {
            0 => break,
            batch => ended = ended.saturating_add(batch),
        }
    }
    Ok(Json(SignedOut { ended }))
}
