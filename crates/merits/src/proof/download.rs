//! `GET /account/merits/{org}/{merit}/credential`: a member downloads an accepted merit as a credential.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use sigma_core::ids::{MeritId, OrgId};
use sigma_core::jose::sign_credential;
use sigma_core::merits::proof::{Badge, issuer_did};
use sigma_core::merits::{FieldValue, MeritProblem};
use sigma_core::random::alphanumeric;
use sigma_platform::extract::SignedIn;
use sigma_platform::http::{ApiError, Endpoint};
use sigma_platform::pages::policy::PAGE;
use sigma_platform::state::AppState;
use sigma_store::Stop;
use sigma_store::merits::credential::{self, LIST_LENGTH};
use sigma_store::merits::{Merit, issuer, template};

use super::issuer_key;
use super::status_list::VC_JWT;

/// The global field with the last day of a merit.
pub(super) const LAST_DAY: &str = "000000000000000000000002";

/// Letters of a salt.
const SALT_LENGTH: usize = 16;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::get(PAGE, "/account/merits/{org}/{merit}/credential", download)
}

async fn download(
    State(sigma): State<AppState>,
    signed_in: SignedIn,
    Path((org, merit)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let (Some(org_id), Some(merit_id)) = (OrgId::parse(&org), MeritId::parse(&merit)) else {
        return Err(ApiError::not_found());
    };
    let (user_id, org, id) = (signed_in.account.user.id.clone(), org_id.clone(), merit_id.clone());
    let handed = sigma.store.decide(move |tx| credential::hand_out(tx, &user_id, &org, &id)).await;
    let (merit, place) = match handed {
        Ok(handed) => handed,
        Err(Stop::Refused(MeritProblem::NotFound)) => return Err(ApiError::not_found()),
        Err(Stop::Refused(_)) => {
            let words = "Only merits that you accepted can be downloaded.";
            return Err(ApiError::new(StatusCode::CONFLICT, "not_accepted", words));
        }
        Err(Stop::Failed(error)) => return Err(error.into()),
    };
    let key = issuer_key::load_or_make(&sigma, &org_id).await?;
    let claims = claims(&sigma, &merit, place).await?;
    let token = sign_credential(&key, &issuer_did(sigma.issuer(), &org_id), &claims).map_err(ApiError::internal)?;
    let name = format!("attachment; filename=\"merit-{}.jwt\"", merit_id.digits());
    let name = HeaderValue::from_str(&name).map_err(ApiError::internal)?;
    Ok(([(header::CONTENT_TYPE, VC_JWT), (header::CONTENT_DISPOSITION, name)], token).into_response())
}

/// The claims of the credential of a merit.
async fn claims(sigma: &AppState, merit: &Merit, place: i64) -> Result<serde_json::Value, ApiError> {
    let (org_id, template_id) = (merit.org_id.clone(), merit.template_id.clone());
    let found = sigma.store.read(move |tx| {
        let Some(issuer) = issuer::find(tx, &org_id)? else { return Ok(None) };
        let Some(template) = template::find(tx, &org_id, &template_id)? else { return Ok(None) };
        Ok(Some((issuer, template, template::fields(tx, &org_id, &template_id)?)))
    });
    let (issuer, template, fields) = found.await?.ok_or_else(ApiError::not_found)?;
    let (mut evidence, mut last_day) = (Vec::new(), None);
    for field in fields {
        let Some(value) = merit.values.get(&field.setting.field_id) else { continue };
        if field.setting.field_id.digits() == LAST_DAY {
            if let FieldValue::Text(day) = value {
                last_day = Some(day.clone());
            }
        } else if !matches!(value, FieldValue::Attachments(_)) {
            evidence.push((field.name, value.to_text()));
        }
    }
    let website = Some(issuer.website.as_str()).filter(|website| website.starts_with("https://"));
    let badge = Badge {
        issuer: sigma.issuer(),
        org_id: &merit.org_id,
        org_name: &issuer.name,
        website,
        merit_id: &merit.id,
        template: merit.template_id.digits(),
        title: &template.title,
        description: &template.description,
        name: &merit.name,
        email: &merit.email,
        salt: &alphanumeric(&*sigma.rng, SALT_LENGTH),
        evidence: &evidence,
        sent_at: merit.sent_at,
        last_day: last_day.as_deref(),
        status: (place / LIST_LENGTH, place % LIST_LENGTH),
    };
    Ok(badge.claims())
}
