//! `/api/admin/v1/branding`: how pages look, and what the endpoints of orgs and apps share.

use std::collections::BTreeMap;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use sigma_core::branding::{Accent, Branding, BrandingChange, Legibility, Part, check_link, check_web_link};
use sigma_core::operator::OperatorRight;
use sigma_platform::branding::{logo_url, welcome};
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;
use sigma_store::operator::branding::{self, Whose};
use sigma_store::operator::{Caller, Decision, may};
use sigma_store::{Owner, Tx};
use utoipa::ToSchema;

use super::POLICY;
use super::caller::{Admin, Reads, Writes};
use super::conditions::{Conditions, Tagged};
use super::error::AdminError;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(POLICY, routes!(server))
}

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
        let accent =
            |text: &str| Accent::parse(text).ok_or(AdminError::Invalid("accent must be a colour such as #3d46c2"));
        let link = |name: &'static str, check: fn(&str) -> Result<(), &'static str>| {
            move |text: &str| match check(text) {
                Ok(()) => Ok(text.to_owned()),
                Err(problem) => Err(AdminError::malformed(format!("{name} {problem}"))),
            }
        };
        let words = self.welcome.as_ref().map(welcome).transpose();
        Ok(BrandingChange {
            logo: Part::Kept,
            accent: Part::of_text(self.accent.as_deref(), accent)?,
            terms_url: Part::of_text(self.terms_url.as_deref(), link("terms_url", check_web_link))?,
            privacy_url: Part::of_text(self.privacy_url.as_deref(), link("privacy_url", check_web_link))?,
            support_url: Part::of_text(self.support_url.as_deref(), link("support_url", check_link))?,
            welcome: words.map_err(|problem| AdminError::malformed(format!("welcome: {problem}")))?,
        })
    }
}

/// Returns how the server looks, which its settings say.
#[utoipa::path(
    get,
    path = "/api/admin/v1/branding",
    operation_id = "adminShowBranding",
    tag = "Management",
    security(("access_token" = ["sigma:admin:read"]), ("access_token" = ["sigma:admin:server:read"])),
    responses(
        (status = 200, description = "The branding", body = AdminBranding),
        (status = 400, description = "Two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
    )
)]
async fn server(
    State(sigma): State<AppState>,
    admin: Admin<Reads>,
    conditions: Conditions,
) -> Result<Response, AdminError> {
    let caller = admin.caller;
    sigma.store.look_up(move |tx| may(tx, &caller, OperatorRight::ReadBranding)).await?;
    let look = &sigma.brands.look;
    let branding = Branding {
        logo: None,
        accent: look.accent,
        terms_url: look.terms_url.clone(),
        privacy_url: look.privacy_url.clone(),
        support_url: look.support_url.clone(),
        welcome: look.welcome.clone(),
    };
    Ok(conditions.show(AdminBranding { logo: look.logo.clone(), ..AdminBranding::from(&branding) }))
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
        let owner = branding::owner(tx, &caller, &whose)?;
        conditions.require(tx, &[Owner::Org(&owner)], |tx| read(tx, &caller, &whose))?;
        branding::change(tx, &caller, &whose, &change, now)?;
        read(tx, &caller, &whose)
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
    // Before anything is decoded and stored, so that a role which does not reach leaves nothing behind.
    let caller = admin.caller.clone();
    let allowed = sigma.store.look_up(move |tx| may(tx, &caller, OperatorRight::ManageBranding)).await;
    allowed.map_err(|stop| AdminError::from(stop).into_response())?;
    let file = sigma_platform::extract::body(request).await?;
    let kept = sigma.brands.keep_logo(file.to_vec()).await;
    let Some(logo) = kept.map_err(|error| AdminError::from(error).into_response())? else {
        return Err(AdminError::Invalid("The body must be a PNG, JPEG, WebP or GIF file").into_response());
    };
    let with_logo = BrandingChange { logo: Part::Set(logo), ..BrandingChange::default() };
    change(sigma, admin, conditions, whose, with_logo).await.map_err(IntoResponse::into_response)
}
