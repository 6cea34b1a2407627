//! A large installation as its operator sees it: written by SQL, and a walk through every page and list.

use std::collections::{BTreeSet, VecDeque};
use std::path::Path;

use rusqlite::{Connection as Database, params};
use serde_json::Value;
use sigma_core::time::Clock as _;

use crate::http::{Connection, get};
use crate::system::{Failure, SystemClock};

/// Days over which the events are spread, up to now.
const DAYS: i64 = 60;
/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;
/// The most pages that are looked at.
const MOST_PAGES: usize = 120;
/// First and last names: 400 pairs.
const FIRST: &str = r#"["Ada","Alan","Barbara","Claude","Donald","Edsger","Frances","Grace","Hedy","Ivan","Jean","Katherine","Linus","Margaret","Niklaus","Olga","Radia","Sophie","Tim","Zoë"]"#;
const LAST: &str = r#"["Allen","Bartik","Clarke","Dijkstra","Easley","Floyd","Goldberg","Hopper","Iverson","Johnson","Knuth","Lovelace","McCarthy","Noether","Okafor","Perlman","Ritchie","Shannon","Turing","Wilson"]"#;

/// What was written.
pub struct Crowd {
    people: u32,
    events: u32,
    /// When the first event was.
    since: i64,
}

impl Crowd {
    /// Adds people with an address and a password, a browser session for every tenth, and ten events for each.
    pub fn write(database: &Path, people: u32) -> Result<Self, Failure> {
        let crowd = Self { people, events: people.saturating_mul(10), since: SystemClock.now().micros() - DAYS * DAY };
        let connection = Database::open(database)?;
        connection
            .execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -400000; BEGIN")?;
        // Rows come in another order than those of an index: it is built from them faster than with them.
        let mut indexes = connection.prepare(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL
                AND tbl_name IN ('users', 'emails', 'credentials', 'sessions', 'events')",
        )?;
        let indexes: Vec<(String, String)> =
            indexes.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
        for (name, _) in &indexes {
            connection.execute_batch(&format!("DROP INDEX {name}"))?;
        }
        for statement in PEOPLE {
            connection.execute(&numbered(&statement.replace("{name}", NAME)), params![people, FIRST, LAST])?;
        }
        let step = DAYS * DAY / i64::from(crowd.events.max(1));
        connection.execute(&numbered(EVENTS), params![crowd.events, people, crowd.since, step])?;
        for (_, sql) in &indexes {
            connection.execute_batch(sql)?;
        }
        connection.execute_batch("COMMIT; PRAGMA journal_mode = WAL")?;
        Ok(crowd)
    }

    /// Somebody among them.
    pub fn somebody(&self) -> String {
        format!("user_b{:023x}", self.people / 2)
    }

    /// What follows the person after whom the last page of people begins.
    pub fn near_the_end() -> String {
        format!("user_b{:023x}", 40)
    }

    /// The place in the trail before which its last page is.
    pub fn first_events(&self) -> String {
        let step = DAYS * DAY / i64::from(self.events.max(1));
        format!("{}-evt_{:024x}", self.since + 40 * step, 40)
    }
}

/// The name of the person of that number.
const NAME: &str =
    "json_extract(?2, '$[' || (n % 20) || ']') || ' ' || json_extract(?3, '$[' || (n / 20 % 20) || ']') || ' ' || n";

const PEOPLE: [&str; 6] = [
    "INSERT INTO users (id, name, origin_bound, disabled, created_at, updated_at)
     SELECT printf('user_b%023x', n), {name}, 0, 0, n, n FROM numbers",
    "INSERT INTO people_unindexed (user_id, version) SELECT printf('user_b%023x', n), length(?2 || ?3) * 0 FROM numbers",
    "INSERT INTO emails (folded, user_id, address, proven_at, is_primary, created_at)
     SELECT printf('crowd-%d@example.org', n), printf('user_b%023x', n), printf('crowd-%d@example.org', n), n, 1, n + length(?2 || ?3) * 0
     FROM numbers",
    "INSERT INTO passwords (user_id, hash, created_at, updated_at)
     SELECT printf('user_b%023x', n), '$2b$10$nOUIs5kJ7naTuTFkBy1veuK0kSxUFXfuaOKdOKf9xYT0KKIGSJwFa', n, n + length(?2 || ?3) * 0 FROM numbers",
    "INSERT INTO credentials (kind, id, user_id, created_at)
     SELECT 'password', printf('user_b%023x', n), printf('user_b%023x', n), n + length(?2 || ?3) * 0 FROM numbers",
    "INSERT INTO sessions (id, secret_hash, user_id, auth_time, methods, address, user_agent, created_at, updated_at, expires_at,
        delete_after)
     SELECT printf('ses_b%023x', n), randomblob(32), printf('user_b%023x', n), n, 'password', '203.0.113.7', 'Bench', n, n,
        9000000000000000, 9000000000000000 + length(?2 || ?3) * 0
     FROM numbers WHERE n % 10 = 0",
];

