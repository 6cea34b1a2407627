//! The claims of access tokens (RFC 9068), ID tokens (OpenID Connect Core §2) and session tokens.

use aws_lc_rs::digest::{SHA256, SHA512, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::code::Authorization;
use crate::dpop::{Confirmation, Thumbprint};
use crate::exchange::ActClaim;
use crate::ids::{ApiKeyId, ClientId, GrantId, OrgId, TokenId};
use crate::jose::Algorithm;
use crate::person::Person;
use crate::resource::Targets;
use crate::scope::{EMAIL, OPENID, ORG, PROFILE, Scopes};
use crate::time::Timestamp;

/// The most characters of a name in a token, which is sent in the header of every request.
const LONGEST_NAME: usize = 256;
/// The longest published record in a token, in bytes; userinfo returns it whatever its length.
const LONGEST_RECORD: usize = 4_096;

/// A single audience as a string, several as a list (RFC 7519 §4.1.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    /// A single value.
    One(String),
    /// Several values.
    Many(Vec<String>),
}

impl Audience {
    /// The audience of a user's access token: the issuer, or `targets`, plus the issuer if userinfo must accept it. A
    /// token for an open resource never includes the issuer: the resource could otherwise call userinfo with it.
    pub fn of_grant(issuer: &str, targets: &Targets, scope: &Scopes) -> Self {
        let with_issuer = scope.contains(OPENID) && !targets.any_open();
        Self::of(issuer, &targets.uris().chain(with_issuer.then_some(issuer)).collect::<Vec<_>>())
    }

    /// The audience of a client-credentials token: the issuer, or `targets`.
    pub fn of_app(issuer: &str, targets: &Targets) -> Self {
        Self::of(issuer, &targets.uris().collect::<Vec<_>>())
    }

    /// `audiences`, or the issuer if there are none.
    pub(crate) fn of(issuer: &str, audiences: &[&str]) -> Self {
        match audiences {
            [] => Self::One(issuer.to_owned()),
            [only] => Self::One((*only).to_owned()),
            several => Self::Many(several.iter().map(|audience| (*audience).to_owned()).collect()),
        }
    }

    /// Each audience.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let audiences = match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many.as_slice(),
        };
        audiences.iter().map(String::as_str)
    }

    /// Whether `name` is in the audience.
    pub fn includes(&self, name: &str) -> bool {
        self.iter().any(|known| known == name)
    }
}

/// The claims of an access token: `typ` `at+jwt` (RFC 9068 §2.2), with the claims beside them that published clients
/// read (`docs/spec/tokens.md#access-tokens`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessClaims {
    /// The issuer.
    pub iss: String,
    /// The user, or the app itself for client credentials.
    pub sub: String,
    /// The audience.
    pub aud: Audience,
    /// When it expires, in seconds.
    pub exp: i64,
    /// When it was issued, in seconds.
    pub iat: i64,
    /// Its own id.
    pub jti: String,
    /// The app.
    pub client_id: String,
    /// The granted scopes.
    pub scope: String,
    /// The grant; none for client credentials, which have no user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gid: Option<GrantId>,
    /// The browser session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// The last authentication, in seconds (RFC 9068 §2.2.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// Its class (RFC 9068 §2.2.1, `docs/spec/tokens.md#acr-and-amr`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// The user's name, with `profile`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The key of the chosen identity, with `profile`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pubkey: Option<String>,
    /// The chosen identity, with `profile`, if it is proven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bap_id: Option<String>,
    /// Its published record: JSON in a string.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bap: Option<String>,
    /// The org that the user acts for, with `org`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub org_id: Option<OrgId>,
    /// A verified address, with `email`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The key that the token is bound to (RFC 7800): such a token is never accepted as a bearer token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
    /// Who acts for the subject (RFC 8693 §4.1); none if the app does to which the user gave the grant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<ActClaim>,
    /// The tokens, by `jti`, that it was exchanged for and whose revocation ends it too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// The caller of a workspace that it was issued for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<WorkspaceClaims>,
    /// Whether the first actor impersonates the subject: it is not the subject who wants this.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub impersonation: bool,
}

/// The caller of a workspace: a token that was exchanged for its session or key ends with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceClaims {
    /// The workspace.
    pub org_id: OrgId,
    /// The member's session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key: Option<ApiKeyId>,
}

