//! Reads request bodies completely before the handler runs: they are small, and slow or oversized ones end here.

use std::sync::Arc;
use std::time::Duration;

use axum::BoxError;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http_body::Body as HttpBody;
use http_body_util::BodyExt as _;

use crate::api_error::ApiError;
use crate::budget::{AddressBudget, Budgets, HeldBody, OverBudget};
use crate::carried::Carried;

/// The initial allocation for a body, whatever its declared length.
const FIRST: usize = 16 * 1024;
/// The growth of a body without a declared length.
const STEP: usize = 64 * 1024;

/// Why a body was rejected.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum BodyError {
    /// More than this many bytes.
    TooLarge(usize),
    /// It took too long.
    Slow,
    /// The connection broke, or the encoding was invalid.
    Broken,
    /// Too many bodies are held already.
    OverBudget(OverBudget),
}

impl From<OverBudget> for BodyError {
    fn from(over: OverBudget) -> Self {
        Self::OverBudget(over)
    }
}

impl IntoResponse for BodyError {
    fn into_response(self) -> Response {
        let (status, description) = match self {
            Self::TooLarge(limit) => (StatusCode::PAYLOAD_TOO_LARGE, format!("The body is larger than {limit} bytes")),
            Self::Slow => (StatusCode::REQUEST_TIMEOUT, "The body took too long".to_owned()),
            Self::Broken => (StatusCode::BAD_REQUEST, "The body could not be read".to_owned()),
            Self::OverBudget(over) => return over.into_response(),
        };
        ApiError::new(status, "invalid_request", description).into_response()
    }
}

/// Marks a body that was left in the connection: it may be large, so its reader authenticates the caller first.
#[derive(Clone)]
pub struct Unread {
    pub(crate) limit: usize,
    pub(crate) deadline: Duration,
    pub(crate) budgets: Arc<Budgets>,
    pub(crate) address: Arc<AddressBudget>,
}

impl Unread {
    /// The whole body, counted against the budgets while any of it is held.
    ///
    /// # Errors
    /// The response to a body that is too large, too slow, truncated, or over budget.
    pub async fn read(self, body: Body) -> Result<Bytes, Response> {
        let mut held = self.budgets.body(&self.address);
        let bytes = read(body, self.limit, self.deadline, &mut held).await.map_err(IntoResponse::into_response)?;
        Ok(if bytes.is_empty() { bytes } else { Carried::bytes(bytes, Arc::new(held)) })
    }
}

/// Whether a body declares a length above `limit`.
pub(super) fn is_larger<B: HttpBody>(body: &B, limit: usize) -> bool {
    usize::try_from(body.size_hint().lower()).map_or(true, |least| least > limit)
}

/// Reads at most `limit` bytes within `deadline`.
pub(super) async fn read<B>(body: B, limit: usize, deadline: Duration, held: &mut HeldBody) -> Result<Bytes, BodyError>
where
    B: HttpBody<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    // A body with a declared length above the limit is not read at all.
    if is_larger(&body, limit) {
        return Err(BodyError::TooLarge(limit));
    }
    tokio::time::timeout(deadline, collect(body, limit, held)).await.unwrap_or(Err(BodyError::Slow))
}

async fn collect<B>(body: B, limit: usize, held: &mut HeldBody) -> Result<Bytes, BodyError>
where
    B: HttpBody<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    let mut body = std::pin::pin!(body);
    let announced = body.size_hint().exact().and_then(|bytes| usize::try_from(bytes).ok());
    // Most bodies arrive in one piece, which is passed on unchanged.
    let mut whole = Bytes::new();
    let mut pieces = BytesMut::new();
    let mut room = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| BodyError::Broken)?.into_data() else { continue };
        let size = whole.len() + pieces.len() + data.len();
        if size > limit {
            return Err(BodyError::TooLarge(limit));
        }
        if whole.is_empty() && pieces.is_empty() {
            held.grow(data.len())?;
            room = data.len();
            whole = data;
            continue;
        }
        if size > pieces.capacity() {
            let wanted = room_for(size, announced).min(limit);
            held.grow(wanted.saturating_sub(room))?;
            room = room.max(wanted);
            let mut larger = BytesMut::with_capacity(wanted);
            larger.extend_from_slice(&std::mem::take(&mut whole));
            larger.extend_from_slice(&pieces);
            pieces = larger;
        }
        pieces.extend_from_slice(&data);
    }
    Ok(if pieces.is_empty() { whole } else { pieces.freeze() })
}

