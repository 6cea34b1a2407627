//! `/org/{org}/send/files`: the form that sends one merit, with files, and how a form with files is received: they go to their
//! objects piece by piece, as the uploads of apps do.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use http::{StatusCode, header};
use multer::{Constraints, Field, Multipart, SizeLimit};
use sigma_core::digest::Digest;
use sigma_core::ids::{AttachmentId, FieldId, MeritTemplateId};
use sigma_core::merits::{AttachmentFault, AttachmentKind, ContentType, MOST_ATTACHMENTS, MeritProblem, RequestFault};
use sigma_core::params::Params;
use sigma_core::random::alphanumeric;
use sigma_platform::extract::SECRET_LENGTH;
use sigma_platform::http::policy::BodyLimit;
use sigma_platform::http::{ApiError, Endpoint, Policy};
use sigma_platform::pages::policy::FORM;
use sigma_platform::state::AppState;
use sigma_store::merits::attachment::{self, NewAttachment, object};
use sigma_store::merits::template::Template;

use super::OrgAdmin;
use super::send::{load, send_one};
use super::values::{Described, kept_name};
use crate::attachments::{SLOWEST, TURNS, daily_bytes, longest_pause};
use crate::pages::form::Form;
use crate::pages::outcome::{PageError, known};

/// MiB of a form with all its files.
const LARGEST: u16 = 100;
/// The policy of forms with files.
pub const FILES: Policy = Policy { body: BodyLimit::Streamed(LARGEST), ..FORM };
/// Parts of a form: its fields, and as many files as they may hold.
const MOST_PARTS: usize = 1_000;
/// Bytes of all parts that are no files.
const MOST_TEXT: usize = 512 * 1024;
/// Bytes that tell the type of a file.
const HEAD: usize = 16;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::post(FILES, "/org/{org}/send/files", submit)
}

async fn submit(State(sigma): State<AppState>, admin: OrgAdmin, request: Request) -> Result<Response, PageError> {
    let (loaded, form, problem) = receive(&sigma, &admin, request, None).await?;
    send_one(&sigma, &admin, loaded, &form, problem).await
}

/// Receives a form with files for a merit of a template, which the form names if it is not known: its fields, with the files of
/// each as those that were uploaded already, and why a file was refused.
///
/// # Errors
/// The response to a form that cannot be read, is too large or too slow, or is one of too many.
pub(super) async fn receive(
    sigma: &AppState,
    admin: &OrgAdmin,
    request: Request,
    loaded: Option<Loaded>,
) -> Result<(Loaded, Form, Option<MeritProblem>), PageError> {
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let boundary = content_type.and_then(|value| multer::parse_boundary(value).ok());
    let Some(boundary) = boundary else {
        let words = "The form must be sent as multipart/form-data";
        return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "invalid_request", words).into());
    };
    admin.take_turn().await?;
    let Ok(_turn) = TURNS.try_acquire() else {
        return Err(ApiError::unavailable("more uploads at once than can be held").into());
    };
    let most = u64::from(LARGEST) * 1024 * 1024;
    let limits = Constraints::new().size_limit(SizeLimit::new().whole_stream(most));
    let parts = Multipart::with_constraints(request.into_body().into_data_stream(), boundary, limits);
    let whole = longest_pause(sigma) + Duration::from_secs(most / SLOWEST);
    let received = tokio::time::timeout(whole, Receiving::new(sigma, admin, loaded).receive(parts)).await;
    received.unwrap_or_else(|_| Err(broken()))
}

fn broken() -> PageError {
    ApiError::new(StatusCode::BAD_REQUEST, "invalid_request", "The form could not be read").into()
}

/// A template and its fields.
pub(super) type Loaded = (Template, Vec<Described>);

/// A form that is being received.
struct Receiving<'a> {
    sigma: &'a AppState,
    admin: &'a OrgAdmin,
    texts: Vec<(String, String)>,
    text_bytes: usize,
    /// The template; unless it is known, the form names it before its files.
    loaded: Option<Loaded>,
    /// The files of each field: those of this form, and of earlier ones that were refused.
    files: BTreeMap<FieldId, Vec<AttachmentId>>,
    /// Why a file was refused. The rest is still read: browsers look for an answer only then.
    problem: Option<MeritProblem>,
    /// How long the next piece may take.
    pause: Duration,
}

