//! The `LiteLLM` proxy.
//!
//! `BURDOCK_LITELLM` is the path of the program. Otherwise it is installed from `PyPI`, once.

use crate::Result;
use std::{
    env, fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Mutex, PoisonError},
    thread,
};

const VERSION: &str = "litellm[proxy]==1.106.2";

/// The key that the proxy expects.
pub const KEY: &str = "sk-of-the-test";

/// A proxy process, which is killed on drop.
pub struct LiteLlm {
    child: Child,
    /// The address of its API with the protocol of `OpenAI`.
    pub url: String,
    _folder: tempfile::TempDir,
}

impl LiteLlm {
    /// Starts a proxy with these models: a list in the YAML of its configuration. It is installed in `target`, the
    /// `CARGO_TARGET_TMPDIR` of the test.
    ///
    /// # Errors
    /// Returns an error if the proxy cannot be installed or started.
    pub fn start(models: &str, target: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let config = folder.path().join("config.yaml");
        let settings = format!(
            "model_list:\n{models}\ngeneral_settings: {{ master_key: {KEY} }}\n\
             litellm_settings: {{ telemetry: false, num_retries: 0 }}\n"
        );
        fs::write(&config, settings)?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut child = Command::new(program(target)?)
            .arg("--config")
            .arg(&config)
            .args(["--host", "127.0.0.1", "--port", &port.to_string()])
            .current_dir(folder.path())
            .env("LITELLM_LOCAL_MODEL_COST_MAP", "True")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let log = child.stderr.take().ok_or("standard error is not piped")?;
        let proxy = Self { child, url: format!("http://127.0.0.1:{port}/v1"), _folder: folder };
        let mut log_lines = Vec::new();
        let mut lines = BufReader::new(log).lines();
        for line in lines.by_ref() {
            let line = line?;
            if line.contains("Uvicorn running") {
                // so that the process never blocks on a full pipe
                thread::spawn(move || lines.for_each(drop));
                return Ok(proxy);
            }
            log_lines.push(line);
        }
        Err(format!("the proxy did not start: {}", log_lines.join("\n")).into())
    }
}

impl Drop for LiteLlm {
    fn drop(&mut self) {
        // it may have exited already
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Tests run concurrently.
static INSTALLING: Mutex<()> = Mutex::new(());

/// Returns the path of the proxy, and installs it if necessary.
fn program(target: &str) -> Result<PathBuf> {
    if let Some(path) = env::var_os("BURDOCK_LITELLM") {
        return Ok(path.into());
    }
    let _installing = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = Path::new(target).join("litellm");
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
