//! An org as clients see it.

use serde::Serialize;
use sigma_platform::branding::logo_url;
use sigma_platform::state::AppState;
use sigma_store::merits::issuer::Issuer;
use utoipa::ToSchema;

/// An org.
#[derive(Serialize, ToSchema)]
#[schema(as = Org)]
#[serde(rename_all = "camelCase")]
pub struct IssuerView {
    id: String,
    title: String,
    description: String,
    website: String,
    address: String,
    phone: String,
    email: String,
    /// Empty without a logo.
    logo_url: String,
}

impl IssuerView {
    /// That org.
    pub fn of(sigma: &AppState, org: Issuer) -> Self {
        let logo = org.logo.map(|name| format!("{}{}", sigma.issuer(), logo_url(&name)));
        Self {
            id: org.id.digits().to_owned(),
            title: org.name,
            description: org.description,
            website: org.website,
            address: org.address,
            phone: org.phone,
            email: org.email,
            logo_url: logo.unwrap_or_default(),
        }
    }
}
