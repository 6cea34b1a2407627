//! What `sigma-core` does with the bytes of a stranger, and what must hold of whatever it accepts.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

use sigma_core::app::{App, ApplicationType, AuthMethod, GrantType};
use sigma_core::authorize::request_object::{RequestObject, read_unverified};
use sigma_core::authorize::{self, ClaimsRequest};
use sigma_core::client_assertion::ClientAssertion;
use sigma_core::client_document::{ClientDocument, ClientIdUrl, DocumentBlock};
use sigma_core::client_metadata::ClientMetadata;
use sigma_core::dpop::{CLOCK_SKEW, LONGEST_PROOF, Proof, ProofKey, ProvenRequest, Thumbprint};
use sigma_core::email::Email;
use sigma_core::ids::{AppId, ClientId, OrgId};
use sigma_core::jose::{Algorithm, JwkSet, MAX_JWS_BYTES, TokenKind, UnverifiedJws};
use sigma_core::org::{ApiKeySecret, SessionKey, UnverifiedSession};
use sigma_core::params::Params;
use sigma_core::pkce::{CodeChallenge, CodeVerifier};
use sigma_core::redirect::{RedirectUri, RegisteredRedirectUris, Registrar};
use sigma_core::resource::{Resource, ResourceScope};
use sigma_core::scope::Scopes;
use sigma_core::security::AppSecurity;
use sigma_core::time::Timestamp;
use url::Url;

/// The keys that signed the valid tokens of the corpus.
const KEYS: &[u8] = include_bytes!("keys.json");
/// When and for whom the valid client assertions of the corpus were made.
const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const ISSUER: &str = "https://sigma.example";

fn text(input: &[u8]) -> &str {
    std::str::from_utf8(input).unwrap_or_default()
}

/// A signed token: what verifies under one of our keys says which algorithm and verifies under no other key.
pub fn jws(input: &[u8]) {
    let text = text(input);
    let Ok(jws) = UnverifiedJws::parse(text) else { return };
    assert!(text.len() <= MAX_JWS_BYTES);
    let keys = JwkSet::parse(KEYS).unwrap();
    let verifying: Vec<_> = keys.keys().iter().filter(|key| jws.verify(key).is_ok()).collect();
    assert!(verifying.len() <= 1);
    for key in verifying {
        assert!(key.verifies(jws.header().alg));
        assert_eq!(
            jws.verify_as(TokenKind::Access, key).is_ok(),
            jws.header().typ.as_deref() == Some(TokenKind::Access.typ())
        );
    }
}

/// The keys of an app: what is accepted is written back as something that is accepted.
pub fn jwk_set(input: &[u8]) {
    let Ok(set) = JwkSet::parse(input) else { return };
    assert!(input.len() <= JwkSet::MAX_BYTES);
    let written = serde_json::to_vec(&set).unwrap();
    assert_eq!(JwkSet::parse(&written), Ok(set));
}

/// A proof of possession: what is accepted was signed by the key that it names, for this request, and is of some time.
pub fn dpop_proof(input: &[u8]) {
    let text = text(input);
    let Ok(header) = Proof::header_of(text) else { return };
    let Ok(key) = ProofKey::parse(header) else { return };
    let url = "https://sigma.example/api/auth/oauth2/token";
    let request = ProvenRequest { method: "POST", url, token: None };
    let Ok(proof) = Proof::verify(text, &key, &request, NOW) else { return };
    assert!(text.len() <= LONGEST_PROOF);
    assert_eq!(Thumbprint::parse(key.thumbprint.as_str()).as_ref(), Some(&key.thumbprint));
    if let Ok(expires_at) = proof.expires_at(NOW) {
        assert!(expires_at > NOW && proof.made_at() <= NOW.plus(CLOCK_SKEW));
    }
    let elsewhere = ProvenRequest { method: "GET", ..request };
    assert!(Proof::verify(text, &key, &elsewhere, NOW).is_err());
}

