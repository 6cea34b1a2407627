//! Authenticates callers: users by a workspace's token, verified here, and servers by an API key, verified by Sigma.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::RwLock;
use std::time::Duration;

use axum::Json;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::{Deserialize, Serialize};
use serde_json::json;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// An authenticated caller.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Caller {
    pub workspace_id: String,
    /// The user; none for a key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// The user's role when the token was issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_id: Option<String>,
}

/// The error response to a caller.
pub enum Refusal {
    TwoCredentials,
    Unauthorized(&'static str),
    Denied,
    Unchecked,
    NotFound,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, error, message) = match self {
            Self::TwoCredentials => {
                (StatusCode::BAD_REQUEST, "VALIDATION_ERROR", "Send a token or an API key, not both")
            }
            Self::Unauthorized(message) => (StatusCode::UNAUTHORIZED, "UNAUTHORIZED", message),
            Self::Denied => (StatusCode::FORBIDDEN, "PERMISSION_DENIED", "The key may not do this"),
            Self::Unchecked => (StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", "The key could not be checked"),
            Self::NotFound => (StatusCode::NOT_FOUND, "NOT_FOUND", "There is only GET /notes"),
        };
        (status, Json(json!({ "error": error, "message": message }))).into_response()
    }
}

/// The secrets of the workspace that this service serves.
struct Secrets {
    workspace_id: String,
    by_kid: HashMap<String, DecodingKey>,
}

/// The output of `sigma workspace secret ID --json`: a JWK set and its workspace.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SecretsFile {
    workspace_id: String,
    #[serde(flatten)]
    set: JwkSet,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Claims {
    user_id: String,
    workspace_id: String,
    role_id: String,
}

/// The response of `/auth/verify`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Checked {
    valid: bool,
    code: Option<String>,
    workspace_id: Option<String>,
}

/// A client for Sigma, with the secrets for verifying tokens offline.
pub struct Sigma {
    url: String,
    own_key: String,
    secrets_file: PathBuf,
    secrets: RwLock<Secrets>,
    http: reqwest::Client,
}

impl Sigma {
    /// `own_key` is this service's own API key for calling Sigma.
    pub fn open(url: String, own_key: String, secrets_file: PathBuf) -> Result<Self, Failure> {
        let secrets = RwLock::new(read(&secrets_file)?);
        let http = reqwest::Client::builder().timeout(Duration::from_secs(5)).build()?;
        Ok(Self { url, own_key, secrets_file, secrets, http })
    }

    /// Reloads the secrets, which is necessary after each rotation.
    pub fn read_secrets(&self) -> Result<(), Failure> {
        let secrets = read(&self.secrets_file)?;
        *self.secrets.write().map_err(|_| "poisoned")? = secrets;
        Ok(())
    }

    /// The caller, if they have `permission`.
    pub async fn caller(&self, headers: &HeaderMap, permission: &str) -> Result<Caller, Refusal> {
        let text = |value: &axum::http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let authorization = headers.get(header::AUTHORIZATION).map(text);
        let api_key = headers.get("x-sigma-apikey").map(text);
        match (authorization, api_key) {
            (Some(_), Some(_)) => Err(Refusal::TwoCredentials),
            (None, None) => Err(Refusal::Unauthorized("Missing authentication")),
            (None, Some(api_key)) => self.check_key(&api_key, permission).await,
            (Some(authorization), None) => match authorization.split_once(' ') {
                Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => self.check_token(token.trim()),
                _ => Err(Refusal::Unauthorized("Missing authentication")),
            },
        }
    }

    /// Verifies signature, algorithm and times offline, so a logout goes unnoticed.
    fn check_token(&self, token: &str) -> Result<Caller, Refusal> {
        let invalid = Refusal::Unauthorized("Invalid or expired token");
        let Ok(secrets) = self.secrets.read() else { return Err(invalid) };
        let Some(secret) = decode_header(token).ok().and_then(|header| secrets.by_kid.get(&header.kid?)) else {
            return Err(invalid);
        };
        let mut rules = Validation::new(Algorithm::HS256);
        rules.leeway = 5;
        match decode::<Claims>(token, secret, &rules) {
            // A secret is valid only for its own workspace.
            Ok(token) if token.claims.workspace_id == secrets.workspace_id => Ok(Caller {
                workspace_id: token.claims.workspace_id,
                user_id: Some(token.claims.user_id),
                role_id: Some(token.claims.role_id),
            }),
            _ => Err(invalid),
        }
    }

    /// An API key is a random string: only Sigma knows its workspace and permissions.
    async fn check_key(&self, api_key: &str, permission: &str) -> Result<Caller, Refusal> {
        let question = json!({ "apiKey": api_key, "permission": permission });
        let request = self.http.post(format!("{}/api/v1/auth/verify", self.url));
        let request = request.header("X-Sigma-ApiKey", &self.own_key).json(&question);
        let answer = request.send().await.and_then(reqwest::Response::error_for_status);
        let checked: Checked = match answer {
            Ok(answer) => answer.json().await.map_err(|_| Refusal::Unchecked)?,
            Err(_) => return Err(Refusal::Unchecked),
        };
        match (checked.valid, checked.workspace_id, checked.code.as_deref()) {
            (true, Some(workspace_id), _) => Ok(Caller { workspace_id, user_id: None, role_id: None }),
            (false, _, Some("PERMISSION_DENIED")) => Err(Refusal::Denied),
            _ => Err(Refusal::Unauthorized("Invalid API key")),
        }
    }
}

fn read(file: &PathBuf) -> Result<Secrets, Failure> {
    let SecretsFile { workspace_id, set } = serde_json::from_slice(&std::fs::read(file)?)?;
    let mut by_kid = HashMap::new();
    for key in &set.keys {
        let kid = key.common.key_id.clone().ok_or("a secret without kid")?;
        by_kid.insert(kid, DecodingKey::from_jwk(key)?);
    }
    Ok(Secrets { workspace_id, by_kid })
}
