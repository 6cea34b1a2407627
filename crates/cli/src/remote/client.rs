//! The management API of a server: its address, and a token for it.

use std::cell::RefCell;
use std::fs;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde_json::Value;
use sigma_core::scope::ADMIN;
use sigma_core::time::{Clock as _, Timestamp};
use tokio::runtime::Runtime;

use super::Members as _;
use crate::args::RemoteArgs;
use crate::config::environment;
use crate::failure::{Failure, innermost};
use crate::system::SystemClock;

/// How long the server may take to accept a connection, and to send the next piece of an answer.
const CONNECT: Duration = Duration::from_secs(10);
const SILENCE: Duration = Duration::from_mins(2);
/// The longest token in a file.
const LONGEST_TOKEN: usize = 16 * 1_024;

/// What a server answered.
pub struct Exchange {
    /// The status.
    pub status: StatusCode,
    /// The version of what it answered.
    pub tag: Option<String>,
    /// The body; null if it is not JSON.
    pub body: Value,
}

impl Exchange {
    /// The body, unless it is an error: that in the words of the server.
    ///
    /// # Errors
    /// What the server says.
    pub fn accepted(self) -> Result<Value, Failure> {
        if self.status.is_success() { Ok(self.body) } else { Err(refusal(self.status, &self.body)) }
    }
}

/// A server, and the right to manage it.
pub struct Client {
    http: reqwest::Client,
    runtime: Runtime,
    server: Url,
    held: RefCell<Held>,
}

/// A token.
#[derive(Default)]
struct Held {
    token: String,
    /// How another one is had: a command that follows something outlives a token.
    renewal: Option<Renewal>,
}

/// The app that gets another token, and when it does.
#[derive(Clone)]
struct Renewal {
    id: String,
    secret: SecretString,
    at: Timestamp,
}

