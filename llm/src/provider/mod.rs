//! Real models, through the crate `genai`: `OpenAI`, Anthropic, Gemini, whatever else it knows by the
//! model's name, and any server with the protocol of `OpenAI`.
//!
//! Texts of errors are made here and not passed on, because `genai` quotes what servers answer, and
//! servers quote what they were sent.

#[cfg(test)]
mod tests;

use super::{Chunks, Message, ModelError, Role, Settings};
use futures_util::{Stream, StreamExt, stream};
use genai::{
    Client, ModelIden, ModelSpec, ServiceTarget, WebConfig,
    adapter::AdapterKind,
    chat::{ChatMessage, ChatOptions, ChatRequest, ChatStream, ChatStreamEvent},
    resolver::{AuthData, Endpoint},
};
use std::{error::Error, fmt, future, time::Duration};

/// A small model for each key; the first key that is set counts.
const DEFAULT_MODELS: &[(&str, &str)] = &[
    (OPENAI_KEY, "gpt-5.4-mini"),
    ("ANTHROPIC_API_KEY", "claude-haiku-4-5"),
    ("GEMINI_API_KEY", "gemini-3.5-flash-lite"),
];

const OPENAI_KEY: &str = "OPENAI_API_KEY";

/// How long to wait for a connection.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// How long to wait for the answer to begin, and then for each next piece.
const ANSWER_WITHIN: Duration = Duration::from_mins(1);

/// A model at a provider.
#[derive(Clone)]
pub(super) struct Provider {
    client: Client,
    target: ModelSpec,
    key: Key,
    introduction: String,
}

/// A secret, empty where none is needed. It has no `Debug` on purpose.
#[derive(Clone, Default)]
struct Key(String);

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // a base URL may hold a secret as well
        write!(f, "Provider({})", self.introduction)
    }
}

impl Provider {
    /// Takes what the settings ask for, if they ask for a provider at all.
    pub(super) fn choose(setting: Settings<'_>) -> Result<Option<Self>, ModelError> {
        let model = setting("BURDOCK_MODEL");
        if let Some(url) = setting("BURDOCK_BASE_URL") {
            let key = setting(OPENAI_KEY).map(Key).unwrap_or_default();
            let model = model.ok_or_else(|| ModelError::MissingSetting {
                name: "BURDOCK_MODEL",
                purpose: "`BURDOCK_BASE_URL`".to_owned(),
            })?;
            return Self::at(&url, &model, key).map(Some);
        }
        let mut defaults = DEFAULT_MODELS.iter();
        let default = || {
            let (_, model) = defaults.find(|(key, _)| setting(key).is_some())?;
            Some((*model).to_owned())
        };
        match model.or_else(default) {
            Some(model) => Self::named(&model, setting).map(Some),
            None => Ok(None),
        }
    }

    /// One line that says which model answers.
    pub(super) fn introduction(&self) -> String {
        self.introduction.clone()
    }

    /// Streams the answer; returns with its first words in hand, or with what went wrong instead.
    pub(super) async fn chat(
        &self,
        preamble: &str,
        history: &[&Message],
    ) -> Result<Chunks, ModelError> {
        let answer = self
            .client
            .exec_chat_stream(self.target.clone(), request(preamble, history), None)
            .await
            .map_err(|error| explain(&error, &self.key))?;
        let mut texts = Box::pin(texts(answer.stream, self.key.clone()));
        Ok(match texts.next().await.transpose()? {
            Some(first) => Box::pin(stream::once(future::ready(Ok(first))).chain(texts)),
            None => texts,
        })
    }

    /// A server with the protocol of `OpenAI`.
    fn at(url: &str, model: &str, key: Key) -> Result<Self, ModelError> {
        if !["http://", "https://"].iter().any(|scheme| url.starts_with(scheme)) {
            return Err(ModelError::Setting {
                name: "BURDOCK_BASE_URL",
                expected: "a URL that starts with `http://` or `https://`",
            });
        }
        // `genai` demands a key even where the server does not look at it
        let secret = if key.0.is_empty() { "none" } else { &key.0 };
        let target = ServiceTarget {
            endpoint: Endpoint::from_owned(as_folder(url)),
            auth: AuthData::from_single(secret),
            model: ModelIden::new(AdapterKind::OpenAI, model),
        };
        Ok(Self {
            client: client(None)?,
            target: ModelSpec::from_target(target),
            introduction: format!(
                "online: the model `{model}` answers, at {}",
                without_secrets(url)
            ),
            key,
        })
    }

