//! Real models, through the crate `genai`: `OpenAI`, Anthropic, Gemini, any other provider that `genai`
//! knows by the name of the model, and any server with the `OpenAI` protocol.
//!
//! Error texts are written here and not passed on, because `genai` quotes responses of servers, and
//! servers quote the requests that they received.

mod answer;
mod explain;
mod limits;
mod relay;
mod request;
mod schema;
mod secrets;
mod target;
#[cfg(test)]
mod tests;
mod untraced;
mod url;

use self::{
    answer::ProviderAnswer,
    explain::explain,
    limits::Limits,
    relay::{Relay, Report},
    schema::Dialect,
    secrets::Secrets,
    untraced::Untraced,
};
use crate::{
    Answer, Model, ModelError, Request, ResponseSchema, Role, clock::Clock, environment::Settings,
};
use burdock::Runtime;
use futures_util::{FutureExt, stream};
use genai::{
    Client, ModelIden, ModelSpec, ServiceTarget,
    adapter::AdapterKind,
    resolver::{AuthData, Endpoint},
};
use std::{fmt, time::Duration};
use tokio::runtime::Handle;

/// A small model for each key. The first key that is set is used.
const DEFAULT_MODELS: &[(&str, &str)] = &[
    (OPENAI_KEY, "gpt-5.4-mini"),
    ("ANTHROPIC_API_KEY", "claude-haiku-4-5"),
    ("GEMINI_API_KEY", "gemini-3.5-flash-lite"),
];

const OPENAI_KEY: &str = "OPENAI_API_KEY";

/// A model of a provider.
///
/// Nothing is sent before an answer is polled, which requires a tokio runtime. Dropping an answer
/// closes its connection. Messages and tools are sent to the provider unchanged, except that a
/// [`Message`](crate::Message) without text and calls is omitted. No error, `Debug` output or trace
/// contains the key.
///
/// An answer whose connection ends before the last event of its protocol, whether it was closed or
/// lost, ends with [`Reason::Truncated`](crate::Reason::Truncated), or with an error if no text has
/// arrived. With Bedrock, only a lost connection is detected: a closed one counts as the end of the
/// answer.
///
/// ```
/// use burdock_llm::Provider;
///
/// // nothing is sent yet
/// let model = Provider::at("http://localhost:8000/v1", "small", Some("sk-secret"))?;
/// let shown = format!("{model:?}");
/// assert!(shown.contains("small") && !shown.contains("sk-secret"));
/// # Ok::<_, burdock_llm::ModelError>(())
/// ```
#[derive(Clone)]
pub struct Provider {
    client: Client,
    /// The client of the relay, for requests to the provider.
    upstream: reqwest::Client,
    target: ModelSpec,
    secrets: Secrets,
    introduction: String,
    limits: Limits,
    /// The schemas that the provider supports; `None` if it supports none.
    dialect: Option<Dialect>,
    clock: Clock,
}

/// How the schema of a typed answer is sent to a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SchemaMode {
    /// As structured output, for each schema that the provider can express.
    Structured,
    /// In the text of the prompt, which works with every model.
    Prompted,
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // the base URL may contain a secret as well
        write!(f, "Provider({})", self.introduction)
    }
}

impl Provider {
    /// Creates a model of a server with the `OpenAI` protocol.
    ///
    /// # Errors
    /// Returns an error if the URL is invalid, or if the HTTP client cannot be created, for example
    /// because there are no certificates.
    pub fn at(url: &str, model: &str, key: Option<&str>) -> Result<Self, ModelError> {
        if !url::is_of_http(url) {
            let reason = "the URL does not start with `http://` or `https://`".to_owned();
            return Err(ModelError::Request { reason });
        }
        let key = given(key);
        let target = ServiceTarget {
            endpoint: Endpoint::from_owned(url::as_folder(url)),
            // `genai` requires a key even if the server does not check it
            auth: AuthData::from_single(key.unwrap_or("none")),
            model: ModelIden::new(AdapterKind::OpenAI, model),
        };
        let shown = url::without_secrets(url);
        let provider = Self::new(
            client(None)?,
            ModelSpec::from_target(target),
            Secrets::new(key.into_iter().chain(url::secrets(url))),
            format!("online: model `{model}` at {shown}"),
        )?;
        let mode = if shown.starts_with("https://api.openai.com/") {
            SchemaMode::Structured
        } else {
            SchemaMode::Prompted
        };
        Ok(provider.schema_mode(mode))
    }

