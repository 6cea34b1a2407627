//! Credentials of issuers elsewhere: the document of their `did:web` has the keys, and a status list may say that one was
//! revoked. What is fetched is bounded by the fetcher: public addresses, https, no redirects, five seconds, 64 KiB.

use serde_json::Value;
use sigma_core::jose::{PublicJwk, UnverifiedJws};
use sigma_core::merits::did_web::{assertion_key, did_web_host, did_web_url};
use sigma_core::time::Timestamp;

use super::bits;
use super::verify::{Shown, name_of};

/// Characters that are shown of each text.
const LONGEST_TEXT: usize = 200;
/// Kinds of tokens that hold credentials (VC-JOSE-COSE §3.1.1, Open Badges 3.0 §8.2); older software names none.
const TYPES: [&str; 4] = ["vc+jwt", "vc+ld+jwt", "JWT", "jwt"];

/// What was found out about the credential of another issuer.
#[derive(Debug, PartialEq, Eq)]
pub struct Foreign {
    /// The host that vouches for it.
    pub host: String,
    /// The outcome.
    pub outcome: Outcome,
}

/// The outcome.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its issuer signed it, and says that it counts, or has no list of those that do not.
    Valid(Shown),
    /// Its issuer signed it, and revoked it.
    Revoked(Shown),
    /// Its issuer signed it, and its time is over or has not come.
    Expired(Shown),
    /// Its issuer signed it; whether it was revoked cannot be found out now.
    StatusUnknown(Shown),
    /// The keys of its issuer cannot be had now.
    Unreachable,
}

/// Where documents are read.
pub trait Web: Sync {
    /// The document at `url`, unless it cannot be read now.
    fn read(&self, url: &str) -> impl Future<Output = Option<Vec<u8>>> + Send;
}

/// Judges a credential that is signed with the key `kid` of `did`; `None` if it is none, or was altered.
pub async fn judge(
    jws: &UnverifiedJws<'_>,
    (did, kid): (&str, &str),
    now: Timestamp,
    web: &impl Web,
) -> Option<Foreign> {
    let (url, host) = (did_web_url(did)?, did_web_host(did)?);
    let document = web.read(&url).await.and_then(|body| serde_json::from_slice::<Value>(&body).ok());
    let Some(document) = document else { return Some(Foreign { host, outcome: Outcome::Unreachable }) };
    let claims = verified(jws, &document, (did, kid))?;
    if !types(&claims).any(|name| name == "OpenBadgeCredential" || name == "AchievementCredential") {
        return None;
    }
    let shown = read(&claims)?;
    let is_now = |pointer: &str, is_past: bool| match claims.pointer(pointer) {
        None => true,
        // Times of ISO 8601 in UTC compare as texts, whatever their precision, up to the second.
        Some(Value::String(time)) => {
            let (time, now) = (time.get(..19), now.iso8601());
            let now = now.get(..19);
            time.is_some() && if is_past { time <= now } else { time >= now }
        }
        Some(_) => false,
    };
    if !is_now("/validFrom", true) || !is_now("/validUntil", false) {
        return Some(Foreign { host, outcome: Outcome::Expired(shown) });
    }
    let outcome = match is_revoked(&claims, &document, did, now, web).await {
        Some(false) => Outcome::Valid(shown),
        Some(true) => Outcome::Revoked(shown),
        None => Outcome::StatusUnknown(shown),
    };
    Some(Foreign { host, outcome })
}

/// The claims of a token that the DID signed and issued.
fn verified(jws: &UnverifiedJws<'_>, document: &Value, (did, kid): (&str, &str)) -> Option<Value> {
    if jws.header().typ.as_deref().is_some_and(|typ| !TYPES.contains(&typ)) {
        return None;
    }
    let key = PublicJwk::parse(&assertion_key(document, did, kid)?).ok()?;
    let claims: Value = serde_json::from_slice(jws.verify(&key).ok()?).ok()?;
    let issuer = claims.get("issuer")?;
    let issuer = issuer.as_str().or_else(|| issuer.get("id")?.as_str());
    (issuer == Some(did) && claims.get("iss").is_none_or(|iss| iss.as_str() == Some(did))).then_some(claims)
}

