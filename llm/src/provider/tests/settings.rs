//! The provider that the settings choose, and its description.

use super::{
    ask,
    server::{KEY, Result},
};
use crate::{Model, ModelError, Provider, from_settings};
use std::sync::Arc;

fn choose(settings: &[(&str, &str)]) -> std::result::Result<(Arc<dyn Model>, String), ModelError> {
    from_settings(|name| {
        let (_, value) = settings.iter().find(|(known, _)| *known == name)?;
        Some((*value).to_owned())
    })
}

#[tokio::test]
async fn keys_and_passwords_are_never_shown() -> Result {
    let shown = |settings: &[(&str, &str)]| choose(settings).map(|chosen| format!("{chosen:?}"));
    let base = "http://user:sk-very-secret@localhost:1/v1?key=sk-very-secret";
    for settings in [
        &[("ANTHROPIC_API_KEY", KEY)][..],
        &[
            ("OPENAI_API_KEY", KEY),
            ("BURDOCK_BASE_URL", "http://localhost:1"),
            ("BURDOCK_MODEL", "small"),
        ],
    ] {
        assert!(!shown(settings)?.contains(KEY), "{}", shown(settings)?);
    }
    let (model, line) = choose(&[("BURDOCK_BASE_URL", base), ("BURDOCK_MODEL", "small")])?;
    assert_eq!(line, "online: model `small` at http://localhost:1/v1");
    assert!(!format!("{model:?}").contains(KEY));
    let error = model.chat(ask()).whole().await.err();
    assert!(error.is_some_and(|error| !format!("{error:?}").contains(KEY)));

    let broken = "http://[::::]/?key=sk-very-secret";
    let (model, _) = choose(&[("BURDOCK_BASE_URL", broken), ("BURDOCK_MODEL", "small")])?;
    let error = model.chat(ask()).whole().await.err();
    assert!(
        error.is_some_and(|error| !format!("{error:?}").contains(KEY) && !error.is_retryable())
    );
    Ok(())
}

#[test]
fn arguments_are_not_read_from_the_environment() {
    let error = Provider::named("gpt-9", None).err().map(|error| error.to_string());
    let expected = "`OPENAI_API_KEY` must be set to use the model `gpt-9`";
    assert_eq!(error.as_deref(), Some(expected));
    assert!(Provider::named("llama3.2", None).is_ok());
    // the URL was passed as an argument, not as a variable
    let error = Provider::at("localhost", "small", None).err();
    assert!(error.is_some_and(|error| !error.to_string().contains("BURDOCK")));
}

#[test]
fn settings_choose_the_model() {
    let table: &[(&[(&str, &str)], &str)] = &[
        (&[], "offline:"),
        (&[("OPENAI_API_KEY", KEY)], "online: model `gpt-5.4-mini` of OpenAI"),
        (&[("ANTHROPIC_API_KEY", KEY)], "online: model `claude-haiku-4-5` of Anthropic"),
        (&[("GEMINI_API_KEY", KEY)], "online: model `gemini-3.5-flash-lite` of Gemini"),
        (&[("GEMINI_API_KEY", KEY), ("BURDOCK_MODEL", "gemini-9")], "online: model `gemini-9`"),
        (&[("BURDOCK_MODEL", "llama3.2")], "online: model `llama3.2` of Ollama"),
        (
            &[("GEMINI_API_KEY", KEY), ("BURDOCK_MODEL", "gpt-9")],
            "`OPENAI_API_KEY` must be set to use the model `gpt-9`",
        ),
        (
            &[("BURDOCK_BASE_URL", "http://localhost")],
            "`BURDOCK_MODEL` must be set to use `BURDOCK_BASE_URL`",
        ),
        (
            &[("BURDOCK_BASE_URL", "localhost"), ("BURDOCK_MODEL", "m")],
            "`BURDOCK_BASE_URL` must be a URL",
        ),
    ];
    for (settings, expected) in table {
        let line = choose(settings).map_or_else(|error| error.to_string(), |(_, line)| line);
        assert!(line.starts_with(expected), "{settings:?}: {line}");
    }
}
