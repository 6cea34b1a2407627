//! `sigma keys rekey`: everything that is sealed under one master key is sealed under another, in one transaction.

use sigma_core::random::Rng;
use zeroize::Zeroizing;

use super::database::{source, target};
use super::shape::{Cells, Shape};
use super::{Progress, TransferError, Watch};
use crate::options::{StoreOptions, file_path};
use crate::seal::{MasterKey, SealError};
use crate::value::Value;

/// A column with sealed values.
#[derive(Debug)]
pub(crate) struct SealedColumn {
    pub(crate) table: &'static str,
    pub(crate) column: &'static str,
    /// The context of a value, with columns of its row in braces.
    context: &'static str,
    /// Of the table only the row of that key.
    only: Option<&'static str>,
}

const fn all(table: &'static str, column: &'static str, context: &'static str) -> SealedColumn {
    SealedColumn { table, column, context, only: None }
}

/// Every column with sealed values. A test reads the migrations, so none can be forgotten.
pub(crate) const SEALED: &[SealedColumn] = &[
    SealedColumn { table: "meta", column: "value", context: "{name}", only: Some("cookie-secret") },
    all("signing_keys", "private_key", "signing-key:{kid}"),
    all("grants", "refresh_key", "refresh-family:{id}"),
    all("mails", "sealed", "mail:{id}"),
    all("org_secrets", "secret", "workspace-secret/{org_id}/{kid}"),
    all("backups", "sealed", "backup:{id}"),
    all("totp_secrets", "sealed", "totp:{user_id}:{id}"),
    all("merit_keys", "private_key", "merit-key/{org_id}/{kid}"),
    all("webhook_secrets", "secret", "webhook-secret/{org_id}/{webhook_id}/{id}"),
    all("idempotency_keys", "answer", "idempotency:{claim}"),
    all("providers", "secret", "provider:{id}"),
];

impl SealedColumn {
    /// The context of the value in `row`.
    fn context(&self, shape: &Shape, row: &[Value]) -> Option<String> {
        let mut pieces = self.context.split(['{', '}']);
        let mut context = pieces.next()?.to_owned();
        while let (Some(name), Some(text)) = (pieces.next(), pieces.next()) {
            let place = shape.columns.iter().position(|column| column.name == name)?;
            let Value::Text(value) = row.get(place)? else { return None };
            context.push_str(value);
            context.push_str(text);
        }
        Some(context)
    }
}

/// Seals everything anew: what opens under `old` opens only under `new` afterwards. Returns how many values that were.
///
/// # Errors
/// A value cannot be opened, a server runs, or the database does not answer: nothing was changed.
pub fn rekey(
    options: &StoreOptions,
    old: &MasterKey,
    new: &MasterKey,
    rng: &dyn Rng,
    watch: Watch<'_>,
) -> Result<u64, TransferError> {
    let _lock = match file_path(&options.url)? {
        Some(path) => Some(crate::sqlite::ServerLock::take(&path.canonicalize().unwrap_or(path))?),
        None => super::server::refuse_others(options).map(|()| None)?,
    };
    let mut writer = target(options)?;
    // What is sealed meanwhile would be sealed under a key that nobody has any more.
    writer.lock(&SEALED.iter().map(|sealed| sealed.table).collect::<Vec<_>>())?;
    // What is written is not seen here before the end.
    let mut source = source(options)?;
    let shapes = source.shapes()?;
    let found = |sealed: &SealedColumn| shapes.iter().find(|shape| shape.table == sealed.table);
    let mut all = 0;
    for sealed in SEALED {
        all += source.count(sealed.table)?;
    }
    let (mut done, mut changed) = (0, 0);
    for sealed in SEALED {
        let Some(shape) = found(sealed) else { continue };
        source.start(shape)?;
        loop {
            let rows = source.next()?;
            if rows.is_empty() {
                break;
            }
            let mut updates: Vec<(Value, Cells)> = Vec::new();
            for row in &rows {
                if let Some(value) = reseal(sealed, shape, row, old, new, rng)? {
                    updates.push((value, shape.key_of(row)));
                }
            }
            writer.update(shape, sealed.column, &updates)?;
            changed += u64::try_from(updates.len()).unwrap_or(0);
            done += u64::try_from(rows.len()).unwrap_or(0);
            watch(Progress { table: sealed.table, done, all });
        }
    }
    writer.commit()?;
    Ok(changed)
}

