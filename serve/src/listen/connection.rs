//! Serves one connection until it ends or one of its limits is reached.

use super::{
    activity::{Activity, Protocol},
    body::{RequestBody, ResponseBody},
    options::ConnectionLimits,
    socket::Socket,
};
use axum::{
    Router,
    http::{Request, Response, Version},
};
use hyper::{body::Incoming, service::Service, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use std::{pin::pin, sync::Arc, time::Duration};
use tokio::{
    select,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

/// Grace period for the last bytes of a connection that is being closed and has no request.
const CLOSING: Duration = Duration::from_secs(1);

/// Interval of the pings to an HTTP/2 client.
const PING: Duration = Duration::from_secs(20);

/// Maximum size of the head of a request, and of the buffer for a response, in bytes.
const BUFFER: usize = 64 << 10;

/// The configuration that all connections share.
pub(super) struct Protocols {
    builder: Builder<TokioExecutor>,
    routes: TowerToHyperService<Router>,
    limits: ConnectionLimits,
    stopping: CancellationToken,
}

impl Protocols {
    pub(super) fn new(
        routes: Router,
        limits: ConnectionLimits,
        stopping: CancellationToken,
    ) -> Self {
        let mut builder = Builder::new(TokioExecutor::new());
        // heads and idle connections have timeouts in `serve`, for both protocols
        builder.http1().header_read_timeout(None).max_buf_size(BUFFER);
        let mut http2 = builder.http2();
        // a client that is slow to read does not answer a ping either, so both have the same timeout
        http2.timer(TokioTimer::new()).keep_alive_interval(PING).keep_alive_timeout(limits.write);
        // the router is prepared once instead of for each connection
        let routes = TowerToHyperService::new(routes.with_state(()));
        Self { builder, routes, limits, stopping }
    }

    /// Serves a connection. `evicted` closes it to make room for another one.
    pub(super) async fn serve(
        &self,
        socket: Socket,
        activity: Arc<Activity>,
        evicted: CancellationToken,
    ) {
        let limits = &self.limits;
        let service = service_fn(|request| self.answer(&activity, request));
        let connection = self.builder.serve_connection_with_upgrades(TokioIo::new(socket), service);
        let mut connection = pin!(connection);
        let mut closing = None;
        loop {
            let now = Instant::now();
            // deadlines are computed again at this time at the latest
            let recheck = now + limits.header.min(limits.idle).min(limits.write);
            let deadline = match closing {
                Some(since) if activity.is_idle() => activity.close_at(since, CLOSING),
                _ => activity.deadline(limits),
            };
            if deadline.is_some_and(|deadline| deadline <= now) {
                if closing.is_some() || !activity.is_idle() {
                    tracing::debug!("a connection is closed: its client exceeded a timeout");
                    return;
                }
                closing = Some(now);
                connection.as_mut().graceful_shutdown();
                continue;
            }
            select! {
                // the connection is polled first, so that data that has arrived counts before a deadline
                biased;
                ended = connection.as_mut() => {
                    if let Err(error) = ended {
                        tracing::debug!(error = &*error.to_string(), "a connection failed");
                    }
                    return;
                }
                () = sleep_until(deadline.map_or(recheck, |deadline| deadline.min(recheck))) => {}
                () = evicted.cancelled() => {
                    tracing::debug!("a connection is closed to make room for another one");
                    return;
                }
                () = self.stopping.cancelled(), if closing.is_none() => {
                    closing = Some(Instant::now());
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }

    fn answer(
        &self,
        activity: &Arc<Activity>,
        request: Request<Incoming>,
    ) -> impl Future<
        Output = Result<Response<ResponseBody<axum::body::Body>>, std::convert::Infallible>,
    > + use<> {
        let http2 = request.version() == Version::HTTP_2;
        let exchange = activity.exchange(if http2 { Protocol::Http2 } else { Protocol::Http1 });
        let deadline = Instant::now() + self.limits.body;
        let request = request.map(|body| {
            axum::body::Body::new(RequestBody::new(body, deadline, Arc::clone(&exchange)))
        });
        let response = self.routes.call(request);
        async move {
            let response = response.await?;
            Ok(response.map(|body| ResponseBody::new(body, exchange)))
        }
    }
}