/// What every token has, whatever its kind.
#[derive(Clone, Copy, Debug)]
pub struct Issuance<'a> {
    /// The issuer.
    pub issuer: &'a str,
    /// The app, as clients know it.
    pub client_id: &'a ClientId,
    /// The current time.
    pub now: Timestamp,
    /// Seconds of life.
    pub seconds: u32,
    /// The key that access tokens are bound to.
    pub jkt: Option<&'a Thumbprint>,
}

impl Issuance<'_> {
    pub(crate) fn cnf(self) -> Option<Confirmation> {
        self.jkt.map(|jkt| Confirmation { jkt: jkt.clone() })
    }

    fn expiry(self) -> i64 {
        self.now.seconds().saturating_add(i64::from(self.seconds))
    }
}

impl AccessClaims {
    /// Whether it is revoked by itself: it has no grant, or the one of another app.
    pub fn stands_alone(&self) -> bool {
        self.gid.is_none() || self.act.is_some()
    }

    /// The token of a grant.
    pub fn of_grant(
        issuance: Issuance<'_>,
        grant: &GrantId,
        authorization: &Authorization,
        targets: &Targets,
        person: &Person,
        id: &TokenId,
    ) -> Self {
        let profile = authorization.scope.contains(PROFILE).then_some(person);
        let scope = targets.bound(&authorization.scope);
        Self {
            iss: issuance.issuer.to_owned(),
            sub: authorization.user_id.to_string(),
            aud: Audience::of_grant(issuance.issuer, targets, &scope),
            exp: issuance.expiry(),
            iat: issuance.now.seconds(),
            jti: id.to_string(),
            client_id: issuance.client_id.to_string(),
            scope: scope.to_string(),
            gid: Some(grant.clone()),
            sid: Some(authorization.session_id.to_string()),
            auth_time: Some(authorization.auth_time.seconds()),
            acr: Some(authorization.acr.clone()),
            name: profile.map(|person| person.display_name().chars().take(LONGEST_NAME).collect()),
            pubkey: profile.and_then(Person::pubkey).map(|key| key.to_hex()),
            bap_id: profile.and_then(Person::bap_id).map(ToString::to_string),
            bap: profile.and_then(Person::bap_text).filter(|record| record.len() <= LONGEST_RECORD).map(str::to_owned),
            org_id: authorization.org_id.clone().filter(|_| authorization.scope.contains(ORG)),
            email: authorization
                .scope
                .contains(EMAIL)
                .then(|| person.email_claims(None))
                .flatten()
                .map(|(address, _)| address.into_owned()),
            cnf: issuance.cnf(),
            act: None,
            sources: Vec::new(),
            workspace: None,
            impersonation: false,
        }
    }

    /// A client-credentials token (RFC 6749 §4.4).
    pub fn of_app(issuance: Issuance<'_>, scope: &Scopes, targets: &Targets, id: &TokenId) -> Self {
        Self {
            iss: issuance.issuer.to_owned(),
            sub: issuance.client_id.to_string(),
            aud: Audience::of_app(issuance.issuer, targets),
            exp: issuance.expiry(),
            iat: issuance.now.seconds(),
            jti: id.to_string(),
            client_id: issuance.client_id.to_string(),
            scope: scope.to_string(),
            gid: None,
            sid: None,
            auth_time: None,
            acr: None,
            name: None,
            pubkey: None,
            bap_id: None,
            bap: None,
            org_id: None,
            email: None,
            cnf: issuance.cnf(),
            act: None,
            sources: Vec::new(),
            workspace: None,
            impersonation: false,
        }
    }
}

/// The claims of an ID token about its user: those of `scope` and those requested individually, as in userinfo (Core
/// §5.4, §5.5). Omits claims without a value, and a record too long for a header.
pub fn id_token_claims(
    person: &Person,
    scope: &Scopes,
    claims: &[String],
    placeholder_host: Option<&str>,
) -> Map<String, Value> {
    let mut reported = person.userinfo(scope, claims, placeholder_host).into_map();
    reported.remove("sub");
    if person.bap_text().is_none_or(|record| record.len() > LONGEST_RECORD) {
        reported.remove("bap");
    }
    leave_out_long_lists(person, &mut reported);
    if let Some(Value::String(name)) = reported.get_mut("name") {
        *name = name.chars().take(LONGEST_NAME).collect();
    }
    reported
}

