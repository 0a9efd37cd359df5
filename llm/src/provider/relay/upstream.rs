//! Requests to a provider, and its error responses.

use super::{super::secrets::Secrets, error_message, fault::Fault, report::Ending};
use crate::{ModelError, clock::Clock};
use reqwest::{Client, Response, header::HeaderMap, redirect::Policy};
use std::{
    error::Error,
    time::{Duration, UNIX_EPOCH},
};

/// The connect timeout. It uses tokio's clock, because the HTTP client has no other.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// The maximum number of redirects.
const REDIRECTS: usize = 5;
/// The maximum size of an error response that is read.
const REFUSAL: usize = 64 << 10;

/// Creates a client for providers.
pub(in super::super) fn client() -> Result<Client, ModelError> {
    let client = Client::builder()
        .connect_timeout(CONNECT_WITHIN)
        .redirect(Policy::custom(|attempt| {
            let origin = attempt.previous().first().map(reqwest::Url::origin);
            // the key must not be sent to another server
            if origin == Some(attempt.url().origin()) && attempt.previous().len() <= REDIRECTS {
                attempt.follow()
            } else {
                attempt.stop()
            }
        }))
        // also on tokio's clock; the silence of an answer is measured separately
        .http2_keep_alive_interval(Duration::from_secs(20))
        .http2_keep_alive_timeout(Duration::from_secs(10))
        .build();
    client.map_err(|error| ModelError::Request { reason: innermost(&error).to_string() })
}

/// Sends a request. Returns a response with a successful status.
pub(super) async fn send(
    client: &Client,
    request: reqwest::Request,
    secrets: &Secrets,
    clock: &Clock,
) -> Result<Response, Ending> {
    let response = client.execute(request).await.map_err(|error| {
        let reason = secrets.printable(&innermost(&error).to_string());
        Ending::Failed(if error.is_builder() {
            ModelError::Request { reason }
        } else {
            ModelError::Connection { reason }
        })
    })?;
    if !response.status().is_success() {
        return Err(Ending::Failed(refusal(response, secrets, clock).await));
    }
    // the client has decoded the encodings that it requested, and removed their header
    match response.headers().get("content-encoding") {
        Some(encoding) if encoding != "identity" => {
            let encoding = String::from_utf8_lossy(encoding.as_bytes()).into_owned();
            Err(Fault::ContentEncoding(encoding).ending(secrets))
        }
        _ => Ok(response),
    }
}

async fn refusal(mut response: Response, secrets: &Secrets, clock: &Clock) -> ModelError {
    let status = response.status().as_u16();
    let retry_after = retry_after(response.headers(), clock.wall());
    let reason = if status == 401 {
        // some providers quote a part of the key
        "the key is not accepted".to_owned()
    } else {
        let mut body = Vec::new();
        while let Ok(Some(bytes)) = response.chunk().await {
            body.extend_from_slice(&bytes);
            if body.len() >= REFUSAL {
                break;
            }
        }
        secrets.printable(&error_message::message(&String::from_utf8_lossy(&body)))
    };
    ModelError::Refused { status, reason, retry_after }
}

pub(in super::super) fn innermost<'a>(
    mut error: &'a (dyn Error + 'static),
) -> &'a (dyn Error + 'static) {
    while let Some(source) = error.source() {
        error = source;
    }
    error
}

/// Returns the delay that a provider asks for: in milliseconds, in seconds, or until a date.
fn retry_after(headers: &HeaderMap, now: Duration) -> Option<Duration> {
    let header = |name| headers.get(name)?.to_str().ok();
    let number = |name, unit: f64| {
        let count: f64 = header(name)?.trim().parse().ok()?;
        Duration::try_from_secs_f64(count * unit).ok()
    };
    let date = || {
        let date = httpdate::parse_http_date(header("retry-after")?).ok()?;
        Some(date.duration_since(UNIX_EPOCH + now).unwrap_or_default())
    };
    number("retry-after-ms", 0.001).or_else(|| number("retry-after", 1.0)).or_else(date)
}

#[cfg(test)]
mod tests {
    use super::retry_after;
    use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn retry_after_is_read_in_seconds_milliseconds_and_as_a_date() {
        let now = Duration::from_hours(1_000_000);
        let in_an_hour = httpdate::fmt_http_date(UNIX_EPOCH + now + Duration::from_hours(1));
        let ask = |name: &'static str, value: &str| {
            let value = HeaderValue::from_str(value).ok()?;
            retry_after(&HeaderMap::from_iter([(HeaderName::from_static(name), value)]), now)
        };
        assert_eq!(ask("retry-after", "7"), Some(Duration::from_secs(7)));
        assert_eq!(ask("retry-after", " 0.5 "), Some(Duration::from_millis(500)));
        assert_eq!(ask("retry-after-ms", "1500"), Some(Duration::from_millis(1500)));
        assert_eq!(ask("retry-after", &in_an_hour), Some(Duration::from_hours(1)));
        let past = "Sun, 06 Nov 1994 08:49:37 GMT";
        assert_eq!(ask("retry-after", past), Some(Duration::ZERO));
        for nonsense in ["-1", "soon", "NaN", "inf", "1e400", ""] {
            assert_eq!(ask("retry-after", nonsense), None, "{nonsense}");
        }
    }
}
