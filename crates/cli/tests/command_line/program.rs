//! What belongs to the program as a whole: completions, manual pages, the environment file, colours and confirmation.

use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::app::shop;
use crate::support::{Installation, Ran};

#[test]
fn each_shell_gets_completions_and_each_command_a_manual_page() {
    let sigma = Installation::alone("");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = sigma.run(&["completions", shell]);
        assert_eq!(script.code, 0, "{script:?}");
        assert!(script.stdout.contains("rotate-secret"), "{shell}");
        if shell == "bash" {
            fs::write(sigma.path().join("sigma.bash"), script.stdout).unwrap();
            let parsed = Command::new("bash").arg("-n").arg(sigma.path().join("sigma.bash")).output().unwrap();
            assert!(parsed.status.success(), "{parsed:?}");
        }
    }
    let page = sigma.run(&["man"]).stdout;
    for part in [".TH sigma 1", "Exit codes:", "sigma\\-app(1)"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let written = sigma.json(&["man", "--to", "man/man1"]);
    assert_eq!(written["directory"], "man/man1");
    for name in ["sigma.1", "sigma-serve.1", "sigma-app-rotate-secret.1"] {
        assert!(sigma.path().join("man/man1").join(name).is_file(), "{name}");
    }
    assert!(!sigma.path().join("man/man1/sigma-help.1").exists());
    assert_eq!(written["pages"], fs::read_dir(sigma.path().join("man/man1")).unwrap().count());
}

#[test]
fn the_environment_precedes_its_file_which_precedes_the_configuration() {
    let sigma = Installation::alone(
        "issuer = 'https://file.example.org'\n[tokens]\ncode_seconds = 30\n[http]\ndrain_seconds = 1\n",
    );
    let env = sigma.path().join("env");
    fs::write(
        &env,
        "# secrets\nSIGMA__ISSUER=\"https://env-file.example.org\"\nSIGMA__TOKENS__CODE_SECONDS=40\nSIGMA__HTTP__DRAIN_SECONDS=2\nOTHER=x\n",
    )
    .unwrap();
    // Each command of these tests has a variable for the last of the three.
    let shown = sigma.json(&["config", "show", "--env-file", "env"]);
    assert_eq!(
        [&shown["issuer"], &shown["tokens"]["code_seconds"], &shown["http"]["drain_seconds"]],
        [&json!("https://env-file.example.org"), &json!(40), &json!(0)]
    );
    let named = sigma.command(&["config", "show", "--json"]).env("SIGMA_ENV_FILE", &env).output().unwrap();
    assert!(Ran::of(&named).stdout.contains("https://env-file.example.org"));
    assert_eq!(sigma.json(&["config", "show"])["issuer"], "https://file.example.org");
}

#[test]
fn an_environment_file_that_is_no_use_is_named() {
    let sigma = Installation::alone("");
    let env = sigma.path().join("env");
    let refused = |message: &str| {
        let ran = sigma.run(&["config", "show", "--env-file", "env"]);
        assert_eq!(ran.code, 5, "{ran:?}");
        assert!(ran.stderr.contains(message), "{message}: {ran:?}");
        assert!(!ran.stderr.contains("hunter2"), "{ran:?}");
    };
    refused("the environment file env cannot be read: No such file");
    fs::write(&env, "SIGMA__ISSUER=https://id.example.org\nexport hunter2\n").unwrap();
    refused("line 2 of env is not NAME=value");
    fs::write(&env, "SIGMA__STORE__URLL=hunter2").unwrap();
    refused("unknown key \"store.urll\" in env; did you mean \"url\"?");
    fs::write(&env, "SIGMA__MASTER_KEY__VALUE=[\"hunter2\"]").unwrap();
    refused("\"master_key.value\" in env must be");
    // Root reads everything.
    if !is_root() {
        fs::set_permissions(&env, Permissions::from_mode(0o000)).unwrap();
        refused("the environment file env cannot be read: Permission denied");
    }
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout == b"0\n"
}

/// Runs `sigma ARGUMENTS` on a terminal, where somebody types `typed`; what the terminal shows.
fn on_terminal(sigma: &Installation, arguments: &str, typed: &str, variables: &[(&str, &str)]) -> (i32, String) {
    let command = sigma.command(&[]);
    let mut script = Command::new("script");
    script.args(["--quiet", "--return", "--command"]).arg(format!("'{}' {arguments}", env!("CARGO_BIN_EXE_sigma")));
    script.arg("/dev/null").current_dir(sigma.path()).env_clear().env("TERM", "xterm").env("PATH", "/usr/bin:/bin");
    script.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    script.envs(variables.iter().copied()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = script.spawn().unwrap();
    child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn output_is_coloured_on_a_terminal_alone() {
    let sigma = Installation::alone("issuer = 'http://localhost:9'\n");
    let escape = '\u{1b}';
    let (_, shown) = on_terminal(&sigma, "doctor", "", &[]);
    assert!(shown.contains("\u{1b}[32mfine \u{1b}[0m  configuration"), "{shown}");
    for variable in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let (_, shown) = on_terminal(&sigma, "doctor", "", &[variable]);
        assert!(shown.contains("fine   configuration") && !shown.contains(escape), "{variable:?}: {shown}");
    }
    let piped = sigma.run(&["doctor"]);
    assert!(piped.stdout.contains("fine   configuration") && !piped.stdout.contains(escape), "{piped:?}");
    let (code, shown) = on_terminal(&sigma, "app list", "", &[]);
    assert_eq!(code, 6);
    assert!(shown.starts_with("\u{1b}[1;31msigma:\u{1b}[0m "), "{shown}");
}

/// What would clear the screen, set its title, colour the rest and turn its direction.
const NASTY: &str = "x\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}y";

/// A server that says nasty things: its metrics, and whatever the management API is asked. It answers as long as the tests run.
fn hostile_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let said = ["id", "at", "action", "actor", "name", "email", "slug", "client_id", "kind", "created_at"];
    let item: serde_json::Map<_, _> = said.iter().map(|member| ((*member).to_owned(), json!(NASTY))).collect();
    let list = json!({"items": [item]}).to_string();
    let problem =
        json!({"type": "about:blank", "title": NASTY, "detail": NASTY, "code": NASTY, "status": 409}).to_string();
    let metrics = format!(
        "sigma_build_info{{version=\"{NASTY}\",store=\"{NASTY}\"}} 1\n\
         sigma_http_requests_total{{route=\"{NASTY}\",method=\"{NASTY}\",status=\"2xx\"}} 1\n\
         sigma_cache_reads_total{{cache=\"{NASTY}\",outcome=\"hit\"}} 1\n"
    );
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = BufReader::new(&stream).lines().map_while(Result::ok);
            let first = head.next().unwrap_or_default();
            let _ = head.find(String::is_empty);
            let (status, body) = match first.split(' ').nth(1) {
                Some("/metrics") => ("200 OK", &metrics),
                Some(path) if path.contains("nobody") => ("409 Conflict", &problem),
                _ => ("200 OK", &list),
            };
            let length = body.len();
            let head = format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n");
            let _ = write!(stream, "{head}Connection: close\r\n\r\n{body}");
        }
    });
    address
}

