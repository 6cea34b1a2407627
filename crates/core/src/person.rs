//! A user as apps may see them: the account, and the identity chosen for an app.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sigma_bitcoin::{BapId, PublicKey};

use crate::claim::{Claim, Claims};
use crate::ids::{OrgId, UserId};
use crate::profile::{Field, Profile};
use crate::scope::{EMAIL, GROUPS, ORG, PROFILE, ROLES, Scopes};
use crate::time::Timestamp;

/// The proof that an identity belongs to its account (`docs/spec/keys.md#identities`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityProof {
    /// Only claimed: private to the account.
    None,
    /// The id is the hash of the address of a key that the account signed with.
    Address,
    /// The published record lists an address of a key that the account signed with.
    Record,
    /// The account signed with the key whose address the id is the hash of.
    IdentityKey,
}

impl IdentityProof {
    /// The stored name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Address => "address",
            Self::Record => "record",
            Self::IdentityKey => "identity_key",
        }
    }

    /// The proof with that stored name; unknown names prove nothing.
    pub fn parse(text: &str) -> Self {
        [Self::Address, Self::Record, Self::IdentityKey]
            .into_iter()
            .find(|proof| proof.as_str() == text)
            .unwrap_or(Self::None)
    }

    /// Whether apps may see the identity.
    pub fn is_proven(self) -> bool {
        self != Self::None
    }
}

/// A BAP identity of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Its id.
    pub bap_id: BapId,
    /// The user's id.
    pub user_id: UserId,
    /// Its member key, unless that was retired.
    pub pubkey: Option<PublicKey>,
    /// Its display name.
    pub name: String,
    /// Its picture: an https URL.
    pub image: Option<String>,
    /// The proof that it belongs to its owner.
    pub proof: IdentityProof,
    /// The address that its id is the hash of, if known.
    pub root_address: Option<String>,
    /// Its current signing address, if known.
    pub current_address: Option<String>,
    /// Its published record as JSON, if there is one.
    pub profile: Option<String>,
    /// When that record was last looked up.
    pub resolved_at: Option<Timestamp>,
    /// Whether it is used when none was chosen.
    pub is_primary: bool,
}

impl Identity {
    /// The root address, unless it is that of a member key that was retired.
    fn own_root(&self) -> Option<&str> {
        let is_retired = self.pubkey.is_none() && self.proof == IdentityProof::Address;
        self.root_address.as_deref().filter(|_| !is_retired)
    }
}

/// Everything that tokens and userinfo can contain about a user for an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The account.
    pub user_id: UserId,
    /// The account's name.
    pub name: String,
    /// The account's picture.
    pub image: Option<String>,
    /// The e-mail address, and whether it is verified.
    pub email: Option<(String, bool)>,
    /// The account's key.
    pub pubkey: Option<PublicKey>,
    /// The identity chosen for the app.
    pub identity: Option<Identity>,
    /// What the user filled in for that identity, or for the account without one.
    pub profile: Option<Arc<Profile>>,
    /// Their membership in the org that they act for, or else the one that owns the app, if requested.
    pub membership: Option<Membership>,
    /// Whether the account is disabled.
    pub disabled: bool,
}

/// A user's membership in an org.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The org.
    pub org_id: OrgId,
    /// Whether they act for it, rather than that it owns the app.
    pub acts_for_it: bool,
    /// The name of their role, as the app is told it.
    pub roles: Vec<String>,
    /// The name of that claim.
    pub roles_claim: String,
    /// The names of their groups, as the app is told them.
    pub groups: Vec<String>,
    /// The name of that claim.
    pub groups_claim: String,
    /// What their role allows in apps, by names of the org's own.
    pub permissions: Arc<[String]>,
}

impl Membership {
    /// The claim with what the role allows in apps, unless the app calls another so.
    pub fn permissions_claim(&self) -> Option<&'static str> {
        let claim = "permissions";
        (self.roles_claim != claim && self.groups_claim != claim && !self.permissions.is_empty()).then_some(claim)
    }
}

impl Person {
    /// The identity, if it is proven: apps match accounts by it.
    fn proven_identity(&self) -> Option<&Identity> {
        self.identity.as_ref().filter(|identity| identity.proof.is_proven())
    }

    /// The key of the chosen identity, else of the account.
    pub fn pubkey(&self) -> Option<PublicKey> {
        self.identity.as_ref().and_then(|identity| identity.pubkey).or(self.pubkey)
    }

