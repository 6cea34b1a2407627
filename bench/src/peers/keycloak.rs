//! Keycloak in production mode: one JVM, its embedded database in a file, prepared by `scripts/bench-peers.sh`.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;

use crate::findings::Server;
use crate::http::{Answer, Connection, get, post_form, post_json};
use crate::peers::{Codes, Pace, Paths, Peer, PeerApp, Place, Program, basic, body_of, cookies_of};
use crate::process::{Patience, free_port, start_patiently};
use crate::sigma::REDIRECT_URI;
use crate::system::Failure;

const TOKEN: &str = "/realms/bench/protocol/openid-connect/token";
const AUTHORIZE: &str = "/realms/bench/protocol/openid-connect/auth";
/// The secret of its app, the password of its people, and that of its admin.
const SECRET: &str = "bench";

/// Starts it on a copy of the prepared database in `scratch`, makes a realm, and signs everybody in.
pub async fn start(place: &Place, scratch: &Path, people: usize) -> Result<Peer, Failure> {
    let (installed, port) = (place.find(Program::Keycloak)?, free_port()?);
    let database = std::path::absolute(scratch)?.join("keycloak");
    fs::copy(installed.join("prepared.mv.db"), database.with_extension("mv.db"))?;
    let mut command = Command::new(installed.join("start.sh"));
    command
        .args(["--http-enabled=true", "--http-host=127.0.0.1", "--cache=local", "--log-level=error"])
        .arg(format!("--http-port={port}"))
        .arg(format!("--hostname=http://127.0.0.1:{port}"))
        .arg(format!("--db-url=jdbc:h2:file:{};NON_KEYWORDS=VALUE;DB_CLOSE_ON_EXIT=FALSE", database.display()))
        .stderr(Stdio::null());
    let patience = Patience { all: Duration::from_mins(3), each: Duration::from_millis(20) };
    let (process, start) = start_patiently(&mut command, port, "/realms/master", patience)?;
    let mut peer = Peer {
        server: Server::Keycloak,
        process,
        start: Some(start),
        paths: Paths {
            token: TOKEN,
            userinfo: "/realms/bench/protocol/openid-connect/userinfo",
            introspect: "/realms/bench/protocol/openid-connect/token/introspect",
            discovery: "/realms/bench/.well-known/openid-configuration",
            jwks: "/realms/bench/protocol/openid-connect/certs",
        },
        public: "public".to_owned(),
        secret: "secret".to_owned(),
        basic: basic("secret", SECRET),
        private_port: None,
        pace: Pace { warm_up: Duration::from_secs(8), warm_up_codes: 2, codes: 8_000 },
        codes: Codes::Made { people: 0 },
        database: None,
    };
    let mut connection = Connection::open(port).await?;
    make_realm(&mut connection, people).await?;
    let mut cookies = Vec::new();
    for person in 0..people {
        let path = peer.authorize_path(AUTHORIZE, PeerApp::Public);
        cookies.push(sign_in(&mut connection, &path, person).await?);
    }
    peer.codes = Codes::SignedIn { authorize: AUTHORIZE, cookies };
    Ok(peer)
}

/// A realm that signs with ES256, as this server does here. Passwords cost nothing, since no sign-in is measured.
async fn make_realm(connection: &mut Connection, people: usize) -> Result<(), Failure> {
    let fields = [("grant_type", "password"), ("client_id", "admin-cli"), ("username", SECRET), ("password", SECRET)];
    let request = post_form("/realms/master/protocol/openid-connect/token", &[], &fields);
    let answer: serde_json::Value = serde_json::from_slice(&body_of(connection, request).await?)?;
    let token = answer.get("access_token").and_then(serde_json::Value::as_str).ok_or("no token of the admin")?;
    // It says nothing about a token whose audience the asking app is not.
    let audience = json!({
        "name": "audience",
        "protocol": "openid-connect",
        "protocolMapper": "oidc-audience-mapper",
        "config": { "included.client.audience": "secret", "access.token.claim": "true" },
    });
    let person = |number: usize| {
        json!({
            "username": format!("person{number}"),
            "email": format!("person{number}@bench.example.org"),
            "emailVerified": true,
            "firstName": "Person",
            "lastName": number.to_string(),
            "enabled": true,
            "credentials": [{ "type": "password", "value": SECRET }],
        })
    };
    let realm = json!({
        "realm": "bench",
        "enabled": true,
        "sslRequired": "none",
        "defaultSignatureAlgorithm": "ES256",
        "passwordPolicy": "hashAlgorithm(pbkdf2-sha256) and hashIterations(1)",
        "accessCodeLifespan": 600,
        "accessTokenLifespan": 36_000,
        "ssoSessionIdleTimeout": 36_000,
        "ssoSessionMaxLifespan": 36_000,
        "components": { "org.keycloak.keys.KeyProvider": [{
            "name": "ES256",
            "providerId": "ecdsa-generated",
            "config": { "priority": ["200"], "ecdsaEllipticCurveKey": ["P-256"] },
        }] },
        "clients": [
            {
                "clientId": "public",
                "publicClient": true,
                "redirectUris": [REDIRECT_URI],
                "attributes": { "pkce.code.challenge.method": "S256" },
            },
            {
                "clientId": "secret",
                "secret": SECRET,
                "redirectUris": [REDIRECT_URI],
                "serviceAccountsEnabled": true,
                "protocolMappers": [audience],
            },
        ],
        "users": (0..people).map(person).collect::<Vec<_>>(),
    });
    let authorization = format!("Bearer {token}");
    let request = post_json("/admin/realms", &[("Authorization", &authorization)], &realm.to_string());
    body_of(connection, request).await.map(drop)
}

/// The cookies of a person who signed in with the form.
async fn sign_in(connection: &mut Connection, path: &str, person: usize) -> Result<String, Failure> {
    let form = connection.send(&get(path, &[])).await?;
    let action = action_of(&form).ok_or_else(|| format!("no form but {} {}", form.status, form.text()))?;
    let cookies = cookies_of(&form);
    let fields = [("username", format!("person{person}")), ("password", SECRET.to_owned())];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    let answer = connection.send(&post_form(&action, &[("Cookie", &cookies)], &fields)).await?;
    let cookies = cookies_of(&answer);
    if answer.status == 302 && cookies.contains("KEYCLOAK_IDENTITY=") {
        Ok(cookies)
    } else {
        Err(format!("no sign-in but {} {}", answer.status, answer.text()).into())
    }
}

/// Where the form of a page is sent.
fn action_of(page: &Answer<'_>) -> Option<String> {
    let text = page.text();
    let (_, rest) = text.split_once("action=\"http://")?;
    let (address, _) = rest.split_once('"')?;
    let (_, path) = address.split_once('/')?;
    Some(format!("/{}", path.replace("&amp;", "&")))
}
