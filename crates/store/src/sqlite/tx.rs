//! `Tx` over a connection to the database file.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, ToSql};

use super::connection::{INSERT_CHANGE, SqliteConnection, explain};
use crate::changes::Change;
use crate::engine::ChangeIds;
use crate::error::{Outage, StoreError};
use crate::row::Row;
use crate::stamped::Stamped;
use crate::tx::{Locks, Owner, Tx};
use crate::value::Value;

/// The transaction, or savepoint, open on `session`.
pub(crate) struct SqliteTx<'s> {
    session: &'s SqliteConnection,
    /// For what it writes: a reading one has none.
    ids: Option<&'s ChangeIds>,
    failure: Option<StoreError>,
    changes: Vec<Change>,
    /// Kept in debug builds only, where it detects lock orders that would be wrong on other engines.
    locks: Locks,
}

impl<'s> SqliteTx<'s> {
    pub(crate) fn reading(session: &'s SqliteConnection) -> Self {
        Self::new(session, None)
    }

    pub(crate) fn writing(session: &'s SqliteConnection, ids: &'s ChangeIds) -> Self {
        Self::new(session, Some(ids))
    }

    fn new(session: &'s SqliteConnection, ids: Option<&'s ChangeIds>) -> Self {
        Self { session, ids, failure: None, changes: Vec::new(), locks: Locks::default() }
    }

    /// The failure of the first failed statement, or the changes.
    pub(crate) fn finish(self) -> Result<Vec<Change>, StoreError> {
        self.failure.map_or(Ok(self.changes), Err)
    }

    fn guarded<T>(
        &mut self,
        sql: &'static str,
        params: &[Value],
        work: impl FnOnce(&mut CachedStatement<'s>) -> Result<T, rusqlite::Error>,
    ) -> Result<T, StoreError> {
        if self.failure.is_some() {
            return Err(StoreError::Failed("a statement of this transaction failed before".to_owned()));
        }
        let was_in_transaction = self.session.in_transaction();
        let outcome = bind(self.session, sql, params).and_then(|mut statement| {
            work(&mut statement).map_err(|error| {
                let failure = explain(&error);
                tracing::error!(%error, %failure, sql, "a statement failed");
                failure
            })
        });
        let outcome = match outcome {
            Ok(_) if was_in_transaction && !self.session.in_transaction() => {
                tracing::error!(sql, "a statement ended the transaction");
                Err(Outage::NotCommitted.into())
            }
            outcome => outcome,
        };
        if let Err(failure) = &outcome {
            self.failure = Some(failure.clone());
        }
        outcome
    }
}

/// The statement with its parameters. PostgreSQL refuses a NUL in a text and a wrong number of parameters; so does
/// this.
fn bind<'s>(
    session: &'s SqliteConnection,
    sql: &'static str,
    params: &[Value],
) -> Result<CachedStatement<'s>, StoreError> {
    let refused = |error: rusqlite::Error| {
        tracing::error!(%error, sql, "a statement was refused");
        explain(&error)
    };
    let mut statement = session.prepared(sql).map_err(refused)?;
    if statement.parameter_count() != params.len() {
        let (wanted, given) = (statement.parameter_count(), params.len());
        return Err(StoreError::Failed(format!(
            "the statement takes {wanted} parameters and was given {given}: {sql}"
        )));
    }
    for (position, value) in params.iter().enumerate() {
        if matches!(value, Value::Text(text) if text.as_bytes().contains(&0)) {
            return Err(StoreError::Failed(format!("parameter ${} holds a NUL", position + 1)));
        }
        statement.raw_bind_parameter(position + 1, value).map_err(refused)?;
    }
    Ok(statement)
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Real(number) => ValueRef::Real(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// The columns of a row.
pub(crate) fn decode(row: &rusqlite::Row<'_>, columns: usize) -> Result<Row, rusqlite::Error> {
    let values = (0..columns).map(|column| {
        Ok(match row.get_ref(column)? {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(number) => Value::Int(number),
            ValueRef::Real(number) => Value::Real(number),
            // Text that is not UTF-8 was not written by us; as bytes it is refused as a damaged column.
            ValueRef::Text(text) => match std::str::from_utf8(text) {
                Ok(text) => Value::Text(text.to_owned()),
                Err(_) => Value::Bytes(text.to_vec()),
            },
            ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
        })
    });
    values.collect::<Result<_, rusqlite::Error>>().map(Row::new)
}

impl Tx for SqliteTx<'_> {
    fn execute(&mut self, sql: &'static str, params: &[Value]) -> Result<u64, StoreError> {
        let rows = self.guarded(sql, params, |statement| statement.raw_execute())?;
        Ok(u64::try_from(rows).unwrap_or(u64::MAX))
    }

    fn query_opt(&mut self, sql: &'static str, params: &[Value]) -> Result<Option<Row>, StoreError> {
        self.guarded(sql, params, |statement| {
            let columns = statement.column_count();
            let mut rows = statement.raw_query();
            let first = rows.next()?.map(|row| decode(row, columns)).transpose()?;
            // A statement with RETURNING must run to its end, as it does on PostgreSQL.
            while rows.next()?.is_some() {}
            Ok(first)
        })
    }

    fn query_all(&mut self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        self.guarded(sql, params, |statement| {
            let columns = statement.column_count();
            let mut rows = statement.raw_query();
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                all.push(decode(row, columns)?);
            }
            Ok(all)
        })
    }

    fn lock(&mut self, owner: Owner<'_>) -> Result<(), StoreError> {
        if cfg!(debug_assertions) && !self.locks.holds(&owner) {
            self.locks.took(&owner, owner.name().into_owned());
        }
        Ok(())
    }

    fn changed(&mut self, kind: &'static str, key: &str) -> Result<(), StoreError> {
        let id = self.ids.map(ChangeIds::next).unwrap_or_default();
        let change = Change { id, kind: kind.to_owned(), key: key.to_owned() };
        self.execute(INSERT_CHANGE, crate::params![change.id.as_str(), kind, key])?;
        self.changes.push(change);
        Ok(())
    }

    fn insert_stamped(
        &mut self,
        insert: &'static Stamped,
        id: Option<&str>,
        columns: Vec<Value>,
    ) -> Result<String, StoreError> {
        let id = id.map(str::to_owned).or_else(|| self.ids.map(|ids| ids.row(insert.prefix))).unwrap_or_default();
        let mut params = vec![id.as_str().into(), self.ids.and_then(ChangeIds::database_now).into()];
        params.extend(columns);
        self.execute(insert.sqlite, &params).map(|_| id)
    }
}