    /// The BAP id that apps may see.
    pub fn bap_id(&self) -> Option<&BapId> {
        self.proven_identity().map(|identity| &identity.bap_id)
    }

    /// The `name` claim: what the user filled in, else the published `alternateName`, else the display name here.
    pub fn display_name(&self) -> String {
        self.name_with(&Record::of(self)).into_owned()
    }

    fn name_with(&self, record: &Record) -> Cow<'_, str> {
        if let Some(filled_in) = self.profile.as_deref().and_then(Profile::display_name) {
            return filled_in.into();
        }
        match record.text("alternateName") {
            Some(published) => published.to_owned().into(),
            None => self.proven_identity().map_or(&self.name, |identity| &identity.name).into(),
        }
    }

    /// The identity's address for payments and signatures.
    pub fn bitcoin_address(&self) -> Option<Cow<'_, str>> {
        let identity = self.proven_identity();
        identity
            .and_then(|identity| identity.current_address.as_deref().or_else(|| identity.own_root()).map(Cow::Borrowed))
            .or_else(|| self.pubkey().map(|key| key.address().into()))
    }

    /// The published record for tokens: JSON in a string.
    pub fn bap_text(&self) -> Option<&str> {
        self.proven_identity()?.profile.as_deref()
    }

    /// The e-mail claims: the address if it is verified, else a placeholder if the app asked for one.
    pub fn email_claims(&self, placeholder_host: Option<&str>) -> Option<(Cow<'_, str>, bool)> {
        match &self.email {
            Some((address, true)) if !is_made_up(address) => Some((address.into(), true)),
            _ => placeholder_host.map(|host| (format!("{}@users.{host}", self.user_id).into(), false)),
        }
    }

    /// The userinfo claims of `scopes` and the individually requested ones (`docs/spec/oidc.md#userinfo`).
    /// `placeholder_host` is the issuer's host, for apps that want placeholder addresses.
    pub fn userinfo(&self, scopes: &Scopes, requested: &[String], placeholder_host: Option<&str>) -> Claims<'_> {
        let asks = |claim: &str| requested.iter().any(|name| name == claim);
        let mut claims = Claims::new();
        claims.push("sub", self.user_id.as_str());
        let has_profile = scopes.contains(PROFILE);
        // Nothing of the profile is read for apps that may not see it.
        if has_profile || !requested.is_empty() {
            self.add_profile(&mut claims, |claim| has_profile || asks(claim));
        }
        if let Some(member) = &self.membership {
            let has_roles = scopes.contains(ROLES);
            let has_groups = has_roles || scopes.contains(GROUPS);
            if has_groups || asks("org_id") || (member.acts_for_it && scopes.contains(ORG)) {
                claims.push("org_id", member.org_id.as_str());
            }
            if (has_roles || asks("roles")) && !member.roles.is_empty() {
                claims.push(&member.roles_claim, Claim::Listed(&member.roles));
            }
            if let Some(claim) = member.permissions_claim().filter(|_| has_roles) {
                claims.push(claim, Claim::Listed(&member.permissions));
            }
            if (has_groups || asks("groups")) && !member.groups.is_empty() {
                claims.push(&member.groups_claim, Claim::Listed(&member.groups));
            }
        }
        if let Some((address, verified)) = self.email_claims(placeholder_host) {
            let has_email = scopes.contains(EMAIL);
            if has_email || asks("email") {
                claims.push("email", address);
            }
            if has_email || asks("email_verified") {
                claims.push("email_verified", Claim::Flag(verified));
            }
        }
        claims
    }

    /// Adds those of the scope `profile` that are wanted, and not empty.
    fn add_profile<'a>(&'a self, claims: &mut Claims<'a>, wanted: impl Fn(&str) -> bool) {
        let record = Record::of(self);
        let profile = self.profile.as_deref();
        let published = |field: Field| match field {
            Field::GivenName => record.text("givenName"),
            Field::FamilyName => record.text("familyName"),
            _ => None,
        };
        let mut add = |claim: &'static str, value: Option<Cow<'a, str>>| {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                claims.push(claim, value);
            }
        };
        if wanted("name") {
            add("name", Some(self.name_with(&record)));
        }
        for field in Field::AS_CLAIMS.into_iter().filter(|field| wanted(field.as_str())) {
            let filled_in = profile.and_then(|profile| profile.get(field)).map(Cow::Borrowed);
            add(field.as_str(), filled_in.or_else(|| published(field).map(|text| text.to_owned().into())));
        }
        if wanted("picture") {
            add("picture", self.picture_with(&record));
        }
        if wanted("pubkey") {
            add("pubkey", self.pubkey().map(|key| key.to_hex().into()));
        }
        if wanted("bap_id") {
            add("bap_id", self.bap_id().map(|id| id.as_str().into()));
        }
        if wanted("bitcoin_address") {
            add("bitcoin_address", self.bitcoin_address());
        }
        if let Some(profile) = profile.filter(|_| wanted("updated_at")) {
            claims.push("updated_at", Claim::Seconds(profile.updated_at.seconds()));
        }
        if wanted("bap") {
            claims.push("bap", Claim::Json(record.0.unwrap_or(Value::Null)));
        }
    }

    /// The `picture` claim: what the user chose, else the published one, else the identity's, else the account's. Inline images
    /// are too large for a claim.
    pub fn picture(&self) -> Option<Cow<'_, str>> {
        self.picture_with(&Record::of(self))
    }

    fn picture_with(&self, record: &Record) -> Option<Cow<'_, str>> {
        let chosen = self.profile.as_deref().and_then(|profile| profile.get(Field::Image)).map(Cow::Borrowed);
        // What is published may be the address of a transaction, or a script.
        let published = || record.text("image").filter(|image| image.starts_with("https://"));
        let here = || self.proven_identity().and_then(|identity| identity.image.as_deref()).or(self.image.as_deref());
        let picture =
            chosen.or_else(|| published().map(|image| image.to_owned().into())).or_else(|| here().map(Cow::Borrowed));
        picture.filter(|picture| !picture.starts_with("data:"))
    }
}

