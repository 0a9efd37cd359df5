//! A relay between `genai` and a provider, which reads the response of the provider before `genai`
//! does.
//!
//! `genai` has no limits: it buffers a line until its line feed arrives, copies it for each packet, and
//! allocates as many tool calls as the largest index requires, so that a single server can bring down
//! the whole process. It also expects exactly the format of `OpenAI`, from which many servers deviate.
//! Its transport cannot be replaced: its client is a `reqwest::Client`, which cannot be wrapped.
//!
//! Each answer therefore has a relay. `genai` sends its request to a socket of this process, under an
//! unguessable address; the relay sends it to the provider with its own client, reads the answer within
//! [`Limits`], and forwards only complete events. HTTP errors, error events and the reason of an early
//! end do not go through `genai`: they are in the [`Report`]. The limits therefore apply to every
//! provider that `genai` supports, and deviations from the protocol are normalized in one place:
//! [`openai`], for servers with the `OpenAI` protocol. `genai` still creates the requests and parses
//! the events of each provider. The relay also determines whether an answer is complete, see [`last`].
//!
//! The relay is not a task: the answer polls it and drops it. `genai` cannot bypass the relay, because
//! its client resolves no names and trusts no certificates.

mod error_message;
mod fault;
mod forward;
mod frames;
mod json;
mod last;
mod lines;
mod openai;
mod reader;
mod report;
mod sse;
mod text;
mod upstream;

pub(super) use self::{
    error_message::message,
    report::{Ending, Report},
    upstream::{client, innermost},
};

use self::forward::ForwardedBody;
use super::{limits::Limits, secrets::Secrets};
use crate::{ModelError, clock};
use bytes::Bytes;
use futures_util::{
    StreamExt,
    future::poll_fn,
    stream::{self, BoxStream, FuturesUnordered},
};
use http_body_util::{BodyExt, StreamBody};
use hyper::{
    Request, Response, StatusCode,
    body::{Frame, Incoming},
    header::{ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, HOST},
    http::request::Parts,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use reqwest::{
    Client, Url,
    dns::{Name, Resolve, Resolving},
};
use std::{
    convert::Infallible,
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Poll, ready},
};
use tokio::net::{TcpListener, TcpStream};

/// Headers that contain keys.
const KEYS: [&str; 4] = ["authorization", "x-api-key", "api-key", "x-goog-api-key"];

type Body = StreamBody<BoxStream<'static, Result<Frame<Bytes>, Infallible>>>;

/// A relay for one answer.
pub(super) struct Relay {
    listener: TcpListener,
    /// The address that `genai` uses in place of the provider's.
    address: String,
    route: Route,
}

/// The destination of a request, and its limits.
struct Route {
    client: Client,
    /// The base address of the provider.
    base: Url,
    /// The first segment of the path, which other processes cannot guess.
    token: String,
    limits: Limits,
    secrets: Secrets,
    report: Report,
    /// Whether the request of `genai` has arrived.
    is_taken: AtomicBool,
}

impl Relay {
    /// Opens a relay to a provider.
    pub(super) async fn open(
        client: Client,
        base: &str,
        limits: Limits,
        secrets: Secrets,
        report: Report,
    ) -> Result<Self, ModelError> {
        let base = Url::parse(base)
            .map_err(|_| ModelError::Request { reason: "the URL is invalid".to_owned() })?;
        let failed = |error: io::Error| {
            let reason = format!("cannot open a loopback socket for the relay: {error}");
            ModelError::Connection { reason }
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        let token = format!("{:016x}{:016x}", clock::random(), clock::random());
        let query = base.query().map(|query| format!("?{query}")).unwrap_or_default();
        let address = format!("http://127.0.0.1:{port}/{token}{}{query}", base.path());
        let is_taken = AtomicBool::new(false);
        let route = Route { client, base, token, limits, secrets, report, is_taken };
        Ok(Self { listener, address, route })
    }

    /// Returns the address at which `genai` reaches the provider.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Relays one answer, to its end. The listener is closed once `genai` has sent its request.
    pub(super) async fn serve(self) {
        let Self { listener, route, .. } = self;
        let (mut listener, route) = (Some(listener), Arc::new(route));
        let mut connections = FuturesUnordered::new();
        poll_fn(|cx| {
            loop {
                while let Poll::Ready(Some(())) = connections.poll_next_unpin(cx) {}
                if route.is_taken.load(Ordering::Relaxed) {
                    listener = None;
                }
                let Some(open) = &listener else {
                    return if connections.is_empty() { Poll::Ready(()) } else { Poll::Pending };
                };
                match ready!(open.poll_accept(cx)) {
                    Ok((stream, _)) => connections.push(connection(stream, Arc::clone(&route))),
                    Err(error) => {
                        let reason = error.to_string();
                        route.report.end(Ending::Failed(ModelError::Connection { reason }));
                        return Poll::Ready(());
                    }
                }
            }
        })
        .await;
    }
}

/// Serves a connection, possibly from another process.
async fn connection(stream: TcpStream, route: Arc<Route>) {
    // small events must not wait for each other; on failure, they do
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request: Request<Incoming>| {
        let route = Arc::clone(&route);
        async move {
            Ok::<_, Infallible>(match route.upstream_url(request.uri()) {
                Some(url) if !route.is_taken.swap(true, Ordering::Relaxed) => {
                    route.relay(request, url).await
                }
                _ => respond(StatusCode::NOT_FOUND, stream::empty().boxed()),
            })
        }
    });
    let connection =
        http1::Builder::new().keep_alive(false).serve_connection(TokioIo::new(stream), service);
    // `genai` may close the connection before the end
    let _ = connection.await;
}

