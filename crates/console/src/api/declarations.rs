//! `/api/admin/v1/declarations`: the installation as a document, and changes towards one (`docs/guides/apply.md`).

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::HeaderMap;
use sigma_core::operator::OperatorRefusal;
use sigma_core::provider::ProviderId;
use sigma_platform::declarations::{
    self, Declarations, Known, Logos, Means, Place, Plan, Report, Unplanned, bring_about, from_data_url,
};
use sigma_platform::http::policy::BodyLimit;
use sigma_platform::http::{ApiError, Endpoint, Policy, routes};
use sigma_platform::objects::PictureError;
use sigma_platform::state::AppState;
use sigma_store::operator::declarations::By;
use sigma_store::{MasterKey, Stop, Trial, Tx};

use super::POLICY;
use super::body::Body;
use super::caller::{Admin, Reads, Writes};
use super::conditions::{Conditions, tag_of, tagged};
use super::error::AdminError;
use super::idempotency::IDEMPOTENCY_KEY;
use super::list::ListQuery;

/// The largest document: as a file, with some logos.
const DOCUMENT: Policy = Policy { body: BodyLimit::Kibibytes(8_192), ..POLICY };

/// Entries of a document at most, roles included: the transaction of more would keep others waiting.
const MOST_ENTRIES: usize = 10_000;
/// Different pictures of a document at most: each is decoded anew.
const MOST_LOGOS: usize = 50;

/// These endpoints. Bringing about what there is already changes nothing, so they need no `Idempotency-Key`.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::new(POLICY, routes!(show)), Endpoint::new(DOCUMENT, routes!(bring))]
}

/// Returns what is here as a document that declares it, without secrets and logos.
#[utoipa::path(
    get,
    path = "/api/admin/v1/declarations",
    operation_id = "adminShowDeclarations",
    tag = "Management",
    security(("access_token" = ["sigma:admin:read"])),
    params(("If-None-Match" = Option<String>, Header, description = "Tags of versions that the caller has")),
    responses(
        (status = 200, description = "The document", body = Declarations,
            headers(("ETag" = String, description = "The version"))),
        (status = 304, description = "It is of a version that `If-None-Match` names"),
        (status = 400, description = "Two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
    )
)]
async fn show(
    State(sigma): State<AppState>,
    admin: Admin<Reads>,
    conditions: Conditions,
) -> Result<Response, AdminError> {
    let by = By::Caller(admin.caller.clone(), admin.reach());
    let read = move |tx: &mut dyn Tx| {
        by.require_reading(tx)?;
        Ok(declarations::export(tx)?)
    };
    Ok(conditions.show(sigma.store.look_up(read).await?))
}

