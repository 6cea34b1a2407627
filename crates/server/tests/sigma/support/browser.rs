//! A browser: keeps cookies, and does not follow redirects.

use std::collections::BTreeMap;
use std::sync::Mutex;

use axum::body::Body;
use http::request::Builder;
use http::{Request, StatusCode};
use serde_json::{Value, json};

use super::world::form_urlencoded;
use super::{APP, Answer, CHALLENGE, Key, REDIRECT, VERIFIER, World};

const SIGN_IN: &str = "/api/auth/sign-in/sigma";
const SIGN_UP: &str = "/api/auth/sign-up/sigma";

pub struct Browser<'w> {
    world: &'w World,
    cookies: Mutex<BTreeMap<String, String>>,
}

impl<'w> Browser<'w> {
    pub fn new(world: &'w World) -> Self {
        Self { world, cookies: Mutex::default() }
    }

    /// Its cookies, as one header.
    pub fn cookies(&self) -> String {
        let jar = self.cookies.lock().unwrap();
        jar.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    pub async fn send(&self, request: Builder, body: impl Into<Body>) -> Answer {
        let cookies = self.cookies();
        let request = if cookies.is_empty() { request } else { request.header("cookie", cookies) };
        let answer = self.world.send(request.body(body.into()).unwrap()).await;
        let mut jar = self.cookies.lock().unwrap();
        for line in answer.headers.get_all("set-cookie") {
            let line = line.to_str().unwrap();
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            if line.contains("Max-Age=0") {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
        drop(jar);
        answer
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).header("accept", "text/html"), Body::empty()).await
    }

    pub async fn post_json(&self, path: &str, body: &Value) -> Answer {
        let request = Request::post(path)
            .header("content-type", "application/json")
            .header("accept", "application/json")
            .header("origin", self.world.sigma.issuer());
        self.send(request, body.to_string()).await
    }

    pub async fn post_form(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let request = Request::post(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "text/html")
            .header("origin", self.world.sigma.issuer());
        self.send(request, form_urlencoded(form)).await
    }

    /// Posts a form with a file, called `name`, in the field `field` (RFC 7578).
    pub async fn upload(&self, path: &str, fields: &[(&str, &str)], file: (&str, &str, &[u8])) -> Answer {
        self.upload_all(path, fields, &[file]).await
    }

    /// The same with several files.
    pub async fn upload_all(&self, path: &str, fields: &[(&str, &str)], files: &[(&str, &str, &[u8])]) -> Answer {
        const BOUNDARY: &str = "a-boundary-of-the-tests";
        let mut body = Vec::new();
        for (name, value) in fields {
            let part = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend(part.as_bytes());
        }
        for (field, name, file) in files {
            let file_name = if name.is_empty() { String::new() } else { format!("; filename=\"{name}\"") };
            body.extend(
                format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{field}\"{file_name}\r\n\r\n")
                    .as_bytes(),
            );
            body.extend(*file);
            body.extend(b"\r\n");
        }
        body.extend(format!("--{BOUNDARY}--\r\n").as_bytes());
        let request = Request::post(path)
            .header("content-type", format!("multipart/form-data; boundary={BOUNDARY}"))
            .header("accept", "text/html")
            .header("origin", self.world.sigma.issuer());
        self.send(request, body).await
    }

    /// Creates an account for `key`, with the calls of the published client.
    pub async fn sign_up(&self, key: &Key) -> Answer {
        self.sign_up_as(key, &key.bap_id()).await
    }

    pub async fn sign_up_as(&self, key: &Key, bap_id: &str) -> Answer {
        let body = json!({"bapId": bap_id, "intent": "sign-up"}).to_string();
        let now = self.world.now();
        let request = Request::post(SIGN_UP)
            .header("content-type", "application/json")
            .header("x-auth-token", key.token(SIGN_IN, now, ""))
            .header("x-sigma-enrollment-proof", key.token(SIGN_UP, now, &body));
        let answer = self.send(request, body).await;
        // A key signs one message per millisecond: the clock advances, so that the next one differs.
        self.world.clock.advance(std::time::Duration::from_millis(1));
        answer
    }

    /// Signs in with `key`, with the calls of the published plugin.
    pub async fn sign_in(&self, key: &Key) -> Answer {
        let request = Request::post(SIGN_IN)
            .header("content-type", "application/json")
            .header("x-auth-token", key.token(SIGN_IN, self.world.now(), ""));
        let answer = self.send(request, "{}").await;
        self.world.clock.advance(std::time::Duration::from_millis(1));
        answer
    }

    /// An authorization request of `playground` with `extra` replacing default parameters.
    pub fn request(extra: &[(&str, &str)]) -> String {
        let mut pairs = vec![
            ("client_id", APP),
            ("redirect_uri", REDIRECT),
            ("response_type", "code"),
            ("state", "xyz"),
            ("scope", "openid profile"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        for (name, value) in extra {
            pairs.retain(|(known, _)| known != name);
            if !value.is_empty() {
                pairs.push((name, value));
            }
        }
        format!("/oauth2/authorize?{}", form_urlencoded(&pairs))
    }

    pub async fn authorize(&self, extra: &[(&str, &str)]) -> Answer {
        self.get(&Self::request(extra)).await
    }

    /// Consents, if `answer` redirects to the consent page.
    pub async fn agree(&self, answer: Answer) -> Answer {
        if !answer.location().starts_with("/consent") {
            return answer;
        }
        let interaction = answer.param("interaction").unwrap();
        self.post_form("/api/auth/oauth2/consent", &[("interaction", &interaction), ("accept", "true")]).await
    }

    /// Completes the flow as a signed-in user who consents; returns the code.
    pub async fn code(&self, extra: &[(&str, &str)]) -> String {
        let answer = self.agree(self.authorize(extra).await).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        answer.param("code").unwrap_or_else(|| panic!("no code in {}", answer.location()))
    }

    /// Redeems `code` as the public `playground`.
    pub async fn redeem(&self, code: &str) -> Answer {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("client_id", APP),
            ("code_verifier", VERIFIER),
        ];
        self.world.post_form("/api/auth/oauth2/token", &form, &[]).await
    }

    /// Tokens of `playground` for a signed-in user.
    pub async fn tokens(&self, scope: &str) -> Value {
        let code = self.code(&[("scope", scope)]).await;
        let answer = self.redeem(&code).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        answer.json()
    }
}

/// A browser in which Ada is signed in, having just signed up.
pub async fn ada(world: &World) -> Browser<'_> {
    let browser = world.browser();
    assert_eq!(browser.sign_up(&Key::named("ada")).await.status, 200);
    browser
}
