//! The body of a request, read whole before the handler: it is small, and what is slow or too large ends here.

use std::time::Duration;

use axum::BoxError;
use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http_body::Body as HttpBody;
use http_body_util::BodyExt as _;

use crate::http::envelope::Envelope;

/// Why a body was not taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum BodyError {
    /// More than this many bytes.
    TooLarge(usize),
    /// It took longer than it may.
    Slow,
    /// The connection broke off, or the encoding was wrong.
    Broken,
}

impl From<BodyError> for Envelope {
    fn from(error: BodyError) -> Self {
        let (status, description) = match error {
            BodyError::TooLarge(limit) => {
                (StatusCode::PAYLOAD_TOO_LARGE, format!("The body is larger than {limit} bytes"))
            }
            BodyError::Slow => (StatusCode::REQUEST_TIMEOUT, "The body took too long".to_owned()),
            BodyError::Broken => (StatusCode::BAD_REQUEST, "The body could not be read".to_owned()),
        };
        Self::new(status, "invalid_request", description)
    }
}

/// The whole body: at most `limit` bytes, within `deadline`.
pub(super) async fn read<B>(body: B, limit: usize, deadline: Duration) -> Result<Bytes, BodyError>
where
    B: HttpBody<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    // What announces itself as too large is not read at all.
    if usize::try_from(body.size_hint().lower()).map_or(true, |least| least > limit) {
        return Err(BodyError::TooLarge(limit));
    }
    tokio::time::timeout(deadline, collect(body, limit)).await.unwrap_or(Err(BodyError::Slow))
}

async fn collect<B>(body: B, limit: usize) -> Result<Bytes, BodyError>
where
    B: HttpBody<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    let mut body = std::pin::pin!(body);
    // Most bodies arrive in one piece, which is passed on as it is.
    let mut whole = Bytes::new();
    let mut pieces = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| BodyError::Broken)?.into_data() else { continue };
        if whole.len() + pieces.len() + data.len() > limit {
            return Err(BodyError::TooLarge(limit));
        }
        if whole.is_empty() && pieces.is_empty() {
            whole = data;
        } else {
            pieces.extend_from_slice(&std::mem::take(&mut whole));
            pieces.extend_from_slice(&data);
        }
    }
    Ok(if pieces.is_empty() { whole } else { pieces.freeze() })
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use http_body::Frame;
    use http_body_util::{Full, StreamBody};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn pieces(pieces: &[&'static str]) -> impl HttpBody<Data = Bytes, Error = std::io::Error> {
        let frames: Vec<_> = pieces.iter().map(|piece| Ok(Frame::data(Bytes::from_static(piece.as_bytes())))).collect();
        StreamBody::new(stream::iter(frames))
    }

    #[tokio::test]
    async fn a_body_is_the_sum_of_its_pieces() {
        assert_eq!(read(pieces(&["a=1", "&b", "=2"]), 7, SECOND).await.unwrap(), "a=1&b=2");
        assert_eq!(read(pieces(&["a=1"]), 3, SECOND).await.unwrap(), "a=1");
        assert_eq!(read(pieces(&[]), 0, SECOND).await.unwrap(), "");
    }

    #[tokio::test]
    async fn a_body_over_the_limit_is_refused_announced_or_not() {
        assert_eq!(read(pieces(&["a=1", "&b", "=2"]), 6, SECOND).await, Err(BodyError::TooLarge(6)));
        assert_eq!(read(Full::new(Bytes::from_static(b"a=1&b=2")), 6, SECOND).await, Err(BodyError::TooLarge(6)));
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_an_error() {
        let broken = StreamBody::new(stream::iter([
            Ok(Frame::data(Bytes::from_static(b"a="))),
            Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset)),
        ]));
        assert_eq!(read(broken, 100, SECOND).await, Err(BodyError::Broken));
    }

    #[tokio::test]
    async fn a_body_that_never_ends_is_given_up() {
        let silent = StreamBody::new(stream::pending::<Result<Frame<Bytes>, std::io::Error>>());
        assert_eq!(read(silent, 100, Duration::from_millis(1)).await, Err(BodyError::Slow));
    }
}