    /// Creates a model of the provider that `genai` associates with the model's name.
    ///
    /// ```no_run
    /// use burdock_llm::{Model, Provider, Request, Retrying};
    ///
    /// # async fn greet() -> Result<(), Box<dyn std::error::Error>> {
    /// let key = std::env::var("ANTHROPIC_API_KEY")?;
    /// let llm = Retrying::new(Provider::named("claude-haiku-4-5", Some(&key))?);
    /// println!("{}", llm.chat(Request::prompt("Hello!")).whole().await?.text);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Returns an error if the model requires a key and `key` is `None`, or if the HTTP client cannot
    /// be created, for example because there are no certificates.
    pub fn named(model: &str, key: Option<&str>) -> Result<Self, ModelError> {
        let (key, owner) = (given(key), owner(model)?);
        // `genai` would read a key from the environment, and it could not be removed from responses
        if let (None, Some(name)) = (key, owner.default_key_env_name()) {
            let purpose = format!("the model `{model}`");
            return Err(ModelError::MissingSetting { name, purpose });
        }
        Self::new(
            client(key.map(|key| (owner, key)))?,
            ModelSpec::from_iden(ModelIden::new(owner, model)),
            Secrets::new(key),
            format!("online: model `{model}` of {owner}"),
        )
    }

    /// Sets how long the provider may be silent, before its answer and between two events. Defaults to
    /// two minutes. Keep-alives do not count as events; reasoning that is not shown does. Time in which
    /// the answer is not polled does not count.
    #[must_use]
    pub fn silent_for(mut self, limit: Duration) -> Self {
        self.limits.silent_for = limit;
        self
    }

    /// Limits the size of an answer in bytes: of its text, and separately of tool calls and hidden
    /// reasoning. Defaults to 8 MiB. A longer answer ends with [`Reason::Limit`](crate::Reason::Limit).
    #[must_use]
    pub fn at_most(mut self, bytes: usize) -> Self {
        self.limits.answer = bytes;
        self
    }

    /// Limits the size of one line, one event and one frame in bytes, which bounds the memory of an
    /// answer. Defaults to 4 MiB. A larger one fails the answer with [`ModelError::Oversized`].
    #[must_use]
    pub fn line_at_most(mut self, bytes: usize) -> Self {
        self.limits.line = bytes;
        self
    }

    /// Limits the size of the whole body in bytes, after decompression. Defaults to 256 MiB. A larger
    /// one fails the answer with [`ModelError::Oversized`].
    #[must_use]
    pub fn body_at_most(mut self, bytes: usize) -> Self {
        self.limits.body = bytes;
        self
    }

    /// Sets how the schema of a typed answer is sent to the provider.
    ///
    /// Defaults to [`SchemaMode::Structured`] for `OpenAI`, Anthropic, Gemini, xAI, Mistral, Fireworks
    /// and Together in [`named`](Self::named), and for `api.openai.com` in [`at`](Self::at). Their
    /// older models do not support it and reject the request. Everywhere else the default is
    /// [`SchemaMode::Prompted`], because servers with the `OpenAI` protocol may ignore a schema; for
    /// servers that do not, such as vLLM or llama.cpp, set [`SchemaMode::Structured`]. Providers to
    /// which `genai` does not pass schemas stay prompted, and so do schemas that a provider cannot
    /// express, such as maps with `OpenAI`, and recursion with Anthropic and Gemini.
    ///
    /// ```
    /// use burdock_llm::{Model, Provider, ResponseSchema, SchemaMode};
    ///
    /// let schema = ResponseSchema::new("number", serde_json::json!({
    ///     "type": "object",
    ///     "properties": { "value": { "type": "integer" } },
    ///     "required": ["value"],
    /// }));
    /// let vllm = Provider::at("http://localhost:8000/v1", "small", None)?;
    /// assert!(!vllm.accepts_schema(&schema)); // part of the prompt
    /// assert!(vllm.schema_mode(SchemaMode::Structured).accepts_schema(&schema));
    /// # Ok::<_, burdock_llm::ModelError>(())
    /// ```
    #[must_use]
    pub fn schema_mode(mut self, mode: SchemaMode) -> Self {
        self.dialect = match mode {
            SchemaMode::Structured => Dialect::of(self.adapter()),
            SchemaMode::Prompted => None,
        };
        self
    }

    /// Sets the runtime that measures the silence of the provider, and times the answer. Defaults to
    /// that of the request. Timeouts for connecting and HTTP/2 keep-alives use tokio's clock, because
    /// the HTTP client has no other.
    #[must_use]
    pub fn runtime(mut self, runtime: impl Runtime) -> Self {
        self.clock = Clock::new(runtime);
        self
    }

    /// Returns a one-line description of the model and its provider.
    pub fn introduction(&self) -> &str {
        &self.introduction
    }

