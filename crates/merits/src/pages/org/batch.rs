//! `/org/{org}/import/{batch}`: the progress of a list, which can be stopped and resumed, and its report.

use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;
use sigma_core::ids::{JobId, MeritBatchId};
use sigma_core::merits::{MeritProblem, RequestFault};
use sigma_core::params::Params;
use sigma_platform::http::Endpoint;
use sigma_platform::pages::policy::{FORM, PAGE};
use sigma_platform::state::AppState;
use sigma_store::job_queue::{self, NewJob};
use sigma_store::merits::batch::{self, Batch, BatchState, Failed, Reported};
use sigma_store::merits::template;

use super::OrgAdmin;
use crate::batches;
use crate::pages::csv::{Writer, csv_response};
use crate::pages::outcome::{PageError, known, reason, refused};
use crate::pages::view::{BatchPage, LineOutcome, Notice, StatusWord, Tab};

/// Lines of a page.
const LIMIT: u32 = 50;
/// Lines that the report reads at once.
const STEP: u32 = 500;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 4] {
    [
        Endpoint::get(PAGE, "/org/{org}/import/{batch}", show),
        Endpoint::get(PAGE, "/org/{org}/import/{batch}/report.csv", report),
        Endpoint::post(FORM, "/org/{org}/import/{batch}/start", start),
        Endpoint::post(FORM, "/org/{org}/import/{batch}/stop", stop),
    ]
}

/// The batch in the path.
#[derive(Deserialize)]
struct Named {
    batch: String,
}

impl Named {
    fn id(&self) -> Result<MeritBatchId, PageError> {
        known(MeritBatchId::parse(&self.batch))
    }
}

/// A state in words.
pub fn state_word(admin: &OrgAdmin, state: BatchState) -> StatusWord {
    let (key, class) = match state {
        BatchState::Draft => ("merits-batch-draft", "waiting"),
        BatchState::Running => ("merits-batch-running", "waiting"),
        BatchState::Stopped => ("merits-batch-stopped", "off"),
        BatchState::Finished => ("merits-batch-finished", "good"),
    };
    StatusWord { label: admin.text(key), class }
}

async fn show(
    State(sigma): State<AppState>,
    admin: OrgAdmin,
    Path(named): Path<Named>,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = Params::parse(query.as_deref().unwrap_or_default());
    page(&sigma, &admin, named.id()?, &query, StatusCode::OK, None).await
}

async fn page(
    sigma: &AppState,
    admin: &OrgAdmin,
    id: MeritBatchId,
    query: &Params,
    status: StatusCode,
    notice: Option<Notice>,
) -> Result<Response, PageError> {
    let only = query.get("failed").map(|_| Failed);
    let after = query.get("after").and_then(|text| text.parse().ok()).unwrap_or(0);
    let (org_id, batch_id) = (admin.org.id.clone(), id.clone());
    let found = sigma.store.read(move |tx| {
        let Some(batch) = batch::find(tx, &org_id, &batch_id)? else { return Ok(None) };
        let lines = batch::report(tx, &org_id, &batch_id, only, after, LIMIT + 1)?;
        let template = template::find(tx, &org_id, &batch.template_id)?;
        Ok(Some((batch, lines, template)))
    });
    let (batch, mut lines, template) = known(found.await?)?;
    let has_more = lines.len() > usize::try_from(LIMIT).unwrap_or(usize::MAX);
    lines.truncate(usize::try_from(LIMIT).unwrap_or(usize::MAX));
    let base = admin.path(&format!("import/{id}"));
    let filter = if only.is_some() { "failed=1&" } else { "" };
    let count = |count: i64| u64::try_from(count).unwrap_or(0);
    let view = BatchPage {
        file: batch.file_name.clone(),
        template: template.map(|template| template.title).unwrap_or_default(),
        state: state_word(admin, batch.state),
        lines: count(batch.lines),
        done: count(batch.done),
        failed: count(batch.failed),
        may_start: batch.state == BatchState::Draft,
        may_resume: batch.state == BatchState::Stopped,
        running: batch.state == BatchState::Running,
        next_url: lines.last().filter(|_| has_more).map(|last| format!("{base}?{filter}after={}", last.line)),
        outcomes: lines.iter().map(|line| outcome(admin, line)).collect(),
        only_failed_url: (only.is_none() && batch.failed > 0).then(|| format!("{base}?failed=1")),
        all_url: only.is_some().then(|| base.clone()),
        id: id.to_string(),
    };
    Ok(view.render(status, &admin.frame(Tab::Sent, notice), &admin.page(sigma)))
}

