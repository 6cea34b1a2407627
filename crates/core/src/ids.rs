//! Typed ids, so that one cannot be mistaken for another.
//!
//! The 24 hex digits of an id are 96 bits and never chosen by anybody; the prefix is how most surfaces show it. Orgs and
//! apps may have a chosen name beside it, a [`Slug`]. Callers may send either, and [`OrgRef`] and [`AppRef`] tell them
//! apart: everything behind the door of a surface goes by the id alone.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::random::{Rng, bytes};
use crate::slug::Slug;
use crate::time::Timestamp;

/// 96 bits as 24 hex digits: 48 of milliseconds, so that ids sort by age, and 48 random.
fn ordered(now: Timestamp, rng: &dyn Rng) -> String {
    let random = u64::from_be_bytes(bytes(rng)) >> 16;
    format!("{:012x}{random:012x}", now.millis() & 0xFFFF_FFFF_FFFF)
}

/// Digits of an id.
const DIGITS: usize = 24;

/// Whether `text` is the digits of an id, without a prefix.
pub(crate) fn is_digits(text: &str) -> bool {
    text.len() == DIGITS && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
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
    /// An app: an OAuth client.
    AppId, "app_"
);
id!(
    /// An invitation to register apps: an initial access token.
    AppInvitationId, "ainv_"
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
    /// A webhook: an address that is told of events.
    WebhookId, "wh_"
);
id!(
    /// A background job.
    JobId, "job_"
);
id!(
    /// A version of an encrypted backup.
    BackupId, "bak_"
);
id!(
    /// A merit.
    MeritId, "mrt_"
);
id!(
    /// A template of merits.
    MeritTemplateId, "mtp_"
);
id!(
    /// A field of merits.
    FieldId, "fld_"
);
id!(
    /// A file in a field of a merit.
    AttachmentId, "att_"
);
id!(
    /// A change to a value of a merit.
    MeritEditId, "med_"
);
id!(
    /// A list of recipients that is sent step by step.
    MeritBatchId, "mbt_"
);
id!(
    /// A connection of an org, by which a directory provisions its people.
    ScimConnectionId, "scim_"
);
id!(
    /// A person whom a directory provisions.
    ScimUserId, "scu_"
);
id!(
    /// A group that a directory provisions.
    ScimGroupId, "scg_"
);
id!(
    /// One change of the change feed.
    ChangeId, ""
);

/// Ids that callers may write with or without prefix.
macro_rules! parsed {
    ($name:ident, $prefix:literal) => {
        impl $name {
            /// What its ids begin with.
            pub const PREFIX: &'static str = $prefix;

            /// The id that `text` shows, with or without prefix.
            pub fn parse(text: &str) -> Option<Self> {
                let digits = text.strip_prefix($prefix).unwrap_or(text);
                is_digits(digits).then(|| Self(format!(concat!($prefix, "{}"), digits)))
            }

            /// The id without prefix.
            pub fn digits(&self) -> &str {
                self.0.strip_prefix($prefix).unwrap_or(&self.0)
            }
        }
    };
}

parsed!(UserId, "user_");
parsed!(OrgId, "org_");
parsed!(ScimConnectionId, "scim_");
parsed!(AppId, "app_");
parsed!(EventId, "evt_");
parsed!(WebhookId, "wh_");
parsed!(MailId, "mail_");
parsed!(SessionId, "ses_");
parsed!(AppInvitationId, "ainv_");
parsed!(MeritId, "mrt_");
parsed!(MeritTemplateId, "mtp_");
parsed!(FieldId, "fld_");
parsed!(AttachmentId, "att_");
parsed!(MeritEditId, "med_");
parsed!(MeritBatchId, "mbt_");

impl OrgId {
    /// The org of the operator, which owns what is registered without naming another.
    pub fn operator() -> Self {
        Self("org_000000000000000000000001".to_owned())
    }
}

impl AppId {
    /// Sigma itself, which users sign in to directly.
    pub fn sigma() -> Self {
        Self("app_000000000000000000000001".to_owned())
    }
}

impl MembershipId {
    /// A new random id, which reveals nothing, not even its age.
    pub fn random(rng: &dyn Rng) -> Self {
        let number = u128::from_be_bytes(bytes(rng)) >> 32;
        Self(format!("mem_{number:024x}"))
    }
}

/// An app on the wire: `client_id`, `aud` of ID tokens, `azp`. Its id, unless its owner chose a name when it was
/// registered; clients compare it, so it never changes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientId(String);

impl ClientId {
    /// That of an app for which no name was chosen.
    pub fn of(id: &AppId) -> Self {
        Self(id.as_str().to_owned())
    }

