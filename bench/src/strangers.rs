//! What apps cost that nobody here made: those that registered themselves, and documents elsewhere that describe apps.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use rusqlite::Connection;

use crate::findings::{Findings, Strangers};
use crate::flow::path;
use crate::http::post_form;
use crate::load::{self, Extent, once_each};
use crate::process::Process;
use crate::run::Plan;
use crate::sigma::{AccessLog, Installation};
use crate::starts::{median_start, millis};
use crate::system::{Failure, instant};

/// How many there are of each kind: as many as a server keeps.
const EACH: u32 = 10_000;

/// Compares a server that has them, each used once, with one that has none and was used as often.
pub async fn measure(plan: &Plan, findings: &mut Findings) -> Result<(), Failure> {
    println!("{EACH} dynamic apps, {EACH} client documents …");
    let mut installation = Installation::new(&plan.binary, &plan.directory, "strangers")?;
    installation.set("SIGMA__CLIENT_DOCUMENTS__HOSTS", r#"["*"]"#.to_owned());
    let (process, _) = installation.serve(AccessLog::Off)?;
    let app = installation.add_public()?;
    use_each(&process, (0..2 * EACH).map(|_| app.client_id.clone())).await?;
    let without = process.memory()?;
    process.kill()?;
    let list_without = list(&installation)?;
    add(&installation.database(), &app.client_id)?;
    let start = median_start(&installation)?;
    let list_with = list(&installation)?;
    let (process, _) = installation.serve(AccessLog::Off)?;
    let apps = (0..EACH).map(|number| format!("app_{number:024x}"));
    use_each(&process, apps.chain((0..EACH).map(document))).await?;
    let memory = process.memory()? - without;
    findings.strangers = Some(Strangers { each: EACH, memory, start, list: list_with / list_without });
    process.kill()?;
    Ok(())
}

fn document(number: u32) -> String {
    format!("https://client.example.org/{number}")
}

/// Asks for tokens in the name of each app. Nothing comes of it, but the server has to look each of them up.
async fn use_each(process: &Process, client_ids: impl Iterator<Item = String>) -> Result<(), Failure> {
    let request = |client_id: String| -> Bytes {
        let form = [("client_id", client_id.as_str()), ("grant_type", "refresh_token"), ("refresh_token", "none")];
        post_form(path::TOKEN, &[], &form).into()
    };
    let extent = Extent { connections: 8, time: Duration::from_mins(5) };
    let measured = load::run(process, extent, once_each(client_ids.map(request).collect())).await?;
    match measured.first_failure {
        Some(failure) if !failure.starts_with("400 ") => Err(format!("an app was not found: {failure}").into()),
        _ => Ok(()),
    }
}

/// Milliseconds that the first page of apps takes.
fn list(installation: &Installation) -> Result<f64, Failure> {
    let mut times = Vec::new();
    for _ in 0..7 {
        let begun = instant();
        installation.admin(&["app", "list", "--limit", "20"])?;
        times.push(millis(begun.elapsed()));
    }
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().ok_or_else(|| "no list was measured".into())
}

/// Adds them by SQL: apps like the one called `model`.
fn add(database: &Path, model: &str) -> Result<(), Failure> {
    let connection = Connection::open(database)?;
    connection.execute_batch("PRAGMA synchronous = OFF; BEGIN")?;
    let mut columns = connection.prepare("SELECT name FROM pragma_table_info('apps')")?;
    let columns: Vec<String> = columns.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let values: Vec<&str> = columns
        .iter()
        .map(|name| match name.as_str() {
            "id" | "client_id" => "printf('app_%024x', n)",
            "name" => "'App ' || n",
            "dynamic" => "1",
            "redirect_uris" => "'[\"https://app' || n || '.example.org/callback\"]'",
            other => other,
        })
        .collect();
    let numbers = "WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < ?1)";
    let (names, values) = (columns.join(", "), values.join(", "));
    let apps =
        format!("{numbers} INSERT INTO apps ({names}) SELECT {values} FROM numbers, apps WHERE apps.client_id = ?2");
    connection.execute(&apps, (EACH, model))?;
    let registrations = format!(
        "{numbers} INSERT INTO registrations (app_id, token_hash, expires_at)
         SELECT printf('app_%024x', n), randomblob(32), 9000000000000000 FROM numbers"
    );
    connection.execute(&registrations, [EACH])?;
    let documents = format!(
        "{numbers} INSERT INTO client_documents
            (app_id, url, host, document, created_at, changed_at, fresh_until, used, blocked, delete_after)
         SELECT printf('app_%024x', n + ?1), 'https://client.example.org/' || n, 'client.example.org',
            json_object('name', 'Client ' || n, 'application_type', 'web', 'auth_method', 'none', 'redirect_uris',
                json_array('https://client.example.org/' || n || '/callback'), 'post_logout_redirect_uris', json('[]'),
                'offline', json('true'), 'scope', 'openid profile', 'id_token_alg', 'RS256'),
            1, 1, 9000000000000000, 1, 0, 9000000000000000
         FROM numbers"
    );
    connection.execute(&documents, [EACH])?;
    connection.execute_batch("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)")?;
    Ok(())
}
