//! Merits as portable credentials: Open Badges 3.0, which are Verifiable Credentials (VC Data Model 2.0) signed as JWT
//! (Open Badges 3.0 §8.2). The issuer is a `did:web`, and revocation is a Bitstring Status List.

use serde_json::{Value, json};

use super::name::PersonName;
use crate::digest::Digest;
use crate::ids::{MeritId, OrgId};
use crate::time::Timestamp;

/// What narratives of evidence take at most, in bytes: credentials are pasted and mailed.
const LONGEST_EVIDENCE: usize = 12_000;

/// The DID of an org: its document is `{issuer}/orgs/{id}/did.json` (did:web §3.2). `issuer` is an origin.
pub fn issuer_did(issuer: &str, org_id: &OrgId) -> String {
    format!("{}orgs:{}", did_of_host(issuer), org_id.digits())
}

/// What the DIDs of orgs of this server begin with, up to the colon after its host.
pub fn did_of_host(issuer: &str) -> String {
    let host = issuer.split_once("://").map_or(issuer, |(_, host)| host);
    format!("did:web:{}:", host.replace(':', "%3A"))
}

/// The org of a DID of this server.
pub fn org_of_did(issuer: &str, did: &str) -> Option<OrgId> {
    let org_id = OrgId::parse(did.rsplit(':').next()?)?;
    (issuer_did(issuer, &org_id) == did).then_some(org_id)
}

/// The public verification page of a merit, which is the id of its credential.
pub fn verification_url(issuer: &str, org_id: &OrgId, merit_id: &MeritId) -> String {
    format!("{issuer}/merits/{}/{}", org_id.digits(), merit_id.digits())
}

/// The merit of a verification page of this server.
pub fn merit_of_url(issuer: &str, url: &str) -> Option<(OrgId, MeritId)> {
    let (org, merit) = url.strip_prefix(issuer)?.strip_prefix("/merits/")?.split_once('/')?;
    let found = (OrgId::parse(org)?, MeritId::parse(merit)?);
    (verification_url(issuer, &found.0, &found.1) == url).then_some(found)
}

/// The URL of a status list of an org.
pub fn status_list_url(issuer: &str, org_id: &OrgId, list: i64) -> String {
    format!("{issuer}/orgs/{}/status/{list}", org_id.digits())
}

/// A merit about to be handed out.
#[derive(Clone, Debug)]
pub struct Badge<'a> {
    /// The issuer of this server.
    pub issuer: &'a str,
    /// The org.
    pub org_id: &'a OrgId,
    /// Its name.
    pub org_name: &'a str,
    /// Its website.
    pub website: Option<&'a str>,
    /// The merit.
    pub merit_id: &'a MeritId,
    /// The digits of its template's id.
    pub template: &'a str,
    /// The title of its template.
    pub title: &'a str,
    /// The description of its template.
    pub description: &'a str,
    /// The recipient.
    pub name: &'a PersonName,
    /// Their address; empty if the merit has none.
    pub email: &'a str,
    /// Salts the digest of the address.
    pub salt: &'a str,
    /// Names and values of fields, as text.
    pub evidence: &'a [(String, String)],
    /// When it was sent.
    pub sent_at: Timestamp,
    /// The last day on which it counts, `YYYY-MM-DD`.
    pub last_day: Option<&'a str>,
    /// The status list, and the place in it.
    pub status: (i64, i64),
}

impl Badge<'_> {
    /// The claims of the credential.
    pub fn claims(&self) -> Value {
        let did = issuer_did(self.issuer, self.org_id);
        let id = verification_url(self.issuer, self.org_id, self.merit_id);
        let org_url = format!("{}/orgs/{}", self.issuer, self.org_id.digits());
        let (list, place) = self.status;
        let list = status_list_url(self.issuer, self.org_id, list);
        let mut claims = json!({
            "@context": [
                "https://www.w3.org/ns/credentials/v2",
                "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
            ],
            "id": id,
            "type": ["VerifiableCredential", "OpenBadgeCredential"],
            "name": self.title,
            "issuer": {
                "id": did,
                "type": ["Profile"],
                "name": self.org_name,
                "url": self.website.unwrap_or(&org_url),
            },
            "validFrom": self.sent_at.iso8601(),
            "credentialSubject": {
                "type": ["AchievementSubject"],
                "identifier": self.identifiers(),
                "achievement": {
                    "id": format!("{org_url}#{}", self.template),
                    "type": ["Achievement"],
                    "name": self.title,
                    "description": self.description,
                    "criteria": { "narrative": self.description },
                },
            },
            "credentialStatus": {
                "id": format!("{list}#{place}"),
                "type": "BitstringStatusListEntry",
                "statusPurpose": "revocation",
                "statusListIndex": place.to_string(),
                "statusListCredential": list,
            },
            "iss": did,
            "jti": id,
            "nbf": self.sent_at.seconds(),
            "iat": self.sent_at.seconds(),
        });
        if let Value::Object(members) = &mut claims {
            if let Some(day) = self.last_day {
                members.insert("validUntil".to_owned(), format!("{day}T23:59:59Z").into());
            }
            let evidence = self.evidence();
            if !evidence.is_empty() {
                members.insert("evidence".to_owned(), evidence.into());
            }
        }
        claims
    }

    /// The recipient: their name, and a digest of their address, which only those recognize who know it (§B.1.14).
    fn identifiers(&self) -> Vec<Value> {
        let mut identifiers = Vec::new();
        if !self.name.is_empty() {
            identifiers.push(json!({
                "type": "IdentityObject",
                "hashed": false,
                "identityHash": self.name.full(),
                "identityType": "name",
            }));
        }
        if !self.email.is_empty() {
            identifiers.push(json!({
                "type": "IdentityObject",
                "hashed": true,
                "identityHash": hashed_email(self.email, self.salt),
                "identityType": "emailAddress",
                "salt": self.salt,
            }));
        }
        identifiers
    }

    fn evidence(&self) -> Vec<Value> {
        let mut room = LONGEST_EVIDENCE;
        let mut evidence = Vec::new();
        for (name, narrative) in self.evidence {
            let Some(left) = room.checked_sub(narrative.len()) else { continue };
            room = left;
            evidence.push(json!({ "type": ["Evidence"], "name": name, "narrative": narrative }));
        }
        evidence
    }
}

