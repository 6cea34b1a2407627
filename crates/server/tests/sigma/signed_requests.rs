//! Writes that a key signs for, at every endpoint that takes such a signature: one that is forged, stale, from the future, for
//! another body, path or server, by another key, or used before, changes nothing.

use axum::body::Body;
use http::{Method, Request};
use serde_json::{Value, json};
use sigma_bitcoin::Scheme;
use sigma_core::time::Timestamp;

use crate::support::{Answer, Key, World, ada};

/// The tables that these endpoints write to.
const TABLES: [&str; 6] = [
    "SELECT COUNT(*) FROM profiles",
    "SELECT COUNT(*) FROM backups",
    "SELECT COUNT(*) FROM wallets",
    "SELECT COUNT(*) FROM identities",
    "SELECT COUNT(*) FROM credentials",
    "SELECT COUNT(*) FROM replay_guard",
];

/// An endpoint, a body that it accepts, and the header of the signature.
struct Write {
    method: Method,
    path: &'static str,
    body: Value,
    header: &'static str,
    scheme: &'static str,
}

impl Write {
    fn new(method: Method, path: &'static str, body: Value) -> Self {
        Self { method, path, body, header: "x-auth-token", scheme: "" }
    }

    async fn send(&self, world: &World, token: &str, body: &str) -> Answer {
        let request = Request::builder()
            .method(&self.method)
            .uri(self.path)
            .header("content-type", "application/json")
            .header(self.header, format!("{}{token}", self.scheme));
        world.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }
}

fn writes(world: &World) -> Vec<Write> {
    let blob = "A".repeat(200);
    let bap_id = Key::named("ada").bap_id();
    let wallet = Key::named("wallet").token("/api/wallet/connect", world.now(), "");
    let address = Key::named("wallet").0.public_key().address();
    vec![
        Write::new(Method::POST, "/api/profile/create", json!({"name": "Ada"})),
        Write::new(Method::PUT, "/api/profile", json!({"name": "Countess"})),
        Write::new(Method::POST, "/api/backup", json!({"encryptedBackup": blob})),
        Write::new(Method::POST, "/api/wallet/connect", json!({"authToken": wallet})),
        Write::new(Method::POST, "/api/wallet/set-primary", json!({"walletAddress": address})),
        Write::new(Method::POST, "/api/user/bap-ids", json!({"bapId": Key::named("further").bap_id()})),
        Write {
            header: "authorization",
            scheme: "Bitcoin-Auth ",
            ..Write::new(Method::POST, "/api/backup/sync", json!({"bapId": bap_id, "encryptedBackup": blob}))
        },
    ]
}

/// How many rows there are, and the profile and the wallets as their user sees them.
async fn state(world: &World, session: &str) -> (Vec<i64>, [String; 2]) {
    let rows = world
        .sigma
        .store
        .read(|tx| TABLES.iter().map(|sql| tx.query_opt(sql, &[])?.map_or(Ok(0), |row| row.int(0))).collect());
    let seen = async |path: &str| {
        let mut body = world.get_with_token(path, session).await.json();
        // It is another in every error.
        body.as_object_mut().map(|body| body.remove("request_id"));
        body.to_string()
    };
    (rows.await.unwrap(), [seen("/api/profile").await, seen("/api/wallet/list").await])
}

#[tokio::test]
async fn signatures_that_do_not_count_change_nothing_at_any_endpoint() {
    let world = World::with(|settings| settings.limits.delays = false).await;
    let browser = ada(&world).await;
    let session = browser.get("/api/auth/get-session").await.json()["session"]["token"].as_str().unwrap().to_owned();
    let (ada, eve) = (Key::named("ada"), Key::named("eve"));
    world.browser().sign_up(&eve).await;
    for write in writes(&world) {
        let (path, body, now) = (write.path, write.body.to_string(), world.now());
        let off = |millis: i64| Timestamp::from_micros(now.micros() + millis * 1_000);
        let good = |path: &str, at: Timestamp, body: &str| ada.token(path, at, body);
        let swapped = |token: &str| token.replacen(&eve.pubkey(), &ada.pubkey(), 1);
        let bsm = eve.token_of(Scheme::Bsm, path, &now.iso8601(), &body);
        let mut flipped = good(path, now, &body);
        let last = if flipped.ends_with('A') { "B" } else { "A" };
        flipped.replace_range(flipped.len() - 6..flipped.len() - 5, last);
        let before = state(&world, &session).await;
        for (what, token) in [
            ("301 seconds old", good(path, off(-301_000), &body)),
            ("301 seconds ahead", good(path, off(301_000), &body)),
            ("years old", good(path, Timestamp::from_seconds(1_000_000_000), &body)),
            ("BRC-77 by another key, under this one", swapped(&eve.token(path, now, &body))),
            ("BSM by another key, under this one", swapped(&bsm)),
            ("of another body", good(path, now, &body.replace('{', "{ "))),
            ("of no body", good(path, now, "")),
            ("of another path", good("/api/auth/sign-in/sigma", now, &body)),
            ("of this path with a slash", good(&format!("{path}/"), now, &body)),
            ("of another server", good(&format!("https://evil.example{path}"), now, &body)),
            ("altered", flipped),
            ("with another time", good(path, now, &body).replacen(&now.iso8601(), &off(1).iso8601(), 1)),
            ("in part", good(path, now, &body)[..70].to_owned()),
            ("empty", String::new()),
        ] {
            let answer = write.send(&world, &token, &body).await;
            assert!(
                [400, 401, 403].contains(&answer.status.as_u16()),
                "{path}, {what}: {} {}",
                answer.status,
                answer.body
            );
        }
        assert_eq!(state(&world, &session).await, before, "{path}");

        // The oldest that counts, once.
        let token = good(path, off(-299_000), &body);
        let accepted = write.send(&world, &token, &body).await;
        assert_eq!(accepted.status, 200, "{path}: {}", accepted.body);
        let after = state(&world, &session).await;
        let replayed = write.send(&world, &token, &body).await;
        assert!([401, 409].contains(&replayed.status.as_u16()), "{path}: {} {}", replayed.status, replayed.body);
        assert_eq!(state(&world, &session).await, after, "{path}");
        world.tick();
    }
}

#[tokio::test]
async fn the_identity_of_another_account_is_out_of_reach_of_a_signature() {
    let world = World::with(|settings| settings.limits.delays = false).await;
    let browser = ada(&world).await;
    let eve = Key::named("eve");
    world.browser().sign_up(&eve).await;
    let bap_id = Key::named("ada").bap_id();
    let session = browser.get("/api/auth/get-session").await.json()["session"]["token"].as_str().unwrap().to_owned();
    let before = state(&world, &session).await.1;
    for mut write in writes(&world) {
        write.body["bapId"] = json!(bap_id);
        let body = write.body.to_string();
        let answer = write.send(&world, &eve.token(write.path, world.now(), &body), &body).await;
        assert!([403, 404].contains(&answer.status.as_u16()), "{}: {} {}", write.path, answer.status, answer.body);
        world.tick();
    }
    assert_eq!(state(&world, &session).await.1, before);
}
