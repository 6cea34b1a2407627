//! Real `sigma serve` processes on one database, users with keys, and an app.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value, json};
use sigma_bitcoin::{BapId, PrivateKey, Scheme, sign_auth_token};
use sigma_core::digest::Digest;
use sigma_core::params::Params;
use sigma_core::time::Timestamp;
use sigma_store::Store;
use sigma_store::testing::{Engine, TestDatabase};
use tempfile::TempDir;

mod proxy;

pub use proxy::Proxy;

pub const SIGN_IN: &str = "/api/auth/sign-in/sigma";
pub const SIGN_UP: &str = "/api/auth/sign-up/sigma";
pub const REDIRECT: &str = "https://app.example.org/callback";
/// A PKCE pair (RFC 7636 appendix B).
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// An installation: one database, one master key, any number of servers.
pub struct Installation {
    directory: TempDir,
    database: TestDatabase,
    url: Mutex<String>,
}

impl Installation {
    /// A new one with the public app `shop`, without limits: a test's requests all come from one address.
    pub fn on(engine: Engine) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let settings = "listen = '127.0.0.1:0'\n[limits]\nenabled = false\n[http]\ndrain_seconds = 0\nshutdown_seconds = 30\n\
                        [workspaces]\nallow_quick_logins = ['127.0.0.0/8']\n";
        std::fs::write(directory.path().join("sigma.toml"), settings).unwrap();
        let database = TestDatabase::empty(engine);
        let url = Mutex::new(database.options.url.clone());
        database.beside(|options| options.exclusive = false).unwrap().close();
        let installation = Self { directory, database, url };
        installation.admin(&[
            "app",
            "add",
            "--client-id",
            "shop",
            "--name",
            "Shop",
            "--auth",
            "none",
            "--redirect-uri",
            REDIRECT,
        ]);
        installation
    }

    /// The location of its configuration and master key.
    pub fn directory(&self) -> &std::path::Path {
        self.directory.path()
    }

    /// The engine's own address.
    pub fn url(&self) -> String {
        self.database.options.url.clone()
    }

    /// Its store, opened by the test itself.
    pub fn open(&self) -> Store {
        self.database.beside(|options| options.exclusive = false).unwrap()
    }

    /// Servers started from now on reach the database through `url`.
    pub fn reach_by(&self, url: &str) {
        url.clone_into(&mut self.url.lock().unwrap());
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sigma"));
        command.args(arguments).current_dir(self.directory.path()).env_clear();
        command.env("SIGMA__STORE__URL", &*self.url.lock().unwrap());
        command
    }

    /// Runs an admin command, which must succeed.
    pub fn admin(&self, arguments: &[&str]) -> Value {
        let output = self.command(&[arguments, &["--json"]].concat()).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// A server.
    pub fn serve(&self) -> Server {
        self.start().listening()
    }

    /// A server with other settings.
    pub fn serve_with(&self, settings: &[(&str, &str)]) -> Server {
        self.start_with(settings).listening()
    }

    /// A server that may not be listening yet.
    pub fn start(&self) -> Server {
        self.start_with(&[])
    }

    /// Like [`Installation::start`], with these in its environment.
    pub fn start_with(&self, settings: &[(&str, &str)]) -> Server {
        let log = tempfile::Builder::new().prefix("log-").tempfile_in(self.directory.path()).unwrap();
        let (file, path) = log.keep().unwrap();
        let mut command = self.command(&["serve", "--json"]);
        command.envs(settings.iter().copied()).stderr(Stdio::from(file));
        let mut server = Server::started(&mut command);
        server.log = path;
        server
    }
}

/// A running server, killed when the test ends.
pub struct Server {
    pub child: Child,
    pub address: String,
    pub log: std::path::PathBuf,
}

impl Server {
    /// A server started by `command`, which has set where its log goes.
    pub fn started(command: &mut Command) -> Self {
        let child = command.stdout(Stdio::piped()).spawn().unwrap();
        Self { child, address: String::new(), log: "/dev/null".into() }
    }

    /// Waits until it reports its address.
    pub fn listening(mut self) -> Self {
        assert!(self.says_where(), "{}", self.log());
        self
    }

    /// Waits until it reports its address or ends silently.
    pub fn says_where(&mut self) -> bool {
        let mut line = String::new();
        BufReader::new(self.child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let Ok(said) = serde_json::from_str::<Value>(&line) else { return false };
        said["listen"].as_str().unwrap().clone_into(&mut self.address);
        true
    }

    pub fn log(&self) -> String {
        let mut text = String::new();
        File::open(&self.log).unwrap().read_to_string(&mut text).unwrap();
        text
    }

    /// Sends it a signal.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Ends it as an operator does; returns its exit code.
    pub fn stop(mut self) -> Option<i32> {
        self.signal("TERM");
        self.child.wait().unwrap().code()
    }

    /// Waits for its end; returns its exit code.
    pub fn stop_signalled(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    /// Sends a request over a connection of its own; `None` if the connection breaks.
    pub fn try_send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Option<Answer> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: localhost:8080\r\nConnection: close\r\n");
        for (name, value) in headers {
            request.extend([name, ": ", value, "\r\n"]);
        }
        request.extend(["Content-Length: ", &body.len().to_string(), "\r\n\r\n", body]);
        stream.write_all(request.as_bytes()).ok()?;
        let mut text = String::new();
        stream.read_to_string(&mut text).ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some(Answer { status, head: head.to_owned(), body: body.to_owned() })
    }

    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        self.try_send(method, path, headers, body).unwrap_or_else(|| panic!("{method} {path}: {}", self.log()))
    }

