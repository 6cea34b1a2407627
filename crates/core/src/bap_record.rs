//! Published records of BAP identities, as a resolver returns them (`docs/spec/keys.md#published-records`).

use serde::de::IgnoredAny;
use serde_json::{Map, Value};
use sigma_bitcoin::{BapId, PublicKey};

use crate::profile::Field;

/// The longest record that is kept, in bytes.
pub const LONGEST_RECORD: usize = 16 * 1024;
/// The longest address that is looked at, in bytes; one of a public key has at most 34.
const LONGEST_ADDRESS: usize = 64;

/// Why an answer of the resolver is of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordProblem {
    /// It is not JSON: something else answers there.
    #[error("the answer is not JSON")]
    NotJson,
    /// It is not `{"status":"OK","result":{…}}`.
    #[error("the answer is not a record")]
    Shape,
    /// The record is of another identity than the one that was asked for.
    #[error("the record is of another identity")]
    OtherIdentity,
    /// It is longer than [`LONGEST_RECORD`], even without inline images.
    #[error("the record is longer than {LONGEST_RECORD} bytes")]
    TooLarge,
}

/// The published record of an identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BapRecord {
    json: String,
    root_address: Option<String>,
    current_address: Option<String>,
}

impl BapRecord {
    /// The record of `bap_id` in the body of an answer; `None` if there is none.
    ///
    /// Names that cannot be shown are left out, as are inline images where the record would be too long with them.
    ///
    /// # Errors
    /// [`RecordProblem`]
    pub fn parse(bap_id: &BapId, body: &[u8]) -> Result<Option<Self>, RecordProblem> {
        let answer: Value = serde_json::from_slice(body).map_err(|_| problem_of(body))?;
        let Value::Object(mut answer) = answer else { return Err(RecordProblem::Shape) };
        if answer.get("status").and_then(Value::as_str) != Some("OK") {
            return Err(RecordProblem::Shape);
        }
        let mut record = match answer.remove("result") {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::Object(record)) => record,
            Some(_) => return Err(RecordProblem::Shape),
        };
        if text(&record, "idKey") != Some(bap_id.as_str()) {
            return Err(RecordProblem::OtherIdentity);
        }
        let mut identity = match record.remove("identity") {
            Some(Value::Object(identity)) => identity,
            // Some overlays return it as it is on the chain: JSON in a string.
            Some(Value::String(text)) => serde_json::from_str(&text).unwrap_or_default(),
            _ => Map::new(),
        };
        drop_unprintable(&mut identity);
        record.insert("identity".to_owned(), Value::Object(identity));
        let mut json = Value::Object(record.clone()).to_string();
        if json.len() > LONGEST_RECORD {
            drop_inline_images(&mut record);
            json = Value::Object(record.clone()).to_string();
        }
        if json.len() > LONGEST_RECORD {
            return Err(RecordProblem::TooLarge);
        }
        // The id is the hash of the first address of most identities, but not of all.
        let root_address = text(&record, "rootAddress").filter(|root| BapId::of_address(root) == *bap_id);
        Ok(Some(Self {
            root_address: root_address.map(str::to_owned),
            current_address: current_address(&record).map(str::to_owned),
            json,
        }))
    }

    /// The record as JSON.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// The address that the identity's id is the hash of, if the record has it.
    pub fn root_address(&self) -> Option<&str> {
        self.root_address.as_deref()
    }

    /// The address of the key that signs for the identity; `None` if the identity was revoked.
    pub fn current_address(&self) -> Option<&str> {
        self.current_address.as_deref()
    }

    /// Whether the record names the key as the one that signs for the identity. The keys that it was rotated away from prove nothing
    /// any more: they may be known to others.
    pub fn names(&self, key: &PublicKey) -> bool {
        self.current_address.as_deref() == Some(key.address().as_str())
    }
}

/// Why a body cannot be read. Whoever publishes a record chooses how deep it nests, and what its texts and numbers are: one that is
/// JSON but more than we read says nothing about the server.
fn problem_of(body: &[u8]) -> RecordProblem {
    match serde_json::from_slice::<IgnoredAny>(body) {
        Ok(_) => RecordProblem::Shape,
        Err(_) => RecordProblem::NotJson,
    }
}

fn text<'a>(record: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    record.get(name).and_then(Value::as_str)
}

/// `currentAddress`, or the listed address of the latest block. A revocation announces the address `0`.
fn current_address(record: &Map<String, Value>) -> Option<&str> {
    let latest = || {
        let listed = record.get("addresses").and_then(Value::as_array)?;
        let latest = listed.iter().max_by_key(|one| one.get("block").and_then(Value::as_u64).unwrap_or(0))?;
        latest.get("address").and_then(Value::as_str)
    };
    let current = text(record, "currentAddress").or_else(latest)?;
    let is_address =
        (26..=LONGEST_ADDRESS).contains(&current.len()) && current.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_address.then_some(current)
}

