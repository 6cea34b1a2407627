//! `/api/admin/v1/orgs/{org}/domains`: the domains of an org, proven by records in the DNS, and who signs in their people
//! (`docs/guides/domains.md`).

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Deserializer, Serialize};
use sigma_core::domain::{Domain, new_token, record_value};
use sigma_core::ids::OrgId;
use sigma_core::operator::OperatorRefusal;
use sigma_platform::domains::published;
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;
use sigma_store::operator::{Caller, Decision, domains};
use sigma_store::org::domain::OrgDomain;
use sigma_store::{Owner, Tx};
use utoipa::ToSchema;

use super::POLICY;
use super::body::Body;
use super::caller::{Admin, Reads, Writes};
use super::conditions::{Conditions, Tagged};
use super::error::AdminError;
use super::org::named;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 6] {
    [
        Endpoint::new(POLICY, routes!(list)),
        Endpoint::new(POLICY, routes!(add)),
        Endpoint::new(POLICY, routes!(show)),
        Endpoint::new(POLICY, routes!(change)),
        Endpoint::new(POLICY, routes!(check)),
        Endpoint::new(POLICY, routes!(remove)),
    ]
}

/// A domain of an org.
#[derive(Debug, Serialize, ToSchema)]
struct AdminDomain {
    /// The name, in its ASCII form.
    domain: String,
    /// The name of the TXT record that proves it.
    record_name: String,
    /// What the record has to say.
    record_value: String,
    /// The id of the provider that signs in its people, once it is proven.
    provider: Option<String>,
    proven_at: Option<String>,
    /// Since when the record has been missing that proved it. A week later it is no longer proven.
    missing_since: Option<String>,
}

impl From<&OrgDomain> for AdminDomain {
    fn from(domain: &OrgDomain) -> Self {
        Self {
            domain: domain.domain.to_string(),
            record_name: domain.domain.record_name(),
            record_value: record_value(&domain.token),
            provider: domain.provider.clone(),
            proven_at: domain.proven_at.map(|at| at.to_string()),
            missing_since: domain.missing_since.map(|at| at.to_string()),
        }
    }
}

/// The domains of an org, by name.
#[derive(Debug, Serialize, ToSchema)]
struct AdminDomains {
    /// All of them: an org has few.
    items: Vec<AdminDomain>,
}

/// A new domain.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewAdminDomain {
    /// The name; one in another script is taken in its ASCII form.
    domain: String,
}

/// A change of a domain.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AdminDomainChange {
    /// The id of a provider of the server; `null` leaves the choice to the people. Left out, it stays.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    provider: Chosen,
}

/// The provider that is chosen.
#[derive(Debug, Default)]
enum Chosen {
    /// The one that it was.
    #[default]
    Kept,
    /// This one, or none.
    To(Option<String>),
}

impl<'de> Deserialize<'de> for Chosen {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Self::To)
    }
}

/// Lists the domains of an org.
#[utoipa::path(
    get,
    path = "/api/admin/v1/orgs/{org}/domains",
    operation_id = "adminListOrgDomains",
    tag = "Management",
    security(("access_token" = ["sigma:admin:read"]), ("access_token" = ["sigma:admin:orgs:read"])),
    params(
        ("org" = String, Path, description = "The id or the slug of the org"),
    ),
    responses(
        (status = 200, description = "The domains", body = AdminDomains),
        (status = 400, description = "A malformed parameter, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such org"),
    )
)]
async fn list(
    State(sigma): State<AppState>,
    admin: Admin<Reads>,
    Path(org): Path<String>,
) -> Result<Json<AdminDomains>, AdminError> {
    let (org_id, caller) = (named(&sigma, &org).await?, admin.caller);
    let found = sigma.store.look_up(move |tx| domains::list(tx, &caller, &org_id)).await?;
    Ok(Json(AdminDomains { items: found.iter().map(AdminDomain::from).collect() }))
}

