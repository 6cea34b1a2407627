//! `/org/{org}/import`: reads a CSV file, lets the admin say which column holds what, and keeps the lines as a batch, which
//! is sent step by step.

use std::collections::BTreeMap;

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use serde_json::Value as Json;
use sigma_core::ids::{MeritBatchId, MeritTemplateId};
use sigma_core::merits::PersonName;
use sigma_core::params::Params;
use sigma_platform::http::policy::BodyLimit;
use sigma_platform::http::{Endpoint, Policy};
use sigma_platform::pages::policy::{FORM, PAGE};
use sigma_platform::state::AppState;
use sigma_store::merits::batch::{self, Batch, Line, NewBatch, STEP};
use sigma_store::merits::send::Manner;
use sigma_store::merits::template;

use super::OrgAdmin;
use super::batch::state_word;
use super::templates::choices;
use super::values::{Described, entered_fields};
use crate::pages::csv::{self, CsvProblem, MOST_COLUMNS, MOST_LINES, Table};
use crate::pages::form::Upload;
use crate::pages::outcome::{PageError, known, refused};
use crate::pages::view::{BatchLine, Choice, ImportPage, MapPage, MapTarget, Notice, PreviewRow, Tab};

/// The largest file, with the form around it.
const FILE: Policy = Policy { body: BodyLimit::Kibibytes(4_200), ..FORM };
/// Lines that the choice of columns shows.
const PREVIEWED: usize = 5;
/// Characters of an address that are kept: more than any address has.
const LONGEST_ADDRESS: usize = 320;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 3] {
    [
        Endpoint::get(PAGE, "/org/{org}/import", show),
        Endpoint::post(FILE, "/org/{org}/import/read", choose_columns),
        Endpoint::post(FILE, "/org/{org}/import", keep),
    ]
}

async fn show(
    State(sigma): State<AppState>,
    admin: OrgAdmin,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = Params::parse(query.as_deref().unwrap_or_default());
    page(&sigma, &admin, query.get("template").unwrap_or_default(), StatusCode::OK, None).await
}

async fn page(
    sigma: &AppState,
    admin: &OrgAdmin,
    template: &str,
    status: StatusCode,
    notice: Option<Notice>,
) -> Result<Response, PageError> {
    let (org_id, chosen) = (admin.org.id.clone(), MeritTemplateId::parse(template));
    let found = sigma.store.read(move |tx| Ok((choices(tx, &org_id, chosen.as_ref())?, batch::list(tx, &org_id)?)));
    let (templates, batches) = found.await?;
    let line = |batch: &Batch| BatchLine {
        id: batch.id.to_string(),
        file: batch.file_name.clone(),
        words: counts(admin, batch),
        state: state_word(admin, batch.state),
    };
    let view = ImportPage { templates, most_lines: MOST_LINES, batches: batches.iter().take(20).map(line).collect() };
    Ok(view.render(status, &admin.frame(Tab::Sent, notice), &admin.page(sigma)))
}

fn counts(admin: &OrgAdmin, batch: &Batch) -> String {
    let words = admin.language.text("merits-batch-counts").with("done", batch.done);
    words.with("lines", batch.lines).with("failed", batch.failed).to_string()
}

/// What is wrong with a file.
fn told(admin: &OrgAdmin, problem: CsvProblem) -> Notice {
    let words = match problem {
        CsvProblem::Empty => admin.language.text("merits-import-empty"),
        CsvProblem::NoRows => admin.language.text("merits-import-no-rows"),
        CsvProblem::NotText => admin.language.text("merits-import-not-text"),
        CsvProblem::TooManyLines => admin.language.text("merits-import-lines").with("lines", MOST_LINES),
        CsvProblem::TooManyColumns => admin.language.text("merits-import-columns").with("columns", MOST_COLUMNS),
        CsvProblem::Broken { line } => admin.language.text("merits-import-broken").with("line", line),
    };
    Notice::Refused(words.to_string())
}

async fn fields_of(sigma: &AppState, admin: &OrgAdmin, id: &MeritTemplateId) -> Result<Vec<Described>, PageError> {
    let (org_id, id) = (admin.org.id.clone(), id.clone());
    let found = sigma.store.read(move |tx| {
        let template = template::find(tx, &org_id, &id)?.filter(|template| !template.access && !template.archived);
        template.map(|_| entered_fields(tx, &org_id, &id)).transpose()
    });
    known(found.await?)
}

