//! Base URLs.

/// Returns whether the URL is an HTTP or HTTPS URL.
pub(super) fn is_of_http(url: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| url.starts_with(scheme))
}

/// Returns the URL with a slash at the end of its path, so that a path can be appended.
pub(super) fn as_folder(url: &str) -> String {
    let (path, query) = url.split_at(url.find('?').unwrap_or(url.len()));
    format!("{}/{query}", path.trim_end_matches('/'))
}

/// Returns the URL without its credentials and query.
pub(super) fn without_secrets(url: &str) -> String {
    let Parts { scheme, host, path, .. } = parts(url);
    format!("{scheme}://{host}{path}")
}

/// Returns the secrets of a URL: its password, or its user if there is none, and the values of its
/// query.
pub(super) fn secrets(url: &str) -> impl Iterator<Item = &str> {
    let Parts { user, query, .. } = parts(url);
    let password = user.split_once(':').map_or(user, |(_, password)| password);
    let values = query.split('&').filter_map(|pair| pair.split_once('=').map(|(_, value)| value));
    std::iter::once(password).chain(values).filter(|secret| !secret.is_empty())
}

struct Parts<'a> {
    scheme: &'a str,
    user: &'a str,
    host: &'a str,
    path: &'a str,
    query: &'a str,
}

fn parts(url: &str) -> Parts<'_> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let (rest, query) = rest.split_at(rest.find(['?', '#']).unwrap_or(rest.len()));
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (user, host) = host.rsplit_once('@').unwrap_or(("", host));
    Parts { scheme, user, host, path, query: query.trim_start_matches('?') }
}

#[cfg(test)]
mod tests {
    use super::{as_folder, secrets, without_secrets};

    #[test]
    fn base_url_keeps_its_query_and_ends_its_path_with_a_slash() {
        for (url, expected) in [
            ("http://h/v1", "http://h/v1/"),
            ("http://h/v1//", "http://h/v1/"),
            ("http://h/v1?version=2", "http://h/v1/?version=2"),
        ] {
            assert_eq!(as_folder(url), expected);
        }
    }

    #[test]
    fn passwords_and_queries_are_not_shown() {
        let url = "https://ada:word@host:8/v1?key=k1&x=k2";
        assert_eq!(without_secrets(url), "https://host:8/v1");
        assert_eq!(secrets(url).collect::<Vec<_>>(), ["word", "k1", "k2"]);
        assert_eq!(secrets("http://sk-1@host/v1").collect::<Vec<_>>(), ["sk-1"]);
        assert_eq!(secrets("http://host/v1").count(), 0);
    }
}
