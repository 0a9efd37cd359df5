//! A socket with a write timeout: a client that never reads would keep the connection open forever otherwise.

use super::activity::Activity;
use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::OwnedSemaphorePermit,
    time::{Instant, Sleep, sleep},
};

/// A socket with a write timeout. It counts as a connection until it is dropped, even after an upgrade to another
/// protocol.
pub(super) struct Socket {
    stream: TcpStream,
    timeout: Duration,
    timer: Pin<Box<Sleep>>,
    /// A write waits for the client, and the timer runs.
    blocked: bool,
    activity: Arc<Activity>,
    _permit: OwnedSemaphorePermit,
}

impl Socket {
    pub(super) fn new(
        stream: TcpStream,
        timeout: Duration,
        activity: Arc<Activity>,
        permit: OwnedSemaphorePermit,
    ) -> Self {
        // events are small, and must not be delayed by Nagle's algorithm
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(
                error = &*error.to_string(),
                "a connection cannot be set to `TCP_NODELAY`"
            );
        }
        let timer = Box::pin(sleep(timeout));
        Self { stream, timeout, timer, blocked: false, activity, _permit: permit }
    }

    /// Applies the timeout to the result of a write.
    fn check_timeout<T>(
        &mut self,
        written: Poll<io::Result<T>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.blocked = false;
            self.activity.bytes_written();
            return written;
        }
        if !self.blocked {
            self.blocked = true;
            self.activity.write_blocked();
            self.timer.as_mut().reset(Instant::now() + self.timeout);
        }
        self.timer.as_mut().poll(cx).map(|()| {
            Err(io::Error::new(io::ErrorKind::TimedOut, "the client has stopped reading"))
        })
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.activity.bytes_read();
        }
        read
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.check_timeout(written, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bytes);
        self.check_timeout(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