/// Brings everything about that the document declares, in one transaction, or nothing of it. What it does not name stays as it is.
/// With `dry_run` it is only told what would change; a request with that answer's `ETag` as `If-Match` then changes just that.
#[utoipa::path(
    post,
    path = "/api/admin/v1/declarations",
    operation_id = "adminApplyDeclarations",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"])),
    params(
        ("dry_run" = Option<bool>, Query, description = "Only tell what would change"),
        ("If-Match" = Option<String>, Header, description = "Tags of the changes that may be made"),
    ),
    request_body = Declarations,
    responses(
        (status = 200, description = "What changed, or would change", body = Report,
            headers(("ETag" = String, description = "The version of the changes, for `If-Match`"))),
        (status = 400, description = "A malformed parameter or body, what cannot be brought about (`errors`), or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 412, description = "Other changes would be made than those that `If-Match` names"),
    )
)]
async fn bring(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    query: ListQuery,
    conditions: Conditions,
    headers: HeaderMap,
    Body(mut document): Body<Declarations>,
) -> Result<Response, AdminError> {
    if headers.contains_key(IDEMPOTENCY_KEY) {
        return Err(AdminError::Invalid("A document may be sent again as it is: it takes no Idempotency-Key"));
    }
    if document.entries() > MOST_ENTRIES {
        return Err(AdminError::Invalid("A document has at most 10000 entries: send several"));
    }
    let dry_run =
        query.parsed("dry_run", "dry_run must be true or false", |text| text.parse::<bool>().ok())?.unwrap_or_default();
    let by = By::Caller(admin.caller.clone(), admin.reach());
    let known = look_around(&sigma, &by, &document).await?;
    let logos = read_logos(&sigma, &mut document).await?;
    let (restyles, provides) = (document.branding.is_some(), !document.providers.is_empty());
    let plan = Arc::new(plan(&sigma, document, &known, &logos)?);
    if !dry_run {
        for logo in logos.values() {
            sigma.brands.objects.put(&logo.name, logo.png.clone()).await.map_err(ApiError::internal)?;
        }
    }
    let run = move |tx: &mut dyn Tx| {
        let run = bring_about(tx, &plan, &by)?;
        if !run.problems.is_empty() {
            return Ok(Trial::Undo(run));
        }
        if !conditions.allow(&tag_of(&run.steps)) {
            return Err(Stop::Refused(OperatorRefusal::Outdated));
        }
        Ok(if dry_run || run.steps.is_empty() { Trial::Undo(run) } else { Trial::Keep(run) })
    };
    let run = admin.store(&sigma).try_out(run).await?;
    if !run.problems.is_empty() {
        return Err(AdminError::Declarations(run.problems));
    }
    if restyles && !dry_run {
        sigma.show_changed_branding().await;
    }
    if provides && !dry_run {
        sigma.use_changed_providers().await;
    }
    let report = if dry_run { run.planned() } else { run.applied() };
    Ok(tagged(&tag_of(&report.changes), Json(report).into_response()))
}

/// Looks at what is there, before a picture is decoded for somebody who may change nothing.
async fn look_around(sigma: &AppState, by: &By, document: &Declarations) -> Result<Known, AdminError> {
    let (by, names) = (by.clone(), document.org_names());
    let read = move |tx: &mut dyn Tx| {
        by.require_changing(tx)?;
        Ok(Known::find(tx, &names)?)
    };
    Ok(sigma.store.look_up(read).await?)
}

/// The pictures of a document, one after the other.
async fn read_logos(sigma: &AppState, document: &mut Declarations) -> Result<Logos, AdminError> {
    let (mut logos, mut places) = (Logos::new(), BTreeMap::<String, Vec<Place>>::new());
    for (at, url) in document.logos() {
        places.entry(url.clone()).or_default().push(at);
    }
    if places.len() > MOST_LOGOS {
        return Err(AdminError::Invalid("A document has at most 50 different logos: send several"));
    }
    for (url, places) in places {
        // What is none is refused along with everything else that is wrong.
        let Some(picture) = from_data_url(&url) else { continue };
        match sigma.brands.objects.read_logo(picture).await {
            Ok(logo) => logos.extend(places.iter().map(|at| (at.pointer().to_owned(), logo.clone()))),
            Err(PictureError::Image(_)) => {}
            Err(busy @ PictureError::Busy) => return Err(ApiError::unavailable(busy).into()),
            Err(failed @ (PictureError::Store(_) | PictureError::Failed(_))) => {
                return Err(ApiError::internal(failed).into());
            }
        }
    }
    Ok(logos)
}

fn plan(sigma: &AppState, document: Declarations, known: &Known, logos: &Logos) -> Result<Plan, AdminError> {
    let configured: Vec<ProviderId> = sigma.settings.providers.iter().map(|provider| provider.id.clone()).collect();
    let means = Means {
        issuer: &sigma.settings.issuer,
        configured: &configured,
        allowed: &sigma.settings.outbound.allow,
        logos,
        now: sigma.now(),
        rng: &*sigma.rng,
    };
    let key = || Ok::<Arc<MasterKey>, Infallible>(Arc::clone(&sigma.master_key));
    Plan::new(document, known, &means, key).map_err(|unplanned| match unplanned {
        Unplanned::Problems(problems) => AdminError::Declarations(problems),
        Unplanned::Seal(error) => ApiError::internal(error).into(),
        Unplanned::Key(never) => match never {},
    })
}