/// A request object: what is accepted names its app, and contains no other object.
pub fn request_object(input: &[u8]) {
    let text = text(input);
    let _ = read_unverified(text);
    let Ok(object) = RequestObject::parse(text) else { return };
    let keys = JwkSet::parse(KEYS).unwrap();
    let app = app(AuthMethod::PrivateKeyJwt, ApplicationType::Web, &[GrantType::AuthorizationCode]);
    let Ok(params) = object.verify(&keys, &app, ISSUER, NOW) else { return };
    assert!(object.names_key_of(&keys));
    assert!(app.is_called(params.get("client_id").unwrap()));
    assert!(params.get("request").is_none() && params.get("request_uri").is_none() && params.with_nul().is_none());
}

/// A client metadata document, and its address: what is accepted describes an app that nobody has to trust.
pub fn client_document(input: &[u8]) {
    let text = text(input);
    if let Some(url) = ClientIdUrl::parse(text) {
        assert_eq!(url.as_str(), text);
        assert!(
            url.as_str().starts_with("https://")
                && !url.host_name().is_empty()
                && url.host().starts_with(url.host_name())
        );
        assert_eq!(DocumentBlock::parse(text), Some(DocumentBlock::Document(url)));
    }
    let url = ClientIdUrl::parse("https://client.example.org/oauth/client.json").unwrap();
    let Ok(document) = ClientDocument::read(&url, input) else { return };
    let app = document.app(AppId::from_text("app_1"), &url, NOW, NOW);
    assert!(app.dynamic && app.always_asks() && app.needs_pkce() && !app.takes_early_errors());
    assert!(app.secret.is_none() && app.redirect_uris.iter().next().is_some());
    assert!((app.auth_method == AuthMethod::PrivateKeyJwt) == (app.jwks.is_some() || app.jwks_uri.is_some()));
    assert!(!app.scopes.contains("roles") && app.scopes.iter().all(|scope| !scope.starts_with("sigma:")));
    for shown in [&app.metadata.logo_uri, &app.metadata.policy_uri, &app.metadata.tos_uri].into_iter().flatten() {
        assert!(shown.starts_with("https://"), "{shown}");
    }
    assert!(!app.name.is_empty() && !app.name.chars().any(char::is_control));
    // What is stored is what was read.
    let stored: ClientDocument = serde_json::from_str(&serde_json::to_string(&document).unwrap()).unwrap();
    assert!(stored == document && document.changes(&stored).is_empty());
}

/// A client assertion: what is accepted was signed, for us, now.
pub fn client_assertion(input: &[u8]) {
    let text = text(input);
    let Ok(assertion) = ClientAssertion::parse(text) else { return };
    let keys = JwkSet::parse(KEYS).unwrap();
    if let Ok(verified) = assertion.verify(&keys, &[ISSUER], NOW) {
        assert!(!assertion.client_id().is_empty());
        assert!(verified.expires_at > NOW && verified.expires_at.since(NOW).as_secs() <= 600);
        assert!(!verified.jti.is_empty() && verified.jti.len() <= 512);
        assert!(assertion.verify(&keys, &["https://other.example"], NOW).is_err());
        assert!(assertion.verify(&keys, &[ISSUER], verified.expires_at).is_err());
    }
}

/// A redirect URI to register and, after a line break, one that a request names.
pub fn redirect_uri(input: &[u8]) {
    let (registered, requested) = text(input).split_once('\n').unwrap_or((text(input), ""));
    for application in [ApplicationType::Web, ApplicationType::Native] {
        for registrar in [Registrar::Anyone, Registrar::Administrator] {
            let Ok(uri) = RedirectUri::register(registered, application, registrar) else { continue };
            assert_eq!(uri.as_str(), registered);
            let url = Url::parse(registered).unwrap();
            assert!(url.fragment().is_none() && url.username().is_empty() && url.password().is_none());
            match url.scheme() {
                "https" => {}
                "http" => assert!(["localhost", "127.0.0.1", "[::1]"].contains(&url.host_str().unwrap())),
                scheme => assert!(application == ApplicationType::Native && scheme.contains('.')),
            }
            let uris: RegisteredRedirectUris = [uri].into_iter().collect();
            assert!(uris.find(registered, application).is_some());
            for requested in [registered, requested] {
                assert_answers_go_where_they_should(&uris, &url, requested, application);
            }
        }
    }
}

