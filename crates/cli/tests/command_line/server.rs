//! `sigma serve`, `sigma demo`, and the commands that work alongside a running server.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sigma_telemetry::catalogue::METRICS;

use crate::support::{Installation, Ran, Running, ask, free_port, get, serve};

#[test]
fn the_running_server_sees_what_admin_commands_change() {
    let sigma = Installation::with("listen = '127.0.0.1:0'\n");
    let (server, address) = serve(&sigma);
    assert!(get(&address, "localhost:8080", "/healthz").0.starts_with("HTTP/1.1 200"));

    let keys = sigma.json(&["keys", "list"]);
    let algorithms: Vec<&str> =
        keys["items"].as_array().unwrap().iter().map(|key| key["alg"].as_str().unwrap()).collect();
    assert_eq!(algorithms.len(), 3, "{keys}");
    assert!(keys["items"].as_array().unwrap().iter().all(|key| key["state"] == "signs"), "{keys}");

    let rotated = sigma.json(&["keys", "rotate", "--now", "--alg", "ES256"]);
    assert_eq!(rotated["made"].as_array().unwrap().len(), 1);
    let states: Vec<&Value> = rotated["items"].as_array().unwrap().iter().map(|key| &key["state"]).collect();
    assert_eq!(states.iter().filter(|state| **state == "retired").count(), 1, "{rotated}");
    let of = |state: &str| {
        let items = rotated["items"].as_array().unwrap();
        let key = items.iter().find(|key| key["alg"] == "ES256" && key["state"] == state).unwrap();
        key["kid"].as_str().unwrap().to_owned()
    };
    assert_eq!(sigma.run(&["keys", "revoke", &of("signs")]).code, 4);
    assert_eq!(sigma.run(&["keys", "revoke", "nonsense"]).code, 3);
    // Key ids are base64url, so that one in 64 begins with a hyphen.
    assert_eq!(sigma.run(&["keys", "revoke", "-mYxQ2b5"]).code, 3);
    let unsure = sigma.run(&["keys", "revoke", &of("retired")]);
    assert!(unsure.code == 4 && unsure.stderr.contains("confirm with --yes"), "{unsure:?}");
    assert_eq!(sigma.json(&["keys", "list"])["items"], rotated["items"], "nothing was done");
    let left = sigma.json(&["keys", "revoke", &of("retired"), "--yes"]);
    assert_eq!(left["items"].as_array().unwrap().len(), 3, "{left}");
    let calm = sigma.json(&["keys", "rotate", "--alg", "RS256"]);
    let published: Vec<&Value> =
        calm["items"].as_array().unwrap().iter().filter(|key| key["state"] == "published").collect();
    assert_eq!(published.len(), 1, "it signs a day later: {calm}");
    let private = std::fs::read_to_string(sigma.path().join("sigma.key")).unwrap();
    assert!(!calm.to_string().contains(private.trim()));

    if sigma.file().is_some() {
        let second = sigma.run(&["serve"]);
        assert_eq!(second.code, 6, "{second:?}");
        assert!(second.stderr.contains("another `sigma serve` already uses"), "{second:?}");
    }
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn users_are_listed_shown_disabled_and_signed_out() {
    let sigma = Installation::with("listen = '127.0.0.1:0'\n");
    let (server, _) = serve(&sigma);
    assert_eq!(sigma.json(&["user", "list"]), json!({"items": [], "next": null}));
    for command in ["show", "disable", "enable", "sessions"] {
        let ran = sigma.run(&["user", command, "user_nobody", "--json"]);
        assert_eq!((ran.code, &ran.failure()["error"]), (3, &json!("not_found")), "{command}");
    }
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn the_listen_address_is_announced_in_one_line() {
    let sigma = Installation::with("listen = '127.0.0.1:0'\n");
    let mut server = Running::start(&sigma, &["serve"]);
    let line = server.line();
    assert!(line.starts_with("Sigma ") && line.contains(" listens on 127.0.0.1:"), "{line}");
    assert!(line.ends_with(" for http://localhost:8080\n"), "{line}");
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn the_demo_registers_its_apps_and_a_second_one_just_works() {
    let (first, second) = (Installation::alone(""), Installation::alone(""));
    let mut demos = Vec::new();
    for sigma in [&first, &second] {
        let mut demo = Running::start(sigma, &["demo", "--json"]);
        let reported = demo.json();
        demos.push((demo, reported));
    }
    assert_ne!(demos[0].1["server"], demos[1].1["server"]);
    for (demo, reported) in demos {
        let (issuer, origin) = (reported["server"].as_str().unwrap(), reported["playground"].as_str().unwrap());
        let (server, host) = (issuer.replace("http://localhost", "127.0.0.1"), origin.strip_prefix("http://").unwrap());
        let discovery = get(&server, issuer.strip_prefix("http://").unwrap(), "/.well-known/openid-configuration").1;
        let discovery: Value = serde_json::from_str(&discovery).unwrap();
        assert_eq!(discovery["issuer"], issuer);
        let apps: Value = serde_json::from_str(&get(host, host, "/demo.json").1).unwrap();
        assert_eq!(apps["issuer"], issuer);
        let ids: Vec<&str> =
            apps["apps"].as_array().unwrap().iter().map(|app| app["client_id"].as_str().unwrap()).collect();
        assert_eq!(ids, ["playground", "playground-server", "playground-bitcoin"]);
        playground_is_guarded(host);
        teams_log_in_by_a_click(&server, &apps["workspaces"]);
        assert_eq!(demo.stop(), Some(0));
    }
    assert_eq!(std::fs::read_dir(first.path()).unwrap().count(), 1, "the demo leaves nothing behind");
}

/// Each workspace has members with three roles, and one user is in both.
fn teams_log_in_by_a_click(server: &str, reported: &Value) {
    let listed: Value = serde_json::from_str(&get(server, "localhost", "/api/v1/auth/quick-logins").1).unwrap();
    let teams = listed.as_array().unwrap();
    assert_eq!(teams.iter().map(|team| &team["name"]).collect::<Vec<_>>(), ["Harbour Bakery", "Night Library"]);
    let mut people = Vec::new();
    for (team, reported) in teams.iter().zip(reported.as_array().unwrap()) {
        assert_eq!(team["workspaceId"], reported["workspaceId"]);
        let members = team["users"].as_array().unwrap();
        let roles: BTreeSet<&str> =
            members.iter().map(|member| reported["roles"][member["id"].as_str().unwrap()].as_str().unwrap()).collect();
        assert!(roles.len() == 3 && roles.contains("Admin") && roles.contains("Member"), "{roles:?}");
        people.extend(members.iter().map(|member| member["id"].as_str().unwrap()));
    }
    assert_eq!(people.len(), 6);
    assert_eq!(people.iter().collect::<BTreeSet<_>>().len(), 5);
}

#[test]
fn a_kept_demo_preserves_its_workspaces() {
    let sigma = Installation::alone("");
    for visit in ["first", "second"] {
        let mut demo = Running::start(&sigma, &["demo", "--json", "--data", "kept"]);
        let reported = demo.json();
        let server = reported["server"].as_str().unwrap().replace("http://localhost", "127.0.0.1");
        let store = format!("sqlite:{}", sigma.path().join("kept/sigma.sqlite").display());
        let admin = |arguments: &[&str]| {
            let ran = sigma.command(arguments).env("SIGMA__STORE__URL", &store).output().unwrap();
            assert!(ran.status.success(), "{ran:?}");
        };
        let listed = get(&server, "localhost", "/api/v1/auth/quick-logins").1;
        assert_eq!(listed.contains("Harbour Bakery"), visit == "first", "{listed}");
        admin(&["workspace", "set", "harbour-bakery", "--name", "Corner Bakery"]);
        assert_eq!(demo.stop(), Some(0));
    }
}

/// Only its own page can call the Playground's server, and nothing posted escapes its directory.
fn playground_is_guarded(host: &str) {
    let (head, page) = get(host, host, "/");
    assert!(head.starts_with("HTTP/1.1 200") && page.contains("<title>Sigma Playground</title>"), "{head}");
    assert!(head.contains("script-src 'self'; style-src 'self'") && !head.contains("unsafe"), "{head}");
    assert!(get(host, "evil.example.org", "/demo.json").0.starts_with("HTTP/1.1 421"), "DNS rebinding");
    let post = |path: &str, origin: &str, kind: &str, body: &str| {
        let length = body.len();
        ask(
            host,
            &format!(
                "POST {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nContent-Type: {kind}\r\n\
                 Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            ),
        )
    };
    let relay = r#"{"method":"GET","url":"http://192.0.2.1/","headers":[]}"#;
    assert!(post("/relay", "http://evil.example.org", "application/json", relay).0.starts_with("HTTP/1.1 403"));
    assert!(post("/relay", &format!("http://{host}"), "application/json", relay).0.starts_with("HTTP/1.1 400"));
    let form = "application/x-www-form-urlencoded";
    let (_, page) = post("/callback", "http://localhost", form, "code=\"><script>alert(1)</script>");
    assert!(page.contains("content=\"code=&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;\""), "{page}");
}

#[test]
fn a_demo_with_data_keeps_its_database() {
    let sigma = Installation::alone("");
    for _ in 0..2 {
        let mut demo = Running::start(&sigma, &["demo", "--data", "kept", "--json"]);
        demo.json();
        assert_eq!(demo.stop(), Some(0));
    }
    let store = format!("sqlite:{}", sigma.path().join("kept/sigma.sqlite").display());
    let listed = Ran::of(&sigma.command(&["app", "list", "--json"]).env("SIGMA__STORE__URL", store).output().unwrap());
    let listed: Value = serde_json::from_str(&listed.stdout).unwrap();
    assert_eq!(listed["items"].as_array().unwrap().len(), 4);
}

#[test]
fn a_requested_port_that_is_taken_is_an_error() {
    let sigma = Installation::alone("");
    let holder = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = holder.local_addr().unwrap().port().to_string();
    let ran = sigma.run(&["demo", "--port", &port]);
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(ran.stderr.contains("is taken"), "{ran:?}");
}

#[test]
fn the_openapi_document_is_printed() {
    let document: Value = serde_json::from_str(&Installation::alone("").run(&["openapi"]).stdout).unwrap();
    assert!(document["paths"]["/api/auth/oauth2/token"]["post"].is_object());
}

/// What has not happened yet, or not been measured.
const LATER: [&str; 4] =
    ["sigma_http_rate_limited_total", "sigma_http_over_budget_total", "sigma_jobs_total", "sigma_cache_entries"];

#[test]
fn metrics_are_served_on_a_separate_port() {
    let metrics = format!("127.0.0.1:{}", free_port());
    let sigma = Installation::alone(&format!("listen = '127.0.0.1:0'\n[metrics]\nlisten = '{metrics}'\n"));
    let (server, address) = serve(&sigma);
    get(&address, "localhost:8080", "/healthz");
    let (head, body) = get(&metrics, &metrics, "/metrics");
    assert!(head.starts_with("HTTP/1.1 200") && body.contains("# TYPE"), "{head}\n{body}");
    for shown in [
        concat!("sigma_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\",store=\"SQLite\"} 1"),
        "# HELP sigma_store_waiting ",
        "sigma_store_waiting{queue=\"write\"} ",
        "sigma_store_waiting{queue=\"read\"} ",
        "sigma_store_feed_age_seconds ",
        "sigma_mails_total{outcome=\"failed\"} 0",
        "sigma_store_connections{queue=\"write\"} 1",
        "sigma_cache_reads_total{cache=\"app\",outcome=\"hit\"} ",
        "process_resident_memory_bytes ",
    ] {
        assert!(body.contains(shown), "{shown}: {body}");
    }
    for metric in METRICS {
        assert!(
            body.contains(&format!("# HELP {} {}\n# TYPE {} ", metric.name, metric.help, metric.name)),
            "{}",
            metric.name
        );
    }
    let is_shown = |name: &str| body.contains(&format!("\n{name} ")) || body.contains(&format!("\n{name}{{"));
    let silent = METRICS.iter().filter(|metric| !is_shown(metric.name) && !is_shown(&format!("{}_count", metric.name)));
    let silent: Vec<_> = silent.map(|metric| metric.name).collect();
    assert!(silent.iter().all(|name| LATER.contains(name)), "{silent:?}");
    assert!(get(&address, "localhost:8080", "/metrics").0.starts_with("HTTP/1.1 404"));
    let top = sigma.run(&["top", "--seconds", "0"]);
    assert_eq!(top.code, 0, "{top:?}");
    assert!(top.stdout.starts_with(concat!("sigma ", env!("CARGO_PKG_VERSION"), " on SQLite at ")), "{top:?}");
    assert!(top.stdout.contains("GET /healthz") && !top.stdout.contains('\u{1b}'), "{top:?}");
    let summary = sigma.json(&["top", "--seconds", "0", "--metrics", &format!("http://{metrics}/metrics")]);
    assert_eq!(summary["routes"][0]["route"], "/healthz", "{summary}");
    let elsewhere = sigma.run(&["top", "--metrics", &address]);
    assert!(elsewhere.code == 6 && elsewhere.stderr.contains("answered 404"), "{elsewhere:?}");
    assert_eq!(server.stop(), Some(0));
    assert_eq!(sigma.run(&["top"]).code, 6);
}

#[test]
fn a_failed_start_has_a_distinct_exit_code() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap();
    assert_eq!(Installation::alone(&format!("listen = '{listen}'\n")).run(&["serve"]).code, 1, "the port is taken");
    let key = Installation::alone("listen = '127.0.0.1:0'\n");
    std::fs::write(key.path().join("sigma.key"), "no key").unwrap();
    assert_eq!(key.run(&["serve"]).code, 5, "the key file holds no key");
    let store = Installation::alone("listen = '127.0.0.1:0'\n[store]\nurl = 'sqlite:nowhere/sigma.sqlite'\n");
    assert_eq!(store.run(&["serve"]).code, 6, "the directory of the database is missing");
}

#[test]
fn a_lost_master_key_prevents_the_start_and_is_not_replaced() {
    let sigma = Installation::with("listen = '127.0.0.1:0'\n");
    let (server, _) = serve(&sigma);
    assert_eq!(server.stop(), Some(0));
    let key = sigma.path().join("sigma.key");
    std::fs::remove_file(&key).unwrap();
    let refused = sigma.run(&["serve"]);
    assert_eq!(refused.code, 5, "{refused:?}");
    assert!(refused.stderr.contains("sealed under it: restore it"), "{refused:?}");
    assert!(!key.exists());
}