/// Reads a list, which takes a while if it is large: not on a thread that serves connections.
async fn read(file: &[u8]) -> Result<Table, CsvProblem> {
    let file = file.to_vec();
    tokio::task::spawn_blocking(move || csv::read(&file)).await.unwrap_or(Err(CsvProblem::NotText))
}

async fn choose_columns(State(sigma): State<AppState>, admin: OrgAdmin, upload: Upload) -> Result<Response, PageError> {
    let template = upload.text("template");
    let id = known(MeritTemplateId::parse(&template))?;
    let fields = fields_of(&sigma, &admin, &id).await?;
    let Some(file) = upload.content("file") else {
        let notice = Some(Notice::Refused(admin.text("merits-import-no-file")));
        return page(&sigma, &admin, &template, StatusCode::BAD_REQUEST, notice).await;
    };
    let table = match read(file).await {
        Ok(table) => table,
        Err(problem) => {
            let notice = Some(told(&admin, problem));
            return page(&sigma, &admin, &template, StatusCode::BAD_REQUEST, notice).await;
        }
    };
    let name = upload.file_name("file").unwrap_or("list.csv");
    let text = String::from_utf8_lossy(file);
    Ok(columns(&sigma, &admin, &id, &fields, &table, (name, &text), None))
}

/// The page that asks which column holds what.
fn columns(
    sigma: &AppState,
    admin: &OrgAdmin,
    id: &MeritTemplateId,
    fields: &[Described],
    table: &Table,
    (file, text): (&str, &str),
    notice: Option<Notice>,
) -> Response {
    let status = if notice.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let names: Vec<String> = table.headers.iter().map(|header| plain(header)).collect();
    let target = |target: Target| {
        let guess = target.guess(&names);
        let column = |(column, header): (usize, &String)| Choice {
            value: column.to_string(),
            label: if header.is_empty() { format!("#{}", column.saturating_add(1)) } else { header.clone() },
            selected: guess == Some(column),
        };
        MapTarget {
            required: target.required,
            columns: table.headers.iter().enumerate().map(column).collect(),
            name_attr: target.input,
            label: target.label,
        }
    };
    let view = MapPage {
        template: id.to_string(),
        file: file.to_owned(),
        text: text.to_owned(),
        lines: table.rows.len(),
        targets: targets(admin, fields).into_iter().map(target).collect(),
        headers: table.headers.clone(),
        rows: table
            .rows
            .iter()
            .take(PREVIEWED)
            .map(|row| PreviewRow {
                number: row.line,
                cells: (0..table.headers.len()).map(|column| row.cell(column).to_owned()).collect(),
            })
            .collect(),
    };
    view.render(status, &admin.frame(Tab::Sent, notice), &admin.page(sigma))
}

/// What a column is chosen for.
struct Target {
    /// The name of its input.
    input: String,
    /// What it is.
    label: String,
    /// Whether a column must be chosen.
    required: bool,
    /// How columns for it are often called.
    names: Vec<String>,
}

impl Target {
    /// The column that is probably meant; `columns` are [`plain`].
    fn guess(&self, columns: &[String]) -> Option<usize> {
        columns.iter().position(|column| self.names.contains(column))
    }
}

/// A name without what people write differently.
fn plain(name: &str) -> String {
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn targets(admin: &OrgAdmin, fields: &[Described]) -> Vec<Target> {
    let own = |input: &str, key: &'static str, required, names: &[&str]| Target {
        input: input.to_owned(),
        label: admin.text(key),
        required,
        names: names.iter().map(|name| (*name).to_owned()).collect(),
    };
    let mut targets = vec![
        own(
            "column_email",
            "merits-map-email",
            true,
            &["email", "mail", "emailaddress", "emailadresse", "recipientemail"],
        ),
        own("column_name", "merits-map-full-name", false, &["name", "fullname", "recipientname"]),
        own("column_first", "merits-map-first", false, &["firstname", "givenname", "vorname"]),
        own("column_last", "merits-map-last", false, &["lastname", "surname", "familyname", "nachname"]),
    ];
    for (field, _) in fields.iter().filter(|(field, _)| field.setting.value_for_all.is_none()) {
        targets.push(Target {
            input: format!("column_{}", field.setting.field_id.digits()),
            label: field.name.clone(),
            required: field.setting.required,
            names: vec![plain(&field.name)],
        });
    }
    targets
}

