//! Backups as an operator makes, tries and restores them.

use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sigma_store::params;

use crate::support::{Installation, Ran, ask, get, serve};

const RECIPIENT: &str = "age1xmwwc06ly3ee5rytxm9mflaz2u56jjj36s0mypdrwsvlul66mv4q47ryef";
const IDENTITY: &str = "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0\n";

/// On a port that the system chooses, without limits: everything comes from one address at once.
const LISTEN: &str = "listen = '127.0.0.1:0'\nlimits.enabled = false\n";

/// An installation that a server has served, with an app.
fn served() -> Installation {
    let sigma = Installation::with(LISTEN);
    let (server, _) = serve(&sigma);
    assert_eq!(server.stop(), Some(0));
    sigma.json(&["app", "add", "--name", "Shop", "--client-id", "shop", "--redirect-uri", "https://shop.test/cb"]);
    sigma
}

/// A copy of an installation without its database: as after a disk was lost, and the key put back.
fn emptied(sigma: &Installation) -> Installation {
    let fresh = Installation::without_database();
    std::fs::write(fresh.path().join("sigma.toml"), LISTEN).unwrap();
    std::fs::copy(sigma.path().join("sigma.key"), fresh.path().join("sigma.key")).unwrap();
    fresh
}

#[test]
fn a_backup_of_a_running_server_is_tried_and_restored() {
    let sigma = served();
    let (server, address) = serve(&sigma);
    std::fs::create_dir(sigma.path().join("backups")).unwrap();
    let made = sigma.json(&["backup", "--to", "backups", "--age", RECIPIENT]);
    assert_eq!(made["encrypted"], true);
    // What is added later is not in it.
    sigma.json(&["app", "add", "--name", "Late", "--client-id", "late", "--redirect-uri", "https://late.test/cb"]);
    assert!(get(&address, "localhost:8080", "/healthz").0.starts_with("HTTP/1.1 200"));
    let file = sigma.path().join(made["file"].as_str().unwrap());
    let file = file.to_str().unwrap();
    let refused = sigma.run(&["verify-backup", file]);
    assert_eq!((refused.code, refused.stderr.contains("--identity")), (1, true), "{refused:?}");
    std::fs::write(sigma.path().join("id.txt"), IDENTITY).unwrap();
    let verified = sigma.json(&["verify-backup", file, "--identity", "id.txt"]);
    assert_eq!((&verified["rows"], &verified["encrypted"]), (&made["rows"], &Value::Bool(true)));
    assert_eq!(verified["checked"][3], "an app signs in and its token is valid");

    let refused = sigma.run(&["restore", file, "--identity", "id.txt", "--json"]);
    assert!([4, 6].contains(&refused.code), "onto a running server: {refused:?}");
    assert_eq!(server.stop(), Some(0));
    let refused = sigma.run(&["restore", file, "--identity", "id.txt", "--json"]);
    assert_eq!((refused.code, &refused.failure()["error"]), (4, &Value::from("refused")), "{refused:?}");
    assert!(refused.stderr.contains("is not empty"), "{refused:?}");

    let fresh = emptied(&sigma);
    std::fs::write(fresh.path().join("id.txt"), IDENTITY).unwrap();
    let restored = fresh.run(&["restore", file, "--identity", "id.txt", "--revoke-since", "24h"]);
    assert_eq!(restored.code, 0, "{restored:?}");
    assert!(restored.stdout.contains("are valid again") && restored.stdout.contains("0 sessions"), "{restored:?}");
    let (server, _) = serve(&fresh);
    assert_eq!(fresh.json(&["app", "show", "shop"])["client_name"], "Shop");
    assert_eq!(fresh.run(&["app", "show", "late"]).code, 3);
    assert_eq!(server.stop(), Some(0));
}

/// Two apps that act for themselves, as they call a server.
struct Machines {
    /// Manages the server.
    ops: String,
    /// Acts for the org that it belongs to.
    badges: String,
    org: String,
}

