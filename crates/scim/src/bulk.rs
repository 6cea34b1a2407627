//! `POST /scim/v2/Bulk`: several operations in one request (RFC 7644 §3.7). Each is one transaction of its own.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::{Request, State};
use axum::response::Response;
use http::Method;
use serde_json::{Map, Value, json};
use sigma_core::scim::{BULK_REQUEST, BULK_RESPONSE, MOST_BULK_OPERATIONS, Problem, ProblemKind};
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;

use crate::answer::{Answer, base};
use crate::caller::ScimCaller;
use crate::error::ScimError;
use crate::wire::ScimBulk;
use crate::{LARGE, body, groups, users};

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(LARGE, routes!(bulk))
}

/// Runs up to 100 operations. `bulkId:` in a path or value stands for the id of what another operation creates; the operation
/// waits for that one, wherever it is in the request.
#[utoipa::path(
    post,
    path = "/scim/v2/Bulk",
    operation_id = "scimBulk",
    tag = "Provisioning",
    security(("scim_token" = [])),
    request_body(content = ScimBulk, content_type = "application/scim+json"),
    responses(
        (status = 200, description = "The outcome of each", body = ScimBulk, content_type = "application/scim+json"),
        (status = 400, description = "A malformed request"),
        (status = 401, description = "No token, or one that does not work"),
        (status = 413, description = "Too large, or too many operations"),
        (status = 415, description = "Not JSON"),
        (status = 429, description = "Too many requests"),
    )
)]
async fn bulk(State(sigma): State<AppState>, caller: ScimCaller, request: Request) -> Response {
    let answered = answer(&sigma, &caller, request).await;
    caller.answer(&sigma, answered).await
}

/// One operation.
struct Operation {
    method: Method,
    path: String,
    bulk_id: Option<String>,
    version: Option<String>,
    data: Value,
    /// What it waits for.
    needs: BTreeSet<String>,
}

async fn answer(sigma: &AppState, caller: &ScimCaller, request: Request) -> Result<Answer, ScimError> {
    let body = body::read(request).await?;
    let (operations, most_errors) = parse(&body)?;
    let mut outcomes: Vec<Option<Value>> = operations.iter().map(|_| None).collect();
    let mut known = BTreeMap::new();
    let mut failed = 0_usize;
    let mut waiting: Vec<(usize, Operation)> = operations.into_iter().enumerate().collect();
    while !waiting.is_empty() && failed < most_errors {
        // In their order, but for those that wait for others. If all wait, they wait for each other or for nothing: the first
        // is run all the same, and fails by the id that it names.
        let is_ready = |(_, operation): &(usize, Operation)| operation.needs.iter().all(|id| known.contains_key(id));
        let next = waiting.iter().position(is_ready).unwrap_or(0);
        let (index, operation) = waiting.remove(next);
        let outcome = run(sigma, caller, &operation, &known).await;
        if let Some(id) = outcome.created.zip(operation.bulk_id.clone()) {
            known.insert(id.1, id.0);
        }
        failed = failed.saturating_add(usize::from(outcome.failed));
        if let Some(slot) = outcomes.get_mut(index) {
            *slot = Some(outcome.body);
        }
    }
    let outcomes: Vec<Value> = outcomes.into_iter().flatten().collect();
    Ok(Answer::of(json!({"schemas": [BULK_RESPONSE], "Operations": outcomes})))
}

fn parse(body: &Map<String, Value>) -> Result<(Vec<Operation>, usize), Problem> {
    let is_bulk = |schema: &Value| schema.as_str().is_some_and(|urn| urn.eq_ignore_ascii_case(BULK_REQUEST));
    if !body.get("schemas").and_then(Value::as_array).is_some_and(|schemas| schemas.iter().any(is_bulk)) {
        return Err(Problem::syntax(format!("schemas must name {BULK_REQUEST}")));
    }
    let most_errors = match body.get("failOnErrors") {
        None | Some(Value::Null) => usize::MAX,
        Some(value) => {
            let number = value.as_u64().filter(|number| *number > 0);
            let number = number.ok_or_else(|| Problem::syntax("failOnErrors must be a positive number"))?;
            usize::try_from(number).unwrap_or(usize::MAX)
        }
    };
    let operations = body.get("Operations").and_then(Value::as_array);
    let operations = operations.ok_or_else(|| Problem::syntax("Operations must be an array"))?;
    if operations.len() > MOST_BULK_OPERATIONS {
        return Err(Problem::new(ProblemKind::TooLarge, "A bulk request has at most 100 operations"));
    }
    let operations: Vec<Operation> = operations.iter().map(parse_one).collect::<Result<_, _>>()?;
    let mut seen = BTreeSet::new();
    if !operations.iter().filter_map(|operation| operation.bulk_id.as_ref()).all(|id| seen.insert(id)) {
        return Err(Problem::value("Each bulkId must be used once"));
    }
    Ok((operations, most_errors))
}

fn parse_one(operation: &Value) -> Result<Operation, Problem> {
    let text = |name: &str| operation.get(name).and_then(Value::as_str).map(str::to_owned);
    let method = text("method").map(|method| method.to_ascii_uppercase());
    let method = match method.as_deref() {
        Some("POST") => Method::POST,
        Some("PUT") => Method::PUT,
        Some("PATCH") => Method::PATCH,
        Some("DELETE") => Method::DELETE,
        _ => return Err(Problem::syntax("method must be POST, PUT, PATCH or DELETE")),
    };
    let path = text("path").ok_or_else(|| Problem::syntax("path is missing"))?;
    let data = operation.get("data").cloned().unwrap_or_default();
    let bulk_id = text("bulkId").filter(|id| !id.is_empty());
    if method == Method::POST && bulk_id.is_none() {
        return Err(Problem::syntax("A POST needs a bulkId"));
    }
    let mut needs = BTreeSet::new();
    references(&data, &mut needs);
    needs.extend(path.split('/').filter_map(|part| part.strip_prefix(REFERENCE)).map(str::to_owned));
    Ok(Operation { method, path, bulk_id, version: text("version"), data, needs })
}

