//! Extraction of messages from error responses.

use serde_json::Value;

/// JSON pointers to the message of an error.
const PLACES: &[&str] = &[
    "/error/message",
    "/message",
    "/error",
    "/error/detail",
    "/detail",
    "/detail/0/msg",
    "/errors/0/message",
    "/0/error/message",
    "/response/error/message",
    "",
];

/// Returns the message of an error in JSON, HTML or plain text, or the whole text if there is none.
pub(in super::super) fn message(text: &str) -> String {
    known_message(text).unwrap_or_else(|| {
        if text.trim_start().starts_with('<') { text_of_html(text) } else { text.to_owned() }
    })
}

/// Returns the message of an error in JSON, if it is in a known place.
pub(super) fn known_message(text: &str) -> Option<String> {
    let body: Value = serde_json::from_str(text).ok()?;
    let mut messages = PLACES.iter().filter_map(|place| body.pointer(place)?.as_str());
    messages.find(|message| !message.trim().is_empty()).map(str::to_owned)
}

/// Returns the text of an HTML page, without tags, styles and scripts.
fn text_of_html(page: &str) -> String {
    let mut text = String::new();
    let mut hidden: Option<&str> = None;
    for part in page.split('<').skip(1) {
        let (tag, shown) = part.split_once('>').unwrap_or((part, ""));
        let tag = tag.split_whitespace().next().unwrap_or_default();
        match hidden {
            Some(name)
                if tag.strip_prefix('/').is_some_and(|tag| tag.eq_ignore_ascii_case(name)) =>
            {
                hidden = None;
            }
            Some(_) => continue,
            None => {
                hidden =
                    ["style", "script"].into_iter().find(|name| tag.eq_ignore_ascii_case(name));
            }
        }
        if hidden.is_none() {
            text.push(' ');
            text.push_str(shown);
        }
    }
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::message;

    #[test]
    fn messages_are_found_in_json_html_and_text() {
        for (text, expected) in [
            (r#"{"error":{"message":"a"}}"#, "a"),
            (r#"{"error":"a"}"#, "a"),
            (r#"{"error":{"message":""},"message":"a"}"#, "a"),
            (r#"{"detail":[{"loc":["body"],"msg":"a"}]}"#, "a"),
            (r#""a""#, "a"),
            (r#"{"code":1}"#, r#"{"code":1}"#),
            ("a < b", "a < b"),
            ("<p>later</p>", "later"),
            ("<SCRIPT src=x>1 < 2</script >a<style>b</style>", "a"),
            ("<script>a", ""),
            ("<", ""),
        ] {
            assert_eq!(message(text).trim(), expected, "{text}");
        }
    }
}
