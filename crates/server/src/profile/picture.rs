//! `PUT /api/profile/picture` uploads a picture, `GET /pictures/{file}` shows it. Only what we encoded ourselves is shown.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use sigma_core::profile::ProfileChange;
use sigma_store::profile::WriteMode;

use super::stored::write_change;
use super::{POLICY, ProfileAnswer, ProfileWrites, identity_of};
use crate::extract::{OwnApi, is_content_type, wrong_content_type};
use crate::http::policy::{BodyLimit, Caching, CorsPolicy};
use crate::http::{ApiError, Endpoint, Policy, RequestContext, routes};
use crate::objects::{LARGEST_PICTURE_KIB, PictureName};
use crate::pages::policy::PAGE;
use crate::state::AppState;

/// What a browser or program may say that the file is; its content decides.
const KINDS: [&str; 5] = ["image/png", "image/jpeg", "image/webp", "image/gif", "application/octet-stream"];

/// Photographs of phones are larger than other bodies.
const UPLOAD: Policy = Policy { body: BodyLimit::Kibibytes(LARGEST_PICTURE_KIB), ..POLICY };
/// A picture never changes, but may be deleted.
const FILE: Policy = Policy { caching: Caching::Allowed("public, max-age=86400"), cors: CorsPolicy::Anyone, ..PAGE };

/// The upload.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(UPLOAD, routes!(upload))
}

/// The pictures.
pub fn files() -> Endpoint<AppState> {
    Endpoint::get(FILE, "/pictures/{file}", show)
}

/// Makes the body, an image of at most 5 MiB and 64 megapixels, the picture of the identity that the caller acts as.
///
/// It is cut to a square and encoded anew in three sizes; nothing else of the file is kept.
#[utoipa::path(
    put,
    path = "/api/profile/picture",
    operation_id = "uploadPicture",
    tag = "Profile",
    security(("session" = []), ("access_token" = ["sigma:profile"]), ("key" = [])),
    request_body(content_type = "application/octet-stream", content = Vec<u8>, description = "PNG, JPEG, WebP or GIF; also sent as such"),
    responses(
        (status = 200, description = "The profile", body = ProfileAnswer),
        (status = 400, description = "`invalid_picture`, two credentials, or a malformed one"),
        (status = 401, description = "No credential, or an invalid one"),
        (status = 403, description = "The credential does not suffice"),
        (status = 409, description = "`too_many_profiles`"),
        (status = 415, description = "Not an image that we take"),
    )
)]
pub async fn upload(
    State(sigma): State<AppState>,
    context: RequestContext,
    request: OwnApi<ProfileWrites>,
) -> Result<Response, ApiError> {
    if !KINDS.iter().any(|kind| is_content_type(&request.headers, kind)) {
        return Err(wrong_content_type("the body must be a PNG, JPEG, WebP or GIF image"));
    }
    let bap_id = identity_of(&request.caller, None)?;
    let new = (ProfileChange::default(), Some(request.body.clone()));
    write_change(&sigma, &context, &request.caller, bap_id, new, WriteMode::Either).await
}

async fn show(State(sigma): State<AppState>, Path(file): Path<String>) -> Response {
    let nothing = || (StatusCode::NOT_FOUND, "no such file").into_response();
    let Some(name) = PictureName::parse(&file) else { return nothing() };
    match sigma.brands.objects.get(name.as_str()).await {
        Ok(Some(jpeg)) => {
            let headers = [
                (header::CONTENT_TYPE, "image/jpeg"),
                (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ];
            (headers.map(|(name, value)| (name, HeaderValue::from_static(value))), jpeg).into_response()
        }
        Ok(None) => nothing(),
        Err(error) => {
            tracing::warn!(file, %error, "a picture could not be loaded");
            nothing()
        }
    }
}