const EVENTS: &str = "INSERT INTO events (id, at, action, actor_kind, actor_id, user_id, org_id, target_kind, target_id, address,
        user_agent, request_id, count, details)
    SELECT printf('evt_%024x', n), ?3 + n * ?4,
        CASE n % 10 WHEN 0 THEN 'user.create' WHEN 1 THEN 'user.sign_in_failed' WHEN 2 THEN 'session.end' ELSE 'user.sign_in' END,
        CASE WHEN n % 10 = 0 THEN 'operator' ELSE 'user' END,
        CASE WHEN n % 10 <> 0 THEN printf('user_b%023x', 1 + n * 7919 % ?2) END,
        printf('user_b%023x', 1 + n * 7919 % ?2),
        CASE WHEN n % 20 = 3 THEN printf('org_c%023x', 1 + n % 10000) END,
        CASE n % 10 WHEN 0 THEN 'user' WHEN 2 THEN 'session' END,
        CASE n % 10 WHEN 0 THEN printf('user_b%023x', 1 + n * 7919 % ?2) WHEN 2 THEN printf('ses_b%023x', n) END,
        '203.0.113.7', 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0', printf('req_%024x', n), 1, '{\"method\":\"password\"}'
    FROM numbers";

fn numbered(statement: &str) -> String {
    format!("WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?1) {statement}")
}

/// The address of every page that links lead to from `start`, one of each form.
pub async fn pages(connection: &mut Connection, cookie: &str, start: &str) -> Result<Vec<String>, Failure> {
    let (mut seen, mut found, mut next) =
        (BTreeSet::from([form_of(start)]), Vec::new(), VecDeque::from([start.to_owned()]));
    while let Some(page) = next.pop_front().filter(|_| found.len() < MOST_PAGES) {
        let answer = connection.send(&get(&page, &[("Cookie", cookie)])).await?;
        if answer.status != 200 {
            println!("    {page}: {}", answer.status);
            continue;
        }
        let text = answer.text();
        for link in text.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            let link = link.replace("&amp;", "&").replace("&#38;", "&");
            let leads_on = link.starts_with("/console") && !link.contains(".csv") && !link.contains(".ndjson");
            if leads_on && seen.insert(form_of(&link)) {
                next.push_back(link);
            }
        }
        found.push(page);
    }
    Ok(found)
}

/// An address without what distinguishes pages of one form: ids, and the values of parameters.
fn form_of(address: &str) -> String {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let path = path.split('#').next().unwrap_or_default();
    let segments =
        path.split('/').map(|segment| if segment.contains('_') || segment.len() > 20 { "*" } else { segment });
    let mut names: Vec<&str> = query.split('&').filter_map(|pair| pair.split('=').next()).collect();
    names.sort_unstable();
    format!("{}?{}", segments.collect::<Vec<_>>().join("/"), names.join("&"))
}

/// Something that the management API reads without naming one thing.
pub struct List {
    pub path: String,
    /// Whether it has pages of a length that callers choose.
    pub has_limit: bool,
}

/// Everything that the management API reads so, page by page.
pub async fn lists(connection: &mut Connection) -> Result<Vec<List>, Failure> {
    let answer = connection.send(&get("/openapi.json", &[])).await?;
    let document: Value = serde_json::from_slice(answer.body)?;
    let paths = document.get("paths").and_then(Value::as_object).ok_or("a document without paths")?;
    let is_read = |(path, operations): &(&String, &Value)| {
        // What hands out everything there is, is no page of it; and admins are for people to see.
        let is_other = ["/export", "/declarations", "/admins"].iter().any(|end| path.ends_with(end));
        path.starts_with("/api/admin/v1/") && !path.contains('{') && !is_other && operations.get("get").is_some()
    };
    let has_limit = |operations: &Value| {
        let parameters = operations.pointer("/get/parameters").and_then(Value::as_array);
        parameters.is_some_and(|all| all.iter().any(|one| one.get("name").is_some_and(|name| name == "limit")))
    };
    let list = |(path, operations): (&String, &Value)| List { path: path.clone(), has_limit: has_limit(operations) };
    Ok(paths.iter().filter(is_read).map(list).collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use sigma_store::{Store, StoreOptions};

    use super::*;
    use crate::system::{SystemClock, SystemRng};

    #[test]
    fn a_large_installation_fits_the_schema() {
        let directory = tempfile::tempdir().unwrap();
        let database = directory.path().join("sigma.sqlite");
        let options = StoreOptions::serve(format!("sqlite:{}", database.display()));
        Store::open(&options, Arc::new(SystemClock), Arc::new(SystemRng)).unwrap().close();
        let crowd = Crowd::write(&database, 50).unwrap();
        let connection = Database::open(&database).unwrap();
        let count = |table: &str| -> u32 {
            connection.query_row(&format!("SELECT COUNT(*) FROM {table}"), [], |row| row.get(0)).unwrap()
        };
        assert_eq!(
            ["users", "emails", "passwords", "credentials", "sessions", "events"].map(count),
            [50, 50, 50, 50, 5, 500]
        );
        let name: String =
            connection.query_row("SELECT name FROM users WHERE id = ?1", [crowd.somebody()], |row| row.get(0)).unwrap();
        assert_eq!(name, "Edsger Bartik 25");
    }

    #[test]
    fn pages_of_one_form_are_one() {
        assert_eq!(form_of("/console/people/user_01?x=1&a=2"), form_of("/console/people/user_02?a=&x="));
        assert_ne!(form_of("/console/people?after=user_1"), form_of("/console/people"));
    }
}