/// The value of a row, sealed anew; `None` if there is none.
fn reseal(
    sealed: &SealedColumn,
    shape: &Shape,
    row: &[Value],
    old: &MasterKey,
    new: &MasterKey,
    rng: &dyn Rng,
) -> Result<Option<Value>, TransferError> {
    let place = shape.columns.iter().position(|column| column.name == sealed.column);
    let Some(Value::Bytes(value)) = place.and_then(|place| row.get(place)) else { return Ok(None) };
    if let Some(only) = sealed.only
        && shape.key_of(row) != [Value::Text(only.to_owned())]
    {
        return Ok(None);
    }
    let failed = |how: String| TransferError::Differs { table: sealed.table.to_owned(), how };
    let context = sealed.context(shape, row).ok_or_else(|| failed("a sealed value has no context".to_owned()))?;
    let plain: Zeroizing<Vec<u8>> = old.open(&context, value).map_err(|error| match error {
        SealError::OtherKey => TransferError::OtherMasterKey,
        error => failed(format!("{context}: {error}")),
    })?;
    let again = new.seal(&context, &plain, rng).map_err(|error| failed(error.to_string()))?;
    Ok(Some(Value::Bytes(again)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Columns of bytes that are digests, keys that are public, or indexes: nothing that the master key opens.
    const OPEN: &[&str] = &[
        "account_merges.browser_hash",
        "api_keys.hash",
        "app_invitations.hash",
        "apps.former_secret_hash",
        "apps.secret_hash",
        "backups.hash",
        "codes.hash",
        "device_codes.hash",
        "device_codes.user_code",
        "email_additions.code_hash",
        "email_sign_ups.browser_hash",
        "email_sign_ups.code_hash",
        "email_sign_ups.link_hash",
        "first_owner_links.hash",
        "grants.code_hash",
        "idempotency_callers.caller",
        "idempotency_keys.caller",
        "idempotency_keys.fingerprint",
        "idempotency_keys.key_hash",
        "interactions.browser_hash",
        "merit_attachments.upload_hash",
        "merit_requests.hash",
        "merit_unsubscribes.address_mac",
        "one_time_links.hash",
        "passkeys.public_key",
        "people_grams.places",
        "pushed_requests.hash",
        "recovery_codes.hash",
        "refresh_tokens.hash",
        "registrations.token_hash",
        "replay_guard.key",
        "scim_connections.hash",
        "scim_connections.previous_hash",
        "sessions.secret_hash",
        "users.name_key",
    ];

    #[test]
    fn every_column_of_bytes_is_sealed_anew_or_is_not_sealed() {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
        let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
        let number = |file: &std::path::PathBuf| {
            let name = file.file_name().unwrap().to_str().unwrap().to_owned();
            name[1..].split("__").next().unwrap().parse::<u32>().unwrap()
        };
        files.sort_by_key(number);
        for file in files {
            connection.execute_batch(&std::fs::read_to_string(file).unwrap()).unwrap();
        }
        let mut found = BTreeSet::new();
        for shape in super::super::file::shapes(&connection).unwrap() {
            let bytes = shape.columns.iter().filter(|column| column.kind == super::super::shape::Kind::Bytes);
            found.extend(bytes.map(|column| format!("{}.{}", shape.table, column.name)));
            for sealed in SEALED.iter().filter(|sealed| sealed.table == shape.table) {
                let row: Vec<Value> =
                    shape.columns.iter().map(|column| Value::Text(format!("<{}>", column.name))).collect();
                let context = sealed.context(&shape, &row).unwrap_or_default();
                assert_eq!(context, sealed.context.replace('{', "<").replace('}', ">"), "{sealed:?}");
            }
        }
        let sealed = SEALED.iter().map(|sealed| format!("{}.{}", sealed.table, sealed.column));
        let known: BTreeSet<String> = OPEN.iter().map(|name| (*name).to_owned()).chain(sealed).collect();
        let (forgotten, gone): (Vec<_>, Vec<_>) =
            (found.difference(&known).collect(), known.difference(&found).collect());
        assert!(forgotten.is_empty(), "say in this file whether these are sealed: {forgotten:?}");
        assert!(gone.is_empty(), "no migration makes these: {gone:?}");
    }
}
