//! `/org/{org}/members`: the people who hold merits of the org, one line each.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use sigma_core::params::Params;
use sigma_platform::http::Endpoint;
use sigma_platform::pages::policy::PAGE;
use sigma_platform::state::AppState;
use sigma_store::merits::holder::{self, Holder, MOST_COUNTED};

use super::OrgAdmin;
use super::listing::Listing;
use crate::pages::outcome::PageError;
use crate::pages::view::{MemberLine, MembersPage, Tab};

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::get(PAGE, "/org/{org}/members", show)
}

async fn show(
    State(sigma): State<AppState>,
    admin: OrgAdmin,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = Params::parse(query.as_deref().unwrap_or_default());
    let listing = Listing::new(&admin, "members", Vec::new());
    let (org_id, page) = (admin.org.id.clone(), listing.page(&query));
    let slice = sigma.store.read(move |tx| holder::of_org(tx, &org_id, &page)).await?;
    let (newer_url, older_url) = listing.neighbours(&slice, |holder: &Holder| holder.user_id.digits());
    let view = MembersPage { people: slice.items.iter().map(|one| line(&admin, one)).collect(), newer_url, older_url };
    Ok(view.render(StatusCode::OK, &admin.frame(Tab::Members, None), &admin.page(&sigma)))
}

fn line(admin: &OrgAdmin, holder: &Holder) -> MemberLine {
    let name = holder.latest.name.full();
    let count = if holder.count > MOST_COUNTED {
        admin.language.text("merits-members-many").with("count", MOST_COUNTED)
    } else {
        admin.language.text("merits-members-count").with("count", holder.count)
    };
    MemberLine {
        url: format!("{}?member={}", admin.path("sent"), holder.user_id.digits()),
        name: if name.is_empty() { admin.text("merits-nameless") } else { name },
        email: holder.latest.email.clone(),
        count: count.to_string(),
        latest: holder.latest.template_title.clone(),
        latest_at: holder.latest.sent_at,
    }
}
