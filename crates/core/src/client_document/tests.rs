use serde_json::{Value, json};

use super::*;

const URL: &str = "https://client.example.org/oauth/metadata.json";

fn url() -> ClientIdUrl {
    ClientIdUrl::parse(URL).unwrap()
}

fn document() -> Value {
    json!({
        "client_id": URL,
        "client_name": "Example MCP Client",
        "redirect_uris": ["https://client.example.org/callback"],
        "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "none",
    })
}

fn read(change: impl FnOnce(&mut Value)) -> Result<ClientDocument, DocumentProblem> {
    let mut document = document();
    change(&mut document);
    ClientDocument::read(&url(), document.to_string().as_bytes())
}

fn app(document: &ClientDocument) -> App {
    document.app(AppId::sigma(), &url(), Timestamp::default(), Timestamp::default())
}

#[test]
fn a_client_id_is_a_canonical_https_url_with_a_path() {
    for good in [URL, "https://a.example/x", "https://a.example:8443/x?y=1", "https://a.example/x/"] {
        assert_eq!(ClientIdUrl::parse(good).map(|url| url.to_string()), Some(good.to_owned()));
    }
    for bad in [
        "http://client.example.org/x",
        "https://client.example.org",
        "https://client.example.org/",
        "https://client.example.org/?x",
        "https://client.example.org/x#y",
        "https://client.example.org/x#",
        "https://ada@client.example.org/x",
        "https://ada:secret@client.example.org/x",
        "https://client.example.org/a/../x",
        "https://client.example.org/./x",
        "https://client.example.org/%2e%2e/x",
        "https://CLIENT.example.org/x",
        "HTTPS://client.example.org/x",
        "https://client.example.org:443/x",
        "https://client.example.org./x",
        "https://localhost/x",
        "https://127.0.0.1/x",
        "https://2130706433/x",
        "https://[::1]/x",
        "https://client.example.org/x y",
        "https://client.example.org/\u{e9}",
        "https://client.example.org\\@evil.example/x",
        "https:///x",
        "client",
        "",
    ] {
        assert_eq!(ClientIdUrl::parse(bad), None, "{bad}");
    }
    assert_eq!(ClientIdUrl::parse(&format!("https://a.example/{}", "x".repeat(512))), None);
}

#[test]
fn hosts_are_permitted_by_name_below_a_name_or_all() {
    let permits = |hosts: &[&str], url: &str| {
        DocumentHosts::of(hosts.iter().map(|host| (*host).to_owned())).permit(&ClientIdUrl::parse(url).unwrap())
    };
    assert!(!permits(&[], URL) && !DocumentHosts::default().any());
    assert!(permits(&["*"], URL) && permits(&["other.example", "client.example.org"], URL));
    assert!(permits(&["*.example.org"], URL) && permits(&["client.example.org"], "https://client.example.org:8443/x"));
    assert!(!permits(&["*.example.org"], "https://example.org/x"));
    assert!(!permits(&["*.example.org"], "https://evilexample.org/x"));
    assert!(!permits(&["example.org"], URL));
    let malformed = |host: &str| DocumentHosts::of([host.to_owned()]).malformed().is_some();
    for good in ["*", "*.example.org", "client.example.org", "a_b.example.org"] {
        assert!(!malformed(good), "{good}");
    }
    for bad in
        ["", "*example.org", "https://client.example.org", "client.example.org:8443", "Client.example.org", "10.0.0.1"]
    {
        assert!(malformed(bad), "{bad}");
    }
}

#[test]
fn a_document_describes_an_unverified_app() {
    let app = app(&read(|_| {}).unwrap());
    assert_eq!((app.client_id.as_str(), app.name.as_str()), (URL, "Example MCP Client"));
    assert_eq!(app.name_and_host(), "Example MCP Client (client.example.org)");
    assert!(app.dynamic && app.always_asks() && app.needs_pkce() && app.secret.is_none());
    assert_eq!(app.auth_method, AuthMethod::None);
    assert_eq!(app.askable().to_string(), "openid profile email offline_access");
    assert!(app.redirect_uris.find("https://client.example.org/callback", app.application_type).is_some());
    assert!(app.redirect_uris.find("https://client.example.org/callback/", app.application_type).is_none());
}

#[test]
fn a_document_that_names_another_client_id_is_refused() {
    for other in ["https://client.example.org/oauth/metadata.json?", "https://evil.example/metadata.json", "client", ""]
    {
        assert_eq!(read(|it| it["client_id"] = other.into()), Err(DocumentProblem::OtherClientId), "{other}");
    }
    assert_eq!(read(|it| it["client_id"] = Value::Null), Err(DocumentProblem::Malformed));
}

#[test]
fn a_document_never_has_a_shared_secret() {
    for method in
        ["client_secret_basic", "client_secret_post", "client_secret_jwt", "sigma_bitcoin_auth", "client_secret", "x"]
    {
        let refused = read(|it| it["token_endpoint_auth_method"] = method.into());
        assert_eq!(refused, Err(DocumentProblem::SharedSecret), "{method}");
    }
    for member in ["client_secret", "client_secret_expires_at"] {
        assert_eq!(read(|it| it[member] = "0".into()), Err(DocumentProblem::SharedSecret), "{member}");
    }
}

