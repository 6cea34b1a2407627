//! The parameters of a statement and the columns of a row, the same for both engines.

use std::fmt;

use sigma_bitcoin::{BapId, PublicKey};
use sigma_core::digest::Digest;
use sigma_core::ids::{
    ApiKeyId, AppId, AppInvitationId, AttachmentId, BackupId, ClientId, EventId, FieldId, GrantId, JobId, MailId,
    MeritBatchId, MeritEditId, MeritId, MeritTemplateId, OrgId, RoleId, ScimConnectionId, ScimGroupId, ScimUserId,
    SessionId, TokenId, UserId, WebhookId,
};
use sigma_core::time::Timestamp;

/// One parameter or column: TEXT, BIGINT, BYTEA, DOUBLE PRECISION or NULL. A boolean is 0 or 1.
#[derive(Clone, PartialEq)]
pub enum Value {
    /// NULL of any type.
    Null,
    /// BIGINT: numbers, times in microseconds, booleans.
    Int(i64),
    /// DOUBLE PRECISION.
    Real(f64),
    /// TEXT, without NUL.
    Text(String),
    /// BYTEA.
    Bytes(Vec<u8>),
}

/// Without the content of texts and bytes, which may be secret or personal.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("Null"),
            Self::Int(number) => write!(f, "Int({number})"),
            Self::Real(number) => write!(f, "Real({number})"),
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
        }
    }
}

impl Value {
    /// Its type, for messages: never the content.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Int(_) => "an integer",
            Self::Real(_) => "a real number",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
        }
    }
}

macro_rules! from {
    ($($source:ty => |$value:ident| $made:expr),+ $(,)?) => {$(
        impl From<$source> for Value {
            fn from($value: $source) -> Self {
                $made
            }
        }
    )+};
}

from! {
    i64 => |value| Self::Int(value),
    i32 => |value| Self::Int(i64::from(value)),
    u32 => |value| Self::Int(i64::from(value)),
    bool => |value| Self::Int(i64::from(value)),
    f64 => |value| Self::Real(value),
    &str => |value| Self::Text(value.to_owned()),
    &String => |value| Self::Text(value.clone()),
    String => |value| Self::Text(value),
    &[u8] => |value| Self::Bytes(value.to_vec()),
    &Vec<u8> => |value| Self::Bytes(value.clone()),
    Vec<u8> => |value| Self::Bytes(value),
    Timestamp => |value| Self::Int(value.micros()),
    &Timestamp => |value| Self::Int(value.micros()),
    PublicKey => |value| Self::Text(value.to_hex()),
    &PublicKey => |value| Self::Text(value.to_hex()),
    Digest => |value| Self::Bytes(value.to_vec()),
    &Digest => |value| Self::Bytes(value.to_vec()),
}

impl<const N: usize> From<[u8; N]> for Value {
    fn from(value: [u8; N]) -> Self {
        Self::Bytes(value.to_vec())
    }
}

impl<const N: usize> From<&[u8; N]> for Value {
    fn from(value: &[u8; N]) -> Self {
        Self::Bytes(value.to_vec())
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

macro_rules! from_id {
    ($($id:ty),+) => {$(
        impl From<$id> for Value {
            fn from(id: $id) -> Self {
                Self::Text(id.as_str().to_owned())
            }
        }

        impl From<&$id> for Value {
            fn from(id: &$id) -> Self {
                Self::Text(id.as_str().to_owned())
            }
        }
    )+};
}

from_id!(
    ApiKeyId,
    AppId,
    AppInvitationId,
    AttachmentId,
    BackupId,
    BapId,
    ClientId,
    EventId,
    FieldId,
    GrantId,
    JobId,
    MailId,
    MeritBatchId,
    MeritEditId,
    MeritId,
    MeritTemplateId,
    OrgId,
    RoleId,
    ScimConnectionId,
    ScimGroupId,
    ScimUserId,
    SessionId,
    TokenId,
    UserId,
    WebhookId
);

/// The parameters of a statement: `params![&id, now, None::<&str>]`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        &[$($crate::Value::from($value)),*]
    };
}

#[cfg(test)]
mod tests {
    #[test]
    fn debug_output_does_not_show_values() {
        let values = format!("{:?}", params!["hunter2", [1_u8; 32], 7_i64, None::<&str>]);
        assert_eq!(values, "[Text(7 bytes), Bytes(32 bytes), Int(7), Null]");
    }
}
