//! The model that answers.
//!
//! [`Llm`] is one of two: a few rules that need neither network nor key, so that the example runs
//! anywhere, or a provider such as `OpenAI`, Anthropic, Gemini or a local server (feature
//! `providers`). Both stream, both stop working when their [`Chunks`] are dropped, and the rest of
//! the example cannot tell them apart.

mod error;
mod offline;
#[cfg(feature = "providers")]
mod providers;

pub use error::ModelError;
pub use offline::Pace;

use futures_util::Stream;
use offline::Offline;
#[cfg(feature = "providers")]
use providers::Provider;
use serde::{Deserialize, Serialize};
use std::{env, pin::Pin};

/// Who said a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// The person at the keyboard.
    User,
    /// The model.
    Assistant,
}

/// One turn of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who said it.
    pub role: Role,
    /// What was said.
    pub text: String,
}

impl Message {
    /// Makes a message of the user.
    pub fn user(text: impl Into<String>) -> Self {
        Self { role: Role::User, text: text.into() }
    }

    /// Makes a message of the model.
    pub fn assistant(text: impl Into<String>) -> Self {
        Self { role: Role::Assistant, text: text.into() }
    }
}

/// An answer, piece by piece; joined, the pieces are the whole text. Dropping it ends the work.
pub type Chunks = Pin<Box<dyn Stream<Item = Result<String, ModelError>> + Send>>;

/// A language model, or what stands in for one.
#[derive(Clone, Debug)]
pub struct Llm {
    source: Source,
}

#[derive(Clone, Debug)]
enum Source {
    Offline(Offline),
    #[cfg(feature = "providers")]
    Provider(Box<Provider>),
}

/// Looks up a setting by name.
type Settings<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The settings that ask for a provider.
const PROVIDER_SETTINGS: &[&str] =
    &["BURDOCK_BASE_URL", "BURDOCK_MODEL", "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY"];

/// How to run the example with providers.
const WITH_PROVIDERS: &str = "`cargo run -p chat --features providers`";

impl Llm {
    /// The offline responder.
    pub fn offline() -> Self {
        Self { source: Source::Offline(Offline::default()) }
    }

    /// Chooses from the environment, and says in one line who answers.
    ///
    /// | variable | meaning |
    /// |---|---|
    /// | `OPENAI_API_KEY`, `ANTHROPIC_API_KEY`, `GEMINI_API_KEY` | a provider; the first one set is taken |
    /// | `BURDOCK_MODEL` | the model, by a name that `genai` knows; each key above has a small default |
    /// | `BURDOCK_BASE_URL` | a server with the protocol of `OpenAI`; it is sent `OPENAI_API_KEY` if that is set |
    /// | `BURDOCK_PACE` | `natural`, or `instant` for an offline responder without pauses |
    ///
    /// With none of the first three, or without the feature `providers`, the offline responder answers.
    pub fn from_env() -> Result<(Self, String), ModelError> {
        Self::choose(&|name| {
            let value = env::var(name).ok()?;
            let value = value.trim();
            (!value.is_empty()).then(|| value.to_owned())
        })
    }

    /// Sets how fast the offline responder talks; a provider has its own pace.
    #[must_use]
    pub fn with_pace(self, pace: Pace) -> Self {
        let source = match self.source {
            Source::Offline(_) => Source::Offline(Offline::with_pace(pace)),
            #[cfg(feature = "providers")]
            provider @ Source::Provider(_) => provider,
        };
        Self { source }
    }

    /// Answers the last user message of `history`, in the manner that `preamble` asks for.
    ///
    /// A provider has sent its first words when this returns, so a refusal comes from here and not
    /// from the stream. Cancel safe: a dropped call or stream closes its connection.
    #[cfg_attr(
        not(feature = "providers"),
        allow(clippy::unused_async, reason = "only a provider has to wait")
    )]
    pub async fn chat<'a>(
        &self,
        preamble: &str,
        history: impl IntoIterator<Item = &'a Message>,
    ) -> Result<Chunks, ModelError> {
        let mut history: Vec<&Message> = history.into_iter().collect();
        let last = history.iter().rposition(|message| message.role == Role::User);
        history.truncate(last.map_or(0, |last| last + 1));
        let Some((prompt, earlier)) = history.split_last() else {
            return Err(ModelError::NothingAsked);
        };
        match &self.source {
            Source::Offline(offline) => Ok(offline.chat(preamble, earlier, prompt)),
            #[cfg(feature = "providers")]
            Source::Provider(provider) => provider.chat(preamble, &history).await,
        }
    }

    fn choose(setting: Settings<'_>) -> Result<(Self, String), ModelError> {
        #[cfg(feature = "providers")]
        if let Some(provider) = Provider::choose(setting)? {
            let introduction = provider.introduction();
            let source = Source::Provider(Box::new(provider));
            return Ok((Self { source }, introduction));
        }
        let pace = match setting("BURDOCK_PACE") {
            Some(name) => Pace::from_name(&name)?,
            None => Pace::default(),
        };
        Ok((Self::offline().with_pace(pace), offline_introduction(setting)))
    }
}

/// Says that rules answer, and what to do for a model.
fn offline_introduction(setting: Settings<'_>) -> String {
    let wanted = PROVIDER_SETTINGS.iter().find(|name| setting(name).is_some());
    match wanted {
        Some(name) => {
            format!("offline: a few rules answer; {name} is set, to use it run {WITH_PROVIDERS}")
        }
        None => format!(
            "offline: a few rules answer; for a model set e.g. OPENAI_API_KEY and run {WITH_PROVIDERS}"
        ),
    }
}
