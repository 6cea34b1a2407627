//! Typed ids, so that one cannot be mistaken for another.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::random::{Rng, alphanumeric, bytes};
use crate::time::Timestamp;

/// 96 bits as 24 hex digits: 48 of milliseconds, so that ids sort by age, and 48 random.
fn ordered(now: Timestamp, rng: &dyn Rng) -> String {
    let random = u64::from_be_bytes(bytes(rng)) >> 16;
    format!("{:012x}{random:012x}", now.millis() & 0xFFFF_FFFF_FFFF)
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(from = "String")]
        pub struct $name(String);

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self::from_text(text)
            }
        }

        impl $name {
            /// A new id, ordered by creation time.
            pub fn new(now: Timestamp, rng: &dyn Rng) -> Self {
                Self(format!(concat!($prefix, "{}"), ordered(now, rng)))
            }

            /// An id from the store or from a caller, to be looked up. A NUL finds nothing.
            pub fn from_text(text: impl Into<String>) -> Self {
                let text = text.into();
                Self(if text.contains('\0') { text.replace('\0', "\u{FFFD}") } else { text })
            }

            /// The id as stored and sent.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// A user's account: `sub` on the wire.
    UserId, "user_"
);
id!(
    /// A tenant: owner of apps, issuer of merits, a workspace to its own software.
    OrgId, "org_"
);
id!(
    /// A signed-in browser: `sid` on the wire.
    SessionId, "ses_"
);
id!(
    /// A grant: `gid` on the wire.
    GrantId, "gr_"
);
id!(
    /// An OAuth client: `client_id` on the wire. Chosen by its owner or generated.
    ClientId, "app_"
);
id!(
    /// One issued token: `jti` on the wire.
    TokenId, "tok_"
);
id!(
    /// A role of a workspace: `roleId` on the wire. Chosen by its creator or generated.
    RoleId, "role_"
);
id!(
    /// An API key of a workspace.
    ApiKeyId, "key_"
);
id!(
    /// A membership, which identifies an invited user in a workspace until they accept.
    MembershipId, "mem_"
);
id!(
    /// A queued mail.
    MailId, "mail_"
);
id!(
    /// One entry of the audit trail.
    EventId, "evt_"
);
id!(
    /// One change of the change feed.
    ChangeId, ""
);

impl MembershipId {
    /// Letters and digits after the prefix: 128 bits.
    const LENGTH: usize = 22;

    /// A new random id, which reveals nothing, not even its age.
    pub fn random(rng: &dyn Rng) -> Self {
        Self(format!("mem_{}", alphanumeric(rng, Self::LENGTH)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SeededRng;

    #[test]
    fn ids_sort_by_the_time_they_were_made() {
        let rng = SeededRng::new(1);
        let early = UserId::new(Timestamp::from_seconds(1_000), &rng);
        let late = UserId::new(Timestamp::from_seconds(1_001), &rng);
        assert!(early < late);
        assert_eq!(early.as_str().len(), "user_".len() + 24);
    }

    #[test]
    fn a_nul_in_an_id_never_reaches_the_store() {
        assert!(!ClientId::from_text("a\0b").as_str().contains('\0'));
        let deserialised: ClientId = serde_json::from_str(r#""a\u0000b""#).unwrap();
        assert_eq!(deserialised, ClientId::from_text("a\0b"));
    }
}
