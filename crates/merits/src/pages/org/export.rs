//! `/org/{org}/sent.csv`: the merits of a list as CSV, newest first.

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use sigma_core::ids::OrgId;
use sigma_core::merits::{Cursor, FieldValue, PageRequest};
use sigma_core::params::Params;
use sigma_platform::http::Endpoint;
use sigma_platform::pages::policy::PAGE;
use sigma_platform::state::AppState;
use sigma_store::StoreError;
use sigma_store::merits::list::{self, Filter};
use sigma_store::merits::template::{self, TemplateField};

use super::OrgAdmin;
use super::sent::filter;
use crate::pages::csv::{Writer, csv_response};
use crate::pages::outcome::PageError;

/// The most merits of a file; the filters of the list select others.
const MOST: usize = 20_000;
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
    let headers = COLUMNS.into_iter().chain(fields.iter().map(|field| field.name.as_str()));
    let writer = Writer::new(&headers.collect::<Vec<_>>());
    let (org_id, next) = (admin.org.id.clone(), Some(PageRequest::first(100)));
    let mut file = Export { sigma, org_id, filter, fields, writer, next, written: 0 };
    // Read before the answer begins: a store that does not answer is an error page.
    let first = file.piece().await?;
    let others = stream::try_unfold(file, |mut file| async move {
        let piece = file.piece().await?;
        Ok::<_, StoreError>(piece.map(|piece| (piece, file)))
    });
    let pieces = stream::iter(first.map(Ok)).chain(others);
    Ok(csv_response("merits.csv", Body::from_stream(pieces)))
}

/// A file that is made while it is sent: all merits of an org at once do not fit into memory.
struct Export {
    sigma: AppState,
    org_id: OrgId,
    filter: Filter,
    fields: Vec<TemplateField>,
    writer: Writer,
    next: Option<PageRequest>,
    written: usize,
}

impl Export {
    /// The next lines; `None` at the end.
    async fn piece(&mut self) -> Result<Option<Bytes>, StoreError> {
        let Some(page) = self.next.take() else { return Ok(None) };
        let (org_id, filter, this) = (self.org_id.clone(), self.filter.clone(), page.clone());
        let slice = self.sigma.store.read(move |tx| list::of_org(tx, &org_id, &filter, &this)).await?;
        for merit in &slice.items {
            let (sent_at, changed_at) = (merit.sent_at.iso8601(), merit.updated_at.iso8601());
            let values = self.fields.iter().map(|field| merit.values.get(&field.setting.field_id));
            let values: Vec<String> = values.map(|value| value.map(FieldValue::to_text).unwrap_or_default()).collect();
            let name = merit.shown_name();
            let own = [
                merit.id.digits(),
                merit.status.as_str(),
                &merit.template_title,
                &merit.email,
                &name.first_name,
                &name.last_name,
                &sent_at,
                &changed_at,
            ];
            self.writer.line(own.into_iter().chain(values.iter().map(String::as_str)));
        }
        self.written += slice.items.len();
        let last = slice.items.last().filter(|_| slice.has_next && self.written < MOST);
        self.next = last.map(|last| PageRequest { from: Some(Cursor::of(last.id.digits())), ..page });
        Ok(Some(Bytes::from(self.writer.take())))
    }
}
