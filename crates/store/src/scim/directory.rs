//! Lists and searches of what an org's directories provisioned.
//!
//! Without a filter a list is read page by page. A filter that demands an id or a name is answered by an index; any other
//! examines all rows, up to a bound.

use serde_json::{Map, Value as Json};
use sigma_core::ids::{ScimGroupId, ScimUserId};
use sigma_core::org::text::folded;
use sigma_core::scim::{Filter, Membership, Problem, ProblemKind, Projection, Resource, ResourceType, Sort};

use super::{Decision, Directory, group, user};
use crate::{Row, StoreError, Tx, Value, params};

/// Most groups of users, or members of groups, in one answer.
pub const MOST_RELATED: usize = 20_000;
/// Most resources that one search examines.
pub const MOST_EXAMINED: usize = 10_000;
/// Most bytes of what they say.
const MOST_BYTES: usize = 16 * 1024 * 1024;
/// Rows that are read at once.
const BATCH: usize = 500;

/// A search.
#[derive(Clone, Debug)]
pub struct Search {
    /// Of what.
    pub of: ResourceType,
    /// Which.
    pub filter: Option<Filter>,
    /// In which order; by age without one.
    pub sort: Option<Sort>,
    /// The first one of the page, counted from 1.
    pub start_index: u64,
    /// How many at most; 0 only counts.
    pub count: u32,
    /// What is shown of them.
    pub projection: Projection,
}

/// A page of what was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// How many there are on all pages.
    pub total: u64,
    /// Those of this page.
    pub resources: Vec<Resource>,
}

/// The name of what other resources a resource of that type shows.
const fn related_name(of: ResourceType) -> &'static str {
    match of {
        ResourceType::User => "groups",
        ResourceType::Group => "members",
    }
}

/// Runs a search. Users show their groups, and groups their members, unless they are excluded.
pub fn search(tx: &mut dyn Tx, directory: &Directory, search: &Search) -> Decision<Found> {
    let skip = search.start_index.saturating_sub(1);
    let name = related_name(search.of);
    let mut found = if search.filter.is_none() && search.sort.is_none() {
        let total = count(tx, directory, search.of)?;
        let resources = if search.count == 0 { Vec::new() } else { page(tx, directory, search, skip)? };
        Found { total, resources }
    } else {
        let mut matching = examine(tx, directory, search)?;
        if let Some(sort) = &search.sort {
            sort.apply(&mut matching, |(_, members)| members);
        }
        let total = u64::try_from(matching.len()).unwrap_or(u64::MAX);
        let skip = usize::try_from(skip).unwrap_or(usize::MAX);
        let count = usize::try_from(search.count).unwrap_or(usize::MAX);
        let resources = matching.into_iter().skip(skip).take(count).map(|(resource, _)| resource).collect();
        Found { total, resources }
    };
    if search.projection.shows(name) {
        let mut all = 0_usize;
        for resource in found.resources.iter_mut().filter(|resource| resource.related.is_none()) {
            let read = related(tx, directory, resource)?;
            all = all.saturating_add(read.len());
            if all > MOST_RELATED {
                let words = "One answer shows at most 20,000 groups of users or members of groups: ask for fewer resources, or \
                             leave them out by excludedAttributes";
                return Err(Problem::new(ProblemKind::TooMany, words).into());
            }
            resource.related = Some(read);
        }
    }
    Ok(found)
}

fn count(tx: &mut dyn Tx, directory: &Directory, of: ResourceType) -> Result<u64, StoreError> {
    let sql = match of {
        ResourceType::User => "SELECT count(*) FROM scim_users WHERE org_id = $1",
        ResourceType::Group => "SELECT count(*) FROM scim_groups WHERE org_id = $1",
    };
    let row = tx.query_opt(sql, params![&directory.org_id])?;
    row.map_or(Ok(0), |row| Ok(u64::try_from(row.int(0)?).unwrap_or(0)))
}

fn page(tx: &mut dyn Tx, directory: &Directory, search: &Search, skip: u64) -> Result<Vec<Resource>, StoreError> {
    let skip = i64::try_from(skip).unwrap_or(i64::MAX);
    let sql = match search.of {
        ResourceType::User => user::select!("s.org_id = $1 ORDER BY s.id LIMIT $2 OFFSET $3"),
        ResourceType::Group => group::select!("g.org_id = $1 ORDER BY g.id LIMIT $2 OFFSET $3"),
    };
    let rows = tx.query_all(sql, params![&directory.org_id, search.count, skip])?;
    rows.iter().map(|row| decode(search.of, row).map(|(resource, _)| resource)).collect()
}

