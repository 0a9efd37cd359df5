//! The limit of request bodies in memory, for all requests together.

use crate::{body_error::TooManyBytes, problem::Problem};
use axum::{
    BoxError,
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderMap, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http_body::{Frame, SizeHint};
use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
};

/// Number of bytes of each body that may use the reserve, so that small requests are not blocked by large ones.
const SMALL: usize = 16 << 10;

/// The number of bytes of all request bodies, up to a limit. A quarter of it is reserved for the first bytes of
/// each body.
#[derive(Clone, Debug)]
pub(crate) struct BytesInFlight {
    used: Arc<AtomicUsize>,
    limit: usize,
}

impl BytesInFlight {
    /// Creates a counter. The limit is raised if a body of the largest size would never fit.
    pub(crate) fn new(limit: usize, largest: usize) -> Self {
        let limit = limit.max(largest.saturating_add(largest / 3).saturating_add(1));
        Self { used: Arc::default(), limit }
    }

    fn reserve(&self, bytes: usize, limit: usize) -> Result<(), TooManyBytes> {
        let more = |used: usize| used.checked_add(bytes).filter(|used| *used <= limit);
        let reserved = self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        reserved.map(drop).map_err(|_| TooManyBytes)
    }

    fn has_room_for(&self, bytes: usize) -> bool {
        let limit = if bytes <= SMALL { self.limit } else { self.limit - self.limit / 4 };
        self.used.load(Ordering::Relaxed).saturating_add(bytes) <= limit
    }
}

/// The bytes of one request, until it has its response.
#[derive(Debug)]
struct RequestBytes {
    bytes: AtomicUsize,
    all: BytesInFlight,
}

impl RequestBytes {
    fn add(&self, bytes: usize) -> Result<(), TooManyBytes> {
        let held = self.bytes.load(Ordering::Relaxed);
        let limit = self.all.limit;
        let limit = if held + bytes <= SMALL { limit } else { limit - limit / 4 };
        self.all.reserve(bytes, limit)?;
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        Ok(())
    }
}

impl Drop for RequestBytes {
    fn drop(&mut self) {
        self.all.used.fetch_sub(*self.bytes.get_mut(), Ordering::Relaxed);
    }
}

/// Counts the bytes of a request's body from their arrival until the request has its response.
pub(crate) async fn count(
    State(all): State<BytesInFlight>,
    request: Request,
    next: Next,
) -> Response {
    // a body that does not fit is rejected without reading it
    if content_length(request.headers()).is_some_and(|bytes| !all.has_room_for(bytes)) {
        return Problem::overloaded().into_response();
    }
    let held = Arc::new(RequestBytes { bytes: AtomicUsize::new(0), all });
    let counted = Arc::clone(&held);
    let request = request.map(|body| Body::new(Counted { body, held: counted }));
    let response = next.run(request).await;
    drop(held);
    response
}

fn content_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// A body whose bytes are counted.
struct Counted {
    body: Body,
    held: Arc<RequestBytes>,
}

impl http_body::Body for Counted {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        let bytes = match &frame {
            Some(Ok(frame)) => frame.data_ref().map_or(0, Bytes::len),
            _ => 0,
        };
        if let Err(error) = self.held.add(bytes) {
            return Poll::Ready(Some(Err(error.into())));
        }
        Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn held(all: &BytesInFlight) -> RequestBytes {
        RequestBytes { bytes: AtomicUsize::new(0), all: all.clone() }
    }

    #[test]
    fn largest_body_always_fits() {
        for largest in [0, 1, 2, 3, 4, 5, 100, SMALL, SMALL + 1, 1 << 20, usize::MAX / 2] {
            let all = BytesInFlight::new(0, largest);
            assert!(all.has_room_for(largest), "{largest}");
            held(&all).add(largest).unwrap();
        }
    }

    #[test]
    fn a_quarter_is_reserved_for_small_bodies() {
        let all = BytesInFlight::new(4 << 20, 1);
        let large = held(&all);
        large.add(3 << 20).unwrap();
        held(&all).add(SMALL + 1).unwrap_err();
        assert!(!all.has_room_for(SMALL + 1) && all.has_room_for(SMALL));
        let small: Vec<_> = (0..64).map(|_| held(&all)).collect();
        for small in &small {
            small.add(SMALL).unwrap();
        }
        held(&all).add(1).unwrap_err();
        drop(small);
        large.add(1).unwrap_err();
        drop(large);
        assert_eq!(all.used.load(Ordering::Relaxed), 0);
    }
}