impl Machines {
    fn add(sigma: &Installation) -> Self {
        let org = sigma.json(&["workspace", "add", "--name", "Bakery", "--slug", "bakery"]);
        let basic = |arguments: &[&str]| {
            let app = ["app", "add", "--auth", "client_secret", "--grant-type", "client_credentials"];
            let app = sigma.json(&[&app, arguments].concat());
            let [id, secret] = ["client_id", "client_secret"].map(|member| app[member].as_str().unwrap());
            format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
        };
        Self {
            ops: basic(&["--name", "Ops", "--client-id", "ops", "--scope", "sigma:admin:write"]),
            badges: basic(&["--name", "Badges", "--client-id", "badges", "--workspace", "bakery"]),
            org: org["id"].as_str().unwrap().trim_start_matches("org_").to_owned(),
        }
    }

    /// A token by client credentials, and one for the org.
    fn tokens(&self, address: &str) -> [String; 2] {
        let form = "grant_type=client_credentials&scope=sigma%3Aadmin%3Awrite";
        let (_, own) = call(address, "POST /api/auth/oauth2/token", &self.ops, form);
        let (_, org) = call(address, &format!("POST /v2/orgs/{}/access", self.org), &self.badges, "");
        [&own["access_token"], &org["orgAccessToken"]].map(|token| token.as_str().unwrap().to_owned())
    }

    /// Whether introspection, the management API and the API of the org take the tokens.
    fn taken(&self, address: &str, [own, org]: &[String; 2]) -> [bool; 3] {
        let (_, said) = call(address, "POST /api/auth/oauth2/introspect", &self.ops, &format!("token={own}"));
        let (managed, _) = call(address, "GET /api/admin/v1/apps", &format!("Bearer {own}"), "");
        let (acted, _) = call(address, &format!("GET /v2/orgs/{}", self.org), &format!("Bearer {org}"), "");
        assert!([managed, acted].iter().all(|status| [200, 401].contains(status)), "{managed} {acted}");
        [said["active"] == true, managed == 200, acted == 200]
    }
}

/// Status and body.
fn call(address: &str, what: &str, authorization: &str, form: &str) -> (u16, Value) {
    let length = form.len();
    let (head, body) = ask(
        address,
        &format!(
            "{what} HTTP/1.1\r\nHost: localhost:8080\r\nConnection: close\r\nAuthorization: {authorization}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{form}"
        ),
    );
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(&body).unwrap_or_else(|_| json!({"not JSON": body})))
}

#[test]
fn tokens_that_apps_got_in_the_lost_time_are_refused_after_a_restore_that_revokes() {
    let sigma = served();
    let machines = Machines::add(&sigma);
    let (server, address) = serve(&sigma);
    std::fs::create_dir(sigma.path().join("backups")).unwrap();
    let file = sigma.path().join(sigma.json(&["backup", "--to", "backups"])["file"].as_str().unwrap());
    let tokens = machines.tokens(&address);
    assert_eq!(machines.taken(&address, &tokens), [true; 3]);
    assert_eq!(server.stop(), Some(0));
    for (arguments, is_good) in [(&[][..], true), (&["--revoke-since", "24h"], false)] {
        let fresh = emptied(&sigma);
        let restored = fresh.run(&[&["restore", file.to_str().unwrap()], arguments].concat());
        assert_eq!(restored.code, 0, "{restored:?}");
        assert_eq!(restored.stdout.contains("tokens that apps got for themselves"), !is_good, "{restored:?}");
        let (server, address) = serve(&fresh);
        assert_eq!(machines.taken(&address, &tokens), [is_good; 3], "{arguments:?}");
        // The second of the restore still counts as lost.
        let later = || machines.taken(&address, &machines.tokens(&address)) == [true; 3];
        assert!((0..500).any(|_| later()), "{arguments:?}: those of today are good");
        assert_eq!(server.stop(), Some(0));
    }
}

