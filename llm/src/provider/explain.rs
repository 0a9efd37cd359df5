//! What went wrong at a provider, without its key.

use super::secrets::Secrets;
use crate::ModelError;
use std::{
    error::Error,
    str::Utf8Error,
    string::FromUtf8Error,
    time::{Duration, SystemTime},
};

/// Says what went wrong, without a secret.
pub(super) fn explain(error: &genai::Error, secrets: &Secrets) -> ModelError {
    match error {
        genai::Error::WebStream { error, .. } => match error.downcast_ref::<genai::Error>() {
            Some(inner) => explain(inner, secrets),
            None if is_no_text(&**error) => {
                ModelError::GaveUp { reason: "its answer is not UTF-8".to_owned() }
            }
            None => {
                let reason = secrets.printable(&innermost(&**error).to_string());
                ModelError::Connection { reason }
            }
        },
        genai::Error::HttpError { status, body, headers, .. } => ModelError::Refused {
            status: status.as_u16(),
            reason: match status.as_u16() {
                // whose text has part of the key, at some providers
                401 => "the key is not accepted".to_owned(),
                _ => secrets.printable(
                    &serde_json::from_str(body).map_or(body.clone(), |body| complaint(&body)),
                ),
            },
            retry_after: retry_after(|name| headers.get(name)?.to_str().ok()),
        },
        genai::Error::ChatResponse { body, .. } => {
            ModelError::GaveUp { reason: secrets.printable(&complaint(body)) }
        }
        genai::Error::StreamParse { .. } if is_cut(error) => ModelError::cut_short(),
        genai::Error::StreamParse { .. } => {
            ModelError::GaveUp { reason: "part of its answer could not be read".to_owned() }
        }
        // quotes the URL
        genai::Error::Internal(_) => {
            ModelError::Request { reason: "the URL cannot be read".to_owned() }
        }
        other => ModelError::Request { reason: secrets.printable(&other.to_string()) },
    }
}

/// Whether the connection is gone, maybe in the middle of a line.
pub(super) fn is_cut(error: &genai::Error) -> bool {
    match error {
        genai::Error::WebStream { error, .. } => {
            !error.is::<genai::Error>() && !is_no_text(&**error)
        }
        genai::Error::StreamParse { serde_error, .. } => serde_error.is_eof(),
        _ => false,
    }
}

fn is_no_text(error: &(dyn Error + 'static)) -> bool {
    error.is::<Utf8Error>() || error.is::<FromUtf8Error>()
}

/// What a provider says in an error, in the places where providers say it.
fn complaint(body: &serde_json::Value) -> String {
    let places = ["/error/message", "/message", "/error", ""];
    let mut said = places.iter().filter_map(|place| body.pointer(place)?.as_str());
    said.next().map_or_else(|| body.to_string(), str::to_owned)
}

fn innermost<'a>(mut error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    while let Some(source) = error.source() {
        error = source;
    }
    error
}

/// How long a provider asks to be left alone: in milliseconds, in seconds, or until a date.
fn retry_after<'a>(header: impl Fn(&str) -> Option<&'a str>) -> Option<Duration> {
    let number = |name, unit: f64| {
        let count: f64 = header(name)?.trim().parse().ok()?;
        Duration::try_from_secs_f64(count * unit).ok()
    };
    let date = || {
        let date = httpdate::parse_http_date(header("retry-after")?).ok()?;
        Some(date.duration_since(SystemTime::now()).unwrap_or_default())
    };
    number("retry-after-ms", 0.001).or_else(|| number("retry-after", 1.0)).or_else(date)
}

#[cfg(test)]
mod tests {
    use super::retry_after;
    use std::time::{Duration, SystemTime};

    #[test]
    fn providers_say_in_several_ways_when_to_come_back() {
        let in_an_hour = httpdate::fmt_http_date(SystemTime::now() + Duration::from_hours(1));
        let ask = |name: &'static str, value: &str| {
            retry_after(|wanted| (wanted == name).then(|| value.to_owned().leak() as &str))
        };
        assert_eq!(ask("retry-after", "7"), Some(Duration::from_secs(7)));
        assert_eq!(ask("retry-after", " 0.5 "), Some(Duration::from_millis(500)));
        assert_eq!(ask("retry-after-ms", "1500"), Some(Duration::from_millis(1500)));
        assert!(ask("retry-after", &in_an_hour).is_some_and(|wait| wait.as_secs() > 3500));
        let past = "Sun, 06 Nov 1994 08:49:37 GMT";
        assert_eq!(ask("retry-after", past), Some(Duration::ZERO));
        for nonsense in ["-1", "soon", "NaN", "inf", "1e400", ""] {
            assert_eq!(ask("retry-after", nonsense), None, "{nonsense}");
        }
    }
}
