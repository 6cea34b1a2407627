//! The schema and its versions: `migrations/V*.sql`, one SQL text for both engines, run at start under a lock.

use std::fmt::Display;
use std::time::Duration;

use refinery_core::traits::sync::{Migrate, Query, Transaction};
use refinery_core::{Migration, Runner};
use thiserror::Error;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::error::OpenError;

/// Every version, oldest first. A released version is never changed; a new one follows it.
const VERSIONS: &[(&str, &str)] = &[
    ("V1__sign_in", include_str!("../migrations/V1__sign_in.sql")),
    ("V2__passwords_and_mail", include_str!("../migrations/V2__passwords_and_mail.sql")),
    ("V3__workspaces", include_str!("../migrations/V3__workspaces.sql")),
    ("V4__profiles", include_str!("../migrations/V4__profiles.sql")),
    ("V5__backups", include_str!("../migrations/V5__backups.sql")),
    ("V6__providers", include_str!("../migrations/V6__providers.sql")),
    ("V7__second_factors", include_str!("../migrations/V7__second_factors.sql")),
    ("V8__account", include_str!("../migrations/V8__account.sql")),
    ("V9__signer", include_str!("../migrations/V9__signer.sql")),
    ("V10__merits", include_str!("../migrations/V10__merits.sql")),
    ("V13__client_documents", include_str!("../migrations/V13__client_documents.sql")),
    ("V14__registration", include_str!("../migrations/V14__registration.sql")),
    ("V15__exchange", include_str!("../migrations/V15__exchange.sql")),
    ("V16__devices", include_str!("../migrations/V16__devices.sql")),
    ("V17__sender", include_str!("../migrations/V17__sender.sql")),
    ("V18__merit_pages", include_str!("../migrations/V18__merit_pages.sql")),
    ("V21__merits_and_objects", include_str!("../migrations/V21__merits_and_objects.sql")),
    ("V22__flows", include_str!("../migrations/V22__flows.sql")),
    ("V23__console", include_str!("../migrations/V23__console.sql")),
    ("V24__webhooks", include_str!("../migrations/V24__webhooks.sql")),
    ("V25__scim", include_str!("../migrations/V25__scim.sql")),
    ("V26__counts", include_str!("../migrations/V26__counts.sql")),
    ("V27__orgs_at_sign_in", include_str!("../migrations/V27__orgs_at_sign_in.sql")),
    ("V29__outbox", include_str!("../migrations/V29__outbox.sql")),
    ("V31__apps_by_org", include_str!("../migrations/V31__apps_by_org.sql")),
    ("V34__domains", include_str!("../migrations/V34__domains.sql")),
    ("V37__people_index", include_str!("../migrations/V37__people_index.sql")),
    ("V39__idempotency", include_str!("../migrations/V39__idempotency.sql")),
    ("V40__scim_makers", include_str!("../migrations/V40__scim_makers.sql")),
    ("V41__app_secrets", include_str!("../migrations/V41__app_secrets.sql")),
    ("V42__redirect_refusals", include_str!("../migrations/V42__redirect_refusals.sql")),
    ("V43__people", include_str!("../migrations/V43__people.sql")),
    ("V44__welcome", include_str!("../migrations/V44__welcome.sql")),
    ("V45__providers", include_str!("../migrations/V45__providers.sql")),
    ("V46__org_quotas", include_str!("../migrations/V46__org_quotas.sql")),
    ("V47__server_branding", include_str!("../migrations/V47__server_branding.sql")),
    ("V48__moves", include_str!("../migrations/V48__moves.sql")),
];

/// The table that refinery keeps.
const HISTORY: &str = "SELECT version, name, applied_on, checksum FROM refinery_schema_history ORDER BY version ASC";

/// Attempts to become the process that migrates, when several start at once.
const ATTEMPTS: u32 = 8;

/// A database whose schema can be migrated to this version.
pub(crate) trait Schema {
    /// Runs statements that return no rows.
    fn batch(&mut self, sql: &str) -> Result<(), SchemaError>;
    /// The rows of a query, every column as text.
    fn rows(&mut self, sql: &str) -> Result<Vec<Vec<String>>, SchemaError>;
    /// Begins a transaction that excludes those of all other processes.
    fn lock(&mut self) -> Result<(), SchemaError>;
}

/// The database's error.
#[derive(Debug, Error)]
#[error("{0}")]
pub(crate) struct SchemaError(String);

impl SchemaError {
    pub(crate) fn new(cause: &impl Display) -> Self {
        Self(cause.to_string())
    }
}

/// Whether the database has a schema of any version. One without counts as missing.
pub(crate) fn is_there(schema: &mut dyn Schema) -> bool {
    schema.rows(HISTORY).is_ok_and(|versions| !versions.is_empty())
}

/// The versions of the schema, oldest first.
fn known() -> Result<Vec<Migration>, OpenError> {
    VERSIONS
        .iter()
        .map(|(name, sql)| Migration::unapplied(name, sql).map_err(|error| OpenError::Migration(error.to_string())))
        .collect()
}

