//! A row as both engines return it, and typed access to its columns.

use sigma_bitcoin::{BapId, PublicKey};
use sigma_core::digest::Digest;
use sigma_core::time::Timestamp;

use crate::error::StoreError;
use crate::value::Value;

/// One row of a result. Columns count from 0; a column of an unexpected type is [`StoreError::Corrupt`], which names
/// the column and never its content.
#[derive(Clone, Debug, PartialEq)]
pub struct Row(Vec<Value>);

macro_rules! column {
    ($(#[$doc:meta])* $name:ident, $(#[$opt_doc:meta])* $opt:ident, $result:ty, $wanted:literal, $pattern:pat => $made:expr) => {
        $(#[$doc])*
        pub fn $name(&self, column: usize) -> Result<$result, StoreError> {
            match self.value(column)? {
                $pattern => Ok($made),
                other => Err(mismatch(column, $wanted, other)),
            }
        }

        $(#[$opt_doc])*
        pub fn $opt(&self, column: usize) -> Result<Option<$result>, StoreError> {
            match self.value(column)? {
                Value::Null => Ok(None),
                _ => self.$name(column).map(Some),
            }
        }
    };
}

impl Row {
    pub(crate) const fn new(columns: Vec<Value>) -> Self {
        Self(columns)
    }

    /// Its columns.
    pub(crate) fn into_values(self) -> Vec<Value> {
        self.0
    }

    /// The number of columns.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no columns.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The raw column.
    pub fn value(&self, column: usize) -> Result<&Value, StoreError> {
        self.0.get(column).ok_or_else(|| StoreError::Corrupt(format!("the row has no column {column}")))
    }

    column!(
        /// A BIGINT.
        int,
        /// A BIGINT or NULL.
        opt_int, i64, "an integer", Value::Int(number) => *number
    );
    column!(
        /// A DOUBLE PRECISION.
        real,
        /// A DOUBLE PRECISION or NULL.
        opt_real, f64, "a real number", Value::Real(number) => *number
    );
    column!(
        /// A TEXT.
        text,
        /// A TEXT or NULL.
        opt_text, String, "text", Value::Text(text) => text.clone()
    );
    column!(
        /// A BYTEA.
        bytes,
        /// A BYTEA or NULL.
        opt_bytes, Vec<u8>, "bytes", Value::Bytes(bytes) => bytes.clone()
    );
    column!(
        /// A BIGINT with microseconds since the epoch.
        timestamp,
        /// A BIGINT with microseconds since the epoch, or NULL.
        opt_timestamp, Timestamp, "a time", Value::Int(micros) => Timestamp::from_micros(*micros)
    );
    column!(
        /// A BIGINT that is 0 or 1.
        bool,
        /// A BIGINT that is 0 or 1, or NULL.
        opt_bool, bool, "0 or 1", Value::Int(number @ (0 | 1)) => *number == 1
    );

    /// A BYTEA of 32 bytes.
    pub fn digest(&self, column: usize) -> Result<Digest, StoreError> {
        let value = self.value(column)?;
        match value {
            Value::Bytes(bytes) => Digest::from_stored(bytes),
            _ => None,
        }
        .ok_or_else(|| mismatch(column, "a digest of 32 bytes", value))
    }

    /// A BYTEA of 32 bytes, or NULL.
    pub fn opt_digest(&self, column: usize) -> Result<Option<Digest>, StoreError> {
        match self.value(column)? {
            Value::Null => Ok(None),
            _ => self.digest(column).map(Some),
        }
    }

    /// A TEXT with a BAP id.
    pub fn bap_id(&self, column: usize) -> Result<BapId, StoreError> {
        self.parsed(column, "a BAP id", |text| BapId::parse(text).ok())
    }

    /// A TEXT with a BAP id, or NULL.
    pub fn opt_bap_id(&self, column: usize) -> Result<Option<BapId>, StoreError> {
        match self.value(column)? {
            Value::Null => Ok(None),
            _ => self.bap_id(column).map(Some),
        }
    }

    /// A TEXT with a public key; NULL or empty where there is none.
    pub fn opt_public_key(&self, column: usize) -> Result<Option<PublicKey>, StoreError> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Text(text) if text.is_empty() => Ok(None),
            _ => self.parsed(column, "a public key", |text| PublicKey::parse(text).ok()).map(Some),
        }
    }

    /// A TEXT that `parse` turns into a core type; what it rejects is [`StoreError::Corrupt`].
    pub fn parsed<T>(
        &self,
        column: usize,
        wanted: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, StoreError> {
        let value = self.value(column)?;
        match value {
            Value::Text(text) => parse(text),
            _ => None,
        }
        .ok_or_else(|| mismatch(column, wanted, value))
    }
}

fn mismatch(column: usize, wanted: &str, found: &Value) -> StoreError {
    StoreError::Corrupt(format!("column {column} should hold {wanted}, and holds {}", found.kind()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_of_another_type_is_a_clear_error_without_its_content() {
        let row = Row::new(vec![Value::Text("secret".to_owned()), Value::Null, Value::Int(2)]);
        assert_eq!(row.text(0).unwrap(), "secret");
        assert_eq!(row.opt_text(1).unwrap(), None);
        let error = row.int(0).unwrap_err().to_string();
        assert_eq!(error, "stored data is damaged: column 0 should hold an integer, and holds text");
        assert!(row.text(1).is_err());
        assert!(row.bool(2).is_err());
        assert!(row.digest(0).is_err());
        assert!(row.int(3).is_err());
    }
}