/// The roles and groups for an access token of an app that wants them there; not those too long for a header.
pub fn access_token_lists(person: &Person, scope: &Scopes) -> Map<String, Value> {
    let mut reported = person.userinfo(&scope.within(&Scopes::parse("roles groups")), &[], None).into_map();
    reported.retain(|_, value| value.is_array());
    leave_out_long_lists(person, &mut reported);
    reported
}

fn leave_out_long_lists(person: &Person, reported: &mut Map<String, Value>) {
    let Some(member) = &person.membership else { return };
    for (claim, values) in [(&member.roles_claim, &member.roles), (&member.groups_claim, &member.groups)] {
        if values.iter().map(|value| value.len() + 3).sum::<usize>() > LONGEST_RECORD {
            reported.remove(claim);
        }
    }
    if let Some(claim) = member.permissions_claim()
        && member.permissions.iter().map(|name| name.len() + 3).sum::<usize>() > LONGEST_RECORD
    {
        reported.remove(claim);
    }
}

/// The claims of an access token, and what else is said about its user.
#[derive(Debug, Serialize)]
pub struct AccessClaimsWith<'a> {
    /// The claims.
    #[serde(flatten)]
    pub claims: &'a AccessClaims,
    /// The rest.
    #[serde(flatten)]
    pub about: Map<String, Value>,
}

/// The claims of an id token: `typ` `JWT` (Core §2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdClaims {
    /// The issuer.
    pub iss: String,
    /// The person.
    pub sub: String,
    /// The app.
    pub aud: Audience,
    /// When it expires, in seconds.
    pub exp: i64,
    /// When it was issued, in seconds.
    pub iat: i64,
    /// The last authentication, in seconds.
    pub auth_time: i64,
    /// Its `acr` (`docs/spec/tokens.md#acr-and-amr`).
    pub acr: String,
    /// The authentication methods (RFC 8176).
    pub amr: Vec<String>,
    /// The nonce of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// The left half of the access token's digest (Core §3.1.3.6).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_hash: Option<String>,
    /// The browser session (Front-Channel Logout §3).
    pub sid: String,
    /// Claims about the user, if the app requested them here.
    #[serde(flatten)]
    pub about: Map<String, Value>,
}

impl IdClaims {
    /// The ID token issued with `access_token`.
    pub fn of(
        issuance: Issuance<'_>,
        authorization: &Authorization,
        about: Map<String, Value>,
        access_token: &str,
        algorithm: Algorithm,
    ) -> Self {
        Self {
            iss: issuance.issuer.to_owned(),
            sub: authorization.user_id.to_string(),
            aud: Audience::One(issuance.client_id.to_string()),
            exp: issuance.expiry(),
            iat: issuance.now.seconds(),
            auth_time: authorization.auth_time.seconds(),
            acr: authorization.acr.clone(),
            amr: authorization.amr.split(' ').map(str::to_owned).collect(),
            nonce: authorization.nonce.clone(),
            at_hash: Some(at_hash(access_token, algorithm)),
            sid: authorization.session_id.to_string(),
            about,
        }
    }
}

/// `at_hash`: the left half of the digest of the ID token's algorithm (Core §3.1.3.6); Ed25519 uses SHA-512 (RFC 8032
/// §5.1).
fn at_hash(access_token: &str, algorithm: Algorithm) -> String {
    let (hash, half) = match algorithm {
        Algorithm::RS256 | Algorithm::ES256 => (&SHA256, 16),
        Algorithm::EdDSA => (&SHA512, 32),
    };
    let digest = digest(hash, access_token.as_bytes());
    URL_SAFE_NO_PAD.encode(digest.as_ref().get(..half).unwrap_or_default())
}

/// The claims of a session token for Sigma's own APIs: `typ` `sigma-session+jwt`, 15 minutes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionTokenClaims {
    /// The issuer.
    pub iss: String,
    /// The person.
    pub sub: String,
    /// The issuer again.
    pub aud: String,
    /// When it expires, in seconds.
    pub exp: i64,
    /// When it was issued, in seconds.
    pub iat: i64,
    /// The browser session.
    pub sid: String,
}