/// Adds a domain to an org, which proves it by publishing the record. Adding one that the org has changes nothing.
#[utoipa::path(
    post,
    path = "/api/admin/v1/orgs/{org}/domains",
    operation_id = "adminAddOrgDomain",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:orgs:write"])),
    params(
        ("org" = String, Path, description = "The id or the slug of the org"),
    ),
    request_body = NewAdminDomain,
    responses(
        (status = 201, description = "The domain", body = AdminDomain),
        (status = 400, description = "A malformed body, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such org"),
        (status = 409, description = "The org has as many domains as it may"),
    )
)]
async fn add(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    Path(org): Path<String>,
    Body(body): Body<NewAdminDomain>,
) -> Result<(StatusCode, Json<AdminDomain>), AdminError> {
    let Some(name) = Domain::parse(&body.domain) else {
        return Err(AdminError::Setting("domain", "no domain name: it is written like example.org"));
    };
    let (org_id, caller, token, now) =
        (named(&sigma, &org).await?, admin.caller.clone(), new_token(&*sigma.rng), sigma.now());
    let add = move |tx: &mut dyn Tx| domains::add(tx, &caller, &org_id, (&name, &token), now);
    let added = admin.store(&sigma).decide(add).await?;
    Ok((StatusCode::CREATED, Json(AdminDomain::from(&added))))
}

/// Returns a domain of an org.
#[utoipa::path(
    get,
    path = "/api/admin/v1/orgs/{org}/domains/{domain}",
    operation_id = "adminShowOrgDomain",
    tag = "Management",
    security(("access_token" = ["sigma:admin:read"]), ("access_token" = ["sigma:admin:orgs:read"])),
    params(
        ("org" = String, Path, description = "The id or the slug of the org"),
        ("domain" = String, Path, description = "The name of the domain"),
        ("If-None-Match" = Option<String>, Header, description = "Tags of versions that the caller has"),
    ),
    responses(
        (status = 200, description = "The domain", body = AdminDomain,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 304, description = "It is of a version that `If-None-Match` names"),
        (status = 400, description = "A malformed parameter, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such org or domain"),
    )
)]
async fn show(
    State(sigma): State<AppState>,
    admin: Admin<Reads>,
    conditions: Conditions,
    Path(names): Path<(String, String)>,
) -> Result<Response, AdminError> {
    let wanted = Wanted::new(&sigma, admin.caller, &names).await?;
    let found = sigma.store.look_up(move |tx| wanted.read(tx)).await?;
    Ok(conditions.show(found))
}

/// Says which provider signs in the people of a domain. Repeating it changes nothing.
#[utoipa::path(
    patch,
    path = "/api/admin/v1/orgs/{org}/domains/{domain}",
    operation_id = "adminChangeOrgDomain",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:orgs:write"])),
    params(
        ("org" = String, Path, description = "The id or the slug of the org"),
        ("domain" = String, Path, description = "The name of the domain"),
        ("If-Match" = Option<String>, Header, description = "Tags of the versions that may be changed"),
    ),
    request_body = AdminDomainChange,
    responses(
        (status = 200, description = "The domain, changed", body = AdminDomain,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 400, description = "A malformed body, no such provider, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such org or domain"),
        (status = 412, description = "It is of another version than `If-Match` names"),
    )
)]
async fn change(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    conditions: Conditions,
    Path(names): Path<(String, String)>,
    Body(body): Body<AdminDomainChange>,
) -> Result<Tagged<AdminDomain>, AdminError> {
    if let Chosen::To(Some(id)) = &body.provider
        && sigma.providers.find(id).is_none()
    {
        return Err(AdminError::Setting("provider", "there is none of that id on this server"));
    }
    let wanted = Wanted::new(&sigma, admin.caller.clone(), &names).await?;
    let change = move |tx: &mut dyn Tx| {
        conditions.require(tx, &[Owner::Org(&wanted.org_id)], |tx| wanted.read(tx))?;
        let provider = match &body.provider {
            Chosen::To(provider) => provider.clone(),
            Chosen::Kept => domains::find(tx, &wanted.caller, &wanted.org_id, &wanted.name)?.provider,
        };
        let changed = domains::set_provider(tx, &wanted.caller, &wanted.org_id, (&wanted.name, provider.as_deref()))?;
        Ok(AdminDomain::from(&changed))
    };
    Ok(Tagged(admin.store(&sigma).decide(change).await?))
}