#[test]
fn a_backup_is_refused_with_another_key_or_damage_and_nothing_is_changed() {
    let sigma = served();
    std::fs::create_dir(sigma.path().join("backups")).unwrap();
    let made = sigma.json(&["backup", "--to", "backups"]);
    let file = sigma.path().join(made["file"].as_str().unwrap());
    let fresh = Installation::alone("");
    let run = |file: &std::path::Path| fresh.run(&["restore", file.to_str().unwrap()]);
    let refused = run(&file);
    assert_eq!((refused.code, refused.stderr.contains("sigma.key does not exist")), (5, true), "{refused:?}");
    std::fs::write(fresh.path().join("sigma.key"), "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=\n").unwrap();
    let refused = run(&file);
    assert_eq!((refused.code, refused.stderr.contains("another master key")), (5, true), "{refused:?}");
    std::fs::copy(sigma.path().join("sigma.key"), fresh.path().join("sigma.key")).unwrap();
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(fresh.path().join("changed"), bytes).unwrap();
    let refused = run(std::path::Path::new("changed"));
    assert_eq!((refused.code, refused.stderr.contains("damaged")), (1, true), "{refused:?}");
    assert!(!fresh.path().join("sigma.sqlite").exists());
    assert_eq!(run(&file).code, 0);
}