impl<'a> Receiving<'a> {
    fn new(sigma: &'a AppState, admin: &'a OrgAdmin, loaded: Option<Loaded>) -> Self {
        let (texts, files) = (Vec::new(), BTreeMap::new());
        Self { sigma, admin, texts, text_bytes: 0, loaded, files, problem: None, pause: longest_pause(sigma) }
    }

    async fn receive(mut self, mut parts: Multipart<'_>) -> Result<(Loaded, Form, Option<MeritProblem>), PageError> {
        let mut count = 0_usize;
        while let Some(mut part) = next(self.pause, parts.next_field()).await? {
            count += 1;
            if count > MOST_PARTS {
                return Err(broken());
            }
            let name = part.name().unwrap_or_default().to_owned();
            if part.file_name().is_some() {
                self.file(&name, &mut part).await?;
            } else {
                self.text(name, &mut part).await?;
            }
        }
        let loaded = self.load().await?.clone();
        for (field, files) in &self.files {
            let ids: Vec<&str> = files.iter().map(AttachmentId::digits).collect();
            self.texts.push((kept_name(field), ids.join(" ")));
        }
        Ok((loaded, Form(Params::from_pairs(self.texts)), self.problem))
    }

    /// A part that is no file.
    async fn text(&mut self, name: String, part: &mut Field<'_>) -> Result<(), PageError> {
        let mut content = BytesMut::new();
        while let Some(piece) = next(self.pause, part.chunk()).await? {
            self.text_bytes = self.text_bytes.saturating_add(piece.len());
            if self.text_bytes > MOST_TEXT {
                return Err(broken());
            }
            content.extend_from_slice(&piece);
        }
        let content = String::from_utf8_lossy(&content).replace('\0', "\u{fffd}");
        match name.strip_prefix("kept_").and_then(FieldId::parse) {
            Some(field) => {
                let ids = content.split_ascii_whitespace().take(MOST_ATTACHMENTS).filter_map(AttachmentId::parse);
                self.files.entry(field).or_default().extend(ids);
            }
            None => self.texts.push((name, content)),
        }
        Ok(())
    }

    /// A file; where none was chosen, browsers send an empty one.
    async fn file(&mut self, name: &str, part: &mut Field<'_>) -> Result<(), PageError> {
        let mut first = Bytes::new();
        while first.is_empty() {
            match next(self.pause, part.chunk()).await? {
                Some(piece) => first = piece,
                None => return Ok(()),
            }
        }
        let stored = match (self.problem, self.place(name).await?) {
            (None, Ok((field, kind))) => match self.store(kind, first, part).await? {
                Ok(id) => {
                    self.files.entry(field).or_default().push(id);
                    return Ok(());
                }
                Err(problem) => problem,
            },
            (Some(problem), _) | (None, Err(problem)) => problem,
        };
        self.problem = Some(stored);
        while next(self.pause, part.chunk()).await?.is_some() {}
        Ok(())
    }

    async fn load(&mut self) -> Result<&Loaded, PageError> {
        if self.loaded.is_none() {
            let id = self.texts.iter().find(|(name, _)| name == "template").map(|(_, value)| value.trim());
            let id = known(id.and_then(MeritTemplateId::parse))?;
            self.loaded = Some(load(self.sigma, self.admin, id).await?);
        }
        self.loaded.as_ref().ok_or_else(broken)
    }

    /// The field that takes the file of an input.
    async fn place(&mut self, name: &str) -> Result<Result<(FieldId, AttachmentKind), MeritProblem>, PageError> {
        let wanted = name.strip_prefix("field_").and_then(FieldId::parse);
        let (_, fields) = self.load().await?;
        let found = fields.iter().find(|(field, _)| wanted.as_ref() == Some(&field.setting.field_id));
        let Some((field, _)) = found.filter(|(field, _)| field.setting.value_for_all.is_none()) else {
            return Ok(Err(RequestFault::Value.into()));
        };
        let Some(kind) = AttachmentKind::of_field(field.kind) else { return Ok(Err(RequestFault::Value.into())) };
        let id = field.setting.field_id.clone();
        let is_full = self.files.get(&id).is_some_and(|files| files.len() >= MOST_ATTACHMENTS);
        Ok(if is_full { Err(MeritProblem::FieldTooLong) } else { Ok((id, kind)) })
    }