    pub fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send("GET", path, headers, "")
    }

    pub fn post_form(&self, path: &str, form: &[(&str, &str)], headers: &[(&str, &str)]) -> Answer {
        let mut all = vec![("Content-Type", "application/x-www-form-urlencoded")];
        all.extend(headers);
        self.send("POST", path, &all, &encode(form))
    }

    /// The status of a userinfo request with an access token.
    pub fn userinfo(&self, access: &str) -> u16 {
        self.get("/userinfo", &[("Authorization", &format!("Bearer {access}"))]).status
    }

    /// Redeems a code as `shop`.
    pub fn redeem(&self, code: &str) -> Answer {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("client_id", "shop"),
            ("code_verifier", VERIFIER),
        ];
        self.post_form("/token", &form, &[])
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{} {}", self.head, self.body))
    }

    /// The values of a header.
    pub fn headers(&self, wanted: &str) -> Vec<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value).collect()
    }

    /// A parameter of its redirect.
    pub fn param(&self, name: &str) -> Option<String> {
        let location = *self.headers("location").first()?;
        Params::parse(location.split_once('?')?.1).get(name).map(str::to_owned)
    }
}

pub fn encode(form: &[(&str, &str)]) -> String {
    let pairs = form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Params::from_pairs(pairs.collect()).to_query()
}

/// A user with a key and a browser, which may use any server.
pub struct Person {
    pub key: PrivateKey,
    cookies: Mutex<BTreeMap<String, String>>,
}

/// The time of the last token: no two are the same.
static LAST: AtomicI64 = AtomicI64::new(0);

impl Person {
    pub fn named(name: &str) -> Self {
        let key = PrivateKey::from_bytes(*Digest::of(format!("test key {name}")).as_bytes()).unwrap();
        Self { key, cookies: Mutex::default() }
    }

    pub fn pubkey(&self) -> String {
        self.key.public_key().to_hex()
    }

    /// A token of this moment, unlike all before.
    pub fn token(&self, path: &str, body: &str) -> String {
        let now = now().millis();
        let last = LAST.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |last| Some(now.max(last + 1))).unwrap();
        let stamp = Timestamp::from_micros(now.max(last + 1) * 1_000).iso8601();
        sign_auth_token(&self.key, Scheme::Bsm, path, &stamp, body.as_bytes(), &[7; 32]).unwrap()
    }

    pub fn cookie(&self) -> String {
        let jar = self.cookies.lock().unwrap();
        jar.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn keep(&self, answer: &Answer) {
        let mut jar = self.cookies.lock().unwrap();
        for cookie in answer.headers("set-cookie") {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            jar.insert(name.to_owned(), value.to_owned());
        }
    }

    /// Sends a request with this user's cookies.
    pub fn try_ask(
        &self,
        server: &Server,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Option<Answer> {
        let cookie = self.cookie();
        let mut all = headers.to_vec();
        if !cookie.is_empty() {
            all.push(("Cookie", &cookie));
        }
        let answer = server.try_send(method, path, &all, body)?;
        self.keep(&answer);
        Some(answer)
    }

    pub fn ask(&self, server: &Server, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        self.try_ask(server, method, path, headers, body).unwrap_or_else(|| panic!("{}", server.log()))
    }

    pub fn try_sign_up(&self, server: &Server) -> Option<Answer> {
        let bap_id = BapId::of_public_key(&self.key.public_key());
        let body = json!({"bapId": bap_id.as_str(), "intent": "sign-up"}).to_string();
        let (token, proof) = (self.token(SIGN_IN, ""), self.token(SIGN_UP, &body));
        let headers = [("X-Auth-Token", token.as_str()), ("X-Sigma-Enrollment-Proof", proof.as_str())];
        self.try_ask(server, "POST", SIGN_UP, &headers, &body)
    }

    pub fn sign_up(&self, server: &Server) -> Answer {
        let answer = self.try_sign_up(server).unwrap();
        assert_eq!(answer.status, 200, "{} {}", answer.body, server.log());
        answer
    }

    /// The user whom these cookies sign in.
    pub fn session(&self, server: &Server) -> Value {
        self.ask(server, "GET", "/api/auth/get-session", &[], "").json()
    }

    /// Requests a code at one server and consents at another.
    pub fn code(&self, asked: &Server, consented: &Server, scope: &str) -> String {
        let query = encode(&[
            ("client_id", "shop"),
            ("redirect_uri", REDIRECT),
            ("response_type", "code"),
            ("scope", scope),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ]);
        let path = format!("/oauth2/authorize?{query}");
        let mut answer = self.ask(asked, "GET", &path, &[("Accept", "text/html")], "");
        if let Some(interaction) = answer.param("interaction") {
            let form = encode(&[("interaction", &interaction), ("accept", "true")]);
            let kind = ("Content-Type", "application/x-www-form-urlencoded");
            answer = self.ask(consented, "POST", "/api/auth/oauth2/consent", &[kind], &form);
        }
        answer.param("code").unwrap_or_else(|| panic!("{} {}", answer.head, answer.body))
    }

    /// The tokens of `shop`.
    pub fn tokens(&self, server: &Server, scope: &str) -> Value {
        let answer = server.redeem(&self.code(server, server, scope));
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }
}

/// The time by which the servers run.
#[expect(clippy::disallowed_methods, reason = "the servers run by the clock of this machine")]
pub fn now() -> Timestamp {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Timestamp::from_micros(i64::try_from(now.as_micros()).unwrap())
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value}")).to_owned()
}

/// The result, and how long it took.
#[expect(clippy::disallowed_methods, reason = "how long a real process takes is what is tested")]
pub fn timed<R>(work: impl FnOnce() -> R) -> (R, Duration) {
    let started = Instant::now();
    let outcome = work();
    (outcome, started.elapsed())
}