/// Leaves out names that would not be accepted in a profile: they are shown on pages and sent to apps.
fn drop_unprintable(identity: &mut Map<String, Value>) {
    let shown = ["alternateName", "name", "givenName", "familyName", "description"];
    for (name, field) in shown.into_iter().filter_map(|name| Some((name, Field::parse(name)?))) {
        let is_shown = |value: &Value| value.as_str().is_some_and(|text| field.check(text).is_ok());
        if identity.get(name).is_some_and(|value| !is_shown(value)) {
            identity.remove(name);
        }
    }
}

fn drop_inline_images(record: &mut Map<String, Value>) {
    let Some(Value::Object(identity)) = record.get_mut("identity") else { return };
    identity.retain(|_, value| !value.as_str().is_some_and(|text| text.starts_with("data:")));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn key() -> PublicKey {
        sigma_bitcoin::PrivateKey::from_bytes([9; 32]).unwrap().public_key()
    }

    fn record() -> Value {
        let address = key().address();
        json!({
            "idKey": BapId::of_public_key(&key()).as_str(), "rootAddress": address, "currentAddress": address,
            "addresses": [{"address": address, "txId": "ab", "block": 7}], "firstSeen": 1_700_000_000, "txHash": "ab",
            "identity": {"@type": "Person", "alternateName": "ada", "image": "https://ada.example/a.png"},
        })
    }

    fn parse(result: &Value) -> Result<Option<BapRecord>, RecordProblem> {
        let body = json!({"status": "OK", "result": result}).to_string();
        BapRecord::parse(&BapId::of_public_key(&key()), body.as_bytes())
    }

    #[test]
    fn a_record_is_kept_as_it_is() {
        let kept = parse(&record()).unwrap().unwrap();
        assert_eq!(serde_json::from_str::<Value>(kept.json()).unwrap(), record());
        assert_eq!(kept.root_address(), Some(key().address().as_str()));
        assert!(kept.names(&key()));
        assert_eq!(parse(&Value::Null), Ok(None));
        assert!(!kept.names(&sigma_bitcoin::PrivateKey::from_bytes([8; 32]).unwrap().public_key()));
    }

    #[test]
    fn a_record_of_another_identity_counts_for_nothing() {
        let mut other = record();
        other["idKey"] = json!("2mS7r1dhavg17CtduUWA5rY3dCLc");
        assert_eq!(parse(&other), Err(RecordProblem::OtherIdentity));
        other.as_object_mut().unwrap().remove("idKey");
        assert_eq!(parse(&other), Err(RecordProblem::OtherIdentity));
    }

    #[test]
    fn only_the_current_address_proves() {
        let moved = "1BAPSuaPnfGnSBM3GLV9yhxUdYe4vGbdMT";
        let mut rotated = record();
        rotated["currentAddress"] = json!(moved);
        assert!(!parse(&rotated).unwrap().unwrap().names(&key()));
        rotated["currentAddress"] = json!("0");
        let revoked = parse(&rotated).unwrap().unwrap();
        assert_eq!((revoked.current_address(), revoked.names(&key())), (None, false));
        rotated.as_object_mut().unwrap().remove("currentAddress");
        rotated["addresses"] = json!([{"address": moved, "block": 9}, {"address": key().address(), "block": 8}]);
        assert_eq!(parse(&rotated).unwrap().unwrap().current_address(), Some(moved));
    }

    #[test]
    fn what_is_no_record_is_refused_and_what_cannot_be_shown_left_out() {
        let id = BapId::of_public_key(&key());
        for (body, problem) in [
            ("<html>", RecordProblem::NotJson),
            ("[]", RecordProblem::Shape),
            (r#"{"status":"ERROR"}"#, RecordProblem::Shape),
            (r#"{"status":"OK","result":7}"#, RecordProblem::Shape),
        ] {
            assert_eq!(BapRecord::parse(&id, body.as_bytes()), Err(problem), "{body}");
        }
        // What somebody published, not a fault of the server.
        let deep = format!(r#"{{"status":"OK","result":{{"identity":{}{}}}}}"#, "[".repeat(500), "]".repeat(500));
        for odd in [deep.as_bytes(), br#"{"result":"\ud800"}"#, br#"{"result":1e999}"#] {
            assert_eq!(BapRecord::parse(&id, odd), Err(RecordProblem::Shape), "{}", String::from_utf8_lossy(odd));
        }
        let mut odd = record();
        odd["identity"] =
            json!({"alternateName": "\u{202e}moc.elpmaxe", "givenName": 7, "familyName": "King", "extra": [1]});
        let kept: Value = serde_json::from_str(parse(&odd).unwrap().unwrap().json()).unwrap();
        assert_eq!(kept["identity"], json!({"familyName": "King", "extra": [1]}));
        odd["identity"] = json!({"image": format!("data:image/png;base64,{}", "A".repeat(LONGEST_RECORD))});
        let kept: Value = serde_json::from_str(parse(&odd).unwrap().unwrap().json()).unwrap();
        assert_eq!(kept["identity"], json!({}));
        odd["note"] = json!("x".repeat(LONGEST_RECORD));
        assert_eq!(parse(&odd), Err(RecordProblem::TooLarge));
    }
}