fn decode(of: ResourceType, row: &Row) -> Result<(Resource, usize), StoreError> {
    Ok(match of {
        ResourceType::User => {
            let stored = user::decode(row)?;
            (stored.resource(None), stored.bytes)
        }
        ResourceType::Group => {
            let stored = group::decode(row)?;
            (stored.resource(None), stored.bytes)
        }
    })
}

fn related(tx: &mut dyn Tx, directory: &Directory, resource: &Resource) -> Result<Vec<Membership>, StoreError> {
    match resource.of {
        ResourceType::User => user::groups(tx, directory, &ScimUserId::from_text(resource.id.as_str())),
        ResourceType::Group => group::members(tx, directory, &ScimGroupId::from_text(resource.id.as_str())),
    }
}

/// The resources that the filter lets through, with their members, by age.
fn examine(tx: &mut dyn Tx, directory: &Directory, search: &Search) -> Decision<Vec<(Resource, Map<String, Json>)>> {
    let name = related_name(search.of);
    let reads_related = search.filter.as_ref().is_some_and(|filter| filter.reads(name))
        || search.sort.as_ref().is_some_and(|sort| sort.reads(name));
    let too_many = || {
        let words = "The search would examine more than 10,000 resources, or more than 16 MiB: narrow it by userName, \
                     externalId or id";
        Problem::new(ProblemKind::TooMany, words)
    };
    let mut found = Vec::new();
    let mut examined = 0_usize;
    let mut bytes = 0_usize;
    let mut after = String::new();
    loop {
        let (rows, is_last) = candidates(tx, directory, search, &after)?;
        for row in &rows {
            row.text(0)?.clone_into(&mut after);
            let (mut resource, size) = decode(search.of, row)?;
            examined = examined.saturating_add(1);
            bytes = bytes.saturating_add(size);
            if reads_related {
                let read = related(tx, directory, &resource)?;
                bytes = bytes.saturating_add(read.len().saturating_mul(100));
                resource.related = Some(read);
            }
            if examined > MOST_EXAMINED || bytes > MOST_BYTES {
                return Err(too_many().into());
            }
            let members = resource.to_members("");
            if search.filter.as_ref().is_none_or(|filter| filter.matches(&members)) {
                found.push((resource, members));
            }
        }
        if is_last {
            return Ok(found);
        }
    }
}

/// The next rows that may match, after that id; whether they are the last ones.
fn candidates(
    tx: &mut dyn Tx,
    directory: &Directory,
    search: &Search,
    after: &str,
) -> Result<(Vec<Row>, bool), StoreError> {
    let demanded = |name| search.filter.as_ref().and_then(|filter| filter.demands(name, None));
    let org_id = &directory.org_id;
    let users = search.of == ResourceType::User;
    let (sql, key): (&'static str, Option<Value>) = if let Some(id) = demanded("id") {
        let sql = if users {
            user::select!("s.org_id = $1 AND s.id = $2")
        } else {
            group::select!("g.org_id = $1 AND g.id = $2")
        };
        (sql, Some(id.replace('\0', "").into()))
    } else if let Some(name) = demanded("userName").filter(|_| users) {
        (user::select!("s.org_id = $1 AND s.user_name_folded = $2"), Some(folded(name).into()))
    } else if let Some(name) = demanded("displayName").filter(|_| !users) {
        (group::select!("g.org_id = $1 AND g.name_folded = $2"), Some(folded(name).into()))
    } else if let Some(id) = demanded("externalId") {
        let sql = if users {
            user::select!("s.org_id = $1 AND s.external_id = $2 ORDER BY s.id LIMIT 500")
        } else {
            group::select!("g.org_id = $1 AND g.external_id = $2 ORDER BY g.id LIMIT 500")
        };
        (sql, Some(id.into()))
    } else if users {
        (user::select!("s.org_id = $1 AND s.id > $2 ORDER BY s.id LIMIT 500"), None)
    } else {
        (group::select!("g.org_id = $1 AND g.id > $2 ORDER BY g.id LIMIT 500"), None)
    };
    let is_indexed = key.is_some();
    let key = key.unwrap_or_else(|| after.into());
    let rows = tx.query_all(sql, &[org_id.into(), key])?;
    let is_last = is_indexed || rows.len() < BATCH;
    Ok((rows, is_last))
}
