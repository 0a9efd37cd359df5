//! Real models, through the crate `genai`: `OpenAI`, Anthropic, Gemini, whatever else it knows by the
//! model's name, and any server with the protocol of `OpenAI`.
//!
//! Texts of errors are made here and not passed on, because `genai` quotes what servers answer, and
//! servers quote what they were sent.

mod explain;
mod limits;
mod muted;
mod relay;
mod request;
mod said;
mod schema;
mod secrets;
mod target;
#[cfg(test)]
mod tests;
mod url;

use self::{
    explain::explain,
    limits::Limits,
    muted::Muted,
    relay::{Relay, Report},
    said::Said,
    schema::Dialect,
    secrets::Secrets,
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

/// A small model for each key; the first key that is set counts.
const DEFAULT_MODELS: &[(&str, &str)] = &[
    (OPENAI_KEY, "gpt-5.4-mini"),
    ("ANTHROPIC_API_KEY", "claude-haiku-4-5"),
    ("GEMINI_API_KEY", "gemini-3.5-flash-lite"),
];

const OPENAI_KEY: &str = "OPENAI_API_KEY";

/// A model at a provider.
///
/// Nothing is sent before an answer is polled, which has to be in a tokio runtime, and a dropped answer
/// closes its connection. What is in
/// a [`Message`](crate::Message) or [`Tool`](crate::Tool) goes to the provider as it is; a message
/// without text and calls is left out. The key is in no error, no `Debug` and no trace.
///
/// An answer whose connection ends before the last event of its protocol, in an orderly way or not, ends
/// with [`Reason::Truncated`](crate::Reason::Truncated), or with an error if there is no text yet. At
/// Bedrock only a connection that is lost is noticed: an orderly close counts as the end.
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
    /// What the relay asks the provider with.
    upstream: reqwest::Client,
    target: ModelSpec,
    secrets: Secrets,
    introduction: String,
    limits: Limits,
    /// The schemas that the provider takes; `None` if it takes none.
    dialect: Option<Dialect>,
    clock: Clock,
}

/// How a provider is told the schema of a typed answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SchemaMode {
    /// By the provider's structured output, for each schema that it can express.
    Structured,
    /// In the text of the prompt, which every model reads.
    Prompted,
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // a base URL may hold a secret as well
        write!(f, "Provider({})", self.introduction)
    }
}

impl Provider {
    /// Takes a server with the protocol of `OpenAI`.
    ///
    /// # Errors
    /// A URL that is none, or a client that cannot be made, say for want of certificates.
    pub fn at(url: &str, model: &str, key: Option<&str>) -> Result<Self, ModelError> {
        if !url::is_of_http(url) {
            let reason = "its URL does not start with `http://` or `https://`".to_owned();
            return Err(ModelError::Request { reason });
        }
        let key = given(key);
        let target = ServiceTarget {
            endpoint: Endpoint::from_owned(url::as_folder(url)),
            // `genai` demands a key even where the server does not look at it
            auth: AuthData::from_single(key.unwrap_or("none")),
            model: ModelIden::new(AdapterKind::OpenAI, model),
        };
        let shown = url::without_secrets(url);
        let provider = Self::new(
            client(None)?,
            ModelSpec::from_target(target),
            Secrets::new(key.into_iter().chain(url::secrets(url))),
            format!("online: the model `{model}` answers, at {shown}"),
        )?;
        let mode = if shown.starts_with("https://api.openai.com/") {
            SchemaMode::Structured
        } else {
            SchemaMode::Prompted
        };
        Ok(provider.schema_mode(mode))
    }

    /// Takes a model whose name tells `genai` whose it is.
    ///
    /// # Errors
    /// A model that needs a key, without one; a client that cannot be made, say for want of
    /// certificates.
    pub fn named(model: &str, key: Option<&str>) -> Result<Self, ModelError> {
        let (key, owner) = (given(key), owner(model)?);
        // `genai` would look for one in the environment, and nobody would know it in what servers say
        if let (None, Some(name)) = (key, owner.default_key_env_name()) {
            let purpose = format!("the model `{model}`");
            return Err(ModelError::MissingSetting { name, purpose });
        }
        Self::new(
            client(key.map(|key| (owner, key)))?,
            ModelSpec::from_iden(ModelIden::new(owner, model)),
            Secrets::new(key),
            format!("online: the model `{model}` answers, by way of {owner}"),
        )
    }