fn newest(versions: &[Migration]) -> i64 {
    versions.iter().map(|version| i64::from(version.version())).max().unwrap_or(0)
}

/// The version of the schema that this program makes.
pub(crate) fn current() -> Result<i64, OpenError> {
    known().map(|known| newest(&known))
}

/// The version of the database, which this program must know.
pub(crate) fn version(schema: &mut dyn Schema) -> Result<i64, OpenError> {
    let applied = Adapter(schema).query(HISTORY).unwrap_or_default();
    if applied.is_empty() {
        return Err(OpenError::Missing("of Sigma: the schema is not there".to_owned()));
    }
    refuse_newer(&applied, &known()?)?;
    Ok(newest(&applied))
}

/// Begins a transaction, and gives an empty database the schema of `version` in it.
pub(crate) fn create(schema: &mut dyn Schema, version: i64) -> Result<(), OpenError> {
    let known: Vec<Migration> = known()?.into_iter().filter(|one| i64::from(one.version()) <= version).collect();
    if newest(&known) != version {
        return Err(OpenError::Migration(format!("there is no schema version {version}")));
    }
    begin(schema, &known)
}

/// Migrates the database to the version of this program, or refuses it if it is newer.
pub(crate) fn run(schema: &mut dyn Schema) -> Result<(), OpenError> {
    let known = known()?;
    let applied = Adapter(schema).query(HISTORY).unwrap_or_default();
    refuse_newer(&applied, &known)?;
    if applied == known {
        return Ok(());
    }
    if applied.is_empty() {
        tracing::info!("creating a new database");
    }
    let mut attempt = 1;
    loop {
        match migrate(schema, &known) {
            Err(OpenError::Migration(cause)) if attempt < ATTEMPTS => {
                tracing::info!(cause, attempt, "the database could not be migrated; another instance may be doing so");
                std::thread::sleep(Duration::from_millis(50) * attempt);
                attempt += 1;
            }
            outcome => return outcome,
        }
    }
}

fn migrate(schema: &mut dyn Schema, known: &[Migration]) -> Result<(), OpenError> {
    begin(schema, known)?;
    schema.batch("COMMIT").map_err(|error| OpenError::Migration(error.to_string()))
}

/// Migrates in a transaction that stays open.
fn begin(schema: &mut dyn Schema, known: &[Migration]) -> Result<(), OpenError> {
    schema.lock().map_err(|error| OpenError::Migration(error.to_string()))?;
    let mut adapter = Adapter(schema);
    let outcome = adapter
        .assert_migrations_table("refinery_schema_history")
        .and_then(|_| adapter.get_applied_migrations("refinery_schema_history"))
        .map_err(|error| OpenError::Migration(explain(&error)))
        .and_then(|applied| refuse_newer(&applied, known))
        .and_then(|()| Runner::new(known).run(&mut adapter).map_err(|error| OpenError::Migration(explain(&error))));
    outcome.map(drop).inspect_err(|_| {
        // The cause matters, not whether the rollback succeeded.
        drop(schema.batch("ROLLBACK"));
    })
}

/// refinery's message names the step and hides the cause.
fn explain(error: &refinery_core::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(deeper) = cause {
        let more = deeper.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = deeper.source();
    }
    text
}

fn refuse_newer(applied: &[Migration], known: &[Migration]) -> Result<(), OpenError> {
    let (found, known) = (newest(applied), newest(known));
    if found > known { Err(OpenError::Newer { found, known }) } else { Ok(()) }
}

/// refinery's view of a database with an open transaction.
struct Adapter<'s>(&'s mut dyn Schema);

impl Transaction for Adapter<'_> {
    type Error = SchemaError;

    fn execute<'a, T: Iterator<Item = &'a str>>(&mut self, queries: T) -> Result<usize, SchemaError> {
        let mut count = 0;
        for query in queries {
            self.0.batch(query)?;
            count += 1;
        }
        Ok(count)
    }
}

impl Query<Vec<Migration>> for Adapter<'_> {
    fn query(&mut self, query: &str) -> Result<Vec<Migration>, SchemaError> {
        self.0.rows(query)?.iter().map(|row| applied(row)).collect()
    }
}

impl Migrate for Adapter<'_> {}

fn applied(row: &[String]) -> Result<Migration, SchemaError> {
    let [version, name, applied_on, checksum] = row else {
        return Err(SchemaError("the table of schema versions has other columns than it should".to_owned()));
    };
    let damaged = |cause: &dyn Display| SchemaError(format!("the table of schema versions is damaged: {cause}"));
    Ok(Migration::applied(
        version.parse().map_err(|error| damaged(&error))?,
        name.clone(),
        OffsetDateTime::parse(applied_on, &Rfc3339).map_err(|error| damaged(&error))?,
        checksum.parse().map_err(|error| damaged(&error))?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_migration_file_is_embedded_in_its_order() {
        let mut files: Vec<_> = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort_by_key(|name| name[1..].split("__").next().unwrap().parse::<i64>().unwrap());
        let embedded: Vec<_> = VERSIONS.iter().map(|(name, _)| format!("{name}.sql")).collect();
        assert_eq!(embedded, files);
    }
}