fn outcome(admin: &OrgAdmin, line: &Reported) -> LineOutcome {
    let outcome = match (&line.merit_id, &line.error) {
        (_, Some(code)) => problem(admin, code),
        (Some(_), None) => admin.text("merits-batch-sent"),
        (None, None) => admin.text("merits-batch-waits"),
    };
    LineOutcome {
        number: u64::try_from(line.line).unwrap_or(0),
        email: line.email.clone(),
        outcome,
        sent: line.merit_id.is_some(),
        failed: line.error.is_some(),
    }
}

/// Why a line failed. What only addresses can be wrong in has no code of its own.
fn problem(admin: &OrgAdmin, code: &str) -> String {
    let problem = match MeritProblem::of_code(code) {
        Some(MeritProblem::Request(_)) => RequestFault::Email.into(),
        Some(problem) => problem,
        None => RequestFault::Parameter.into(),
    };
    reason(problem, admin.language)
}

async fn start(
    State(sigma): State<AppState>,
    admin: OrgAdmin,
    Path(named): Path<Named>,
) -> Result<Response, PageError> {
    let (id, now) = (named.id()?, sigma.now());
    let job_id = JobId::new(now, &*sigma.rng);
    let (org_id, user_id, batch_id) = (admin.org.id.clone(), admin.user_id.clone(), id.clone());
    let started = admin.act(&sigma, move |tx| {
        let batch = batch::start(tx, &org_id, &user_id, &batch_id, now)?;
        let job = NewJob {
            id: job_id.clone(),
            kind: batches::JOB,
            org_id: Some(org_id.clone()),
            payload: batch_id.to_string(),
            run_at: None,
            now,
        };
        if job_queue::enqueue(tx, &job)? == job_queue::Enqueued::Queued {
            return Ok(batch);
        }
        // Undone, because a refusal commits.
        batch::stop(tx, &org_id, &user_id, &batch_id, now)?;
        Err(RequestFault::TooMany.into())
    });
    after(&sigma, &admin, id, started.await?).await
}

async fn stop(State(sigma): State<AppState>, admin: OrgAdmin, Path(named): Path<Named>) -> Result<Response, PageError> {
    let (id, now) = (named.id()?, sigma.now());
    let (org_id, user_id, batch_id) = (admin.org.id.clone(), admin.user_id.clone(), id.clone());
    let stopped = admin.act(&sigma, move |tx| batch::stop(tx, &org_id, &user_id, &batch_id, now)).await?;
    after(&sigma, &admin, id, stopped).await
}

/// The page of the list. That it is in the wanted state already is no failure.
async fn after(
    sigma: &AppState,
    admin: &OrgAdmin,
    id: MeritBatchId,
    result: Result<Batch, MeritProblem>,
) -> Result<Response, PageError> {
    match result {
        Ok(_) | Err(MeritProblem::Request(RequestFault::Batch)) => {
            Ok(Redirect::to(&admin.path(&format!("import/{id}"))).into_response())
        }
        Err(problem) => {
            let notice = Some(refused(problem, admin.language));
            page(sigma, admin, id, &Params::parse(""), StatusCode::CONFLICT, notice).await
        }
    }
}

async fn report(
    State(sigma): State<AppState>,
    admin: OrgAdmin,
    Path(named): Path<Named>,
) -> Result<Response, PageError> {
    let id = named.id()?;
    let mut writer = Writer::new(&["line", "email", "outcome", "merit_id"]);
    let mut after = 0;
    loop {
        let (org_id, batch_id) = (admin.org.id.clone(), id.clone());
        let lines = sigma.store.read(move |tx| {
            let batch = batch::find(tx, &org_id, &batch_id)?;
            batch.map(|_| batch::report(tx, &org_id, &batch_id, None, after, STEP)).transpose()
        });
        let lines = known(lines.await?)?;
        for line in &lines {
            let outcome = match (&line.merit_id, &line.error) {
                (_, Some(code)) => code.as_str(),
                (Some(_), None) => "sent",
                (None, None) => "waiting",
            };
            let merit_id = line.merit_id.as_ref().map(sigma_core::ids::MeritId::digits).unwrap_or_default();
            writer.line([line.line.to_string().as_str(), &line.email, outcome, merit_id]);
        }
        match lines.last() {
            Some(last) if lines.len() == usize::try_from(STEP).unwrap_or(usize::MAX) => after = last.line,
            _ => return Ok(csv_response("report.csv", writer.finish())),
        }
    }
}