impl Client {
    /// Takes the token, or gets one for the app that is named.
    ///
    /// # Errors
    /// The address would show the token to others, there is no token, or the server gives none.
    #[expect(clippy::disallowed_methods, reason = "whoever runs the command asks their own server, wherever it is")]
    pub fn open(args: &RemoteArgs, server: &str) -> Result<Self, Failure> {
        let server = address(server)?;
        // A redirect would show the token to another server.
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .redirect(Policy::none())
            .user_agent(concat!("sigma/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Failure::Failed(error.to_string()))?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::Failed(format!("cannot start a runtime: {error}")))?;
        let client = Self { http, runtime, server, held: RefCell::default() };
        let held = client.find_token(args)?;
        client.held.replace(held);
        Ok(client)
    }

    fn find_token(&self, args: &RemoteArgs) -> Result<Held, Failure> {
        let given = |token: &str| Held { token: token.to_owned(), renewal: None };
        let variable = |name: &str| environment::variable(name).filter(|value| !value.is_empty());
        if let Some(token) = variable("SIGMA_TOKEN") {
            return Ok(given(token.trim()));
        }
        if let Some(file) = &args.token_file {
            let text = fs::read_to_string(file)
                .map_err(|error| Failure::Failed(format!("{} cannot be read: {error}", file.display())))?;
            let token = text.trim();
            if token.is_empty() || token.len() > LONGEST_TOKEN || token.contains(char::is_whitespace) {
                return Err(Failure::Failed(format!("{} does not hold one token", file.display())));
            }
            return Ok(given(token));
        }
        match (&args.client, variable("SIGMA_CLIENT_SECRET")) {
            (Some(id), Some(secret)) => self.ask_for_token(id.clone(), secret.into()),
            _ => Err(Failure::Usage(
                "--server needs a token: SIGMA_TOKEN, --token-file FILE, or SIGMA_CLIENT_ID and SIGMA_CLIENT_SECRET"
                    .to_owned(),
            )),
        }
    }

    /// A token of the app itself, with the most that it may do: the server leaves out what the app may not ask for.
    fn ask_for_token(&self, id: String, secret: SecretString) -> Result<Held, Failure> {
        let scope = ADMIN.join(" ");
        let form = [("grant_type", "client_credentials"), ("scope", &scope)];
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let escape = |part: &str| url::form_urlencoded::byte_serialize(part.as_bytes()).collect::<String>();
        let request = self
            .http
            .post(self.url("/api/auth/oauth2/token")?)
            .basic_auth(escape(&id), Some(escape(secret.expose_secret())))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        let answer = self.answer(request)?;
        let token = answer.at("access_token").as_str().map(str::to_owned);
        let token = token.ok_or_else(|| Failure::Refused("the server gave no token".to_owned()))?;
        let half = Duration::from_secs(answer.at("expires_in").as_u64().unwrap_or_default() / 2);
        Ok(Held { token, renewal: Some(Renewal { id, secret, at: SystemClock.now().plus(half) }) })
    }

    /// The token, or another one once half of its time is over.
    fn token(&self) -> Result<String, Failure> {
        let renewal = self.held.borrow().renewal.clone();
        if let Some(Renewal { id, secret, .. }) = renewal.filter(|renewal| SystemClock.now() >= renewal.at) {
            let held = self.ask_for_token(id, secret)?;
            self.held.replace(held);
        }
        Ok(self.held.borrow().token.clone())
    }

    fn url(&self, path: &str) -> Result<Url, Failure> {
        // The server may be below a path.
        let base = self.server.path().trim_end_matches('/').to_owned();
        let mut url = self.server.clone();
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        url.set_path(&format!("{base}{path}"));
        url.set_query((!query.is_empty()).then_some(query));
        if url.cannot_be_a_base() { Err(Failure::Usage("--server must be a URL".to_owned())) } else { Ok(url) }
    }

    fn request(&self, method: Method, path: &str, query: &[(&str, &str)]) -> Result<RequestBuilder, Failure> {
        let mut url = self.url(&format!("/api/admin/v1/{path}"))?;
        let query = query.iter().filter(|(_, value)| !value.is_empty());
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        url.set_query((!query.is_empty()).then_some(&query));
        Ok(self.http.request(method, url).bearer_auth(self.token()?))
    }

    /// Reads something. Parameters without a value are left out.
    pub fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, Failure> {
        self.answer(self.request(Method::GET, path, query)?)
    }

    /// Does something.
    pub fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.answer(self.request(Method::POST, path, &[])?.json(body))
    }

    /// Sends something of which one version may be meant, and says what came of it.
    pub fn exchange(
        &self,
        path: &str,
        query: &[(&str, &str)],
        if_match: Option<&str>,
        body: &impl Serialize,
    ) -> Result<Exchange, Failure> {
        let mut request = self.request(Method::POST, path, query)?.json(body);
        if let Some(tag) = if_match {
            request = request.header("if-match", tag);
        }
        self.runtime.block_on(async {
            let response = self.send(request).await?;
            let tag = response.headers().get("etag").and_then(|tag| tag.to_str().ok()).map(str::to_owned);
            let status = response.status();
            let body = response.bytes().await.map_err(|error| lost(&error))?;
            Ok(Exchange { status, tag, body: serde_json::from_slice(&body).unwrap_or_default() })
        })
    }

    /// Changes something.
    pub fn patch(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.answer(self.request(Method::PATCH, path, &[])?.json(body))
    }

    /// Puts something in place.
    pub fn put(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.answer(self.request(Method::PUT, path, &[])?.json(body))
    }

    /// Puts a file in place.
    pub fn put_file(&self, path: &str, file: Vec<u8>) -> Result<Value, Failure> {
        let request = self.request(Method::PUT, path, &[])?.header("content-type", "application/octet-stream");
        self.answer(request.body(file))
    }

    /// Removes something.
    pub fn delete(&self, path: &str) -> Result<Value, Failure> {
        self.answer(self.request(Method::DELETE, path, &[])?)
    }

    /// Sends lines of JSON; the lines of the answer.
    pub fn post_lines(&self, path: &str, query: &[(&str, &str)], lines: Vec<u8>) -> Result<Vec<Value>, Failure> {
        let request =
            self.request(Method::POST, path, query)?.header("content-type", "application/x-ndjson").body(lines);
        let text = self.runtime.block_on(async {
            accepted(self.send(request).await?).await?.text().await.map_err(|error| lost(&error))
        })?;
        let parse = |line| serde_json::from_str(line).map_err(|_| no_answer_of_ours());
        text.lines().map(parse).collect()
    }

    /// Reads lines, each piece as it comes, until `see` wants no more.
    pub fn get_lines(
        &self,
        path: &str,
        query: &[(&str, &str)],
        mut see: impl FnMut(&[u8]) -> Result<bool, Failure>,
    ) -> Result<(), Failure> {
        let request = self.request(Method::GET, path, query)?;
        self.runtime.block_on(async {
            let mut response = accepted(self.send(request).await?).await?;
            while let Some(piece) = response.chunk().await.map_err(|error| lost(&error))? {
                if !see(&piece)? {
                    break;
                }
            }
            Ok(())
        })
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, Failure> {
        request.send().await.map_err(|error| {
            let reason = innermost(&error);
            Failure::Store(format!("{} cannot be reached: {reason}", self.server))
        })
    }

    /// The answer as JSON; null if it has no body.
    fn answer(&self, request: RequestBuilder) -> Result<Value, Failure> {
        self.runtime.block_on(async {
            let response = accepted(self.send(request).await?).await?;
            let body = response.bytes().await.map_err(|error| lost(&error))?;
            if body.is_empty() {
                return Ok(Value::Null);
            }
            serde_json::from_slice(&body).map_err(|_| no_answer_of_ours())
        })
    }
}

/// The address of a server. Over plain http others would read the token.
fn address(text: &str) -> Result<Url, Failure> {
    let usage = |words: &str| Failure::Usage(format!("--server {words}"));
    let url = Url::parse(text).map_err(|_| usage("must be a URL, such as https://id.example.org"))?;
    let is_here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    match url.scheme() {
        _ if !url.username().is_empty() || url.password().is_some() => {
            Err(usage("must not hold a password: see SIGMA_CLIENT_SECRET"))
        }
        "https" => Ok(url),
        "http" if is_here => Ok(url),
        "http" => Err(usage("must be https: others would read the token; http is for this machine alone")),
        _ => Err(usage("must be an https URL")),
    }
}

fn no_answer_of_ours() -> Failure {
    Failure::Failed("the answer is not that of a management API: is --server the address of a Sigma server?".to_owned())
}

fn lost(error: &reqwest::Error) -> Failure {
    Failure::Store(format!("the connection to the server was lost: {}", innermost(error)))
}

/// The response, unless it is an error: that in the words of the server.
async fn accepted(response: Response) -> Result<Response, Failure> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let body = response.bytes().await.unwrap_or_default();
    Err(refusal(status, &serde_json::from_slice(&body).unwrap_or_default()))
}

fn refusal(status: StatusCode, problem: &Value) -> Failure {
    let words = ["detail", "error_description", "error"].iter().find_map(|name| problem.at(name).as_str());
    let words = words.map_or_else(|| format!("the server answered {status}"), str::to_owned);
    match status {
        StatusCode::NOT_FOUND => Failure::NotFound(words),
        _ if status.is_server_error() => Failure::Store(words),
        _ if status.is_client_error() => Failure::Refused(words),
        _ => no_answer_of_ours(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_to_nobody_else() {
        for fine in
            ["https://id.example.org", "https://id.example.org/below/", "http://localhost:8080", "http://[::1]:8080"]
        {
            assert!(address(fine).is_ok(), "{fine}");
        }
        for bad in [
            "http://id.example.org",
            "http://127.0.0.1.example.org",
            "ftp://id.example.org",
            "id.example.org",
            "https://a:b@id.example.org",
        ] {
            assert!(matches!(address(bad), Err(Failure::Usage(_))), "{bad}");
        }
    }
}