/// What matches is the registered URI, or of a native app on loopback differs in the port alone; parameters never change
/// where it leads.
fn assert_answers_go_where_they_should(
    uris: &RegisteredRedirectUris,
    registered: &Url,
    requested: &str,
    application: ApplicationType,
) {
    let Some(matched) = uris.find(requested, application) else { return };
    assert_eq!(matched.as_str(), requested);
    let url = Url::parse(requested).unwrap();
    let mut with_registered_port = url.clone();
    if registered.scheme() == "http" && application == ApplicationType::Native {
        with_registered_port.set_port(registered.port()).unwrap();
    }
    assert_eq!(with_registered_port, *registered);

    let answer = Url::parse(&matched.with_params([("code", "a b&c=d#e"), ("state", "")])).unwrap();
    assert_eq!((answer.scheme(), answer.host_str(), answer.port()), (url.scheme(), url.host_str(), url.port()));
    assert_eq!((answer.path(), answer.fragment()), (url.path(), None));
    let pairs: Vec<_> = answer.query_pairs().collect();
    let [.., (code, value), (state, empty)] = pairs.as_slice() else { panic!("the parameters are missing") };
    assert_eq!((&**code, &**value, &**state, &**empty), ("code", "a b&c=d#e", "state", ""));
    assert!(!matched.display_host().is_empty());
}

/// A challenge or a verifier.
pub fn pkce(input: &[u8]) {
    let text = text(input);
    if let Ok(challenge) = CodeChallenge::parse(text) {
        assert_eq!(challenge.to_text(), text);
    }
    if let Ok(verifier) = CodeVerifier::parse(text) {
        assert!((43..=128).contains(&text.len()));
        let sent = CodeChallenge::parse(&verifier.challenge().to_text()).unwrap();
        assert!(sent.matches(&verifier));
    }
    let (challenge, method) = text.split_once('&').unwrap_or((text, "S256"));
    if let Ok(Some(challenge)) = CodeChallenge::from_request(Some(challenge), Some(method)) {
        assert_eq!(method, "S256");
        assert_eq!(challenge.to_text().len(), 43);
    }
}

/// An app of the corpus' requests.
fn app(auth_method: AuthMethod, application_type: ApplicationType, grant_types: &[GrantType]) -> App {
    let uris = ["https://app.example/callback?tenant=1", "http://127.0.0.1/callback", "com.example.app:/callback"];
    App {
        id: AppId::from_text("app_0123456789abcdef01234567"),
        client_id: ClientId::from_text("app"),
        org_id: OrgId::from_text("org"),
        name: "App".to_owned(),
        application_type,
        auth_method,
        secret: None,
        pubkey: None,
        jwks: None,
        jwks_uri: None,
        redirect_uris: RegisteredRedirectUris::from_stored(uris.map(str::to_owned)),
        post_logout_redirect_uris: RegisteredRedirectUris::default(),
        grant_types: grant_types.to_vec(),
        scopes: Scopes::parse("openid profile offline_access"),
        resources: vec!["https://api.example".to_owned()],
        require_pkce: false,
        id_token_alg: Algorithm::RS256,
        access_seconds: None,
        placeholder_email: false,
        require_second_factor: false,
        id_token_claims: false,
        security: AppSecurity::default(),
        dynamic: false,
        disabled: false,
        client_uri: None,
        site_url: None,
        metadata: ClientMetadata::default(),
        former_secret: None,
        backchannel_logout: None,
        created_at: NOW,
        updated_at: NOW,
    }
}

/// An API with the scope `read`.
fn resource(uri: &str, open: bool) -> Resource {
    Resource {
        uri: uri.to_owned(),
        org_id: OrgId::from_text("org"),
        name: "API".to_owned(),
        scopes: vec![ResourceScope::register("read", "Read").unwrap()],
        open,
        servers: Vec::new(),
        created_at: NOW,
    }
}