/// Looks up the record of a domain. If it stands, the domain is proven, and no longer that of another org whose record is gone.
#[utoipa::path(
    post,
    path = "/api/admin/v1/orgs/{org}/domains/{domain}/check",
    operation_id = "adminCheckOrgDomain",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:orgs:write"])),
    params(
        ("org" = String, Path, description = "The id or the slug of the org"),
        ("domain" = String, Path, description = "The name of the domain"),
    ),
    responses(
        (status = 200, description = "The domain, proven", body = AdminDomain,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 400, description = "A malformed parameter, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such org or domain"),
        (status = 409, description = "The record was not found, or another org has proven the domain"),
        (status = 503, description = "The name servers do not answer"),
    )
)]
async fn check(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    Path(names): Path<(String, String)>,
) -> Result<Tagged<AdminDomain>, AdminError> {
    let wanted = Wanted::new(&sigma, admin.caller.clone(), &names).await?;
    // Nothing is looked up for names that the org has not claimed.
    let (claimed, now) = (wanted.clone(), sigma.now());
    sigma.store.look_up(move |tx| domains::to_prove(tx, &claimed.caller, &claimed.org_id, &claimed.name)).await?;
    let Some(texts) = published(&sigma, &wanted.name).await else { return Err(AdminError::NoDns) };
    let prove = move |tx: &mut dyn Tx| {
        let proven = domains::prove(tx, &wanted.caller, &wanted.org_id, (&wanted.name, &texts), now)?;
        Ok(AdminDomain::from(&proven))
    };
    Ok(Tagged(admin.store(&sigma).decide(prove).await?))
}

/// Removes a domain from an org: its people choose again how they sign in.
#[utoipa::path(
    delete,
    path = "/api/admin/v1/orgs/{org}/domains/{domain}",
    operation_id = "adminRemoveOrgDomain",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:orgs:write"])),
    params(
        ("org" = String, Path, description = "The id or the slug of the org"),
        ("domain" = String, Path, description = "The name of the domain"),
        ("If-Match" = Option<String>, Header, description = "Tags of the versions that may be removed"),
    ),
    responses(
        (status = 204, description = "It is removed"),
        (status = 400, description = "A malformed parameter, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such org or domain"),
        (status = 412, description = "It is of another version than `If-Match` names"),
    )
)]
async fn remove(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    conditions: Conditions,
    Path(names): Path<(String, String)>,
) -> Result<StatusCode, AdminError> {
    let wanted = Wanted::new(&sigma, admin.caller.clone(), &names).await?;
    let remove = move |tx: &mut dyn Tx| {
        conditions.require(tx, &[Owner::Org(&wanted.org_id)], |tx| wanted.read(tx))?;
        domains::remove(tx, &wanted.caller, &wanted.org_id, &wanted.name)
    };
    admin.store(&sigma).decide(remove).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A domain that a path names, for a caller.
#[derive(Clone)]
struct Wanted {
    caller: Caller,
    org_id: OrgId,
    name: Domain,
}

impl Wanted {
    async fn new(sigma: &AppState, caller: Caller, (org, name): &(String, String)) -> Result<Self, AdminError> {
        let name = Domain::parse(name).ok_or(AdminError::Refused(OperatorRefusal::NotFound))?;
        Ok(Self { caller, org_id: named(sigma, org).await?, name })
    }

    fn read(&self, tx: &mut dyn Tx) -> Decision<AdminDomain> {
        Ok(AdminDomain::from(&domains::find(tx, &self.caller, &self.org_id, &self.name)?))
    }
}
