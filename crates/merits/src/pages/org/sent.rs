//! `/org/{org}/sent` and `/proposed`: merits of the org by recipient, status, template and holder; and those that wait for approval.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use sigma_core::email;
use sigma_core::ids::{MeritTemplateId, UserId};
use sigma_core::merits::{PageRequest, Status};
use sigma_core::params::Params;
use sigma_platform::http::Endpoint;
use sigma_platform::pages::policy::PAGE;
use sigma_platform::state::AppState;
use sigma_store::merits::list::{self, Filter};
use sigma_store::merits::{Merit, Slice};

use super::OrgAdmin;
use super::listing::{Listing, line};
use super::templates::choices;
use crate::pages::outcome::{Done, PageError};
use crate::pages::view::{Choice, Holder, ProposedPage, SentPage, Tab};
use crate::pages::words;

/// The statuses to choose from, as they look on pages: an org is verified or not, so one of a pair is enough.
const STATUSES: [Status; 9] = [
    Status::Pending,
    Status::Accepted,
    Status::Rejected,
    Status::Reported,
    Status::Revoked,
    Status::Forfeited,
    Status::Transferred,
    Status::Unapproved,
    Status::Unverified,
];

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::get(PAGE, "/org/{org}/sent", sent), Endpoint::get(PAGE, "/org/{org}/proposed", proposed)]
}

/// What the address filters by.
pub fn filter(query: &Params) -> (Filter, Vec<(&'static str, String)>) {
    let text = |name: &str| query.get(name).unwrap_or_default().trim().to_owned();
    let (email, status, template) = (text("email"), text("status"), text("template"));
    let filter = Filter {
        template_id: MeritTemplateId::parse(&template),
        status: Status::parse(&status),
        recipients: Some(email::fold(&email)).filter(|folded| !folded.is_empty()).into_iter().collect(),
        holder: UserId::parse(&text("member")),
    };
    let holder = filter.holder.as_ref().map(|holder| holder.digits().to_owned());
    // What somebody holds is all accepted, whatever the addresses.
    if let Some(holder) = holder {
        let template = filter.template_id.as_ref().map(ToString::to_string).unwrap_or_default();
        return (filter, vec![("member", holder), ("template", template)]);
    }
    let kept = vec![
        ("email", email),
        ("status", filter.status.map(|status| status.as_str().to_owned()).unwrap_or_default()),
        ("template", filter.template_id.as_ref().map(ToString::to_string).unwrap_or_default()),
    ];
    (filter, kept)
}

async fn sent(
    State(sigma): State<AppState>,
    admin: OrgAdmin,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = Params::parse(query.as_deref().unwrap_or_default());
    let (filter, kept) = filter(&query);
    let listing = Listing::new(&admin, "sent", kept);
    let (org_id, wanted, page) = (admin.org.id.clone(), filter.clone(), listing.page(&query));
    let chosen = filter.template_id.clone();
    let (slice, templates) = sigma
        .store
        .read(move |tx| Ok((list::of_org(tx, &org_id, &wanted, &page)?, choices(tx, &org_id, chosen.as_ref())?)))
        .await?;
    let (newer_url, older_url) = listing.neighbours(&slice, |merit: &Merit| merit.id.digits());
    let view = SentPage {
        holder: filter.holder.as_ref().map(|holder| held_by(&admin, holder, &slice.items)),
        email: query.get("email").unwrap_or_default().trim().to_owned(),
        statuses: STATUSES
            .iter()
            .map(|status| Choice {
                value: status.as_str().to_owned(),
                label: words::status(admin.language, *status).label,
                selected: filter.status == Some(*status),
            })
            .collect(),
        templates,
        merits: slice.items.iter().map(|merit| line(&admin, merit)).collect(),
        newer_url,
        older_url,
        export_url: listing.filtered(&admin.path("sent.csv")),
    };
    let notice = Done::reported_by(&query, admin.language);
    Ok(view.render(StatusCode::OK, &admin.frame(Tab::Sent, notice), &admin.page(&sigma)))
}

/// Whose merits the list shows.
fn held_by(admin: &OrgAdmin, holder: &UserId, merits: &[Merit]) -> Holder {
    let name = merits.first().map(|merit| merit.name.full()).filter(|name| !name.is_empty());
    let name = name.unwrap_or_else(|| admin.text("merits-nameless"));
    let words = admin.language.text("merits-sent-held-by").with("name", name).to_string();
    Holder { id: holder.digits().to_owned(), words }
}

async fn proposed(
    State(sigma): State<AppState>,
    admin: OrgAdmin,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let status = if admin.org.verified_at.is_some() { Status::Unapproved } else { Status::UnapprovedUnverified };
    let query = Params::parse(query.as_deref().unwrap_or_default());
    let (listing, slice) = of_status(&sigma, &admin, "proposed", status, &query).await?;
    let (newer_url, older_url) = listing.neighbours(&slice, |merit: &Merit| merit.id.digits());
    let merits = slice.items.iter().map(|merit| line(&admin, merit)).collect();
    let view = ProposedPage { merits, newer_url, older_url };
    let notice = Done::reported_by(&query, admin.language);
    Ok(view.render(StatusCode::OK, &admin.frame(Tab::Proposed, notice), &admin.page(&sigma)))
}

async fn of_status(
    sigma: &AppState,
    admin: &OrgAdmin,
    name: &str,
    status: Status,
    query: &Params,
) -> Result<(Listing, Slice<Merit>), PageError> {
    let listing = Listing::new(admin, name, Vec::new());
    let (org_id, page): (_, PageRequest) = (admin.org.id.clone(), listing.page(query));
    let filter = Filter { status: Some(status), ..Filter::default() };
    let slice = sigma.store.read(move |tx| list::of_org(tx, &org_id, &filter, &page)).await?;
    Ok((listing, slice))
}
