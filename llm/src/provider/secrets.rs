//! Redaction of secrets.

/// Keys, and secrets in a URL. It deliberately has no `Debug`.
#[derive(Clone, Default)]
pub(super) struct Secrets(Vec<String>);

impl Secrets {
    pub(super) fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let secrets = secrets.into_iter().filter(|secret| !secret.is_empty());
        Self(secrets.map(str::to_owned).collect())
    }

    /// Returns the text as one short line, without secrets.
    pub(super) fn printable(&self, text: &str) -> String {
        const MOST: usize = 200;
        let hide = |text: String, secret: &String| text.replace(secret, "[key]");
        let text = self.0.iter().fold(text.to_owned(), hide);
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        match line.char_indices().nth(MOST) {
            Some((end, _)) => format!("{} …", line.get(..end).unwrap_or_default()),
            None if line.is_empty() => "no reason given".to_owned(),
            None => line,
        }
    }
}