/// How much to allocate for a body of which `size` bytes have arrived: at most twice that, whatever it declared.
fn room_for(size: usize, announced: Option<usize>) -> usize {
    match announced {
        Some(announced) if size > FIRST => announced.max(size).min(size * 2),
        Some(announced) => announced.clamp(size, FIRST),
        None if size <= FIRST => FIRST,
        None => size.next_multiple_of(STEP),
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use http_body::Frame;
    use http_body_util::{Full, StreamBody};

    use super::*;

    use crate::ClientAddr;
    use crate::settings;

    const SECOND: Duration = Duration::from_secs(1);

    fn budgets(body_bytes: usize) -> (Arc<Budgets>, Arc<AddressBudget>) {
        let budgets = Budgets::new(&settings::Budgets { body_bytes, ..settings::Budgets::default() });
        let address = budgets.of_address(ClientAddr::from(std::net::IpAddr::from([192, 0, 2, 1])));
        (budgets, address)
    }

    async fn read<B>(body: B, limit: usize, deadline: Duration) -> Result<Bytes, BodyError>
    where
        B: HttpBody<Data = Bytes, Error: Into<BoxError>>,
    {
        let (budgets, address) = budgets(1 << 20);
        super::read(body, limit, deadline, &mut budgets.body(&address)).await
    }

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
    async fn a_truncated_body_is_an_error() {
        let broken = StreamBody::new(stream::iter([
            Ok(Frame::data(Bytes::from_static(b"a="))),
            Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset)),
        ]));
        assert_eq!(read(broken, 100, SECOND).await, Err(BodyError::Broken));
    }

    #[tokio::test]
    async fn an_endless_body_is_abandoned() {
        let silent = StreamBody::new(stream::pending::<Result<Frame<Bytes>, std::io::Error>>());
        assert_eq!(read(silent, 100, Duration::from_millis(1)).await, Err(BodyError::Slow));
    }

    #[test]
    fn a_declared_length_allocates_nothing() {
        assert_eq!(room_for(1, Some(1 << 20)), FIRST);
        assert_eq!(room_for(FIRST + 1, Some(1 << 20)), 2 * (FIRST + 1));
        assert_eq!(room_for(FIRST + 1, Some(FIRST + 2)), FIRST + 2);
        assert_eq!(room_for(10, Some(100)), 100);
        assert_eq!(room_for(10, None), FIRST);
        assert_eq!(room_for(FIRST + 1, None), STEP);
        assert_eq!(room_for(STEP + 1, None), 2 * STEP);
    }

    #[tokio::test]
    async fn bodies_are_counted_while_they_are_held_and_refused_beyond() {
        let (budgets, address) = budgets(100_000);
        let large =
            || Body::from_stream(stream::iter((0..50).map(|_| Ok::<_, std::io::Error>(Bytes::from(vec![7; 1_000])))));
        let unread = || Unread { limit: 1 << 20, deadline: SECOND, budgets: budgets.clone(), address: address.clone() };
        let first = unread().read(large()).await.unwrap();
        assert_eq!((first.len(), budgets.held().0), (50_000, STEP - 4_096));
        let refused = unread().read(large()).await.unwrap_err();
        assert_eq!(refused.status(), 503);
        assert_eq!(refused.headers()["retry-after"], "1");
        assert_eq!(budgets.held().0, STEP - 4_096, "what was refused is held no longer");
        drop(first);
        assert_eq!(budgets.held().0, 0);
        assert!(unread().read(large()).await.is_ok());
    }
}
