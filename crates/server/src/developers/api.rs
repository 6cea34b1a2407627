//! `/api/oauth-clients`: a signed-in person's apps, for programs.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use sigma_bitcoin::BapId;
use sigma_core::actor::Actor;
use sigma_core::ids::{AppId, UserId};
use sigma_core::params::Params;
use sigma_core::redirect::RedirectUri;
use sigma_store::Stop;
use sigma_store::developer_app::{self, DeveloperApp, DeveloperRefusal};
use utoipa::ToSchema;

use super::POLICY;
use super::draft::{self, Entered, Kind, Wrong};
use crate::error::bad_request;
use crate::extract::{JSON, SignedIn, is_content_type, read_object, wrong_content_type};
use crate::http::{ApiError, Endpoint, Refusal, RequestContext, Rule, routes};
use crate::profiles::not_theirs;
use crate::state::AppState;

const PATH: &str = "/api/oauth-clients";

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 3] {
    [
        Endpoint::new(POLICY, routes!(list)),
        Endpoint::new(POLICY, routes!(create)),
        Endpoint::new(POLICY, routes!(remove)),
    ]
}

/// A new app.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewClient {
    /// Its client id; generated if there is none.
    client_id: Option<String>,
    /// The caller's identity that it belongs to.
    owner_bap_id: Option<String>,
    /// Its name.
    name: String,
    /// Its redirect URIs.
    redirect_uris: Vec<String>,
    /// Where it returns people after sign-out.
    #[serde(default)]
    post_logout_redirect_uris: Vec<String>,
    /// Its Bitcoin public key, hex: it authenticates by signatures.
    account_pubkey: Option<String>,
    /// `none` for an app without a secret.
    token_endpoint_auth_method: Option<String>,
}

/// An app.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "members of the answer")]
pub struct Client {
    client_id: String,
    name: String,
    redirect_uris: Vec<String>,
    post_logout_redirect_uris: Vec<String>,
    token_endpoint_auth_method: &'static str,
    owner_bap_id: Option<String>,
    account_pubkey: Option<String>,
    /// Whether the operator approved it.
    verified: bool,
    disabled: bool,
    created_at: String,
    /// Only in the answer that creates it.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
}

/// One app.
#[derive(Debug, Serialize, ToSchema)]
pub struct OneClient {
    client: Client,
}

/// Apps.
#[derive(Debug, Serialize, ToSchema)]
pub struct Clients {
    clients: Vec<Client>,
}

impl Client {
    fn of(made: &DeveloperApp, client_secret: Option<String>) -> Self {
        let app = &made.app;
        let texts = |uris: &sigma_core::redirect::RegisteredRedirectUris| {
            uris.iter().map(RedirectUri::as_str).map(str::to_owned).collect()
        };
        Self {
            client_id: app.client_id.to_string(),
            name: app.name.clone(),
            redirect_uris: texts(&app.redirect_uris),
            post_logout_redirect_uris: texts(&app.post_logout_redirect_uris),
            token_endpoint_auth_method: app.auth_method.as_str(),
            owner_bap_id: made.made_as.as_ref().map(ToString::to_string),
            account_pubkey: app.pubkey.map(|key| key.to_hex()),
            verified: !app.dynamic,
            disabled: app.disabled,
            created_at: app.created_at.to_string(),
            client_secret,
        }
    }
}

/// Whether people may make apps here; counts the request.
fn admit(sigma: &AppState, context: &RequestContext, user_id: &UserId) -> Result<(), Refusal> {
    if !sigma.settings.registration.developers {
        return Err(ApiError::new(StatusCode::FORBIDDEN, "access_denied", "People make no apps on this server").into());
    }
    Ok(context.charge(Rule::OwnApi, user_id.as_str())?)
}

/// Lists the apps that the caller made.
#[utoipa::path(
    get,
    path = PATH,
    operation_id = "listOauthClients",
    tag = "OpenID Connect",
    security(("session" = [])),
    params(("clientId" = Option<String>, Query, description = "Only this one")),
    responses(
        (status = 200, description = "The apps, oldest first", body = Clients),
        (status = 401, description = "Nobody is signed in"),
        (status = 403, description = "`access_denied`: people make no apps here"),
    )
)]
pub async fn list(
    State(sigma): State<AppState>,
    context: RequestContext,
    signed_in: SignedIn,
    RawQuery(query): RawQuery,
) -> Result<Json<Clients>, Refusal> {
    let user_id = signed_in.account.user.id.clone();
    admit(&sigma, &context, &user_id)?;
    let params = Params::parse(query.as_deref().unwrap_or_default());
    let made = sigma.store.read(move |tx| developer_app::list(tx, &user_id)).await?;
    let wanted = params.get("clientId");
    let made = made.iter().filter(|made| wanted.is_none_or(|name| made.app.is_called(name)));
    Ok(Json(Clients { clients: made.map(|made| Client::of(made, None)).collect() }))
}