/// What stands before a bulk id that is referred to.
const REFERENCE: &str = "bulkId:";

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => found.extend(text.strip_prefix(REFERENCE).map(str::to_owned)),
        Value::Array(entries) => entries.iter().for_each(|entry| references(entry, found)),
        Value::Object(members) => members.values().for_each(|member| references(member, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// `value` with ids in place of the references that are known.
fn resolved(value: &Value, known: &BTreeMap<String, String>) -> Value {
    match value {
        Value::String(text) => match text.strip_prefix(REFERENCE).and_then(|id| known.get(id)) {
            Some(id) => Value::String(id.clone()),
            None => value.clone(),
        },
        Value::Array(entries) => entries.iter().map(|entry| resolved(entry, known)).collect(),
        Value::Object(members) => {
            Value::Object(members.iter().map(|(name, member)| (name.clone(), resolved(member, known))).collect())
        }
        other => other.clone(),
    }
}

struct Outcome {
    body: Value,
    failed: bool,
    /// The id of what was created.
    created: Option<String>,
}

async fn run(
    sigma: &AppState,
    caller: &ScimCaller,
    operation: &Operation,
    known: &BTreeMap<String, String>,
) -> Outcome {
    let answered = dispatch(sigma, caller, operation, known).await;
    let mut body = Map::new();
    body.insert("method".to_owned(), Value::from(operation.method.as_str()));
    if let Some(bulk_id) = &operation.bulk_id {
        body.insert("bulkId".to_owned(), Value::from(bulk_id.as_str()));
    }
    let mut created = None;
    let failed = answered.is_err();
    match answered {
        Ok(answer) => {
            if operation.method == Method::POST {
                let id = answer.body.as_ref().and_then(|body| body.get("id")).and_then(Value::as_str);
                created = id.map(str::to_owned);
            }
            let location = answer.location.or_else(|| {
                let path = resolved_path(&operation.path, known);
                (operation.method != Method::POST).then(|| format!("{}{path}", base(sigma)))
            });
            body.extend(location.map(|location| ("location".to_owned(), Value::from(location))));
            body.extend(answer.version.map(|version| ("version".to_owned(), Value::from(version.as_str()))));
            body.insert("status".to_owned(), Value::from(answer.status.as_str()));
        }
        Err(error) => {
            let (status, response) = error.in_bulk();
            if operation.method != Method::POST {
                let path = resolved_path(&operation.path, known);
                body.insert("location".to_owned(), Value::from(format!("{}{path}", base(sigma))));
            }
            body.insert("status".to_owned(), Value::from(status.as_str()));
            body.insert("response".to_owned(), response);
        }
    }
    Outcome { body: Value::Object(body), failed, created }
}

fn resolved_path(path: &str, known: &BTreeMap<String, String>) -> String {
    let part = |part: &str| match part.strip_prefix(REFERENCE).and_then(|id| known.get(id)) {
        Some(id) => id.clone(),
        None => part.to_owned(),
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

async fn dispatch(
    sigma: &AppState,
    caller: &ScimCaller,
    operation: &Operation,
    known: &BTreeMap<String, String>,
) -> Result<Answer, ScimError> {
    if operation.needs.iter().any(|id| !known.contains_key(id)) {
        let words = "A bulkId is not that of an operation that succeeded before";
        return Err(Problem::new(ProblemKind::Conflict, words).into());
    }
    let path = resolved_path(&operation.path, known);
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let version = operation.version.clone();
    let object = || match resolved(&operation.data, known) {
        Value::Object(members) => Ok(members),
        _ => Err(Problem::syntax("data must be an object")),
    };
    match (operation.method.as_str(), parts.as_slice()) {
        ("POST", ["Users"]) => users::create(sigma, caller, &object()?).await,
        ("POST", ["Groups"]) => groups::create(sigma, caller, &object()?).await,
        ("PUT", ["Users", id]) => users::replace(sigma, caller, (*id).to_owned(), &object()?, version).await,
        ("PUT", ["Groups", id]) => groups::replace(sigma, caller, (*id).to_owned(), &object()?, version).await,
        ("PATCH", ["Users", id]) => users::patch(sigma, caller, (*id).to_owned(), &object()?, version).await,
        ("PATCH", ["Groups", id]) => groups::patch(sigma, caller, (*id).to_owned(), &object()?, version).await,
        ("DELETE", ["Users", id]) => users::remove(sigma, caller, (*id).to_owned(), version).await,
        ("DELETE", ["Groups", id]) => groups::remove(sigma, caller, (*id).to_owned(), version).await,
        _ => Err(Problem::not_found().into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_found_and_resolved_wherever_they_are() {
        let data = json!({"members": [{"value": "bulkId:ada"}, {"value": "scu_1"}], "displayName": "bulkId"});
        let mut found = BTreeSet::new();
        references(&data, &mut found);
        assert_eq!(found, BTreeSet::from(["ada".to_owned()]));
        let known = BTreeMap::from([("ada".to_owned(), "scu_2".to_owned())]);
        let expected = json!({"members": [{"value": "scu_2"}, {"value": "scu_1"}], "displayName": "bulkId"});
        assert_eq!(resolved(&data, &known), expected);
        assert_eq!(resolved_path("/Users/bulkId:ada", &known), "/Users/scu_2");
        assert_eq!(resolved_path("/Users/bulkId:eve", &known), "/Users/bulkId:eve");
    }
}
