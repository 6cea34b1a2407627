//! Errors of the management API: problem details (RFC 9457).

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use sigma_core::app::{AppProblem, AppReason};
use sigma_core::merge::MergeRefusal;
use sigma_core::operator::OperatorRefusal;
use sigma_core::resource::{ResourceProblem, ResourceReason};
use sigma_platform::declarations;
use sigma_platform::http::{ApiError, ErrorFormat, Exceeded, FailedAt, json};
use sigma_store::{Stop, StoreError};
use utoipa::{PartialSchema as _, ToSchema};

/// Why a request was refused.
#[derive(Clone, Debug)]
pub enum AdminError {
    /// The role of the caller, or what they act on.
    Refused(OperatorRefusal),
    /// The same about a member of a new person.
    NewPerson(OperatorRefusal, &'static str),
    /// A member of the body breaks a rule: 400.
    Setting(&'static str, &'static str),
    /// A link to set a password has no use, because the server takes none: 409.
    NoPasswords,
    /// A parameter is malformed: 400.
    Invalid(&'static str),
    /// The body, or a value in it: 400.
    Malformed(Cow<'static, str>),
    /// As much is there as may be: 409.
    TooMany(&'static str),
    /// The key signs at present: 409.
    KeySigns,
    /// No link reaches the person, or the server takes no passwords: 409.
    Unreachable,
    /// The person has several credentials of the kind: 409.
    SeveralCredentials,
    /// Without the credential nobody could sign in to the account: 409.
    LastCredential,
    /// Nobody else manages these workspaces: 409.
    OnlyAdministrator(String),
    /// The accounts cannot be merged: 409.
    Merge(MergeRefusal),
    /// The deletion is due, and may have begun: 409.
    Deleting,
    /// The mail is being sent: 409.
    BeingSent,
    /// The name servers do not answer: 503.
    NoDns,
    /// The caller has no address of their own: 409.
    NoAddress,
    /// Entries of a document of declarations: 400.
    Declarations(Vec<declarations::Problem>),
    /// A setting of an app.
    App(AppProblem),
    /// A setting of an API.
    Resource(ResourceProblem),
    /// The secret of something new could not be made: 500.
    Failed(ApiError),
    /// The app is not one of the operator, or acts for somebody else: 403.
    Forbidden(&'static str),
    /// The `Idempotency-Key` belongs to another request: 422.
    KeyReused,
    /// A request with this `Idempotency-Key` is being carried out: 409.
    KeyInUse,
    /// A request with this `Idempotency-Key` was carried out, and what was answered is not known: 409.
    AnswerLost,
    /// Too many requests: 429.
    Limited(Exceeded),
    /// The store failed.
    Store(StoreError),
}

impl AdminError {
    /// A body, or a value in it, that is refused in these words.
    pub fn malformed(words: impl Into<Cow<'static, str>>) -> Self {
        Self::Malformed(words.into())
    }
}

impl From<ApiError> for AdminError {
    fn from(error: ApiError) -> Self {
        Self::Failed(error)
    }
}

impl From<Stop<OperatorRefusal>> for AdminError {
    fn from(stop: Stop<OperatorRefusal>) -> Self {
        match stop {
            Stop::Refused(refusal) => Self::Refused(refusal),
            Stop::Failed(error) => Self::Store(error),
        }
    }
}

impl From<AppProblem> for AdminError {
    fn from(problem: AppProblem) -> Self {
        Self::App(problem)
    }
}

impl From<ResourceProblem> for AdminError {
    fn from(problem: ResourceProblem) -> Self {
        Self::Resource(problem)
    }
}

impl From<StoreError> for AdminError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Exceeded> for AdminError {
    fn from(exceeded: Exceeded) -> Self {
        Self::Limited(exceeded)
    }
}

impl IntoResponse for AdminError {
    fn into_response(self) -> Response {
        let error = match self {
            Self::Refused(OperatorRefusal::NotFound) => ApiError::not_found(),
            Self::NewPerson(refusal, field) => {
                ApiError::new(status(refusal), code(refusal), refusal.to_string()).about(field)
            }
            Self::Setting(field, words) => {
                ApiError::new(StatusCode::BAD_REQUEST, "invalid_setting", format!("{field}: {words}")).about(field)
            }
            Self::NoPasswords => {
                let words = "Nobody signs in by a password here, so that a link to set one has no use";
                ApiError::new(StatusCode::CONFLICT, "no_passwords", words).about("link")
            }
            Self::Refused(refusal) => ApiError::new(status(refusal), code(refusal), refusal.to_string()),
            Self::Invalid(words) => ApiError::new(StatusCode::BAD_REQUEST, "invalid_request", words),
            Self::Malformed(words) => ApiError::new(StatusCode::BAD_REQUEST, "invalid_request", words),
            Self::TooMany(words) => ApiError::new(StatusCode::CONFLICT, "too_many", words),
            Self::KeySigns => {
                ApiError::new(StatusCode::CONFLICT, "key_signs", "The key signs at present: rotate it first")
            }
            Self::Unreachable => ApiError::new(
                StatusCode::CONFLICT,
                "unreachable",
                "The account has no such verified address, is disabled, or cannot sign in by a password here",
            ),
            Self::SeveralCredentials => ApiError::new(
                StatusCode::CONFLICT,
                "several_credentials",
                "The person has several credentials of this kind: name one by its id",
            )
            .about("credential"),
            Self::LastCredential => {
                let words = "It is the last way to sign in to the account";
                ApiError::new(StatusCode::CONFLICT, "last_credential", words).about("credential")
            }
            Self::OnlyAdministrator(names) => {
                let words = format!("The person is the only administrator of {names}");
                ApiError::new(StatusCode::CONFLICT, "only_administrator", words)
            }
            Self::Merge(refusal) => {
                let words = format!("The accounts are not merged: {refusal}");
                ApiError::new(StatusCode::CONFLICT, "merge_refused", words)
            }
            Self::Deleting => ApiError::new(StatusCode::CONFLICT, "deleting", "The deletion is due"),
            Self::BeingSent => {
                ApiError::new(StatusCode::CONFLICT, "being_sent", "The mail is being sent at the moment")
            }
            Self::NoAddress => {
                ApiError::new(StatusCode::CONFLICT, "no_address", "The caller has no verified address of their own")
            }
            Self::NoDns => ApiError::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "dns_unavailable",
                "The name servers do not answer: try again later",
            ),
            Self::KeyReused => ApiError::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency_key_reused",
                "The Idempotency-Key belongs to another request",
            ),
            Self::KeyInUse => {
                let words = "A request with this Idempotency-Key is being carried out";
                ApiError::new(StatusCode::CONFLICT, "request_in_progress", words)
            }
            Self::AnswerLost => ApiError::new(
                StatusCode::CONFLICT,
                "answer_lost",
                "The request with this Idempotency-Key was carried out, but its answer is lost: look at what it did",
            ),
            Self::Declarations(problems) => {
                let words = "Nothing was changed: `errors` says what is wrong with what is declared";
                ApiError::new(StatusCode::BAD_REQUEST, "invalid_declarations", words)
                    .with_errors(serde_json::to_value(problems).unwrap_or_default())
            }
            Self::App(problem) => of_app(&problem),
            Self::Resource(problem) => of_resource(&problem),
            Self::Failed(error) => error,
            Self::Forbidden(words) => ApiError::new(StatusCode::FORBIDDEN, "forbidden", words),
            Self::Limited(exceeded) => return exceeded.into_response(),
            Self::Store(error) => error.into(),
        };
        error.into_response()
    }
}

/// What is wrong with an app, or with a setting of it.
fn of_app(problem: &AppProblem) -> ApiError {
    let words = problem.reason.to_string();
    let (status, code) = match problem.reason {
        AppReason::NoApp | AppReason::NoFormerSecret => return ApiError::not_found(),
        AppReason::ClientIdTaken(_) => (StatusCode::CONFLICT, "client_id_taken"),
        AppReason::NoSecret(_) => (StatusCode::CONFLICT, "no_secret"),
        _ => (StatusCode::BAD_REQUEST, "invalid_setting"),
    };
    ApiError::new(status, code, format!("{}: {words}", problem.field)).about(problem.field)
}

/// What is wrong with an API, or with a setting of it.
fn of_resource(problem: &ResourceProblem) -> ApiError {
    let (status, code) = match problem.reason {
        ResourceReason::NoResource => return ApiError::not_found(),
        ResourceReason::UriTaken(_) => (StatusCode::CONFLICT, "uri_taken"),
        _ => (StatusCode::BAD_REQUEST, "invalid_setting"),
    };
    ApiError::new(status, code, problem.to_string()).about(problem.field)
}

const fn status(refusal: OperatorRefusal) -> StatusCode {
    match refusal {
        OperatorRefusal::NotFound | OperatorRefusal::NoOrg => StatusCode::NOT_FOUND,
        OperatorRefusal::Stranger
        | OperatorRefusal::Denied
        | OperatorRefusal::BeyondToken
        | OperatorRefusal::BeyondOwn
        | OperatorRefusal::Oneself
        | OperatorRefusal::OwnOrg => StatusCode::FORBIDDEN,
        OperatorRefusal::Outdated => StatusCode::PRECONDITION_FAILED,
        OperatorRefusal::LastAdmin
        | OperatorRefusal::LastOwner
        | OperatorRefusal::AddressTaken
        | OperatorRefusal::NoRole
        | OperatorRefusal::Invited
        | OperatorRefusal::ManyMembers
        | OperatorRefusal::TooManyKeys
        | OperatorRefusal::OwnsApps
        | OperatorRefusal::ManyDomains
        | OperatorRefusal::ManyApiKeys
        | OperatorRefusal::ManyLinks
        | OperatorRefusal::ManyDirectories
        | OperatorRefusal::ManyImpersonators
        | OperatorRefusal::OwnApp
        | OperatorRefusal::DomainTaken
        | OperatorRefusal::DomainUnproven
        | OperatorRefusal::SlugTaken => StatusCode::CONFLICT,
    }
}

const fn code(refusal: OperatorRefusal) -> &'static str {
    match refusal {
        OperatorRefusal::Stranger => "no_role",
        OperatorRefusal::Denied => "forbidden",
        OperatorRefusal::BeyondToken => "beyond_own_token",
        OperatorRefusal::BeyondOwn => "beyond_own_role",
        OperatorRefusal::Oneself => "own_account",
        OperatorRefusal::OwnOrg => "operators_org",
        OperatorRefusal::LastAdmin => "last_admin",
        OperatorRefusal::LastOwner => "last_owner",
        OperatorRefusal::AddressTaken => "address_taken",
        OperatorRefusal::NoOrg => "no_org",
        OperatorRefusal::NoRole => "no_role_of_org",
        OperatorRefusal::Invited => "invited",
        OperatorRefusal::SlugTaken => "slug_taken",
        OperatorRefusal::OwnsApps => "owns_apps",
        OperatorRefusal::DomainTaken => "domain_taken",
        OperatorRefusal::DomainUnproven => "record_missing",
        OperatorRefusal::OwnApp => "own_app",
        OperatorRefusal::TooManyKeys
        | OperatorRefusal::ManyMembers
        | OperatorRefusal::ManyDomains
        | OperatorRefusal::ManyApiKeys
        | OperatorRefusal::ManyLinks
        | OperatorRefusal::ManyDirectories
        | OperatorRefusal::ManyImpersonators => "too_many",
        OperatorRefusal::Outdated => "precondition_failed",
        OperatorRefusal::NotFound => "not_found",
    }
}

/// The media type of errors.
const MEDIA_TYPE: &str = "application/problem+json";

/// The format of this surface.
pub const FORMAT: ErrorFormat = ErrorFormat {
    render,
    schema: || (Problem::name().into_owned(), Problem::schema()),
    media_type: MEDIA_TYPE,
    expected: &[StatusCode::UNAUTHORIZED],
};

/// An error, as problem details (RFC 9457).
#[derive(Serialize, ToSchema)]
struct Problem<'p> {
    /// `about:blank`: the status says what kind of problem it is.
    r#type: &'static str,
    /// The name of the status.
    title: &'static str,
    /// The status.
    status: u16,
    /// For people; not stable.
    detail: String,
    /// For clients to compare. Stable.
    code: String,
    /// The member of the request that is wrong, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'p str>,
    /// Every entry of a document that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<declarations::Problem>>)]
    errors: Option<&'p serde_json::Value>,
    /// Identifies the request in the log.
    request_id: String,
}

fn render(error: &ApiError, at: &FailedAt<'_>) -> Response {
    let status = error.status();
    let mut response = json(&Problem {
        r#type: "about:blank",
        title: status.canonical_reason().unwrap_or("Error"),
        status: status.as_u16(),
        detail: error.description().to_owned(),
        code: error.error().to_owned(),
        field: error.field(),
        errors: error.errors(),
        request_id: at.request_id.as_str().to_owned(),
    });
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    response
}