#[test]
fn redirect_uris_follow_the_rules_of_registration() {
    let with = |uris: Value| read(|it| it["redirect_uris"] = uris).map(|read| app(&read).application_type);
    assert_eq!(with(json!(["https://client.example.org/cb"])), Ok(ApplicationType::Web));
    assert_eq!(with(json!(["http://127.0.0.1:3000/cb", "http://localhost/cb"])), Ok(ApplicationType::Native));
    assert_eq!(with(json!(["org.example.client:/cb"])), Ok(ApplicationType::Native));
    for bad in
        ["http://client.example.org/cb", "javascript:alert(1)", "https://client.example.org/cb#x", "data:text/html,x"]
    {
        assert!(matches!(with(json!([bad])), Err(DocumentProblem::RedirectUri(_))), "{bad}");
    }
    for none in [json!([]), Value::Null, json!(vec!["https://client.example.org/cb"; 21])] {
        assert_eq!(with(none), Err(DocumentProblem::RedirectUris));
    }
    assert_eq!(with(json!("https://client.example.org/cb")), Err(DocumentProblem::Malformed));
    let web = read(|it| {
        it["application_type"] = "web".into();
        it["redirect_uris"] = json!(["http://localhost/cb"]);
    });
    assert_eq!(web, Err(DocumentProblem::RedirectUri(RedirectProblem::Loopback)));
}

#[test]
fn private_key_jwt_needs_public_keys() {
    let key = json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
    let with = |change: &dyn Fn(&mut Value)| {
        read(|it| {
            it["token_endpoint_auth_method"] = "private_key_jwt".into();
            change(it);
        })
    };
    assert_eq!(app(&with(&|it| it["jwks"] = json!({"keys": [key]})).unwrap()).auth_method, AuthMethod::PrivateKeyJwt);
    assert!(with(&|it| it["jwks_uri"] = "https://client.example.org/jwks".into()).is_ok());
    let mut private = key.clone();
    private["d"] = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A".into();
    for bad in [
        json!({}),
        json!({"jwks": {"keys": []}}),
        json!({"jwks": {"keys": [private]}}),
        json!({"jwks_uri": "http://x.example/jwks"}),
        json!({"jwks": {"keys": [key]}, "jwks_uri": "https://client.example.org/jwks"}),
    ] {
        let refused = with(&|it| bad.as_object().unwrap().iter().for_each(|(name, value)| it[name] = value.clone()));
        assert_eq!(refused, Err(DocumentProblem::Keys), "{bad}");
    }
}

#[test]
fn refresh_tokens_and_scopes_are_only_those_that_it_lists() {
    let without = app(&read(|it| it["grant_types"] = Value::Null).unwrap());
    assert_eq!((without.grant_types.len(), without.askable().contains("offline_access")), (1, false));
    let sigma = app(&read(|it| it["scope"] = "openid sigma:profile roles merits".into()).unwrap());
    assert_eq!(sigma.askable().to_string(), "openid");
    assert_eq!(read(|it| it["grant_types"] = json!(["client_credentials"])), Err(DocumentProblem::Flow));
    assert_eq!(read(|it| it["response_types"] = json!(["token"])), Err(DocumentProblem::Flow));
}

#[test]
fn names_are_short_and_hide_nothing() {
    let name = |text: &str| app(&read(|it| it["client_name"] = text.into()).unwrap()).name;
    assert_eq!(name("Tool\u{202e}s\n\u{200b}"), "Tools");
    assert_eq!(name(&"x".repeat(1_000)).len(), LONGEST_NAME);
    for none in ["", "  ", "\u{200b}"] {
        assert_eq!(name(none), "client.example.org");
    }
}

#[test]
fn a_stored_document_is_read_back_and_its_changes_are_named() {
    let one = read(|_| {}).unwrap();
    let stored = serde_json::to_string(&one).unwrap();
    assert_eq!(serde_json::from_str::<ClientDocument>(&stored).unwrap(), one);
    let other = read(|it| {
        it["redirect_uris"] = json!(["https://client.example.org/other"]);
        it["client_name"] = "Other".into();
    });
    assert_eq!(one.changes(&other.unwrap()), ["name", "redirect_uris"]);
    assert!(one.changes(&one).is_empty());
}

#[test]
fn a_long_document_is_refused() {
    let long = read(|it| it["client_name"] = "x".repeat(LONGEST_DOCUMENT).into());
    assert_eq!(long, Err(DocumentProblem::TooLong));
    for malformed in ["", "[]", "null", "{", "\"x\"", "{\"client_id\":1}"] {
        assert_eq!(ClientDocument::read(&url(), malformed.as_bytes()), Err(DocumentProblem::Malformed), "{malformed}");
    }
}
