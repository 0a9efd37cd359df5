//! Choice of a model from environment variables.

#[cfg(feature = "genai")]
use crate::Provider;
use crate::{Model, ModelError, Offline, Pace};
use std::{env, sync::Arc};

/// Looks up a setting by name.
pub(crate) type Settings<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The settings that select a provider.
const PROVIDER_SETTINGS: &[&str] =
    &["BURDOCK_BASE_URL", "BURDOCK_MODEL", "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY"];

/// The option that enables providers. Programs call their feature `providers`.
pub(crate) const PROVIDERS: &str = "`--features providers`";

/// Chooses a model from the environment. The second value is a one-line description of it, for the
/// user.
///
/// | variable | meaning |
/// |---|---|
/// | `OPENAI_API_KEY`, `ANTHROPIC_API_KEY`, `GEMINI_API_KEY` | a provider; the first one set is taken |
/// | `BURDOCK_MODEL` | the model, by a name that `genai` knows; each key above has a small default |
/// | `BURDOCK_BASE_URL` | a server with the `OpenAI` protocol; it receives `OPENAI_API_KEY`, if set |
/// | `BURDOCK_PACE` | `natural`, or `instant` for an offline responder without pauses |
///
/// If none of the first three variables is set, or the feature `genai` is disabled, the model is
/// [`Offline`]. The description then explains how to use a provider; it assumes that the program has a
/// feature `providers` that enables `burdock-llm/genai`. Neither the description nor an error contains
/// a key.
///
/// # Errors
/// Returns an error if a variable has an invalid value, or requires another one that is missing.
pub fn from_env() -> Result<(Arc<dyn Model>, String), ModelError> {
    from_settings(|name| env::var(name).ok())
}

/// Chooses a model as [`from_env`] does, from settings of another source. Empty settings count as
/// missing.
///
/// ```
/// let (model, introduction) = burdock_llm::from_settings(|_| None)?;
/// assert!(introduction.starts_with("offline: "));
/// # Ok::<_, burdock_llm::ModelError>(())
/// ```
///
/// # Errors
/// Returns an error if a setting has an invalid value, or requires another one that is missing.
pub fn from_settings(
    setting: impl Fn(&str) -> Option<String>,
) -> Result<(Arc<dyn Model>, String), ModelError> {
    let setting = |name: &str| {
        let value = setting(name)?;
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    };
    #[cfg(feature = "genai")]
    if let Some(provider) = Provider::choose(&setting)? {
        let introduction = provider.introduction().to_owned();
        return Ok((Arc::new(provider), introduction));
    }
    let pace = match setting("BURDOCK_PACE") {
        Some(name) => Pace::from_name(&name)?,
        None => Pace::default(),
    };
    Ok((Arc::new(Offline::with_pace(pace)), introduce_offline(&setting)))
}

/// Describes the offline responder, and how to use a model instead.
fn introduce_offline(setting: Settings<'_>) -> String {
    let wanted = PROVIDER_SETTINGS.iter().find(|name| setting(name).is_some());
    match wanted {
        Some(name) => {
            format!("offline: rule-based answers; {name} is set, start with {PROVIDERS} to use it")
        }
        None => format!(
            "offline: rule-based answers; to use a model, set e.g. OPENAI_API_KEY and start with {PROVIDERS}"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::{from_settings, introduce_offline};
    use crate::ModelError;

    #[test]
    fn offline_introduction_explains_how_to_use_a_model() {
        assert!(introduce_offline(&|_| None).contains("set e.g. OPENAI_API_KEY"));
        let key = |name: &str| (name == "GEMINI_API_KEY").then(|| "secret".to_owned());
        let line = introduce_offline(&key);
        assert!(line.contains("GEMINI_API_KEY is set") && line.contains("--features providers"));
        assert!(!line.contains("secret") && !line.contains('\n'));
    }

    #[test]
    fn offline_responder_is_the_default_and_its_pace_is_read() {
        let pace = |value: &'static str| {
            move |name: &str| (name == "BURDOCK_PACE").then(|| value.to_owned())
        };
        assert!(from_settings(|_| None).is_ok_and(|(_, line)| line.starts_with("offline")));
        assert!(
            from_settings(pace(" instant "))
                .is_ok_and(|(model, _)| format!("{model:?}").contains("Instant"))
        );
        assert!(matches!(from_settings(pace("hasty")), Err(ModelError::Setting { .. })));
        assert!(from_settings(pace(" ")).is_ok());
    }
}
