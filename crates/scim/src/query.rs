//! What a caller wants to see: parameters of GET, members of a search by POST.

use serde_json::{Map, Value};
use sigma_core::params::Params;
use sigma_core::scim::{DEFAULT_RESULTS, Filter, MOST_RESULTS, Problem, Projection, ResourceType, SEARCH, Sort};
use sigma_store::scim::directory::Search;

/// The projection that the query of any request asks for.
///
/// # Errors
/// `invalidValue`
pub fn projection(of: ResourceType, query: &str) -> Result<Projection, Problem> {
    let params = Params::parse(query);
    Projection::parse(of, &names(&params, "attributes"), &names(&params, "excludedAttributes"))
}

fn names<'p>(params: &'p Params, name: &str) -> Vec<&'p str> {
    params
        .raw(name)
        .map(|list| list.split(',').map(str::trim).filter(|name| !name.is_empty()).collect())
        .unwrap_or_default()
}

/// The search of a GET.
///
/// # Errors
/// `invalidFilter`, `invalidValue`, `invalidPath`
pub fn search(of: ResourceType, query: &str) -> Result<Search, Problem> {
    let params = Params::parse(query);
    if params.repeated().is_some() {
        return Err(Problem::value("A parameter must be sent once"));
    }
    if params.with_nul().is_some() {
        return Err(Problem::value("A parameter must not contain a NUL"));
    }
    let number = |name: &str| match params.raw(name) {
        None | Some("") => Ok(None),
        Some(text) => {
            text.trim().parse::<i64>().map(Some).map_err(|_| Problem::value(format!("{name} must be a number")))
        }
    };
    build(
        of,
        &Wanted {
            filter: params.raw("filter"),
            sort_by: params.raw("sortBy"),
            sort_order: params.raw("sortOrder"),
            start_index: number("startIndex")?,
            count: number("count")?,
            projection: projection(of, query)?,
        },
    )
}

/// The search of a POST (RFC 7644 §3.4.3).
///
/// # Errors
/// As [`search`], and `invalidSyntax`
pub fn posted(of: ResourceType, body: &Map<String, Value>) -> Result<Search, Problem> {
    let is_search = |schema: &Value| schema.as_str().is_some_and(|urn| urn.eq_ignore_ascii_case(SEARCH));
    if !body.get("schemas").and_then(Value::as_array).is_some_and(|schemas| schemas.iter().any(is_search)) {
        return Err(Problem::syntax(format!("schemas must name {SEARCH}")));
    }
    let text = |name: &str| match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(Problem::syntax(format!("{name} must be a text"))),
    };
    let number = |name: &str| match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_i64().map(Some).ok_or_else(|| Problem::value(format!("{name} must be a number"))),
    };
    let names = |name: &str| match body.get(name) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(names)) => Ok(names.iter().filter_map(Value::as_str).collect()),
        Some(_) => Err(Problem::syntax(format!("{name} must be an array"))),
    };
    let wanted = Wanted {
        filter: text("filter")?,
        sort_by: text("sortBy")?,
        sort_order: text("sortOrder")?,
        start_index: number("startIndex")?,
        count: number("count")?,
        projection: Projection::parse(of, &names("attributes")?, &names("excludedAttributes")?)?,
    };
    build(of, &wanted)
}

struct Wanted<'q> {
    filter: Option<&'q str>,
    sort_by: Option<&'q str>,
    sort_order: Option<&'q str>,
    start_index: Option<i64>,
    count: Option<i64>,
    projection: Projection,
}

/// Numbers out of range count as the nearest one (RFC 7644 §3.4.2.4).
fn build(of: ResourceType, wanted: &Wanted<'_>) -> Result<Search, Problem> {
    let filter = wanted.filter.filter(|text| !text.trim().is_empty());
    let sort_by = wanted.sort_by.filter(|text| !text.trim().is_empty());
    let count = wanted.count.map_or(DEFAULT_RESULTS, |count| u32::try_from(count.max(0)).unwrap_or(u32::MAX));
    Ok(Search {
        of,
        filter: filter.map(|text| Filter::parse(of, text)).transpose()?,
        sort: sort_by.map(|by| Sort::parse(of, by, wanted.sort_order)).transpose()?,
        start_index: wanted.start_index.map_or(1, |start| u64::try_from(start.max(1)).unwrap_or(1)),
        count: count.min(MOST_RESULTS),
        projection: wanted.projection.clone(),
    })
}