impl Route {
    /// Returns the provider's URL for a request that has the token.
    fn upstream_url(&self, uri: &hyper::Uri) -> Option<Url> {
        let path = uri.path().strip_prefix('/')?.strip_prefix(&self.token)?;
        let mut url = self.base.clone();
        url.set_path(path);
        url.set_query(uri.query());
        Some(url)
    }

    async fn relay(&self, request: Request<Incoming>, url: Url) -> Response<Body> {
        let path = url.path().to_owned();
        let response = match self.upstream_request(request, url).await {
            Ok(request) => {
                upstream::send(&self.client, request, &self.secrets, self.report.clock()).await
            }
            Err(error) => Err(Ending::Failed(error)),
        };
        let response = match response {
            Ok(response) => response,
            Err(ending) => {
                self.report.end(ending);
                return respond(StatusCode::BAD_GATEWAY, stream::empty().boxed());
            }
        };
        let forwarded = ForwardedBody::new(
            response,
            &path,
            self.limits,
            self.report.clone(),
            self.secrets.clone(),
        );
        let content_type = forwarded.content_type();
        let body = stream::unfold(forwarded, async |mut forwarded| {
            let bytes = forwarded.next().await?;
            Some((Ok(Frame::data(bytes)), forwarded))
        });
        let mut response = respond(StatusCode::OK, body.boxed());
        response.headers_mut().extend(content_type.map(|kind| (hyper::header::CONTENT_TYPE, kind)));
        response
    }

    async fn upstream_request(
        &self,
        request: Request<Incoming>,
        url: Url,
    ) -> Result<reqwest::Request, ModelError> {
        let (head, body) = request.into_parts();
        let body = body.collect().await;
        let body = body.map_err(|error| ModelError::Request { reason: error.to_string() })?;
        self.rewritten(head, body.to_bytes(), url)
    }

    fn rewritten(
        &self,
        head: Parts,
        body: Bytes,
        url: Url,
    ) -> Result<reqwest::Request, ModelError> {
        let mut headers = head.headers;
        for name in [HOST, CONTENT_LENGTH, CONNECTION, ACCEPT_ENCODING] {
            headers.remove(name);
        }
        let mut request = self.client.request(head.method, url).body(body);
        for (name, value) in &mut headers {
            // neither `Debug` of the request nor the HTTP/2 header table may contain a key
            value.set_sensitive(value.is_sensitive() || KEYS.contains(&name.as_str()));
            // in addition to the user and password of the URL
            request = request.header(name, &*value);
        }
        request.build().map_err(|error| {
            let reason = self.secrets.printable(&upstream::innermost(&error).to_string());
            ModelError::Request { reason }
        })
    }
}

fn respond(
    status: StatusCode,
    body: BoxStream<'static, Result<Frame<Bytes>, Infallible>>,
) -> Response<Body> {
    let mut response = Response::new(StreamBody::new(body));
    *response.status_mut() = status;
    response
}

/// Creates a client for `genai` that can reach only the relay.
pub(super) fn local_client() -> Result<Client, ModelError> {
    let client = Client::builder()
        .no_proxy()
        // no server can authenticate itself
        .tls_certs_only([])
        .pool_max_idle_per_host(0)
        .redirect(reqwest::redirect::Policy::none())
        .dns_resolver(Arc::new(NoNames))
        .build();
    client.map_err(|error| ModelError::Request { reason: error.to_string() })
}

/// A resolver that resolves no names, so that no adapter of `genai` bypasses the relay.
struct NoNames;

impl Resolve for NoNames {
    fn resolve(&self, name: Name) -> Resolving {
        let reason = format!("`{}` cannot be reached directly: use `Provider::at`", name.as_str());
        Box::pin(async { Err(reason.into()) })
    }
}

#[cfg(test)]
mod tests {
    use super::{Limits, Relay, Report, Secrets, client};
    use bytes::Bytes;
    use std::error::Error;

    #[tokio::test]
    async fn request_does_not_show_its_key() -> Result<(), Box<dyn Error>> {
        let (limits, secrets) = (Limits::default(), Secrets::default());
        let base = "http://127.0.0.1:1/v1/";
        let relay = Relay::open(client()?, base, limits, secrets, Report::default()).await?;
        for name in ["Authorization", "x-api-key", "api-key", "x-goog-api-key"] {
            let request =
                hyper::Request::builder().header(name, "sk-key").header("x-other", "seen");
            let (head, ()) = request.body(())?.into_parts();
            let request = relay.route.rewritten(head, Bytes::new(), base.parse()?)?;
            let shown = format!("{request:?}");
            assert!(shown.contains("seen") && !shown.contains("sk-key"), "{shown}");
            assert!(request.headers().get(name).is_some_and(|key| key == "sk-key"));
        }
        Ok(())
    }
}
