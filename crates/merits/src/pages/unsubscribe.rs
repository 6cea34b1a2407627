//! `/merits/unsubscribe`: no more mails about merits of an org, by the link in each of them, or by the button of the mail program
//! (RFC 8058). The link says who and of whom; nobody signs in.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use sigma_core::email::Email;
use sigma_core::ids::OrgId;
use sigma_core::params::Params;
use sigma_platform::extract::Browser;
use sigma_platform::http::policy::Cookies;
use sigma_platform::http::{ApiError, Endpoint, Policy};
use sigma_platform::pages::policy::PAGE;
use sigma_platform::passwords::counted_as;
use sigma_platform::state::AppState;
use sigma_store::merits::{issuer, notice};

use super::outcome::{PageError, known};
use super::view::UnsubscribePage;

/// The path.
const PATH: &str = "/merits/unsubscribe";
/// What the links are sealed as.
const CONTEXT: &[u8] = b"unsubscribe from merits 1";
/// A mail program sends the form from anywhere: the link is what authenticates it.
const ONE_CLICK: Policy = Policy { cookies: Cookies::Ignored, ..PAGE };

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::get(ONE_CLICK, PATH, show), Endpoint::post(ONE_CLICK, PATH, unsubscribe)]
}

/// The address that ends mails about merits of `org_id` to `to`.
///
/// # Errors
/// Encryption failed, which cannot happen.
pub fn url(sigma: &AppState, org_id: &OrgId, to: &str) -> Result<String, ApiError> {
    let sealed = sigma.interaction_key.seal_value(CONTEXT, &(org_id.as_str(), to), &*sigma.rng);
    let sealed = sealed.map_err(|_| ApiError::internal("a link could not be sealed"))?;
    Ok(format!("{}{PATH}?token={sealed}", sigma.issuer()))
}

/// The pseudonym of an address in the rows about mails.
pub fn address_mac(sigma: &AppState, address: &str) -> String {
    counted_as(sigma, &sigma_core::email::fold(address))
}

/// What a link says.
struct Link {
    token: String,
    org_id: OrgId,
    email: String,
}

impl Link {
    fn read(sigma: &AppState, query: Option<&str>) -> Result<Self, PageError> {
        let query = Params::parse(query.unwrap_or_default());
        let token = query.get("token").unwrap_or_default().to_owned();
        let opened = sigma.interaction_key.open_value::<(String, String)>(CONTEXT, &token);
        let opened = opened.and_then(|(org_id, email)| Some((OrgId::parse(&org_id)?, email)));
        let (org_id, email) = known(opened)?;
        Ok(Self { token, org_id, email })
    }
}

async fn page(sigma: &AppState, browser: &Browser, link: Link, done: bool) -> Result<Response, PageError> {
    let org_id = link.org_id.clone();
    let org = sigma.store.read(move |tx| issuer::find(tx, &org_id)).await?;
    let email = Email::parse(&link.email).map_or(link.email, |email| email.address().to_owned());
    let view = UnsubscribePage { org: org.map(|org| org.name).unwrap_or_default(), email, token: link.token, done };
    Ok(view.render(&sigma.page_in(sigma.language_for(browser, None))))
}

async fn show(
    State(sigma): State<AppState>,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let link = Link::read(&sigma, query.as_deref())?;
    page(&sigma, &browser, link, false).await
}

async fn unsubscribe(
    State(sigma): State<AppState>,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let link = Link::read(&sigma, query.as_deref())?;
    let (org_id, mac, now) = (link.org_id.clone(), address_mac(&sigma, &link.email), sigma.now());
    sigma.store.write(move |tx| notice::unsubscribe(tx, &org_id, mac.as_bytes(), now)).await?;
    page(&sigma, &browser, link, true).await
}
