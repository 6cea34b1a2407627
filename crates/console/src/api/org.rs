//! `/api/admin/v1/orgs/{org}`: one org, and changing it.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sigma_core::ids::{OrgId, OrgRef};
use sigma_core::operator::OperatorRefusal;
use sigma_core::org::{QuotaChange, text};
use sigma_core::slug::Slug;
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;
use sigma_store::operator::orgs::{self, OrgChange, OrgDetails};
use sigma_store::org::{self, Change};
use sigma_store::{Owner, Tx};
use utoipa::ToSchema;

use super::POLICY;
use super::body::Body;
use super::caller::{Admin, Reads, Writes};
use super::conditions::{Conditions, Tagged};
use super::error::AdminError;
use super::orgs::AdminOrg;
use crate::quotas::Most;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 3] {
    [
        Endpoint::new(POLICY, routes!(show)),
        Endpoint::new(POLICY, routes!(change)),
        Endpoint::new(POLICY, routes!(remove)),
    ]
}

/// An org in full, apart from its members.
#[derive(Debug, Serialize, ToSchema)]
struct AdminOrgDetails {
    #[serde(flatten)]
    org: AdminOrg,
    /// Who administers it, at most 50.
    admins: Vec<AdminOfOrg>,
    roles: Vec<AdminOrgRole>,
    usage: AdminOrgUsage,
    /// What it may have at most where the operator decided so, `null` where the settings of the server hold: `members`, `api_keys`,
    /// `webhooks`, `merits_per_day`, `upload_mebibytes_per_day`.
    quotas: BTreeMap<&'static str, Option<u32>>,
}

/// Somebody who administers an org.
#[derive(Debug, Serialize, ToSchema)]
struct AdminOfOrg {
    id: String,
    name: String,
    email: Option<String>,
}

/// A role of an org.
#[derive(Debug, Serialize, ToSchema)]
struct AdminOrgRole {
    id: String,
    name: String,
}

/// What an org has, and what it may have.
#[derive(Debug, Serialize, ToSchema)]
struct AdminOrgUsage {
    /// Members and open invitations.
    members: u64,
    /// No limit if `null`.
    most_members: Option<u32>,
    /// Apps, counted up to 10,000.
    apps: u64,
    api_keys: u64,
    most_api_keys: u32,
    webhooks: u64,
    /// The quota of the org, or `webhooks.per_org`.
    most_webhooks: u32,
    /// Merits sent in the current day.
    merits_sent: u64,
    /// The quota of the org, or `merits.sends_per_day`.
    most_merits_sent: u32,
    /// Bytes of attachments uploaded in the current day.
    uploaded_bytes: u64,
    /// The quota of the org, or `merits.upload_mebibytes_per_day`, in bytes.
    most_uploaded_bytes: u64,
}

/// A change of an org; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AdminOrgChange {
    name: Option<String>,
    /// Its name in addresses and commands; empty for none.
    slug: Option<String>,
    verified: Option<bool>,
    require_second_factor: Option<bool>,
    quick_logins: Option<bool>,
    /// What it may have at most, by the names of `quotas`; `null` for what the settings of the server say. Nothing that it has already is
    /// taken away.
    #[serde(default)]
    quotas: BTreeMap<String, Option<u64>>,
}

impl AdminOrgChange {
    fn checked(&self) -> Result<OrgChange, AdminError> {
        let name = self.name.as_deref().map(text::name).transpose();
        let slug = self.slug.as_deref().map(slug).transpose()?;
        let settings = Change {
            name: name.map_err(|problem| AdminError::malformed(format!("name {problem}")))?,
            quick_logins: self.quick_logins,
            require_second_factor: self.require_second_factor,
            slug,
        };
        let quotas = QuotaChange::new(self.quotas.iter().map(|(name, most)| (name.as_str(), *most)));
        let quotas = quotas.map_err(|problem| AdminError::malformed(format!("quotas: {problem}")))?;
        Ok(OrgChange { settings, verified: self.verified, quotas })
    }
}

/// A slug as it is sent; empty for none.
pub fn slug(text: &str) -> Result<Option<Slug>, AdminError> {
    if text.is_empty() {
        return Ok(None);
    }
    Slug::for_org(text).map(Some).map_err(|problem| AdminError::malformed(format!("slug: {problem}")))
}

/// The org that a path names by its id or slug. A slug that is none's becomes the id of no org, so that nobody is told who has no right to
/// see orgs.
pub async fn named(sigma: &AppState, name: &str) -> Result<OrgId, AdminError> {
    let named = OrgRef::parse(name).ok_or(AdminError::Refused(OperatorRefusal::NotFound))?;
    let found = sigma.store.read(move |tx| org::resolve(tx, &named)).await?;
    Ok(found.unwrap_or_else(|| OrgId::from_text("")))
}

/// Refuses a token of an area to give or take rights in the operator's own org: what it gives opens more than the area.
pub fn require_whole(admin: &Admin<Writes>, org_id: &OrgId) -> Result<(), AdminError> {
    if *org_id == OrgId::operator() && !admin.reach().may_write(None) {
        return Err(AdminError::Forbidden("The operator's own org needs a token with the scope sigma:admin:write"));
    }
    Ok(())
}

