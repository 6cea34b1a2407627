//! `Tx` over a connection to the server.

use super::client::{PostgresConnection, Trouble};
use super::fault::Fault;
use crate::changes::{Change, delete_changes, insert_change, recent_changes};
use crate::engine::ChangeIds;
use crate::error::StoreError;
use crate::row::Row;
use crate::stamped::Stamped;
use crate::tx::{Locks, Owner, Tx};
use crate::value::Value;

// The time of the database, in microseconds. Each row has its own time; a read of the feed has one, so that the index
// can be used.
const INSERT_CHANGE: &str = insert_change!("CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)");
pub(crate) const RECENT_CHANGES: &str =
    recent_changes!("CAST(EXTRACT(EPOCH FROM statement_timestamp()) * 1000000 AS BIGINT)");
pub(crate) const DELETE_CHANGES: &str =
    delete_changes!("CAST(EXTRACT(EPOCH FROM statement_timestamp()) * 1000000 AS BIGINT)");

/// What a transaction may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    /// Only read. The server is not told, which would take a transaction around every statement: all statements are in
    /// the program's text, and any that is not a SELECT is refused.
    Read,
    /// Read and write.
    Write,
}

/// The transaction open on `session`.
pub(crate) struct PostgresTx<'s> {
    session: &'s mut PostgresConnection,
    access: Access,
    /// For what it writes: a reading one has none.
    ids: Option<&'s ChangeIds>,
    fault: Option<Fault>,
    changes: Vec<Change>,
    locks: Locks,
}

impl<'s> PostgresTx<'s> {
    pub(crate) fn reading(session: &'s mut PostgresConnection) -> Self {
        Self::new(session, Access::Read, None)
    }

    pub(crate) fn writing(session: &'s mut PostgresConnection, ids: &'s ChangeIds) -> Self {
        Self::new(session, Access::Write, Some(ids))
    }

    fn new(session: &'s mut PostgresConnection, access: Access, ids: Option<&'s ChangeIds>) -> Self {
        Self { session, access, ids, fault: None, changes: Vec::new(), locks: Locks::default() }
    }

    /// The fault of the first failed statement, or the changes.
    pub(crate) fn finish(self) -> Result<Vec<Change>, Fault> {
        self.fault.map_or(Ok(self.changes), Err)
    }

    fn guarded<T>(
        &mut self,
        sql: &'static str,
        params: &[Value],
        work: impl FnOnce(&mut PostgresConnection) -> Result<T, Trouble>,
    ) -> Result<T, StoreError> {
        if self.fault.is_some() {
            return Err(StoreError::Failed("a statement of this transaction failed before".to_owned()));
        }
        let outcome = self.check(sql, params).and_then(|()| work(self.session).map_err(|error| Fault::of(&error, sql)));
        outcome.map_err(|fault| {
            self.fault = Some(fault.clone());
            fault.failure()
        })
    }

    fn check(&mut self, sql: &'static str, params: &[Value]) -> Result<(), Fault> {
        if self.access == Access::Read && (!sql.trim_start().starts_with("SELECT") || sql.ends_with("FOR UPDATE")) {
            return Err(Fault::ReadOnly);
        }
        let wanted = self.session.parameters(sql).map_err(|error| Fault::of(&error, sql))?;
        // The client would panic, or the server treat it as a protocol error.
        if wanted == params.len() {
            return Ok(());
        }
        let given = params.len();
        let text = format!("the statement takes {wanted} parameters and was given {given}: {sql}");
        Err(Fault::Final(StoreError::Failed(text)))
    }
}

impl Tx for PostgresTx<'_> {
    fn execute(&mut self, sql: &'static str, params: &[Value]) -> Result<u64, StoreError> {
        self.guarded(sql, params, |session| session.execute(sql, params))
    }

    fn query_opt(&mut self, sql: &'static str, params: &[Value]) -> Result<Option<Row>, StoreError> {
        self.query_all(sql, params).map(|rows| rows.into_iter().next())
    }

    fn query_all(&mut self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        self.guarded(sql, params, |session| session.query(sql, params))
    }

    fn lock(&mut self, owner: Owner<'_>) -> Result<(), StoreError> {
        if self.locks.holds(&owner) {
            return Ok(());
        }
        if let Some(row) = self.query_opt(owner.statement(), crate::params![owner.name().as_ref()])? {
            self.locks.took(&owner, row.text(0)?);
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
        self.execute(insert.postgres, &params).map(|_| id)
    }
}