#[test]
fn no_server_commands_the_terminal_that_shows_its_answer() {
    let sigma = Installation::alone("issuer = 'http://localhost:9'\n");
    let address = hostile_server();
    let variables = [("SIGMA_TOKEN", "secret"), ("NO_COLOR", "1")];
    let remote = |command: &str| format!("--server http://{address} {command}");
    let mut asked = vec![format!("top --once --seconds 0 --metrics {address}")];
    asked
        .extend(["app list", "user list", "workspace list", "audit", "app show nobody", "app list --json"].map(remote));
    for arguments in asked {
        let (_, shown) = on_terminal(&sigma, &arguments, "", &variables);
        assert!(shown.contains(r"\u001b[2J") && shown.contains(r"\u202e"), "{arguments}: {shown:?}");
        let obeyed = |char: char| (char.is_control() && !matches!(char, '\r' | '\n')) || char == '\u{202e}';
        assert!(!shown.contains(obeyed), "{arguments}: {shown:?}");
    }
}

#[test]
fn a_terminal_is_asked_and_everybody_else_has_to_say_yes() {
    let sigma = Installation::new();
    let workspace = sigma.json(&["workspace", "add", "--name", "Bakery", "--slug", "bakery"]);
    assert_eq!(workspace["slug"], "bakery");
    shop(&sigma);
    sigma.json(&["app", "rotate-secret", "shop", "--overlap", "1", "--yes"]);
    sigma.json(&["resource", "add", "https://api.example.org"]);
    sigma.json(&["link", "add", "shop", "--org", "bakery", "--permission", "CanManageOrg"]);
    sigma.json(&["user", "add", "--email", "ada@example.org", "--link"]);
    sigma.json(&["admin", "add", "ada@example.org", "--role", "owner"]);
    let invitation = sigma.json(&["app", "invite"])["id"].as_str().unwrap().to_owned();
    let key = sigma.json(&["api-key", "add", "--workspace", "bakery", "--name", "CI", "--admin"]);
    let key = key["id"].as_str().unwrap().to_owned();
    let directory = sigma.json(&["scim", "add", "--workspace", "bakery", "--name", "Entra"]);
    let directory = directory["id"].as_str().unwrap().to_owned();

    let commands = [
        "admin remove ada@example.org".to_owned(),
        format!("api-key deactivate --workspace bakery {key}"),
        format!("api-key remove --workspace bakery {key}"),
        "app block tools.example.net".to_owned(),
        "app end-secret shop".to_owned(),
        "app rotate-secret shop".to_owned(),
        format!("app uninvite {invitation}"),
        "link remove shop --org bakery".to_owned(),
        "resource remove https://api.example.org".to_owned(),
        format!("scim rotate --workspace bakery {directory} --end-old"),
        format!("scim remove --workspace bakery {directory}"),
        "user disable ada@example.org".to_owned(),
        "user sessions ada@example.org --end-all".to_owned(),
        "user remove ada@example.org".to_owned(),
        "workspace remove bakery".to_owned(),
        "app remove shop".to_owned(),
    ];
    for command in &commands {
        let arguments: Vec<&str> = command.split(' ').collect();
        let ran = sigma.run(&arguments);
        assert_eq!((ran.code, ran.stdout.as_str()), (4, ""), "{command}: {ran:?}");
        assert!(ran.stderr.ends_with("; confirm with --yes\n"), "{command}: {ran:?}");
    }
    let (code, shown) = on_terminal(&sigma, "app remove shop", "n\n", &[]);
    assert_eq!(code, 4, "{shown}");
    assert!(shown.contains("its client id is never reused") && shown.contains("Continue? [y/N]"), "{shown}");
    assert_eq!(sigma.run(&["app", "show", "shop"]).code, 0);
    let (code, shown) = on_terminal(&sigma, "app remove shop", "y\n", &[]);
    assert!(code == 0 && shown.contains("shop was removed."), "{shown}");
    assert_eq!(sigma.run(&["app", "show", "shop"]).code, 3);
}