    /// A model whose name tells `genai` whose it is.
    fn named(model: &str, setting: Settings<'_>) -> Result<Self, ModelError> {
        let owner =
            AdapterKind::from_model(model).map_err(|error| explain(&error, &Key::default()))?;
        let key = match owner.default_key_env_name() {
            Some(name) => setting(name).map(Key).ok_or_else(|| ModelError::MissingSetting {
                name,
                purpose: format!("the model `{model}`"),
            })?,
            None => Key::default(),
        };
        Ok(Self {
            client: client(Some((owner, &key)))?,
            target: ModelSpec::from_iden(ModelIden::new(owner, model)),
            introduction: format!("online: the model `{model}` answers, by way of {owner}"),
            key,
        })
    }
}

fn client(account: Option<(AdapterKind, &Key)>) -> Result<Client, ModelError> {
    let options = ChatOptions::default()
        .with_stream_header_timeout(ANSWER_WITHIN)
        .with_stream_read_timeout(ANSWER_WITHIN);
    let mut client = Client::builder()
        .with_chat_options(options)
        .with_web_config(WebConfig::default().with_connect_timeout(CONNECT_WITHIN));
    if let Some((owner, key)) = account.filter(|(_, key)| !key.0.is_empty()) {
        client = client.append_provider_config(owner, AuthData::from_single(&key.0));
    }
    client.build().map_err(|error| explain(&error, &Key::default()))
}

fn request(preamble: &str, history: &[&Message]) -> ChatRequest {
    // an answer that was stopped before its first word is nothing that providers accept
    let said = history.iter().filter(|message| !message.text.is_empty());
    let request = ChatRequest::from_messages(said.map(|message| chat_message(message)).collect());
    if preamble.is_empty() { request } else { request.with_system(preamble) }
}

fn chat_message(message: &Message) -> ChatMessage {
    match message.role {
        Role::User => ChatMessage::user(&message.text),
        Role::Assistant => ChatMessage::assistant(&message.text),
    }
}

/// The texts of an answer; ends after the first error.
fn texts(answer: ChatStream, key: Key) -> impl Stream<Item = Result<String, ModelError>> + Send {
    stream::unfold(Some((answer, key)), async |state| {
        let (mut answer, key) = state?;
        loop {
            match answer.next().await {
                Some(Ok(ChatStreamEvent::Chunk(chunk))) => {
                    return Some((Ok(chunk.content), Some((answer, key))));
                }
                Some(Ok(ChatStreamEvent::End(_))) => return None,
                Some(Ok(_)) => {}
                Some(Err(error)) => return Some((Err(explain(&error, &key)), None)),
                None => return Some((Err(cut_short()), None)),
            }
        }
    })
}

fn cut_short() -> ModelError {
    ModelError::Connection { reason: "it was closed before the answer was complete".to_owned() }
}

/// Says what went wrong, without the key.
fn explain(error: &genai::Error, key: &Key) -> ModelError {
    match error {
        genai::Error::WebStream { error, .. } => match error.downcast_ref::<genai::Error>() {
            Some(inner) => explain(inner, key),
            None => {
                ModelError::Connection { reason: printable(&innermost(&**error).to_string(), key) }
            }
        },
        genai::Error::HttpError { status, body, .. } => ModelError::Refused {
            status: status.as_u16(),
            reason: match status.as_u16() {
                401 | 403 => "the key is not accepted".to_owned(),
                _ => printable(
                    &serde_json::from_str(body).map_or(body.clone(), |body| complaint(&body)),
                    key,
                ),
            },
        },
        genai::Error::ChatResponse { body, .. } => {
            ModelError::GaveUp { reason: printable(&complaint(body), key) }
        }
        genai::Error::StreamParse { .. } => {
            ModelError::GaveUp { reason: "part of its answer could not be read".to_owned() }
        }
        // quotes the URL
        genai::Error::Internal(_) => {
            ModelError::Request { reason: "the URL cannot be read".to_owned() }
        }
        other => ModelError::Request { reason: printable(&other.to_string(), key) },
    }
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

/// One short line without the key.
fn printable(text: &str, key: &Key) -> String {
    const MOST: usize = 200;
    let text = if key.0.is_empty() { text.to_owned() } else { text.replace(&key.0, "[key]") };
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{} …", line.get(..end).unwrap_or_default()),
        None if line.is_empty() => "no reason given".to_owned(),
        None => line,
    }
}

/// A URL to which a path can be added: its own path ends with a slash.
fn as_folder(url: &str) -> String {
    let (path, query) = url.split_at(url.find('?').unwrap_or(url.len()));
    format!("{}/{query}", path.trim_end_matches('/'))
}

/// A URL without a password and without a query.
fn without_secrets(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let end = rest.find(['?', '#']).unwrap_or(rest.len());
    let rest = rest.get(..end).unwrap_or_default();
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}
