//! `/org/{org}/sent.csv`: the merits of a list as CSV, newest first.

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::header;
use sigma_core::merits::{Cursor, FieldValue, PageRequest};
use sigma_core::params::Params;
use sigma_platform::http::Endpoint;
use sigma_platform::pages::policy::PAGE;
use sigma_platform::state::AppState;
use sigma_store::merits::{list, template};

use super::OrgAdmin;
use super::sent::filter;
use crate::pages::csv::Writer;
use crate::pages::outcome::PageError;

/// The most merits of a file; the filters of the list select others.
const MOST: usize = 20_000;
/// The size of the values after which a file ends, in bytes: 20,000 merits of long texts do not fit into memory.
const LARGEST: usize = 32 * 1024 * 1024;
/// The columns of every file. Those of the fields follow, if the list is of one template.
const COLUMNS: [&str; 8] = ["id", "status", "template", "email", "first_name", "last_name", "sent_at", "changed_at"];

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::get(PAGE, "/org/{org}/sent.csv", export)
}

async fn export(
    State(sigma): State<AppState>,
    admin: OrgAdmin,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let (filter, _) = filter(&Params::parse(query.as_deref().unwrap_or_default()));
    let fields = match filter.template_id.clone() {
        Some(id) => {
            let org_id = admin.org.id.clone();
            sigma.store.read(move |tx| template::fields(tx, &org_id, &id)).await?
        }
        None => Vec::new(),
    };
    // The name has columns of its own.
    let fields: Vec<_> = fields.into_iter().skip(1).collect();
    let headers: Vec<&str> = COLUMNS.into_iter().chain(fields.iter().map(|field| field.name.as_str())).collect();
    let mut writer = Writer::new(&headers);
    let (mut page, mut written, mut size) = (PageRequest::first(100), 0, 0_usize);
    loop {
        let (org_id, wanted, this) = (admin.org.id.clone(), filter.clone(), page.clone());
        let slice = sigma.store.read(move |tx| list::of_org(tx, &org_id, &wanted, &this)).await?;
        for merit in &slice.items {
            let (sent_at, changed_at) = (merit.sent_at.iso8601(), merit.updated_at.iso8601());
            let values = fields.iter().map(|field| merit.values.get(&field.setting.field_id));
            let values: Vec<String> = values.map(|value| value.map(FieldValue::to_text).unwrap_or_default()).collect();
            size += values.iter().map(String::len).sum::<usize>();
            let own = [
                merit.id.digits(),
                merit.status.as_str(),
                &merit.template_title,
                &merit.email,
                &merit.name.first_name,
                &merit.name.last_name,
                &sent_at,
                &changed_at,
            ];
            writer.line(own.into_iter().chain(values.iter().map(String::as_str)));
        }
        written += slice.items.len();
        let has_room = written < MOST && size < LARGEST;
        let Some(last) = slice.items.last().filter(|_| slice.has_next && has_room) else { break };
        page.from = Some(Cursor::of(last.id.digits()));
    }
    Ok(csv_response("merits.csv", writer.finish()))
}

/// A file to be downloaded.
pub fn csv_response(name: &str, content: Vec<u8>) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, disposition.as_str()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
    ];
    (headers, content).into_response()
}