    /// A client id from the store.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Slug> for ClientId {
    fn from(chosen: Slug) -> Self {
        Self(chosen.into())
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An org as a caller names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrgRef {
    /// By id.
    Id(OrgId),
    /// By slug.
    Slug(Slug),
}

impl OrgRef {
    /// Parses either form. No text is both.
    pub fn parse(text: &str) -> Option<Self> {
        OrgId::parse(text).map(Self::Id).or_else(|| Slug::parse(text).map(Self::Slug))
    }

    /// The name in an address.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Id(id) => id.as_str(),
            Self::Slug(slug) => slug.as_str(),
        }
    }
}

impl From<OrgId> for OrgRef {
    fn from(id: OrgId) -> Self {
        Self::Id(id)
    }
}

impl Serialize for OrgRef {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for OrgRef {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("neither the id nor the slug of an org"))
    }
}

/// An app as a caller names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppRef {
    /// By id.
    Id(AppId),
    /// By the `client_id` that its owner chose.
    Chosen(Slug),
}

impl AppRef {
    /// Parses either form. No text is both.
    pub fn parse(text: &str) -> Option<Self> {
        AppId::parse(text).map(Self::Id).or_else(|| Slug::parse(text).map(Self::Chosen))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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
        assert!(!UserId::from_text("a\0b").as_str().contains('\0'));
        let deserialised: UserId = serde_json::from_str(r#""a\u0000b""#).unwrap();
        assert_eq!(deserialised, UserId::from_text("a\0b"));
        assert_eq!(OrgRef::parse("bakery\0"), None);
    }

    #[test]
    fn an_id_is_the_same_with_and_without_prefix() {
        let rng = SeededRng::new(1);
        let id = OrgId::new(Timestamp::from_seconds(1_000), &rng);
        assert_eq!(OrgId::parse(id.as_str()), Some(id.clone()));
        assert_eq!(OrgId::parse(id.digits()), Some(id.clone()));
        assert_eq!(id.digits().len(), DIGITS);
        for other in ["", "org_", "org_0", "app_0123456789abcdef01234567", "0123456789ABCDEF01234567"] {
            assert_eq!(OrgId::parse(other), None, "{other}");
        }
        assert_eq!(OrgId::parse(OrgId::operator().as_str()), Some(OrgId::operator()));
        assert_eq!(AppId::parse(AppId::sigma().as_str()), Some(AppId::sigma()));
        let membership = MembershipId::random(&rng);
        assert!(membership.as_str().strip_prefix("mem_").is_some_and(is_digits), "{membership}");
    }

    /// Texts that are nearly ids or nearly slugs.
    fn near() -> impl Strategy<Value = String> {
        prop_oneof![
            "(org_|app_|user_|mem_|key_)?[0-9a-f]{23,25}",
            "[a-z0-9-]{1,70}",
            "(org|app|user)[_-][a-z0-9-]{0,30}",
            "[0-9a-fA-F]{24}",
            "\\PC{0,40}",
        ]
    }

    proptest! {
        #[test]
        fn no_text_is_both_an_id_and_a_slug(text in near()) {
            let is_slug = Slug::parse(&text).is_some();
            let is_id = OrgId::parse(&text).is_some() || AppId::parse(&text).is_some() || UserId::parse(&text).is_some();
            prop_assert!(!(is_slug && is_id), "{text}");
            let begins_like_an_id = ["org_", "app_", "user_", "mem_", "key_", "role_"].iter().any(|it| text.starts_with(it));
            prop_assert!(!(is_slug && begins_like_an_id), "{text}");
        }

        #[test]
        fn references_round_trip(text in near()) {
            if let Some(reference) = OrgRef::parse(&text) {
                prop_assert_eq!(OrgRef::parse(reference.as_str()), Some(reference.clone()));
                let json = serde_json::to_string(&reference).unwrap();
                prop_assert_eq!(serde_json::from_str::<OrgRef>(&json).unwrap(), reference);
            }
        }

        #[test]
        fn generated_ids_are_never_slugs(seed in any::<u64>(), seconds in 0_i64..4_000_000_000) {
            let (rng, now) = (SeededRng::new(seed), Timestamp::from_seconds(seconds));
            let (org, app) = (OrgId::new(now, &rng), AppId::new(now, &rng));
            prop_assert_eq!(OrgRef::parse(org.digits()), Some(OrgRef::Id(org.clone())));
            prop_assert_eq!(AppRef::parse(ClientId::of(&app).as_str()), Some(AppRef::Id(app)));
        }
    }
}
