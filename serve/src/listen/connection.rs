//! One connection, from its start until it ends or one of its limits is reached.

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

/// How long the last bytes of a connection may take that is being closed and has no request.
const CLOSING: Duration = Duration::from_secs(1);

/// How often an HTTP/2 client is asked whether it is still there, and how long its answer may take.
const PING: Duration = Duration::from_secs(20);

/// How many bytes the head of a request may have, and how many bytes of a response are buffered.
const BUFFER: usize = 64 << 10;

/// How connections are served.
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
        // the limits of heads and of idle connections are kept here, for both protocols
        builder.http1().header_read_timeout(None).max_buf_size(BUFFER);
        let mut http2 = builder.http2();
        // a client that reads nothing for a while does not answer a ping either
        http2.timer(TokioTimer::new()).keep_alive_interval(PING).keep_alive_timeout(limits.write);
        // a router is prepared once and not for each connection
        let routes = TowerToHyperService::new(routes.with_state(()));
        Self { builder, routes, limits, stopping }
    }

    /// Serves a connection. `evicted` makes room for another one.
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
            // at the latest then, deadlines are looked at again
            let again = now + limits.header.min(limits.idle).min(limits.write);
            let deadline = match closing {
                Some(asked) if activity.is_idle() => activity.cut_off(asked, CLOSING),
                _ => activity.deadline(limits),
            };
            if deadline.is_some_and(|deadline| deadline <= now) {
                if closing.is_some() || !activity.is_idle() {
                    tracing::debug!("a connection is closed: its client takes too long");
                    return;
                }
                closing = Some(now);
                connection.as_mut().graceful_shutdown();
                continue;
            }
            select! {
                // first, for what has come meanwhile counts
                biased;
                ended = connection.as_mut() => {
                    if let Err(error) = ended {
                        tracing::debug!(error = &*error.to_string(), "a connection failed");
                    }
                    return;
                }
                () = sleep_until(deadline.map_or(again, |deadline| deadline.min(again))) => {}
                () = evicted.cancelled() => {
                    tracing::debug!("a connection is closed: another one needs its place");
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
