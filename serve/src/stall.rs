//! Connections whose other end stops reading are closed: a reader that never reads would keep one
//! for ever.

use axum::serve::Listener;
use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    time::{Instant, Sleep, sleep},
};

/// Accepts connections that may stand still for so long.
pub(crate) struct Patient {
    pub(crate) listener: TcpListener,
    pub(crate) patience: Duration,
}

impl Listener for Patient {
    type Io = Stalling;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Stalling, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.listener).await;
        // events are small and must not wait for each other
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection waits for full packets");
        }
        let (patience, timer) = (self.patience, Box::pin(sleep(self.patience)));
        (Stalling { stream, patience, timer, waits: false }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that breaks when nothing could be written for a while.
pub(crate) struct Stalling {
    stream: TcpStream,
    patience: Duration,
    timer: Pin<Box<Sleep>>,
    /// A write waits for the other end, and the time runs.
    waits: bool,
}

impl Stalling {
    fn watch<T>(
        &mut self,
        written: Poll<io::Result<T>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.waits = false;
            return written;
        }
        if !self.waits {
            self.waits = true;
            self.timer.as_mut().reset(Instant::now() + self.patience);
        }
        self.timer.as_mut().poll(cx).map(|()| {
            Err(io::Error::new(io::ErrorKind::TimedOut, "the other end has stopped reading"))
        })
    }
}

impl AsyncRead for Stalling {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Stalling {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.watch(written, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bytes);
        self.watch(written, cx)
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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use axum::{Router, body::Body, routing::get};
    use futures_util::stream;
    use std::convert::Infallible;
    use tokio_util::sync::CancellationToken;

    #[tokio::test]
    async fn a_connection_that_nobody_reads_is_closed() {
        let dropped = CancellationToken::new();
        let body = dropped.clone();
        let endless = move || async move {
            let chunks = stream::unfold(body.drop_guard(), |guard| async move {
                Some((Ok::<_, Infallible>(vec![b'x'; 1 << 16]), guard))
            });
            Body::from_stream(chunks)
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let patient = Patient { listener, patience: Duration::from_millis(100) };
        let routes = Router::new().route("/", get(endless));
        let server = tokio::spawn(async move { axum::serve(patient, routes).await });
        let client = TcpStream::connect(address).await.unwrap();
        client.writable().await.unwrap();
        client.try_write(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
        dropped.cancelled().await;
        server.abort();
        assert!(server.await.unwrap_err().is_cancelled());
    }
}
