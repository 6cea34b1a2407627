//! A body whose bytes carry a guard, wherever they are buffered: it is dropped once the last of them was sent or
//! discarded, which is later than when hyper has consumed the body.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};

/// Responses up to this size need no guard: a connection buffers few of them, and most are this small.
pub(super) const SMALL: u64 = 4_096;

/// The size of `body` if it needs a guard.
pub(super) fn large(body: &Body) -> Option<u64> {
    let hint = body.size_hint();
    let size = hint.upper().unwrap_or_else(|| hint.lower().max(SMALL + 1));
    (size > SMALL).then_some(size)
}

/// Attaches `guard` to the bytes of `body`.
pub(super) fn carrying<G: Send + Sync + 'static>(body: Body, guard: G) -> Body {
    Body::new(Carrying { body, guard: Arc::new(guard) })
}

struct Carrying<G> {
    body: Body,
    guard: Arc<G>,
}

/// Bytes and their guard.
pub(super) struct Carried<G> {
    bytes: Bytes,
    _guard: Arc<G>,
}

impl<G: Send + Sync + 'static> Carried<G> {
    /// `bytes` that hold `guard` until the last of them is dropped.
    pub(super) fn bytes(bytes: Bytes, guard: Arc<G>) -> Bytes {
        Bytes::from_owner(Self { bytes, _guard: guard })
    }
}

impl<G> AsRef<[u8]> for Carried<G> {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl<G: Send + Sync + 'static> HttpBody for Carrying<G> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        let hold = |bytes| Carried::bytes(bytes, Arc::clone(&self.guard));
        Poll::Ready(frame.map(|frame| frame.map(|frame| frame.map_data(hold))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    #[tokio::test]
    async fn a_guard_lives_as_long_as_the_last_of_the_bytes() {
        let guard = Arc::new(());
        let body = carrying(Body::from(vec![7; 10_000]), Arc::clone(&guard));
        assert_eq!(large(&body), Some(10_000));
        let mut body = Box::pin(body);
        let data = body.frame().await.unwrap().unwrap().into_data().unwrap();
        drop(body);
        let part = data.slice(9_000..);
        drop(data);
        assert_eq!((part.len(), Arc::strong_count(&guard)), (1_000, 2));
        drop(part);
        assert_eq!(Arc::strong_count(&guard), 1);
    }

    #[test]
    fn small_answers_need_no_guard() {
        assert_eq!(large(&Body::empty()), None);
        assert_eq!(large(&Body::from(vec![0; 4_096])), None);
        assert_eq!(large(&Body::from(vec![0; 4_097])), Some(4_097));
        let endless = futures_util::stream::pending::<Result<Bytes, std::io::Error>>();
        assert!(large(&Body::from_stream(endless)).is_some(), "who knows how many");
    }
}