/// The digest of an address in a credential.
pub fn hashed_email(email: &str, salt: &str) -> String {
    format!("sha256${}", Digest::of(format!("{email}{salt}")).hex())
}

/// The claims of a status list (Bitstring Status List §3.1), which is valid for an hour.
pub fn status_list_claims(issuer: &str, org_id: &OrgId, list: i64, encoded: &str, now: Timestamp) -> Value {
    let (did, url) = (issuer_did(issuer, org_id), status_list_url(issuer, org_id, list));
    json!({
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "id": url,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": did,
        "validFrom": now.iso8601(),
        "validUntil": now.plus(std::time::Duration::from_hours(1)).iso8601(),
        "credentialSubject": {
            "id": format!("{url}#list"),
            "type": "BitstringStatusList",
            "statusPurpose": "revocation",
            "encodedList": encoded,
            "ttl": 60_000,
        },
        "iss": did,
        "jti": url,
        "nbf": now.seconds(),
    })
}

/// The document of an org's DID; `keys` are public JWKs by `kid`.
pub fn did_document(did: &str, keys: &[(String, Value)]) -> Value {
    let methods: Vec<Value> = keys
        .iter()
        .map(|(kid, jwk)| {
            json!({
                "id": format!("{did}#{kid}"),
                "type": "JsonWebKey2020",
                "controller": did,
                "publicKeyJwk": jwk,
            })
        })
        .collect();
    let ids: Vec<Value> = keys.iter().map(|(kid, _)| format!("{did}#{kid}").into()).collect();
    json!({
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/suites/jws-2020/v1"],
        "id": did,
        "verificationMethod": methods,
        "assertionMethod": ids,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "http://localhost:8080";

    fn org() -> OrgId {
        OrgId::parse("0123456789abcdef01234567").unwrap()
    }

    #[test]
    fn dids_and_pages_name_orgs_and_merits_of_this_server_alone() {
        let did = issuer_did(ISSUER, &org());
        assert_eq!(did, "did:web:localhost%3A8080:orgs:0123456789abcdef01234567");
        assert_eq!(org_of_did(ISSUER, &did), Some(org()));
        assert_eq!(org_of_did("https://other.example", &did), None);
        for other in ["", "did:web:localhost%3A8080:orgs:x", "did:key:0123456789abcdef01234567"] {
            assert_eq!(org_of_did(ISSUER, other), None, "{other}");
        }
        let merit = MeritId::parse("ffffffffffffffffffffffff").unwrap();
        let url = verification_url(ISSUER, &org(), &merit);
        assert_eq!(merit_of_url(ISSUER, &url), Some((org(), merit)));
        assert_eq!(merit_of_url(ISSUER, &format!("{url}/")), None);
        assert_eq!(merit_of_url("https://other.example", &url), None);
    }

    #[test]
    fn a_credential_names_its_recipient_without_their_address() {
        let (org, merit) = (org(), MeritId::parse("ffffffffffffffffffffffff").unwrap());
        let name = PersonName::of_text("Ada Lovelace").unwrap();
        let evidence = [("Grade".to_owned(), "A".to_owned()), ("Essay".to_owned(), "x".repeat(LONGEST_EVIDENCE))];
        let badge = Badge {
            issuer: ISSUER,
            org_id: &org,
            org_name: "Bakery",
            website: None,
            merit_id: &merit,
            template: "000000000000000000000001",
            title: "Baker",
            description: "Bakes",
            name: &name,
            email: "ada@example.org",
            salt: "salt",
            evidence: &evidence,
            sent_at: Timestamp::from_seconds(1_772_366_400),
            last_day: Some("2030-01-31"),
            status: (0, 7),
        };
        let claims = badge.claims();
        let text = claims.to_string();
        assert!(!text.contains("ada@example.org") && text.contains("Ada Lovelace"));
        assert_eq!(claims["iss"], claims["issuer"]["id"]);
        assert_eq!(claims["jti"], claims["id"]);
        assert_eq!(claims["validUntil"], "2030-01-31T23:59:59Z");
        assert_eq!(claims["credentialStatus"]["statusListIndex"], "7");
        assert_eq!(claims["evidence"].as_array().unwrap().len(), 1, "what is too long is left out");
        let hash = claims["credentialSubject"]["identifier"][1]["identityHash"].as_str().unwrap().to_owned();
        assert_eq!(hash, hashed_email("ada@example.org", "salt"));
    }
}