async fn keep(State(sigma): State<AppState>, admin: OrgAdmin, upload: Upload) -> Result<Response, PageError> {
    let template = upload.text("template");
    let id = known(MeritTemplateId::parse(&template))?;
    let fields = fields_of(&sigma, &admin, &id).await?;
    let text = String::from_utf8_lossy(upload.content("text").unwrap_or_default());
    let table = match read(text.as_bytes()).await {
        Ok(table) => table,
        Err(problem) => {
            let notice = Some(told(&admin, problem));
            return page(&sigma, &admin, &template, StatusCode::BAD_REQUEST, notice).await;
        }
    };
    let file = upload.text("file_name");
    let column = |input: &str| upload.text(input).parse::<usize>().ok().filter(|column| *column < table.headers.len());
    for target in targets(&admin, &fields) {
        if target.required && column(&target.input).is_none() {
            let words = admin.language.text("merits-map-missing").with("field", target.label).to_string();
            let notice = Some(Notice::Refused(words));
            return Ok(columns(&sigma, &admin, &id, &fields, &table, (&file, &text), notice));
        }
    }
    let names = (column("column_name"), column("column_first"), column("column_last"));
    if matches!(names, (None, None, None)) {
        let notice = Some(Notice::Refused(admin.text("merits-map-no-name")));
        return Ok(columns(&sigma, &admin, &id, &fields, &table, (&file, &text), notice));
    }
    let email = column("column_email").unwrap_or_default();
    let chosen: Vec<_> = fields
        .iter()
        .filter_map(|(field, _)| {
            let at = column(&format!("column_{}", field.setting.field_id.digits()))?;
            Some((field.setting.field_id.clone(), at))
        })
        .collect();
    let line = |row: &csv::Row| {
        let cell = |at: Option<usize>| at.map(|at| row.cell(at)).unwrap_or_default();
        // One without a usable name is kept: its line is reported as failed.
        let name = match names {
            (Some(whole), _, _) if !row.cell(whole).is_empty() => PersonName::of_text(row.cell(whole)),
            (_, first, last) => PersonName::new(cell(first), cell(last)),
        };
        Line {
            line: i64::try_from(row.line).unwrap_or(i64::MAX),
            email: row.cell(email).chars().take(LONGEST_ADDRESS).collect(),
            name: name.unwrap_or_default(),
            values: chosen
                .iter()
                .map(|(field_id, at)| (field_id.clone(), Json::String(row.cell(*at).to_owned())))
                .collect::<BTreeMap<_, _>>(),
        }
    };
    let manner = if upload.is_checked("proposed") { Manner::Propose } else { Manner::Send };
    let now = sigma.now();
    let batch_id = MeritBatchId::new(now, &*sigma.rng);
    let new = NewBatch { id: batch_id.clone(), template_id: id, file_name: file, manner, now };
    let (org_id, user_id) = (admin.org.id.clone(), admin.user_id.clone());
    if let Err(problem) = admin.act(&sigma, move |tx| batch::add(tx, &org_id, &user_id, &new)).await? {
        let notice = Some(refused(problem, admin.language));
        return page(&sigma, &admin, &template, StatusCode::CONFLICT, notice).await;
    }
    for rows in table.rows.chunks(usize::try_from(STEP).unwrap_or(500)) {
        let lines: Vec<Line> = rows.iter().map(&line).collect();
        let (org_id, user_id, id) = (admin.org.id.clone(), admin.user_id.clone(), batch_id.clone());
        let added = admin.act(&sigma, move |tx| batch::add_lines(tx, &org_id, &user_id, &id, &lines, now));
        if let Err(problem) = added.await? {
            let notice = Some(refused(problem, admin.language));
            return page(&sigma, &admin, &template, StatusCode::CONFLICT, notice).await;
        }
    }
    Ok(Redirect::to(&admin.path(&format!("import/{batch_id}"))).into_response())
}
