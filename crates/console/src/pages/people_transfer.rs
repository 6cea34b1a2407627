//! `/console/people/transfer`: everybody as a file, and people from a file.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use futures_util::{StreamExt as _, stream};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{StatusCode, header};
use multer::{Constraints, Field, Multipart, SizeLimit};
use sigma_core::interaction::ConsolePage;
use sigma_core::operator::OperatorRight;
use sigma_core::params::Params;
use sigma_platform::http::policy::BodyLimit;
use sigma_platform::http::{ApiError, Endpoint, Policy};
use sigma_platform::pages::policy::{FORM, PAGE};
use sigma_platform::state::AppState;
use sigma_store::operator::people;

use super::{confirmation, may_change};
use crate::moving::{Counts, Import, Manner, NDJSON, Told, export};
use crate::operator::Operator;
use crate::outcome::{Notice, PageError};
use crate::view::{ImportReport, PeopleTransferPage, RefusedLine, Tab};

const PATH: &str = "/console/people/transfer";
/// MiB of a file. Larger ones are sent by the API and by `sigma people import`, which go on where they were interrupted.
const LARGEST: u16 = 1_024;
/// The policy of the form with a file, which is never held as a whole.
const FILE: Policy = Policy { body: BodyLimit::Streamed(LARGEST), ..FORM };
/// Bytes of a field that is no file.
const MOST_TEXT: usize = 100;
/// Lines that were refused and are listed; the others are counted.
const MOST_LISTED: usize = 500;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 3] {
    [
        Endpoint::get(PAGE, PATH, show),
        Endpoint::post(FORM, "/console/people/export", download),
        Endpoint::post(FILE, "/console/people/import", upload),
    ]
}

async fn show(State(sigma): State<AppState>, operator: Operator) -> Result<Response, PageError> {
    draw(&sigma, &operator, StatusCode::OK, None, None).await
}

async fn draw(
    sigma: &AppState,
    operator: &Operator,
    status: StatusCode,
    notice: Option<Notice>,
    report: Option<ImportReport>,
) -> Result<Response, PageError> {
    let caller = operator.caller();
    let people = operator.read(sigma, move |tx| people::exportable(tx, &caller)).await?;
    let confirmation = confirmation(sigma, operator, OperatorRight::ReadPeople, ConsolePage::PeopleTransfer)?;
    let view = PeopleTransferPage {
        people,
        may_export_hashes: operator.role.may(OperatorRight::ExportHashes),
        may_import: operator.role.may(OperatorRight::ImportPeople),
        confirm_url: confirmation.url.clone(),
        report,
    };
    let page = view.render(status, &operator.frame(Tab::People, notice), &operator.page(sigma));
    Ok(confirmation.with(page))
}

async fn download(State(sigma): State<AppState>, operator: Operator, body: Bytes) -> Result<Response, PageError> {
    let hashes = Params::parse_form(&body).raw("hashes") == Some("on");
    let right = if hashes { OperatorRight::ExportHashes } else { OperatorRight::ReadPeople };
    may_change(&sigma, &operator, right, ConsolePage::PeopleTransfer)?;
    let lines = export(&sigma, &operator.store(&sigma), &operator.caller(), hashes).await;
    let lines = lines.map_err(|stop| operator.stopped(&sigma, stop))?;
    let file = "attachment; filename=\"people.ndjson\"";
    Ok(([(CONTENT_TYPE, NDJSON), (CONTENT_DISPOSITION, file)], lines).into_response())
}

async fn upload(State(sigma): State<AppState>, operator: Operator, request: Request) -> Result<Response, PageError> {
    may_change(&sigma, &operator, OperatorRight::ImportPeople, ConsolePage::PeopleTransfer)?;
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let Some(boundary) = content_type.and_then(|value| multer::parse_boundary(value).ok()) else {
        return without_file(&sigma, &operator).await;
    };
    let most = u64::from(LARGEST) * 1_024 * 1_024;
    let limits = Constraints::new().size_limit(SizeLimit::new().whole_stream(most));
    let mut parts = Multipart::with_constraints(request.into_body().into_data_stream(), boundary, limits);
    let pause = Duration::from_secs(u64::from(sigma.settings.http.body_seconds) * 3);
    let Some((file, manner)) = find_file(&mut parts, pause).await? else {
        return without_file(&sigma, &operator).await;
    };
    let pieces = stream::unfold(file, |mut file| async move {
        let piece = file.chunk().await.map_err(drop).transpose()?;
        Some((piece, file))
    });
    let by = (operator.store(&sigma), operator.caller());
    let Some(import) = Import::begin_one(&sigma, by, pieces.boxed(), manner) else {
        let notice = Notice::Refused(operator.text("console-transfer-busy"));
        return draw(&sigma, &operator, StatusCode::SERVICE_UNAVAILABLE, Some(notice), None).await;
    };
    let report = carry_out(import, manner).await;
    let notice =
        if report.is_complete { None } else { Some(Notice::Refused(operator.text("console-transfer-incomplete"))) };
    draw(&sigma, &operator, StatusCode::OK, notice, Some(report)).await
}

async fn without_file(sigma: &AppState, operator: &Operator) -> Result<Response, PageError> {
    let notice = Notice::Refused(operator.text("console-transfer-no-file"));
    draw(sigma, operator, StatusCode::BAD_REQUEST, Some(notice), None).await
}

/// Reads the fields of the form up to its file, which comes last.
async fn find_file(
    parts: &mut Multipart<'static>,
    pause: Duration,
) -> Result<Option<(Field<'static>, Manner)>, PageError> {
    let mut manner = Manner::default();
    while let Some(mut part) = within(pause, parts.next_field()).await? {
        if part.file_name().is_some() {
            // Browsers send a file without a name for none.
            let is_chosen = part.name() == Some("file") && part.file_name() != Some("");
            return Ok(is_chosen.then_some((part, manner)));
        }
        let mut length = 0_usize;
        while let Some(piece) = within(pause, part.chunk()).await? {
            length = length.saturating_add(piece.len());
            if length > MOST_TEXT {
                return Err(broken());
            }
        }
        match part.name() {
            Some("vouch") => manner.vouch = true,
            Some("dry_run") => manner.dry_run = true,
            _ => {}
        }
    }
    Ok(None)
}

async fn within<T>(pause: Duration, read: impl Future<Output = multer::Result<T>>) -> Result<T, PageError> {
    match tokio::time::timeout(pause, read).await {
        Ok(Ok(read)) => Ok(read),
        Ok(Err(_)) | Err(_) => Err(broken()),
    }
}

fn broken() -> PageError {
    ApiError::new(StatusCode::BAD_REQUEST, "invalid_request", "The form could not be read").into()
}

/// Imports everything, and collects what there is to tell.
async fn carry_out(mut import: Import, manner: Manner) -> ImportReport {
    let (mut refused, mut last, mut is_complete, mut reached) = (Vec::new(), Counts::default(), false, 0);
    while let Some(told) = import.next().await {
        for told in told {
            match told {
                Told::Problem { line, problem } if refused.len() < MOST_LISTED => {
                    refused.push(RefusedLine { line, problem });
                }
                Told::Problem { .. } => {}
                Told::Progress { through, counts, complete, .. } => {
                    (reached, last, is_complete) = (through, counts, complete == Some(true));
                }
            }
        }
    }
    let unlisted = last.refused.saturating_sub(u64::try_from(refused.len()).unwrap_or(u64::MAX));
    ImportReport {
        is_dry: manner.dry_run,
        is_complete,
        through: reached,
        added: last.added,
        known: last.known,
        refused: last.refused,
        lines: refused,
        unlisted,
    }
}
