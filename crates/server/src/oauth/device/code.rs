//! `POST /api/auth/device/code`: the device authorization endpoint (RFC 8628 §3.1, §3.2).

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sigma_core::authorize::{AuthorizeError, ErrorResponse, parse_device};
use sigma_core::digest::Digest;
use sigma_core::random::alphanumeric;
use sigma_core::user_code::UserCode;
use sigma_platform::device_polls::INTERVAL;
use sigma_store::device_code::{self, Added, NewDeviceCode};
use utoipa::ToSchema;

use super::{digest_of, parameters};
use crate::error::bad_request;
use crate::extract::{AppRequest, Browser, distinct};
use crate::http::policy::Limit;
use crate::http::{ApiError, Endpoint, Policy, RequestContext, Rule, routes};
use crate::oauth::CALLED_BY_APPS;
use crate::oauth::token::TokenError;
use crate::paths::{DEVICE_CODE_PATH, DEVICE_PATH, device_url};
use crate::state::AppState;

/// Length of a device code: 238 bits.
const CODE_LENGTH: usize = 40;
/// User codes that are tried, should others show the same ones.
const ATTEMPTS: u32 = 3;

const POLICY: Policy = Policy { limit: Limit::Each(Rule::DeviceCode), ..CALLED_BY_APPS };

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(POLICY, routes!(issue_device_code))
}

/// What a device asks for (§3.1).
#[derive(Debug, Deserialize, ToSchema)]
pub struct DeviceCodeForm {
    /// The app, unless it authenticates with Basic or an assertion.
    #[serde(skip)]
    #[expect(dead_code, reason = "the extractor reads it; it exists for the OpenAPI document")]
    client_id: Option<String>,
    /// The scopes, space-separated.
    scope: Option<String>,
    /// Audiences of the access token (RFC 8707).
    #[serde(default, deserialize_with = "distinct")]
    #[schema(value_type = Option<Vec<String>>)]
    resource: Vec<String>,
}

/// The codes (§3.2).
#[derive(Debug, Serialize, ToSchema)]
pub struct DeviceCodeAnswer {
    /// For polling the token endpoint; nobody else may see it.
    device_code: String,
    /// For the person, who types it on the page: two groups of four letters and digits.
    user_code: String,
    /// The page.
    verification_uri: String,
    /// The page with the code filled in, for a link or a QR code.
    verification_uri_complete: String,
    /// Lifetime of both codes in seconds.
    expires_in: u32,
    /// Seconds between two polls.
    interval: u32,
}

/// Issues codes to a device without a browser.
///
/// The device shows the user code and the address of the page, and polls the token endpoint with the device code. The app
/// authenticates as it does there.
#[utoipa::path(
    post,
    path = DEVICE_CODE_PATH,
    operation_id = "issueDeviceCode",
    tag = "OpenID Connect",
    security((), ("client_secret_basic" = [])),
    request_body(content_type = "application/x-www-form-urlencoded", content = DeviceCodeForm,
        description = "`client_id`, `scope`, `resource`; JSON is accepted too"),
    responses(
        (status = 200, description = "The codes", body = DeviceCodeAnswer),
        (status = 400, description = "`invalid_request`, `unauthorized_client`, `invalid_target`"),
        (status = 401, description = "`invalid_client`"),
        (status = 415, description = "Neither a form nor JSON"),
    )
)]
pub async fn issue_device_code(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    request: AppRequest<DeviceCodeForm>,
) -> Result<Json<DeviceCodeAnswer>, Response> {
    let caller = request.caller.clone();
    let issued = issue(&sigma, &context, &browser, request).await;
    issued.map(Json).map_err(|error| caller.refuse(&context, error))
}

async fn issue(
    sigma: &AppState,
    context: &RequestContext,
    browser: &Browser,
    request: AppRequest<DeviceCodeForm>,
) -> Result<DeviceCodeAnswer, ApiError> {
    let AppRequest { caller, form } = request;
    let app = caller.app;
    let registered = sigma.find_resources(&form.resource).await?;
    let parameters = parameters(form.scope.as_deref(), &form.resource);
    let wanted = parse_device(&parameters, &app, &registered).map_err(refuse)?;
    let (now, code) = (sigma.now(), alphanumeric(&*sigma.rng, CODE_LENGTH));
    let seconds = sigma.settings.tokens.device_code_seconds;
    for _ in 0..ATTEMPTS {
        let user_code = UserCode::new(&*sigma.rng);
        let new = NewDeviceCode {
            hash: Digest::of(&code),
            user_code: digest_of(sigma, &user_code)?,
            app_id: app.id.clone(),
            once: caller.once.clone(),
            scope: wanted.scope.clone(),
            resources: form.resource.clone(),
            address: context.client().to_string(),
            user_agent: browser.user_agent(),
            now,
            expires_at: AppState::in_seconds(now, seconds),
        };
        match sigma.store.write(move |tx| device_code::add(tx, &new)).await? {
            Added::Added => {
                return Ok(DeviceCodeAnswer {
                    device_code: code,
                    user_code: user_code.to_string(),
                    verification_uri: format!("{}{DEVICE_PATH}", sigma.issuer()),
                    verification_uri_complete: format!("{}{}", sigma.issuer(), device_url(&user_code.to_string())),
                    expires_in: seconds,
                    interval: INTERVAL,
                });
            }
            Added::UserCodeTaken => {}
            Added::TooMany => {
                let description = "Too many devices of this app are waiting";
                return Err(ApiError::new(StatusCode::TOO_MANY_REQUESTS, "rate_limit_exceeded", description));
            }
            Added::Replayed => return Err(TokenError::Replayed(app.auth_method).into()),
        }
    }
    Err(ApiError::unavailable("every user code that was tried is in use"))
}

fn refuse(refusal: ErrorResponse) -> ApiError {
    let error = match refusal.error {
        AuthorizeError::InvalidTarget => "invalid_target",
        AuthorizeError::UnauthorizedClient => "unauthorized_client",
        _ => "invalid_request",
    };
    bad_request(error, refusal.description)
}
