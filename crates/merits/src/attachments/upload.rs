//! `PUT /attachments/uploads/{secret}`: the content of an attachment, of exactly the size and type that were announced.

use std::sync::LazyLock;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use http::header::CONTENT_LENGTH;
use serde::Serialize;
use sigma_core::digest::Digest;
use sigma_core::ids::AppId;
use sigma_core::merits::{AttachmentFault, MeritProblem};
use sigma_core::time::Timestamp;
use sigma_platform::extract::header;
use sigma_platform::http::policy::{BodyLimit, Cookies, CorsPolicy, Limit};
use sigma_platform::http::{ApiError, Endpoint, Policy, RequestContext, Rule, routes};
use sigma_platform::objects::{ObjectError, Receiving};
use sigma_platform::state::AppState;
use sigma_store::merits::acting::ActingApp;
use sigma_store::merits::attachment::{self, Attachment};
use sigma_store::{Owner, StoreError, Tx};
use tokio::sync::Semaphore;
use utoipa::ToSchema;

use crate::error::{FORMAT, MeritsError};

/// The path of uploads.
pub const PATH: &str = "/attachments/uploads";

/// Pages of apps may send files here as well: the secret in the path is the credential.
const POLICY: Policy = Policy {
    limit: Limit::Failures(Rule::Other),
    cookies: Cookies::Ignored,
    cors: CorsPolicy::Anyone,
    body: BodyLimit::Streamed(100),
    ..Policy::new(&FORMAT)
};

/// Bytes that tell the type of a file.
const HEAD: usize = 16;
/// The slowest upload that is waited for, in bytes per second.
pub const SLOWEST: u64 = 64 * 1024;
/// Uploads in progress, each of which holds a few MiB. An org has as many as it may have requests at once.
pub static TURNS: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(32));

/// How long the next piece of a file may take: three times as long as a whole body that is small.
pub fn longest_pause(sigma: &AppState) -> Duration {
    Duration::from_secs(u64::from(sigma.settings.http.body_seconds) * 3)
}

/// What stands in an address for an upload: whose it is, and a secret.
#[derive(Debug)]
pub struct Address {
    app_id: AppId,
    epoch: i64,
    /// All of it, as in the path.
    pub text: String,
}

impl Address {
    /// For that app.
    pub fn new(acting: &ActingApp, secret: &str) -> Self {
        let text = format!("{}.{}.{secret}", acting.app_id.digits(), acting.epoch);
        Self { app_id: acting.app_id.clone(), epoch: acting.epoch, text }
    }

    fn parse(text: String) -> Option<Self> {
        let (app, rest) = text.split_once('.')?;
        let (epoch, _) = rest.split_once('.')?;
        Some(Self { app_id: AppId::parse(app)?, epoch: epoch.parse().ok()?, text })
    }

    /// The digest that the store knows: none but an address that we gave out has it. It ends with the secret of the app.
    pub fn digest(&self, app_secret: Option<Digest>) -> Digest {
        let app_secret = app_secret.map(|secret| secret.base64url()).unwrap_or_default();
        Digest::of(format!("{}\n{app_secret}", self.text))
    }
}

/// An upload that was permitted, and to whom.
struct Permitted {
    attachment: Attachment,
    acting: ActingApp,
}

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(POLICY, routes!(upload))
}

/// An attachment that was uploaded.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UploadedAttachment {
    /// For values of fields.
    attachment_id: String,
}

/// Receives the content of an attachment, once: exactly as many bytes as announced, of the announced type by their content.
#[utoipa::path(
    put,
    path = "/attachments/uploads/{secret}",
    operation_id = "uploadAttachment",
    tag = "Merits",
    params(("secret" = String, Path, description = "As in the upload URL")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses(
        (status = 200, description = "It is stored", body = UploadedAttachment),
        (status = 400, description = "Another size or type than announced"),
        (status = 404, description = "No such upload was permitted, it is over, an hour has passed, or the app does not act for the org any more"),
    )
)]
pub async fn upload(
    State(sigma): State<AppState>,
    context: RequestContext,
    Path(secret): Path<String>,
    request: Request,
) -> Result<Json<UploadedAttachment>, MeritsError> {
    let now = sigma.now();
    let Permitted { attachment: wanted, acting } = find(&sigma, secret, now).await?.ok_or(MeritProblem::NotFound)?;
    let announced = header(request.headers(), CONTENT_LENGTH).and_then(|text| text.parse::<i64>().ok());
    if announced.is_some_and(|size| size != wanted.size) {
        return Err(fault(AttachmentFault::Size));
    }
    context.take_turn(&wanted.org_id).await?;
    let Ok(_turn) = TURNS.try_acquire() else {
        return Err(MeritsError::Api(ApiError::unavailable("more uploads at once than can be held")));
    };
    let whole = longest_pause(&sigma) + Duration::from_secs(u64::try_from(wanted.size).unwrap_or(0) / SLOWEST);
    let received = tokio::time::timeout(whole, receive(&sigma, &wanted, request.into_body())).await;
    let received = received.map_err(|_| fault(AttachmentFault::Size))??;
    let attachment_id = wanted.id.digits().to_owned();
    // A client that goes away now does not leave it half done.
    let kept = tokio::spawn(async move { keep(&sigma, &wanted, acting, received, now).await });
    kept.await.map_err(|error| MeritsError::Internal(error.to_string()))??;
    Ok(Json(UploadedAttachment { attachment_id }))
}

