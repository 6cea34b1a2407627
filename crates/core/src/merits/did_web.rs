//! `did:web` of issuers elsewhere: where the document of one is, and which of its keys signs credentials.

use serde_json::Value;

/// The longest DID that is resolved, in bytes.
const LONGEST: usize = 200;
/// What a DID begins with.
const METHOD: &str = "did:web:";

/// The URL of the document of a `did:web` (did:web §3.2), which is always https. `None` for other methods, and for names that
/// are no host names: an address is none.
pub fn did_web_url(did: &str) -> Option<String> {
    if did.len() > LONGEST {
        return None;
    }
    let mut parts = did.strip_prefix(METHOD)?.split(':');
    let host = parts.next()?;
    let (name, port) = match host.split_once("%3A").or_else(|| host.split_once("%3a")) {
        Some((name, port)) => (name, Some(port)),
        None => (host, None),
    };
    if !is_host(name) || port.is_some_and(|port| !is_port(port)) {
        return None;
    }
    let mut url = format!("https://{name}");
    if let Some(port) = port {
        url.push(':');
        url.push_str(port);
    }
    let path: Vec<&str> = parts.collect();
    if path.is_empty() {
        url.push_str("/.well-known");
    }
    for segment in path {
        if !is_segment(segment) {
            return None;
        }
        url.push('/');
        url.push_str(segment);
    }
    url.push_str("/did.json");
    Some(url)
}

/// The host of a `did:web`, with its port, as people read it.
pub fn did_web_host(did: &str) -> Option<String> {
    let url = did_web_url(did)?;
    url.strip_prefix("https://")?.split('/').next().map(str::to_owned)
}

fn is_host(name: &str) -> bool {
    let labels: Vec<&str> = name.split('.').collect();
    let is_label = |label: &&str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    // The last label of a name is not a number: that would be an address, however it is written (WHATWG URL §3.5).
    let is_number = |label: &&str| label.starts_with(|first: char| first.is_ascii_digit());
    labels.len() > 1 && labels.iter().all(is_label) && !labels.last().is_some_and(is_number)
}

fn is_port(port: &str) -> bool {
    port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0)
}

fn is_segment(segment: &str) -> bool {
    let is_plain = segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte));
    is_plain && !segment.is_empty() && !segment.bytes().all(|byte| byte == b'.')
}

/// The JWK, as JSON, of the key called `fragment` in the document of a DID, if it may sign assertions (DID Core §5.3.2).
pub fn assertion_key(document: &Value, did: &str, fragment: &str) -> Option<String> {
    if document.get("id").and_then(Value::as_str) != Some(did) {
        return None;
    }
    let names_key = |id: &str| id == format!("{did}#{fragment}") || id == format!("#{fragment}");
    let is_named = |method: &Value| method.get("id").and_then(Value::as_str).is_some_and(names_key);
    let list = |name: &str| document.get(name).and_then(Value::as_array).into_iter().flatten();
    let allowed = list("assertionMethod").find(|entry| match entry {
        Value::String(id) => names_key(id),
        entry => is_named(entry),
    })?;
    let method =
        if allowed.is_object() { allowed } else { list("verificationMethod").find(|method| is_named(method))? };
    // A key of somebody else may be listed, but signs for them.
    if method.get("controller").is_some_and(|controller| controller.as_str() != Some(did)) {
        return None;
    }
    method.get("publicKeyJwk").filter(|jwk| jwk.is_object()).map(Value::to_string)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_did_of_the_web_leads_to_its_document() {
        for (did, url) in [
            ("did:web:badges.example.org", "https://badges.example.org/.well-known/did.json"),
            ("did:web:badges.example.org:orgs:x-1_2", "https://badges.example.org/orgs/x-1_2/did.json"),
            ("did:web:badges.example.org%3A8443:a", "https://badges.example.org:8443/a/did.json"),
        ] {
            assert_eq!(did_web_url(did).as_deref(), Some(url));
        }
        assert_eq!(did_web_host("did:web:badges.example.org%3A8443:a").as_deref(), Some("badges.example.org:8443"));
    }

    #[test]
    fn addresses_and_tricks_are_no_hosts() {
        for did in [
            "",
            "did:key:z6Mk",
            "did:web:",
            "did:web:localhost",
            "did:web:127.0.0.1",
            "did:web:2130706433",
            "did:web:a.0x7f",
            "did:web:[::1]",
            "did:web:%5B::1%5D",
            "did:web:ada%40badges.example.org",
            "did:web:badges.example.org%3A0",
            "did:web:badges.example.org%3A99999",
            "did:web:badges.example.org%3A80%3A80",
            "did:web:badges.example.org%2F..",
            "did:web:badges.example.org:..:x",
            "did:web:badges.example.org::x",
            "did:web:badges.example.org:a?b",
            "did:web:badges.example.org:a#b",
            "did:web:badges.example.org/a",
            "did:web:badges..example.org",
            "did:web:-badges.example.org",
        ] {
            assert_eq!(did_web_url(did), None, "{did}");
        }
        assert_eq!(did_web_url(&format!("did:web:example.org:{}", "x".repeat(200))), None);
    }

    #[test]
    fn only_a_key_that_the_issuer_asserts_with_counts() {
        let did = "did:web:badges.example.org";
        let method =
            |id: &str, controller: &str| json!({"id": id, "controller": controller, "publicKeyJwk": {"kty": "EC"}});
        let document = |methods: Value, assertion: Value| json!({"id": did, "verificationMethod": methods, "assertionMethod": assertion});
        let key = |document: &Value| assertion_key(document, did, "k").is_some();
        let absolute = format!("{did}#k");
        assert!(key(&document(json!([method(&absolute, did)]), json!([absolute]))));
        assert!(key(&document(json!([method("#k", did)]), json!(["#k"]))));
        assert!(key(&document(json!([]), json!([method(&absolute, did)]))), "a key that is written there");
        assert!(!key(&document(json!([method(&absolute, did)]), json!([]))), "a key for something else");
        assert!(!key(&document(json!([method(&absolute, "did:web:evil.example")]), json!([absolute]))));
        assert!(!key(&document(json!([method("did:web:evil.example#k", did)]), json!(["did:web:evil.example#k"]))));
        assert!(!key(&json!({"id": "did:web:evil.example", "assertionMethod": [method(&absolute, did)]})));
        assert!(!key(&json!([])) && !key(&json!({"id": did, "assertionMethod": "k"})));
    }

    proptest! {
        #[test]
        fn a_url_is_always_https_on_a_name(rest in "[a-zA-Z0-9.%:/@?#\\[\\]-]{0,40}") {
            if let Some(url) = did_web_url(&format!("did:web:{rest}")) {
                let parsed = url::Url::parse(&url).unwrap();
                prop_assert_eq!(parsed.scheme(), "https");
                prop_assert!(matches!(parsed.host(), Some(url::Host::Domain(_))), "{}", url);
                prop_assert!(parsed.username().is_empty() && parsed.query().is_none() && parsed.fragment().is_none());
            }
        }
    }
}
