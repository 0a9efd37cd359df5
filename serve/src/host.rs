//! The host of a request, and the origins of pages.
//!
//! In HTTP/1.1 the host is in the header `host`, or in the target if that is an absolute URI. In HTTP/2 it is in
//! `:authority`, and may also be in `host`.

use crate::problem::Problem;
use axum::http::{Request, header, uri::Authority};
use std::net::IpAddr;

/// A host in lower case, and its port if it is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Host {
    name: String,
    port: Option<u16>,
}

impl Host {
    /// Returns the host of a request; `None` if it has none.
    ///
    /// # Errors
    /// Returns a problem if the request has two hosts or an invalid one.
    pub(crate) fn of<B>(request: &Request<B>) -> Result<Option<Self>, Problem> {
        let scheme = request.uri().scheme_str().unwrap_or_default();
        let parse = |text| Some(Self::parse(text)?.without_default_port(scheme));
        let mut host = request.uri().authority().map(|authority| parse(authority.as_str()));
        for header in request.headers().get_all(header::HOST) {
            let named = header.to_str().ok().and_then(parse);
            if host.get_or_insert_with(|| named.clone()) != &named {
                return Err(invalid());
            }
        }
        host.map(|host| host.ok_or_else(invalid)).transpose()
    }

    fn parse(text: &str) -> Option<Self> {
        let authority = text.parse::<Authority>().ok()?;
        if authority.as_str().contains('@') || authority.host().is_empty() {
            return None;
        }
        let port = match authority.as_str().strip_prefix(authority.host())?.strip_prefix(':') {
            None | Some("") => None,
            Some(port) => Some(port.parse().ok()?),
        };
        Some(Self { name: authority.host().to_ascii_lowercase(), port })
    }

    fn without_default_port(mut self, scheme: &str) -> Self {
        self.port = self.port.filter(|port| Some(*port) != default_port(scheme));
        self
    }

    /// Returns whether the host is this machine, under a name that no web page can have.
    pub(crate) fn is_local(&self) -> bool {
        let name = self.name.strip_suffix('.').unwrap_or(&self.name);
        let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        name == "localhost"
            || name.ends_with(".localhost")
            || address.is_ok_and(|address| address.to_canonical().is_loopback())
    }
}

fn invalid() -> Problem {
    Problem::bad_request("invalid_host", "the request must have exactly one valid host")
}

/// The origin of a page: scheme, host and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    scheme: String,
    host: Host,
}

impl Origin {
    /// Parses an origin, such as `https://example.org`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (scheme, host) = text.split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        let host = Host::parse(host)?.without_default_port(&scheme);
        Some(Self { scheme, host })
    }

    /// Returns whether a page of this origin was served by a host. The scheme is ignored, because a proxy may
    /// terminate TLS.
    pub(crate) fn is_of(&self, host: &Host) -> bool {
        self.host == host.clone().without_default_port(&self.scheme)
    }
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn request(target: &str, hosts: &[&str]) -> Request<()> {
        let request = Request::get(target);
        hosts.iter().fold(request, |request, host| request.header("host", *host)).body(()).unwrap()
    }

    #[test]
    fn host_is_the_authority_in_every_form() {
        for (target, hosts, expected) in [
            ("/", &["Example.org"][..], ("example.org", None)),
            ("/", &["example.org:3000"], ("example.org", Some(3000))),
            ("/", &["example.org:"], ("example.org", None)),
            ("/", &["[::1]:80"], ("[::1]", Some(80))),
            ("http://EXAMPLE.org:81/x", &[], ("example.org", Some(81))),
            ("https://example.org/x", &["example.ORG"], ("example.org", None)),
            ("http://localhost:80/x", &["localhost"], ("localhost", None)),
            ("https://localhost/x", &["localhost:443"], ("localhost", None)),
            ("/", &["a.example", "A.example"], ("a.example", None)),
        ] {
            let host = Host::of(&request(target, hosts)).unwrap().unwrap();
            assert_eq!((host.name.as_str(), host.port), expected, "{target} {hosts:?}");
        }
        assert_eq!(Host::of(&request("/", &[])).unwrap(), None);
    }

    #[test]
    fn request_with_two_hosts_or_with_an_invalid_one_is_rejected() {
        for (target, hosts) in [
            ("http://localhost/", &["evil.example"][..]),
            ("http://evil.example/", &["localhost"]),
            ("/", &["localhost", "evil.example"]),
            ("/", &["localhost:1", "localhost:2"]),
            ("http://localhost/", &["localhost:443"]),
            ("/", &["user@localhost"]),
            ("/", &["localhost:port"]),
            ("/", &["localhost:99999"]),
            ("/", &[""]),
            ("/", &["a b"]),
        ] {
            let problem = Host::of(&request(target, hosts)).unwrap_err();
            assert_eq!(problem.code(), "invalid_host", "{target} {hosts:?}");
        }
    }

    #[test]
    fn hosts_that_no_web_page_can_have_are_local() {
        for (host, local) in [
            ("localhost", true),
            ("LocalHost:3000", true),
            ("localhost.", true),
            ("app.localhost:80", true),
            ("127.0.0.1", true),
            ("127.8.9.1:1", true),
            ("[::1]:3000", true),
            ("[::ffff:127.0.0.1]", true),
            ("evil.example", false),
            ("localhost.evil.example", false),
            ("notlocalhost", false),
            ("127.0.0.1.evil.example", false),
            ("10.0.0.1", false),
            ("[::2]", false),
        ] {
            assert_eq!(Host::parse(host).unwrap().is_local(), local, "{host}");
        }
    }

    #[test]
    fn origin_is_compared_without_case_and_default_ports() {
        for (origin, host, same) in [
            ("http://localhost:3000", "localhost:3000", true),
            ("http://LOCALHOST:3000", "LocalHost:3000", true),
            ("http://example.org", "example.org:80", true),
            ("https://example.org", "example.org:443", true),
            ("https://example.org", "example.org", true),
            ("https://example.org:443", "example.org", true),
            ("https://example.org", "example.org:80", false),
            ("http://example.org", "example.org:443", false),
            ("http://example.org:3000", "example.org", false),
            ("http://example.org", "example.org:3000", false),
            ("http://evil.example", "example.org", false),
            ("http://example.org.evil.example", "example.org", false),
        ] {
            let (origin, host) = (Origin::parse(origin).unwrap(), Host::parse(host).unwrap());
            assert_eq!(origin.is_of(&host), same, "{origin:?} {host:?}");
        }
        for text in ["null", "", "example.org", "http://", "http://a/b", "http://u@a"] {
            assert_eq!(Origin::parse(text), None, "{text}");
        }
        assert_eq!(
            Origin::parse("HTTPS://Good.example:443"),
            Origin::parse("https://good.example")
        );
    }
}