    /// Creates the provider that the settings select, or returns `None` if they select none.
    pub(crate) fn choose(setting: Settings<'_>) -> Result<Option<Self>, ModelError> {
        let model = setting("BURDOCK_MODEL");
        if let Some(url) = setting("BURDOCK_BASE_URL") {
            if !url::is_of_http(&url) {
                return Err(ModelError::Setting {
                    name: "BURDOCK_BASE_URL",
                    expected: "a URL that starts with `http://` or `https://`",
                });
            }
            let model = model.ok_or_else(|| ModelError::MissingSetting {
                name: "BURDOCK_MODEL",
                purpose: "`BURDOCK_BASE_URL`".to_owned(),
            })?;
            return Self::at(&url, &model, setting(OPENAI_KEY).as_deref()).map(Some);
        }
        let mut defaults = DEFAULT_MODELS.iter();
        let default = || {
            let (_, model) = defaults.find(|(key, _)| setting(key).is_some())?;
            Some((*model).to_owned())
        };
        let Some(model) = model.or_else(default) else { return Ok(None) };
        let key = owner(&model)?.default_key_env_name().and_then(setting);
        Self::named(&model, key.as_deref()).map(Some)
    }

    fn new(
        client: Client,
        target: ModelSpec,
        secrets: Secrets,
        introduction: String,
    ) -> Result<Self, ModelError> {
        let (upstream, limits) = (relay::client()?, Limits::default());
        let (dialect, clock) = (None, Clock::default());
        let provider =
            Self { client, upstream, target, secrets, introduction, limits, dialect, clock };
        Ok(provider.schema_mode(SchemaMode::Structured))
    }

    /// Returns the protocol of the provider.
    fn adapter(&self) -> AdapterKind {
        match &self.target {
            ModelSpec::Target(target) => target.model.adapter_kind,
            ModelSpec::Iden(model) => model.adapter_kind,
            ModelSpec::Name(name) => AdapterKind::from_model(name).unwrap_or(AdapterKind::Ollama),
        }
    }

    /// Sends the request. Must be polled in a tokio runtime.
    async fn send(self, request: Request) -> Result<Answer, ModelError> {
        let Self { client, upstream, target, secrets, limits, dialect, clock, .. } = self;
        let (request, options) = request::translate(request, dialect);
        let explained = |error| explain(&error, &secrets);
        let target = client.resolve_service_target(target).await.map_err(explained)?;
        let mut target = target::addressed(target);
        let report = Report::new(clock);
        let base = target.endpoint.base_url();
        let relay = Relay::open(upstream, base, limits, secrets.clone(), report.clone()).await?;
        target.endpoint = Endpoint::from_owned(relay.address());
        let events = client.exec_chat_stream(target, request, Some(&options)).await;
        let events = events.map_err(explained)?.stream;
        Ok(ProviderAnswer::stream(events, relay, report, secrets, limits))
    }
}

impl Model for Provider {
    fn chat(&self, request: Request) -> Answer {
        if !request.messages.iter().any(|message| message.role == Role::User) {
            return Answer::new(stream::iter([Err(ModelError::NothingAsked)]));
        }
        let (clock, at_most) = (self.clock.or(&request.clock), self.limits.answer);
        let provider = Self { clock: clock.clone(), ..self.clone() };
        let answer = async move {
            // the HTTP client would panic
            if Handle::try_current().is_err() {
                let reason = "a provider must be used inside a tokio runtime".to_owned();
                return Answer::new(stream::iter([Err(ModelError::Request { reason })]));
            }
            let answer = provider.send(request).await;
            answer.unwrap_or_else(|error| Answer::new(stream::iter([Err(error)])))
        };
        let answer = Untraced::new(Answer::new(answer.flatten_stream()));
        Answer::timed(answer, clock).at_most(at_most)
    }

    fn accepts_schema(&self, schema: &ResponseSchema) -> bool {
        self.dialect.is_some_and(|dialect| dialect.translate(&schema.schema).is_some())
    }
}

/// Trims a key, which may end with a line feed if it was read from a file. An empty key is `None`.
fn given(key: Option<&str>) -> Option<&str> {
    key.map(str::trim).filter(|key| !key.is_empty())
}

/// Returns the provider that `genai` associates with a model's name.
fn owner(model: &str) -> Result<AdapterKind, ModelError> {
    AdapterKind::from_model(model).map_err(|error| explain(&error, &Secrets::default()))
}

fn client(account: Option<(AdapterKind, &str)>) -> Result<Client, ModelError> {
    let mut client = Client::builder().with_reqwest(relay::local_client()?);
    if let Some((owner, key)) = account {
        client = client.append_provider_config(owner, AuthData::from_single(key));
    }
    client.build().map_err(|error| explain(&error, &Secrets::default()))
}
