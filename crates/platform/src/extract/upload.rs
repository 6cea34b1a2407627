//! Forms with a file.

use std::convert::Infallible;

use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use http::{StatusCode, header};
use multer::Multipart;

use crate::http::ApiError;
use crate::state::AppState;

/// The most parts of a form with a file: a list has at most 60 columns to choose.
const MOST_PARTS: usize = 120;

/// The parts of a form with a file (RFC 7578).
pub struct Upload(Vec<Part>);

/// One part.
struct Part {
    name: String,
    file_name: Option<String>,
    content: Bytes,
}

impl Upload {
    /// The text of a field, trimmed; empty if it is missing.
    pub fn text(&self, name: &str) -> String {
        let content = self.content(name).unwrap_or_default();
        String::from_utf8_lossy(content).trim().replace('\0', "\u{fffd}")
    }

    /// Whether a checkbox is checked.
    pub fn is_checked(&self, name: &str) -> bool {
        self.content(name) == Some(b"true")
    }

    /// The content of a field, unless it is empty.
    pub fn content(&self, name: &str) -> Option<&[u8]> {
        self.find(name).map(|part| &*part.content).filter(|content| !content.is_empty())
    }

    /// The name of the file in a field, as the sender calls it.
    pub fn file_name(&self, name: &str) -> Option<&str> {
        self.find(name)?.file_name.as_deref()
    }

    fn find(&self, name: &str) -> Option<&Part> {
        self.0.iter().find(|part| part.name == name)
    }

    /// The parts of a body.
    ///
    /// # Errors
    /// They cannot be told apart.
    pub async fn read(boundary: String, body: Bytes) -> Result<Self, multer::Error> {
        let mut parts = Multipart::new(stream::iter([Ok::<_, Infallible>(body)]), boundary);
        let mut found = Vec::new();
        while let Some(part) = parts.next_field().await? {
            let name = part.name().unwrap_or_default().to_owned();
            let file_name = part.file_name().map(str::to_owned);
            let content = part.bytes().await?;
            if found.len() < MOST_PARTS {
                found.push(Part { name, file_name, content });
            }
        }
        Ok(Self(found))
    }
}

impl FromRequest<AppState> for Upload {
    type Rejection = Response;

    async fn from_request(request: Request, _: &AppState) -> Result<Self, Response> {
        let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let boundary = content_type.and_then(|value| multer::parse_boundary(value).ok());
        let refused = |status, words| ApiError::new(status, "invalid_request", words).into_response();
        let Some(boundary) = boundary else {
            return Err(refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "The form must be sent as multipart/form-data"));
        };
        let body = super::body(request).await?;
        let read = Self::read(boundary, body).await;
        read.map_err(|_| refused(StatusCode::BAD_REQUEST, "The form could not be read"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_form_with_a_file_is_read_part_by_part() {
        let body = "--x\r\nContent-Disposition: form-data; name=\"template\"\r\n\r\n a \r\n--x\r\nContent-Disposition: form-data; \
                    name=\"file\"; filename=\"list.csv\"\r\nContent-Type: text/csv\r\n\r\na,b\r\n1,2\r\n\r\n--x--\r\n";
        let upload = Upload::read("x".to_owned(), Bytes::from_static(body.as_bytes())).await.unwrap();
        assert_eq!(upload.text("template"), "a");
        assert_eq!(
            (upload.content("file"), upload.file_name("file")),
            (Some(&b"a,b\r\n1,2\r\n"[..]), Some("list.csv"))
        );
        assert!(upload.content("other").is_none() && !upload.is_checked("template"));
        assert!(Upload::read("x".to_owned(), Bytes::from_static(b"nothing of it")).await.is_err());
    }
}