    /// Stores a file. Nothing of one that is refused is kept.
    async fn store(
        &self,
        kind: AttachmentKind,
        first: Bytes,
        part: &mut Field<'_>,
    ) -> Result<Result<AttachmentId, MeritProblem>, PageError> {
        let mut head = BytesMut::from(&*first);
        while head.len() < HEAD {
            let Some(piece) = next(self.pause, part.chunk()).await? else { break };
            head.extend_from_slice(&piece);
        }
        let Some(content_type) = ContentType::of_content(kind, &head) else {
            return Ok(Err(AttachmentFault::Content.into()));
        };
        let (sigma, now) = (self.sigma, self.sigma.now());
        let mut new = NewAttachment {
            id: AttachmentId::new(now, &*sigma.rng),
            kind,
            content_type,
            size: 1,
            // Nobody gets this secret: nothing else is uploaded to it.
            upload: Digest::of(alphanumeric(&*sigma.rng, SECRET_LENGTH)),
            daily_bytes: daily_bytes(sigma),
            now,
        };
        let (org_id, actor) = (self.admin.org.id.clone(), self.admin.actor());
        let begun = new.clone();
        if let Err(problem) = self.admin.act(sigma, move |tx| attachment::begin(tx, &org_id, &actor, &begun)).await? {
            return Ok(Err(problem));
        }
        let received = self.write(&new, head.freeze(), part).await;
        let stored = match received {
            Ok(Ok(size)) => {
                new.size = size;
                let (org_id, actor, done) = (self.admin.org.id.clone(), self.admin.actor(), new.clone());
                self.admin.act(sigma, move |tx| attachment::received(tx, &org_id, &actor, &done)).await
            }
            Ok(Err(problem)) => Ok(Err(problem)),
            Err(error) => Err(error),
        };
        if matches!(stored, Ok(Ok(()))) {
            return Ok(Ok(new.id));
        }
        let (org_id, id) = (self.admin.org.id.clone(), new.id);
        sigma.store.write(move |tx| attachment::give_up(tx, &org_id, &id, now)).await?;
        stored.map(|stored| stored.map(|()| AttachmentId::from_text("")))
    }

    /// Writes the object; its size.
    async fn write(
        &self,
        new: &NewAttachment,
        head: Bytes,
        part: &mut Field<'_>,
    ) -> Result<Result<i64, MeritProblem>, PageError> {
        let failed = |error: sigma_platform::objects::ObjectError| PageError::of(ApiError::internal(error.to_string()));
        let mut object = self.sigma.brands.objects.receive(&object(&self.admin.org.id, &new.id)).map_err(failed)?;
        let (mut size, mut piece) = (0_u64, Some(head));
        let verdict = loop {
            let Some(bytes) = piece else { break Ok(Ok(())) };
            size = size.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
            if let Err(fault) = new.content_type.permit(new.kind, size) {
                break Ok(Err(MeritProblem::from(fault)));
            }
            if let Err(error) = object.add(bytes).await {
                break Err(failed(error));
            }
            piece = match next(self.pause, part.chunk()).await {
                Ok(piece) => piece,
                Err(error) => break Err(error),
            };
        };
        match verdict {
            Ok(Ok(())) => {
                object.finish().await.map_err(failed)?;
                Ok(Ok(i64::try_from(size).unwrap_or(i64::MAX)))
            }
            refused => {
                object.abandon().await;
                refused.map(|refused| refused.map(|()| 0))
            }
        }
    }
}

/// What comes next of a form, unless that takes too long.
async fn next<T>(
    pause: Duration,
    piece: impl Future<Output = multer::Result<Option<T>>>,
) -> Result<Option<T>, PageError> {
    match tokio::time::timeout(pause, piece).await {
        Ok(Ok(piece)) => Ok(piece),
        Ok(Err(multer::Error::StreamSizeExceeded { .. })) => {
            let words = format!("The form is larger than {LARGEST} MiB");
            Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "invalid_request", words).into())
        }
        Ok(Err(_)) | Err(_) => Err(broken()),
    }
}