/// Makes an app, which is shown as unverified until the operator approves it.
#[utoipa::path(
    post,
    path = PATH,
    operation_id = "createOauthClient",
    tag = "OpenID Connect",
    security(("session" = [])),
    request_body(content = NewClient, content_type = "application/json"),
    responses(
        (status = 200, description = "The app; its secret is shown only here", body = OneClient),
        (status = 400, description = "`invalid_redirect_uri`, `invalid_client_metadata`"),
        (status = 401, description = "Nobody is signed in"),
        (status = 403, description = "`access_denied`: people make no apps here; `BAP_OWNERSHIP_FAILED`; or from another origin"),
        (status = 409, description = "`client_id_taken`, `too_many_clients`"),
        (status = 415, description = "Not JSON"),
    )
)]
pub async fn create(
    State(sigma): State<AppState>,
    context: RequestContext,
    signed_in: SignedIn,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<OneClient>, Refusal> {
    if !is_content_type(&headers, JSON) {
        return Err(wrong_content_type("the body must be JSON").into());
    }
    let user_id = signed_in.account.user.id.clone();
    admit(&sigma, &context, &user_id)?;
    let new: NewClient = read_object(&body).ok_or_else(|| {
        bad_request("invalid_client_metadata", r#"the body must be {"name":"…","redirectUris":["…"],…}"#)
    })?;
    let made_as = match &new.owner_bap_id {
        None => None,
        Some(named) => Some(own(&signed_in, named).ok_or_else(not_theirs)?),
    };
    let kind = match (&new.account_pubkey, new.token_endpoint_auth_method.as_deref()) {
        (Some(_), None | Some("sigma_bitcoin_auth")) => Kind::Bitcoin,
        (None, Some("none")) => Kind::Public,
        (None, None | Some("client_secret" | "client_secret_basic" | "client_secret_post")) => Kind::Server,
        _ => {
            let description =
                "tokenEndpointAuthMethod must be none, client_secret, or sigma_bitcoin_auth with accountPubkey";
            return Err(bad_request("invalid_client_metadata", description).into());
        }
    };
    let entered = Entered {
        client_id: new.client_id,
        name: new.name,
        redirect_uris: new.redirect_uris,
        post_logout_redirect_uris: new.post_logout_redirect_uris,
        pubkey: new.account_pubkey,
    };
    let (app, secret) = draft::new(&sigma, &entered, kind, sigma.now()).map_err(wrong)?;
    let made = DeveloperApp { app, made_as };
    save(&sigma, &context, &made, &user_id).await.map_err(refused)?;
    Ok(Json(OneClient { client: Client::of(&made, secret) }))
}

/// Stores an app that `user_id` makes.
pub async fn save(
    sigma: &AppState,
    context: &RequestContext,
    made: &DeveloperApp,
    user_id: &UserId,
) -> Result<(), Stop<DeveloperRefusal>> {
    let (made, user_id) = (made.clone(), user_id.clone());
    let most = u64::from(sigma.settings.registration.most_apps);
    let store = sigma.store_for(context, Actor::User(user_id.clone()));
    store.decide(move |tx| developer_app::add(tx, &made, &user_id, most)).await
}

/// The proven identity of the caller with that id.
fn own(signed_in: &SignedIn, named: &str) -> Option<BapId> {
    let named = BapId::parse(named).ok()?;
    let identities = &signed_in.account.identities;
    identities.iter().any(|one| one.bap_id == named && one.proof.is_proven()).then_some(named)
}

fn wrong(wrong: Wrong) -> ApiError {
    let is_redirect = wrong.field == "redirectUris";
    bad_request(if is_redirect { "invalid_redirect_uri" } else { "invalid_client_metadata" }, wrong.description)
}

fn refused(stop: Stop<DeveloperRefusal>) -> ApiError {
    let conflict = |error: &'static str, words: &'static str| ApiError::new(StatusCode::CONFLICT, error, words);
    match stop {
        Stop::Failed(error) => error.into(),
        Stop::Refused(DeveloperRefusal::ClientIdTaken) => {
            conflict("client_id_taken", "This client id is or was another app's")
        }
        Stop::Refused(DeveloperRefusal::TooMany) => conflict("too_many_clients", "A person has at most 20 apps"),
        Stop::Refused(DeveloperRefusal::Full) => {
            conflict("too_many_clients", "There are as many apps as this server keeps")
        }
    }
}

/// Removes an app of the caller, with everything that it was given.
#[utoipa::path(
    delete,
    path = PATH,
    operation_id = "removeOauthClient",
    tag = "OpenID Connect",
    security(("session" = [])),
    params(("clientId" = String, Query, description = "The app")),
    responses(
        (status = 204, description = "Removed"),
        (status = 401, description = "Nobody is signed in"),
        (status = 403, description = "`access_denied`: people make no apps here; or from another origin"),
        (status = 404, description = "The caller made no such app"),
    )
)]
pub async fn remove(
    State(sigma): State<AppState>,
    context: RequestContext,
    signed_in: SignedIn,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    let user_id = signed_in.account.user.id.clone();
    admit(&sigma, &context, &user_id)?;
    let params = Params::parse(query.as_deref().unwrap_or_default());
    let named = params.get("clientId").unwrap_or_default();
    let app_id: Option<AppId> = sigma.find_named_app(named).await?.map(|app| app.id.clone());
    let app_id = app_id.ok_or_else(ApiError::not_found)?;
    let now = sigma.now();
    let store = sigma.store_for(&context, Actor::User(user_id.clone()));
    if store.write(move |tx| developer_app::remove(tx, &user_id, &app_id, now)).await? {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Err(ApiError::not_found().into())
}
