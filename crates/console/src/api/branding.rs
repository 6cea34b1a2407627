//! How pages look, by the API: what the endpoints of the server, orgs and apps share.

use std::collections::BTreeMap;

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use sigma_core::branding::{Accent, Branding, BrandingChange, BrandingTexts, Legibility, Part};
use sigma_core::operator::OperatorRight;
use sigma_platform::branding::{is_language, logo_url};
use sigma_platform::http::Policy;
use sigma_platform::http::policy::BodyLimit;
use sigma_platform::state::AppState;
use sigma_store::Tx;
use sigma_store::operator::branding::{self, Whose};
use sigma_store::operator::{Caller, Decision, may};
use utoipa::ToSchema;

use super::POLICY;
use super::caller::{Admin, Reads, Writes};
use super::conditions::{Conditions, Tagged};
use super::error::AdminError;

/// The largest logo.
pub const LOGO: Policy = Policy { body: BodyLimit::Kibibytes(2_050), ..POLICY };

/// How something looks; null is what it does not set.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdminBranding {
    /// The address of the logo, on this server.
    logo: Option<String>,
    /// The colour of buttons and links, as chosen.
    accent: Option<String>,
    /// How that colour is shown.
    contrast: Option<AdminContrast>,
    terms_url: Option<String>,
    privacy_url: Option<String>,
    support_url: Option<String>,
    /// What the sign-in page says first, by the tags of languages.
    welcome: BTreeMap<String, String>,
}

/// How a colour can be read (WCAG 2.2 §1.4.3).
#[derive(Debug, Serialize, ToSchema)]
struct AdminContrast {
    /// On light pages.
    light: AdminShade,
    /// On dark pages.
    dark: AdminShade,
}

/// A colour on the pages of one mode.
#[derive(Debug, Serialize, ToSchema)]
struct AdminShade {
    /// The colour that pages show.
    colour: String,
    /// Its contrast, at least 4.5.
    contrast: f64,
    /// The contrast of the colour as chosen; lower than 4.5 if it was corrected.
    chosen_contrast: f64,
}

impl From<Legibility> for AdminShade {
    fn from(one: Legibility) -> Self {
        let rounded = |contrast: f64| (contrast * 100.0).floor() / 100.0;
        Self { colour: one.shown.to_string(), contrast: rounded(one.contrast), chosen_contrast: rounded(one.chosen) }
    }
}

impl From<&Branding> for AdminBranding {
    fn from(branding: &Branding) -> Self {
        let contrast = branding
            .accent
            .map(Accent::legibility)
            .map(|[light, dark]| AdminContrast { light: AdminShade::from(light), dark: AdminShade::from(dark) });
        Self {
            logo: branding.logo.as_deref().map(logo_url),
            accent: branding.accent.map(|accent| accent.to_string()),
            contrast,
            terms_url: branding.terms_url.clone(),
            privacy_url: branding.privacy_url.clone(),
            support_url: branding.support_url.clone(),
            welcome: branding.welcome.iter().map(|(tag, words)| (tag.to_owned(), words.to_owned())).collect(),
        }
    }
}

/// A change; what is left out stays, and an empty text takes a part away.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdminBrandingChange {
    /// Such as `#3d46c2`.
    accent: Option<String>,
    /// `https:`.
    terms_url: Option<String>,
    /// `https:`.
    privacy_url: Option<String>,
    /// `https:` or `mailto:`.
    support_url: Option<String>,
    /// Plain text by the tags of languages, at most 300 characters each; all of them are replaced.
    welcome: Option<BTreeMap<String, String>>,
}

impl AdminBrandingChange {
    /// The change, checked.
    pub fn checked(&self) -> Result<BrandingChange, AdminError> {
        let texts = BrandingTexts {
            name: None,
            accent: self.accent.as_deref(),
            terms_url: self.terms_url.as_deref(),
            privacy_url: self.privacy_url.as_deref(),
            support_url: self.support_url.as_deref(),
            welcome: self.welcome.as_ref(),
        };
        texts.checked(is_language).map_err(|problem| AdminError::malformed(problem.to_string()))
    }
}

fn read(tx: &mut dyn Tx, caller: &Caller, whose: &Whose) -> Decision<AdminBranding> {
    Ok(AdminBranding::from(&branding::find(tx, caller, whose)?.branding))
}

/// Answers with the branding of an org or app.
pub async fn show(
    sigma: &AppState,
    admin: &Admin<Reads>,
    conditions: &Conditions,
    whose: Whose,
) -> Result<Response, AdminError> {
    let caller = admin.caller.clone();
    Ok(conditions.show(sigma.store.look_up(move |tx| read(tx, &caller, &whose)).await?))
}

/// Changes the branding of an org or app.
pub async fn change(
    sigma: &AppState,
    admin: &Admin<Writes>,
    conditions: Conditions,
    whose: Whose,
    change: BrandingChange,
) -> Result<Tagged<AdminBranding>, AdminError> {
    let (caller, now) = (admin.caller.clone(), sigma.now());
    let change = move |tx: &mut dyn Tx| {
        let branded = branding::resolve(tx, &caller, &whose)?;
        conditions.require(tx, &[branding::owner_of(&branded)], |tx| read(tx, &caller, &whose))?;
        Ok(AdminBranding::from(&branding::change(tx, &caller, &whose, &change, now)?.branding))
    };
    Ok(Tagged(admin.store(sigma).decide(change).await?))
}

/// Sets the logo of an org or app to the picture in the body.
pub async fn set_logo(
    sigma: &AppState,
    admin: &Admin<Writes>,
    conditions: Conditions,
    whose: Result<Whose, AdminError>,
    request: Request,
) -> Result<Tagged<AdminBranding>, Response> {
    let whose = whose.map_err(IntoResponse::into_response)?;
    let logo = keep_logo(sigma, admin, request).await?;
    let with_logo = BrandingChange { logo: Part::Set(logo), ..BrandingChange::default() };
    change(sigma, admin, conditions, whose, with_logo).await.map_err(IntoResponse::into_response)
}

/// Keeps the picture in the body; returns its name.
pub async fn keep_logo(sigma: &AppState, admin: &Admin<Writes>, request: Request) -> Result<String, Response> {
    // Before anything is decoded and stored, so that a role which does not reach leaves nothing behind.
    let caller = admin.caller.clone();
    let allowed = sigma.store.look_up(move |tx| may(tx, &caller, OperatorRight::ManageBranding)).await;
    allowed.map_err(|stop| AdminError::from(stop).into_response())?;
    let file = sigma_platform::extract::body(request).await?;
    let kept = sigma.brands.keep_logo(file).await;
    let kept = kept.map_err(|error| AdminError::from(error).into_response())?;
    let words = "The body must be a PNG, JPEG, WebP or GIF file";
    kept.ok_or_else(|| AdminError::Invalid(words).into_response())
}