#[test]
fn a_disk_that_fills_leaves_no_backup_and_old_ones_are_kept() {
    let sigma = served();
    let folder = sigma.path().join("backups");
    std::fs::create_dir(&folder).unwrap();
    sigma.json(&["backup", "--to", "backups"]);
    // Nothing that can be compressed.
    let noise: Vec<u8> = (0..400_000_u64)
        .map(|place| {
            let mixed = (place ^ (place << 21)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            (mixed ^ (mixed >> 29)).wrapping_mul(0x94d0_49bb_1331_11eb).to_be_bytes()[0]
        })
        .collect();
    let store = sigma.store();
    store
        .write_blocking(move |tx| tx.execute("INSERT INTO meta (name, value) VALUES ('noise', $1)", params![&noise]))
        .unwrap();
    store.close();
    let before = sorted(&folder);
    // No file may grow beyond 100 KiB, as if the disk were full.
    let mut limited = Command::new("bash");
    limited.args([
        "-c",
        "trap '' XFSZ; ulimit -f 100; exec \"$0\" backup --to backups --keep 1",
        env!("CARGO_BIN_EXE_sigma"),
    ]);
    limited.current_dir(sigma.path()).env("SIGMA__STORE__URL", sigma.url());
    let ran = Ran::of(&limited.output().unwrap());
    assert_eq!((ran.code, ran.stderr.contains("backups/")), (1, true), "{ran:?}");
    assert_eq!(sorted(&folder), before);
}

/// As `cat sigma.key`, but the second time it tells `started` and then takes its time.
const SLOW_KEY: &str = "[ -e once ] && { echo > started; exec sleep 9; }; : > once; cat sigma.key";

#[test]
fn a_trial_that_is_stopped_leaves_nothing_and_a_backup_and_its_key_may_come_through_pipes() {
    let sigma = served();
    std::fs::create_dir(sigma.path().join("backups")).unwrap();
    let made = sigma.json(&["backup", "--to", "backups", "--age", RECIPIENT]);
    std::fs::write(sigma.path().join("id.txt"), IDENTITY).unwrap();
    let file = made["file"].as_str().unwrap();
    let script = "exec \"$0\" verify-backup --json --identity <(cat id.txt) <(cat \"$1\")";
    let mut piped = Command::new("bash");
    piped.args(["-c", script, env!("CARGO_BIN_EXE_sigma"), file]).current_dir(sigma.path());
    let piped = Ran::of(&piped.env("SIGMA__STORE__URL", sigma.url()).output().unwrap());
    assert_eq!(piped.code, 0, "{piped:?}");

    let (temporary, started) = (sigma.path().join("tmp"), sigma.path().join("started"));
    std::fs::create_dir(&temporary).unwrap();
    assert!(Command::new("mkfifo").arg(&started).status().unwrap().success());
    let config = format!("{LISTEN}[master_key]\ncommand = ['sh', '-c', '{SLOW_KEY}']\n");
    std::fs::write(sigma.path().join("sigma.toml"), config).unwrap();
    let mut trial = sigma.command(&["verify-backup", file, "--identity", "id.txt"]);
    let trial =
        trial.env("TMPDIR", &temporary).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let mut trial = trial.unwrap();
    // Its server asks for the key: the backup is restored.
    std::fs::read(&started).unwrap();
    assert_eq!(sorted(&temporary).len(), 1);
    assert!(Command::new("kill").arg(trial.id().to_string()).status().unwrap().success());
    assert_eq!(trial.wait().unwrap().code(), Some(143));
    assert_eq!(sorted(&temporary), [""; 0]);
}

#[test]
fn a_bucket_needs_keys() {
    let sigma = Installation::new();
    let refused = sigma.run(&["backup", "--to", "s3://backups/sigma", "--json"]);
    assert_eq!((refused.code, refused.stderr.contains("AWS_ACCESS_KEY_ID")), (5, true), "{refused:?}");
}

fn sorted(folder: &std::path::Path) -> Vec<String> {
    let mut names: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn the_database_moves_while_a_server_reads() {
    let sigma = served();
    let (server, address) = serve(&sigma);
    let to = format!("sqlite:{}", sigma.path().join("moved.sqlite").display());
    let moved = sigma.json(&["migrate", "--to", &to]);
    assert!(moved["rows"].as_u64().unwrap() > 3, "{moved}");
    // The server goes on reading, and says that it cannot write.
    assert!(get(&address, "localhost:8080", "/.well-known/openid-configuration").0.starts_with("HTTP/1.1 200"));
    assert!(get(&address, "localhost:8080", "/readyz").0.starts_with("HTTP/1.1 503"));
    assert_eq!(server.stop(), Some(0));
    for arguments in [&["serve"][..], &["app", "list"], &["migrate", "--to", &to]] {
        let refused = sigma.run(arguments);
        assert_eq!((refused.code, refused.stderr.contains("was moved to another one")), (6, true), "{refused:?}");
    }
    let mut there = sigma.command(&["app", "show", "shop", "--json"]);
    let shown = Ran::of(&there.env("SIGMA__STORE__URL", &to).output().unwrap());
    assert_eq!(shown.code, 0, "{shown:?}");
    let mut there = sigma.command(&["doctor", "--json"]);
    let doctor = Ran::of(&there.env("SIGMA__STORE__URL", &to).output().unwrap());
    assert!(doctor.stdout.contains("the master key unseals them"), "{doctor:?}");

    assert_eq!(sigma.run(&["migrate", "--cancel"]).code, 4, "it asks first");
    assert_eq!(sigma.json(&["migrate", "--cancel", "--yes"])["cancelled"], true);
    assert_eq!(sigma.run(&["app", "show", "shop"]).code, 0);
}

#[test]
fn the_master_key_is_replaced_while_no_server_runs() {
    let sigma = served();
    let key = sigma.path().join("sigma.key");
    let before = std::fs::read_to_string(&key).unwrap();
    let (server, _) = serve(&sigma);
    let refused = sigma.run(&["keys", "rekey", "--yes"]);
    assert_eq!(refused.code, 6, "{refused:?}");
    assert_eq!(std::fs::read_to_string(&key).unwrap(), before);
    assert_eq!(server.stop(), Some(0));
    assert_eq!(sigma.run(&["keys", "rekey"]).code, 4, "it asks first");
    let rekeyed = sigma.json(&["keys", "rekey", "--yes"]);
    assert!(rekeyed["values"].as_u64().unwrap() >= 4, "the cookie secret and three signing keys: {rekeyed}");
    let former = sigma.path().join(rekeyed["former"].as_str().unwrap());
    assert_eq!(std::fs::read_to_string(&former).unwrap(), before);
    assert_ne!(std::fs::read_to_string(&key).unwrap(), before);
    let (server, _) = serve(&sigma);
    assert_eq!(server.stop(), Some(0));

    // From a command, which prints the key as a key management service does.
    std::fs::rename(&key, sigma.path().join("elsewhere")).unwrap();
    std::fs::write(sigma.path().join("sigma.toml"), format!("{LISTEN}[master_key]\ncommand = ['cat', 'elsewhere']\n"))
        .unwrap();
    let (server, _) = serve(&sigma);
    assert_eq!(server.stop(), Some(0));
    assert!(!key.exists());
    std::fs::write(sigma.path().join("sigma.toml"), format!("{LISTEN}[master_key]\ncommand = ['false']\n")).unwrap();
    let refused = sigma.run(&["serve"]);
    assert_eq!((refused.code, refused.stderr.contains("it failed")), (5, true), "{refused:?}");
}