fn types(claims: &Value) -> impl Iterator<Item = &str> {
    claims.get("type").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// What is shown of a badge.
fn read(claims: &Value) -> Option<Shown> {
    let text = |pointer: &str| {
        let text = claims.pointer(pointer).and_then(Value::as_str)?;
        Some(text.chars().filter(|letter| !letter.is_control()).take(LONGEST_TEXT).collect::<String>())
    };
    let url = text("/id").filter(|url| url.starts_with("https://") && url.chars().count() < LONGEST_TEXT);
    Some(Shown {
        title: text("/credentialSubject/achievement/name").or_else(|| text("/name"))?,
        org_name: text("/issuer/name").unwrap_or_default(),
        name: name_of(claims).map(|name| name.chars().take(LONGEST_TEXT).collect()).unwrap_or_default(),
        since: text("/validFrom").map(|day| day.chars().take(10).collect()).unwrap_or_default(),
        url,
    })
}

/// Whether a status list of the same issuer says that the credential was revoked; `None` if that cannot be found out.
async fn is_revoked(claims: &Value, document: &Value, did: &str, now: Timestamp, web: &impl Web) -> Option<bool> {
    let Some(status) = claims.get("credentialStatus") else { return Some(false) };
    // Several statuses, or one of another kind, may mean anything.
    let entry = match status.as_array().map(Vec::as_slice) {
        None => status,
        Some([only]) => only,
        Some(_) => return None,
    };
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    if text("type") != Some("BitstringStatusListEntry") || text("statusPurpose") != Some("revocation") {
        return None;
    }
    let place: u64 = text("statusListIndex")?.parse().ok()?;
    let list = web.read(text("statusListCredential")?).await?;
    let list = UnverifiedJws::parse_credential(std::str::from_utf8(&list).ok()?.trim()).ok()?;
    let (signer, kid) = list.header().kid.as_deref()?.split_once('#')?;
    if signer != did {
        return None;
    }
    let list = verified(&list, document, (did, kid))?;
    let is_fresh =
        list.get("validUntil").is_none_or(|until| until.as_str().is_some_and(|until| now.iso8601().as_str() < until));
    let is_list = types(&list).any(|name| name == "BitstringStatusListCredential");
    let purpose = list.pointer("/credentialSubject/statusPurpose").and_then(Value::as_str);
    if !is_list || !is_fresh || purpose != Some("revocation") {
        return None;
    }
    bits::is_set(list.pointer("/credentialSubject/encodedList")?.as_str()?, place)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;
    use sigma_core::jose::{Algorithm, SigningKey, sign_credential};
    use sigma_core::merits::proof::did_document;

    use super::*;

    const DID: &str = "did:web:badges.example.org:mill";
    const DOCUMENT: &str = "https://badges.example.org/mill/did.json";
    const LIST: &str = "https://badges.example.org/mill/list";

    struct Documents(BTreeMap<String, Vec<u8>>);

    impl Web for Documents {
        async fn read(&self, url: &str) -> Option<Vec<u8>> {
            self.0.get(url).cloned()
        }
    }

    fn now() -> Timestamp {
        Timestamp::from_seconds(1_800_000_000)
    }

    fn document(key: &SigningKey) -> Vec<u8> {
        let jwk = serde_json::to_value(key.public()).unwrap();
        did_document(DID, &[(key.kid().to_owned(), jwk)]).to_string().into_bytes()
    }

    fn badge() -> Value {
        json!({
            "id": "https://badges.example.org/mill/1",
            "type": ["VerifiableCredential", "OpenBadgeCredential"],
            "issuer": {"id": DID, "name": "The mill"},
            "validFrom": "2020-01-01T00:00:00Z",
            "credentialSubject": {"achievement": {"name": "Miller"}},
            "credentialStatus": {
                "type": "BitstringStatusListEntry",
                "statusPurpose": "revocation",
                "statusListIndex": "9",
                "statusListCredential": LIST,
            },
        })
    }

    fn list(key: &SigningKey, did: &str, revoked: &[i64]) -> Vec<u8> {
        let claims = json!({
            "type": ["VerifiableCredential", "BitstringStatusListCredential"],
            "issuer": did,
            "credentialSubject": {
                "statusPurpose": "revocation",
                "encodedList": bits::encode(revoked).unwrap(),
            },
        });
        sign_credential(key, did, &claims).unwrap().into_bytes()
    }

    /// What becomes of `claims`, signed by `key`, with what the web holds.
    async fn outcome(key: &SigningKey, claims: &Value, web: &[(&str, Vec<u8>)]) -> Option<Outcome> {
        let token = sign_credential(key, DID, claims).unwrap();
        let jws = UnverifiedJws::parse_credential(&token).unwrap();
        let web = Documents(web.iter().map(|(url, document)| ((*url).to_owned(), document.clone())).collect());
        let judged = judge(&jws, (DID, key.kid()), now(), &web).await?;
        assert_eq!(judged.host, "badges.example.org");
        Some(judged.outcome)
    }

    #[tokio::test]
    async fn a_credential_of_another_issuer_is_judged_by_its_documents() {
        let key = SigningKey::generate(Algorithm::ES256).unwrap();
        let web = |revoked: &[i64]| vec![(DOCUMENT, document(&key)), (LIST, list(&key, DID, revoked))];
        assert!(
            matches!(outcome(&key, &badge(), &web(&[])).await, Some(Outcome::Valid(shown)) if shown.title == "Miller")
        );
        assert!(matches!(outcome(&key, &badge(), &web(&[9])).await, Some(Outcome::Revoked(_))));
        assert!(matches!(outcome(&key, &badge(), &web(&[])[1..]).await, Some(Outcome::Unreachable)));
        assert!(matches!(outcome(&key, &badge(), &web(&[])[..1]).await, Some(Outcome::StatusUnknown(_))));
        let change = |name: &str, value: Value| {
            let mut claims = badge();
            claims[name] = value;
            claims
        };
        let over = change("validUntil", json!("2021-01-01T00:00:00Z"));
        assert!(matches!(outcome(&key, &over, &web(&[])).await, Some(Outcome::Expired(_))));
        let unknown = change("credentialStatus", json!({"type": "StatusList2021Entry"}));
        assert!(matches!(outcome(&key, &unknown, &web(&[])).await, Some(Outcome::StatusUnknown(_))));
        for (name, value) in [
            ("issuer", json!("did:web:evil.example")),
            ("iss", json!("did:web:evil.example")),
            ("type", json!(["VerifiableCredential"])),
        ] {
            assert_eq!(outcome(&key, &change(name, value), &web(&[])).await, None, "{name}");
        }
    }

    #[tokio::test]
    async fn what_somebody_else_signed_proves_nothing() {
        let (key, evil) =
            (SigningKey::generate(Algorithm::ES256).unwrap(), SigningKey::generate(Algorithm::ES256).unwrap());
        assert_eq!(outcome(&evil, &badge(), &[(DOCUMENT, document(&key))]).await, None);
        for list in [list(&evil, DID, &[]), list(&key, "did:web:evil.example", &[]), b"nothing".to_vec()] {
            let web = [(DOCUMENT, document(&key)), (LIST, list)];
            assert!(matches!(outcome(&key, &badge(), &web).await, Some(Outcome::StatusUnknown(_))));
        }
    }
}
