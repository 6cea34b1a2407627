//! The schema of a database file.

use rusqlite::types::ValueRef;

use super::connection::SqliteConnection;
use crate::migrations::{Schema, SchemaError};

impl Schema for SqliteConnection {
    fn batch(&mut self, sql: &str) -> Result<(), SchemaError> {
        self.connection().execute_batch(sql).map_err(|error| SchemaError::new(&error))
    }

    fn rows(&mut self, sql: &str) -> Result<Vec<Vec<String>>, SchemaError> {
        let rows = || {
            let mut statement = self.connection().prepare(sql)?;
            let columns = statement.column_count();
            let rows = statement.query_map([], |row| {
                (0..columns)
                    .map(|column| match row.get_ref(column)? {
                        ValueRef::Integer(number) => Ok(number.to_string()),
                        _ => row.get(column),
                    })
                    .collect()
            })?;
            rows.collect::<Result<_, rusqlite::Error>>()
        };
        rows().map_err(|error| SchemaError::new(&error))
    }

    fn lock(&mut self) -> Result<(), SchemaError> {
        self.batch("BEGIN IMMEDIATE")
    }
}