/// The upload that the address permits.
async fn find(sigma: &AppState, address: String, now: Timestamp) -> Result<Option<Permitted>, StoreError> {
    let Some(address) = Address::parse(address) else { return Ok(None) };
    let Some(app) = sigma.find_app(&address.app_id).await? else { return Ok(None) };
    let (digest, secret) = (address.digest(app.secret), app.secret);
    let permitted = sigma.store.read(move |tx| {
        let Some(attachment) = attachment::find_upload(tx, &digest, now)? else { return Ok(None) };
        let (org_id, app_id) = (attachment.org_id.clone(), address.app_id.clone());
        let acting = ActingApp { org_id, app_id, epoch: address.epoch, secret };
        Ok(acting.still_acts(tx)?.then_some(Permitted { attachment, acting }))
    });
    permitted.await
}

/// Makes what was received the attachment, unless the app lost its right to upload it meanwhile. It is recorded first: of two uploads at once the second one must not replace what a
/// merit may name, and its member have accepted, by now.
async fn keep(
    sigma: &AppState,
    wanted: &Attachment,
    acting: ActingApp,
    received: Receiving,
    now: Timestamp,
) -> Result<(), MeritsError> {
    let (org_id, id) = (wanted.org_id.clone(), wanted.id.clone());
    let record = move |tx: &mut dyn Tx| {
        tx.lock(Owner::Org(&org_id))?;
        Ok(acting.still_acts(tx)? && attachment::stored(tx, &org_id, &id, now)?)
    };
    if !sigma.store.write(record).await? {
        received.abandon().await;
        return Err(MeritProblem::NotFound.into());
    }
    let Err(error) = received.finish().await else { return Ok(()) };
    let (org_id, id) = (wanted.org_id.clone(), wanted.id.clone());
    sigma.store.write(move |tx| attachment::not_stored(tx, &org_id, &id)).await?;
    Err(broken(&error))
}

fn fault(fault: AttachmentFault) -> MeritsError {
    MeritProblem::from(fault).into()
}

fn broken(error: &ObjectError) -> MeritsError {
    MeritsError::Internal(error.to_string())
}

/// Receives the body as the object of `wanted`; nothing of one that is refused is kept.
async fn receive(sigma: &AppState, wanted: &Attachment, body: Body) -> Result<Receiving, MeritsError> {
    let mut receiving = sigma.brands.objects.receive(&wanted.object()).map_err(|error| broken(&error))?;
    let (mut pieces, pause) = (body.into_data_stream(), longest_pause(sigma));
    let (mut head, mut left, mut is_checked) = (BytesMut::new(), u64::try_from(wanted.size).unwrap_or(0), false);
    let verdict = loop {
        let piece: Bytes = match tokio::time::timeout(pause, pieces.next()).await {
            Ok(Some(Ok(piece))) => piece,
            Ok(None) if left == 0 && is_checked => break Ok(()),
            // Less than announced, a broken connection, or one that is too slow.
            Ok(None | Some(Err(_))) | Err(_) => break Err(fault(AttachmentFault::Size)),
        };
        let size = u64::try_from(piece.len()).unwrap_or(u64::MAX);
        let Some(rest) = left.checked_sub(size) else { break Err(fault(AttachmentFault::Size)) };
        left = rest;
        let piece = if is_checked {
            piece
        } else {
            head.extend_from_slice(&piece);
            if head.len() < HEAD && left > 0 {
                continue;
            }
            if !wanted.content_type.matches(&head) {
                break Err(fault(AttachmentFault::Content));
            }
            is_checked = true;
            std::mem::take(&mut head).freeze()
        };
        if let Err(error) = receiving.add(piece).await {
            break Err(broken(&error));
        }
    };
    match verdict {
        Ok(()) => Ok(receiving),
        Err(error) => {
            receiving.abandon().await;
            Err(error)
        }
    }
}