/// The published record of a proven identity.
struct Record(Option<Value>);

impl Record {
    fn of(person: &Person) -> Self {
        let published = person.proven_identity().and_then(|identity| identity.profile.as_deref());
        Self(published.and_then(|record| serde_json::from_str(record).ok()))
    }

    /// A text of its `identity` member, unless it is empty.
    fn text(&self, field: &str) -> Option<&str> {
        let text = self.0.as_ref()?.get("identity")?.get(field)?.as_str()?;
        (!text.is_empty()).then_some(text)
    }
}

/// Whether the address cannot be verified: clients invent addresses in these domains.
fn is_made_up(address: &str) -> bool {
    let domain = address.rsplit_once('@').map_or(address, |(_, domain)| domain);
    ["sigma.local", "sigma.identity"].iter().any(|made_up| domain.eq_ignore_ascii_case(made_up))
}

/// Claims that can be requested individually, with the scope that covers each (Core §5.4, §5.5).
pub const CLAIMS: [(&str, &str); 23] = [
    ("name", PROFILE),
    ("given_name", PROFILE),
    ("family_name", PROFILE),
    ("middle_name", PROFILE),
    ("nickname", PROFILE),
    ("preferred_username", PROFILE),
    ("profile", PROFILE),
    ("picture", PROFILE),
    ("website", PROFILE),
    ("gender", PROFILE),
    ("birthdate", PROFILE),
    ("zoneinfo", PROFILE),
    ("locale", PROFILE),
    ("updated_at", PROFILE),
    ("pubkey", PROFILE),
    ("bap", PROFILE),
    ("bap_id", PROFILE),
    ("bitcoin_address", PROFILE),
    ("email", EMAIL),
    ("email_verified", EMAIL),
    ("org_id", ROLES),
    ("roles", ROLES),
    ("groups", GROUPS),
];

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "024a038aa8d92634a3aa1f42275d3d4c975c4c7d808ec98c5f5603381454640ada";

    fn person() -> Person {
        Person {
            user_id: UserId::from_text("user_1"),
            name: "1FeoYJMD1uDiC3G3FKRJnUxQ5ZBsKGHUcc".to_owned(),
            image: None,
            email: None,
            pubkey: PublicKey::parse(KEY).ok(),
            identity: None,
            profile: None,
            membership: None,
            disabled: false,
        }
    }

    fn identity(proof: IdentityProof) -> Identity {
        Identity {
            bap_id: BapId::parse("2mS7r1dhavg17CtduUWA5rY3dCLc").unwrap(),
            user_id: UserId::from_text("user_1"),
            pubkey: PublicKey::parse(KEY).ok(),
            name: "Ada".to_owned(),
            image: None,
            proof,
            root_address: None,
            current_address: None,
            profile: Some(
                r#"{"idKey":"x","identity":{"alternateName":"ada","givenName":"Ada","familyName":""}}"#.to_owned(),
            ),
            resolved_at: None,
            is_primary: true,
        }
    }

    fn info(person: &Person, scopes: &str) -> Value {
        serde_json::to_value(person.userinfo(&Scopes::parse(scopes), &[], None)).unwrap()
    }

    #[test]
    fn without_profile_only_the_subject_is_returned() {
        assert_eq!(info(&person(), "openid"), serde_json::json!({"sub": "user_1"}));
    }

    #[test]
    fn an_unproven_identity_stays_private() {
        let body = info(&Person { identity: Some(identity(IdentityProof::None)), ..person() }, "openid profile");
        assert_eq!(body.get("bap_id"), None);
        assert_eq!(body.get("bap"), Some(&Value::Null));
        assert_eq!(body.get("name").and_then(Value::as_str), Some("1FeoYJMD1uDiC3G3FKRJnUxQ5ZBsKGHUcc"));
    }

    #[test]
    fn proven_identities_are_returned_and_empty_claims_omitted() {
        let body = info(&Person { identity: Some(identity(IdentityProof::Address)), ..person() }, "openid profile");
        insta::assert_json_snapshot!(body);
    }

    #[test]
    fn what_the_user_filled_in_is_returned_before_what_is_published() {
        let stored = r#"{"alternateName":"Countess","given_name":"Augusta","image":"https://ada.example/a.png","website":"https://ada.example/",
            "gender":"female","birthdate":"1815-12-10","zoneinfo":"Europe/London","locale":"en-GB","description":"x","nickname":"Ada",
            "middle_name":"King","preferred_username":"ada","profile":"https://ada.example/me"}"#;
        let profile = Profile::from_stored(stored, crate::time::Timestamp::from_seconds(1_800_000_000)).unwrap();
        let identity = Some(identity(IdentityProof::Address));
        let filled = Person { identity, profile: Some(Arc::new(profile)), ..person() };
        insta::assert_json_snapshot!(info(&filled, "openid profile"));
        let asked = ["birthdate".to_owned(), "updated_at".to_owned()];
        let body = serde_json::to_value(filled.userinfo(&Scopes::parse("openid"), &asked, None)).unwrap();
        assert_eq!(body, serde_json::json!({"sub": "user_1", "birthdate": "1815-12-10", "updated_at": 1_800_000_000}));
    }

    #[test]
    fn unverified_addresses_are_never_returned() {
        let unverified = Person { email: Some(("ada@example.org".to_owned(), false)), ..person() };
        assert_eq!(info(&unverified, "openid email"), serde_json::json!({"sub": "user_1"}));
        let verified = Person { email: Some(("ada@example.org".to_owned(), true)), ..person() };
        assert_eq!(
            info(&verified, "openid email"),
            serde_json::json!({"sub": "user_1", "email": "ada@example.org", "email_verified": true})
        );
    }

    #[test]
    fn roles_are_returned_only_with_their_scope_and_org() {
        let member = Membership {
            org_id: OrgId::from_text("org_1"),
            acts_for_it: false,
            roles: vec!["Admin".to_owned()],
            permissions: ["invoices:approve".to_owned()].into(),
            roles_claim: "roles".to_owned(),
            groups: vec!["Bakers".to_owned()],
            groups_claim: "teams".to_owned(),
        };
        let member = Person { membership: Some(member), ..person() };
        assert_eq!(info(&member, "openid"), serde_json::json!({"sub": "user_1"}));
        let groups = serde_json::json!({"sub": "user_1", "org_id": "org_1", "teams": ["Bakers"]});
        assert_eq!(info(&member, "openid groups"), groups);
        let reported = serde_json::json!({
            "sub": "user_1", "org_id": "org_1", "roles": ["Admin"], "permissions": ["invoices:approve"], "teams": ["Bakers"],
        });
        assert_eq!(info(&member, "openid roles"), reported);
        assert_eq!(info(&person(), "openid roles"), serde_json::json!({"sub": "user_1"}), "no member there");
    }

    #[test]
    fn placeholder_addresses_are_only_for_apps_that_asked() {
        let person = person();
        let body = person.userinfo(&Scopes::parse("openid email"), &[], Some("id.example.org")).into_map();
        assert_eq!(body.get("email").and_then(Value::as_str), Some("user_1@users.id.example.org"));
        assert_eq!(body.get("email_verified"), Some(&Value::Bool(false)));
    }
}