    /// Sets how long the provider may be silent, before its answer and between two events. Defaults to
    /// two minutes. Keep-alives do not count as events; thoughts that are not shown do. Time in which
    /// the answer is not polled does not count.
    #[must_use]
    pub fn silent_for(mut self, limit: Duration) -> Self {
        self.limits.silent_for = limit;
        self
    }

    /// Sets the maximum size of an answer in bytes: of its text, and separately of calls and of thoughts
    /// that are not shown. Defaults to 8 MiB. A longer answer ends with
    /// [`Reason::Limit`](crate::Reason::Limit).
    #[must_use]
    pub fn at_most(mut self, bytes: usize) -> Self {
        self.limits.answer = bytes;
        self
    }

    /// Sets the maximum size of one line, of one event and of one frame in bytes, which bounds the
    /// memory of an answer. Defaults to 4 MiB. A larger one fails the answer with [`ModelError::Oversized`].
    #[must_use]
    pub fn line_at_most(mut self, bytes: usize) -> Self {
        self.limits.line = bytes;
        self
    }

    /// Sets the maximum size of the whole body in bytes, after decompression. Defaults to 256 MiB. A
    /// larger one fails the answer with [`ModelError::Oversized`].
    #[must_use]
    pub fn body_at_most(mut self, bytes: usize) -> Self {
        self.limits.body = bytes;
        self
    }

    /// Sets how the provider is told the schema of a typed answer.
    ///
    /// [`named`](Self::named) defaults to [`SchemaMode::Structured`] for `OpenAI`, Anthropic, Gemini, xAI,
    /// Mistral, Fireworks and Together, and [`at`](Self::at) for `api.openai.com`. Their older models do
    /// not have it and refuse. Everywhere else the default is [`SchemaMode::Prompted`], as servers with the
    /// protocol of `OpenAI` may ignore a schema; where one does not, such as vLLM or llama.cpp, set
    /// [`SchemaMode::Structured`]. Providers whose schemas `genai` does not pass on stay prompted, and so do
    /// schemas that a provider cannot express, such as maps at `OpenAI` and recursion at Anthropic and Gemini.
    #[must_use]
    pub fn schema_mode(mut self, mode: SchemaMode) -> Self {
        self.dialect = match mode {
            SchemaMode::Structured => Dialect::of(self.adapter()),
            SchemaMode::Prompted => None,
        };
        self
    }

    /// Sets the runtime that measures the silence of the provider, and the answer. Defaults to that of the
    /// request. Connecting and HTTP/2 keep-alives have timeouts of tokio: the HTTP client has no other
    /// clock.
    #[must_use]
    pub fn runtime(mut self, runtime: impl Runtime) -> Self {
        self.clock = Clock::new(runtime);
        self
    }

    /// One line that says which model answers, and where.
    pub fn introduction(&self) -> &str {
        &self.introduction
    }

    /// Takes what the settings ask for, if they ask for a provider at all.
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

    /// Whose protocol is spoken.
    fn adapter(&self) -> AdapterKind {
        match &self.target {
            ModelSpec::Target(target) => target.model.adapter_kind,
            ModelSpec::Iden(model) => model.adapter_kind,
            ModelSpec::Name(name) => AdapterKind::from_model(name).unwrap_or(AdapterKind::Ollama),
        }
    }

    /// Asks, in a tokio runtime.
    async fn ask(self, request: Request) -> Result<Answer, ModelError> {
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
        Ok(Said::stream(events, relay, report, secrets, limits))
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
                let reason = "a provider is asked in a tokio runtime".to_owned();
                return Answer::new(stream::iter([Err(ModelError::Request { reason })]));
            }
            let asked = provider.ask(request).await;
            asked.unwrap_or_else(|error| Answer::new(stream::iter([Err(error)])))
        };
        let answer = Muted::new(Answer::new(answer.flatten_stream()));
        Answer::timed(answer, clock).at_most(at_most)
    }

    fn accepts_schema(&self, schema: &ResponseSchema) -> bool {
        self.dialect.is_some_and(|dialect| dialect.translate(&schema.schema).is_some())
    }
}

/// A key as it is sent: one that was read from a file may end its line, and an empty one is none.
fn given(key: Option<&str>) -> Option<&str> {
    key.map(str::trim).filter(|key| !key.is_empty())
}

/// Whose model it is, by its name.
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
