//! A connection's stream, watched for the start of requests, and returned at the end.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::sync::oneshot;

use crate::activity::Activity;

/// A stream that reports when bytes of a request arrive, and is returned when its user is done with it.
#[derive(Debug)]
pub(super) struct Watched<S> {
    stream: Option<S>,
    back: Option<oneshot::Sender<S>>,
    activity: Arc<Activity>,
}

impl<S> Watched<S> {
    pub(super) fn new(stream: S, activity: Arc<Activity>) -> (Self, oneshot::Receiver<S>) {
        let (back, returned) = oneshot::channel();
        (Self { stream: Some(stream), back: Some(back), activity }, returned)
    }

    fn noted(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(bytes)) = written {
            self.activity.sent(bytes);
        }
        written
    }
}

impl<S> Drop for Watched<S> {
    fn drop(&mut self) {
        if let (Some(stream), Some(back)) = (self.stream.take(), self.back.take()) {
            // Nobody waits for it after a connection was abandoned; then it is closed.
            let _ = back.send(stream);
        }
    }
}

macro_rules! inner {
    ($self:ident) => {
        match $self.stream.as_mut() {
            Some(stream) => Pin::new(stream),
            None => return Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    };
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let outcome = inner!(self).poll_read(cx, buf);
        if matches!(outcome, Poll::Ready(Ok(()))) {
            self.activity.received(buf.filled().get(before..).unwrap_or_default());
        }
        outcome
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = inner!(self).poll_write(cx, buf);
        self.noted(outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = inner!(self).poll_write_vectored(cx, bufs);
        self.noted(outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.as_ref().is_some_and(AsyncWrite::is_write_vectored)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        inner!(self).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        inner!(self).poll_shutdown(cx)
    }
}

/// Closes a connection so that the client can still read the last response: keeps reading and discarding for a moment,
/// since closing with unread bytes resets the connection and destroys a response on its way (431, 413).
pub(super) async fn linger<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S) {
    const AT_MOST: Duration = Duration::from_secs(1);
    const BYTES: usize = 4 * 1024 * 1024;
    let drained = async {
        let _ = stream.shutdown().await;
        let mut thrown_away = 0;
        let mut buffer = vec![0; 8 * 1024];
        while thrown_away < BYTES {
            match stream.read(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(read) => thrown_away += read,
            }
        }
    };
    let _ = tokio::time::timeout(AT_MOST, drained).await;
}
