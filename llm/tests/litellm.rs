//! A provider against a third-party server: the `LiteLLM` proxy, with a mock model.
//!
//! `BURDOCK_LITELLM` is the path of the program. Otherwise it is installed from `PyPI`, once, into
//! cargo's target directory.

#[path = "common/story.rs"]
mod story;

use burdock_llm::{
    Change, Chunk, Message, Model, ModelError, Provider, Reason, Request, SchemaMode,
};
use futures::{StreamExt, TryStreamExt};
use std::{
    env,
    error::Error,
    fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Mutex, PoisonError},
};
use story::{Story, write_story};

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

const VERSION: &str = "litellm[proxy]==1.106.2";
const KEY: &str = "sk-of-the-test";
const TEXT: &str = "Hello from a mock model.";

const STORY: &str =
    r#"{"title": "Fire", "chapters": [{"heading": "Smoke"}, {"heading": "Ash"}], "rating": 4}"#;

const CONFIG: &str = r#"
model_list:
  - model_name: small
    litellm_params: { model: openai/small, api_key: unused, mock_response: "@TEXT@" }
  - model_name: story
    litellm_params: { model: openai/story, api_key: unused, mock_response: '@STORY@' }
  - model_name: limited
    litellm_params: { model: openai/limited, api_key: unused, mock_response: litellm.RateLimitError }
general_settings: { master_key: @KEY@ }
litellm_settings: { telemetry: false, num_retries: 0 }
"#;

/// A proxy process, which is killed on drop.
struct Proxy {
    child: Child,
    url: String,
    _folder: tempfile::TempDir,
}

impl Proxy {
    fn start() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let config = folder.path().join("config.yaml");
        let text = CONFIG.replace("@TEXT@", TEXT).replace("@STORY@", STORY).replace("@KEY@", KEY);
        fs::write(&config, text)?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut child = Command::new(program()?)
            .arg("--config")
            .arg(&config)
            .args(["--host", "127.0.0.1", "--port", &port.to_string()])
            .current_dir(folder.path())
            .env("LITELLM_LOCAL_MODEL_COST_MAP", "True")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let log = child.stderr.take().ok_or("there is no pipe")?;
        let proxy = Self { child, url: format!("http://127.0.0.1:{port}/v1"), _folder: folder };
        let mut log_lines = Vec::new();
        let mut lines = BufReader::new(log).lines();
        for line in lines.by_ref() {
            let line = line?;
            if line.contains("Uvicorn running") {
                // so that the process never blocks on a full pipe
                std::thread::spawn(move || lines.for_each(drop));
                return Ok(proxy);
            }
            log_lines.push(line);
        }
        Err(format!("the proxy did not start: {}", log_lines.join("\n")).into())
    }

    fn model(&self, name: &str) -> Result<Provider> {
        Ok(Provider::at(&self.url, name, Some(KEY))?)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // it may have exited already
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Tests run concurrently.
static INSTALLING: Mutex<()> = Mutex::new(());

/// Returns the path of the proxy, and installs it if necessary.
fn program() -> Result<PathBuf> {
    if let Some(path) = env::var_os("BURDOCK_LITELLM") {
        return Ok(path.into());
    }
    let _installing = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("litellm");
    let program = folder.join("bin/litellm");
    if !program.exists() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        // most of the files are never run
        let arguments = ["install", "--quiet", "--no-compile", VERSION];
        run(Command::new(folder.join("bin/pip")).args(arguments))?;
    }
    Ok(program)
}

fn run(command: &mut Command) -> Result {
    let status = command.status()?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} failed: {status}").into()) }
}

#[tokio::test]
async fn real_server_streams_with_usage_and_its_errors_are_parsed() -> Result {
    let proxy = Proxy::start()?;
    let history = [Message::user("Hi"), Message::assistant("Yes?"), Message::user("Greet me")];
    let answer = proxy.model("small")?.chat(Request::new(history).system("Be polite."));
    let chunks: Vec<Chunk> = answer.try_collect().await?;
    let deltas: Vec<&str> = chunks.iter().filter_map(Chunk::text).collect();
    assert!(deltas.len() > 3, "{deltas:?}");
    assert_eq!(deltas.concat(), TEXT);
    let Some(Chunk::End(end)) = chunks.last() else { return Err("there is no end".into()) };
    assert_eq!(end.reason, Reason::Complete);
    assert!(end.usage.input_tokens.is_some_and(|tokens| tokens > 0), "{end:?}");
    assert!(end.usage.output_tokens.is_some_and(|tokens| tokens > 0), "{end:?}");
    assert!(end.usage.first_delta.is_some(), "{end:?}");

    for (model, expected) in [("none", 400), ("limited", 429)] {
        let error = proxy.model(model)?.chat(Request::prompt("Hi")).whole().await.err();
        let Some(ModelError::Refused { status, .. }) = error else {
            return Err(format!("{model} answers: {error:?}").into());
        };
        assert_eq!(status, expected, "{model}: {error:?}");
        assert_eq!(error.is_some_and(|error| error.is_retryable()), expected == 429);
    }

    // the proxy keeps working after a reader has disconnected
    let mut left = proxy.model("small")?.chat(Request::prompt("Hi"));
    assert!(left.next().await.is_some());
    drop(left);
    assert_eq!(proxy.model("small")?.chat(Request::prompt("Hi")).whole().await?.text, TEXT);
    Ok(())
}

#[tokio::test]
async fn prompt_has_the_same_value_and_usage_streamed_and_whole() -> Result {
    let proxy = Proxy::start()?;
    let prompted = proxy.model("story")?;
    let structured = proxy.model("story")?.schema_mode(SchemaMode::Structured);
    for llm in [prompted, structured] {
        let (whole, response) = write_story("a dragon", 3).on(&llm).with_response().await?;
        assert_eq!(whole, serde_json::from_str::<Story>(STORY)?);

        let mut answer = write_story("a dragon", 3).on(&llm).stream();
        let mut titles = Vec::new();
        while let Some(change) = answer.next().await {
            let change: Change<Story> = change?;
            assert!(change.path().segments().len() < 4);
            titles.extend(answer.partial().title.clone());
        }
        titles.dedup();
        assert!(titles.len() > 1, "the title grows: {titles:?}");
        assert_eq!(answer.finish().await?, whole);
        let streamed = answer.response();
        assert_eq!((&streamed.text, streamed.reason), (&response.text, Reason::Complete));
        let tokens = |usage: burdock_llm::Usage| (usage.input_tokens, usage.output_tokens);
        assert_eq!(tokens(streamed.usage), tokens(response.usage));
        assert!(response.usage.output_tokens.is_some_and(|tokens| tokens > 0), "{response:?}");
    }
    Ok(())
}
