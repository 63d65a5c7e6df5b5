//! A connection's socket: records incoming bytes, and closes so that the client can read the last response.

use std::io;
use std::io::IoSlice;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

use super::activity::Activity;

/// How much is read from a client that continues to send after the last response: the maximum in bytes, in total time,
/// and in time without data. Closing immediately would reset the connection on incoming data, and the client would lose
/// the response (RFC 9112, section 9.6).
const LINGER_BYTES: usize = 32 << 20;
const LINGER_FOR: Duration = Duration::from_secs(5);
const LINGER_IN_SILENCE: Duration = Duration::from_secs(1);

/// A connection's socket.
pub(super) struct Socket {
    stream: TcpStream,
    activity: Arc<Activity>,
    linger: Option<Linger>,
}

struct Linger {
    left: usize,
    until: Instant,
    silence: Pin<Box<Sleep>>,
}

impl Socket {
    pub(super) fn new(stream: TcpStream, activity: Arc<Activity>) -> Self {
        Self { stream, activity, linger: None }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        if buffer.filled().len() > before {
            self.activity.received();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let socket = &mut *self;
        if socket.linger.is_none() {
            ready!(Pin::new(&mut socket.stream).poll_shutdown(context))?;
            if !socket.activity.has_unread_input() {
                return Poll::Ready(Ok(()));
            }
        }
        let linger = socket.linger.get_or_insert_with(Linger::begin);
        linger.poll(&mut socket.stream, context)
    }
}

impl Linger {
    fn begin() -> Self {
        let until = Instant::now() + LINGER_FOR;
        Self { left: LINGER_BYTES, until, silence: Box::pin(sleep(LINGER_IN_SILENCE)) }
    }

    /// Reads and discards data until the client stops sending or a limit is reached.
    fn poll(&mut self, stream: &mut TcpStream, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut scratch = [0; 4096];
        while self.left > 0 && self.silence.as_mut().poll(context).is_pending() {
            let mut buffer = ReadBuf::new(&mut scratch);
            ready!(Pin::new(&mut *stream).poll_read(context, &mut buffer))?;
            if buffer.filled().is_empty() {
                break;
            }
            self.left = self.left.saturating_sub(buffer.filled().len());
            self.silence.as_mut().reset(self.until.min(Instant::now() + LINGER_IN_SILENCE));
        }
        Poll::Ready(Ok(()))
    }
}