/// The query of an authorization request, read for a public, a confidential and a restricted app.
pub fn authorization_request(input: &[u8]) {
    let params = Params::parse(text(input));
    assert_eq!(Params::parse(&params.to_query()).pairs(), params.pairs());
    let code = GrantType::AuthorizationCode;
    let registered = [resource("https://api.example", false), resource("urn:open", true), resource("urn:other", false)];
    for app in [
        app(AuthMethod::None, ApplicationType::Native, &[code, GrantType::RefreshToken]),
        app(AuthMethod::ClientSecretBasic, ApplicationType::Web, &[code]),
        app(AuthMethod::ClientSecretBasic, ApplicationType::Web, &[GrantType::ClientCredentials]),
    ] {
        if let Ok(address) = authorize::return_address(&params, &app) {
            assert!(app.redirect_uris.find(address.redirect_uri.as_str(), app.application_type).is_some());
            assert!(!address.state.unwrap_or_default().contains('\0'));
        }
        match authorize::parse(&params, &app, &registered) {
            Ok(request) => {
                let wanted = request.wanted(None);
                assert!(app.may_use(code) && app.scopes.covers(&wanted.scope));
                assert!(wanted.resources.keys().all(|uri| uri == "https://api.example" || uri == "urn:open"));
                assert!(request.scope.iter().all(|scope| scope == "read" || app.scopes.contains(scope)));
                assert!(!request.scope.contains("read") || !wanted.resources.is_empty());
                assert!(app.may_use(GrantType::RefreshToken) || !request.scope.contains("offline_access"));
                assert!(request.code_challenge.is_some() || !app.needs_pkce());
                assert!(params.repeated().is_none() && params.with_nul().is_none());
            }
            // What RFC 6749 §4.1.2.1 lets a description hold.
            Err(refusal) => {
                let allowed = |letter: char| matches!(letter, ' '..='!' | '#'..='[' | ']'..='~');
                assert!(refusal.description.chars().all(allowed), "{:?}", refusal.description);
            }
        }
    }
}

/// The `claims` parameter.
pub fn claims_parameter(input: &[u8]) {
    if let Ok(claims) = ClaimsRequest::parse(Some(text(input))) {
        let known = Scopes::parse("openid profile email");
        assert!(known.covers(&claims.scopes()));
    }
}

/// A token of a person in a workspace: what verifies is what its workspace's secret signed, and verifies under no other.
pub fn session_token(input: &[u8]) {
    let text = text(input);
    let read = || UnverifiedSession::parse(text);
    let Ok(token) = read() else { return };
    assert!(text.len() <= MAX_JWS_BYTES);
    let (kid, workspace_id) = (token.kid().to_owned(), token.workspace_id().clone());
    let ours = SessionKey::new(kid.clone(), &[7; 32]);
    assert!(read().unwrap().verify(&SessionKey::new(kid, &[8; 32])).is_err());
    if let Ok(claims) = token.verify(&ours) {
        assert_eq!(claims.workspace_id, workspace_id);
        assert!(!claims.holds_at(claims.expires_at()));
        assert_eq!(UnverifiedSession::parse(&ours.sign(&claims).unwrap()).unwrap().verify(&ours), Ok(claims));
    }
}

/// An API key: what is accepted has the form of those that we make.
pub fn api_key(input: &[u8]) {
    let text = text(input);
    if let Some(key) = ApiKeySecret::parse(text) {
        assert_eq!(key.expose(), text);
        assert_eq!(text.len(), 52);
    }
}

/// An e-mail address: what is accepted can stand in a mail's header, and folds once.
pub fn email(input: &[u8]) {
    let Ok(email) = Email::parse(text(input)) else { return };
    assert!(email.address().len() <= 254 && !email.address().chars().any(char::is_control));
    assert_eq!(email.address().matches('@').count(), 1);
    assert_eq!(sigma_core::email::fold(email.folded()), email.folded());
}