/// Returns an org with its administrators, its roles, and what it has used up of its limits.
#[utoipa::path(
    get,
    path = "/api/admin/v1/orgs/{org}",
    operation_id = "adminShowOrg",
    tag = "Management",
    security(("access_token" = ["sigma:admin:read"]), ("access_token" = ["sigma:admin:orgs:read"])),
    params(
        ("org" = String, Path, description = "The id or the slug of the org"),
        ("If-None-Match" = Option<String>, Header, description = "Tags of versions that the caller has"),
    ),
    responses(
        (status = 200, description = "The org", body = AdminOrgDetails,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 304, description = "It is of a version that `If-None-Match` names"),
        (status = 400, description = "A malformed parameter or body, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such org"),
    )
)]
async fn show(
    State(sigma): State<AppState>,
    admin: Admin<Reads>,
    conditions: Conditions,
    Path(id): Path<String>,
) -> Result<Response, AdminError> {
    let (id, caller, now) = (named(&sigma, &id).await?, admin.caller, sigma.now());
    let found = sigma.store.look_up(move |tx| orgs::details(tx, &caller, &id, now)).await?;
    Ok(conditions.show(details(&sigma, &found)))
}

fn details(sigma: &AppState, found: &OrgDetails) -> AdminOrgDetails {
    let (usage, most) = (&found.usage, Most::of(&found.quotas, &sigma.settings));
    let admin = |user: &sigma_store::user::User| AdminOfOrg {
        id: user.id.to_string(),
        name: user.name.clone(),
        email: user.email.clone(),
    };
    AdminOrgDetails {
        org: AdminOrg::from(&found.org),
        admins: found.admins.iter().map(admin).collect(),
        roles: found
            .roles
            .iter()
            .map(|role| AdminOrgRole { id: role.id.to_string(), name: role.name.clone() })
            .collect(),
        usage: AdminOrgUsage {
            members: usage.members,
            most_members: most.members,
            apps: usage.apps.number(),
            api_keys: usage.api_keys,
            most_api_keys: most.api_keys,
            webhooks: usage.webhooks,
            most_webhooks: most.webhooks,
            merits_sent: usage.merits_sent,
            most_merits_sent: most.merits,
            uploaded_bytes: usage.uploaded,
            most_uploaded_bytes: u64::from(most.upload_mebibytes).saturating_mul(1 << 20),
        },
        quotas: found.quotas.all(),
    }
}

/// Changes an org. Repeating it changes nothing. The operator's own org is changed by its owners alone.
#[utoipa::path(
    patch,
    path = "/api/admin/v1/orgs/{org}",
    operation_id = "adminChangeOrg",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:orgs:write"])),
    params(
        ("org" = String, Path, description = "The id or the slug of the org"),
        ("If-Match" = Option<String>, Header, description = "Tags of the versions that may be changed"),
    ),
    request_body = AdminOrgChange,
    responses(
        (status = 200, description = "The org, changed", body = AdminOrgDetails,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 412, description = "It is of another version than `If-Match` names"),
        (status = 400, description = "A malformed parameter or body, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such org"),
        (status = 409, description = "Another org has or had the slug"),
    )
)]
async fn change(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    conditions: Conditions,
    Path(id): Path<String>,
    Body(body): Body<AdminOrgChange>,
) -> Result<Tagged<AdminOrgDetails>, AdminError> {
    let (id, change, caller, now) = (named(&sigma, &id).await?, body.checked()?, admin.caller.clone(), sigma.now());
    let (store, shown) = (admin.store(&sigma), sigma.clone());
    let change = move |tx: &mut dyn Tx| {
        let read = |tx: &mut dyn Tx| Ok(details(&shown, &orgs::details(tx, &caller, &id, now)?));
        // A change of the slug needs both.
        conditions.require(tx, &[Owner::Installation, Owner::Org(&id)], read)?;
        orgs::change(tx, &caller, &id, &change, now)?;
        read(tx)
    };
    Ok(Tagged(store.decide(change).await?))
}

/// Removes an org: its sessions and keys end at once, and what belongs to it is deleted in the background. The operator's own org stays.
#[utoipa::path(
    delete,
    path = "/api/admin/v1/orgs/{org}",
    operation_id = "adminRemoveOrg",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:orgs:write"])),
    params(
        ("org" = String, Path, description = "The id or the slug of the org"),
        ("If-Match" = Option<String>, Header, description = "Tags of the versions that may be removed"),
    ),
    responses(
        (status = 204, description = "It is removed"),
        (status = 412, description = "It is of another version than `If-Match` names"),
        (status = 400, description = "Two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such org"),
        (status = 409, description = "Apps or APIs belong to it"),
    )
)]
async fn remove(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    conditions: Conditions,
    Path(id): Path<String>,
) -> Result<StatusCode, AdminError> {
    let (id, caller, now) = (named(&sigma, &id).await?, admin.caller.clone(), sigma.now());
    let (store, shown) = (admin.store(&sigma), sigma.clone());
    let remove = move |tx: &mut dyn Tx| {
        let read = |tx: &mut dyn Tx| Ok(details(&shown, &orgs::details(tx, &caller, &id, now)?));
        conditions.require(tx, &[Owner::Installation, Owner::Org(&id)], read)?;
        orgs::remove(tx, &caller, &id, now)
    };
    store.decide(remove).await?;
    Ok(StatusCode::NO_CONTENT)
}
