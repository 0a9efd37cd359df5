//! Installing and running schemathesis.

use std::{
    env,
    error::Error,
    fs,
    path::{self, Path, PathBuf},
    time::Duration,
};
use tokio::{process::Command, time::timeout};

/// The time that schemathesis generates requests, in seconds.
const BUDGET: &str = "30";

/// The time after which schemathesis counts as hanging.
const LIMIT: Duration = Duration::from_mins(3);

/// The folder of this package.
fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Installs schemathesis, unless these versions are installed, and returns the path of the program.
pub(crate) async fn install() -> Result<PathBuf, Box<dyn Error>> {
    let requirements = here().join("requirements.txt");
    let target = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let target = target.unwrap_or_else(|| here().join("../../target"));
    let folder = path::absolute(target.join("openapi"))?;
    let (bin, installed) = (folder.join("bin"), folder.join("requirements.txt"));
    let wanted = fs::read_to_string(&requirements)?;
    if fs::read_to_string(&installed).ok().as_ref() != Some(&wanted) {
        call(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder)).await?;
        let mut pip = Command::new(bin.join("pip"));
        pip.args(["install", "--quiet", "--no-compile", "--disable-pip-version-check"]);
        call(pip.arg("--requirement").arg(&requirements)).await?;
        fs::write(&installed, wanted)?;
    }
    Ok(bin.join("schemathesis"))
}

async fn call(command: &mut Command) -> Result<(), Box<dyn Error>> {
    let status = command.kill_on_drop(true).status().await?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} ended with {status}").into()) }
}

/// Compares a server with its document. Returns whether they agree.
pub(crate) async fn run(
    tool: &Path,
    document: &[u8],
    origin: &str,
    token: &str,
) -> Result<bool, Box<dyn Error>> {
    let file = tool.with_file_name("openapi.json");
    fs::write(&file, document)?;
    let mut command = Command::new(tool);
    if let Some(folder) = tool.parent() {
        // keeps the files that it writes out of the repository
        command.current_dir(folder);
    }
    command
        .env("SCHEMATHESIS_HOOKS", "hooks")
        .env("PYTHONPATH", here())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("OPENAPI_TOKEN", token)
        .arg("--config-file")
        .arg(here().join("schemathesis.toml"))
        .arg("run")
        .arg(file)
        .args(["--origin", origin, "--max-time", BUDGET]);
    let running = command.kill_on_drop(true).status();
    let status = timeout(LIMIT, running).await.map_err(|_| "schemathesis does not end")??;
    Ok(status.success())
}
